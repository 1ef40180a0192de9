/** Orders, payments and refunds put together: they need one another in one direction only, this file closes the ring. */
import type { Server } from 'node:http';
import type { Config } from './config.ts';
import type { AdultChecks } from './features/adult-check/index.ts';
import { readGiftTerms } from './features/gifts/index.ts';
import { createOrders, type Orders, type OrdersDeps } from './features/orders/index.ts';
import {
  bindPayments,
  createPaymentsService,
  createSandboxProvider,
  type DeliveryPlan,
} from './features/payments/index.ts';
import { createCarrierTracking, createParcels } from './features/parcels/index.ts';
import { createRefunds } from './features/refunds/index.ts';
import { createWallet, type WalletService } from './features/wallet/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import { createDb, type Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { AddressLimits } from './platform/limits.ts';
import type { Logger } from './platform/logger.ts';

const SANDBOX_POOL_SIZE = 4;
const SANDBOX_DELIVERY_EVERY_MS = 2_000;
export const SANDBOX_DELIVERY_JOB = 'sandbox-deliveries';

export interface Selling {
  readonly orders: Orders;
  readonly wallet: WalletService;
  /** Waits for callbacks and refunds under way. */
  close(): Promise<void>;
}

export function createSelling(deps: {
  bind: Binder;
  config: Config;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  ledger: Ledger;
  server: Server;
  addressLimits: AddressLimits;
  coupons: OrdersDeps['coupons'];
  credits: OrdersDeps['credits'];
  adults: AdultChecks;
  orderPaid: OrdersDeps['orderPaid'];
  orderRefunded: OrdersDeps['orderRefunded'];
  onOrderStep: OrdersDeps['onStep'];
  sandboxPlan?: DeliveryPlan | undefined;
}): Selling {
  const { bind, config, db, clock, random, log, jobs, ledger } = deps;

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

  const payments = createPaymentsService({ db, clock, random, log, providers: { sandbox } });
  const orders = createOrders({
    bind,
    db,
    clock,
    random,
    log,
    jobs,
    ledger,
    payments,
    addressLimits: deps.addressLimits,
    coupons: deps.coupons,
    credits: deps.credits,
    orderPaid: deps.orderPaid,
    orderRefunded: deps.orderRefunded,
    onStep: deps.onOrderStep,
    autoReceiveDays: config.AUTO_RECEIVE_DAYS,
    extendReceiptDays: config.EXTEND_RECEIPT_DAYS,
    reservationSeconds: config.RESERVATION_SECONDS,
    priceGraceSeconds: config.PRICE_GRACE_SECONDS,
    sandbox: config.SANDBOX,
  });
  createParcels({ bind, db, clock, random, log, jobs, orders, tracking: trackingOf(config) });
  const refunds = createRefunds({
    ...{ bind, db, clock, random, log, jobs, ledger, orders, payments },
    coinRefundFinished: (tx, ended) => wallet.refundFinished(tx, ended),
  });
  const wallet: WalletService = createWallet({
    ...{ bind, db, clock, random, log, jobs, ledger, payments, adults: deps.adults },
    requestRefund: refunds.request,
    readGiftTerms: (subject) => readGiftTerms({ sql: db.sql, clock }, subject),
  });
  bindPayments(bind, {
    db,
    payments,
    sandbox: config.SANDBOX ? sandbox : undefined,
    listeners: {
      async captured(tx, payment, at) {
        if (payment.topUpId !== null) return wallet.takePayment(tx, payment, at);
        if ((await orders.takePayment(tx, payment.id, at)) === 'late')
          await refunds.refundLatePayment(tx, payment.id, at);
      },
      refundFinished: refunds.finish,
    },
  });

  return {
    orders,
    wallet,
    async close() {
      await orders.close();
      await refunds.close();
      await sandbox.stop();
      await sandboxDb.close();
    },
  };
}

/** Without an address staff say by hand where parcels are. */
const trackingOf = ({ CARRIER_API_URL: url, CARRIER_API_TOKEN: token }: Config) =>
  url ? createCarrierTracking({ url, token }) : undefined;

/** Where this process can reach itself; undefined while it does not listen. */
function ownUrl(server: Server, host: string, path: string): string | undefined {
  const address = server.address();
  if (address === null || typeof address === 'string') return undefined;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}${path}`;
}
