import type { Sql, Tx } from '../../platform/db.ts';
import type { AttributionPolicy, Binding, BindingReason, Owner, Sharer } from './bindings.policy.ts';

/** Namespaces of advisory locks; any numbers, each used for one thing. */
const PERSON_LOCK = 40_001;
const INVITE_FOREST_LOCK = 4_000_200_001n;

async function lockId(tx: Tx, personId: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${personId}::text, ${PERSON_LOCK}))`;
}

/**
 * Holds everything attribution knows of a person still until the transaction ends, and answers who they are now: a guest
 * may have become somebody while we waited. Guests are locked before the person they became, by everybody, so nobody waits
 * in a circle.
 */
export async function lockPerson(tx: Tx, personId: string): Promise<string> {
  await lockId(tx, personId);
  const [row] = await tx<{ merged_into: string | null }>`SELECT merged_into FROM people WHERE id = ${personId}`;
  if (!row?.merged_into) return personId;
  await lockId(tx, row.merged_into);
  return row.merged_into;
}
/** The same for many who never were somebody's guest, without waiting: answers whom somebody else holds. */
export async function tryLockPeople(tx: Tx, personIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx<{ id: string; got: boolean }>`
    SELECT id, pg_try_advisory_xact_lock(hashtextextended(id, ${PERSON_LOCK})) AS got
    FROM unnest(${personIds}::text[]) AS p (id)`;
  return new Set(rows.filter(({ got }) => !got).map(({ id }) => id));
}
export async function lockBoth(tx: Tx, guestId: string, personId: string): Promise<void> {
  await lockId(tx, guestId);
  await lockId(tx, personId);
}

export async function policyAt(sql: Sql, at: Date): Promise<AttributionPolicy> {
  const [row] = await sql<AttributionPolicy>`
    SELECT version, credit_window_seconds AS "creditWindowSeconds", protect_days AS "protectDays", valid_days AS "validDays",
      self_purchase_commission AS "selfPurchaseCommission", share_reward_channels AS "shareRewardChannels"
    FROM attribution_policies WHERE effective_from <= ${at} ORDER BY effective_from DESC, version DESC LIMIT 1`;
  if (!row) throw new Error('no attribution policy is in force');
  return row;
}

/** A sharer as they are now; undefined when they are gone or no longer active (rule A5). */
export async function findActiveSharer(tx: Tx, sharerId: string, at: Date): Promise<Sharer | undefined> {
  const [row] = await tx<{
    id: string;
    kind: Sharer['kind'];
    unit_id: string | null;
    unit_kind: 'hq' | 'channel' | 'store' | null;
    store_id: string | null;
    guide_id: string | null;
  }>`
    SELECT p.id, p.kind, u.id AS unit_id, u.kind AS unit_kind, b.store_id, b.guide_id
    FROM people raw
    JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
    LEFT JOIN staff_accounts s ON s.person_id = p.id
    LEFT JOIN org_units u ON u.id = s.org_unit_id
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${at})
    WHERE raw.id = ${sharerId} AND p.active AND COALESCE(s.active, true)`;
  if (!row) return undefined;
  return {
    id: row.id,
    kind: row.kind,
    unit: row.unit_id && row.unit_kind ? { id: row.unit_id, kind: row.unit_kind } : null,
    owner: row.store_id ? { storeId: row.store_id, guideId: row.guide_id } : null,
  };
}

export async function isStaff(tx: Tx, personId: string): Promise<boolean> {
  return (await tx`SELECT 1 FROM people WHERE id = ${personId} AND kind = 'staff'`).length > 0;
}

/** The bond that stands, valid or not; at most one (unique index). */
export async function currentBinding(sql: Sql, customerId: string): Promise<Binding | undefined> {
  const [row] = await sql<Binding>`
    SELECT id, store_id AS "storeId", guide_id AS "guideId", bound_at AS "boundAt", protect_until AS "protectUntil", valid_until AS "validUntil"
    FROM owner_bindings WHERE customer_id = ${customerId} AND ended_at IS NULL`;
  return row;
}
export async function endBinding(tx: Tx, bindingId: string, at: Date): Promise<void> {
  await tx`UPDATE owner_bindings SET ended_at = ${at} WHERE id = ${bindingId} AND ended_at IS NULL`;
}
export async function moveBinding(tx: Tx, bindingId: string, customerId: string): Promise<void> {
  await tx`UPDATE owner_bindings SET customer_id = ${customerId} WHERE id = ${bindingId}`;
}
export interface NewBinding {
  readonly id: string;
  readonly customerId: string;
  readonly owner: Owner;
  readonly reason: BindingReason;
  readonly touchId: string | null;
  readonly at: Date;
  readonly protectUntil: Date | null;
  readonly validUntil: Date | null;
  /** Of a bond that staff made. */
  readonly act?: { readonly byId: string; readonly why: string; readonly transferId: string | null };
}
export async function insertBindings(tx: Tx, bindings: readonly NewBinding[]): Promise<void> {
  await tx`
    INSERT INTO owner_bindings (id, customer_id, store_id, guide_id, reason, touch_id, bound_at, protect_until, valid_until,
      by_id, why, transfer_id)
    SELECT * FROM unnest(${bindings.map((b) => b.id)}::uuid[], ${bindings.map((b) => b.customerId)}::uuid[],
      ${bindings.map((b) => b.owner.storeId)}::uuid[], ${bindings.map((b) => b.owner.guideId)}::uuid[],
      ${bindings.map((b) => b.reason)}::text[], ${bindings.map((b) => b.touchId)}::uuid[], ${bindings.map((b) => b.at)}::timestamptz[],
      ${bindings.map((b) => b.protectUntil)}::timestamptz[], ${bindings.map((b) => b.validUntil)}::timestamptz[],
      ${bindings.map((b) => b.act?.byId ?? null)}::uuid[], ${bindings.map((b) => b.act?.why ?? '')}::text[],
      ${bindings.map((b) => b.act?.transferId ?? null)}::uuid[])`;
}
/** Ends the bonds of these people that are over; answers who of them has none now. */
export async function endInvalidBindings(tx: Tx, personIds: readonly string[], at: Date): Promise<Set<string>> {
  const bound = await tx<{ customer_id: string; valid: boolean }>`
    WITH ended AS (
      UPDATE owner_bindings SET ended_at = ${at}
      WHERE customer_id = ANY(${personIds}::uuid[]) AND ended_at IS NULL AND valid_until <= ${at} RETURNING customer_id)
    SELECT customer_id FROM owner_bindings
    WHERE customer_id = ANY(${personIds}::uuid[]) AND ended_at IS NULL AND (valid_until IS NULL OR valid_until > ${at})`;
  const held = new Set(bound.map(({ customer_id }) => customer_id));
  return new Set(personIds.filter((personId) => !held.has(personId)));
}
export async function unitKind(tx: Tx, unitId: string): Promise<'hq' | 'channel' | 'store'> {
  const [row] = await tx<{ kind: 'hq' | 'channel' | 'store' }>`SELECT kind FROM org_units WHERE id = ${unitId}`;
  return row?.kind ?? 'store';
}

// ── invite edges: a forest (rule A5) ─────────────────────────────────────────────────────────────────────────────────

/** One writer of edges at a time: a loop can only be seen when nobody else is closing it. Taken last, after people's locks. */
export async function lockForest(tx: Tx): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(${INVITE_FOREST_LOCK}::bigint)`;
}
export async function hasInviter(sql: Sql, personId: string): Promise<boolean> {
  return (await sql`SELECT 1 FROM invite_edges WHERE invitee_id = ${personId}`).length > 0;
}
/** True if `ancestorId` is `personId` or somebody above them. */
export async function isAtOrAbove(tx: Tx, ancestorId: string, personId: string): Promise<boolean> {
  const [row] = await tx<{ found: boolean }>`
    WITH RECURSIVE above (id) AS (
      SELECT ${personId}::uuid
      UNION
      SELECT e.inviter_id FROM above JOIN invite_edges e ON e.invitee_id = above.id
    ) SELECT EXISTS (SELECT 1 FROM above WHERE id = ${ancestorId}) AS found`;
  return row?.found ?? false;
}
export async function insertEdge(
  tx: Tx,
  edge: { inviteeId: string; inviterId: string; touchId: string; at: Date },
): Promise<void> {
  await tx`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
    VALUES (${edge.inviteeId}, ${edge.inviterId}, ${edge.touchId}, ${edge.at}) ON CONFLICT DO NOTHING`;
}
export interface Edge {
  inviteeId: string;
  inviterId: string;
  touchId: string;
  at: Date;
}
/** Takes out every edge that names this person and answers them, the oldest first. */
export async function takeEdges(tx: Tx, personId: string): Promise<Edge[]> {
  const edges = await tx<Edge>`
    DELETE FROM invite_edges WHERE invitee_id = ${personId} OR inviter_id = ${personId}
    RETURNING invitee_id AS "inviteeId", inviter_id AS "inviterId", touch_id AS "touchId", at`;
  return edges.sort((a, b) => a.at.getTime() - b.at.getTime());
}

// ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface BindingRow {
  customer_id: string;
  /** Of the bond that stands, valid or not. */
  binding_id: string | null;
  unit_id: string | null;
  unit_kind: 'hq' | 'channel' | 'store' | null;
  unit_path: string | null;
  unit_name: string | null;
  guide_id: string | null;
  guide_name: string | null;
  reason: string | null;
  bound_at: Date | null;
  protect_until: Date | null;
  valid_until: Date | null;
  inviter_id: string | null;
  inviter_name: string | null;
  inviter_kind: string | null;
  inviter_path: string | null;
  invited_at: Date | null;
  /** Units this customer bought from. */
  bought_at: string[];
}
export async function readBinding(sql: Sql, customerId: string, at: Date): Promise<BindingRow | undefined> {
  const [row] = await sql<BindingRow>`
    SELECT p.id AS customer_id, (SELECT id FROM owner_bindings WHERE customer_id = p.id AND ended_at IS NULL) AS binding_id, u.id AS unit_id, u.kind AS unit_kind, u.path AS unit_path, u.name AS unit_name,
      g.id AS guide_id, g.name AS guide_name, b.reason, b.bound_at, b.protect_until, b.valid_until,
      i.id AS inviter_id, i.name AS inviter_name, i.kind AS inviter_kind, iu.path AS inviter_path, e.at AS invited_at,
      ARRAY(SELECT DISTINCT o.org_path FROM orders o WHERE o.person_id = p.id) AS bought_at
    FROM people raw
    JOIN people p ON p.id = COALESCE(raw.merged_into, raw.id)
    LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL AND (b.valid_until IS NULL OR b.valid_until > ${at})
    LEFT JOIN org_units u ON u.id = b.store_id
    LEFT JOIN people g ON g.id = b.guide_id
    LEFT JOIN invite_edges e ON e.invitee_id = p.id
    LEFT JOIN people i ON i.id = e.inviter_id
    LEFT JOIN owner_bindings ib ON ib.customer_id = i.id AND ib.ended_at IS NULL
    LEFT JOIN org_units iu ON iu.id = ib.store_id
    WHERE raw.id = ${customerId} AND p.kind <> 'staff'`;
  return row;
}
