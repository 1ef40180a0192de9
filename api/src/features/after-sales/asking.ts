/** What of an order may be asked for by an after-sale case, and what a request asks for. */
import type { BodyOf, requestAfterSale } from '@walnut-live/contracts';
import { AppError } from '../../platform/errors.ts';
import {
  giftsDue,
  leftOf,
  piecesLeft,
  type RefundableItemRow,
  readRefundable,
  shareOf,
  shippingLeft,
} from '../orders/index.ts';
import { meansSent } from './after-sales.policy.ts';
import { type CaseLine, heldByCases } from './after-sales.repository.ts';

interface Free {
  readonly items: readonly (RefundableItemRow & {
    /** Pieces and fen that neither a refund nor an open case asks for. */
    readonly pieces: number;
    readonly leftFen: bigint;
    /** Of what left the house: neither came back for money nor is asked for by an open case. */
    readonly outside: number;
  })[];
  readonly shippingFen: bigint;
  /** With what open cases ask for. */
  readonly wholeFen: bigint;
}
/** What of an order nobody asks for yet. @throws AppError not_found */
export async function freeOf(sql: Parameters<typeof readRefundable>[0], orderId: string): Promise<Free> {
  const order = await readRefundable(sql, orderId);
  if (!order) throw new AppError('not_found');
  const held = await heldByCases(sql, orderId);
  return {
    items: order.items.map((item) => {
      const by = held.items.get(item.id);
      return {
        ...item,
        pieces: piecesLeft(item) - (by?.pieces ?? 0),
        leftFen: leftOf(item) - (by?.amountFen ?? 0n),
        outside: Math.max(0, item.sent - (item.refundedPieces - item.withdrawn) - (by?.sent ?? 0)),
      };
    }),
    shippingFen: shippingLeft(order) - held.shippingFen,
    wholeFen: order.items.reduce((sum, item) => sum + leftOf(item), shippingLeft(order)),
  };
}

/** Gifts come back with the goods that brought them, to be looked at like those: as far as they were sent. */
function withGifts(free: Free, lines: readonly CaseLine[]): CaseLine[] {
  const all = new Map(lines.map((line) => [line.itemId, line]));
  for (const gift of free.items) {
    const goods = free.items.find(({ id }) => id === gift.giftOf);
    const back = goods && all.get(goods.id);
    if (!back) continue;
    const before = { item: goods.quantity - goods.pieces, gift: gift.quantity - gift.pieces };
    const due = giftsDue(goods, gift, before, back.quantity);
    const quantity = Math.min(Math.max(due, all.get(gift.id)?.quantity ?? 0), gift.pieces, gift.outside);
    if (quantity > 0) all.set(gift.id, { itemId: gift.id, quantity, amountFen: 0n, sent: true });
  }
  return [...all.values()];
}

/** The lines of a request, each within what is free. @throws AppError not_found, invalid_request, limit_exceeded */
export function wantedLines(free: Free, body: BodyOf<typeof requestAfterSale>): CaseLine[] {
  const lines = namedLines(free, body);
  return body.kind === 'return_and_refund' ? withGifts(free, lines) : lines;
}

function namedLines(free: Free, body: BodyOf<typeof requestAfterSale>): CaseLine[] {
  const named = new Set<string>();
  return body.items.map(({ itemId, quantity, amountFen }) => {
    const item = free.items.find(({ id }) => id === itemId);
    if (!item) throw new AppError('not_found');
    if (named.has(itemId))
      throw new AppError('invalid_request', { issues: [{ path: '/items', issue: 'item_named_twice' }] });
    named.add(itemId);
    const most = body.kind === 'refund_only' ? item.pieces : Math.min(item.pieces, item.outside);
    const sent = item.outside > 0 && meansSent(body.kind, body.reason);
    if (quantity > most) throw new AppError('limit_exceeded', { facts: { reason: 'too_many_pieces' } });
    if (body.kind === 'exchange') return { itemId, quantity, amountFen: 0n, sent };
    const before = item.quantity - item.pieces;
    const share = shareOf({ ...item, refundedPieces: before }, quantity);
    let mostFen = share;
    if (mostFen > item.leftFen) mostFen = item.leftFen;
    const wanted = amountFen === undefined ? mostFen : BigInt(amountFen);
    if (wanted > mostFen) throw new AppError('limit_exceeded', { facts: { reason: 'too_much' } });
    return { itemId, quantity, amountFen: wanted, sent };
  });
}
