import type { StaffRole } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';

export interface PersonRow {
  id: string;
  kind: 'guest' | 'consumer' | 'staff';
  name: string;
  phone: string | null;
  mergedInto: string | null;
  active: boolean;
  staff: {
    username: string;
    role: StaffRole;
    orgUnit: { id: string; kind: 'hq' | 'channel' | 'store'; path: string; name: string };
  } | null;
}

/** The person with their account; staff whose account is off are not active. */
export async function findPerson(sql: Sql, id: string): Promise<PersonRow | undefined> {
  const [row] = await sql<PersonRow>`
    SELECT p.id, p.kind, p.name, p.phone, p.merged_into AS "mergedInto", p.active AND coalesce(s.active, p.kind <> 'staff') AS active,
      CASE WHEN s.person_id IS NULL THEN NULL ELSE json_build_object('username', s.username, 'role', s.role,
        'orgUnit', json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name)) END AS staff
    FROM people p LEFT JOIN staff_accounts s ON s.person_id = p.id LEFT JOIN org_units u ON u.id = s.org_unit_id
    WHERE p.id = ${id}`;
  return row;
}

export async function findAccount(sql: Sql, username: string): Promise<{ id: string; hash: string } | undefined> {
  const [row] = await sql<{ id: string; hash: string }>`
    SELECT person_id AS id, password_hash AS hash FROM staff_accounts WHERE username = ${username}`;
  return row;
}

export async function insertGuest(sql: Sql, guest: { id: string; name: string; at: Date }): Promise<void> {
  await sql`INSERT INTO people (id, kind, name, created_at) VALUES (${guest.id}, 'guest', ${guest.name}, ${guest.at})`;
}

/** Sign-ins of one sandbox account stand in line until the transaction ends. */
export async function lockSandboxAccount(tx: Tx, account: string): Promise<void> {
  await tx`SELECT pg_advisory_xact_lock(hashtextextended(${`sandbox account ${account}`}, 0))`;
}

export async function findBySandboxAccount(tx: Tx, account: string): Promise<string | undefined> {
  const [row] = await tx<{ id: string }>`SELECT id FROM people WHERE sandbox_account = ${account}`;
  return row?.id;
}

interface NewConsumer {
  phone: string;
  name: string;
}
export async function insertConsumer(tx: Tx, id: string, { phone, name }: NewConsumer, at: Date): Promise<void> {
  await tx`INSERT INTO people (id, kind, name, phone, sandbox_account, created_at) VALUES (${id}, 'consumer', ${name}, ${phone}, ${phone}, ${at})`;
}

/** The guest's own row becomes the consumer; false when it is no guest any more. */
export async function promoteGuest(tx: Tx, guestId: string, { phone, name }: NewConsumer): Promise<boolean> {
  const rows =
    await tx`UPDATE people SET kind = 'consumer', name = ${name}, phone = ${phone}, sandbox_account = ${phone}
    WHERE id = ${guestId} AND kind = 'guest' AND merged_into IS NULL RETURNING id`;
  return rows.length === 1;
}

/** The guest counts as `personId` from now on; false when it is no guest any more. */
export async function mergeGuest(tx: Tx, guestId: string, personId: string): Promise<boolean> {
  const rows = await tx`UPDATE people SET merged_into = ${personId}
    WHERE id = ${guestId} AND kind = 'guest' AND merged_into IS NULL RETURNING id`;
  return rows.length === 1;
}

export async function renamePerson(tx: Tx, id: string, name: string): Promise<void> {
  await tx`UPDATE people SET name = ${name} WHERE id = ${id}`;
}
