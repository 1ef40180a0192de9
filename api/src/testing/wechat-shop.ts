/** The whole api with WeChat Pay's counterpart beside it, for tests over real HTTP. */
import type { Config } from '../config.ts';
import { startTestApi, type TestApi } from './test-api.ts';
import { startWechatPay, type WechatPayCounterpart } from './wechat-pay.ts';

export interface WechatShop extends AsyncDisposable {
  readonly api: TestApi;
  readonly wechat: WechatPayCounterpart;
  /** Sends a callback as WeChat would; answers the status. */
  deliver(news: { body: Buffer; headers: Record<string, string> }): Promise<number>;
}

export async function startWechatShop(more: Partial<Record<keyof Config, string>> = {}): Promise<WechatShop> {
  let api: TestApi | undefined;
  const wechat = await startWechatPay({ clock: { now: () => api?.clock.now() ?? new Date() } });
  const started = await startTestApi({
    WECHAT_PAY_MCH_ID: wechat.merchantId,
    WECHAT_PAY_APP_ID: wechat.appId,
    WECHAT_PAY_APP_SECRET: 'an app secret that no log shows',
    WECHAT_PAY_CERT_SERIAL: wechat.serial,
    WECHAT_PAY_PRIVATE_KEY: wechat.privateKeyPem.replaceAll('\n', '\\n'),
    WECHAT_PAY_API_V3_KEY: wechat.apiV3Key,
    WECHAT_PAY_PUBLIC_KEY_ID: wechat.publicKey.id,
    WECHAT_PAY_PUBLIC_KEY: wechat.publicKey.pem,
    WECHAT_PAY_API_URL: wechat.origin,
    WECHAT_PAY_WITH_SANDBOX: '1',
    ...more,
  });
  api = started;
  return {
    api: started,
    wechat,
    async deliver({ body, headers }) {
      const response = await fetch(`${started.url}/api/v1/payments/wechat/notify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: new Uint8Array(body),
      });
      await response.arrayBuffer();
      return response.status;
    },
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await wechat.close();
    },
  };
}
