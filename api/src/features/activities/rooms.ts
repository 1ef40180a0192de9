import type { Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';

export interface LockedRoom {
  readonly id: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly state: 'scheduled' | 'live' | 'ended';
}

/**
 * The room for something that is to be opened in it; it cannot end before the transaction does, and whoever ends it then
 * finds what was opened.
 * @throws AppError not_found, room_not_live
 */
export async function roomToOpenIn(
  tx: Tx,
  principal: Principal,
  roomId: string,
  states: readonly LockedRoom['state'][],
): Promise<LockedRoom> {
  const [room] = await tx<LockedRoom>`
    SELECT id, org_unit_id AS "orgUnitId", org_path AS "orgPath", state FROM rooms WHERE id = ${roomId} FOR SHARE`;
  if (!room) throw new AppError('not_found');
  requireScope(principal, 'rooms:operate', room.orgPath);
  if (!states.includes(room.state)) throw new AppError('room_not_live', { facts: { state: room.state } });
  return room;
}

/** Finishes each of `ids`; what fails does not hold the others back. */
export async function finishEach(ids: readonly string[], finish: (id: string) => Promise<unknown>): Promise<void> {
  const failures: unknown[] = [];
  for (const id of ids) await finish(id).catch((error: unknown) => void failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'activities that could not be finished');
}
