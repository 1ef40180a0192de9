/**
 * Likes: counted on the client, sent as numbered batches, added up here.
 *
 * Invariants: a batch counts once, however often it is sent and whatever was restarted (the row of the client remembers its
 * last number); the answer comes after the count is on disk; a node tells a room its total at most four times a second, read
 * when it is told: a total of before what another node has counted and told meanwhile would take likes back.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import { databaseFailure } from '../../platform/database-failure.ts';
import type { Sql } from '../../platform/db.ts';
import { AppError, toAppError } from '../../platform/errors.ts';
import type { SharedLimits } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import { createLikesRepository, LIKE_SHARDS, type LikeBatch } from './likes.repository.ts';

const BATCH_WAIT_MS = 20;
const BATCH_ITEMS = 500;
const PENDING_LIMIT = 20_000;
const TELL_INTERVAL_MS = 250;
/** A client sends one batch a second; re-sent ones and a second device have room. */
const BATCHES_PER_WINDOW = 30;
const WINDOW_SECONDS = 10;

type Counted = { total: number; added: boolean } | AppError;

export function createRoomLikes(deps: {
  sql: Sql;
  random: Pick<Random, 'bytes'>;
  log: Logger;
  append: (roomId: string, event: RoomEvent) => Promise<unknown>;
  limits: SharedLimits;
}) {
  const { log, append } = deps;
  const repository = createLikesRepository(deps.sql, deps.random.bytes(1).readUInt8(0) % LIKE_SHARDS);
  const batches = deps.limits('likes', { points: BATCHES_PER_WINDOW, seconds: WINDOW_SECONDS });
  const timers = new Map<string, NodeJS.Timeout>();

  function tellSoon(roomId: string): void {
    if (timers.has(roomId)) return;
    const timer = setTimeout(() => {
      timers.delete(roomId);
      repository
        .total(roomId)
        .then((total) => append(roomId, { kind: 'likes:counted', total }))
        .catch((error: unknown) => log.warn({ err: error, roomId }, 'likes: total not written'));
    }, TELL_INTERVAL_MS);
    timers.set(roomId, timer);
  }

  /** Everybody their own answer: what is wrong with one batch is no matter of those that came with it. */
  async function addAll(likes: readonly LikeBatch[]): Promise<readonly Counted[]> {
    try {
      return (await repository.add(likes)).map((counted) => counted ?? new AppError('not_found'));
    } catch (error) {
      if (databaseFailure(error) !== 'refused') throw error;
      if (likes.length === 1) return [toAppError(error)];
      const alone: Counted[] = [];
      for (const like of likes) alone.push(...(await addAll([like])));
      return alone;
    }
  }

  const counting = createMicroBatch<LikeBatch, Counted>({
    waitMs: BATCH_WAIT_MS,
    maxItems: BATCH_ITEMS,
    maxPending: PENDING_LIMIT,
    run: addAll,
  });

  return {
    /** Counts a batch once. Answers with the room's total. @throws AppError rate_limited, unavailable, not_found */
    async add(like: LikeBatch): Promise<{ total: number }> {
      await batches.take(like.personId);
      const counted = await counting.add(like);
      if (counted instanceof AppError) throw counted;
      if (counted.added) tellSoon(like.roomId);
      return { total: counted.total };
    },
    async close(): Promise<void> {
      await counting.close();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
export type RoomLikes = ReturnType<typeof createRoomLikes>;
