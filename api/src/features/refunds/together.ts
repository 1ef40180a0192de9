/**
 * Refunds that were asked for together, one of each payment of an order that was paid in parts. They end apart: of two one may be
 * refused for good. When the case they belong to asks for its money again, it reckons with what has gone back, which then counts
 * for the new request, so that in the end their sum is what the case was granted.
 */
import type { Tx } from '../../platform/db.ts';

/** How they stand: `succeeded` only when all are done, `failed` when one was refused for good. */
export async function togetherOutcome(tx: Tx, firstId: string): Promise<'open' | 'succeeded' | 'failed'> {
  const rows = await tx<{ state: string }>`SELECT state FROM refunds WHERE id = ${firstId} OR asked_with = ${firstId}`;
  if (rows.some(({ state }) => state === 'requested' || state === 'processing')) return 'open';
  return rows.some(({ state }) => state === 'failed') ? 'failed' : 'succeeded';
}

export interface GivenBack {
  readonly refundIds: readonly string[];
  readonly lines: readonly { readonly itemId: string; readonly quantity: number; readonly amountFen: bigint }[];
  readonly shippingFen: bigint;
}
/** What went back by the last request of the case; its order is locked. */
export async function givenBack(tx: Tx, caseId: string): Promise<GivenBack> {
  const done = await tx<{ id: string; shippingFen: bigint }>`
    SELECT r.id, r.shipping_fen AS "shippingFen" FROM after_sales a JOIN refunds r ON a.refund_id IN (r.id, r.asked_with)
    WHERE a.id = ${caseId} AND r.state = 'succeeded' ORDER BY r.created_at, r.id`;
  const refundIds = done.map(({ id }) => id);
  const lines =
    refundIds.length === 0
      ? []
      : await tx<GivenBack['lines'][number]>`
          SELECT order_item_id AS "itemId", sum(amount_fen)::bigint AS "amountFen", sum(pieces)::int AS quantity
          FROM refund_lines WHERE refund_id = ANY(${refundIds}::uuid[]) GROUP BY order_item_id`;
  return { refundIds, lines, shippingFen: done.reduce((sum, one) => sum + one.shippingFen, 0n) };
}

/** From now on they are of this request. */
export async function countFor(tx: Tx, firstId: string, refundIds: readonly string[]): Promise<void> {
  await tx`UPDATE refunds SET asked_with = ${firstId} WHERE id = ANY(${[...refundIds]}::uuid[])`;
}

/** Nothing more is asked for: of the last request only what went back counts. Answers the id of the first of it. */
export async function keepGivenBack(tx: Tx, { refundIds: [first, ...others] }: GivenBack): Promise<string> {
  if (first === undefined) throw new Error('nothing is back');
  await tx`UPDATE refunds SET asked_with = CASE WHEN id = ANY(${others}::uuid[]) THEN ${first}::uuid END
    WHERE id = ${first} OR asked_with = ${first} OR id = ANY(${others}::uuid[])`;
  return first;
}
