/** Who brought what: figures per inviter, store and room, within the asker's scope. */
import {
  fenToWire,
  isWithin,
  type ReplyOf,
  type reportInviters,
  type reportRoom,
  type reportStores,
} from '@walnut-live/contracts';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameScope } from '../bindings/index.ts';
import * as rows from './reports.repository.ts';

export type InviterView = ReplyOf<typeof reportInviters>['items'][number];
export type StoreView = ReplyOf<typeof reportStores>['items'][number];

const CSV_PAGE = 5_000;
const ROOM_TOP_INVITERS = 20;
const BPS = 10_000n;

interface InviterQuery {
  from?: string | undefined;
  to?: string | undefined;
  orgUnitId?: string | undefined;
  roomId?: string | undefined;
  inviterId?: string | undefined;
  search?: string | undefined;
  sort: rows.InviterSort;
}

/** Sort key, its value in the last row, and that row's id; a cursor of another order is refused. */
const Cursor = z.tuple([
  z.enum(['gmv', 'visitors', 'orders', 'commission']),
  z.string().regex(/^-?\d{1,18}$/),
  z.uuid(),
]);
const encodeCursor = (sort: rows.InviterSort, row: rows.InviterFigures) =>
  Buffer.from(JSON.stringify([sort, String(row.sortValue), row.id])).toString('base64url');
function decodeCursor(sort: rows.InviterSort, cursor: string | undefined): rows.InviterCursor | null {
  if (cursor === undefined) return null;
  try {
    const [of, value, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    if (of !== sort) throw new Error(`cursor is for ${of}`);
    return { value: BigInt(value), id };
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}
const rangeOf = (query: { from?: string | undefined; to?: string | undefined }): rows.Range => ({
  from: query.from === undefined ? null : new Date(query.from),
  to: query.to === undefined ? null : new Date(query.to),
});

const wireFigures = (row: rows.Figures) => ({
  visitors: Number(row.visitors),
  newCustomers: Number(row.newCustomers),
  orders: Number(row.orders),
  gmvFen: fenToWire(row.gmvFen),
  refundedFen: fenToWire(row.refundedFen),
  commissionFen: fenToWire(row.commissionFen),
});
const roleOf = (row: rows.InviterFigures): InviterView['role'] =>
  row.kind === 'staff' && row.staffRole === 'guide' ? 'guide' : row.kind;
const inviterView = (row: rows.InviterFigures): InviterView => ({
  inviter: { id: row.id, name: row.name },
  role: roleOf(row),
  orgUnit: row.unit,
  ...wireFigures(row),
  conversionBps: row.visitors === 0n ? null : Number((row.orders * BPS) / row.visitors),
});

export type ReportsService = ReturnType<typeof createReportsService>;

export function createReportsService({ db, clock }: { db: Db; clock: Clock }) {
  /**
   * Reads in one snapshot. The same statement serves a week of one store and all of HQ's history, so each run is planned
   * for its own filters (a shared plan was seen to be ten times slower), and may sort in memory and take longer than a
   * statement of the shop.
   */
  const inReport = <T>(read: (tx: Tx) => Promise<T>): Promise<T> =>
    db.transaction(
      async (tx) => {
        await tx`SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
          set_config('work_mem', '64MB', true), set_config('statement_timeout', '30s', true)`;
        return read(tx);
      },
      { isolation: 'repeatable read' },
    );

  async function filterOf(principal: StaffPrincipal, query: InviterQuery): Promise<rows.InviterFilter> {
    let scope = principal.staff.orgPath;
    if (query.orgUnitId !== undefined) {
      const path = await rows.unitPath(db.sql, query.orgUnitId);
      if (path === undefined || !isWithin(path, scope)) throw new AppError('not_found');
      scope = path;
    }
    return {
      ...rangeOf(query),
      scope,
      roomId: query.roomId ?? null,
      inviterId: query.inviterId ?? null,
      search: query.search || null,
      nameScope: nameScope(principal.staff),
    };
  }

  return {
    /** Keyset pages: a row whose figure changed between two pages may be seen twice or not at all, the totals are of now. */
    async inviters(
      principal: StaffPrincipal,
      query: InviterQuery & { cursor?: string | undefined; limit: number },
    ): Promise<ReplyOf<typeof reportInviters>> {
      const filter = await filterOf(principal, query);
      const after = decodeCursor(query.sort, query.cursor);
      const { page, totals } = await inReport((tx) =>
        rows.inviterFigures(tx, filter, query.sort, after, query.limit + 1),
      );
      const items = page.slice(0, query.limit);
      const last = page.length > query.limit ? items.at(-1) : undefined;
      return {
        at: clock.now().toISOString(),
        items: items.map(inviterView),
        nextCursor: last ? encodeCursor(query.sort, last) : null,
        totals: wireFigures(totals),
      };
    },

    async allInviters(principal: StaffPrincipal, query: InviterQuery): Promise<AsyncIterable<InviterView>> {
      const filter = await filterOf(principal, query);
      return (async function* () {
        let after: rows.InviterCursor | null = null;
        do {
          const { page }: { page: rows.InviterFigures[] } = await inReport((tx) =>
            rows.inviterFigures(tx, filter, query.sort, after, CSV_PAGE),
          );
          yield* page.map(inviterView);
          const last = page.length === CSV_PAGE ? page.at(-1) : undefined;
          after = last ? { value: last.sortValue, id: last.id } : null;
        } while (after !== null);
      })();
    },

    async stores(
      principal: StaffPrincipal,
      query: { from?: string | undefined; to?: string | undefined },
    ): Promise<ReplyOf<typeof reportStores>> {
      const found = await inReport((tx) => rows.storeFigures(tx, principal.staff.orgPath, rangeOf(query)));
      return {
        at: clock.now().toISOString(),
        items: found.map((row) => ({
          orgUnit: row.unit,
          rooms: Number(row.rooms),
          liveNow: Number(row.liveNow),
          visitors: Number(row.visitors),
          newCustomers: Number(row.newCustomers),
          orders: Number(row.orders),
          gmvFen: fenToWire(row.gmvFen),
          refundedFen: fenToWire(row.refundedFen),
        })),
      };
    },

    async room(principal: StaffPrincipal, roomId: string): Promise<ReplyOf<typeof reportRoom>> {
      const row = await rows.roomFigures(db.sql, roomId);
      if (!row) throw new AppError('not_found');
      requireScope(principal, 'reports:read', row.orgPath);
      const filter = {
        scope: row.orgPath,
        from: null,
        to: null,
        roomId,
        inviterId: null,
        search: null,
        nameScope: nameScope(principal.staff),
      };
      const { page } = await inReport((tx) => rows.inviterFigures(tx, filter, 'gmv', null, ROOM_TOP_INVITERS));
      return {
        roomId,
        at: clock.now().toISOString(),
        visitors: Number(row.visitors),
        peakViewers: row.peakViewers,
        likes: Number(row.likes),
        chats: Number(row.chats),
        orders: Number(row.orders),
        buyers: Number(row.buyers),
        gmvFen: fenToWire(row.gmvFen),
        refundedFen: fenToWire(row.refundedFen),
        inviters: page.map(inviterView),
      };
    },
  };
}
