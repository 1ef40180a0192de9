/** Orders: see orders.service.ts for the model. */
import { placeOrder, quoteCoupons } from '@walnut-live/contracts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { type AddressLimits, createLimit } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import { receiveDueOrders } from './auto-receive.ts';
import { createCouponQuotes } from './coupon-quote.ts';
import { expireDueOrders } from './expiry.ts';
import { FREE_SHIPPING_FROM_FEN, SHIPPING_FEN } from './orders.policy.ts';
import { bindOrders } from './orders.routes.ts';
import { createOrdersService, type OrdersDeps } from './orders.service.ts';
import { createPlacing } from './placing.ts';
import { createPrizeOrders } from './prize-orders.ts';
import { createTakingOrders } from './taking-orders.ts';

export { piecesOf } from './fulfilment.policy.ts';
export type { ParcelRequest } from './fulfilment.ts';
export { eyesOf, readOrder, readOrders } from './order-view.ts';
export { maskAddress, orderNo } from './orders.policy.ts';
export { lockOrder, type OrderRow } from './orders.repository.ts';
export type { OrdersDeps, OrdersService } from './orders.service.ts';
export { auditOrders } from './orders-audit.ts';
export {
  giftsDue,
  leftOf,
  piecesLeft,
  type RefundLine,
  type RefundPlan,
  shareOf,
  shippingLeft,
  type WantedRefund,
} from './refund-plan.policy.ts';
export { splitRefund } from './refund-split.policy.ts';
export type { RefundableItemRow } from './refunding.repository.ts';
export { readRefundable } from './refunding.repository.ts';

/** The terms of shipping, for screens that show a total before an order is placed. */
export const SHIPPING_TERMS = { feeFen: Number(SHIPPING_FEN), freeFromFen: Number(FREE_SHIPPING_FROM_FEN) };

export const AUTO_RECEIVE_JOB = 'orders-auto-receive';
const AUTO_RECEIVE_EVERY_MS = 60_000;
export const EXPIRY_JOB = 'orders-expiry';
const EXPIRY_EVERY_MS = 5_000;
/** Of one person: the cheapest combination tries hundreds of them. */
const QUOTES_PER_MINUTE = 60;

export function createOrders(
  deps: OrdersDeps & {
    bind: Binder;
    db: Db;
    jobs: Jobs;
    log: Logger;
    addressLimits: AddressLimits;
    /** Connections of the database. */
    poolSize: number;
  },
) {
  const { db, clock, random, log, addressLimits } = deps;
  const orders = createOrdersService(deps);
  const { place } = createPlacing(deps);
  const aloneAtOnce = Math.max(1, Math.floor(deps.poolSize / 3));
  const taking = createTakingOrders({ ...deps, route: placeOrder.id, place, aloneAtOnce });
  const quote = createCouponQuotes(deps);
  const quotes = createLimit({ points: QUOTES_PER_MINUTE, seconds: 60 });
  deps.bind(
    quoteCoupons,
    // One snapshot of everything it looks at.
    ({ principal, body }) => db.transaction((tx) => quote(tx, principal, body), { isolation: 'repeatable read' }),
    async ({ principal }) => {
      if (principal) await quotes.take(principal.personId);
    },
  );
  bindOrders(deps.bind, { db, clock, random, taking, orders, addressLimits });
  const expireDue = () => expireDueOrders({ db, clock, log, orders });
  deps.jobs.every(EXPIRY_JOB, EXPIRY_EVERY_MS, async () => void (await expireDue()));
  deps.jobs.every(
    AUTO_RECEIVE_JOB,
    AUTO_RECEIVE_EVERY_MS,
    async () => void (await receiveDueOrders({ db, log, orders })),
  );
  return {
    ...orders,
    /** Places one order in the caller's transaction. */
    place,
    /** An order of a prize, of which the postage alone is paid. */
    placePrize: createPrizeOrders(deps),
    /** Closes what is due now; answers how many orders gave their stock back. */
    expireDue,
    /** Finishes the orders that were accepted. */
    close: taking.close,
  };
}
export type Orders = ReturnType<typeof createOrders>;
