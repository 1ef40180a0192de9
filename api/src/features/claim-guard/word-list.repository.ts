import type { GuardTerm, TermAction, TermKind } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { ListedTerm } from './matcher.ts';

export interface TermRow {
  id: string;
  text: string;
  key: string;
  kind: TermKind;
  action: TermAction;
  source: string;
  origin: 'starter' | 'brand';
  active: boolean;
  updatedById: string | null;
  updatedByName: string | null;
  updatedAt: Date;
}
export type ListAction = 'starter' | 'added' | 'changed' | 'removed' | 'imported';

export interface TermFilter {
  kind?: TermKind | undefined;
  search?: string | undefined;
}

export const toTerm = ({ key: _, updatedById, updatedByName, updatedAt, ...row }: TermRow): GuardTerm => ({
  ...row,
  updatedBy: updatedById === null ? null : { id: updatedById, name: updatedByName ?? '' },
  updatedAt: updatedAt.toISOString(),
});
const like = (search: string | undefined): string | null =>
  search === undefined ? null : `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;

export function createWordListRepository(sql: Sql) {
  return {
    async versions(): Promise<{ version: number; starterVersion: number }> {
      const [row] = await sql<{ version: number; starterVersion: number }>`
        SELECT version, starter_version AS "starterVersion" FROM guard_list WHERE id = 1`;
      return row ?? { version: 0, starterVersion: 0 };
    },
    /** What the matcher is built from. */
    active: () => sql<ListedTerm>`SELECT text, kind, action FROM guard_terms WHERE active ORDER BY id`,

    async page(
      filter: TermFilter & { after?: { at: Date; id: string } | undefined; limit: number },
    ): Promise<TermRow[]> {
      const { kind = null, after, limit } = filter;
      const search = like(filter.search);
      return sql<TermRow>`
        SELECT t.id, t.text, t.key, t.kind, t.action, t.source, t.origin, t.active, t.updated_by AS "updatedById",
          p.name AS "updatedByName", t.updated_at AS "updatedAt"
        FROM guard_terms t LEFT JOIN people p ON p.id = t.updated_by
        WHERE (${kind}::text IS NULL OR t.kind = ${kind}) AND (${search}::text IS NULL OR t.text ILIKE ${search} OR t.key LIKE lower(${search}))
          AND (${after?.at ?? null}::timestamptz IS NULL OR (t.updated_at, t.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
        ORDER BY t.updated_at DESC, t.id DESC LIMIT ${limit}`;
    },
    async count(filter: TermFilter): Promise<number> {
      const { kind = null } = filter;
      const search = like(filter.search);
      const [row] = await sql<{ count: number }>`SELECT count(*)::int AS count FROM guard_terms t
        WHERE (${kind}::text IS NULL OR t.kind = ${kind}) AND (${search}::text IS NULL OR t.text ILIKE ${search} OR t.key LIKE lower(${search}))`;
      return row?.count ?? 0;
    },
    async find(id: string): Promise<TermRow | undefined> {
      const [row] = await sql<TermRow>`
        SELECT t.id, t.text, t.key, t.kind, t.action, t.source, t.origin, t.active, t.updated_by AS "updatedById",
          p.name AS "updatedByName", t.updated_at AS "updatedAt"
        FROM guard_terms t LEFT JOIN people p ON p.id = t.updated_by WHERE t.id = ${id}`;
      return row;
    },
    async findByKeys(keys: readonly string[]): Promise<Map<string, TermRow>> {
      const rows = await sql<TermRow>`
        SELECT id, text, key, kind, action, source, origin, active, updated_by AS "updatedById", NULL AS "updatedByName",
          updated_at AS "updatedAt" FROM guard_terms WHERE key = ANY(${[...keys]}::text[])`;
      return new Map(rows.map((row) => [row.key, row]));
    },
    /** Rows whose key is there already are passed over; answers with the keys that are new. */
    async insert(
      rows: readonly { id: string; text: string; key: string; kind: TermKind; action: TermAction; source: string }[],
      by: { origin: 'starter' | 'brand'; personId: string | null; at: Date },
    ): Promise<string[]> {
      const inserted = await sql<{ key: string }>`
        INSERT INTO guard_terms (id, text, key, kind, action, source, origin, updated_by, created_at, updated_at)
        SELECT id, text, key, kind, action, source, ${by.origin}, ${by.personId}, ${by.at}, ${by.at}
        FROM unnest(${rows.map(({ id }) => id)}::uuid[], ${rows.map(({ text }) => text)}::text[], ${rows.map(({ key }) => key)}::text[],
          ${rows.map(({ kind }) => kind)}::text[], ${rows.map(({ action }) => action)}::text[], ${rows.map(({ source }) => source)}::text[])
          AS t(id, text, key, kind, action, source)
        ON CONFLICT (key) DO NOTHING RETURNING key`;
      return inserted.map(({ key }) => key);
    },
    async update(
      row: Pick<TermRow, 'id' | 'text' | 'kind' | 'action' | 'source' | 'active'>,
      by: { personId: string; at: Date },
    ): Promise<void> {
      await sql`UPDATE guard_terms SET text = ${row.text}, kind = ${row.kind}, action = ${row.action}, source = ${row.source},
        active = ${row.active}, updated_by = ${by.personId}, updated_at = ${by.at} WHERE id = ${row.id}`;
    },
    async remove(id: string): Promise<void> {
      await sql`DELETE FROM guard_terms WHERE id = ${id}`;
    },
    async changes(limit: number) {
      return sql<{
        version: number;
        action: ListAction;
        byId: string | null;
        byName: string | null;
        detail: { terms: string[]; count: number };
        at: Date;
      }>`SELECT c.version, c.action, c.by_id AS "byId", p.name AS "byName", c.detail, c.at
        FROM guard_list_changes c LEFT JOIN people p ON p.id = c.by_id ORDER BY c.version DESC LIMIT ${limit}`;
    },
  };
}

/** Terms named in the history of the list, of a change of many. */
const TERMS_NAMED = 8;

/** Whoever changes the list holds its row; the next version is theirs. */
export async function lockList(tx: Tx): Promise<{ version: number; starterVersion: number }> {
  const [row] = await tx<{ version: number; starterVersion: number }>`
    SELECT version, starter_version AS "starterVersion" FROM guard_list WHERE id = 1 FOR UPDATE`;
  if (!row) throw new Error('the row of the word list is missing');
  return row;
}

export async function writeVersion(
  tx: Tx,
  change: {
    version: number;
    starterVersion?: number;
    action: ListAction;
    byId: string | null;
    terms: readonly string[];
    at: Date;
  },
): Promise<void> {
  const { version, action, byId, terms, at } = change;
  await tx`UPDATE guard_list SET version = ${version}, starter_version = coalesce(${change.starterVersion ?? null}, starter_version) WHERE id = 1`;
  await tx`INSERT INTO guard_list_changes (version, action, by_id, detail, at)
    VALUES (${version}, ${action}, ${byId}, ${JSON.stringify({ terms: terms.slice(0, TERMS_NAMED), count: terms.length })}::jsonb, ${at})`;
}
