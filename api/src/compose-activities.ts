/** What people do together in a room, put together: check-in, quiz and survey, countdown, chain. */
import type { ActivitiesSnapshot } from '@walnut-live/contracts';
import type { ActivityDeps } from './features/activities/index.ts';
import { createChains } from './features/chains/index.ts';
import { createCheckIns } from './features/check-ins/index.ts';
import { createCountdowns } from './features/countdowns/index.ts';
import { createPolls } from './features/polls/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { RoomLog } from './room-log/index.ts';

export const LEFT_OPEN_JOB = 'activities: rooms that have ended';
const LEFT_OPEN_EVERY_MS = 30_000;

export function createActivities(
  deps: Omit<ActivityDeps, 'append' | 'findRoom' | 'standing'> & { roomLog: Pick<RoomLog, 'append'>; rooms: Rooms },
) {
  const { rooms } = deps;
  const append: RoomLog['append'] = deps.roomLog.append;
  const given: ActivityDeps = { ...deps, append, findRoom: rooms.get, standing: rooms.standings.of };
  const checkIns = createCheckIns(given);
  const polls = createPolls(given);
  const countdowns = createCountdowns(given);
  const chains = createChains(given);
  const all = [checkIns, polls, countdowns, chains];
  const undo = all.map(({ roomEnded }) => rooms.onEnded(roomEnded));
  // Whoever ended the room may have died before the rest was ended.
  deps.jobs.every(LEFT_OPEN_JOB, LEFT_OPEN_EVERY_MS, async () => {
    const rows = await deps.db.sql<{ id: string }>`
      SELECT r.id FROM rooms r WHERE r.state = 'ended' AND r.id IN (
        SELECT room_id FROM check_ins WHERE state = 'open' UNION SELECT room_id FROM polls WHERE state = 'open'
        UNION SELECT room_id FROM chains WHERE state = 'open' UNION SELECT room_id FROM countdowns WHERE state = 'running')`;
    for (const { id } of rows) for (const { roomEnded } of all) await roomEnded(id);
  });
  return {
    checkIns,
    polls,
    chains,
    async current(roomId: string): Promise<ActivitiesSnapshot> {
      const [checkIn, poll, countdown, chain] = await Promise.all([
        checkIns.current(roomId),
        polls.current(roomId),
        countdowns.current(roomId),
        chains.current(roomId),
      ]);
      return { checkIn, poll, countdown, chain };
    },
    close(): void {
      for (const stop of undo.splice(0)) stop();
      for (const { stop } of [checkIns, polls, chains]) stop();
    },
  };
}
export type Activities = ReturnType<typeof createActivities>;
