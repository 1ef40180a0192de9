/** Which ways to pay fit the client that asks: pure. */
import type { PaymentWay } from '@walnut-live/contracts';

/** The ways of WeChat Pay for a browser, the most fitting first; told by its name, as WeChat's documentation does. */
export function wechatWays(userAgent: string): readonly PaymentWay[] {
  // WeChat on a computer opens pages too, and has no bridge for payments there.
  const isInWechat = /MicroMessenger/i.test(userAgent) && !/WindowsWechat|MacWechat/i.test(userAgent);
  // Inside WeChat neither another address nor a code of one's own screen can be opened.
  if (isInWechat) return ['jsapi'];
  const isPhone = /Android|iPhone|iPod|Mobile/i.test(userAgent) && !/iPad/i.test(userAgent);
  return isPhone ? ['h5', 'native'] : ['native'];
}

/** An address as WeChat takes it: IPv4 as such, also when it came as IPv6. */
export const plainAddress = (ip: string): string => ip.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
