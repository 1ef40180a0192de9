import type { CreditReason } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { EntryState, Item, Posted } from './commissions.policy.ts';

export interface RuleRow {
  version: number;
  levelOneBps: number;
  levelTwoBps: number;
  effectiveFrom: Date;
}
export async function ruleAt(sql: Sql, at: Date): Promise<RuleRow> {
  const [row] = await sql<RuleRow>`
    SELECT version, level_one_bps AS "levelOneBps", level_two_bps AS "levelTwoBps", effective_from AS "effectiveFrom"
    FROM commission_rules WHERE effective_from <= ${at} ORDER BY effective_from DESC, version DESC LIMIT 1`;
  if (!row) throw new Error('no commission rule is in force');
  return row;
}

export interface OrderFacts {
  buyerId: string;
  storeId: string;
  orgPath: string;
  reason: CreditReason | null;
  personId: string | null;
}
/** People as they are now: a guest sharer who became somebody earns as them. */
export async function orderFacts(tx: Tx, orderId: string): Promise<OrderFacts | undefined> {
  const [row] = await tx<OrderFacts>`
    SELECT COALESCE(b.merged_into, b.id) AS "buyerId", o.org_unit_id AS "storeId", o.org_path AS "orgPath", c.reason,
      COALESCE(p.merged_into, p.id) AS "personId"
    FROM orders o JOIN people b ON b.id = o.person_id
    LEFT JOIN order_credits c ON c.order_id = o.id
    LEFT JOIN people p ON p.id = c.person_id
    WHERE o.id = ${orderId}`;
  return row;
}

export async function itemsOf(tx: Tx, orderId: string): Promise<Item[]> {
  return tx<Item>`SELECT id AS "itemId", amount_fen AS "amountFen", refunded_fen AS "refundedFen"
    FROM order_items WHERE order_id = ${orderId} ORDER BY position`;
}

export interface PostedEntry extends Posted {
  itemId: string;
  beneficiaryId: string;
  storeId: string;
  orgPath: string;
  ruleVersion: number;
}
/** Level-one entries of an order, locked, the first of each item first. */
export async function lockEntries(tx: Tx, orderId: string): Promise<PostedEntry[]> {
  return tx<PostedEntry>`
    SELECT order_item_id AS "itemId", beneficiary_id AS "beneficiaryId", store_id AS "storeId", org_path AS "orgPath", bps,
      rule_version AS "ruleVersion", amount_fen AS "amountFen", state
    FROM commission_entries WHERE order_id = ${orderId} AND level = 1
    ORDER BY CASE event WHEN 'paid' THEN 0 ELSE 1 END, at, id FOR UPDATE`;
}

export interface NewEntry {
  id: string;
  orderId: string;
  itemId: string;
  beneficiaryId: string;
  storeId: string;
  orgPath: string;
  event: 'paid' | 'refunded';
  eventRef: string;
  basisFen: bigint;
  bps: number;
  amountFen: bigint;
  ruleVersion: number;
  state: EntryState;
  at: Date;
}
/** False when this event was entered for this item before. */
export async function insertEntry(tx: Tx, entry: NewEntry): Promise<boolean> {
  const rows = await tx`
    INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref,
      basis_fen, bps, amount_fen, rule_version, state, at)
    VALUES (${entry.id}, ${entry.orderId}, ${entry.itemId}, ${entry.beneficiaryId}, ${entry.storeId}, ${entry.orgPath}, 1,
      ${entry.event}, ${entry.eventRef}, ${entry.basisFen}, ${entry.bps}, ${entry.amountFen}, ${entry.ruleVersion},
      ${entry.state}, ${entry.at})
    ON CONFLICT (order_item_id, level, event, event_ref) DO NOTHING RETURNING id`;
  return rows.length === 1;
}
export async function reverseItem(tx: Tx, itemId: string): Promise<void> {
  await tx`UPDATE commission_entries SET state = 'reversed'
    WHERE order_item_id = ${itemId} AND state IN ('estimated', 'frozen', 'settleable', 'held')`;
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

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
  event: 'paid' | 'refunded';
  basisFen: bigint;
  bps: number;
  amountFen: bigint;
  ruleVersion: number;
  state: EntryState;
  at: Date;
}
export interface EntryFilter {
  /** Entries at or under this unit; null = all. */
  scope: string | null;
  beneficiaryId: string | null;
  orderId: string | null;
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
      e.level, e.event, e.basis_fen AS "basisFen", e.bps, e.amount_fen AS "amountFen", e.rule_version AS "ruleVersion", e.state, e.at
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
      AND (${filter.orderId}::uuid IS NULL OR e.order_id = ${filter.orderId})
      AND (${filter.state}::text IS NULL OR e.state = ${filter.state})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (e.at, e.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY e.at DESC, e.id DESC LIMIT ${limit}`;
}

export async function sumsByState(sql: Sql, personId: string): Promise<{ state: EntryState; amountFen: bigint }[]> {
  return sql<{ state: EntryState; amountFen: bigint }>`
    SELECT state, sum(amount_fen)::bigint AS "amountFen" FROM commission_entries
    WHERE beneficiary_id IN (SELECT id FROM people WHERE id = ${personId} OR merged_into = ${personId})
    GROUP BY state ORDER BY state`;
}
