/** Rows of rules, of tags and of whose turn it is. Every function runs on the statement source it is given. */
import type { CustomerTag, TagCondition, TagFact, TagRule } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface RuleRow {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly conditions: TagCondition[];
  readonly active: boolean;
  readonly reason: string;
  readonly madeAt: Date;
}
/** Each rule as it is now. */
export const readRuleRows = (sql: Sql, id: string | null = null) => sql<RuleRow>`
  SELECT DISTINCT ON (id) id, version, name, conditions, active, reason, made_at AS "madeAt" FROM tag_rules
  WHERE ${id}::uuid IS NULL OR id = ${id}::uuid ORDER BY id, version DESC`;

/** How many customers of a scope have each tag. */
export async function countTagged(sql: Sql, scope: string): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; people: number }>`
    SELECT t.rule_id AS id, count(*)::int AS people FROM customer_tags t
      LEFT JOIN owner_bindings b ON b.customer_id = t.person_id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
    WHERE t.ended_at IS NULL AND (${scope} NOT LIKE '%.%' OR u.path = ${scope} OR u.path LIKE ${scope} || '.%'
      OR EXISTS (SELECT 1 FROM orders o WHERE o.person_id = t.person_id AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')))
    GROUP BY t.rule_id`;
  return new Map(rows.map(({ id, people }) => [id, people]));
}
export const toRule = (row: RuleRow, people: number): TagRule => ({
  ...row,
  madeAt: row.madeAt.toISOString(),
  people,
});

/** False when there is such a version already. */
export async function insertRule(sql: Sql, rule: RuleRow & { madeBy: string }): Promise<boolean> {
  const made = await sql`
    INSERT INTO tag_rules (id, version, name, conditions, active, reason, made_by, made_at)
    VALUES (${rule.id}, ${rule.version}, ${rule.name}, ${JSON.stringify(rule.conditions)}::jsonb, ${rule.active}, ${rule.reason},
      ${rule.madeBy}, ${rule.madeAt}) ON CONFLICT DO NOTHING RETURNING id`;
  return made.length === 1;
}

/** Customers whose turn it is, their rows locked: first by time, then those whom older rules looked at. */
export async function claimDue(sql: Sql, now: Date, rulesAt: Date, limit: number): Promise<string[]> {
  const due = await sql<{ id: string }>`
    SELECT person_id AS id FROM customer_checks WHERE due_at <= ${now} ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`;
  const rest = limit - due.length;
  const stale =
    rest === 0
      ? []
      : await sql<{ id: string }>`
          SELECT person_id AS id FROM customer_checks WHERE checked_at < ${rulesAt} AND due_at > ${now}
          ORDER BY checked_at LIMIT ${rest} FOR UPDATE SKIP LOCKED`;
  return [...due, ...stale].map(({ id }) => id);
}
export async function checked(sql: Sql, people: readonly string[], now: Date, dueAt: Date): Promise<void> {
  await sql`UPDATE customer_checks SET checked_at = ${now}, due_at = ${dueAt} WHERE person_id = ANY(${people}::uuid[])`;
}

interface HeldRow {
  readonly personId: string;
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly why: TagFact[];
}
export const heldTags = (sql: Sql, people: readonly string[]) => sql<HeldRow>`
  SELECT person_id AS "personId", rule_id AS "ruleId", rule_version AS "ruleVersion", why FROM customer_tags
  WHERE person_id = ANY(${people}::uuid[]) AND ended_at IS NULL`;

export interface TagWish {
  readonly id: string;
  readonly personId: string;
  readonly ruleId: string;
  readonly ruleVersion: number;
  readonly why: readonly TagFact[];
}
/** Makes the tags of the people exactly what is wished: new ones begin, others keep their beginning, the rest end. */
export async function writeTags(
  sql: Sql,
  people: readonly string[],
  wishes: readonly TagWish[],
  now: Date,
): Promise<void> {
  const wished = JSON.stringify(wishes);
  await sql`
    UPDATE customer_tags t SET ended_at = ${now} WHERE t.person_id = ANY(${people}::uuid[]) AND t.ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM jsonb_to_recordset(${wished}::jsonb) AS w("personId" uuid, "ruleId" uuid)
        WHERE w."personId" = t.person_id AND w."ruleId" = t.rule_id)`;
  await sql`
    INSERT INTO customer_tags AS t (id, person_id, rule_id, rule_version, why, since, checked_at)
    SELECT w.id, w."personId", w."ruleId", w."ruleVersion", w.why, ${now}::timestamptz, ${now}::timestamptz
    FROM jsonb_to_recordset(${wished}::jsonb) AS w(id uuid, "personId" uuid, "ruleId" uuid, "ruleVersion" int, why jsonb)
    ON CONFLICT (person_id, rule_id) WHERE ended_at IS NULL
      DO UPDATE SET rule_version = EXCLUDED.rule_version, why = EXCLUDED.why, checked_at = EXCLUDED.checked_at`;
}

type TagRow = Omit<CustomerTag, 'since' | 'checkedAt' | 'endedAt'> & {
  since: Date;
  checkedAt: Date;
  endedAt: Date | null;
};
export async function tagsOf(sql: Sql, personId: string, limit: number): Promise<CustomerTag[]> {
  const rows = await sql<TagRow>`
    SELECT t.rule_id AS "ruleId", t.rule_version AS "ruleVersion", r.name, t.why, t.since, t.checked_at AS "checkedAt", t.ended_at AS "endedAt"
    FROM customer_tags t JOIN tag_rules r ON r.id = t.rule_id AND r.version = t.rule_version
    WHERE t.person_id = ${personId} ORDER BY t.ended_at DESC NULLS FIRST, t.since DESC LIMIT ${limit}`;
  return rows.map((row) => ({
    ...row,
    since: row.since.toISOString(),
    checkedAt: row.checkedAt.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
  }));
}
export async function checkedAt(sql: Sql, personId: string): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }>`
    SELECT checked_at AS at FROM customer_checks WHERE person_id = ${personId}`;
  return row?.at ?? null;
}

/** What people wrote in a room, counted once from its log; and everybody who was there has news. */
export async function closeRoom(sql: Sql, roomId: string, now: Date): Promise<void> {
  await sql`
    WITH written AS (
      SELECT (event -> 'message' ->> 'personId')::uuid AS person_id, count(*)::int AS messages, max(at) AS at
      FROM room_events WHERE room_id = ${roomId} AND kind = 'chat:sent' GROUP BY 1)
    INSERT INTO room_watches AS w (room_id, person_id, spans, counted_to, messages)
    SELECT ${roomId}::uuid, person_id, '{}'::tstzmultirange, at, messages FROM written
    ON CONFLICT (room_id, person_id) DO UPDATE SET messages = EXCLUDED.messages`;
  await sql`
    UPDATE customer_checks c SET due_at = least(c.due_at, ${now}::timestamptz)
    FROM room_watches w WHERE w.room_id = ${roomId} AND w.person_id = c.person_id`;
}
/** Looked at soon. */
export async function isDue(sql: Sql, orderId: string, now: Date): Promise<void> {
  await sql`
    UPDATE customer_checks SET due_at = least(due_at, ${now}::timestamptz)
    WHERE person_id IN (SELECT o.person_id FROM orders o WHERE o.id = ${orderId}
      UNION SELECT c.person_id FROM order_credits c WHERE c.order_id = ${orderId})`;
}
