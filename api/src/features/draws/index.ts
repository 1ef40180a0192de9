/** Draws of a room and the prizes people won in them. */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { bindDrawRoutes } from './draws.routes.ts';
import { createDrawsService, type DrawsDeps } from './draws.service.ts';
import { createPrizes } from './prizes.service.ts';
import { createSeeds } from './seeds.ts';

export const DRAWS_JOB = 'draws-due';
const DUE_EVERY_MS = 1_000;
/** The room hears at most this often how many are in. */
const COUNT_EVERY_MS = 1_000;

export function createDraws(
  deps: Omit<DrawsDeps, 'seeds' | 'onEntered'> & {
    bind: Binder;
    jobs: Jobs;
    log: Logger;
    append: (roomId: string, event: RoomEvent) => Promise<unknown>;
  },
) {
  const { db, clock, random, log } = deps;
  /** Draws that somebody entered on this node since the room last heard of it. */
  const moved = new Map<string, string>();
  const service = createDrawsService({
    ...deps,
    seeds: createSeeds({ secret: deps.secret, random }),
    onEntered: (drawId, roomId) => void moved.set(drawId, roomId),
  });
  bindDrawRoutes(deps.bind, service, createPrizes({ db, clock, random }));
  deps.jobs.every(DRAWS_JOB, DUE_EVERY_MS, service.closeDue);

  async function tellCounts(): Promise<void> {
    const told = [...moved];
    moved.clear();
    for (const [drawId, roomId] of told) {
      await deps.append(roomId, { kind: 'draw:counted', drawId, entries: await service.countOf(drawId) });
    }
  }
  const timer = setInterval(
    () => void tellCounts().catch((error: unknown) => log.warn({ err: error }, 'draws: count not told')),
    COUNT_EVERY_MS,
  );
  timer.unref();

  return {
    open: service.open,
    close: service.close,
    enter: service.enter,
    onComment: service.onComment,
    current: service.current,
    roomEnded: service.roomEnded,
    stop: () => clearInterval(timer),
  };
}
export type { DrawsDeps } from './draws.service.ts';
export type Draws = ReturnType<typeof createDraws>;
