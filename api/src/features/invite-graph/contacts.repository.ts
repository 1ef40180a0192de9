import type { CustomerContact } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import type { Scope } from './reading.repository.ts';

export interface ContactRow {
  readonly id: string;
  readonly personId: string;
  readonly byId: string;
  readonly byName: string;
  readonly way: CustomerContact['way'];
  readonly note: string;
  readonly at: Date;
  readonly nextAt: Date | null;
}

export async function isCustomerOf(sql: Sql, guideId: string, personId: string): Promise<boolean> {
  return (
    (
      await sql`SELECT 1 FROM owner_bindings b JOIN people p ON p.id = b.customer_id
        WHERE b.customer_id = ${personId} AND b.guide_id = ${guideId} AND b.ended_at IS NULL AND p.active AND p.kind = 'consumer'`
    ).length > 0
  );
}

export async function insertContact(
  sql: Sql,
  contact: Omit<ContactRow, 'byName'> & { orgPath: string },
): Promise<void> {
  await sql`INSERT INTO customer_contacts (id, person_id, by_id, org_path, way, note, next_at, at)
    VALUES (${contact.id}, ${contact.personId}, ${contact.byId}, ${contact.orgPath}, ${contact.way}, ${contact.note}, ${contact.nextAt}, ${contact.at})`;
}

/** Written at or under a unit, the latest first. */
export const contactsOf = (
  sql: Sql,
  filter: { personId: string; scope: string; after: TimeCursor | undefined; limit: number },
) => sql<ContactRow>`
  SELECT c.id, c.person_id AS "personId", c.by_id AS "byId", p.name AS "byName", c.way, c.note, c.at, c.next_at AS "nextAt"
  FROM customer_contacts c JOIN people p ON p.id = c.by_id
  WHERE c.person_id = ${filter.personId} AND (c.org_path = ${filter.scope} OR c.org_path LIKE ${filter.scope} || '.%')
    AND (${filter.after?.id ?? null}::uuid IS NULL OR (c.at, c.id) < (${filter.after?.at ?? null}::timestamptz, ${filter.after?.id ?? null}::uuid))
  ORDER BY c.at DESC, c.id DESC LIMIT ${filter.limit}`;

export const lastContacts = (sql: Sql, scope: string, people: readonly string[]) => sql<ContactRow>`
  SELECT DISTINCT ON (c.person_id) c.id, c.person_id AS "personId", c.by_id AS "byId", p.name AS "byName", c.way, c.note, c.at, c.next_at AS "nextAt"
  FROM customer_contacts c JOIN people p ON p.id = c.by_id
  WHERE c.person_id = ANY(${people}::uuid[]) AND (c.org_path = ${scope} OR c.org_path LIKE ${scope} || '.%')
  ORDER BY c.person_id, c.at DESC, c.id DESC`;

/**
 * Customers of a scope, or of one guide, about whom something may be to be said: promised ones, those who brought most, who buy
 * without sharing, who are new. Some of each; the policy decides.
 */
export async function candidates(
  sql: Sql,
  scope: Scope,
  guideId: string | null,
  now: Date,
  ofEach: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    WITH mine AS MATERIALIZED (
      SELECT customer_id AS id FROM owner_bindings WHERE ended_at IS NULL AND (NOT ${scope.all}::boolean OR ${guideId}::uuid IS NOT NULL)
        AND store_id = ANY(${scope.units}::uuid[]) AND (${guideId}::uuid IS NULL OR guide_id = ${guideId}::uuid)
    ), everybody AS (SELECT ${scope.all}::boolean AND ${guideId}::uuid IS NULL AS yes), picked AS (
      (SELECT person_id AS id FROM customer_contacts WHERE next_at <= ${now}
          AND ((SELECT yes FROM everybody) OR person_id IN (SELECT id FROM mine)) ORDER BY next_at DESC LIMIT ${ofEach})
      UNION
      (SELECT person_id FROM invite_nodes WHERE people > 2 AND ((SELECT yes FROM everybody) OR person_id IN (SELECT id FROM mine))
        ORDER BY fresh_30 DESC, people DESC LIMIT ${ofEach})
      UNION
      (SELECT person_id FROM invite_nodes WHERE people > 2 AND active_at < ${now}::timestamptz - interval '336 hours'
          AND ((SELECT yes FROM everybody) OR person_id IN (SELECT id FROM mine)) ORDER BY people DESC LIMIT ${ofEach})
      UNION
      (SELECT r.person_id FROM invite_rollups r JOIN invite_nodes n USING (person_id) WHERE r.level = 0 AND r.orders > 1 AND n.people = 0
          AND ((SELECT yes FROM everybody) OR r.person_id IN (SELECT id FROM mine)) ORDER BY r.orders DESC LIMIT ${ofEach})
      UNION
      (SELECT person_id FROM invite_nodes WHERE joined_at > ${now}::timestamptz - interval '168 hours'
          AND ((SELECT yes FROM everybody) OR person_id IN (SELECT id FROM mine)) ORDER BY joined_at DESC LIMIT ${ofEach}))
    SELECT p.id FROM picked JOIN people p ON p.id = picked.id AND p.kind = 'consumer' AND p.active AND p.merged_into IS NULL`;
  return rows.map(({ id }) => id);
}
