/**
 * The room log of a single process: recent events in memory, lasting ones in the journal before anybody sees them.
 *
 * Model: append → micro-batch (group commit, ~5 ms) → numbers are given → one INSERT → memory and tails → answers.
 * Invariants
 * - What a tail or a range has shown is in the journal, or fleeting. So a restart takes nothing back.
 * - A number that was shown is never given again: at most FLEETING_RESERVE numbers in a row are without a journal row (the
 *   next event is journaled whatever it is), and a process that opens a room continues behind that reserve.
 * - Per room at most HISTORY_LIMIT events are in memory; `floor` is the last number that is not. Idle rooms are forgotten.
 * - After a failed write the room is read again before it is written: whatever did get through is shown, in order.
 */
import type { RoomEvent, SequencedEvent } from '@walnut-live/contracts';
import type { Clock, Random } from '../platform/clock.ts';
import type { Db } from '../platform/db.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { createMicroBatch } from '../platform/micro-batch.ts';
import { isLasting, shown, storable } from './events.ts';
import { createJournal, type JournalEntry } from './journal.ts';
import type { RoomLog } from './room-log.ts';

const BATCH_WAIT_MS = 5;
const BATCH_ITEMS = 500;
const PENDING_LIMIT = 20_000;
const HISTORY_LIMIT = 2_000;
const FLEETING_RESERVE = 256;
const IDLE_MS = 10 * 60_000;
const SWEEP_MS = 60_000;
const WRITE_TRIES = 3;
const RECOVERY_PAGE = 1_000;

interface RoomState {
  head: number;
  /** The last number that stands in the journal. */
  journaled: number;
  floor: number;
  events: JournalEntry[];
  byEventId: Map<string, JournalEntry>;
  /** A write failed: what the journal holds must be read again. */
  doubtful: boolean;
  usedAtMs: number;
}
interface Request {
  readonly roomId: string;
  readonly event: RoomEvent;
  readonly eventId: string;
  readonly at: string;
}
type Listener = (events: readonly SequencedEvent[]) => void;

const isReserveUsedUp = (seq: number, journaled: number): boolean =>
  journaled === 0 || seq - journaled >= FLEETING_RESERVE;

export function createMemoryRoomLog(deps: {
  db: Pick<Db, 'sql'>;
  clock: Clock;
  random: Random;
  log: Logger;
  onAppended?: (event: RoomEvent) => void;
  historyLimit?: number;
}): RoomLog {
  const { clock, random, log } = deps;
  const historyLimit = deps.historyLimit ?? HISTORY_LIMIT;
  const journal = createJournal(deps.db);
  const rooms = new Map<string, RoomState>();
  const opening = new Map<string, Promise<RoomState>>();
  const listeners = new Map<string, Set<Listener>>();
  const underway = new Map<string, Promise<SequencedEvent>>();

  const batch = createMicroBatch<Request, SequencedEvent>({
    waitMs: BATCH_WAIT_MS,
    maxItems: BATCH_ITEMS,
    maxPending: PENDING_LIMIT,
    run: commit,
  });

  const sweep = setInterval(() => {
    const before = Date.now() - IDLE_MS;
    for (const [roomId, room] of rooms) if (!listeners.has(roomId) && room.usedAtMs < before) rooms.delete(roomId);
  }, SWEEP_MS);
  sweep.unref();

  async function open(roomId: string): Promise<RoomState> {
    const known = rooms.get(roomId);
    if (known) {
      known.usedAtMs = Date.now();
      return known;
    }
    let pending = opening.get(roomId);
    if (!pending) {
      pending = journal
        .lastSeq(roomId)
        .then((last) => {
          const head = last === 0 ? 0 : last + FLEETING_RESERVE;
          const room: RoomState = {
            head,
            journaled: last, // so the reserve counts as used up: the next event is journaled
            floor: head,
            events: [],
            byEventId: new Map(),
            doubtful: false,
            usedAtMs: Date.now(),
          };
          rooms.set(roomId, room);
          return room;
        })
        .finally(() => opening.delete(roomId));
      opening.set(roomId, pending);
    }
    return pending;
  }

  function show(roomId: string, room: RoomState, entries: readonly JournalEntry[]): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      room.events.push(entry);
      room.byEventId.set(entry.eventId, entry);
      room.head = entry.seq;
    }
    for (const gone of room.events.splice(0, Math.max(0, room.events.length - historyLimit))) {
      room.floor = gone.seq;
      room.byEventId.delete(gone.eventId);
    }
    const events = entries.map(shown);
    for (const listener of listeners.get(roomId) ?? []) {
      try {
        listener(events);
      } catch (error) {
        log.error({ err: error, roomId }, 'room log: a listener failed');
      }
    }
    for (const { event } of entries) deps.onAppended?.(event);
  }

  /** Shows what the journal holds beyond what was shown: our own write with an unknown outcome, or another process. */
  async function recover(roomId: string, room: RoomState): Promise<void> {
    for (;;) {
      const found = await journal.range(roomId, room.head, Number.MAX_SAFE_INTEGER, RECOVERY_PAGE);
      room.journaled = Math.max(room.journaled, found.at(-1)?.seq ?? 0);
      show(roomId, room, found);
      if (found.length < RECOVERY_PAGE) break;
    }
    room.doubtful = false;
  }

  function number(requests: readonly Request[]): { entries: JournalEntry[]; toWrite: JournalEntry[] } {
    const next = new Map<string, { seq: number; journaled: number }>();
    const entries: JournalEntry[] = [];
    const toWrite: JournalEntry[] = [];
    for (const request of requests) {
      const room = rooms.get(request.roomId) as RoomState;
      const known = room.byEventId.get(request.eventId);
      if (known) {
        entries.push(known);
        continue;
      }
      const at = next.get(request.roomId) ?? { seq: room.head, journaled: room.journaled };
      next.set(request.roomId, at);
      at.seq += 1;
      const entry: JournalEntry = { ...request, seq: at.seq };
      entries.push(entry);
      if (isLasting(request.event.kind) || isReserveUsedUp(at.seq, at.journaled)) {
        at.journaled = at.seq;
        toWrite.push(entry);
      }
    }
    return { entries, toWrite };
  }

  async function commit(requests: readonly Request[]): Promise<SequencedEvent[]> {
    const roomIds = [...new Set(requests.map(({ roomId }) => roomId))];
    try {
      for (let attempt = 1; ; attempt++) {
        for (const roomId of roomIds) {
          const room = await open(roomId);
          if (room.doubtful) await recover(roomId, room);
        }
        const { entries, toWrite } = number(requests);
        try {
          const written = toWrite.length === 0 ? [] : await journal.write(toWrite);
          return await settle(requests, entries, toWrite, written);
        } catch (error) {
          for (const roomId of roomIds) (rooms.get(roomId) as RoomState).doubtful = true;
          if (!journal.isTakenNumber(error) || attempt >= WRITE_TRIES) throw error;
        }
      }
    } catch (error) {
      log.error({ err: error, events: requests.length }, 'room log: events could not be written');
      throw new AppError('unavailable', {}, error);
    }
  }

  async function settle(
    requests: readonly Request[],
    entries: readonly JournalEntry[],
    toWrite: readonly JournalEntry[],
    written: readonly { roomId: string; eventId: string }[],
  ): Promise<SequencedEvent[]> {
    const key = (entry: { roomId: string; eventId: string }) => `${entry.roomId} ${entry.eventId}`;
    const isNew = new Set(written.map(key));
    const repeated = new Set(toWrite.filter((entry) => !isNew.has(key(entry))));
    const news = new Map<string, JournalEntry[]>();
    const lasting = new Set(toWrite);
    for (const entry of entries) {
      const room = rooms.get(entry.roomId) as RoomState;
      if (repeated.has(entry) || room.byEventId.get(entry.eventId) === entry) continue;
      if (lasting.has(entry)) room.journaled = entry.seq;
      else if (isReserveUsedUp(entry.seq, room.journaled)) continue; // what should have renewed it was a repetition
      const list = news.get(entry.roomId);
      if (list) list.push(entry);
      else news.set(entry.roomId, [entry]);
    }
    for (const [roomId, list] of news) show(roomId, rooms.get(roomId) as RoomState, list);
    return Promise.all(
      requests.map(async (request, index) => {
        const entry = entries[index] as JournalEntry;
        if (!repeated.has(entry)) return shown(entry);
        const first = await journal.find(request.roomId, request.eventId);
        if (!first) throw new AppError('unavailable'); // removed by retention between two statements
        return shown(first);
      }),
    );
  }

  return {
    append(roomId, event, options = {}) {
      const eventId = options.eventId ?? random.id();
      const key = `${roomId} ${eventId}`;
      const same = underway.get(key);
      if (same) return same;
      const request: Request = {
        roomId,
        event: storable(event),
        eventId,
        at: (options.at ?? clock.now()).toISOString(),
      };
      const done = batch.add(request).finally(() => underway.delete(key));
      underway.set(key, done);
      return done;
    },
    tail(roomId, listener) {
      const mine: Listener = (events) => listener(events);
      const all = listeners.get(roomId) ?? new Set();
      all.add(mine);
      listeners.set(roomId, all);
      return () => {
        all.delete(mine);
        if (all.size === 0 && listeners.get(roomId) === all) listeners.delete(roomId);
      };
    },
    async range(roomId, afterSeq, limit) {
      const room = await open(roomId);
      const found: JournalEntry[] = [];
      let after = afterSeq;
      while (after < room.floor && found.length < limit) {
        const floor = room.floor; // may rise while we read; then the journal is asked again
        const page = await journal.range(roomId, after, floor, limit - found.length);
        found.push(...page);
        after = found.length < limit ? floor : after;
      }
      if (found.length < limit) {
        const start = room.events.findIndex(({ seq }) => seq > after);
        if (start >= 0) found.push(...room.events.slice(start, start + limit - found.length));
      }
      return found.map(shown);
    },
    head: async (roomId) => (await open(roomId)).head,
    start: async () => 0,
    watch(listener) {
      listener(true);
      return () => {};
    },
    async find(roomId, eventId) {
      const entry = rooms.get(roomId)?.byEventId.get(eventId) ?? (await journal.find(roomId, eventId));
      return entry && shown(entry);
    },
    async latest(roomId, kinds, limit) {
      return (await journal.latest(roomId, kinds, limit)).map(shown);
    },
    async close() {
      clearInterval(sweep);
      await batch.close();
      listeners.clear();
    },
  };
}
