import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { wechatPayConfig } from './wechat-pay-config.ts';

const secrets = ['AUTH_SECRET', 'MEDIA_TOKEN_SECRET', 'SHARE_SECRET', 'SANDBOX_PAYMENT_SECRET', 'CONTROL_TOKEN'];
const base = {
  DATABASE_URL: 'postgresql://x/y',
  PUBLIC_URL: 'https://shop.example',
  ...Object.fromEntries(secrets.map((key) => [key, 's'.repeat(40)])),
};
const whole = {
  WECHAT_PAY_MCH_ID: '1900000109',
  WECHAT_PAY_APP_ID: 'wx8888888888888888',
  WECHAT_PAY_CERT_SERIAL: 'AB12',
  WECHAT_PAY_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----',
  WECHAT_PAY_API_V3_KEY: 'k'.repeat(32),
  WECHAT_PAY_PUBLIC_KEY_ID: 'PUB_KEY_ID_1',
  WECHAT_PAY_PUBLIC_KEY: 'pem',
};
const load = (more: Record<string, string>) => loadConfig({ ...base, ...more });

test('nothing of it is nothing; all of it is a merchant', () => {
  expect(wechatPayConfig(load({}))).toBeUndefined();
  expect(wechatPayConfig(load({ WECHAT_PAY_APP_SECRET: 's' }))).toBeUndefined();
  expect(wechatPayConfig(load({ ...whole, PUBLIC_URL: 'https://shop.example/live' }))).toMatchObject({
    ...{ merchantId: '1900000109', notifyOrigin: 'https://shop.example', origins: undefined, appSecret: undefined },
    privateKeyPem: expect.stringContaining('\nMII\n'),
  });
});

test.each(Object.keys(whole).filter((key) => key !== 'WECHAT_PAY_PUBLIC_KEY'))('half of it names %s', (key) => {
  expect(() => load({ ...whole, [key]: '' })).toThrow(key);
});

test.each([
  ['both key and file', { WECHAT_PAY_PRIVATE_KEY_FILE: '/k.pem' }, 'either the key or its file'],
  ['a short API v3 key', { WECHAT_PAY_API_V3_KEY: 'short' }, '32 bytes'],
  ['an id without its key', { WECHAT_PAY_PUBLIC_KEY: '' }, 'belong together'],
  [
    'no way to believe an answer',
    { WECHAT_PAY_PUBLIC_KEY: '', WECHAT_PAY_PUBLIC_KEY_ID: '' },
    'PLATFORM_CERTIFICATES=1',
  ],
])('%s is refused, without showing a key', (_what, more, message) => {
  expect(() => load({ ...whole, ...more })).toThrow(message);
  expect(() => load({ ...whole, ...more })).not.toThrow('MII');
});

test('all mistakes are told at once; platform certificates replace the public key', () => {
  const attempt = () => load({ WECHAT_PAY_MCH_ID: '1900000109' });
  for (const key of ['APP_ID', 'CERT_SERIAL', 'API_V3_KEY', 'PRIVATE_KEY', 'PUBLIC_KEY_ID'])
    expect(attempt).toThrow(`WECHAT_PAY_${key}:`);
  const { WECHAT_PAY_PUBLIC_KEY_ID: _id, WECHAT_PAY_PUBLIC_KEY: _key, ...rest } = whole;
  expect(wechatPayConfig(load({ ...rest, WECHAT_PAY_PLATFORM_CERTIFICATES: '1' }))?.publicKey).toBeNull();
});

test('a key in a file that is not there stops the start, and names the key', () => {
  const config = load({ ...whole, WECHAT_PAY_PRIVATE_KEY: '', WECHAT_PAY_PRIVATE_KEY_FILE: '/nowhere/key.pem' });
  expect(() => wechatPayConfig(config)).toThrow('WECHAT_PAY_PRIVATE_KEY_FILE cannot be read: /nowhere/key.pem');
});

test.each([
  ['the sandbox beside it', { SANDBOX: '1' }, 'SANDBOX: '],
  ['callbacks without https', { WECHAT_PAY_NOTIFY_URL: 'http://shop.example' }, 'WECHAT_PAY_NOTIFY_URL'],
  ['a page address without https', { PUBLIC_URL: 'http://shop.example' }, 'WECHAT_PAY_NOTIFY_URL'],
])('%s stops the start, unless it is said to be a trial', (_what, more, named) => {
  expect(() => load({ ...whole, ...more })).toThrow(named);
  expect(() => load({ ...whole, ...more, WECHAT_PAY_WITH_SANDBOX: '1' })).not.toThrow();
  expect(() => load(more)).not.toThrow();
});

test('a scene of transfers whose report nobody knows stops the start', () => {
  expect(() => load({ ...whole, WECHAT_PAY_TRANSFER_SCENE_ID: '4711' })).toThrow('WECHAT_PAY_TRANSFER_SCENE_ID');
  expect(() => load({ ...whole, WECHAT_PAY_TRANSFER_SCENE_ID: '1000' })).not.toThrow();
});
