/** Who is the same person: guests who became them, and accounts with the same phone (`selves_of` in the database). */
import type { Sql } from '../../platform/db.ts';

/**
 * Every account of somebody, theirs among them. A consumer's phone is proved when they sign in; that of staff is what a colleague
 * gave their account, and staff without one are known by merges alone.
 */
export async function selvesOf(sql: Sql, personId: string): Promise<string[]> {
  const rows = await sql<{ id: string }>`SELECT selves_of(${personId}::uuid) AS id`;
  return rows.map(({ id }) => id);
}
