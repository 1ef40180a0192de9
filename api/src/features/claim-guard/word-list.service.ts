/** What headquarters does to the word list. Every change is a version with an entry of its own in the list's history. */
import type {
  BodyOf,
  checkText,
  GuardTerm,
  importTerms,
  listTermChanges,
  listTerms,
  patchTerm,
  QueryOf,
  ReplyOf,
  TermInput,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { fitsKind } from './guard.policy.ts';
import { masked } from './matcher.ts';
import { createWordListRepository, type ListAction, lockList, toTerm, writeVersion } from './word-list.repository.ts';
import type { WordList } from './word-list.ts';

type Term = TermInput;
const invalid = (path: string, issue: string) => new AppError('invalid_request', { issues: [{ path, issue }] });

export function createWordListService(deps: { db: Db; clock: Clock; random: Random; list: WordList }) {
  const { db, clock, random, list } = deps;
  const repository = createWordListRepository(db.sql);

  /** The change, its version and its entry commit together; this node looks at once, the others within a second. */
  async function change<T>(
    principal: Principal,
    action: ListAction,
    work: (tx: Tx, at: Date) => Promise<{ result: T; terms: readonly string[] }>,
  ): Promise<{ result: T; version: number }> {
    return db.transaction(async (tx) => {
      const { version: before } = await lockList(tx);
      const at = clock.now();
      const { result, terms } = await work(tx, at);
      if (terms.length === 0) return { result, version: before };
      const version = before + 1;
      await writeVersion(tx, { version, action, byId: principal.personId, terms, at });
      tx.afterCommit(list.refresh);
      return { result, version };
    });
  }

  async function find(id: string): Promise<GuardTerm> {
    const row = await repository.find(id);
    if (!row) throw new AppError('not_found');
    return toTerm(row);
  }

  return {
    async page(query: QueryOf<typeof listTerms>): Promise<ReplyOf<typeof listTerms>> {
      const { kind, search, limit } = query;
      const [rows, total, { version }] = await Promise.all([
        repository.page({ kind, search, after: decodeTimeCursor(query.cursor), limit: limit + 1 }),
        repository.count({ kind, search }),
        repository.versions(),
      ]);
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return {
        items: rows.slice(0, limit).map(toTerm),
        nextCursor: last ? encodeTimeCursor({ at: last.updatedAt, id: last.id }) : null,
        version,
        total,
      };
    },

    /** All of them, a page at a time, for a CSV. */
    async *all(query: Pick<QueryOf<typeof listTerms>, 'kind' | 'search'>): AsyncIterable<GuardTerm> {
      let after: { at: Date; id: string } | undefined;
      do {
        const rows = await repository.page({ ...query, after, limit: EXPORT_PAGE });
        yield* rows.map(toTerm);
        const last = rows.length === EXPORT_PAGE ? rows.at(-1) : undefined;
        after = last && { at: last.updatedAt, id: last.id };
      } while (after);
    },

    async add(principal: StaffPrincipal, term: Term): Promise<GuardTerm> {
      const { keyOf } = await list.matcher();
      const key = keyOf(term.text);
      if (key === '') throw invalid('/text', 'no_letters');
      if (!fitsKind(term.kind, term.action)) throw invalid('/action', 'wrong_action');
      const id = random.id();
      await change(principal, 'added', async (tx, at) => {
        const by = { origin: 'brand', personId: principal.personId, at } as const;
        const inserted = await createWordListRepository(tx).insert([{ ...term, id, key }], by);
        if (inserted.length === 0) throw new AppError('conflict', { facts: { text: term.text } });
        return { result: undefined, terms: [term.text] };
      });
      return find(id);
    },

    async patch(principal: StaffPrincipal, id: string, body: BodyOf<typeof patchTerm>): Promise<GuardTerm> {
      await change(principal, 'changed', async (tx, at) => {
        const inside = createWordListRepository(tx);
        const before = await inside.find(id);
        if (!before) throw new AppError('not_found');
        const kind = body.kind ?? before.kind;
        const action = body.action ?? before.action;
        if (!fitsKind(kind, action)) throw invalid('/action', 'wrong_action');
        const next = {
          ...before,
          kind,
          action,
          source: body.source ?? before.source,
          active: body.active ?? before.active,
        };
        const isSame = (['kind', 'action', 'source', 'active'] as const).every(
          (field) => next[field] === before[field],
        );
        if (isSame) return { result: undefined, terms: [] };
        await inside.update(next, { personId: principal.personId, at });
        return { result: undefined, terms: [before.text] };
      });
      return find(id);
    },

    async remove(principal: StaffPrincipal, id: string): Promise<void> {
      await change(principal, 'removed', async (tx) => {
        const inside = createWordListRepository(tx);
        const before = await inside.find(id);
        if (!before) throw new AppError('not_found');
        await inside.remove(id);
        return { result: undefined, terms: [before.text] };
      });
    },

    async import(principal: StaffPrincipal, items: readonly Term[]): Promise<ReplyOf<typeof importTerms>> {
      const { keyOf } = await list.matcher();
      const refused: ReplyOf<typeof importTerms>['refused'] = [];
      const wanted = new Map<string, Term>();
      for (const [index, term] of items.entries()) {
        const key = keyOf(term.text);
        if (key === '') refused.push({ index, issue: 'no_letters' });
        else if (!fitsKind(term.kind, term.action)) refused.push({ index, issue: 'wrong_action' });
        else if (wanted.has(key)) refused.push({ index, issue: 'twice' });
        else wanted.set(key, term);
      }
      const { result, version } = await change(principal, 'imported', async (tx, at) => {
        const inside = createWordListRepository(tx);
        const known = await inside.findByKeys([...wanted.keys()]);
        const fresh = [...wanted].filter(([key]) => !known.has(key));
        const changed = [...wanted].flatMap(([key, term]) => {
          const row = known.get(key);
          const isSame =
            row?.active && row.kind === term.kind && row.action === term.action && row.source === term.source;
          return row && !isSame ? [{ ...row, ...term, active: true }] : [];
        });
        const { personId } = principal;
        await inside.insert(
          fresh.map(([key, term]) => ({ ...term, id: random.id(), key })),
          { origin: 'brand', personId, at },
        );
        for (const row of changed) await inside.update(row, { personId, at });
        const terms = [...fresh.map(([, { text }]) => text), ...changed.map(({ text }) => text)];
        const same = wanted.size - terms.length;
        return { result: { added: fresh.length, changed: changed.length, same }, terms };
      });
      return { ...result, refused, version };
    },

    async changes({ limit }: QueryOf<typeof listTermChanges>): Promise<ReplyOf<typeof listTermChanges>> {
      const rows = await repository.changes(limit);
      return {
        items: rows.map(({ version, action, byId, byName, detail, at }) => ({
          version,
          action,
          by: byId === null ? null : { id: byId, name: byName ?? '' },
          ...detail,
          at: at.toISOString(),
        })),
      };
    },

    async check({ text }: BodyOf<typeof checkText>): Promise<ReplyOf<typeof checkText>> {
      const matcher = await list.matcher();
      const hits = matcher.hitsIn(text);
      return {
        hits: hits.map(({ text: term, kind, action, from, to }) => ({
          term,
          kind,
          action,
          found: text.slice(from, to),
        })),
        masked: masked(text, hits),
        version: matcher.version,
      };
    },
  };
}
/** Terms read at a time for a CSV. */
const EXPORT_PAGE = 500;
export type WordListService = ReturnType<typeof createWordListService>;
