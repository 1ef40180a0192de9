/**
 * Stock of a SKU at an org unit. A store sells from its own row, or from the nearest one above it; reservations are the
 * orders' business, changes by hand are here. Rule S1 holds by the statement itself and by a CHECK under it.
 */
import {
  type adjustStock,
  type BodyOf,
  type countStock,
  type listStock,
  type listStockMovements,
  type QueryOf,
  text,
} from '@walnut-live/contracts';
import { z } from 'zod';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import * as stocks from './stock.repository.ts';

const CSV_PAGE = 100;
const Position = z.tuple([text(200), z.uuid()]);

function decodeCursor(cursor: string | undefined): [string, string] | undefined {
  if (cursor === undefined) return undefined;
  try {
    return Position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw new AppError('invalid_request', { issues: [{ path: '/cursor', issue: 'unknown_cursor' }] }, cause);
  }
}
const encodeCursor = (row: stocks.StockRow) =>
  Buffer.from(JSON.stringify([row.orgUnit.path, row.skuId])).toString('base64url');
const toView = (row: stocks.StockRow) => ({ ...row, updatedAt: row.updatedAt.toISOString() });

export function createStockService(deps: { db: Db; clock: Clock; random: Random }) {
  const { db, clock, random } = deps;

  async function list(principal: StaffPrincipal, { cursor, limit, format: _, ...filter }: QueryOf<typeof listStock>) {
    const scope = principal.staff.orgPath;
    const rows = await stocks.listStock(db.sql, { ...filter, scope, after: decodeCursor(cursor), limit: limit + 1 });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items: items.map(toView), nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
  }

  /** The movement, the audit entry and what rooms are told of a change that has just been made by hand. */
  async function book(
    tx: Tx,
    principal: StaffPrincipal,
    change: {
      skuId: string;
      unit: stocks.UnitRef;
      delta: number;
      kind: 'adjusted' | 'counted';
      reason: string;
      at: Date;
    },
  ) {
    const { skuId, unit, delta, at } = change;
    const { personId } = principal;
    const id = random.id();
    await stocks.insertMovement(tx, {
      ...{ id, skuId, orgUnitId: unit.id, delta, reason: change.kind, actorId: personId, at },
    });
    await writeAudit(tx, deps, {
      actorId: personId,
      action: `stock:${change.kind}`,
      target: `sku:${skuId}`,
      orgPath: unit.path,
      reason: change.reason,
      detail: { delta, orgUnitId: unit.id, movementId: id },
    });
    if (delta !== 0) await tellRooms(tx, clock, skuId, unit);
    const row = await stocks.findStock(tx, skuId, unit.id);
    if (!row) throw new AppError('internal', { detail: 'a stock row that was just written is missing' });
    return toView(row);
  }
  async function unitFor(tx: Tx, principal: StaffPrincipal, skuId: string, orgUnitId: string) {
    const unit = await stocks.findUnit(tx, orgUnitId);
    if (!unit) throw new AppError('not_found');
    requireScope(principal, 'stock:write', unit.path);
    if (!(await stocks.skuExists(tx, skuId))) throw new AppError('not_found');
    return unit;
  }
  const refusedWith = async (tx: Tx, skuId: string, unitId: string, seen: number | null) => {
    const { onHand = 0, reserved = 0 } = (await stocks.findStock(tx, skuId, unitId)) ?? {};
    const moved = seen !== null && seen !== onHand;
    return new AppError(moved ? 'state_conflict' : 'out_of_stock', { facts: { onHand, reserved } });
  };

  return {
    list,

    /** Every row of the scope, for a file. */
    async *all(principal: StaffPrincipal, query: QueryOf<typeof listStock>) {
      let cursor: string | undefined;
      do {
        const found = await list(principal, { ...query, cursor, limit: CSV_PAGE });
        yield* found.items;
        cursor = found.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    /** @throws AppError not_found for a unit out of scope */
    async movements(
      principal: StaffPrincipal,
      { id: skuId, orgUnitId }: { id: string; orgUnitId: string },
      { cursor, limit }: QueryOf<typeof listStockMovements>,
    ) {
      const after = decodeTimeCursor(cursor);
      const unit = await stocks.findUnit(db.sql, orgUnitId);
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'catalogue:read', unit.path);
      const found = await stocks.listMovements(db.sql, {
        ...{ skuId, unit, limit: limit + 1 },
        after,
      });
      const { rows, nextCursor } = cutPage(found, limit, encodeTimeCursor);
      return { items: rows.map((row) => ({ ...row, at: row.at.toISOString() })), nextCursor };
    },

    /** In the idempotent transaction of the route (rule M3). @throws AppError `out_of_stock` with what is on hand and held. */
    async adjust(tx: Tx, principal: StaffPrincipal, skuId: string, body: BodyOf<typeof adjustStock>) {
      const unit = await unitFor(tx, principal, skuId, body.orgUnitId);
      const { delta, reason } = body;
      const at = clock.now();
      if (!(await stocks.addToStock(tx, { skuId, unit, delta, at }))) throw await refusedWith(tx, skuId, unit.id, null);
      return book(tx, principal, { skuId, unit, delta, kind: 'adjusted', reason, at });
    },

    /**
     * In the idempotent transaction of the route. A count that finds what was known is in the history as well.
     * @throws AppError `out_of_stock` (fewer than are held), `state_conflict` (it moved while somebody counted)
     */
    async count(tx: Tx, principal: StaffPrincipal, skuId: string, body: BodyOf<typeof countStock>) {
      const unit = await unitFor(tx, principal, skuId, body.orgUnitId);
      const { counted, reason, seenOnHand: seen = null } = body;
      const at = clock.now();
      const delta = await stocks.countStock(tx, { ...{ skuId, unit, counted, seen, at } });
      if (delta === undefined) throw await refusedWith(tx, skuId, unit.id, seen);
      return book(tx, principal, { skuId, unit, delta, kind: 'counted', reason, at });
    },
  };
}
export type StockService = ReturnType<typeof createStockService>;

/** Live rooms that sell the SKU from this unit hear what is left. */
export async function tellRooms(tx: Tx, clock: Clock, skuId: string, unit: stocks.UnitRef): Promise<void> {
  for (const { roomId, available } of await stocks.findRoomsSelling(tx, skuId, unit))
    await writeRoomEvent(tx, clock, roomId, { kind: 'stock:changed', skuId, available, offerId: null, taken: null });
}
