/** The keys of WeChat Pay taken together: whether they are whole, and what they make. */
import { readFileSync } from 'node:fs';
import type { Config } from './config.ts';
import { isKnownScene } from './features/payouts/index.ts';

export interface WechatPayConfig {
  readonly merchantId: string;
  readonly appId: string;
  readonly appSecret: string | undefined;
  readonly serial: string;
  readonly privateKeyPem: string;
  readonly apiV3Key: string;
  readonly publicKey: { readonly id: string; readonly pem: string } | null;
  readonly certificates: boolean;
  /** Origin, without a slash at its end. */
  readonly notifyOrigin: string;
  readonly transferSceneId: string;
  /** Undefined: WeChat Pay's own. */
  readonly origins: readonly string[] | undefined;
}

type Keys = Pick<Config, Extract<keyof Config, `WECHAT_PAY_${string}`> | 'SANDBOX' | 'PUBLIC_URL'>;
const API_V3_KEY_BYTES = 32;

/** What is wrong, by its key, never with its content. None when nothing is configured. */
export function wechatPayFaults(config: Keys): { key: keyof Keys; message: string }[] {
  const faults: { key: keyof Keys; message: string }[] = [];
  if (!isWanted(config)) return faults;
  const missing = (key: keyof Keys, unless = false): void => {
    if (!unless && config[key] === '') faults.push({ key, message: 'needed, as WeChat Pay is configured in part' });
  };
  missing('WECHAT_PAY_MCH_ID');
  missing('WECHAT_PAY_APP_ID');
  missing('WECHAT_PAY_CERT_SERIAL');
  missing('WECHAT_PAY_API_V3_KEY');
  missing('WECHAT_PAY_PRIVATE_KEY', config.WECHAT_PAY_PRIVATE_KEY_FILE !== '');
  if (config.WECHAT_PAY_PRIVATE_KEY !== '' && config.WECHAT_PAY_PRIVATE_KEY_FILE !== '')
    faults.push({ key: 'WECHAT_PAY_PRIVATE_KEY', message: 'either the key or its file, not both' });
  const v3Key = config.WECHAT_PAY_API_V3_KEY;
  if (v3Key !== '' && Buffer.byteLength(v3Key) !== API_V3_KEY_BYTES)
    faults.push({ key: 'WECHAT_PAY_API_V3_KEY', message: `must have ${API_V3_KEY_BYTES} bytes` });
  const publicKey = config.WECHAT_PAY_PUBLIC_KEY !== '' || config.WECHAT_PAY_PUBLIC_KEY_FILE !== '';
  if ((config.WECHAT_PAY_PUBLIC_KEY_ID !== '') !== publicKey)
    faults.push({ key: 'WECHAT_PAY_PUBLIC_KEY_ID', message: 'the public key and its id belong together' });
  if (!publicKey && config.WECHAT_PAY_PUBLIC_KEY_ID === '' && !config.WECHAT_PAY_PLATFORM_CERTIFICATES)
    faults.push({
      key: 'WECHAT_PAY_PUBLIC_KEY_ID',
      message: 'needed, or WECHAT_PAY_PLATFORM_CERTIFICATES=1: without either no answer can be believed',
    });
  if (config.SANDBOX && !config.WECHAT_PAY_WITH_SANDBOX)
    faults.push({
      key: 'SANDBOX',
      message:
        'where money is taken by WeChat Pay nobody may pay with nothing: SANDBOX=0, or WECHAT_PAY_WITH_SANDBOX=1 to try',
    });
  const calledBackAt = config.WECHAT_PAY_NOTIFY_URL || config.PUBLIC_URL;
  if (!calledBackAt.startsWith('https://') && !config.WECHAT_PAY_WITH_SANDBOX)
    faults.push({
      key: 'WECHAT_PAY_NOTIFY_URL',
      message: 'WeChat Pay calls back by https alone; so must PUBLIC_URL be without it',
    });
  if (!isKnownScene(config.WECHAT_PAY_TRANSFER_SCENE_ID))
    faults.push({
      key: 'WECHAT_PAY_TRANSFER_SCENE_ID',
      message: 'not known: what has to be told with a transfer of it?',
    });
  return faults;
}

/** The secret of the app and what has a default alone configure nothing. */
const isWanted = (config: Keys): boolean =>
  [
    config.WECHAT_PAY_MCH_ID,
    config.WECHAT_PAY_APP_ID,
    config.WECHAT_PAY_CERT_SERIAL,
    config.WECHAT_PAY_API_V3_KEY,
    config.WECHAT_PAY_PRIVATE_KEY,
    config.WECHAT_PAY_PRIVATE_KEY_FILE,
    config.WECHAT_PAY_PUBLIC_KEY_ID,
  ].some((value) => value !== '');

/** Undefined where WeChat Pay is not configured. @throws Error naming the key whose file cannot be read */
export function wechatPayConfig(config: Config): WechatPayConfig | undefined {
  if (!isWanted(config)) return undefined;
  const publicKeyPem = pemOf('WECHAT_PAY_PUBLIC_KEY', config.WECHAT_PAY_PUBLIC_KEY, config.WECHAT_PAY_PUBLIC_KEY_FILE);
  const isMessagesApp = config.WECHAT_PAY_APP_ID === config.WECHAT_APP_ID;
  return {
    merchantId: config.WECHAT_PAY_MCH_ID,
    appId: config.WECHAT_PAY_APP_ID,
    appSecret: config.WECHAT_PAY_APP_SECRET || (isMessagesApp ? config.WECHAT_APP_SECRET : '') || undefined,
    serial: config.WECHAT_PAY_CERT_SERIAL,
    privateKeyPem: pemOf('WECHAT_PAY_PRIVATE_KEY', config.WECHAT_PAY_PRIVATE_KEY, config.WECHAT_PAY_PRIVATE_KEY_FILE),
    apiV3Key: config.WECHAT_PAY_API_V3_KEY,
    publicKey: publicKeyPem === '' ? null : { id: config.WECHAT_PAY_PUBLIC_KEY_ID, pem: publicKeyPem },
    certificates: config.WECHAT_PAY_PLATFORM_CERTIFICATES,
    notifyOrigin: new URL(config.WECHAT_PAY_NOTIFY_URL || config.PUBLIC_URL).origin,
    transferSceneId: config.WECHAT_PAY_TRANSFER_SCENE_ID,
    // Twice, as WeChat's own are two: a call that failed is made once more.
    origins: config.WECHAT_PAY_API_URL === '' ? undefined : [config.WECHAT_PAY_API_URL, config.WECHAT_PAY_API_URL],
  };
}

function pemOf(key: string, value: string, file: string): string {
  if (value !== '' || file === '') return value.replaceAll('\\n', '\n');
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`${key}_FILE cannot be read: ${file}`, { cause });
  }
}
