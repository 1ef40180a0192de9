/**
 * An order of a prize: one piece at its shelf price, all of it off, so that the postage alone is paid; everything after that is the
 * way of any order. What is given away is in its discount, where the books and the discount ratio look for it.
 */
import type { Address, OrderView } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { tellStock } from './order-news.ts';
import { newItem, newOrder, type Priced } from './order-parts.ts';
import { readOrder } from './order-view.ts';
import { drawOrderNos, insertItems, insertOrders } from './orders.repository.ts';
import type { OrdersDeps } from './orders.service.ts';
import { reserveLine } from './reservations.repository.ts';
import { readSellingRoom, readSkus } from './selling.repository.ts';

export interface PrizeOrder {
  readonly personId: string;
  /** Of the order that brought it: whose store sends it, by whose shipping rules. */
  readonly roomId: string;
  readonly skuId: string;
  readonly address: Address;
  readonly seenShippingFen: number | undefined;
}

export function createPrizeOrders(
  deps: Pick<OrdersDeps, 'clock' | 'random' | 'payments' | 'credits' | 'reservationSeconds' | 'onStep'>,
) {
  const { clock, random, payments } = deps;
  /**
   * Rules S1, S3: reserved by the usual statement, given back as any unpaid order.
   * @throws AppError not_found, out_of_stock, not_delivered_there, price_changed, state_conflict (reason `campaign_over`: it is not
   *   sold any more, as after a recall; `no_postage`: nothing to pay)
   */
  return async (tx: Tx, prize: PrizeOrder): Promise<OrderView> => {
    const at = clock.now();
    const { personId, roomId, skuId, address, seenShippingFen } = prize;
    const room = await readSellingRoom(tx, roomId);
    if (!room) throw new AppError('not_found');
    const line = { skuId, quantity: 1, offerId: null, offerVersion: null, seenPriceFen: 0n };
    const [sku] = await readSkus(tx, { room, personId }, [line]);
    if (!sku) throw new AppError('not_found', { facts: { skuId } });
    // Not `buyable`: a prize need not lie in the bag of the room.
    const onSale = await tx`SELECT 1 FROM skus s JOIN products p ON p.id = s.product_id
      WHERE s.id = ${skuId} AND s.active AND p.status = 'on_sale'`;
    if (onSale.length === 0) throw new AppError('state_conflict', { facts: { reason: 'campaign_over' } });
    const worthFen = sku.shelfPriceFen;
    const part: Priced = {
      ...{ line, sku, amountFen: worthFen, discountFen: worthFen },
      price: { unitPriceFen: worthFen, offer: null },
    };
    const request = { roomId, lines: [], address, seenShippingFen, remark: '' };
    const [orderNo = ''] = await drawOrderNos(tx, 1, at);
    const order = newOrder({ id: random.id(), orderNo, personId, room, request, priced: [part], at }, deps);
    if (order.totalFen <= 0n) throw new AppError('state_conflict', { facts: { reason: 'no_postage' } });
    await insertOrders(tx, [order]);
    tx.afterCommit(() => deps.onStep('place'));
    await deps.credits.decide(tx, { orderId: order.id, personId, room, at });
    const taken = await reserveLine(tx, { personId, orgPath: room.orgPath, at }, line);
    if (typeof taken === 'string') throw new AppError(taken, { facts: { skuId } });
    const { stockUnitId } = taken;
    await insertItems(tx, [newItem(part, { id: random.id(), orderId: order.id, position: 0, stockUnitId })]);
    await payments.open(tx, { orderId: order.id, amountFen: order.totalFen, provider: 'sandbox', at });
    await tellStock(tx, clock, room.id, [taken]);
    return readOrder(tx, order.id, 'buyer');
  };
}
