/** Terms of coupons: made, listed and stopped by staff. A kind never changes; a wrong one is stopped and another made. */
import {
  type BodyOf,
  type CouponKind,
  type createCouponKind,
  isWithin,
  may,
  type stopCouponKind,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { createKindRows, type KindRow, toKind } from './coupons.repository.ts';

const CSV_PAGE = 200;

export interface KindsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  /** Ends the drops of a kind that was stopped. */
  readonly endDropsOf: (kindId: string, byId: string) => Promise<void>;
}

export function createKinds(deps: KindsDeps) {
  const { db, clock, random } = deps;
  const rows = createKindRows(db.sql);
  const audit = (tx: Tx, actorId: string, kind: KindRow, action: string, reason = '') =>
    writeAudit(tx, deps, {
      actorId,
      action,
      target: `coupon-kind:${kind.id}`,
      orgPath: kind.orgUnit.path,
      reason,
      detail: {
        title: kind.title,
        offFen: Number(kind.offFen),
        minSpendFen: Number(kind.minSpendFen),
        total: kind.total,
        belowFloor: kind.belowFloor,
        stacking: kind.stacking,
        claimed: kind.claimed,
      },
    });
  const maySeeFigures = (principal: StaffPrincipal) => may(principal.staff.role, 'reports:read');

  async function shown(principal: StaffPrincipal, ids: readonly string[]): Promise<CouponKind[]> {
    const [kinds, figures] = await Promise.all([
      rows.read(ids),
      maySeeFigures(principal) ? rows.figures(ids) : new Map<string, never>(),
    ]);
    // Whoever drops another unit's coupons learns nothing of what they bring there.
    return kinds.map((kind) =>
      toKind(kind, isWithin(kind.orgUnit.path, principal.staff.orgPath) ? figures.get(kind.id) : undefined),
    );
  }

  async function page(
    principal: StaffPrincipal,
    query: { roomId?: string | undefined; cursor?: string | undefined; limit: number },
  ): Promise<{ items: CouponKind[]; nextCursor: string | null }> {
    const after = decodeTimeCursor(query.cursor);
    const { limit, roomId } = query;
    const ids =
      roomId === undefined
        ? await rows.inScope(principal.staff.orgPath, after, limit + 1)
        : await rows.above(await pathOfRoom(principal, roomId), after, limit + 1);
    const items = await shown(principal, ids.slice(0, limit));
    const last = items.at(-1);
    const more = ids.length > limit && last !== undefined;
    return { items, nextCursor: more ? encodeTimeCursor({ at: new Date(last.createdAt), id: last.id }) : null };
  }
  async function pathOfRoom(principal: StaffPrincipal, roomId: string): Promise<string> {
    const [room] = await db.sql<{ path: string }>`SELECT org_path AS path FROM rooms WHERE id = ${roomId}`;
    if (!room) throw new AppError('not_found');
    requireScope(principal, 'rooms:read', room.path);
    return room.path;
  }

  return {
    page,
    async *all(principal: StaffPrincipal): AsyncGenerator<CouponKind> {
      let cursor: string | undefined;
      do {
        const found = await page(principal, { cursor, limit: CSV_PAGE });
        yield* found.items;
        cursor = found.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    /** In the transaction of its idempotency key. @throws AppError not_found, words_refused */
    async create(tx: Tx, principal: StaffPrincipal, body: BodyOf<typeof createCouponKind>): Promise<CouponKind> {
      const [unit] = await tx<{ path: string }>`SELECT path FROM org_units WHERE id = ${body.orgUnitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'coupons:write', unit.path);
      // Rule S6: only headquarters lets anything be sold below a floor.
      if (body.belowFloor && (unit.path.includes('.') || !may(principal.staff.role, 'floors:write')))
        throw new AppError('forbidden');
      const id = random.id();
      const { personId } = principal;
      // Rule Z3. What was refused stays in the correction log although this transaction does not.
      await deps.guard.requireClean(
        { place: 'play', target: `coupon-kind:${id}`, orgPath: unit.path, roomId: null, personId },
        [body.title],
      );
      const inside = createKindRows(tx);
      await inside.insert({ ...body, id, orgPath: unit.path, createdBy: personId, createdAt: clock.now() });
      const kind = await inside.find(id);
      if (!kind) throw new Error('a new row is gone');
      await audit(tx, personId, kind, 'coupon-kind:created');
      return toKind(kind, maySeeFigures(principal) ? (await inside.figures([id])).get(id) : undefined);
    },

    /** @throws AppError not_found */
    async stop(principal: StaffPrincipal, id: string, body: BodyOf<typeof stopCouponKind>): Promise<CouponKind> {
      const kind = await rows.find(id);
      if (!kind) throw new AppError('not_found');
      requireScope(principal, 'coupons:write', kind.orgUnit.path);
      await db.transaction(async (tx) => {
        if (await createKindRows(tx).stop(id, clock.now()))
          await audit(tx, principal.personId, kind, 'coupon-kind:stopped', body.reason);
      });
      await deps.endDropsOf(id, principal.personId);
      const [after] = await shown(principal, [id]);
      if (!after) throw new Error('a row is gone');
      return after;
    },
  };
}

/** Amounts stay integers of fen: a spreadsheet must be able to sum them. */
export const kindColumns: readonly CsvColumn<CouponKind>[] = [
  { title: 'title', value: (k) => k.title },
  { title: 'unitPath', value: (k) => k.orgUnit.path },
  { title: 'unit', value: (k) => k.orgUnit.name },
  { title: 'offFen', value: (k) => k.offFen },
  { title: 'minSpendFen', value: (k) => k.minSpendFen },
  { title: 'validDays', value: (k) => k.validDays },
  { title: 'usage', value: (k) => k.usage },
  { title: 'stacking', value: (k) => k.stacking },
  { title: 'stackGroup', value: (k) => k.stackGroup },
  { title: 'newcomersOnly', value: (k) => k.newcomersOnly },
  { title: 'belowFloor', value: (k) => k.belowFloor },
  { title: 'listed', value: (k) => k.listed },
  { title: 'active', value: (k) => k.active },
  { title: 'total', value: (k) => k.total },
  { title: 'claimed', value: (k) => k.claimed },
  { title: 'used', value: (k) => k.figures?.used },
  { title: 'paidOrders', value: (k) => k.figures?.orders },
  { title: 'discountFen', value: (k) => k.figures?.discountFen },
  { title: 'broughtFen', value: (k) => k.figures?.broughtFen },
  { title: 'createdAt', value: (k) => k.createdAt },
  { title: 'stoppedAt', value: (k) => k.stoppedAt },
];
