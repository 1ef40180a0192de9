/**
 * Stock of a SKU at an org unit. A store sells from its own row, or from the nearest one above it; reservations are the
 * orders' business, changes by hand are here. Rule S1 holds by the statement itself and by a CHECK under it.
 */
import {
  type adjustStock,
  type BodyOf,
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
      const unit = await stocks.findUnit(tx, body.orgUnitId);
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'stock:write', unit.path);
      if (!(await stocks.skuExists(tx, skuId))) throw new AppError('not_found');
      const at = clock.now();
      if (!(await stocks.addToStock(tx, { skuId, unit, delta: body.delta, at }))) {
        const now = await stocks.findStock(tx, skuId, unit.id);
        throw new AppError('out_of_stock', { facts: { onHand: now?.onHand ?? 0, reserved: now?.reserved ?? 0 } });
      }
      const { personId } = principal;
      const id = random.id();
      await stocks.insertMovement(tx, { id, skuId, orgUnitId: unit.id, delta: body.delta, actorId: personId, at });
      await writeAudit(tx, deps, {
        actorId: personId,
        action: 'stock:adjusted',
        target: `sku:${skuId}`,
        orgPath: unit.path,
        reason: body.reason,
        detail: { delta: body.delta, orgUnitId: unit.id, movementId: id },
      });
      for (const { roomId, available } of await stocks.findRoomsSelling(tx, skuId, unit)) {
        const event = { kind: 'stock:changed', skuId, available, offerId: null, taken: null } as const;
        await writeRoomEvent(tx, clock, roomId, event);
      }
      const row = await stocks.findStock(tx, skuId, unit.id);
      if (!row) throw new AppError('internal', { detail: 'a stock row that was just written is missing' });
      return toView(row);
    },
  };
}
export type StockService = ReturnType<typeof createStockService>;
