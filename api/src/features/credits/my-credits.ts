/** Orders that somebody's shares, or their being somebody's guide, brought or might have: what became of each. */
import {
  type CreditAppealState,
  type CreditReason,
  type CreditWhy,
  fenToWire,
  myCredits,
  type QueryOf,
} from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import { maskName } from '../../platform/masks.policy.ts';
import type { Principal } from '../../platform/principal.ts';

/** Lost orders are found through one's own clicks and customers, as far back as this. */
const LOOK_BACK_DAYS = 90;
const DAY_MS = 86_400_000;

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly buyerName: string;
  readonly roomTitle: string;
  readonly reason: CreditReason;
  readonly mine: boolean;
  readonly why: CreditWhy | null;
  readonly amountFen: bigint;
  readonly appeal: CreditAppealState | null;
}

export function bindMyCredits(bind: Binder, deps: { db: Db; clock: Clock }): void {
  const { db, clock } = deps;

  async function list(principal: Principal, query: QueryOf<typeof myCredits>) {
    const me = principal.personId;
    const after = decodeTimeCursor(query.cursor);
    const since = new Date(clock.now().getTime() - LOOK_BACK_DAYS * DAY_MS);
    const found = await db.sql<Row>`
      WITH me AS (SELECT id FROM people WHERE id = ${me} OR merged_into = ${me}),
      near AS (
        SELECT order_id AS id FROM order_credit_versions WHERE person_id IN (SELECT id FROM me)
        UNION
        SELECT o.id FROM touches t JOIN people v ON v.id = t.visitor_id
        JOIN orders o ON o.person_id = COALESCE(v.merged_into, v.id) AND o.placed_at >= t.at
        WHERE t.sharer_id IN (SELECT id FROM me) AND t.at > ${since}
        UNION
        SELECT o.id FROM owner_bindings b JOIN orders o ON o.person_id = b.customer_id AND o.placed_at >= b.bound_at
        WHERE b.guide_id IN (SELECT id FROM me) AND b.ended_at IS NULL AND o.placed_at > ${since}
      )
      SELECT o.id, o.placed_at AS at, b.name AS "buyerName", COALESCE(r.title, '') AS "roomTitle", c.reason,
        COALESCE(c.person_id IN (SELECT id FROM me), false) AS mine, mine.why,
        (SELECT COALESCE(sum(e.amount_fen), 0)::bigint FROM commission_entries e
          WHERE e.order_id = o.id AND e.beneficiary_id IN (SELECT id FROM me)) AS "amountFen",
        (SELECT a.state FROM credit_appeals a WHERE a.order_id = o.id AND a.person_id IN (SELECT id FROM me)
          ORDER BY a.at DESC LIMIT 1) AS appeal
      FROM near JOIN orders o ON o.id = near.id AND o.paid_at IS NOT NULL
      JOIN order_credits c ON c.order_id = o.id
      JOIN people raw ON raw.id = o.person_id JOIN people b ON b.id = COALESCE(raw.merged_into, raw.id)
      LEFT JOIN rooms r ON r.id = o.room_id
      LEFT JOIN LATERAL (
        SELECT e.one ->> 'why' AS why FROM jsonb_array_elements(c.trace -> 'considered') WITH ORDINALITY AS e (one, n)
        WHERE (e.one ->> 'personId')::uuid IN (SELECT id FROM me) ORDER BY (e.one ->> 'won')::boolean DESC, e.n LIMIT 1
      ) mine ON true
      WHERE b.id <> ${me} AND (mine.why IS NOT NULL OR c.person_id IN (SELECT id FROM me))
        AND (${after?.at ?? null}::timestamptz IS NULL OR (o.placed_at, o.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      ORDER BY o.placed_at DESC, o.id DESC LIMIT ${query.limit + 1}`;
    const cut = cutPage(found, query.limit, encodeTimeCursor);
    return {
      items: cut.rows.map(({ id, at, buyerName, why, amountFen, ...row }) => ({
        ...row,
        orderId: id,
        placedAt: at.toISOString(),
        buyerName: maskName(buyerName),
        why: why ?? ('won' as const),
        amountFen: fenToWire(amountFen),
      })),
      nextCursor: cut.nextCursor,
    };
  }

  bind(myCredits, async ({ principal, query }) => list(principal, query));
}
