/** Placing an order: price, stock, credit and payment, all in one transaction that a losing attempt leaves without a trace. */
import type { Address, OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import { tellStock } from './order-news.ts';
import { readOrder } from './order-view.ts';
import { allocateDiscount, shippingFen } from './orders.policy.ts';
import { insertOrder, readSellingRoom, readSkus, type SellingRoom, type SkuRow } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { type PricedLine, priceLine, type Refusal, sumLines, type WantedLine } from './pricing.policy.ts';
import { type Reserved, reserveLine } from './reservations.repository.ts';

export interface PlaceRequest {
  roomId: string;
  lines: readonly {
    skuId: string;
    quantity: number;
    offerId?: string | undefined;
    offerVersion?: number | undefined;
    seenPriceFen: number;
  }[];
  address: Address;
  remark: string;
}

interface HeldLine {
  readonly line: WantedLine;
  readonly sku: SkuRow;
  readonly price: PricedLine;
  readonly reserved: Reserved;
}

export type Placing = ReturnType<typeof createPlacing>;

export function createPlacing(
  deps: Pick<OrdersDeps, 'clock' | 'random' | 'payments' | 'decideCredit' | 'reservationSeconds' | 'priceGraceSeconds'>,
) {
  const { clock, random, payments } = deps;

  /**
   * Rules S1–S5, M3. Statements for an order of one line under an offer, besides BEGIN and COMMIT: idempotency key 3 ·
   * room 1 · SKUs, offers, versions 1 · offer, person, stock 3 · order number 1 · order, items, history 1 · payment 1 ·
   * credit (by its feature) · outbox 2 · reading the answer 1. A further line adds 3 under an offer (else 1) and 2 for the outbox.
   */
  async function place(tx: Tx, buyer: Principal, request: PlaceRequest): Promise<OrderView> {
    const at = clock.now();
    const room = await readSellingRoom(tx, request.roomId, buyer.personId, at);
    if (!room) throw new AppError('not_found');
    if (room.banned) throw new AppError('banned');
    if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });

    const lines = wantedLines(request);
    const priced = priceLines(lines, await readSkus(tx, room.id, lines), at);
    const held: HeldLine[] = [];
    for (const part of priced) {
      const reserved = await reserveLine(tx, { personId: buyer.personId, orgPath: room.orgPath, at }, part.line);
      if (typeof reserved === 'string') throw new AppError(reserved, { facts: { skuId: part.line.skuId } });
      held.push({ ...part, reserved });
    }

    const orderId = random.id();
    const totalFen = await write(tx, orderId, buyer, room, request, held, at);
    await payments.open(tx, { orderId, amountFen: totalFen, provider: 'sandbox', at });
    await deps.decideCredit(tx, { orderId, personId: buyer.personId, room, at });
    await tellStock(
      tx,
      clock,
      room.id,
      held.map((part) => part.reserved),
    );
    return readOrder(tx, orderId, 'buyer');
  }

  function wantedLines(request: PlaceRequest): WantedLine[] {
    return orRefuse(
      sumLines(
        request.lines.map((line) => ({
          skuId: line.skuId,
          quantity: line.quantity,
          offerId: line.offerId ?? null,
          offerVersion: line.offerVersion ?? null,
          seenPriceFen: BigInt(line.seenPriceFen),
        })),
      ),
    );
  }

  function priceLines(lines: readonly WantedLine[], skus: readonly SkuRow[], at: Date) {
    const bySku = new Map(skus.map((sku) => [sku.skuId, sku]));
    return lines.map((line) => {
      const sku = bySku.get(line.skuId);
      if (!sku) throw new AppError('not_found', { facts: { skuId: line.skuId } });
      return { line, sku, price: orRefuse(priceLine(line, sku, at, deps.priceGraceSeconds)) };
    });
  }

  async function write(
    tx: Tx,
    orderId: string,
    buyer: Principal,
    room: SellingRoom,
    request: PlaceRequest,
    held: readonly HeldLine[],
    at: Date,
  ): Promise<bigint> {
    const amounts = held.map(({ line, price }) => price.unitPriceFen * BigInt(line.quantity));
    const itemsFen = amounts.reduce((sum, amount) => sum + amount, 0n);
    const discounts = allocateDiscount(0n, amounts); // coupons will bring discounts; M4 splits them
    const discountFen = discounts.reduce((sum, share) => sum + share, 0n);
    const shipping = shippingFen(itemsFen - discountFen);
    await insertOrder(tx, {
      id: orderId,
      personId: buyer.personId,
      room,
      itemsFen,
      discountFen,
      shippingFen: shipping,
      address: request.address,
      remark: request.remark,
      placedAt: at,
      expiresAt: new Date(at.getTime() + deps.reservationSeconds * 1000),
      items: held.map(({ line, sku, price, reserved }, index) => ({
        id: random.id(),
        productId: sku.productId,
        skuId: sku.skuId,
        stockUnitId: reserved.stockUnitId,
        title: sku.title,
        skuName: sku.skuName,
        pictureUrl: sku.pictureUrl,
        quantity: line.quantity,
        unitPriceFen: price.unitPriceFen,
        discountFen: discounts[index] ?? 0n,
        offerId: price.offer?.id ?? null,
        offerVersion: price.offer?.version ?? null,
        offerTerms: price.offer && {
          priceFen: Number(price.offer.priceFen),
          startsAt: price.offer.startsAt.toISOString(),
          endsAt: price.offer.endsAt.toISOString(),
          cap: price.offer.cap,
          perPersonLimit: price.offer.perPersonLimit,
          honoured: price.offer.honoured,
        },
      })),
    });
    return itemsFen - discountFen + shipping;
  }

  return { place };
}

function orRefuse<T>(decision: { ok: true; value: T } | { ok: false; refusal: Refusal }): T {
  if (decision.ok) return decision.value;
  throw new AppError(decision.refusal.code, { facts: { ...decision.refusal.facts } });
}
