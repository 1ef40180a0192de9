/**
 * The way to WeChat's own question and back. `reserved` comes back as it was given: who was asked, about which room, until
 * when, and a MAC over it, in letters and digits only, as WeChat wants it.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WechatConfig } from './wechat-channel.ts';

const ASK_URL = 'https://mp.weixin.qq.com/mp/subscribemsg';
const ANSWER_WITHIN_SECONDS = 3_600;
const SCENES = 10_000;
const MAC_LENGTH = 32;
const Reserved = /^([0-9a-f]{32})([0-9a-f]{32})([0-9a-f]{8})([0-9a-f]{32})$/;

const bare = (uuid: string): string => uuid.replaceAll('-', '');
const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Answers about the same scene do not add up, so every room has its own, as far as the numbers reach. */
export const sceneOf = (roomId: string): number =>
  1 + (createHash('sha256').update(roomId).digest().readUInt32BE(0) % SCENES);

const macOf = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(`walnut-live wechat answer ${text}`).digest('hex').slice(0, MAC_LENGTH);

export function askUrl(
  deps: { config: WechatConfig; secret: string },
  asked: { personId: string; roomId: string; now: Date },
): string {
  const until = Math.floor(asked.now.getTime() / 1_000) + ANSWER_WITHIN_SECONDS;
  const text = `${bare(asked.personId)}${bare(asked.roomId)}${until.toString(16).padStart(8, '0')}`;
  const query = new URLSearchParams({
    action: 'get_confirm',
    appid: deps.config.appId,
    scene: String(sceneOf(asked.roomId)),
    template_id: deps.config.templateId,
    redirect_url: new URL('/api/v1/wechat/subscribed', deps.config.publicUrl).href,
    reserved: text + macOf(deps.secret, text),
  });
  return `${ASK_URL}?${query}#wechat_redirect`;
}

/** Whom the answer is from, and whether it came when it does not count any more; undefined when it is forged. */
export function readReserved(
  secret: string,
  reserved: string,
  now: Date,
): { personId: string; roomId: string; isLate: boolean } | undefined {
  const parts = Reserved.exec(reserved);
  if (!parts) return undefined;
  const [, person = '', room = '', until = '', mac = ''] = parts;
  const expected = macOf(secret, person + room + until);
  if (!timingSafeEqual(Buffer.from(mac), Buffer.from(expected))) return undefined;
  const isLate = Number.parseInt(until, 16) * 1_000 < now.getTime();
  return { personId: dashed(person), roomId: dashed(room), isLate };
}
