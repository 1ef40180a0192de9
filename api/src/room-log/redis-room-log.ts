/**
 * The room log of several processes: order and distribution in Redis, the journal in PostgreSQL. Keys: redis-scripts.ts.
 *
 * Model: append → micro-batch (~2 ms) → which event ids does the journal know? → one script per room (numbers, repetitions,
 * stream, news) → one INSERT of what is lasting → answers. News reach every node that follows the room (followed-rooms.ts);
 * what a node did not come to write is copied by the archiver (redis-archiver.ts).
 * Invariants
 * - An acknowledged lasting event is in Redis and in the journal; so it survives either of them, and this process.
 * - An event id is in the log once: the journal knows those of all times, the stream those that may not be there yet.
 * - A number is given out once: numbers are dense within an epoch, and every restart of Redis is a new epoch. What was not
 *   in the journal when the epoch changed was not promised and is not in the log; its sender tries again.
 * - While Redis is away appends are refused at once (`unavailable`), reads answer from what this node and the journal know;
 *   whoever was shown that starts from a snapshot when Redis is back.
 */
import type { RoomEvent, SequencedEvent } from '@walnut-live/contracts';
import { z } from 'zod';
import type { Clock, Random } from '../platform/clock.ts';
import type { Db } from '../platform/db.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { createMicroBatch } from '../platform/micro-batch.ts';
import { RedisAway, type RedisLink } from '../platform/redis-link.ts';
import { lastEpochStart, openEpoch, writeMissing } from './epochs.ts';
import { isLasting, shown, storable } from './events.ts';
import { createFollowedRooms, readPart, toEntry } from './followed-rooms.ts';
import { createJournal, type JournalEntry } from './journal.ts';
import { after, type RecentEvents } from './recent-events.ts';
import { createRedisArchiver } from './redis-archiver.ts';
import { APPEND, idsKey, logKey, newsChannel, OPEN, stateKey, UNARCHIVED_KEY } from './redis-scripts.ts';
import type { RoomLog } from './room-log.ts';

const BATCH_WAIT_MS = 2;
const BATCH_ITEMS = 500;
const PENDING_LIMIT = 20_000;
const HISTORY_LIMIT = 2_000;
/** Entries that a stream may hold while they cannot be archived. */
const STREAM_LIMIT = 20_000;
/** A room that nobody writes to leaves Redis; the next event begins a new epoch. */
const ROOM_LIFE_MS = 24 * 3_600_000;
const OPEN_TRIES = 3;
/** What a client is told to wait before it tries again while Redis is away. */
const RETRY_AFTER_SECONDS = 1;

interface Request {
  readonly entry: Omit<JournalEntry, 'seq'>;
  /** Whether the caller may append it again under the same id. */
  readonly isNamed: boolean;
}
type Outcome = SequencedEvent | AppError;
const AppendAnswer = z.union([z.literal('cold'), z.literal('full'), z.array(z.string())]);

const keyOf = ({ roomId, eventId }: { roomId: string; eventId: string }): string => `${roomId} ${eventId}`;
const unavailable = (cause?: unknown): AppError =>
  new AppError('unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS, facts: { paused: 'room' } }, cause);

export function createRedisRoomLog(deps: {
  /** Outlives the log. */
  link: RedisLink;
  db: Pick<Db, 'sql' | 'transaction'>;
  clock: Clock;
  random: Random;
  log: Logger;
  onAppended?: (event: RoomEvent) => void;
  historyLimit?: number;
}): RoomLog {
  const { link, db, clock, random, log } = deps;
  const keep = deps.historyLimit ?? HISTORY_LIMIT;
  const journal = createJournal(db);
  const rooms = createFollowedRooms({ link, log, keep, openRoom });
  const archiver = createRedisArchiver({ link, db, log, keep });
  const underway = new Map<string, Promise<SequencedEvent>>();

  async function openRoom(roomId: string): Promise<void> {
    await openEpoch(db, roomId, {
      async remembered() {
        const { run, start } = await readPart(link, roomId, Number.MAX_SAFE_INTEGER, 1);
        if (run === '') return undefined;
        return run === link.runId() ? 'open' : start;
      },
      async open(start) {
        const keys = [stateKey(roomId), logKey(roomId), idsKey(roomId)];
        const args = [String(start), String(ROOM_LIFE_MS), newsChannel(roomId)];
        const answer = await link.run(OPEN, keys, args, true);
        if (answer === 'stale') throw new Error('Redis knows a later epoch than the database');
      },
    });
  }

  // ── append ────────────────────────────────────────────────────────────────────────────────────────────────────────

  const batch = createMicroBatch<Request, Outcome>({
    waitMs: BATCH_WAIT_MS,
    maxItems: BATCH_ITEMS,
    maxPending: PENDING_LIMIT,
    run: commit,
  });

  /** Gives the events of one room their numbers; those that were there before come back as they are there. */
  async function place(roomId: string, requests: readonly Request[]): Promise<JournalEntry[]> {
    await rooms.loaded(roomId);
    const keys = [stateKey(roomId), logKey(roomId), idsKey(roomId), UNARCHIVED_KEY];
    const args = [String(STREAM_LIMIT), String(ROOM_LIFE_MS), roomId, newsChannel(roomId)];
    for (const { entry, isNamed } of requests) {
      const { eventId, at, event } = entry;
      args.push(isNamed ? eventId : '', JSON.stringify({ eventId, at, event }));
    }
    for (let attempt = 1; attempt <= OPEN_TRIES; attempt++) {
      const answer = AppendAnswer.parse(await link.run(APPEND, keys, args, true));
      if (answer === 'full') throw new Error('the stream is full: nothing is archived');
      if (answer === 'cold') {
        await rooms.open(roomId);
        continue;
      }
      const placed = requests.map(({ entry }, i): JournalEntry => {
        const [seq, known] = [Number(answer[2 * i]), answer[2 * i + 1]];
        return known ? toEntry(roomId, seq, JSON.parse(known)) : { ...entry, seq };
      });
      const fresh = placed.filter((_entry, i) => !answer[2 * i + 1]);
      rooms.offer(roomId, { seq: fresh.at(-1)?.seq ?? 0, entries: fresh });
      for (const { event } of fresh) deps.onAppended?.(event);
      return placed;
    }
    throw new RedisAway();
  }

  async function commit(requests: readonly Request[]): Promise<Outcome[]> {
    const outcomes: (Outcome | undefined)[] = requests.map(() => undefined);
    const refuse = (places: readonly number[], error: unknown): void => {
      if (!(error instanceof RedisAway)) log.error({ err: error }, 'room log: events could not be written');
      for (const place of places) outcomes[place] = unavailable(error);
    };
    const all = [...requests.keys()];
    try {
      if (!link.isThere()) throw new RedisAway();
      const known = await findKnown(requests.filter(({ isNamed }) => isNamed).map(({ entry }) => entry));
      const byRoom = new Map<string, number[]>();
      requests.forEach(({ entry }, place) => {
        const found = known.get(keyOf(entry));
        if (found) outcomes[place] = shown(found);
        else byRoom.set(entry.roomId, [...(byRoom.get(entry.roomId) ?? []), place]);
      });
      const placed = new Map<number, JournalEntry>();
      await Promise.all(
        [...byRoom].map(async ([roomId, places]) => {
          try {
            const entries = await place(
              roomId,
              places.map((index) => requests[index] as Request),
            );
            entries.forEach((entry, i) => void placed.set(places[i] as number, entry));
          } catch (error) {
            refuse(places, error);
          }
        }),
      );
      await settle(placed, outcomes);
    } catch (error) {
      refuse(
        all.filter((place) => outcomes[place] === undefined),
        error,
      );
    }
    return outcomes.map((outcome) => outcome ?? unavailable());
  }

  async function findKnown(wanted: readonly { roomId: string; eventId: string }[]): Promise<Map<string, JournalEntry>> {
    return new Map((await journal.findAll(wanted)).map((entry) => [keyOf(entry), entry]));
  }

  /** Answers once what is lasting is in the journal, by our hand, the archiver's, or another node's. */
  async function settle(placed: ReadonlyMap<number, JournalEntry>, outcomes: (Outcome | undefined)[]): Promise<void> {
    const lasting = [...placed].filter(([, { event }]) => isLasting(event.kind));
    const written = await writeMissing(
      db.sql,
      lasting.map(([, entry]) => entry),
    );
    const rest = lasting.filter((_item, i) => !written.has(i)).map(([, entry]) => entry);
    const there = await findKnown(rest);
    const isWritten = new Set(lasting.flatMap(([place], i) => (written.has(i) ? [place] : [])));
    for (const [place, entry] of placed) {
      if (isWritten.has(place) || !isLasting(entry.event.kind)) outcomes[place] = shown(entry);
      else {
        const found = there.get(keyOf(entry));
        outcomes[place] = found ? shown(found) : unavailable();
      }
    }
  }

  // ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** As of now; what this node knew last while Redis is away; undefined for a room of which only the journal knows. */
  async function recentOf(roomId: string): Promise<RecentEvents | undefined> {
    try {
      return await rooms.current(roomId);
    } catch (error) {
      if (!(error instanceof RedisAway)) throw error;
      return rooms.known(roomId);
    }
  }

  return {
    append(roomId, event, options = {}) {
      const eventId = options.eventId ?? random.id();
      const key = keyOf({ roomId, eventId });
      const same = underway.get(key);
      if (same) return same;
      if (!link.isThere()) return Promise.reject(unavailable());
      const at = (options.at ?? clock.now()).toISOString();
      const request = {
        entry: { roomId, eventId, at, event: storable(event) },
        isNamed: options.eventId !== undefined,
      };
      const done = batch
        .add(request)
        .then((outcome) => {
          if (outcome instanceof AppError) throw outcome;
          return outcome;
        })
        .finally(() => underway.delete(key));
      underway.set(key, done);
      return done;
    },
    tail: rooms.tail,
    async range(roomId, afterSeq, limit) {
      const recent = await recentOf(roomId);
      if (!recent) return (await journal.range(roomId, afterSeq, Number.MAX_SAFE_INTEGER, limit)).map(shown);
      const found: JournalEntry[] = [];
      let from = afterSeq;
      while (from < recent.floor && found.length < limit) {
        const { floor } = recent; // may rise while we read; then the journal is asked again
        found.push(...(await journal.range(roomId, from, floor, limit - found.length)));
        if (found.length < limit) from = floor;
      }
      if (found.length < limit) found.push(...after(recent, from, limit - found.length));
      return found.map(shown);
    },
    async head(roomId) {
      return (await recentOf(roomId))?.head ?? journal.lastSeq(roomId);
    },
    async start(roomId) {
      return (await recentOf(roomId))?.start ?? lastEpochStart(db.sql, roomId);
    },
    watch(listener) {
      listener(link.isThere());
      return link.onChange(listener);
    },
    async find(roomId, eventId) {
      const entry = rooms.known(roomId)?.byEventId.get(eventId) ?? (await journal.find(roomId, eventId));
      return entry && shown(entry);
    },
    async latest(roomId, kinds, limit) {
      const recent = await recentOf(roomId);
      const wanted = new Set(kinds);
      const newest = (recent?.events ?? []).filter(({ event }) => wanted.has(event.kind)).slice(-limit);
      if (newest.length >= limit) return newest.map(shown);
      const seen = new Set(newest.map(({ seq }) => seq));
      const older = (await journal.latest(roomId, kinds, limit)).filter(({ seq }) => !seen.has(seq));
      return [...older, ...newest]
        .sort((a, b) => a.seq - b.seq)
        .slice(-limit)
        .map(shown);
    },
    async close() {
      await batch.close();
      await archiver.close();
      rooms.close();
    },
  };
}
