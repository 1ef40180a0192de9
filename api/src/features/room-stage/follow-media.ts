/**
 * Moves pointers and seats when media begins and ends.
 *
 * Model: the database says what is waited for (a cut-in that was asked for, a co-host who said yes) and what is on; the
 * media server says what flows. Checks run one after the other; each change is a conditional statement, so a rival (a guide
 * who taps 返回总部) wins or loses cleanly. Nothing is kept here: after a restart the first snapshot is a check of all.
 * Invariants: while the media server is away nothing moves; a media server that has just come (back) knows no publisher yet,
 * so what is on gets GRACE_MS to return before it counts as gone.
 */
import type { MediaControl } from '../../media-control/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { createCohostsRepository } from './cohosts.repository.ts';
import { cutInAfter, seatAfter } from './stage.policy.ts';
import { announce, createStageRepository } from './stage.repository.ts';

/** As long as the media server waits for a publisher who was cut off. */
const GRACE_MS = 15_000;
/** A cut-in whose camera has not come by then is forgotten. */
export const CUT_IN_WAIT_MS = 45_000;
const SWEEP_EVERY_MS = 5_000;

export interface FollowMedia {
  /** Looks at these streams now; resolves when what follows from it is committed. */
  check(streamIds: readonly string[]): Promise<void>;
  close(): void;
}

export function followMedia(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  jobs: Jobs;
  mediaControl: Pick<MediaControl, 'stateOf' | 'onChange' | 'isAway' | 'isComplete'>;
  moved: (roomIds: readonly string[]) => void;
}): FollowMedia {
  const { db, clock, log, mediaControl } = deps;
  let queue = Promise.resolve();
  let graceTimer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function moveCutIn(roomId: string, to: 'on' | 'none'): Promise<void> {
    await db.transaction(async (tx) => {
      const stage = createStageRepository(tx);
      const at = clock.now();
      const rooms = to === 'on' ? await stage.cutInStarts(roomId, at) : await stage.cutInEnds(roomId, at, 'on');
      await announce(tx, clock, rooms);
      tx.afterCommit(() => deps.moved(rooms));
    });
  }
  async function moveSeat(seat: { id: string; roomId: string; state: 'accepted' | 'on' }, to: 'accepted' | 'on') {
    await db.transaction(async (tx) => {
      const rooms = await createStageRepository(tx).touchWithRelays(seat.roomId);
      if (await createCohostsRepository(tx).move(seat.id, [seat.state], to)) await announce(tx, clock, rooms);
    });
  }

  async function look(streamIds: readonly string[] | 'all', isOver: boolean): Promise<void> {
    if (stopped || mediaControl.isAway) return;
    const mayEnd = isOver && mediaControl.isComplete; // a server that was not heard yet may have the stream
    const stateOf = (streamId: string) => mediaControl.stateOf(streamId).state;
    for (const { id, streamId, cutIn } of await createStageRepository(db.sql).cutIns(streamIds)) {
      const next = cutInAfter(cutIn, stateOf(streamId));
      if (next === 'on' && cutIn === 'waiting') await moveCutIn(id, 'on');
      if (next === 'none' && mayEnd) await moveCutIn(id, 'none');
    }
    for (const seat of await createCohostsRepository(db.sql).followed(streamIds)) {
      const next = seatAfter(seat.state, stateOf(seat.streamId));
      if (next !== seat.state && (next === 'on' || mayEnd)) await moveSeat(seat, next);
    }
  }

  const enqueue = (streamIds: readonly string[] | 'all', mayEnd: boolean): Promise<void> => {
    queue = queue
      .then(() => look(streamIds, mayEnd))
      .catch((error: unknown) => log.error({ err: error }, 'stage: media could not be followed'));
    return queue;
  };

  const undo = mediaControl.onChange((changed) => {
    if (changed !== 'all') return void enqueue(changed, true);
    void enqueue('all', false);
    clearTimeout(graceTimer);
    graceTimer = setTimeout(() => void enqueue('all', true), GRACE_MS).unref();
  });

  const stopSweep = deps.jobs.every('stage: forget cut-ins that never came', SWEEP_EVERY_MS, async () => {
    const before = new Date(clock.now().getTime() - CUT_IN_WAIT_MS);
    for (const roomId of await createStageRepository(db.sql).staleWaits(before)) {
      await db.transaction(async (tx) => {
        await announce(tx, clock, await createStageRepository(tx).cutInEnds(roomId, clock.now(), 'waiting'));
      });
    }
  });

  return {
    check: (streamIds) => enqueue(streamIds, false),
    close() {
      stopped = true;
      clearTimeout(graceTimer);
      undo();
      void stopSweep();
    },
  };
}
