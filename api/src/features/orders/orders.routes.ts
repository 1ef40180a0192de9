import {
  cancelOrder,
  getOrder,
  listOrders,
  type OrderView,
  placeOrder,
  receiveOrder,
  shipOrder,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { requireKey } from '../../platform/idempotency.ts';
import { type AddressLimits, createLimit } from '../../platform/limits.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { Principal } from '../../platform/principal.ts';
import { eyesOf, findOrderIds, type OrderFilter, readOrders, type SeenOrder } from './order-view.ts';
import type { OrdersService } from './orders.service.ts';
import type { TakingOrders } from './taking-orders.ts';

const CSV_PAGE = 500;
/** A person who taps for a flash sale stays far below this; a script does not. */
const PLACES_PER_MINUTE = 300;

export function bindOrders(
  bind: Binder,
  deps: {
    db: Db;
    clock: Clock;
    random: Random;
    taking: Pick<TakingOrders, 'take'>;
    orders: OrdersService;
    addressLimits: AddressLimits;
  },
): void {
  const { db, clock, taking, orders, addressLimits } = deps;

  const places = createLimit({ points: PLACES_PER_MINUTE, seconds: 60 });
  bind(
    placeOrder,
    async ({ principal: { personId }, params, query, body, req, res }) => {
      const key = requireKey(req.get('idempotency-key'));
      const { reply, replayed } = await taking.take({ personId, key, body, request: { params, query, body } });
      if (replayed) res.set('Idempotency-Replayed', 'true');
      return reply;
    },
    async ({ principal, ip }) => {
      if (principal) await places.take(principal.personId);
      await addressLimits.orders.take(ip);
    },
    'keeps its keys',
  );
  bind(cancelOrder, ({ tx, principal, params, body }) => orders.cancel(tx, principal, params.id, body.reason));
  bind(shipOrder, ({ tx, principal, params, body }) => orders.ship(tx, principal, params.id, body));
  bind(receiveOrder, ({ tx, principal, params }) => orders.receive(tx, principal, params.id));

  bind(getOrder, async ({ principal, params }) => {
    const [order] = await readOrders(db.sql, [params.id]);
    const eyes = order && eyesOf(principal, order);
    if (!order || !eyes) throw new AppError('not_found');
    return order.view(eyes);
  });

  bind(listOrders, async ({ principal, query, res }) => {
    const filter: OrderFilter = {
      ...scopeOf(principal),
      state: query.state,
      roomId: query.roomId,
      inviterId: query.inviterId,
      search: query.search,
      orgUnitId: query.orgUnitId,
      from: query.from === undefined ? undefined : new Date(query.from),
      to: query.to === undefined ? undefined : new Date(query.to),
      partlyShipped: query.partly === 'shipped',
    };
    if (query.format === 'csv') {
      const { format: _, cursor: __, limit: ___, ...asked } = query;
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target: 'orders', filter: asked, columns: csvColumns },
        fileName: `orders-${clock.now().toISOString().slice(0, 10)}.csv`,
        rows: exportOrders(principal, filter),
      });
      return written;
    }
    const page = await readPage(filter, query.cursor, query.limit);
    return { items: page.orders.map((order) => shown(principal, order)), nextCursor: page.nextCursor };
  });

  async function readPage(filter: OrderFilter, cursor: string | undefined, limit: number) {
    const ids = await findOrderIds(db.sql, filter, { after: decodeTimeCursor(cursor), limit });
    const found = await readOrders(db.sql, ids.slice(0, limit));
    const last = found.at(-1);
    const more = ids.length > limit && last !== undefined;
    return { orders: found, nextCursor: more ? encodeTimeCursor({ at: last.placedAt, id: last.id }) : null };
  }

  async function* exportOrders(principal: Principal, filter: OrderFilter): AsyncGenerator<OrderView> {
    let cursor: string | undefined;
    do {
      const page = await readPage(filter, cursor, CSV_PAGE);
      for (const order of page.orders) yield shown(principal, order);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
}

/** Consumers see their own orders, staff those at or under their org unit. */
function scopeOf(principal: Principal): OrderFilter {
  return principal.staff ? { orgPath: principal.staff.orgPath } : { personId: principal.personId };
}

function shown(principal: Principal, order: SeenOrder): OrderView {
  const eyes = eyesOf(principal, order);
  if (!eyes) throw new AppError('internal', { detail: `order ${order.id} was listed out of scope` });
  return order.view(eyes);
}

/** Amounts stay integers of fen: a spreadsheet must be able to sum them. */
const csvColumns: readonly CsvColumn<OrderView>[] = [
  { title: 'orderNo', value: (o) => o.orderNo },
  { title: 'state', value: (o) => o.state },
  { title: 'storePath', value: (o) => o.store.path },
  { title: 'store', value: (o) => o.store.name },
  { title: 'room', value: (o) => o.roomTitle },
  { title: 'buyer', value: (o) => o.buyer.name },
  { title: 'items', value: (o) => o.items.map((i) => `${i.title} ${i.skuName} × ${i.quantity}`).join('; ') },
  { title: 'pieces', value: (o) => o.items.reduce((sum, i) => sum + i.quantity, 0) },
  { title: 'itemsFen', value: (o) => o.itemsFen },
  { title: 'discountFen', value: (o) => o.discountFen },
  { title: 'shippingFen', value: (o) => o.shippingFen },
  { title: 'totalFen', value: (o) => o.totalFen },
  { title: 'paidFen', value: (o) => o.paidFen },
  { title: 'refundedFen', value: (o) => o.refundedFen },
  { title: 'creditReason', value: (o) => o.credit.reason },
  { title: 'inviter', value: (o) => o.credit.inviter?.name },
  { title: 'recipient', value: (o) => o.address.recipient },
  { title: 'phone', value: (o) => o.address.phone },
  {
    title: 'address',
    value: (o) => `${o.address.province} ${o.address.city} ${o.address.district} ${o.address.street}`,
  },
  { title: 'remark', value: (o) => o.remark },
  { title: 'trackingNo', value: (o) => o.trackingNo },
  { title: 'placedAt', value: (o) => o.placedAt },
  { title: 'paidAt', value: (o) => o.paidAt },
  { title: 'shippedAt', value: (o) => o.shippedAt },
  { title: 'receivedAt', value: (o) => o.receivedAt },
  { title: 'closedAt', value: (o) => o.closedAt },
];
