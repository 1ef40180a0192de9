/** The rows of chains and their lines. Every function runs on the statement source it is given. */
import { CHAIN_LATEST, type Chain, type ChainLine } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';

export interface LineRow {
  readonly no: number;
  readonly personId: string;
  readonly personName: string;
  readonly phone: string | null;
  readonly quantity: number;
  readonly note: string;
  readonly state: ChainLine['state'];
  readonly at: Date;
  readonly changedAt: Date;
  readonly version: number;
}
export interface ChainRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgPath: string;
  readonly state: Chain['state'];
  readonly title: string;
  readonly productId: string | null;
  readonly productTitle: string | null;
  readonly people: number;
  readonly pieces: number;
  readonly version: number;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly latest: readonly LineRow[];
}

/** As anybody may see it: the first character of a name; nothing of what was taken off the list but its number. */
export const toLine = (row: LineRow): ChainLine => ({
  no: row.no,
  personId: row.personId,
  name: maskName(row.personName),
  quantity: row.quantity,
  note: row.state === 'in' ? row.note : '',
  state: row.state,
  at: row.at.toISOString(),
  version: row.version,
});
export const toChain = (row: ChainRow): Chain => ({
  id: row.id,
  roomId: row.roomId,
  state: row.state,
  title: row.title,
  product: row.productId === null ? null : { id: row.productId, title: row.productTitle ?? '' },
  people: row.people,
  pieces: row.pieces,
  version: row.version,
  openedAt: row.openedAt.toISOString(),
  closedAt: row.closedAt?.toISOString() ?? null,
  latest: row.latest.map(toLine),
});

export async function latestLines(sql: Sql, chainId: string): Promise<LineRow[]> {
  return sql<LineRow>`
    SELECT l.no, l.person_id AS "personId", p.name AS "personName", p.phone, l.quantity, l.note, l.state, l.at, l.changed_at AS "changedAt", l.version
    FROM chain_lines l JOIN people p ON p.id = l.person_id WHERE l.chain_id = ${chainId} ORDER BY l.version DESC LIMIT ${CHAIN_LATEST}`;
}
/** By number: after `after` upwards, or before `before` downwards. */
export async function linesByNumber(
  sql: Sql,
  chainId: string,
  from: { after: number } | { before: number | null },
  limit: number,
): Promise<LineRow[]> {
  const [after, before] = 'after' in from ? [from.after, null] : [null, from.before];
  return sql<LineRow>`
    SELECT l.no, l.person_id AS "personId", p.name AS "personName", p.phone, l.quantity, l.note, l.state, l.at, l.changed_at AS "changedAt", l.version
    FROM chain_lines l JOIN people p ON p.id = l.person_id
    WHERE l.chain_id = ${chainId} AND (${after}::int IS NULL OR l.no > ${after}) AND (${before}::int IS NULL OR l.no < ${before})
    ORDER BY CASE WHEN ${after}::int IS NULL THEN -l.no ELSE l.no END LIMIT ${limit}`;
}
export async function lineOf(
  sql: Sql,
  chainId: string,
  key: { personId: string } | { no: number },
): Promise<LineRow | undefined> {
  const [personId, no] = 'no' in key ? [null, key.no] : [key.personId, null];
  const [row] = await sql<LineRow>`
    SELECT l.no, l.person_id AS "personId", p.name AS "personName", p.phone, l.quantity, l.note, l.state, l.at, l.changed_at AS "changedAt", l.version
    FROM chain_lines l JOIN people p ON p.id = l.person_id
    WHERE l.chain_id = ${chainId} AND (l.person_id = ${personId}::uuid OR l.no = ${no}::int)`;
  return row;
}

/** Each with its newest lines. */
export async function readChains(sql: Sql, ids: readonly string[]): Promise<ChainRow[]> {
  const rows = await sql<Omit<ChainRow, 'latest'>>`
    SELECT c.id, c.room_id AS "roomId", c.org_path AS "orgPath", c.state, c.title, c.product_id AS "productId", p.title AS "productTitle",
      c.people, c.pieces, c.version, c.opened_at AS "openedAt", c.closed_at AS "closedAt"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, at) JOIN chains c ON c.id = wanted.id
    LEFT JOIN products p ON p.id = c.product_id ORDER BY wanted.at`;
  return Promise.all(rows.map(async (row) => ({ ...row, latest: await latestLines(sql, row.id) })));
}

/** Holds the open chain for one change of a line, and gives that change its version; undefined when it is closed. */
export async function lockOpen(sql: Sql, chainId: string): Promise<{ lastNo: number; version: number } | undefined> {
  const [row] = await sql<{ lastNo: number; version: number }>`
    UPDATE chains SET version = version + 1 WHERE id = ${chainId} AND state = 'open' RETURNING last_no AS "lastNo", version`;
  return row;
}
export async function addUp(
  sql: Sql,
  chainId: string,
  by: { lines: number; people: number; pieces: number },
): Promise<{ people: number; pieces: number }> {
  const [row] = await sql<{ people: number; pieces: number }>`
    UPDATE chains SET last_no = last_no + ${by.lines}, people = people + ${by.people}, pieces = pieces + ${by.pieces}
    WHERE id = ${chainId} RETURNING people, pieces`;
  if (!row) throw new Error('a chain is gone');
  return row;
}
export async function writeLine(
  sql: Sql,
  line: Pick<LineRow, 'no' | 'personId' | 'quantity' | 'note' | 'state' | 'version'> & { chainId: string; now: Date },
): Promise<void> {
  await sql`
    INSERT INTO chain_lines (chain_id, no, person_id, quantity, note, state, at, changed_at, version)
    VALUES (${line.chainId}, ${line.no}, ${line.personId}, ${line.quantity}, ${line.note}, ${line.state}, ${line.now}, ${line.now}, ${line.version})
    ON CONFLICT (chain_id, no) DO UPDATE SET quantity = excluded.quantity, note = excluded.note, state = excluded.state,
      changed_at = excluded.changed_at, version = excluded.version`;
}
