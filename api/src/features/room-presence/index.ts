/**
 * Who is in which room on this node. Only people who really are there count (rule Z8).
 *
 * Model: a person is present while at least one of their sockets is. `now` = present people, `total` = distinct people who
 * ever came (room_visits; a guest who signed in stays one person, rule A7). The crew of a room is not its audience.
 * Invariants: `viewers:counted` is written at most once a second per room and only when it says something new; rooms with
 * nobody present take no memory.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import { createVisits } from './visits.repository.ts';

const COUNT_INTERVAL_MS = 1_000;
const FIRST_COUNT_MS = 100;
const VISIT_BATCH_WAIT_MS = 10;
const VISIT_BATCH_ITEMS = 300;
const VISITS_PENDING = 20_000;

interface Audience {
  /** Sockets per person. */
  readonly people: Map<string, number>;
  total: number | undefined;
  peak: number;
  told: string;
  toldAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

export function createRoomPresence(deps: {
  sql: Sql;
  clock: Clock;
  log: Logger;
  append: (roomId: string, event: RoomEvent) => Promise<unknown>;
}) {
  const { log, append } = deps;
  const visits = createVisits(deps.sql, deps.clock);
  const audiences = new Map<string, Audience>();
  let closed = false;

  const visiting = createMicroBatch({
    waitMs: VISIT_BATCH_WAIT_MS,
    maxItems: VISIT_BATCH_ITEMS,
    maxPending: VISITS_PENDING,
    run: visits.record,
  });

  async function tell(roomId: string, audience: Audience): Promise<void> {
    const now = audience.people.size;
    audience.toldAtMs = Date.now();
    try {
      audience.total ??= await visits.total(roomId);
      const said = `${now}/${audience.total}`;
      if (said !== audience.told) {
        await append(roomId, { kind: 'viewers:counted', now, total: audience.total });
        audience.told = said;
      }
      if (now > audience.peak) {
        audience.peak = now;
        await visits.raisePeak(roomId, now);
      }
    } catch (error) {
      log.warn({ err: error, roomId }, 'presence: count not written');
    }
    if (audience.people.size === 0 && !audience.timer) audiences.delete(roomId);
  }

  function tellSoon(roomId: string, audience: Audience): void {
    if (audience.timer || closed || audiences.get(roomId) !== audience) return;
    const waitMs = Math.max(FIRST_COUNT_MS, audience.toldAtMs + COUNT_INTERVAL_MS - Date.now());
    audience.timer = setTimeout(() => {
      audience.timer = undefined;
      void tell(roomId, audience);
    }, waitMs);
  }

  return {
    /** Number of people present on this node. */
    now: (roomId: string): number => audiences.get(roomId)?.people.size ?? 0,

    /** One socket of a viewer came; the undo says that it left. `announce` lets the room see the name of a newcomer. */
    enter(roomId: string, person: { id: string; name: string; announce: boolean }): () => void {
      let audience = audiences.get(roomId);
      if (!audience) {
        audience = { people: new Map(), total: undefined, peak: 0, told: '', toldAtMs: 0, timer: undefined };
        audiences.set(roomId, audience);
      }
      const mine = audience;
      const sockets = mine.people.get(person.id) ?? 0;
      mine.people.set(person.id, sockets + 1);
      if (sockets === 0) {
        mine.told = ''; // whoever comes knows an older count: say it again even if it is the same
        visiting
          .add({ roomId, personId: person.id })
          .then(async ({ isNew, total }) => {
            mine.total = Math.max(mine.total ?? 0, total);
            tellSoon(roomId, mine);
            if (isNew && person.announce && !closed) {
              await append(roomId, { kind: 'viewer:joined', personId: person.id, name: person.name });
            }
          })
          .catch((error: unknown) => log.warn({ err: error, roomId }, 'presence: visit not recorded'));
      }
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const rest = (mine.people.get(person.id) ?? 1) - 1;
        if (rest > 0) return void mine.people.set(person.id, rest);
        mine.people.delete(person.id);
        tellSoon(roomId, mine);
      };
    },

    async close(): Promise<void> {
      closed = true;
      for (const { timer } of audiences.values()) clearTimeout(timer);
      await visiting.close();
    },
  };
}
export type RoomPresence = ReturnType<typeof createRoomPresence>;
