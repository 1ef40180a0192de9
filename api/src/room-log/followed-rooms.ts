/**
 * The rooms of a log in Redis that this node knows the newest events of.
 *
 * Model: unknown → loading (listen for news, then read the stream) → followed. News carry the events themselves and mostly
 * follow directly on what is known; whenever something is missing between (a connection was lost, a message did not come),
 * the stream is read from the last known number. One channel per room on one connection per node: a push costs every node
 * one parse however many sockets it has, and joining a room does not disturb a read that blocks for all others.
 * Invariants
 * - Listeners hear every event once, in order, until `onReset`; after it from the new position on.
 * - What a caller of `current` gets has everything that was appended before the call.
 * - A room that nobody listens to is forgotten after IDLE_MS, or when Redis was away.
 */
import type { SequencedEvent } from '@walnut-live/contracts';
import { z } from 'zod';
import type { Logger } from '../platform/logger.ts';
import { RedisAway, type RedisLink } from '../platform/redis-link.ts';
import { shown } from './events.ts';
import type { JournalEntry } from './journal.ts';
import { fromStretch, type RecentEvents, type Stretch, take } from './recent-events.ts';
import { logKey, newsChannel, READ, stateKey } from './redis-scripts.ts';

const PAGE = 2_000;
/** News that did not come are found out by then. */
const CHECK_MS = 2_000;
const IDLE_MS = 2 * 60_000;

const ReadAnswer = z.array(z.string()).min(4);

export interface ReadPart extends Stretch {
  /** Run id of the server that the state was made on. */
  readonly run: string;
}

type Listener = (events: readonly SequencedEvent[]) => void;
interface Tail {
  readonly listener: Listener;
  readonly onReset: () => void;
}
interface Room {
  readonly id: string;
  readonly tails: Set<Tail>;
  readonly onNews: (message: string) => void;
  recent: RecentEvents | undefined;
  /** Somebody listens since a moment that cannot be found in the stream. */
  isLost: boolean;
  running: Promise<void> | undefined;
  next: Promise<void> | undefined;
  usedAtMs: number;
}

export const toEntry = (roomId: string, seq: number, json: unknown): JournalEntry => ({
  ...(json as Omit<JournalEntry, 'roomId' | 'seq'>),
  roomId,
  seq,
});

/** What is in Redis after a number; undefined for a room that Redis does not know. @throws RedisAway */
export async function readPart(
  link: Pick<RedisLink, 'run'>,
  roomId: string,
  afterSeq: number,
  count: number,
): Promise<ReadPart> {
  const answer = await link.run(READ, [stateKey(roomId), logKey(roomId)], [String(afterSeq), String(count)]);
  const [run = '', start, seq, archived, ...pairs] = ReadAnswer.parse(answer);
  const entries: JournalEntry[] = [];
  for (let i = 0; i < pairs.length; i += 2)
    entries.push(toEntry(roomId, Number(pairs[i]), JSON.parse(pairs[i + 1] ?? '')));
  return { run, start: Number(start), seq: Number(seq), archived: Number(archived), entries };
}

export type FollowedRooms = ReturnType<typeof createFollowedRooms>;

export function createFollowedRooms(deps: {
  link: RedisLink;
  log: Logger;
  /** Entries to keep. */
  keep: number;
  /** Makes a cold room usable, unless somebody else has done so meanwhile. */
  openRoom: (roomId: string) => Promise<void>;
}) {
  const { link, log, keep } = deps;
  const rooms = new Map<string, Room>();
  const opening = new Map<string, Promise<void>>();
  let closed = false;

  async function readAll(roomId: string): Promise<ReadPart> {
    for (let whole: ReadPart | undefined, from = 0; ; ) {
      const part: ReadPart = await readPart(link, roomId, from, PAGE);
      whole = { ...part, entries: whole ? [...whole.entries, ...part.entries] : part.entries };
      if (part.entries.length < PAGE) return whole;
      from = part.entries.at(-1)?.seq ?? from;
    }
  }
  const isWarm = ({ run }: ReadPart): boolean => run !== '' && run === link.runId();

  /** A room that was made on another server, or is not there, gets a new epoch; several at once share it. */
  function open(roomId: string): Promise<void> {
    let pending = opening.get(roomId);
    if (!pending) {
      pending = deps.openRoom(roomId).finally(() => opening.delete(roomId));
      opening.set(roomId, pending);
    }
    return pending;
  }

  async function readOpened(roomId: string): Promise<ReadPart> {
    const part = await readAll(roomId);
    if (isWarm(part)) return part;
    await open(roomId);
    const opened = await readAll(roomId);
    if (!isWarm(opened)) throw new RedisAway();
    return opened;
  }

  function tell(room: Room, what: (tail: Tail) => void): void {
    for (const tail of [...room.tails]) {
      try {
        what(tail);
      } catch (error) {
        log.error({ err: error, roomId: room.id }, 'room log: a listener failed');
      }
    }
  }

  /** False if something is missing between. */
  function accept(room: Room, stretch: Stretch): boolean {
    const fresh = room.recent && take(room.recent, stretch, keep);
    if (!fresh) return false;
    if (fresh.length > 0) {
      const events = fresh.map(shown);
      tell(room, ({ listener }) => listener(events));
    }
    return true;
  }

  async function bringUp(room: Room): Promise<void> {
    const { recent } = room;
    if (!recent) {
      try {
        await link.listen(newsChannel(room.id), room.onNews);
        room.recent = fromStretch(await readOpened(room.id));
      } catch (error) {
        room.isLost = true;
        throw error;
      }
      if (room.isLost) tell(room, ({ onReset }) => onReset());
      room.isLost = false;
      return;
    }
    for (;;) {
      const part = await readPart(link, room.id, recent.head, PAGE);
      if (isWarm(part) && accept(room, part)) {
        if (part.entries.length < PAGE) return;
        continue;
      }
      room.recent = fromStretch(await readOpened(room.id));
      return tell(room, ({ onReset }) => onReset());
    }
  }

  function begin(room: Room): Promise<void> {
    const mine = bringUp(room).finally(() => {
      if (room.running === mine) room.running = undefined;
    });
    room.running = mine;
    return mine;
  }

  /** Everybody who asks while a read is under way shares the next one: theirs must begin after they asked. */
  function refresh(room: Room): Promise<void> {
    if (!room.running) return begin(room);
    room.next ??= room.running
      .catch(() => undefined)
      .then(() => {
        room.next = undefined;
        return begin(room);
      });
    return room.next;
  }
  const refreshQuietly = (room: Room): void => {
    refresh(room).catch((error: unknown) => {
      if (!(error instanceof RedisAway))
        log.warn({ err: error, roomId: room.id }, 'room log: a room could not be read');
    });
  };

  function onNews(room: Room, message: string): void {
    if (closed || rooms.get(room.id) !== room) return;
    const line = message.indexOf('\n');
    const [start = 0, archived = 0, first = 0, last = 0] = message.slice(0, line).split(' ').map(Number);
    const { recent } = room;
    if (recent && recent.start === start && last <= recent.head) {
      recent.archived = Math.max(recent.archived, archived);
      return; // our own
    }
    const follows = recent !== undefined && recent.start === start && first <= recent.head + 1;
    if (!follows) {
      refreshQuietly(room);
      return;
    }
    const entries = (JSON.parse(message.slice(line + 1)) as unknown[]).map((json, i) =>
      toEntry(room.id, first + i, json),
    );
    accept(room, { start, seq: last, archived, entries });
  }

  function roomOf(roomId: string): Room {
    const known = rooms.get(roomId);
    if (known) {
      known.usedAtMs = Date.now();
      return known;
    }
    const room: Room = {
      id: roomId,
      tails: new Set(),
      onNews: (message) => onNews(room, message),
      recent: undefined,
      isLost: false,
      running: undefined,
      next: undefined,
      usedAtMs: Date.now(),
    };
    rooms.set(roomId, room);
    return room;
  }
  function forget(room: Room): void {
    rooms.delete(room.id);
    link.unlisten(newsChannel(room.id));
  }

  const stopBack = link.onBack(() => {
    for (const room of [...rooms.values()]) {
      if (room.tails.size > 0) refreshQuietly(room);
      else if (!room.running) forget(room);
    }
  });
  const check = setInterval(() => {
    const before = Date.now() - IDLE_MS;
    for (const room of [...rooms.values()]) {
      if (room.tails.size > 0) {
        if (link.isThere()) refreshQuietly(room);
      } else if (room.usedAtMs < before && !room.running) forget(room);
    }
  }, CHECK_MS);
  check.unref();

  return {
    tail(roomId: string, listener: Listener, onReset: () => void = () => {}): () => void {
      const room = roomOf(roomId);
      const mine: Tail = { listener, onReset };
      room.tails.add(mine);
      if (!room.recent) refreshQuietly(room);
      return () => {
        room.usedAtMs = Date.now();
        room.tails.delete(mine);
      };
    },
    /** Makes a cold room usable. @throws RedisAway */
    open,
    /** Resolves when a room that is being loaded is loaded, or cannot be: what is appended afterwards reaches its tails. */
    loaded: async (roomId: string): Promise<void> => {
      const room = rooms.get(roomId);
      if (room && !room.recent) await room.running?.catch(() => undefined);
    },
    /** What this node has appended itself need not come back first. */
    offer(roomId: string, stretch: Omit<Stretch, 'start' | 'archived'>): void {
      const room = rooms.get(roomId);
      const first = stretch.entries[0]?.seq ?? 0;
      if (room?.recent?.head !== first - 1) return; // comes as news
      accept(room, { ...stretch, start: room.recent.start, archived: 0 });
    },
    /** The room's newest events as of now; undefined for a room that is not in Redis. @throws RedisAway */
    async current(roomId: string): Promise<RecentEvents | undefined> {
      if (!rooms.has(roomId)) {
        const part = await readPart(link, roomId, Number.MAX_SAFE_INTEGER, 1);
        if (!isWarm(part)) return undefined;
      }
      const room = roomOf(roomId);
      await refresh(room);
      return room.recent;
    },
    /** What is known without asking. */
    known: (roomId: string): RecentEvents | undefined => rooms.get(roomId)?.recent,
    close(): void {
      closed = true;
      clearInterval(check);
      stopBack();
      rooms.clear();
    },
  };
}
