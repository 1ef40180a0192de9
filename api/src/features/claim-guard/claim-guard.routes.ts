import {
  addTerm,
  checkText,
  type GuardTerm,
  importTerms,
  listCorrections,
  listTermChanges,
  listTerms,
  patchTerm,
  removeTerm,
} from '@walnut-live/contracts';
import { type CsvColumn, sendCsv } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import { createCorrectionsRepository } from './corrections.repository.ts';
import type { WordListService } from './word-list.service.ts';

/** The first four are what an import reads. */
const columns: readonly CsvColumn<GuardTerm>[] = [
  { title: 'text', value: ({ text }) => text },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'action', value: ({ action }) => action },
  { title: 'source', value: ({ source }) => source },
  { title: 'active', value: ({ active }) => active },
  { title: 'origin', value: ({ origin }) => origin },
  { title: 'updatedAt', value: ({ updatedAt }) => updatedAt },
];

export function bindClaimGuardRoutes(bind: Binder, deps: { db: Db; words: WordListService }): void {
  const { words } = deps;
  const corrections = createCorrectionsRepository(deps.db.sql);
  bind(listTerms, async ({ query, res }) => {
    if (query.format === undefined) return words.page(query);
    await sendCsv(res, 'word-list.csv', columns, words.all({ kind: query.kind, search: query.search }));
    return written;
  });
  bind(addTerm, ({ principal, body }) => words.add(principal, body));
  bind(importTerms, ({ principal, body }) => words.import(principal, body.items));
  bind(patchTerm, ({ principal, params, body }) => words.patch(principal, params.id, body));
  bind(removeTerm, async ({ principal, params }) => {
    await words.remove(principal, params.id);
    return undefined;
  });
  bind(listTermChanges, ({ query }) => words.changes(query));
  bind(checkText, ({ body }) => words.check(body));
  bind(listCorrections, async ({ principal, query }) => {
    const { limit, cursor, ...filter } = query;
    const rows = await corrections.page({
      ...filter,
      scope: principal.staff.orgPath,
      after: decodeTimeCursor(cursor),
      limit: limit + 1,
    });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      items: rows.slice(0, limit).map(({ position: _, ...row }) => row),
      nextCursor: last ? encodeTimeCursor(last.position) : null,
    };
  });
}
