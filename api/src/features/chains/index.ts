/** Chains (接龙): routes, the numbers a room hears, the list for the store. */
import {
  type Chain,
  type ChainPerson,
  chainLines,
  chainPeople,
  closeChain,
  listChains,
  may,
  myLine,
  openChain,
  removeChainLine,
  type StaffRole,
} from '@walnut-live/contracts';
import type { CsvColumn } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { written } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import { maskPhone } from '../../platform/masks.policy.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { Principal } from '../../platform/principal.ts';
import { type ActivityDeps, createNews } from '../activities/index.ts';
import { type LineRow, lineOf, linesByNumber, readChains, toChain, toLine } from './chains.repository.ts';
import { createChainsService } from './chains.service.ts';

/** Changes of one person, of all their lines: enough to correct oneself, too few to scroll the list for others. */
const CHANGES_PER_PERSON = 20;
const CHANGES_WINDOW_SECONDS = 60;
/** Lines read at once while a list is written out. */
const LINES_AT_ONCE = 1_000;

const decodeNo = (cursor: string | undefined): number | null => {
  if (cursor === undefined) return null;
  const no = /^n([1-9]\d{0,8})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'))?.[1];
  if (no === undefined)
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] });
  return Number(no);
};
const encodeNo = (no: number): string => Buffer.from(`n${no}`).toString('base64url');

/** Rule Z6: whoever sends parcels sees whom to. */
const toPerson = (row: LineRow, role: StaffRole): ChainPerson => {
  const open = may(role, 'orders:ship');
  const { version: _, ...line } = toLine(row);
  return {
    ...line,
    name: open ? row.personName : line.name,
    phone: row.phone === null || open ? row.phone : maskPhone(row.phone),
    changedAt: row.changedAt.toISOString(),
  };
};
const columns: readonly CsvColumn<ChainPerson>[] = [
  { title: 'no', value: ({ no }) => no },
  { title: 'name', value: ({ name }) => name },
  { title: 'phone', value: ({ phone }) => phone },
  { title: 'quantity', value: ({ quantity }) => quantity },
  { title: 'note', value: ({ note }) => note },
  { title: 'state', value: ({ state }) => state },
  { title: 'joinedAt', value: ({ at }) => at },
  { title: 'changedAt', value: ({ changedAt }) => changedAt },
];

export function createChains(deps: ActivityDeps) {
  const { bind, db } = deps;
  const people = createLimit({ points: CHANGES_PER_PERSON, seconds: CHANGES_WINDOW_SECONDS });
  const news = createNews({
    ...deps,
    async read(id) {
      const [row] = await readChains(db.sql, [id]);
      return row && { kind: 'chain:counted', chain: toChain(row) };
    },
  });
  const service = createChainsService({ ...deps, onChanged: news.mark });

  bind(openChain, ({ principal, body }) => service.open(principal, body));
  bind(closeChain, async ({ principal, params }) => {
    await service.operable(principal, params.id);
    await service.close(params.id, principal.personId);
    return toChain(await service.find(params.id));
  });
  bind(listChains, async ({ query }) => {
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; openedAt: Date }>`
      SELECT id, opened_at AS "openedAt" FROM chains WHERE room_id = ${query.roomId}
        AND (${after?.id ?? null}::uuid IS NULL OR (opened_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY opened_at DESC, id DESC LIMIT ${query.limit + 1}`;
    const { rows: page, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.openedAt, id: last.id }),
    );
    return {
      items: (
        await readChains(
          db.sql,
          page.map(({ id }) => id),
        )
      ).map(toChain),
      nextCursor,
    };
  });
  bind(chainLines, async ({ params, query }) => {
    const before = decodeNo(query.cursor);
    await service.find(params.id);
    const found = await linesByNumber(db.sql, params.id, { before }, query.limit + 1);
    const { rows: page, nextCursor } = cutPage(found, query.limit, (last) => encodeNo(last.no));
    return { items: page.map(toLine), nextCursor };
  });
  bind(myLine, async ({ principal, params }) => {
    await service.find(params.id);
    const row = await lineOf(db.sql, params.id, { personId: principal.personId });
    return { line: row ? toLine(row) : null };
  });
  bind(chainPeople, async ({ principal, params, query, res }) => {
    const from = decodeNo(query.cursor) ?? 0;
    await service.operable(principal, params.id);
    const { role } = principal.staff;
    async function* all(): AsyncGenerator<ChainPerson> {
      for (let after = 0; ; ) {
        const found = await linesByNumber(db.sql, params.id, { after }, LINES_AT_ONCE);
        for (const row of found) yield toPerson(row, role);
        const last = found.at(-1);
        if (!last || found.length < LINES_AT_ONCE) return;
        after = last.no;
      }
    }
    if (query.format === 'csv') {
      const target = `chain:${params.id}`;
      await sendPersonalCsv(res, deps, {
        ...{ by: principal, target, filter: {}, fileName: 'chain.csv', columns, rows: all() },
      });
      return written;
    }
    const found = await linesByNumber(db.sql, params.id, { after: from }, query.limit + 1);
    const { rows: page, nextCursor } = cutPage(found, query.limit, (last) => encodeNo(last.no));
    return {
      items: page.map((row) => toPerson(row, role)),
      nextCursor,
    };
  });
  bind(removeChainLine, ({ principal, params, body }) => service.remove(principal, params.id, body));

  return {
    async join(principal: Principal, roomId: string, body: { chainId: string; quantity: number; note: string }) {
      await people.take(principal.personId);
      return service.join(principal, roomId, body);
    },
    async withdraw(principal: Principal, roomId: string, body: { chainId: string }) {
      await people.take(principal.personId);
      return service.withdraw(principal, roomId, body.chainId);
    },
    async current(roomId: string): Promise<Chain | null> {
      const id = await service.openIn(roomId);
      const [row] = id === undefined ? [] : await readChains(db.sql, [id]);
      return row ? toChain(row) : null;
    },
    async roomEnded(roomId: string): Promise<void> {
      const id = await service.openIn(roomId);
      if (id !== undefined) await service.close(id, null);
    },
    stop: news.stop,
  };
}
export type Chains = ReturnType<typeof createChains>;
