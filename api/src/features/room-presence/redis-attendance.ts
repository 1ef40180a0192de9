/**
 * Attendance of several processes: what every node says of itself, added up in Redis. Keys: attendance-scripts.ts.
 *
 * Model: sockets here → `dirty` names those that Redis has not heard of (came or left) → one pump sends them in batches, in
 * order with the beats (BEAT_MS) by which this node renews its *stay* and learns everybody's counts. A stay that Redis does
 * not know, or that may be incomplete (the connection was lost), is replaced by a new one into which everybody here is
 * written again; the old one ends by itself. Meanwhile nobody counts twice: people are counted, not sockets.
 * Invariants
 * - One call to Redis at a time, so `counts` never goes back to an older answer.
 * - What a stay put in is taken out once, by this node or, when it is not renewed, by any other.
 * - Nobody is called over in the first SETTLE_MS after Redis was away for long: the others may have been cut off as well.
 * - A socket beyond `socketsPerPerson` goes at once if its person has too many on this node, else when Redis has counted.
 */
import { z } from 'zod';
import type { Random } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { RedisAway, type RedisLink } from '../../platform/redis-link.ts';
import type { Attendance, Attendee } from './attendance.ts';
import { BEAT, CHANGE, COUNTS_KEY, END, roomField, SURPLUS_CHANNEL, unitField } from './attendance-scripts.ts';
import { createMemoryAttendance } from './memory-attendance.ts';

const BEAT_MS = 1_000;
const FLUSH_WAIT_MS = 20;
const BATCH = 200;
const SETTLE_MS = 4_000;
/** Less than a stay is believed without a word: no other has ended by it. */
const SHORT_AWAY_MS = 2_000;
/** Longer than any socket stays; a seat that nobody gave up ends with it. */
const SEAT_LIFE_MS = 13 * 3_600_000;

const ChangeAnswer = z.union([z.literal('over'), z.array(z.union([z.string(), z.number()]))]);
const BeatAnswer = z.union([z.literal('over'), z.tuple([z.number(), z.array(z.string())])]);

export function createRedisAttendance(deps: {
  link: RedisLink;
  random: Pick<Random, 'id'>;
  log: Logger;
  socketsPerPerson: number;
}): Attendance {
  const { link, random, log } = deps;
  const here = createMemoryAttendance(deps);
  const nodeId = random.id();
  const sockets = new Map<string, { attendee: Attendee; onSurplus: () => void }>();
  const dirty = new Set<string>();
  const listeners = new Set<(roomId: string) => void>();
  let counts = new Map<string, number>();
  let stay: string | undefined;
  let settledAtMs = Date.now() + SETTLE_MS;
  let lostAtMs = 0;
  let flushTimer: NodeJS.Timeout | undefined;
  let work: Promise<void> = Promise.resolve();
  let closed = false;

  function tell(roomId: string): void {
    for (const listener of listeners) listener(roomId);
  }
  /** One after the other. After a failure nobody knows what Redis has heard, so it hears everything anew. */
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = work.then(step);
    work = result.then(
      () => undefined,
      (error: unknown) => {
        beginAnew();
        if (!(error instanceof RedisAway)) log.error({ err: error }, 'presence: Redis does not count');
      },
    );
    return result;
  }
  function beginAnew(): void {
    stay = undefined;
    for (const socket of sockets.keys()) dirty.add(socket);
  }

  const entryOf = ({ roomId, personId, orgPath, isAudience, enteredAtMs }: Attendee): string =>
    `${roomId} ${personId} ${orgPath} ${isAudience ? 1 : 0} ${enteredAtMs}`;

  async function flush(): Promise<void> {
    while (dirty.size > 0) {
      if (stay === undefined) await beat();
      const batch = [...dirty].slice(0, BATCH);
      const changes = batch.flatMap((socket) => {
        const known = sockets.get(socket);
        return [socket, known ? entryOf(known.attendee) : ''];
      });
      const args = [stay ?? '', String(deps.socketsPerPerson), String(SEAT_LIFE_MS), ...changes];
      // Taken out before the call: what changes meanwhile is dirty again, and a failure makes everything so.
      for (const socket of batch) dirty.delete(socket);
      const answer = ChangeAnswer.parse(await link.run(CHANGE, [], args));
      if (answer === 'over') {
        beginAnew();
        continue;
      }
      for (let i = 0; i < answer.length; i += 2) {
        const roomId = String(answer[i]);
        setCount(roomField(roomId), Number(answer[i + 1]));
        tell(roomId);
      }
    }
  }
  const setCount = (field: string, people: number): void => {
    if (people > 0) counts.set(field, people);
    else counts.delete(field);
  };

  async function beat(): Promise<void> {
    const isNew = stay === undefined;
    const mine = stay ?? random.id();
    const mayEndOthers = Date.now() >= settledAtMs;
    const answer = BeatAnswer.parse(
      await link.run(BEAT, [], [nodeId, mine, isNew ? '1' : '0', mayEndOthers ? '1' : '0']),
    );
    if (answer === 'over') return beginAnew();
    stay = mine;
    const [isMoreLeft, pairs] = answer;
    const before = counts;
    counts = new Map();
    for (let i = 0; i < pairs.length; i += 2) counts.set(pairs[i] ?? '', Number(pairs[i + 1]));
    for (const field of new Set([...before.keys(), ...counts.keys()])) {
      if (field.startsWith('room:') && before.get(field) !== counts.get(field)) tell(field.slice('room:'.length));
    }
    if (isMoreLeft) void inTurn(beat).catch(() => undefined);
  }

  function flushSoon(): void {
    if (flushTimer || closed) return;
    flushTimer = setTimeout(() => {
      flushTimer = undefined;
      if (link.isThere()) inTurn(flush).catch(() => undefined);
    }, FLUSH_WAIT_MS);
  }
  const beating = setInterval(() => {
    if (!link.isThere()) return;
    inTurn(async () => {
      await beat();
      await flush();
    }).catch(() => undefined);
  }, BEAT_MS);
  beating.unref();

  const onSurplus = (socket: string): void => sockets.get(socket)?.onSurplus();
  function onBack(): void {
    if (Date.now() - lostAtMs > SHORT_AWAY_MS) settledAtMs = Date.now() + SETTLE_MS;
    link.listen(SURPLUS_CHANNEL, onSurplus).catch(() => undefined); // else at the next time it is back
    beginAnew();
    inTurn(flush).catch(() => undefined);
  }
  const stopChange = link.onChange((isThere) => {
    if (!isThere) lostAtMs = Date.now();
  });
  const stopBack = link.onBack(onBack);
  if (link.isThere()) onBack();

  return {
    enter(attendee, tooMany) {
      const socket = `${nodeId}.${random.id()}`;
      sockets.set(socket, { attendee, onSurplus: tooMany });
      dirty.add(socket);
      flushSoon();
      const leaveHere = here.enter(attendee, tooMany);
      return () => {
        if (!sockets.delete(socket)) return;
        leaveHere();
        dirty.add(socket);
        flushSoon();
      };
    },
    now: (roomId) => Math.max(here.now(roomId), counts.get(roomField(roomId)) ?? 0),
    inUnit: (orgPath) => Math.max(here.inUnit(orgPath), counts.get(unitField(orgPath)) ?? 0),
    count: (roomId) =>
      inTurn(async () => {
        await flush();
        const people = await link.call((client) => client.hGet(COUNTS_KEY, roomField(roomId)));
        setCount(roomField(roomId), Number(people ?? 0));
        return Number(people ?? 0);
      }),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(beating);
      clearTimeout(flushTimer);
      stopBack();
      stopChange();
      link.unlisten(SURPLUS_CHANNEL);
      await inTurn(async () => {
        await flush();
        if (stay !== undefined) await link.run(END, [], [nodeId, stay]);
      }).catch(() => undefined); // it ends by itself
    },
  };
}
