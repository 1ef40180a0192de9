/** Orders of a month with their items and what was posted, for simulations. */
import type { CreditReason } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { SoldItem } from './entries.repository.ts';

export interface SimulatedOrder {
  id: string;
  paidAt: Date;
  storeId: string;
  orgPath: string;
  buyerId: string;
  reason: CreditReason;
  personId: string | null;
  levelOneFen: bigint;
  levelTwoFen: bigint;
  items: SoldItem[];
}
/** As JSON carries them: amounts as texts. */
type WireItem = Omit<SoldItem, 'amountFen' | 'refundedFen'> & { amountFen: string; refundedFen: string };

export async function ordersOfMonth(
  sql: Sql,
  { from, to, after, limit }: { from: Date; to: Date; after: { at: Date; id: string } | undefined; limit: number },
): Promise<SimulatedOrder[]> {
  const found = await sql<Omit<SimulatedOrder, 'items'> & { items: WireItem[] }>`
    WITH page AS (
      SELECT o.id, o.paid_at, o.org_unit_id, o.org_path, o.person_id FROM orders o
      WHERE o.paid_at >= ${from} AND o.paid_at < ${to}
        AND (${after?.at ?? null}::timestamptz IS NULL OR (o.paid_at, o.id) > (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      ORDER BY o.paid_at, o.id LIMIT ${limit})
    SELECT o.id, o.paid_at AS "paidAt", o.org_unit_id AS "storeId", o.org_path AS "orgPath", coalesce(b.merged_into, b.id) AS "buyerId",
      coalesce(c.reason, 'hq') AS reason, coalesce(p.merged_into, p.id) AS "personId", e.one AS "levelOneFen", e.two AS "levelTwoFen", i.items
    FROM page o JOIN people b ON b.id = o.person_id
    LEFT JOIN order_credits c ON c.order_id = o.id LEFT JOIN people p ON p.id = c.person_id
    CROSS JOIN LATERAL (SELECT coalesce(sum(amount_fen) FILTER (WHERE level = 1), 0)::bigint AS one,
      coalesce(sum(amount_fen) FILTER (WHERE level = 2), 0)::bigint AS two FROM commission_entries WHERE order_id = o.id) e
    CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_object('itemId', x.id, 'amountFen', x.amount_fen::text, 'refundedFen', x.refunded_fen::text,
        'pieces', x.quantity, 'productId', x.product_id, 'productRole', coalesce(g.role, 'main'), 'piecesBack', coalesce((SELECT sum(l.pieces) FROM refund_lines l
        JOIN refunds r ON r.id = l.refund_id WHERE l.order_item_id = x.id AND r.state = 'succeeded'), 0))), '[]') AS items
      FROM order_items x LEFT JOIN products g ON g.id = x.product_id WHERE x.order_id = o.id) i
    ORDER BY o.paid_at, o.id`;
  return found.map((order) => ({
    ...order,
    items: order.items.map((item) => ({
      ...item,
      amountFen: BigInt(item.amountFen),
      refundedFen: BigInt(item.refundedFen),
    })),
  }));
}

/** Who brought each of them first, as they are now; nobody where that person left. */
export async function inviteEdgesOf(sql: Sql, people: readonly string[]): Promise<Map<string, string>> {
  const found = await sql<{ id: string; inviter: string }>`
    WITH first AS (
      SELECT DISTINCT ON (s.person) s.person, coalesce(i.merged_into, i.id) AS inviter
      FROM (SELECT p.id, coalesce(p.merged_into, p.id) AS person FROM people p WHERE p.id = ANY(${people}::uuid[]) OR p.merged_into = ANY(${people}::uuid[])) s
      JOIN invite_edges e ON e.invitee_id = s.id JOIN people i ON i.id = e.inviter_id
      ORDER BY s.person, e.at, e.invitee_id)
    SELECT first.person AS id, f.id AS inviter FROM first JOIN people f ON f.id = first.inviter AND f.active
    WHERE NOT EXISTS (SELECT 1 FROM staff_accounts a WHERE a.person_id = f.id AND NOT a.active)`;
  return new Map(found.map(({ id, inviter }) => [id, inviter]));
}

export async function postedBonusOf(sql: Sql, month: string, scope: string | null): Promise<bigint> {
  const [row] = await sql<{ fen: bigint }>`SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM commission_bonuses
    WHERE period = ${month} AND (${scope}::text IS NULL OR org_path = ${scope} OR org_path LIKE ${scope} || '.%')`;
  return row?.fen ?? 0n;
}
