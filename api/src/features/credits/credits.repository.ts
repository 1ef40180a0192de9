import type { CreditReason } from '@walnut-live/contracts';
import type { Tx } from '../../platform/db.ts';
import type { Click, CreditWhy } from './credits.policy.ts';

/** Clicks looked at per order, those of the order's room first; more would only make the reasoning long. */
const CLICKS_CONSIDERED = 100;

/** What a decision needs besides clicks, in one statement: the order's transaction holds stock meanwhile. */
export interface CreditFacts {
  buyerId: string;
  ruleVersion: number;
  windowSeconds: number;
  /** The buyer and every guest they were. */
  buyerIds: string[];
  /** Whose customer the buyer is, valid or not. */
  bond: { guideId: string | null; guideActive: boolean; boundAt: Date; validUntil: Date | null } | null;
  hostActive: boolean;
  storeRoom: boolean;
  /** When the last order of this room that was paid was placed, whatever became of it afterwards. */
  previousOrderAt: Date | null;
}
/** One row for each buyer, in their order. */
export async function creditFacts(
  tx: Tx,
  orders: {
    buyerIds: readonly string[];
    room: { id: string; orgUnitId: string; hostId: string };
    at: Date;
  },
): Promise<CreditFacts[]> {
  const { room, at } = orders;
  const rows = await tx<{
    buyer_id: string;
    version: number;
    credit_window_seconds: number;
    buyer_ids: string[];
    guide_id: string | null;
    guide_active: boolean | null;
    bound_at: Date | null;
    valid_until: Date | null;
    host_active: boolean | null;
    unit_kind: 'hq' | 'channel' | 'store';
    previous_order_at: Date | null;
  }>`
    SELECT w.buyer_id, policy.version, policy.credit_window_seconds, mine.ids AS buyer_ids,
      b.guide_id, g.active AND COALESCE(gs.active, true) AS guide_active, b.bound_at, b.valid_until,
      h.active AND COALESCE(hs.active, true) AS host_active, u.kind AS unit_kind,
      (SELECT max(placed_at) FROM orders
        WHERE person_id = ANY(mine.ids) AND room_id = ${room.id} AND placed_at <= ${at} AND paid_at IS NOT NULL) AS previous_order_at
    FROM unnest(${orders.buyerIds}::uuid[]) WITH ORDINALITY AS w (buyer_id, n)
    JOIN org_units u ON u.id = ${room.orgUnitId}
    CROSS JOIN LATERAL (
      SELECT version, credit_window_seconds FROM attribution_policies
      WHERE effective_from <= ${at} ORDER BY effective_from DESC, version DESC LIMIT 1
    ) policy
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT w.buyer_id UNION ALL SELECT id FROM people WHERE merged_into = w.buyer_id) AS ids) mine
    LEFT JOIN owner_bindings b ON b.customer_id = w.buyer_id AND b.ended_at IS NULL
    LEFT JOIN people g ON g.id = b.guide_id
    LEFT JOIN staff_accounts gs ON gs.person_id = g.id
    LEFT JOIN people h ON h.id = ${room.hostId}
    LEFT JOIN staff_accounts hs ON hs.person_id = h.id
    ORDER BY w.n`;
  if (rows.length !== orders.buyerIds.length) throw new Error('credit: no org unit or no attribution policy in force');
  return rows.map((row) => ({
    buyerId: row.buyer_id,
    ruleVersion: row.version,
    windowSeconds: row.credit_window_seconds,
    buyerIds: row.buyer_ids,
    bond: row.bound_at && {
      guideId: row.guide_id,
      guideActive: row.guide_active ?? false,
      boundAt: row.bound_at,
      validUntil: row.valid_until,
    },
    hostActive: row.host_active ?? false,
    storeRoom: row.unit_kind === 'store',
    previousOrderAt: row.previous_order_at,
  }));
}

/** Who of these became somebody else. */
export async function mergedAmong(tx: Tx, personIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx<{ id: string }>`
    SELECT id FROM people WHERE id = ANY(${personIds}::uuid[]) AND merged_into IS NOT NULL`;
  return new Set(rows.map(({ id }) => id));
}

/** The clicks of each buyer, their former guest selves' included. */
export async function clicksOf(
  tx: Tx,
  buyerIds: readonly string[],
  roomId: string,
  at: Date,
): Promise<Map<string, Click[]>> {
  const rows = await tx<Click & { buyer_id: string }>`
    SELECT w.buyer_id, c.*
    FROM unnest(${buyerIds}::uuid[]) AS w (buyer_id)
    CROSS JOIN LATERAL (
      SELECT t.id AS "touchId", p.id AS "sharerId", p.active AND COALESCE(s.active, true) AS "sharerActive",
        t.room_id AS "roomId", t.channel, t.at
      FROM touches t
      JOIN people raw ON raw.id = t.sharer_id
      JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
      LEFT JOIN staff_accounts s ON s.person_id = p.id
      WHERE t.visitor_id = ANY(ARRAY(SELECT w.buyer_id UNION ALL SELECT id FROM people WHERE merged_into = w.buyer_id)) AND t.at <= ${at}
      ORDER BY t.room_id = ${roomId} DESC, t.at DESC, t.id DESC LIMIT ${CLICKS_CONSIDERED}
    ) c`;
  const clicks = new Map<string, Click[]>();
  for (const { buyer_id, ...click } of rows) {
    const known = clicks.get(buyer_id);
    if (known) known.push(click);
    else clicks.set(buyer_id, [click]);
  }
  return clicks;
}

export interface UnitRow {
  id: string;
  kind: 'hq' | 'channel' | 'store';
  path: string;
  name: string;
}
export interface Winner {
  readonly personId: string | null;
  readonly isHq: boolean;
}
export interface CreditedTo {
  readonly unit: UnitRow;
  readonly inviter: { readonly id: string; readonly name: string } | null;
}
/** Where each credit goes: the person's own unit if they are staff, HQ when it stands in, else the unit of the room. */
export async function creditedTo(tx: Tx, winners: readonly Winner[], roomUnitId: string): Promise<CreditedTo[]> {
  const distinct = new Map(winners.map((winner) => [nameOfWinner(winner), winner]));
  const wanted = [...distinct.entries()];
  const rows = await tx<UnitRow & { winner: string; person_id: string | null; person_name: string | null }>`
    SELECT w.winner, u.id, u.kind, u.path, u.name, p.id AS person_id, p.name AS person_name
    FROM unnest(${wanted.map(([name]) => name)}::text[], ${wanted.map(([, { personId }]) => personId)}::uuid[],
      ${wanted.map(([, { isHq }]) => isHq)}::boolean[]) AS w (winner, person_id, is_hq)
    JOIN org_units u ON u.id = COALESCE(
      (SELECT org_unit_id FROM staff_accounts WHERE person_id = w.person_id),
      (SELECT id FROM org_units WHERE w.is_hq AND kind = 'hq' ORDER BY path LIMIT 1),
      ${roomUnitId}::uuid)
    LEFT JOIN people p ON p.id = w.person_id`;
  const found = new Map(
    rows.map(({ winner, person_id, person_name, ...unit }) => [
      winner,
      { unit, inviter: person_id === null ? null : { id: person_id, name: person_name ?? '' } },
    ]),
  );
  return winners.map((winner) => {
    const to = found.get(nameOfWinner(winner));
    if (!to) throw new Error('credit: the room has no org unit');
    return to;
  });
}
const nameOfWinner = ({ personId, isHq }: Winner): string => `${personId} ${isHq}`;

/** How a candidate stands in the frozen trace. */
export interface TraceEntry {
  reason: CreditReason;
  won: boolean;
  why: CreditWhy;
  personId: string | null;
  touchId: string | null;
  at: string | null;
  channel: string | null;
}
export interface CreditRow {
  orderId: string;
  reason: CreditReason;
  personId: string | null;
  unit: UnitRow;
  touchId: string | null;
  ruleVersion: number;
  trace: { rules: number; windowSeconds: number; considered: readonly TraceEntry[] };
  decidedAt: Date;
}
/** All in one statement; their orders must be there. */
export async function insertCredits(tx: Tx, rows: readonly CreditRow[]): Promise<void> {
  await tx`
    INSERT INTO order_credit_versions (order_id, reason, person_id, org_unit_id, org_path, touch_id, rule_version, trace, decided_at)
    SELECT c.order_id, c.reason, c.person_id, c.org_unit_id, c.org_path, c.touch_id, c.rule_version, c.trace::jsonb, c.decided_at
    FROM unnest(${rows.map((row) => row.orderId)}::uuid[], ${rows.map((row) => row.reason)}::text[],
      ${rows.map((row) => row.personId)}::uuid[], ${rows.map((row) => row.unit.id)}::uuid[],
      ${rows.map((row) => row.unit.path)}::text[], ${rows.map((row) => row.touchId)}::uuid[],
      ${rows.map((row) => row.ruleVersion)}::int[], ${rows.map((row) => JSON.stringify(row.trace))}::text[],
      ${rows.map((row) => row.decidedAt)}::timestamptz[])
      AS c (order_id, reason, person_id, org_unit_id, org_path, touch_id, rule_version, trace, decided_at)`;
}
