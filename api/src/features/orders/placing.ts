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
  couponsOf,
  flooredItems,
  newOrder,
  newPickupCode,
  type PlaceRequest,
  type Priced,
  pricedLines,
  refuseRoom,
  wantedLines,
} from './order-parts.ts';
import { readOrder } from './order-view.ts';
import { drawOrderNos, insertItems, insertOrders } from './orders.repository.ts';
import type { GroupTermsOfOrder, OrdersDeps, PreSaleTermsOfOrder } from './orders.service.ts';
import { type Reserved, reserveLine } from './reservations.repository.ts';
import { readBuyers, readSellingRoom, readSkus, type SellingRoom } from './selling.repository.ts';

export type Placing = ReturnType<typeof createPlacing>;

export function createPlacing(
  deps: Pick<
    OrdersDeps,
    | 'clock'
    | 'random'
    | 'payments'
    | 'coupons'
    | 'groupBuys'
    | 'preSales'
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
   * outbox. An attempt that is refused early costs the first five. Coupons add two: what they take off, and taking them. A group
   * adds five or six: its terms, its seat, the person's share, the order's link. A pre-sale adds five.
   */
  async function place(tx: Tx, buyer: Pick<Principal, 'personId'>, request: PlaceRequest): Promise<OrderView> {
    const at = clock.now();
    const room = await readSellingRoom(tx, request.roomId);
    if (!room) throw new AppError('not_found');
    const known = await readBuyers(tx, room.id, [buyer.personId], at);
    const preSale = await preSaleTerms(tx, request, { room, at });
    const group = await groupTerms(tx, request, { personId: buyer.personId, room, at });
    refuseRoom(room, known.get(buyer.personId)?.banned ?? false, request, group?.groupRoomId === room.id);

    const lines = wantedLines(request);
    const where = { room, personId: buyer.personId };
    const namedFen = group?.priceFen ?? preSale?.priceFen;
    const offered =
      lines.length === 0
        ? []
        : pricedLines(lines, await readSkus(tx, where, lines), at, deps.priceGraceSeconds, namedFen);
    const bundled = await priceBundles(tx, where, request.bundles ?? [], at);
    // What a deposit takes off beyond itself is a discount of the one line there is: what is left of it is what is paid in all.
    const offFen = preSale && preSale.worthFen - preSale.depositFen;
    const { paid, taken } =
      offFen === undefined
        ? await discount(tx, [...offered, ...bundled], { request, buyer, room, at })
        : { paid: offered.map((part) => ({ ...part, discountFen: offFen })), taken: [] };
    const priced = inLockOrder([...paid, ...(await findGifts(tx, where, paid))]);
    const [orderNo = ''] = await drawOrderNos(tx, 1, at);
    const order = newOrder(
      { id: random.id(), orderNo, personId: buyer.personId, room, request, priced, couponId: taken[0]?.id, at },
      deps,
      request.pickup ? newPickupCode(random) : null,
    );
    await insertOrders(tx, [order]);
    tx.afterCommit(() => deps.onStep('place'));
    await deps.credits.decide(tx, { orderId: order.id, personId: buyer.personId, room, at });

    // Rule S10: of two orders one gets the coupons, and the other one leaves nothing.
    if (taken.length > 0) await deps.coupons.redeem(tx, { taken, personId: buyer.personId, orderId: order.id, at });
    const bundles = await takeBundles(tx, { orderId: order.id, personId: buyer.personId }, request.bundles ?? []);
    if (group)
      await deps.groupBuys.take(tx, {
        ...{ terms: group, orderId: order.id, personId: buyer.personId, roomId: room.id, at },
        quantity: lines[0]?.quantity ?? 0,
      });
    if (preSale)
      await deps.preSales.take(tx, {
        ...{ terms: preSale, orderId: order.id, personId: buyer.personId, at },
        ...{ quantity: lines[0]?.quantity ?? 0, balanceFen: order.totalFen - preSale.depositFen },
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
    const first = preSale
      ? { amountFen: preSale.depositFen, part: 'deposit' as const }
      : { amountFen: order.totalFen, part: 'whole' as const };
    await payments.open(tx, { orderId: order.id, ...first, provider: 'sandbox', at });
    await tellStock(tx, clock, room.id, [...reserved.values()]);
    await tellExtras(tx, clock, room.id, [...bundles, ...gifts]);
    return readOrder(tx, order.id, 'buyer');
  }

  /** Rule S9: an order in a group is one line of its SKU at its price, without a coupon. */
  async function groupTerms(
    tx: Tx,
    request: PlaceRequest,
    { personId, room, at }: { personId: string; room: SellingRoom; at: Date },
  ): Promise<GroupTermsOfOrder | undefined> {
    const { groupBuy: wanted, lines } = request;
    if (wanted === undefined) return undefined;
    requireAlone(request, '/groupBuy');
    const terms = await deps.groupBuys.terms(tx, { wanted, personId, roomPath: room.orgPath, at });
    requireSku(lines, terms.skuId);
    return terms;
  }

  /** And one in a pre-sale likewise. */
  async function preSaleTerms(
    tx: Tx,
    { preSale: wanted, groupBuy, ...request }: PlaceRequest,
    { room, at }: { room: SellingRoom; at: Date },
  ): Promise<PreSaleTermsOfOrder | undefined> {
    if (wanted === undefined) return undefined;
    requireAlone(request, '/preSale');
    if (groupBuy !== undefined)
      throw new AppError('invalid_request', { issues: [{ path: '/preSale', issue: 'one_line_alone' }] });
    const quantity = request.lines[0]?.quantity ?? 0;
    const terms = await deps.preSales.terms(tx, { wanted, roomPath: room.orgPath, quantity, at });
    requireSku(request.lines, terms.skuId);
    return terms;
  }

  /** Rules M4, S6: what the coupons take off, over all lines, none below its floor. */
  async function discount(
    tx: Tx,
    priced: readonly Priced[],
    order: { request: PlaceRequest; buyer: Pick<Principal, 'personId'>; room: SellingRoom; at: Date },
  ) {
    const { request, buyer, room, at } = order;
    const couponIds = couponsOf(request);
    if (couponIds.length === 0) return { paid: priced, taken: [] };
    const { shares, taken } = await deps.coupons.apply(tx, {
      ...{ couponIds, personId: buyer.personId, orgPath: room.orgPath, at },
      items: flooredItems(priced),
    });
    return { paid: priced.map((part, n) => ({ ...part, discountFen: shares[n] ?? 0n })), taken };
  }

  return { place };
}

/** One line, without anything else that changes its price. @throws AppError invalid_request */
function requireAlone(request: PlaceRequest, path: string) {
  const { lines, bundles } = request;
  const plain = couponsOf(request).length === 0 && !bundles?.length;
  const alone = lines.length === 1 && lines[0]?.offerId === undefined && plain;
  if (!alone) throw new AppError('invalid_request', { issues: [{ path, issue: 'one_line_alone' }] });
}
function requireSku(lines: PlaceRequest['lines'], skuId: string): void {
  if (lines[0]?.skuId !== skuId)
    throw new AppError('invalid_request', { issues: [{ path: '/lines/0/skuId', issue: 'another_sku' }] });
}
