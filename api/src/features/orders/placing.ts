/**
 * Placing an order: price, stock, credit and payment, all in one transaction that a losing attempt leaves without a trace.
 * Orders of one SKU each without more to them, as in a flash sale, are placed many at a time: together.ts.
 */
import type { OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { findGifts, inLockOrder, newItems, priceBundles, takeBundles, takeGifts } from './extras.ts';
import { tellExtras, tellStock } from './order-news.ts';
import {
  newOrder,
  newPickupCode,
  type PlaceRequest,
  type Priced,
  pricedLine,
  refused,
  refuseRoom,
  wantedLines,
} from './order-parts.ts';
import { readOrder } from './order-view.ts';
import { drawOrderNos, insertItems, insertOrders } from './orders.repository.ts';
import type { GroupTermsOfOrder, OrdersDeps } from './orders.service.ts';
import { refuseEarly, type WantedLine } from './pricing.policy.ts';
import { type Reserved, reserveLine } from './reservations.repository.ts';
import { readBuyers, readSellingRoom, readSkus, type SellingRoom, type SkuRow } from './selling.repository.ts';

export type Placing = ReturnType<typeof createPlacing>;

export function createPlacing(
  deps: Pick<
    OrdersDeps,
    | 'clock'
    | 'random'
    | 'payments'
    | 'coupons'
    | 'groupBuys'
    | 'credits'
    | 'reservationSeconds'
    | 'priceGraceSeconds'
    | 'onStep'
  >,
) {
  const { clock, random, payments } = deps;

  /**
   * Rules S1–S5, M3. What is fought over is taken last, so that its rows are locked for as few statements as possible.
   *
   * Statements for one line under an offer, besides BEGIN and COMMIT: idempotency key 2 · room, buyer 2 · SKUs, offers, what is
   * left 1 · order number 1 · order, history 1 · credit 9 · then, holding the hot rows: offer, person, stock 3 · items 1 ·
   * payment 1 · outbox 2 · reading the answer 1 · idempotency key 1. A further line adds 3 under an offer (else 1) and 2 for the
   * outbox. An attempt that is refused early costs the first five. A coupon adds two: what it takes off, and taking it. A group
   * adds five or six: its terms, its seat, the person's share, the order's link.
   */
  async function place(tx: Tx, buyer: Pick<Principal, 'personId'>, request: PlaceRequest): Promise<OrderView> {
    const at = clock.now();
    const room = await readSellingRoom(tx, request.roomId);
    if (!room) throw new AppError('not_found');
    const known = await readBuyers(tx, room.id, [buyer.personId], at);
    const group = await groupTerms(tx, request, { personId: buyer.personId, room, at });
    refuseRoom(room, known.get(buyer.personId)?.banned ?? false, request, group?.groupRoomId === room.id);

    const lines = wantedLines(request);
    const where = { room, personId: buyer.personId };
    const offered = lines.length === 0 ? [] : priceLines(lines, await readSkus(tx, where, lines), at, group?.priceFen);
    const bundled = await priceBundles(tx, where, request.bundles ?? [], at);
    const paid = await discount(tx, [...offered, ...bundled], { couponId: request.couponId, buyer, room, at });
    const priced = inLockOrder([...paid, ...(await findGifts(tx, where, paid))]);
    const [orderNo = ''] = await drawOrderNos(tx, 1, at);
    const order = newOrder(
      { id: random.id(), orderNo, personId: buyer.personId, room, request, priced, at },
      deps,
      request.pickup ? newPickupCode(random) : null,
    );
    await insertOrders(tx, [order]);
    tx.afterCommit(() => deps.onStep('place'));
    await deps.credits.decide(tx, { orderId: order.id, personId: buyer.personId, room, at });

    // Rule S10: of two orders one gets the coupon, and the other one leaves nothing.
    if (request.couponId !== undefined)
      await deps.coupons.redeem(tx, { couponId: request.couponId, personId: buyer.personId, orderId: order.id, at });
    const bundles = await takeBundles(tx, { orderId: order.id, personId: buyer.personId }, request.bundles ?? []);
    if (group)
      await deps.groupBuys.take(tx, {
        ...{ terms: group, orderId: order.id, personId: buyer.personId, roomId: room.id, at },
        quantity: lines[0]?.quantity ?? 0,
      });
    const reserved = new Map<Priced, Reserved>();
    for (const part of priced) {
      const taken = await reserveLine(tx, { personId: buyer.personId, orgPath: room.orgPath, at }, part.line);
      if (typeof taken !== 'string') reserved.set(part, taken);
      // A gift is given while it lasts.
      else if (!part.giftOf) throw new AppError(taken, { facts: { skuId: part.line.skuId } });
    }
    const gifts = await takeGifts(tx, reserved);
    await insertItems(tx, newItems(order.id, paid, reserved, random));
    await payments.open(tx, { orderId: order.id, amountFen: order.totalFen, provider: 'sandbox', at });
    await tellStock(tx, clock, room.id, [...reserved.values()]);
    await tellExtras(tx, clock, room.id, [...bundles, ...gifts]);
    return readOrder(tx, order.id, 'buyer');
  }

  /** Rule S9: an order in a group is one line of its SKU at its price, without a coupon. */
  async function groupTerms(
    tx: Tx,
    { groupBuy: wanted, lines, couponId, bundles }: PlaceRequest,
    { personId, room, at }: { personId: string; room: SellingRoom; at: Date },
  ): Promise<GroupTermsOfOrder | undefined> {
    if (wanted === undefined) return undefined;
    const alone = lines.length === 1 && lines[0]?.offerId === undefined && couponId === undefined && !bundles?.length;
    if (!alone) throw new AppError('invalid_request', { issues: [{ path: '/groupBuy', issue: 'one_line_alone' }] });
    const terms = await deps.groupBuys.terms(tx, { wanted, personId, roomPath: room.orgPath, at });
    if (lines[0]?.skuId !== terms.skuId)
      throw new AppError('invalid_request', { issues: [{ path: '/lines/0/skuId', issue: 'another_sku' }] });
    return terms;
  }

  function priceLines(
    lines: readonly WantedLine[],
    skus: readonly SkuRow[],
    at: Date,
    groupPriceFen: bigint | undefined,
  ): Priced[] {
    const bySku = new Map(skus.map((sku) => [sku.skuId, sku]));
    const priced = lines.map((line) => {
      const sku = bySku.get(line.skuId);
      if (!sku) throw new AppError('not_found', { facts: { skuId: line.skuId } });
      return pricedLine(line, sku, at, deps.priceGraceSeconds, groupPriceFen);
    });
    for (const { line, sku } of priced) {
      const refusal = refuseEarly(line, sku.left);
      if (refusal) throw refused(refusal);
    }
    return priced;
  }

  /** Rules M4, S6: what the coupon takes off, over all lines, none below its floor. */
  async function discount(
    tx: Tx,
    priced: readonly Priced[],
    order: { couponId: string | undefined; buyer: Pick<Principal, 'personId'>; room: SellingRoom; at: Date },
  ): Promise<readonly Priced[]> {
    const { couponId, buyer, room, at } = order;
    if (couponId === undefined) return priced;
    const discounts = await deps.coupons.shares(tx, {
      ...{ couponId, personId: buyer.personId, orgPath: room.orgPath, at },
      items: priced.map(({ amountFen, line, sku }) => ({
        ...{ amountFen, quantity: line.quantity, floorPriceFen: sku.floorPriceFen },
      })),
    });
    return priced.map((part, n) => ({ ...part, discountFen: discounts[n] ?? 0n }));
  }

  return { place };
}
