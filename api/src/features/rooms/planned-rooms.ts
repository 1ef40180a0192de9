/** Rooms that are made, or called off before they start, within a transaction of somebody else's: slots, waves. */
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { createRoomsRepository } from './rooms.repository.ts';

export interface PlannedRoom {
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly title: string;
  readonly coverUrl: string;
  readonly scheduledAt: Date;
  readonly productIds: readonly string[];
}

export function createPlannedRooms(deps: {
  clock: Clock;
  random: Random;
  fillBag: (tx: Tx, roomId: string, productIds: readonly string[]) => Promise<void>;
  /** After the commit: whatever ends with a room ends with this one. */
  calledOff: (roomId: string) => Promise<void>;
}) {
  const { clock, random } = deps;
  return {
    /** Whoever calls has checked unit, host and title. */
    async make(tx: Tx, room: PlannedRoom): Promise<string> {
      const id = random.id();
      const { productIds, ...facts } = room;
      await createRoomsRepository(tx).insert({
        ...facts,
        id,
        streamId: random.id(),
        source: 'camera',
        createdAt: clock.now(),
      });
      if (productIds.length > 0) await deps.fillBag(tx, id, productIds);
      return id;
    },

    /** scheduled → ended, once; false when it has started or is over. Whoever looks at the room is told. */
    async callOff(
      tx: Tx,
      room: { id: string; orgPath: string },
      by: { actorId: string | null; reason: string },
    ): Promise<boolean> {
      const at = clock.now();
      if (!(await createRoomsRepository(tx).cancel(room.id, at))) return false;
      await writeRoomEvent(tx, clock, room.id, { kind: 'room:ended', at: at.toISOString() });
      await writeAudit(tx, deps, {
        actorId: by.actorId,
        action: 'room:cancelled',
        target: `room:${room.id}`,
        orgPath: room.orgPath,
        reason: by.reason,
      });
      tx.afterCommit(() => deps.calledOff(room.id));
      return true;
    },
  };
}
export type PlannedRooms = ReturnType<typeof createPlannedRooms>;
