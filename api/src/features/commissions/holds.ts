/** The hold desk (rule K7): headquarters read what looks like fraud, and let it go on or confirm it, with a reason. */
import {
  type BodyOf,
  type CommissionHold,
  confirmCommissionHold,
  fenToWire,
  listCommissionHolds,
  type QueryOf,
  releaseCommissionHold,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { requireNoInterest } from '../credits/index.ts';
import { lockOrderFacts, markMonths } from './entries.repository.ts';
import { endMootHolds, letGo } from './held.ts';
import type { Posting } from './posting.ts';
import { requireHeadquarters } from './rules.service.ts';

interface HoldRow {
  id: string;
  orderId: string;
  orderNo: string;
  buyerId: string;
  buyerName: string;
  beneficiaryId: string;
  beneficiaryName: string;
  store: CommissionHold['store'];
  signals: CommissionHold['signals'];
  amountFen: bigint;
  state: CommissionHold['state'];
  openedAt: Date;
  decidedAt: Date | null;
  deciderId: string | null;
  deciderName: string | null;
  reason: string;
}
interface Filter {
  id?: string | undefined;
  state?: string | undefined;
  signal?: string | undefined;
  beneficiaryId?: string | undefined;
}
async function readHolds(
  sql: Sql,
  { id, state, signal, beneficiaryId }: Filter,
  after: ReturnType<typeof decodeTimeCursor>,
  limit: number,
): Promise<HoldRow[]> {
  // The oldest open first, so that nothing waits for ever; of those decided the newest.
  const isOpen = state === 'open';
  return sql<HoldRow>`
    SELECT h.id, h.order_id AS "orderId", o.order_no AS "orderNo", b.id AS "buyerId", b.name AS "buyerName", p.id AS "beneficiaryId",
      p.name AS "beneficiaryName", json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store, h.signals,
      coalesce((SELECT sum(e.amount_fen) FROM commission_entries e WHERE e.order_id = h.order_id AND e.state = 'held'), 0)::bigint AS "amountFen",
      h.state, h.opened_at AS "openedAt", h.decided_at AS "decidedAt", d.id AS "deciderId", d.name AS "deciderName", h.reason
    FROM commission_holds h JOIN orders o ON o.id = h.order_id JOIN org_units u ON u.id = o.org_unit_id
    JOIN people br ON br.id = o.person_id JOIN people b ON b.id = coalesce(br.merged_into, br.id)
    JOIN people pr ON pr.id = h.beneficiary_id JOIN people p ON p.id = coalesce(pr.merged_into, pr.id)
    LEFT JOIN people d ON d.id = h.decided_by
    WHERE (${id ?? null}::uuid IS NULL OR h.id = ${id ?? null}) AND (${state ?? null}::text IS NULL OR h.state = ${state ?? null})
      AND (${signal ?? null}::text IS NULL OR h.signals @> jsonb_build_array(jsonb_build_object('kind', ${signal ?? null}::text)))
      AND (${beneficiaryId ?? null}::uuid IS NULL OR p.id = ${beneficiaryId ?? null})
      AND (${after?.at ?? null}::timestamptz IS NULL OR CASE WHEN ${isOpen} THEN (h.opened_at, h.id) > (${after?.at ?? null}, ${after?.id ?? null}::uuid)
        ELSE (h.opened_at, h.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid) END)
    ORDER BY CASE WHEN ${isOpen} THEN h.opened_at END, CASE WHEN ${isOpen} THEN h.id END, h.opened_at DESC, h.id DESC LIMIT ${limit}`;
}
const view = (row: HoldRow): CommissionHold => ({
  ...{
    id: row.id,
    orderId: row.orderId,
    orderNo: row.orderNo,
    store: row.store,
    signals: row.signals,
    state: row.state,
  },
  buyer: { id: row.buyerId, name: row.buyerName },
  beneficiary: { id: row.beneficiaryId, name: row.beneficiaryName },
  amountFen: fenToWire(row.amountFen),
  openedAt: row.openedAt.toISOString(),
  decidedAt: row.decidedAt?.toISOString() ?? null,
  decidedBy: row.deciderId === null ? null : { id: row.deciderId, name: row.deciderName ?? '' },
  reason: row.reason,
});

export function bindHolds(
  bind: Binder,
  deps: { db: Db; clock: Clock; random: Random; posting: Pick<Posting, 'voidOrder'> },
): void {
  const { db, clock } = deps;

  async function decide(
    tx: Tx,
    principal: StaffPrincipal,
    id: string,
    how: 'released' | 'confirmed',
    { reason }: BodyOf<typeof releaseCommissionHold>,
  ): Promise<CommissionHold> {
    requireHeadquarters(principal);
    const at = clock.now();
    const [before] = await readHolds(tx, { id }, undefined, 1);
    if (!before) throw new AppError('not_found');
    // The order before its hold, as everybody locks.
    const order = await lockOrderFacts(tx, before.orderId);
    await requireNoInterest(tx, before.orderId, principal.personId);
    const won =
      await tx`UPDATE commission_holds SET state = ${how}, decided_at = ${at}, decided_by = ${principal.personId}, reason = ${reason}
      WHERE id = ${id} AND state = 'open' RETURNING id`;
    if (won.length === 0 || !order) {
      const [now] = await readHolds(tx, { id }, undefined, 1);
      throw new AppError('state_conflict', { facts: { state: now?.state } });
    }
    const { orderId } = before;
    if (how === 'confirmed') await deps.posting.voidOrder(tx, { orderId, holdId: id, at });
    await letGo(tx, { orderId, ...order }, { actorId: principal.personId, reason, at });
    await endMootHolds(tx, { orderId, ...order }, at);
    await markMonths(tx, [before.beneficiaryId], chinaMonthOf(order.paidAt ?? at), at);
    await writeAudit(tx, deps, {
      ...{ actorId: principal.personId, action: `commission-hold:${how}`, target: `commission-hold:${id}`, reason },
      orgPath: order.orgPath,
      detail: { orderId, amountFen: before.amountFen.toString(), signals: before.signals.map(({ kind }) => kind) },
    });
    const [after] = await readHolds(tx, { id }, undefined, 1);
    if (!after) throw new Error(`hold ${id} is gone`);
    return view({ ...after, amountFen: before.amountFen });
  }

  bind(
    listCommissionHolds,
    async ({ principal, query }: { principal: StaffPrincipal; query: QueryOf<typeof listCommissionHolds> }) => {
      requireHeadquarters(principal);
      const found = await readHolds(db.sql, query, decodeTimeCursor(query.cursor), query.limit + 1);
      const items = found.slice(0, query.limit);
      const last = found.length > query.limit ? items.at(-1) : undefined;
      return { items: items.map(view), nextCursor: last ? encodeTimeCursor({ at: last.openedAt, id: last.id }) : null };
    },
  );
  bind(releaseCommissionHold, ({ tx, principal, params, body }) => decide(tx, principal, params.id, 'released', body));
  bind(confirmCommissionHold, ({ tx, principal, params, body }) => decide(tx, principal, params.id, 'confirmed', body));
}
