/** The only file of the api that reads process.env. One schema; all bad keys are reported at once. */
import { z } from 'zod';
import { SAMPLERS } from './platform/tracing.ts';
import { wechatPayFaults } from './wechat-pay-config.ts';

const secret = z.string().min(32, 'at least 32 characters');
const flag = z
  .enum(['0', '1'])
  .default('0')
  .transform((v) => v === '1');

const isWebOrigin = (text: string): boolean =>
  /^https?:\/\/[\w.:[\]-]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** Web origins, comma separated, each once. */
const origins = z
  .string()
  .default('')
  .transform((text, ctx) => {
    const given = text.split(',').map((part) => part.trim().replace(/\/$/, ''));
    const named = [...new Set(given.filter((origin) => origin !== ''))];
    for (const origin of named.filter((one) => !isWebOrigin(one)))
      ctx.addIssue({ code: 'custom', message: `not an origin like https://www.brand.example: ${origin}` });
    return named;
  });

const headers = z
  .string()
  .default('')
  .transform((text, ctx) => {
    const given: Record<string, string> = {};
    for (const part of text.split(',').filter((one) => one.trim() !== '')) {
      const [, name, value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)=(.*)$/.exec(part) ?? [];
      // The part itself may be a secret.
      if (name === undefined || !isDecodable(value)) ctx.addIssue({ code: 'custom', message: 'not name=value, …' });
      else given[name] = decodeURIComponent(value.trim());
    }
    return given;
  });
const isDecodable = (text: string): boolean => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

export const ConfigSchema = z.object({
  DATABASE_URL: z.url(),
  /** Holds the room logs of several api processes; empty: there is one process, and they are in its memory. */
  REDIS_URL: z
    .union([z.literal(''), z.url({ protocol: /^rediss?$/ })])
    .default('')
    .transform((url) => url || undefined),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  /** Origin as people see it; share links and redirects are made from it. */
  PUBLIC_URL: z.url().default('http://127.0.0.1:8080'),
  /**
   * Origins of other sites whose pages may show a room (docs/34), comma separated, https://www.brand.example; none: nobody's.
   * Never `*`: which pages carry the brand's rooms is the brand's decision.
   */
  EMBED_ORIGINS: origins,
  /** Other origins by which people reach these pages than PUBLIC_URL's, as EMBED_ORIGINS (docs/34). */
  OWN_ORIGINS: origins,
  /** Signs access, room and visitor tokens. */
  AUTH_SECRET: secret,
  /** Signs media tokens; shared with the media-server. */
  MEDIA_TOKEN_SECRET: secret,
  /** Signs share tokens. */
  SHARE_SECRET: secret,
  /** Signs the callbacks of the sandbox payment provider. */
  SANDBOX_PAYMENT_SECRET: secret,
  /**
   * Sign-in by any phone number and payment without money, for trying and tests. Off: neither exists, as anybody could be
   * anybody and pay with nothing.
   */
  SANDBOX: flag,
  /** Opens the media-server's control API. */
  CONTROL_TOKEN: secret,
  /** Control addresses of the media servers, comma separated. */
  MEDIA_CONTROL_URL: z
    .string()
    .default('http://127.0.0.1:4100')
    .refine((text) => text.split(',').every((url) => URL.canParse(url.trim())), 'not a list of URLs'),
  /** Where browsers reach a media-server that has no PUBLIC_URL; empty: the page's own origin. */
  MEDIA_SOCKET_URL: z.string().default(''),
  MEDIA_SOCKET_PATH: z.string().default('/media/socket.io'),
  /** JSON array of RTCIceServer. */
  ICE_SERVERS: z
    .string()
    .default('[]')
    .transform((text, ctx) => {
      try {
        return z
          .array(
            z.object({ urls: z.array(z.string()), username: z.string().optional(), credential: z.string().optional() }),
          )
          .parse(JSON.parse(text));
      } catch {
        ctx.addIssue({ code: 'custom', message: 'not a JSON array of ICE servers' });
        return z.NEVER;
      }
    }),
  /** Hops of reverse proxies whose X-Forwarded-For is believed. */
  TRUST_PROXY_HOPS: z.coerce.number().int().min(0).max(5).default(1),
  /**
   * How long an ending process says so at `/readyz` while it still answers, and again how long it then answers on connections
   * that proxies keep, at most; and again over how long it then sends its sockets away, at most. Longer than a proxy keeps a
   * connection that it does not use. 0: all three are skipped.
   */
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(60).default(0),
  /** The outbox keeps one connection to listen and one while it publishes; what it publishes needs another. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(4).max(100).default(12),
  /** How long a request waits for a connection before it is told that the database is away. */
  DATABASE_WAIT_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
  /** How long an unpaid order holds its stock (rule S3). */
  RESERVATION_SECONDS: z.coerce.number().int().min(1).max(86_400).default(900),
  /** How long a superseded price may still be paid (rule S4). */
  PRICE_GRACE_SECONDS: z.coerce.number().int().min(0).max(120).default(15),
  /** After so many days a shipped order counts as received, and so many more when its buyer asks for them, once. */
  AUTO_RECEIVE_DAYS: z.coerce.number().int().min(1).max(60).default(10),
  EXTEND_RECEIPT_DAYS: z.coerce.number().int().min(1).max(30).default(7),
  /** Tells where parcels are (docs/20); empty: staff say so by hand. */
  CARRIER_API_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  CARRIER_API_TOKEN: z.string().default(''),
  /** Sign-ins one address may try in a minute; one phone or user name gets a sixth, guests and refreshes ten times of it. */
  AUTH_RATE_PER_MINUTE: z.coerce.number().int().min(1).max(10_000_000).default(60),
  /** Multiplies what one address may do in a minute: handshakes of rooms, likes, chat and orders. */
  ADDRESS_RATE_FACTOR: z.coerce.number().int().min(1).max(100_000).default(1),
  /** Rule Z1: before that nobody deletes a recording. */
  RECORDING_KEEP_DAYS: z.coerce.number().int().min(0).max(36_500).default(1_096),
  /** After that recordings are deleted by themselves; never earlier than they may be. */
  RECORDING_DELETE_AFTER_DAYS: z.coerce.number().int().min(1).max(36_500).default(1_096),
  /**
   * A WeChat service account for one-time subscription messages; all three, or none: then messages stand in the console's
   * outbox and under the person's own messages.
   */
  WECHAT_APP_ID: z.string().default(''),
  WECHAT_APP_SECRET: z.string().default(''),
  WECHAT_TEMPLATE_ID: z.string().default(''),
  /** Where WeChat's own api is; another address only for tests and proxies. */
  WECHAT_API_URL: z.url({ protocol: /^https?$/ }).default('https://api.weixin.qq.com'),
  /**
   * A merchant of WeChat Pay (API v3): all but what is marked, or none; see wechat-pay-config.ts, which says what is missing.
   * The app is the one that people open the shop in (a service account).
   */
  WECHAT_PAY_MCH_ID: z.string().default(''),
  WECHAT_PAY_APP_ID: z.string().default(''),
  /** Optional; asks who somebody is to WeChat, for paying inside WeChat. Empty: WECHAT_APP_SECRET, where the app is the same. */
  WECHAT_PAY_APP_SECRET: z.string().default(''),
  /** Serial number of the merchant's certificate. */
  WECHAT_PAY_CERT_SERIAL: z.string().default(''),
  /** The merchant's private key: its PEM (line breaks may be written as \n), or the file it is in. */
  WECHAT_PAY_PRIVATE_KEY: z.string().default(''),
  WECHAT_PAY_PRIVATE_KEY_FILE: z.string().default(''),
  WECHAT_PAY_API_V3_KEY: z.string().default(''),
  /** WeChat Pay's public key, by its id ("PUB_KEY_ID_…"): its PEM or its file. Optional with platform certificates. */
  WECHAT_PAY_PUBLIC_KEY_ID: z.string().default(''),
  WECHAT_PAY_PUBLIC_KEY: z.string().default(''),
  WECHAT_PAY_PUBLIC_KEY_FILE: z.string().default(''),
  /** Platform certificates are downloaded and believed, instead of or (while a merchant moves) beside the public key. */
  WECHAT_PAY_PLATFORM_CERTIFICATES: flag,
  /** Origin that WeChat Pay reaches this api by, when it is not PUBLIC_URL. */
  WECHAT_PAY_NOTIFY_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  /** The sandbox beside WeChat Pay, and callbacks without https: for tests and trials. */
  WECHAT_PAY_WITH_SANDBOX: flag,
  /** Scene of transfers to people, as the merchant was granted it. */
  WECHAT_PAY_TRANSFER_SCENE_ID: z.string().default('1005'),
  /** Where WeChat Pay's api is; another address only for tests and proxies. Empty: its own two. */
  WECHAT_PAY_API_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  /**
   * The brand's mall (docs/19): its address, who we are to it and the secret both know; all three, or none: then this catalogue
   * is the brand's own.
   */
  MALL_URL: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  MALL_KEY_ID: z.string().max(100).default(''),
  MALL_SECRET: z.union([z.literal(''), secret]).default(''),
  /** Whose figures of stock count: the mall is told ours, we take the mall's, or neither. */
  MALL_STOCK: z.enum(['off', 'ours', 'mall']).default('off'),
  /** The mall may stand in the brand's own network, and speak http. */
  MALL_ALLOW_PRIVATE: flag,
  /** How often the auditor recomputes the books for the metric `books_differences`; it reads everything. 0: never. */
  AUDIT_EVERY_MINUTES: z.coerce.number().int().min(0).max(10_080).default(360),
  /** OTLP/HTTP address of a collector (docs/32), to which `/v1/traces` is added; empty: nothing is traced, at no cost. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  /** Sent to it: name=value, comma separated, values percent-encoded. */
  OTEL_EXPORTER_OTLP_HEADERS: headers,
  OTEL_SERVICE_NAME: z.string().min(1).max(100).default('walnut-live-api'),
  /** Which requests begin a recorded trace; neither a caller's decision about that nor its trace id counts. */
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default('parentbased_always_on'),
  /** Share that the ratio samplers record. */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  /** `true` alone switches off, as OpenTelemetry says. */
  OTEL_SDK_DISABLED: z
    .string()
    .default('false')
    .transform((v) => v.toLowerCase() === 'true'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Webhooks may go to addresses that are not public, and by http: for a receiver in the brand's own network. */
  WEBHOOKS_ALLOW_PRIVATE: flag,
  /** Replies are checked against their contracts (tests, development). */
  CHECK_REPLIES: flag,
});
export type Config = z.infer<typeof ConfigSchema>;

const UsableConfig = ConfigSchema.refine(
  (config) =>
    new Set([config.WECHAT_APP_ID, config.WECHAT_APP_SECRET, config.WECHAT_TEMPLATE_ID].map((given) => given === ''))
      .size === 1,
  { path: ['WECHAT_APP_ID'], message: 'WECHAT_APP_ID, WECHAT_APP_SECRET and WECHAT_TEMPLATE_ID belong together' },
).superRefine((config, ctx) => {
  if (new Set([config.MALL_URL, config.MALL_KEY_ID, config.MALL_SECRET].map((given) => given === '')).size > 1)
    ctx.addIssue({
      code: 'custom',
      path: ['MALL_URL'],
      message: 'MALL_URL, MALL_KEY_ID and MALL_SECRET belong together',
    });
  for (const { key, message } of wechatPayFaults(config)) ctx.addIssue({ code: 'custom', path: [key], message });
});

export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = UsableConfig.safeParse(env);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`Configuration is not usable:\n${lines.join('\n')}`);
}
