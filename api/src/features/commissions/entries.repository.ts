/**
 * Rows of entries and their steps. Whoever changes entries of an order holds the order's row or changes states alone; entries
 * are locked in the order of their ids within an order, so refunds, rulings, holds and claims wait for each other, never in a circle.
 */
import type { CreditReason } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import { type EntryEvent, type EntryState, nextState, statesBefore } from './commission-states.policy.ts';
import type { Item, Posted } from './commissions.policy.ts';
import type { Level, RateTrace } from './rates.policy.ts';

export interface OrderFacts {
  buyerId: string;
  storeId: string;
  orgPath: string;
  paidAt: Date | null;
  receivedAt: Date | null;
  reason: CreditReason | null;
  personId: string | null;
}
/** People as they are now: a guest sharer who became somebody earns as them. Locks the order. */
export async function lockOrderFacts(tx: Tx, orderId: string): Promise<OrderFacts | undefined> {
  const [row] = await tx<OrderFacts>`
    SELECT COALESCE(b.merged_into, b.id) AS "buyerId", o.org_unit_id AS "storeId", o.org_path AS "orgPath",
      o.paid_at AS "paidAt", o.received_at AS "receivedAt", c.reason, COALESCE(p.merged_into, p.id) AS "personId"
    FROM orders o JOIN people b ON b.id = o.person_id
    LEFT JOIN order_credits c ON c.order_id = o.id
    LEFT JOIN people p ON p.id = c.person_id
    WHERE o.id = ${orderId} FOR UPDATE OF o`;
  return row;
}

export interface SoldItem extends Item {
  productId: string;
  productRole: 'traffic' | 'main' | 'family' | 'gift' | 'bundle';
}
/** Pieces count as back when their refund is done; `refundId` is the one that is ending now. */
export async function itemsOf(tx: Tx, orderId: string, refundId: string | null): Promise<SoldItem[]> {
  return tx<SoldItem>`
    SELECT i.id AS "itemId", i.amount_fen AS "amountFen", i.refunded_fen AS "refundedFen", i.quantity AS pieces,
      coalesce((SELECT sum(l.pieces) FROM refund_lines l JOIN refunds r ON r.id = l.refund_id
        WHERE l.order_item_id = i.id AND (r.state = 'succeeded' OR r.id::text = ${refundId}::text)), 0)::int AS "piecesBack",
      i.product_id AS "productId", coalesce(p.role, 'main') AS "productRole"
    FROM order_items i LEFT JOIN products p ON p.id = i.product_id WHERE i.order_id = ${orderId} ORDER BY i.position`;
}

export type EntryKind = 'paid' | 'refunded' | 'ruled' | 'voided';
export interface PostedEntry extends Posted {
  id: string;
  itemId: string;
  level: Level;
  event: EntryKind;
  /** As it was credited; money stands in this person's account. */
  beneficiaryId: string;
  /** Who that is now. */
  personId: string;
  storeId: string;
  orgPath: string;
  bps: number;
  fixedFen: bigint | null;
  ruleVersion: number;
}
/** The entries of an order in the order in which they were made, locked. */
export async function lockEntries(tx: Tx, orderId: string): Promise<PostedEntry[]> {
  await tx`SELECT id FROM commission_entries WHERE order_id = ${orderId} ORDER BY id FOR UPDATE`;
  return tx<PostedEntry>`
    SELECT e.id, e.order_item_id AS "itemId", e.level, e.event, e.beneficiary_id AS "beneficiaryId",
      coalesce(p.merged_into, p.id) AS "personId", e.store_id AS "storeId", e.org_path AS "orgPath", e.basis_fen AS "basisFen",
      e.bps, e.fixed_fen AS "fixedFen", e.rule_version AS "ruleVersion", e.amount_fen AS "amountFen", e.state,
      e.settleable_at AS "settleableAt", e.held_reason AS "heldReason"
    FROM commission_entries e JOIN people p ON p.id = e.beneficiary_id WHERE e.order_id = ${orderId} ORDER BY e.seq`;
}

export interface NewEntry {
  id: string;
  orderId: string;
  itemId: string;
  beneficiaryId: string;
  storeId: string;
  orgPath: string;
  level: Level;
  event: EntryKind;
  eventRef: string;
  basisFen: bigint;
  bps: number;
  fixedFen: bigint | null;
  amountFen: bigint;
  ruleVersion: number;
  rateTrace: RateTrace | null;
  state: EntryState;
  settleableAt: Date | null;
  heldReason: string;
  at: Date;
}
/** Writes them with their first step; answers the ids of those that were not entered before. */
export async function insertEntries(
  tx: Tx,
  entries: readonly NewEntry[],
  by: { actorId: string | null; reason: string },
): Promise<Set<string>> {
  if (entries.length === 0) return new Set();
  const given = JSON.stringify(entries, (_key, value) => (typeof value === 'bigint' ? value.toString() : value));
  const made = await tx<{ id: string }>`
    WITH made AS (
      INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref,
        basis_fen, bps, fixed_fen, amount_fen, rule_version, rate_trace, state, settleable_at, held_reason, at)
      SELECT n.id, n."orderId", n."itemId", n."beneficiaryId", n."storeId", n."orgPath", n.level, n.event, n."eventRef",
        n."basisFen", n.bps, n."fixedFen", n."amountFen", n."ruleVersion", n."rateTrace", n.state, n."settleableAt", n."heldReason", n.at
      FROM jsonb_to_recordset(${given}::jsonb) AS n (id uuid, "orderId" uuid, "itemId" uuid, "beneficiaryId" uuid, "storeId" uuid,
        "orgPath" text, level int, event text, "eventRef" text, "basisFen" bigint, bps int, "fixedFen" bigint, "amountFen" bigint,
        "ruleVersion" int, "rateTrace" jsonb, state text, "settleableAt" timestamptz, "heldReason" text, at timestamptz)
      ON CONFLICT DO NOTHING RETURNING id, state, at)
    INSERT INTO commission_transitions (entry_id, to_state, event, actor_id, reason, at)
    SELECT id, state, 'posted', ${by.actorId}::uuid, ${by.reason}, at FROM made RETURNING entry_id AS id`;
  return new Set(made.map(({ id }) => id));
}

export interface Step {
  event: EntryEvent;
  actorId?: string | null;
  reason?: string;
  at: Date;
  /** What comes with the step. */
  settleableAt?: Date | null;
  heldReason?: string;
  lineId?: string | null;
}
/**
 * Takes entries one step on, with a row of history each; answers those that could take it. The ids may name entries that cannot:
 * they stay. A rival that was faster has changed the state, and this statement does not match it any more.
 */
export async function step(tx: Tx, ids: readonly string[], to: Step): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const from = statesBefore(to.event);
  const states = from.map((state) => nextState(state, to.event));
  const moved = await tx<{ id: string }>`
    WITH picked AS (
      SELECT e.id, e.state AS before, t.after FROM commission_entries e
      JOIN unnest(${from}::text[], ${states}::text[]) AS t (before, after) ON t.before = e.state
      WHERE e.id = ANY(${ids}::uuid[]) ORDER BY e.order_id, e.id FOR UPDATE OF e),
    moved AS (
      UPDATE commission_entries e SET state = p.after,
        held_reason = CASE p.after WHEN 'held' THEN ${to.heldReason ?? ''} ELSE '' END,
        settleable_at = CASE WHEN ${to.settleableAt !== undefined} THEN ${to.settleableAt ?? null}::timestamptz ELSE e.settleable_at END,
        settlement_line_id = CASE WHEN p.after = 'claimed' THEN ${to.lineId ?? null}::uuid WHEN p.after = 'paid' THEN e.settlement_line_id END
      FROM picked p WHERE e.id = p.id RETURNING e.id, p.before, p.after)
    INSERT INTO commission_transitions (entry_id, from_state, to_state, event, actor_id, reason, at)
    SELECT id, before, after, ${to.event}, ${to.actorId ?? null}::uuid, ${to.reason ?? ''}, ${to.at}
    FROM moved RETURNING entry_id AS id`;
  return new Set(moved.map(({ id }) => id));
}

/**
 * Who brought this person first; never anybody further, nor who brought another of their selves later (rules K2, A2). Who left (account closed, or no staff any more) earns nothing new, but
 * keeps what they earned of this order already.
 */
export async function inviterOf(tx: Tx, personId: string, orderId: string): Promise<string | null> {
  const [row] = await tx<{ id: string }>`
    WITH first AS (
      SELECT coalesce(p.merged_into, p.id) AS id FROM invite_edges e JOIN people p ON p.id = e.inviter_id
      WHERE e.invitee_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId})
      ORDER BY e.at, e.invitee_id LIMIT 1)
    SELECT f.id FROM first JOIN people f USING (id)
    WHERE (f.active AND NOT EXISTS (SELECT 1 FROM staff_accounts s WHERE s.person_id = f.id AND NOT s.active))
      OR EXISTS (SELECT 1 FROM commission_entries x WHERE x.order_id = ${orderId}
        AND x.level = 2 AND x.beneficiary_id IN (SELECT id FROM people WHERE id = f.id OR merged_into = f.id))`;
  return row?.id ?? null;
}

/** The order's commission is to be looked at (again) before it can be settled (rule K7). */
export async function askCheck(tx: Tx, orderId: string, at: Date): Promise<void> {
  await tx`INSERT INTO commission_checks (order_id, due_at) VALUES (${orderId}, ${at})
    ON CONFLICT (order_id) DO UPDATE SET due_at = EXCLUDED.due_at, checked_at = NULL, failures = 0, retry_at = NULL, problem = ''`;
}
/** Their month is to be computed (again). Waits for whoever computes it now. */
export async function markMonths(tx: Tx, people: readonly string[], period: string, at: Date): Promise<void> {
  if (people.length === 0) return;
  await tx`INSERT INTO commission_bonus_marks (beneficiary_id, period, marked_at)
    SELECT person, ${period}, ${at} FROM unnest(${[...new Set(people)].sort()}::uuid[]) AS person
    ON CONFLICT (beneficiary_id, period) DO UPDATE SET marked_at = EXCLUDED.marked_at`;
}
