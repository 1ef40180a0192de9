/** What people do together in a room, put together: check-in, quiz and survey, countdown, chain. */
import type { ActivitiesSnapshot } from '@walnut-live/contracts';
import type { ActivityDeps } from './features/activities/index.ts';
import { createChains } from './features/chains/index.ts';
import { createCheckIns } from './features/check-ins/index.ts';
import { createCountdowns } from './features/countdowns/index.ts';
import { createPolls } from './features/polls/index.ts';
import type { Rooms } from './features/rooms/index.ts';
import type { RoomLog } from './room-log/index.ts';

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
  const undo = [checkIns, polls, countdowns, chains].map(({ roomEnded }) => rooms.onEnded(roomEnded));
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
