/** Who brought what: figures per inviter, store and room, within the asker's scope. */
import {
  fenToWire,
  type ReplyOf,
  type reportInviters,
  type reportRoom,
  type reportStores,
} from '@walnut-live/contracts';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { nameScope } from '../bindings/index.ts';
import { type ReportReading, rangeOf } from './reading.ts';
import * as rows from './reports.repository.ts';
import * as rolled from './rollups.repository.ts';

export type InviterView = ReplyOf<typeof reportInviters>['items'][number];
export type StoreView = ReplyOf<typeof reportStores>['items'][number];

const CSV_PAGE = 5_000;
const ROOM_TOP_INVITERS = 20;
const BPS = 10_000n;

/** What of a unit and what is under it can be added. */
const ADDED = ['newCustomers', 'orders', 'gmvFen', 'refundedFen'] as const;
const busiestFirst = (a: rows.StoreFigures, b: rows.StoreFigures): number =>
  Number(b.gmvFen - a.gmvFen) || Number(b.visitors - a.visitors) || (a.unit.path < b.unit.path ? -1 : 1);

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
export const inviterView = (row: rows.InviterFigures): InviterView => ({
  inviter: { id: row.id, name: row.name },
  role: roleOf(row),
  orgUnit: row.unit,
  ...wireFigures(row),
  conversionBps: row.visitors === 0n ? null : Number((row.orders * BPS) / row.visitors),
});

export type ReportsService = ReturnType<typeof createReportsService>;

export function createReportsService({ db, clock, reading }: { db: Db; clock: Clock; reading: ReportReading }) {
  const { inReport } = reading;

  async function filterOf(principal: StaffPrincipal, query: InviterQuery) {
    const scope = await reading.scopeOf(principal, query.orgUnitId);
    return {
      ...rangeOf(query),
      ...{ scope: scope.path, scopeId: scope.id },
      roomId: query.roomId ?? null,
      inviterId: query.inviterId ?? null,
      search: query.search || null,
      nameScope: nameScope(principal.staff),
    };
  }

  /** A unit's own: what is in all of it less what is in the units right below. */
  async function storesOf(scope: string, range: rows.Range): Promise<{ at: Date; found: rows.StoreFigures[] }> {
    const counted = await reading.rollups(range);
    if (!counted) {
      const at = clock.now();
      return { at, found: await inReport((tx) => rows.storeFigures(tx, scope, range)) };
    }
    const found = await inReport(async (tx) => {
      const units = await rolled.unitFigures(tx, scope, counted.period);
      const own = new Map(units.map((one) => [one.unit.id, { ...one }]));
      for (const { unit, ...all } of units) {
        const above = unit.parentId === null ? undefined : own.get(unit.parentId);
        if (above) for (const name of ADDED) above[name] -= all[name];
      }
      return (await rolled.roomsOfUnits(tx, scope, range)).flatMap(({ unitId, ...rooms }) => {
        const figures = own.get(unitId);
        return figures ? [{ ...figures, ...rooms }] : [];
      });
    });
    return { at: counted.at, found: found.sort(busiestFirst) };
  }

  return {
    /** Keyset pages: a row whose figure changed between two pages may be seen twice or not at all, the totals are of now. */
    async inviters(
      principal: StaffPrincipal,
      query: InviterQuery & { cursor?: string | undefined; limit: number },
    ): Promise<ReplyOf<typeof reportInviters>> {
      const filter = await filterOf(principal, query);
      const after = decodeCursor(query.sort, query.cursor);
      const { page, totals, at } = await reading.inviters(filter, { sort: query.sort, after, limit: query.limit + 1 });
      const items = page.slice(0, query.limit);
      const last = page.length > query.limit ? items.at(-1) : undefined;
      return {
        at: at.toISOString(),
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
          const asked = { sort: query.sort, after, limit: CSV_PAGE };
          const { page }: { page: rows.InviterFigures[] } = await reading.inviters(filter, asked);
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
      const { at, found } = await storesOf(principal.staff.orgPath, rangeOf(query));
      return {
        at: at.toISOString(),
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
        ...{ scope: row.orgPath, scopeId: row.orgUnitId, from: null, to: null, roomId, inviterId: null, search: null },
        nameScope: nameScope(principal.staff),
      };
      const { page, at } = await reading.inviters(filter, { sort: 'gmv', after: null, limit: ROOM_TOP_INVITERS });
      return {
        roomId,
        at: at.toISOString(),
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
