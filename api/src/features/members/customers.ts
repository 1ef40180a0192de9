/** Customers as staff of a scope know them: who belongs to one of its units, or bought there. Headquarters know everybody. */
import { type Customer, fenToWire, type listCustomers, type QueryOf } from '@walnut-live/contracts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { nameFor } from '../bindings/index.ts';

export interface KnownCustomer {
  readonly id: string;
  readonly name: string;
}

/** @throws AppError not_found when the scope does not know the person */
export async function knownCustomer(sql: Sql, { staff }: StaffPrincipal, personId: string): Promise<KnownCustomer> {
  const scope = staff.orgPath;
  const [row] = await sql<{ name: string; ownerPath: string | null; places: string[] }>`
    SELECT p.name, u.path AS "ownerPath",
      ARRAY(SELECT DISTINCT o.org_path FROM orders o WHERE o.person_id = p.id AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')) AS places
    FROM people p LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
    WHERE p.id = ${personId} AND p.kind = 'consumer' AND p.active AND p.merged_into IS NULL`;
  const knows =
    row &&
    (!scope.includes('.') ||
      row.places.length > 0 ||
      row.ownerPath === scope ||
      row.ownerPath?.startsWith(`${scope}.`) === true);
  if (!knows) throw new AppError('not_found');
  return nameFor(staff, { id: personId, name: row.name, kind: 'consumer', ownerPath: row.ownerPath }, row.places);
}

interface CustomerRow {
  readonly id: string;
  readonly name: string;
  readonly ownerPath: string | null;
  readonly store: string | null;
  readonly rank: number;
  readonly spendFen: bigint;
  readonly points: bigint;
  readonly tags: { ruleId: string; name: string }[];
  readonly lastPaidAt: Date | null;
  readonly createdAt: Date;
  readonly boughtHere: boolean;
}
export async function customersOf(
  sql: Sql,
  principal: StaffPrincipal,
  query: QueryOf<typeof listCustomers>,
): Promise<{ items: Customer[]; nextCursor: string | null }> {
  const scope = principal.staff.orgPath;
  const after = decodeTimeCursor(query.cursor);
  const found = await sql<CustomerRow>`
    SELECT p.id, p.name, u.path AS "ownerPath", u.name AS store, coalesce(s.rank, 0) AS rank, coalesce(s.spend_fen, 0)::bigint AS "spendFen",
      coalesce(a.balance, 0)::bigint AS points, p.created_at AS "createdAt",
      coalesce((SELECT json_agg(json_build_object('ruleId', t.rule_id, 'name', r.name) ORDER BY t.since) FROM customer_tags t
        JOIN tag_rules r ON r.id = t.rule_id AND r.version = t.rule_version WHERE t.person_id = p.id AND t.ended_at IS NULL), '[]') AS tags,
      (SELECT max(o.paid_at) FROM orders o WHERE o.person_id = p.id) AS "lastPaidAt",
      EXISTS (SELECT 1 FROM orders o WHERE o.person_id = p.id AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')) AS "boughtHere"
    FROM people p LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
      LEFT JOIN member_standings s ON s.person_id = p.id LEFT JOIN points_accounts a ON a.person_id = p.id
    WHERE p.kind = 'consumer' AND p.active AND p.merged_into IS NULL
      AND (${scope} NOT LIKE '%.%' OR u.path = ${scope} OR u.path LIKE ${scope} || '.%'
        OR EXISTS (SELECT 1 FROM orders o WHERE o.person_id = p.id AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')))
      AND (${query.search ?? null}::text IS NULL OR strpos(lower(p.name), lower(${query.search ?? null}::text)) > 0)
      AND (${query.rank ?? null}::int IS NULL OR coalesce(s.rank, 0) = ${query.rank ?? null}::int)
      AND (${query.ruleId ?? null}::uuid IS NULL OR EXISTS (SELECT 1 FROM customer_tags t
        WHERE t.person_id = p.id AND t.rule_id = ${query.ruleId ?? null}::uuid AND t.ended_at IS NULL))
      AND (${after?.id ?? null}::uuid IS NULL OR (p.created_at, p.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY p.created_at DESC, p.id DESC LIMIT ${query.limit + 1}`;
  const { rows, nextCursor } = cutPage(found, query.limit, (last) =>
    encodeTimeCursor({ at: last.createdAt, id: last.id }),
  );
  return {
    items: rows.map((row) => ({
      person: nameFor(
        principal.staff,
        { id: row.id, name: row.name, kind: 'consumer', ownerPath: row.ownerPath },
        row.boughtHere ? [scope] : [],
      ),
      store: row.store,
      rank: row.rank,
      spendFen: fenToWire(row.spendFen),
      points: Number(row.points),
      tags: row.tags,
      lastPaidAt: row.lastPaidAt?.toISOString() ?? null,
    })),
    nextCursor,
  };
}

/** Ids of the customers of a scope that a tag or a level picks; with neither, nobody. */
export async function pickCustomers(
  sql: Sql,
  scope: string,
  by: { ruleId: string | null; rank: number | null },
  limit: number,
): Promise<string[]> {
  if (by.ruleId === null && by.rank === null) return [];
  const rows = await sql<{ id: string }>`
    SELECT p.id FROM people p LEFT JOIN owner_bindings b ON b.customer_id = p.id AND b.ended_at IS NULL LEFT JOIN org_units u ON u.id = b.store_id
      LEFT JOIN member_standings s ON s.person_id = p.id
    WHERE p.kind = 'consumer' AND p.active AND p.merged_into IS NULL
      AND (${scope} NOT LIKE '%.%' OR u.path = ${scope} OR u.path LIKE ${scope} || '.%'
        OR EXISTS (SELECT 1 FROM orders o WHERE o.person_id = p.id AND (o.org_path = ${scope} OR o.org_path LIKE ${scope} || '.%')))
      AND (${by.rank}::int IS NULL OR coalesce(s.rank, 0) = ${by.rank}::int)
      AND (${by.ruleId}::uuid IS NULL OR EXISTS (SELECT 1 FROM customer_tags t
        WHERE t.person_id = p.id AND t.rule_id = ${by.ruleId}::uuid AND t.ended_at IS NULL))
    ORDER BY p.id LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}
