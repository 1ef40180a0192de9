/** Orders, payments and refunds put together: they need one another in one direction only, this file closes the ring. */
import type { Server } from 'node:http';
import { createProviders } from './compose-payments.ts';
import { createSettling } from './compose-settling.ts';
import type { Config } from './config.ts';
import type { AdultChecks } from './features/adult-check/index.ts';
import { type AfterSales, createAfterSales } from './features/after-sales/index.ts';
import { createCarts } from './features/carts/index.ts';
import type { Files } from './features/files/index.ts';
import { readGiftTerms } from './features/gifts/index.ts';
import { createGroupBuys, createGroupSeats, type GroupBuysDeps } from './features/group-buys/index.ts';
import { createInvoices } from './features/invoices/index.ts';
import { createOrders, type Orders, type OrdersDeps } from './features/orders/index.ts';
import { createCarrierTracking, createParcels } from './features/parcels/index.ts';
import { type DeliveryPlan, type PaymentListeners, servePayments } from './features/payments/index.ts';
import { createPreSaleHoldings, createPreSales } from './features/pre-sales/index.ts';
import { createReconciliation } from './features/reconciliation/index.ts';
import { createRefunds, type Refunds } from './features/refunds/index.ts';
import { createReviews, type ReviewsGuard } from './features/reviews/index.ts';
import { createWallet, type WalletService } from './features/wallet/index.ts';
import type { Ledger } from './ledger/index.ts';
import type { Clock, Random } from './platform/clock.ts';
import type { Db } from './platform/db.ts';
import type { Binder } from './platform/http.ts';
import type { Jobs } from './platform/jobs.ts';
import type { AddressLimits } from './platform/limits.ts';
import type { Logger } from './platform/logger.ts';
import type { Tracing } from './platform/tracing.ts';

export { SANDBOX_DELIVERY_JOB } from './compose-payments.ts';

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
  tracing: Tracing;
  server: Server;
  addressLimits: AddressLimits;
  coupons: OrdersDeps['coupons'];
  guard: GroupBuysDeps['guard'] & ReviewsGuard;
  credits: OrdersDeps['credits'];
  adults: AdultChecks;
  files: Files;
  orderPaid: OrdersDeps['orderPaid'];
  orderReceived: OrdersDeps['orderReceived'];
  orderRefunded: OrdersDeps['orderRefunded'];
  onOrderStep: OrdersDeps['onStep'];
  sandboxPlan?: DeliveryPlan | undefined;
}): Selling {
  const { bind, config, db, clock, random, log, jobs, ledger } = deps;

  const providers = createProviders({ ...{ config, db, clock, random, log, jobs }, ...deps });
  const { payments } = providers;
  const groupSeats = createGroupSeats({ clock, random });
  const orders = createOrders({
    bind,
    db,
    clock,
    random,
    log,
    jobs,
    ledger,
    payments,
    tracing: deps.tracing,
    addressLimits: deps.addressLimits,
    coupons: deps.coupons,
    groupBuys: groupSeats,
    preSales: createPreSaleHoldings(),
    giveDepositBack: (tx, orderId, asked) => refunds.refundDeposit(tx, orderId, asked),
    mayShip: async (tx, order) => {
      if (order.groupBuyId !== null) await groupSeats.requireComplete(tx, order.id);
    },
    credits: deps.credits,
    orderPaid: deps.orderPaid,
    paidLate: (tx, paymentId, at) => refunds.refundLatePayment(tx, paymentId, at),
    orderReceived: deps.orderReceived,
    orderRefunded: deps.orderRefunded,
    onStep: deps.onOrderStep,
    autoReceiveDays: config.AUTO_RECEIVE_DAYS,
    extendReceiptDays: config.EXTEND_RECEIPT_DAYS,
    poolSize: config.DATABASE_POOL_SIZE,
    reservationSeconds: config.RESERVATION_SECONDS,
    priceGraceSeconds: config.PRICE_GRACE_SECONDS,
  });
  createCarts({ bind, db, clock, orders, addressLimits: deps.addressLimits });
  createInvoices({ bind, db, clock, random });
  createParcels({ bind, db, clock, random, log, jobs, orders, tracking: trackingOf(config) });
  const refunds: Refunds = createRefunds({
    ...{ bind, db, clock, random, log, jobs, ledger, orders, payments },
    coinRefundFinished: (tx, ended) => wallet.refundFinished(tx, ended),
    refundRequested: (tx, refund) => afterSales.refundRequested(tx, refund),
    refundEnded: (tx, refund) => afterSales.refundEnded(tx, refund),
  });
  const afterSales: AfterSales = createAfterSales({
    ...{ bind, db, clock, random, log, jobs, orders, refunds, files: deps.files },
  });
  createReviews({
    ...{ bind, db, clock, random, guard: deps.guard, files: deps.files, orders, addressLimits: deps.addressLimits },
  });
  createGroupBuys({
    ...{ bind, db, clock, random, log, jobs, guard: deps.guard, seats: groupSeats },
    closeOrder: orders.expire,
    async refundOrder(tx, orderId, reason) {
      const order = await orders.lock(tx, orderId);
      if (order) await refunds.refundParts(tx, order, 'rest', { reason, by: null });
    },
  });
  createPreSales({
    ...{ bind, db, clock, random, log, jobs, guard: deps.guard },
    endDueDeposit: orders.endDueDeposit,
  });
  const wallet: WalletService = createWallet({
    ...{ bind, db, clock, random, log, jobs, ledger, payments, adults: deps.adults },
    sandbox: config.SANDBOX,
    requestRefund: refunds.request,
    readGiftTerms: (subject) => readGiftTerms({ sql: db.sql, clock }, subject),
  });
  const listeners: PaymentListeners = {
    captured: (tx, payment, at) =>
      payments.traced(tx, payment, async () => {
        if (payment.topUpId !== null) return wallet.takePayment(tx, payment, at);
        if ((await orders.takePayment(tx, payment.id, at)) === 'late')
          await refunds.refundLatePayment(tx, payment.id, at);
      }),
    refundFinished: refunds.finish,
  };
  const asking = servePayments({
    ...{ bind, db, clock, log, jobs, payments, listeners },
    ...{ providers: providers.providers, sandbox: providers.sandbox, wechat: providers.wechatAccounts },
    lockPayable: (tx, personId, subject) =>
      'orderId' in subject
        ? orders.lockPayable(tx, personId, subject.orderId)
        : wallet.lockPayable(tx, personId, subject.topUpId),
  });
  createReconciliation({
    ...{ bind, db, clock, random, log, jobs, providers: providers.providers },
    askPayment: asking.askNow,
    sandbox: config.SANDBOX,
  });
  createSettling({ ...{ bind, config, db, clock, random, log, jobs, ledger, providers } });

  return {
    orders,
    wallet,
    async close() {
      await orders.close();
      await refunds.close();
      await providers.close();
    },
  };
}

/** Without an address staff say by hand where parcels are. */
const trackingOf = ({ CARRIER_API_URL: url, CARRIER_API_TOKEN: token }: Config) =>
  url ? createCarrierTracking({ url, token }) : undefined;
