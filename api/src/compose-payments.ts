/** Payment providers put together, as far as they are configured. */
import type { Server } from 'node:http';
import type { Config } from './config.ts';
import {
  createPaymentsService,
  createSandboxProvider,
  createWechatAccounts,
  createWechatClient,
  createWechatProvider,
  type DeliveryPlan,
  type Providers,
  wechatMerchant,
} from './features/payments/index.ts';
import { createSandboxPayouts, createWechatPayouts, type PayoutProviders } from './features/payouts/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import { createDb, type Db } from './platform/db.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { Tracing } from './platform/tracing.ts';
import { wechatPayConfig } from './wechat-pay-config.ts';

const SANDBOX_POOL_SIZE = 4;
const SANDBOX_DELIVERY_EVERY_MS = 2_000;
export const SANDBOX_DELIVERY_JOB = 'sandbox-deliveries';
const PAYMENT_NOTIFY_PATH = '/api/v1/payments/wechat/notify';
const PAYOUT_NOTIFY_PATH = '/api/v1/payouts/wechat/notify';

/** @throws Error naming what is wrong with the configuration of WeChat Pay */
export function createProviders(deps: {
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  server: Server;
  tracing: Tracing;
  sandboxPlan?: DeliveryPlan | undefined;
}) {
  const { config, db, clock, random, log, jobs } = deps;
  const merchant = wechatPayConfig(config);

  // Another party has its own connections: whoever holds one of ours may wait for it, never the other way round.
  const sandboxDb = createDb({
    url: config.DATABASE_URL,
    poolSize: SANDBOX_POOL_SIZE,
    onError: (error) => log.warn({ err: error }, 'sandbox database'),
  });
  const sandbox = createSandboxProvider({
    db: sandboxDb,
    clock,
    random,
    log,
    secret: config.SANDBOX_PAYMENT_SECRET,
    notifyUrl: () => ownUrl(deps.server, config.HOST, '/api/v1/payments/sandbox/notify'),
    plan: deps.sandboxPlan,
  });
  if (config.SANDBOX)
    jobs.every(SANDBOX_DELIVERY_JOB, SANDBOX_DELIVERY_EVERY_MS, async () => void (await sandbox.deliverDue()));

  const client =
    merchant &&
    createWechatClient({
      ...{ clock, random, log, origins: merchant.origins, certificates: merchant.certificates },
      merchant: wechatMerchant(merchant),
    });
  if (merchant?.certificates)
    void client?.keys
      .warmUp()
      .catch((error: unknown) => log.warn({ err: error }, 'certificates of WeChat Pay are not there yet'));
  const wechat =
    client &&
    createWechatProvider({
      ...{ client, clock, random, log },
      notifyUrl: merchant.notifyOrigin + PAYMENT_NOTIFY_PATH,
      returnUrl: (paymentId) => new URL(`/pay/${paymentId}`, config.PUBLIC_URL).href,
      description: ({ orderNo }) => `核桃直播 ${orderNo}`,
    });
  const wechatAccounts =
    merchant &&
    createWechatAccounts({
      ...{ db, clock, appId: merchant.appId, appSecret: merchant.appSecret },
      sharesMessages: merchant.appId === config.WECHAT_APP_ID,
      ...{ apiUrl: config.WECHAT_API_URL, publicUrl: config.PUBLIC_URL, secret: config.AUTH_SECRET },
    });
  const providers: Providers = { sandbox, ...(wechat ? { wechat } : {}) };
  const sandboxPayouts = createSandboxPayouts({ db: sandboxDb, clock });
  const payouts: PayoutProviders = {
    sandbox: sandboxPayouts,
    ...(client && merchant
      ? {
          wechat: createWechatPayouts({
            ...{ client, clock, log, sceneId: merchant.transferSceneId },
            notifyUrl: merchant.notifyOrigin + PAYOUT_NOTIFY_PATH,
          }),
        }
      : {}),
  };

  return {
    payments: createPaymentsService({ db, clock, random, log, providers, tracing: deps.tracing }),
    providers,
    payouts,
    /** Undefined where it is switched off. */
    sandbox: config.SANDBOX ? sandbox : undefined,
    sandboxPayouts: config.SANDBOX ? sandboxPayouts : undefined,
    wechatAccounts,
    /** Who asks WeChat's bridge to let a receiver accept a transfer. */
    wechatBridge: merchant && { mchId: merchant.merchantId, appId: merchant.appId },
    async close() {
      await sandbox.stop();
      await sandboxDb.close();
    },
  };
}

/** Where this process can reach itself; undefined while it does not listen. */
function ownUrl(server: Server, host: string, path: string): string | undefined {
  const address = server.address();
  if (address === null || typeof address === 'string') return undefined;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}${path}`;
}
