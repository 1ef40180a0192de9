/** What is known of an order's credit: its versions, whom it concerns, what it earned. */
import type { CreditAppealRole, CreditAppealState, CreditReason } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { Traced } from './appeals.policy.ts';
import type { UnitRow } from './credits.repository.ts';

export interface VersionRow {
  readonly version: number;
  readonly reason: CreditReason;
  readonly personId: string | null;
  readonly unit: UnitRow;
  readonly touchId: string | null;
  readonly ruleVersion: number;
  readonly trace: { rules: number; windowSeconds: number; considered: readonly Traced[] };
  readonly at: Date;
  readonly ruling: { byId: string; outcome: Exclude<CreditAppealState, 'open'>; reason: string } | null;
}
/** The first first. `personId` is who that is now. */
export async function versionsOf(sql: Sql, orderId: string): Promise<VersionRow[]> {
  return sql<VersionRow>`
    SELECT v.version, v.reason, COALESCE(p.merged_into, p.id) AS "personId",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS unit, v.touch_id AS "touchId",
      v.rule_version AS "ruleVersion", v.trace, v.decided_at AS at,
      CASE WHEN r.id IS NOT NULL THEN json_build_object('byId', r.by_id, 'outcome', r.outcome, 'reason', r.reason) END AS ruling
    FROM order_credit_versions v JOIN org_units u ON u.id = v.org_unit_id LEFT JOIN people p ON p.id = v.person_id
    LEFT JOIN credit_rulings r ON r.id = v.ruling_id
    WHERE v.order_id = ${orderId} ORDER BY v.version`;
}

export interface OrderFacts {
  readonly id: string;
  readonly orderNo: string;
  readonly placedAt: Date;
  readonly paidAt: Date | null;
  readonly paidFen: bigint;
  /** `guideId`: whose customer they are now. */
  readonly buyer: { id: string; name: string; kind: string; guideId: string | null };
  /** The buyer and every guest they were. */
  readonly buyerIds: readonly string[];
  readonly store: UnitRow;
  readonly room: { id: string; title: string; orgUnitId: string } | null;
  /** Whose customer the buyer is now. */
  readonly owner: {
    store: UnitRow;
    guide: { id: string; name: string } | null;
    boundAt: string;
    protectedUntil: string | null;
  } | null;
}
export async function orderFacts(sql: Sql, orderId: string, at: Date): Promise<OrderFacts | undefined> {
  const [row] = await sql<OrderFacts>`
    SELECT o.id, o.order_no AS "orderNo", o.placed_at AS "placedAt", o.paid_at AS "paidAt", o.paid_fen AS "paidFen",
      json_build_object('id', p.id, 'name', p.name, 'kind', p.kind,
        'guideId', (SELECT ob.guide_id FROM owner_bindings ob WHERE ob.customer_id = p.id AND ob.ended_at IS NULL)) AS buyer,
      ARRAY(SELECT p.id UNION ALL SELECT id FROM people WHERE merged_into = p.id) AS "buyerIds",
      json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS store,
      CASE WHEN r.id IS NOT NULL THEN json_build_object('id', r.id, 'title', r.title, 'orgUnitId', r.org_unit_id) END AS room,
      CASE WHEN b.id IS NOT NULL THEN json_build_object(
        'store', json_build_object('id', bu.id, 'kind', bu.kind, 'path', bu.path, 'name', bu.name),
        'guide', CASE WHEN g.id IS NOT NULL THEN json_build_object('id', g.id, 'name', g.name) END,
        'boundAt', b.bound_at, 'protectedUntil', b.protect_until) END AS owner
    FROM orders o JOIN people raw ON raw.id = o.person_id JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
    JOIN org_units u ON u.id = o.org_unit_id LEFT JOIN rooms r ON r.id = o.room_id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${at})
    LEFT JOIN org_units bu ON bu.id = b.store_id LEFT JOIN people g ON g.id = b.guide_id
    WHERE o.id = ${orderId}`;
  return row;
}

export interface TracePerson {
  id: string;
  name: string;
  kind: string;
  ownerPath: string | null;
}
/** Names for a trace, with where each person belongs; ids as they stand in the trace. */
export async function tracePeople(sql: Sql, ids: readonly string[]): Promise<Map<string, TracePerson>> {
  const rows = await sql<TracePerson & { raw_id: string }>`
    SELECT raw.id AS raw_id, p.id, p.name, p.kind, u.path AS "ownerPath"
    FROM people raw
    JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL
    LEFT JOIN org_units u ON u.id = b.store_id
    WHERE raw.id = ANY(${ids}::uuid[])`;
  return new Map(rows.map(({ raw_id, ...person }) => [raw_id, person]));
}

export interface CommissionFact {
  itemId: string;
  /** Who the beneficiary is now. */
  beneficiaryId: string;
  level: number;
  event: 'paid' | 'refunded' | 'ruled' | 'voided';
  basisFen: bigint;
  bps: number;
  amountFen: bigint;
  state: string;
  at: Date;
}
export async function commissionOf(sql: Sql, orderId: string): Promise<CommissionFact[]> {
  return sql<CommissionFact>`
    SELECT e.order_item_id AS "itemId", COALESCE(p.merged_into, p.id) AS "beneficiaryId", e.level, e.event,
      e.basis_fen AS "basisFen", e.bps, e.amount_fen AS "amountFen", e.state, e.at
    FROM commission_entries e JOIN people p ON p.id = e.beneficiary_id WHERE e.order_id = ${orderId} ORDER BY e.at, e.id`;
}

export interface PolicyTerms {
  readonly creditWindowSeconds: number;
  readonly protectDays: number;
  readonly selfPurchaseCommission: boolean;
}
export async function policyOf(sql: Sql, version: number): Promise<PolicyTerms> {
  const [row] = await sql<PolicyTerms>`
    SELECT credit_window_seconds AS "creditWindowSeconds", protect_days AS "protectDays",
      self_purchase_commission AS "selfPurchaseCommission" FROM attribution_policies WHERE version = ${version}`;
  if (!row) throw new Error(`credit: no attribution policy ${version}`);
  return row;
}

export interface AppealRow {
  readonly id: string;
  readonly personId: string;
  readonly role: CreditAppealRole;
  readonly text: string;
  readonly version: number;
  readonly state: CreditAppealState;
  readonly at: Date;
  readonly closedAt: Date | null;
  readonly answer: string | null;
}
/** The newest first. */
export async function appealsOf(sql: Sql, orderId: string): Promise<AppealRow[]> {
  return sql<AppealRow>`
    SELECT a.id, COALESCE(p.merged_into, p.id) AS "personId", a.role, a.text, a.version, a.state, a.at, a.closed_at AS "closedAt",
      r.reason AS answer
    FROM credit_appeals a JOIN people p ON p.id = a.person_id LEFT JOIN credit_rulings r ON r.id = a.ruling_id
    WHERE a.order_id = ${orderId} ORDER BY a.at DESC, a.id DESC`;
}
