/** Reading entries. */
import type { CreditReason } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import type { EntryState } from './commission-states.policy.ts';
import type { EntryKind } from './entries.repository.ts';
import type { RateTrace } from './rates.policy.ts';

export interface EntryRow {
  id: string;
  orderId: string;
  orderNo: string;
  orderItemId: string;
  itemTitle: string;
  beneficiaryId: string;
  beneficiaryName: string;
  beneficiaryKind: string;
  beneficiaryPath: string | null;
  unit: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  orgPath: string;
  level: number;
  event: EntryKind;
  basisFen: bigint;
  bps: number;
  fixedFen: bigint | null;
  settleableAt: Date | null;
  amountFen: bigint;
  ruleVersion: number;
  state: EntryState;
  at: Date;
}
export interface EntryFilter {
  id?: string | null;
  /** Entries at or under this unit; null = all. */
  scope: string | null;
  beneficiaryId: string | null;
  orderId: string | null;
  /** Of one item and level. */
  of?: { itemId: string; level: number } | null;
  state: EntryState | null;
}
export async function listEntries(
  sql: Sql,
  filter: EntryFilter,
  after: TimeCursor | undefined,
  limit: number,
): Promise<EntryRow[]> {
  return sql<EntryRow>`
    SELECT e.id, e.order_id AS "orderId", o.order_no AS "orderNo", e.order_item_id AS "orderItemId", i.title AS "itemTitle",
      p.id AS "beneficiaryId", p.name AS "beneficiaryName", p.kind AS "beneficiaryKind", bu.path AS "beneficiaryPath",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS unit, e.org_path AS "orgPath",
      e.level, e.event, e.basis_fen AS "basisFen", e.bps,
      e.fixed_fen AS "fixedFen", e.settleable_at AS "settleableAt", e.amount_fen AS "amountFen", e.rule_version AS "ruleVersion", e.state, e.at
    FROM commission_entries e
    JOIN orders o ON o.id = e.order_id
    JOIN order_items i ON i.id = e.order_item_id
    JOIN people raw ON raw.id = e.beneficiary_id
    JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
    JOIN org_units u ON u.id = e.store_id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    LEFT JOIN org_units bu ON bu.id = b.store_id
    WHERE (${filter.scope}::text IS NULL OR e.org_path = ${filter.scope} OR e.org_path LIKE ${filter.scope} || '.%')
      AND (${filter.beneficiaryId}::uuid IS NULL OR p.id = ${filter.beneficiaryId})
      AND (${filter.id ?? null}::uuid IS NULL OR e.id = ${filter.id ?? null})
      AND (${filter.orderId}::uuid IS NULL OR e.order_id = ${filter.orderId})
      AND (${filter.of?.itemId ?? null}::uuid IS NULL OR (e.order_item_id = ${filter.of?.itemId ?? null} AND e.level = ${filter.of?.level ?? null}))
      AND (${filter.state}::text IS NULL OR e.state = ${filter.state})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (e.at, e.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY e.at DESC, e.id DESC LIMIT ${limit}`;
}

/** A bonus that waits at that moment reads as frozen. */
export async function sumsByState(
  sql: Sql,
  personId: string,
  at: Date,
): Promise<{ state: EntryState; amountFen: bigint }[]> {
  return sql<{ state: EntryState; amountFen: bigint }>`
    WITH waiting AS MATERIALIZED (SELECT bonus_id FROM commission_bonuses_waiting(
      ARRAY(SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}), ${at})),
    mine AS (
      SELECT CASE WHEN kind = 'bonus' AND id IN (SELECT bonus_id FROM waiting) THEN 'frozen' ELSE state END AS state, amount_fen
      FROM commission_parts WHERE beneficiary_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId}))
    SELECT state, sum(amount_fen)::bigint AS "amountFen" FROM mine GROUP BY state ORDER BY state`;
}

export interface StepRow {
  from: EntryState | null;
  to: EntryState;
  event: string;
  actorId: string | null;
  actorName: string | null;
  reason: string;
  at: Date;
}
export async function stepsOf(sql: Sql, entryId: string): Promise<StepRow[]> {
  return sql<StepRow>`
    SELECT t.from_state AS "from", t.to_state AS "to", t.event, t.actor_id AS "actorId", p.name AS "actorName", t.reason, t.at
    FROM commission_transitions t LEFT JOIN people p ON p.id = t.actor_id WHERE t.entry_id = ${entryId} ORDER BY t.id`;
}
/** Of the entry itself, or of the first of its group: what a refund posts has the rate of what it is of. */
export async function whyOf(
  sql: Sql,
  entryId: string,
): Promise<{ heldReason: string; trace: RateTrace | null } | undefined> {
  const [row] = await sql<{ heldReason: string; trace: RateTrace | null }>`
    SELECT e.held_reason AS "heldReason", coalesce(e.rate_trace, (SELECT f.rate_trace FROM commission_entries f
      WHERE f.order_item_id = e.order_item_id AND f.level = e.level AND f.beneficiary_id = e.beneficiary_id ORDER BY f.seq LIMIT 1)) AS trace
    FROM commission_entries e WHERE e.id = ${entryId}`;
  return row;
}

export interface ItemFacts {
  paidFen: bigint;
  refundedFen: bigint;
  creditReason: CreditReason | null;
  /** To whom the order is credited now. */
  creditedId: string | null;
  inDispute: boolean;
  /** It was looked at for fraud (rule K7). */
  isChecked: boolean;
  /** A claw-back: nothing delays it (rule K4). */
  isAgainst: boolean;
}
/** Of an entry's item and order. */
export async function itemFactsOf(sql: Sql, entryId: string): Promise<ItemFacts | undefined> {
  const [row] = await sql<ItemFacts>`
    SELECT i.amount_fen AS "paidFen", i.refunded_fen AS "refundedFen", c.reason AS "creditReason", coalesce(p.merged_into, p.id) AS "creditedId",
      EXISTS (SELECT 1 FROM orders_in_dispute d WHERE d.order_id = e.order_id) AS "inDispute",
      NOT EXISTS (SELECT 1 FROM commission_checks k WHERE k.order_id = e.order_id AND k.checked_at IS NULL) AS "isChecked",
      CASE WHEN e.amount_fen < 0 THEN commission_is_uncovered(e.order_item_id, e.level, e.beneficiary_id, e.state) ELSE false END AS "isAgainst"
    FROM commission_entries e JOIN order_items i ON i.id = e.order_item_id
    LEFT JOIN order_credits c ON c.order_id = e.order_id LEFT JOIN people p ON p.id = c.person_id
    WHERE e.id = ${entryId}`;
  return row;
}

export interface BonusRow {
  id: string;
  beneficiaryId: string;
  beneficiaryName: string;
  beneficiaryKind: string;
  beneficiaryPath: string | null;
  store: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  month: string;
  netFen: bigint;
  tier: number;
  bps: number;
  part: number;
  /** What the parts before this one gave. */
  beforeFen: bigint;
  amountFen: bigint;
  ruleVersion: number;
  state: EntryState;
  /** A run of the scope. */
  runId: string | null;
  runTitle: string | null;
  at: Date;
}
export interface BonusFilter {
  scope: string | null;
  month: string | null;
  state?: EntryState | null;
  beneficiaryId: string | null;
  unitId: string | null;
  /** What waits at that moment reads as frozen. */
  at: Date;
}
export async function listBonuses(
  sql: Sql,
  filter: BonusFilter,
  after: TimeCursor | undefined,
  limit: number,
): Promise<BonusRow[]> {
  return sql<BonusRow>`
    WITH waiting AS MATERIALIZED (SELECT bonus_id FROM commission_bonuses_waiting(CASE WHEN ${filter.beneficiaryId}::uuid IS NOT NULL
      THEN ARRAY(SELECT id FROM people WHERE id = ${filter.beneficiaryId} OR merged_into = ${filter.beneficiaryId}) END, ${filter.at}))
    SELECT b.id, b.no AS part, p.id AS "beneficiaryId", p.name AS "beneficiaryName", p.kind AS "beneficiaryKind", bu.path AS "beneficiaryPath",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store, b.period AS month, b.net_fen AS "netFen",
      b.tier, b.bps, b.amount_fen AS "amountFen", b.rule_version AS "ruleVersion",
      (SELECT coalesce(sum(x.amount_fen), 0)::bigint FROM commission_bonuses x
        WHERE x.beneficiary_id IN (SELECT id FROM people WHERE id = p.id OR merged_into = p.id) AND x.store_id = b.store_id AND x.period = b.period
          AND (x.at, x.no, x.id) < (b.at, b.no, b.id)) AS "beforeFen",
      now_is.state, r.id AS "runId", r.title AS "runTitle", b.at
    FROM commission_bonuses b JOIN people raw ON raw.id = b.beneficiary_id JOIN people p ON p.id = coalesce(raw.merged_into, raw.id)
    JOIN org_units u ON u.id = b.store_id
    CROSS JOIN LATERAL (SELECT CASE WHEN b.id IN (SELECT bonus_id FROM waiting) THEN 'frozen' ELSE b.state END AS state) now_is
    LEFT JOIN settlement_lines l ON l.id = b.settlement_line_id LEFT JOIN settlement_runs r ON r.id = l.run_id
      AND (r.org_path = ${filter.scope} OR r.org_path LIKE ${filter.scope} || '.%')
    LEFT JOIN owner_bindings o ON o.customer_id = p.id AND o.ended_at IS NULL LEFT JOIN org_units bu ON bu.id = o.store_id
    WHERE (${filter.scope}::text IS NULL OR b.org_path = ${filter.scope} OR b.org_path LIKE ${filter.scope} || '.%')
      AND (${filter.month}::text IS NULL OR b.period = ${filter.month})
      AND (${filter.state ?? null}::text IS NULL OR now_is.state = ${filter.state ?? null})
      AND (${filter.beneficiaryId}::uuid IS NULL OR p.id = ${filter.beneficiaryId})
      AND (${filter.unitId}::uuid IS NULL OR u.path = (SELECT path FROM org_units WHERE id = ${filter.unitId})
        OR u.path LIKE (SELECT path FROM org_units WHERE id = ${filter.unitId}) || '.%')
      AND (${after?.at ?? null}::timestamptz IS NULL OR (b.at, b.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY b.at DESC, b.id DESC LIMIT ${limit}`;
}
