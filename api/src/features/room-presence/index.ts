/**
 * Who is in which room. Only people who really are there count (rule Z8).
 *
 * Model: a person is present while at least one of their sockets is, on whatever node (attendance.ts). `now` = present people,
 * `total` = distinct people who ever came (room_visits; a guest who signed in stays one person, rule A7). The crew of a room
 * is not its audience. A node with people in a room compares what the room was told last with what is true, and tells it.
 * Invariants: a node tells a room at most once a second, and only when it says something new; what a node tells in error
 * because another was quicker is put right within about a second; rooms with nobody on this node take no memory.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import { RedisAway, type RedisLink } from '../../platform/redis-link.ts';
import type { RoomLog } from '../../room-log/index.ts';
import type { Attendance } from './attendance.ts';
import { createMemoryAttendance } from './memory-attendance.ts';
import { createRedisAttendance } from './redis-attendance.ts';
import { createVisits } from './visits.repository.ts';

/** Tabs and devices of one person in one room, on all nodes; the oldest goes. */
const SOCKETS_PER_PERSON = 4;
const COUNT_INTERVAL_MS = 1_000;
const FIRST_COUNT_MS = 100;
const COMPARE_MS = 1_000;
const VISIT_BATCH_WAIT_MS = 10;
const VISIT_BATCH_ITEMS = 300;
const VISITS_PENDING = 20_000;

/** In Redis with a link to it, which several processes need; else in the memory of this one. */
export const createAttendance = (deps: {
  redis: RedisLink | undefined;
  random: Pick<Random, 'id'>;
  log: Logger;
}): Attendance =>
  deps.redis
    ? createRedisAttendance({ ...deps, link: deps.redis, socketsPerPerson: SOCKETS_PER_PERSON })
    : createMemoryAttendance({ socketsPerPerson: SOCKETS_PER_PERSON });

export interface Visitor {
  readonly id: string;
  readonly name: string;
  /** The room sees the name of a newcomer. */
  readonly announce: boolean;
  readonly isAudience: boolean;
}

/** A room with sockets on this node. */
interface Audience {
  sockets: number;
  /** Sockets on this node of those who count. */
  readonly people: Map<string, number>;
  /** Only grows. */
  total: number | undefined;
  peak: number;
  /** What the room was told last, by whatever node; undefined when somebody may not have heard it. */
  told: { now: number; total: number } | undefined;
  toldAtMs: number;
  timer: NodeJS.Timeout | undefined;
  readonly stopListening: () => void;
}

export function createRoomPresence(deps: {
  sql: Sql;
  clock: Clock;
  log: Logger;
  attendance: Attendance;
  roomLog: Pick<RoomLog, 'append' | 'tail'>;
}) {
  const { log, attendance, roomLog } = deps;
  const visits = createVisits(deps.sql, deps.clock);
  const audiences = new Map<string, Audience>();
  let closed = false;

  const visiting = createMicroBatch({
    waitMs: VISIT_BATCH_WAIT_MS,
    maxItems: VISIT_BATCH_ITEMS,
    maxPending: VISITS_PENDING,
    run: visits.record,
  });

  function openAudience(roomId: string): Audience {
    const known = audiences.get(roomId);
    if (known) return known;
    const audience: Audience = {
      sockets: 0,
      people: new Map(),
      total: undefined,
      peak: 0,
      told: undefined,
      toldAtMs: 0,
      timer: undefined,
      stopListening: roomLog.tail(
        roomId,
        (events) => {
          for (const { event } of events) if (event.kind === 'viewers:counted') heard(audience, event);
        },
        () => {
          audience.told = undefined;
        },
      ),
    };
    audiences.set(roomId, audience);
    return audience;
  }
  function heard(audience: Audience, { now, total }: { now: number; total: number }): void {
    audience.told = { now, total };
    audience.total = Math.max(audience.total ?? 0, total);
  }
  function forget(roomId: string, audience: Audience): void {
    if (audience.sockets > 0 || audience.timer || audiences.get(roomId) !== audience) return;
    audience.stopListening();
    audiences.delete(roomId);
  }

  async function tell(roomId: string, audience: Audience): Promise<void> {
    audience.toldAtMs = Date.now();
    try {
      audience.total ??= await visits.total(roomId);
      const now = await attendance.count(roomId);
      if (isNews(audience, now)) {
        const event: RoomEvent = { kind: 'viewers:counted', now, total: audience.total };
        await roomLog.append(roomId, event);
      }
      if (now > audience.peak) {
        audience.peak = now;
        await visits.raisePeak(roomId, now);
      }
    } catch (error) {
      if (!(error instanceof RedisAway)) log.warn({ err: error, roomId }, 'presence: count not written');
    }
    forget(roomId, audience);
  }
  const isNews = ({ told, total }: Audience, now: number): boolean => told?.now !== now || told.total !== total;

  function tellSoon(roomId: string, audience: Audience): void {
    if (audience.timer || closed || audiences.get(roomId) !== audience) return;
    const waitMs = Math.max(FIRST_COUNT_MS, audience.toldAtMs + COUNT_INTERVAL_MS - Date.now());
    audience.timer = setTimeout(() => {
      audience.timer = undefined;
      void tell(roomId, audience);
    }, waitMs);
  }

  const stopWatching = attendance.watch((roomId) => {
    const audience = audiences.get(roomId);
    if (audience && audience.total !== undefined) tellSoon(roomId, audience);
  });
  /** Puts right what two nodes told in the wrong order, and what one did not come to tell. */
  const comparing = setInterval(() => {
    for (const [roomId, audience] of audiences) {
      const now = attendance.now(roomId);
      const hadPeople = audience.total !== undefined || now > 0;
      if (hadPeople && isNews(audience, now)) tellSoon(roomId, audience);
    }
  }, COMPARE_MS);
  comparing.unref();

  return {
    /** Number of people present, on all nodes. */
    now: attendance.now,

    /**
     * One socket came; the undo says that it left. `onSurplus`: its person has too many, and this is the oldest.
     */
    enter(room: { id: string; orgPath: string }, person: Visitor, onSurplus: () => void): () => void {
      const roomId = room.id;
      const mine = openAudience(roomId);
      mine.sockets += 1;
      const { isAudience } = person;
      const leave = attendance.enter(
        { roomId, personId: person.id, orgPath: room.orgPath, isAudience, enteredAtMs: Date.now() },
        onSurplus,
      );
      if (isAudience) {
        const sockets = mine.people.get(person.id) ?? 0;
        mine.people.set(person.id, sockets + 1);
        if (sockets === 0) welcome(roomId, mine, person);
      } else mine.told = undefined; // nobody's count changes, but the one in their snapshot may be a second old
      let left = false;
      return () => {
        if (left) return;
        left = true;
        mine.sockets -= 1;
        leave();
        if (!isAudience) return forget(roomId, mine);
        const rest = (mine.people.get(person.id) ?? 1) - 1;
        if (rest > 0) return void mine.people.set(person.id, rest);
        mine.people.delete(person.id);
        tellSoon(roomId, mine);
      };
    },

    async close(): Promise<void> {
      closed = true;
      clearInterval(comparing);
      stopWatching();
      for (const { timer, stopListening } of audiences.values()) {
        clearTimeout(timer);
        stopListening();
      }
      audiences.clear();
      await visiting.close();
    },
  };

  function welcome(roomId: string, audience: Audience, person: Visitor): void {
    audience.told = undefined; // whoever comes knows an older count: say it again even if it is the same
    visiting
      .add({ roomId, personId: person.id })
      .then(async ({ isNew, total }) => {
        audience.total = Math.max(audience.total ?? 0, total);
        tellSoon(roomId, audience);
        if (isNew && person.announce && !closed) {
          await roomLog.append(roomId, { kind: 'viewer:joined', personId: person.id, name: person.name });
        }
      })
      .catch((error: unknown) => log.warn({ err: error, roomId }, 'presence: visit not recorded'));
  }
}
export type RoomPresence = ReturnType<typeof createRoomPresence>;
export { ABSENT_AFTER_DEATH_MS, type Attendance } from './attendance.ts';
