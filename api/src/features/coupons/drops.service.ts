/**
 * Coupon drops: a number of coupons of a kind, set aside at once for the people of a live room.
 *
 * Model: start = one transaction that sets the coupons aside in their kind. Grabs (dropping.ts) touch the drop alone. The end
 * (nothing left, the time over, the host, the room, or the kind stopped) turns the taken ones into claimed ones and gives the
 * others back to the kind, once, whoever notices it.
 * Invariants: at any moment what a kind set aside is the sum of its running drops; a room has one running drop.
 */
import { type BodyOf, type Coupon, type CouponDrop, isWithin, type startCouponDrop } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { createCouponRows, createKindRows, toCoupon } from './coupons.repository.ts';
import { notUsable } from './coupons.service.ts';
import { createDropping } from './dropping.ts';
import { createDropRows, type DropRow, toDrop } from './drops.repository.ts';

/** A drop that is over stays in the room's snapshot for this long. */
const RESULT_SHOWN_MS = 60_000;
const DUE_AT_ONCE = 20;

export interface DropsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Somebody took one: the room hears the new number soon. */
  readonly onTaken: (dropId: string, roomId: string) => void;
}

export function createDrops(deps: DropsDeps) {
  const { db, clock, random, log } = deps;
  const rows = createDropRows(db.sql);

  async function find(id: string): Promise<DropRow> {
    const drop = await rows.find(id);
    if (!drop) throw new AppError('not_found');
    return drop;
  }
  const audit = (tx: Tx, actorId: string | null, drop: DropRow, action: string) =>
    writeAudit(tx, deps, {
      actorId,
      action,
      target: `coupon-drop:${drop.id}`,
      orgPath: drop.orgPath,
      detail: { roomId: drop.roomId, kindId: drop.kindId, count: drop.count, taken: drop.taken },
    });

  /** Ends a drop once. */
  async function endNow(dropId: string, byId: string | null): Promise<void> {
    await db.transaction(async (tx) => {
      const inside = createDropRows(tx);
      if (!(await inside.end(dropId, clock.now()))) return;
      const drop = await inside.find(dropId);
      if (!drop) throw new Error('a locked row is gone');
      await createKindRows(tx).settleDrop(drop.kindId, drop.count, drop.taken);
      await audit(tx, byId, drop, 'coupon-drop:ended');
      await writeRoomEvent(tx, clock, drop.roomId, { kind: 'coupon-drop:ended', couponDrop: toDrop(drop) });
    });
  }

  const dropping = createDropping({
    db,
    clock,
    random,
    onTaken({ id, roomId, empty }) {
      deps.onTaken(id, roomId);
      if (empty)
        void endNow(id, null).catch((error: unknown) =>
          log.warn({ err: error, dropId: id }, 'coupons: an empty drop was not ended, the job will do it'),
        );
    },
  });

  return {
    /** In the transaction of its idempotency key. @throws AppError not_found, room_not_live, state_conflict, coupon_not_usable */
    async start(tx: Tx, principal: Principal, body: BodyOf<typeof startCouponDrop>): Promise<CouponDrop> {
      const [room] = await tx<{ orgPath: string; state: string }>`
        SELECT org_path AS "orgPath", state FROM rooms WHERE id = ${body.roomId} FOR SHARE`;
      if (!room) throw new AppError('not_found');
      requireScope(principal, 'rooms:operate', room.orgPath);
      if (room.state !== 'live') throw new AppError('room_not_live', { facts: { state: room.state } });
      const kinds = createKindRows(tx);
      const kind = await kinds.find(body.kindId);
      // Coupons of another unit do not exist here: nobody in this room could use one.
      if (!kind || !isWithin(room.orgPath, kind.orgUnit.path)) throw new AppError('not_found');
      if (kind.usage !== 'order') throw notUsable('at_counter');
      const inside = createDropRows(tx);
      const id = random.id();
      const now = clock.now();
      const startsAt = new Date(now.getTime() + body.leadSeconds * 1_000);
      const made = await inside.insert({
        ...{ id, kindId: kind.id, roomId: body.roomId, orgPath: room.orgPath, count: body.count },
        startedBy: principal.personId,
        createdAt: now,
        startsAt,
        endsAt: new Date(startsAt.getTime() + body.durationSeconds * 1_000),
      });
      if (!made) throw new AppError('state_conflict');
      if (!(await kinds.setAside(kind.id, body.count))) {
        const { active = false, left = 0 } = (await kinds.find(kind.id)) ?? {};
        throw notUsable(active ? 'all_claimed' : 'stopped', { left });
      }
      const drop = await inside.find(id);
      if (!drop) throw new Error('a new row is gone');
      await audit(tx, principal.personId, drop, 'coupon-drop:started');
      await writeRoomEvent(tx, clock, drop.roomId, { kind: 'coupon-drop:started', couponDrop: toDrop(drop) });
      return toDrop(drop);
    },
    /** Somebody who has one gets the same answer again. */
    grab: dropping.ask,
    async end(principal: Principal, dropId: string): Promise<CouponDrop> {
      requireScope(principal, 'rooms:operate', (await find(dropId)).orgPath);
      await endNow(dropId, principal.personId);
      return toDrop(await find(dropId));
    },
    read: async (dropId: string): Promise<CouponDrop> => toDrop(await find(dropId)),
    async mine(principal: Principal, dropId: string): Promise<{ coupon: Coupon | null }> {
      await find(dropId);
      const id = await rows.takenBy(dropId, principal.personId);
      const [coupon] = id === undefined ? [] : await createCouponRows(db.sql).read([id]);
      return { coupon: coupon ? toCoupon(coupon) : null };
    },
    async ofRoom(roomId: string, after: TimeCursor | undefined, limit: number): Promise<DropRow[]> {
      return rows.read(await rows.ofRoom(roomId, after, limit));
    },
    async current(roomId: string): Promise<CouponDrop | null> {
      const id = await rows.current(roomId, new Date(clock.now().getTime() - RESULT_SHOWN_MS));
      const drop = id === undefined ? undefined : await rows.find(id);
      return drop ? toDrop(drop) : null;
    },
    takenOf: async (dropId: string): Promise<number> => (await rows.find(dropId))?.taken ?? 0,

    /** Ends what is due; one failure does not hold the others back. */
    async finishDue(): Promise<void> {
      const failures: unknown[] = [];
      for (const id of await rows.due(clock.now(), DUE_AT_ONCE))
        await endNow(id, null).catch((error: unknown) => void failures.push(error));
      if (failures.length > 0) throw new AggregateError(failures, 'coupon drops that could not be ended');
    },
    async roomEnded(roomId: string): Promise<void> {
      for (const id of await rows.running({ roomId })) await endNow(id, null);
    },
    async kindStopped(kindId: string, byId: string): Promise<void> {
      for (const id of await rows.running({ kindId })) await endNow(id, byId);
    },
    /** Waits for grabs under way. */
    close: dropping.close,
  };
}
