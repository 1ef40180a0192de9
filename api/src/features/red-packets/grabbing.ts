/**
 * Grabs, many at a time: a thousand people tap in the same second, and one transaction serves all who wait (group commit).
 *
 * Model: grabs of one rain that arrive within a few milliseconds are a batch. Its transaction takes the idempotency keys
 * (rule M3: asked first, stored with their effect, as platform/idempotency.ts does for one), asks once who may, takes as many
 * free packets as there are people by one statement and hands them out in the order of arrival.
 * Invariants: a refused grab leaves no key; a person with several keys in one batch has one packet and the same answer under
 * each; batches of several nodes pass over one another's packets, and nobody is told that nothing is left while a packet is
 * only held by a batch that may still fail.
 */
import { createHash } from 'node:crypto';
import { fenToWire, type Grab, grabRedPacket } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { type Db, sqlState, type Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import { createPacketRows, type Grabber } from './red-packets.repository.ts';

const BATCH_WAIT_MS = 3;
const BATCH_ITEMS = 250;
/** More who wait are told to try again. */
const PENDING = 10_000;
/** Rounds of waiting for packets that another node is just taking, before the callers are asked to try again. */
const TAKE_ROUNDS = 5;
/** Tries of a batch that met another node's grab of the same person. */
const BATCH_TRIES = 3;
const UNIQUE_VIOLATION = '23505';
const ROUTE = grabRedPacket.id;

export interface GrabRequest {
  readonly packetId: string;
  readonly personId: string;
  readonly key: string;
}
export interface GrabAnswer {
  readonly grab: Grab;
  /** The stored answer of an earlier request. */
  readonly replayed: boolean;
}
type Outcome = GrabAnswer | AppError;

const hashOf = (text: string) => createHash('sha256').update(text).digest();
const requestHash = (packetId: string): string => hashOf(packetId).toString('base64url');
const lockOf = ({ personId, key }: GrabRequest): bigint => hashOf(`${personId} ${ROUTE} ${key}`).readBigInt64BE();
const nameOf = ({ personId, key }: GrabRequest): string => `${personId} ${key}`;

/** Why somebody may not take a packet; undefined when they may, or when there is nothing more to take. */
function refusalOf(grabber: Grabber, now: Date): AppError | undefined {
  if (!grabber.valid) return new AppError('session_expired');
  if (grabber.banned) return new AppError('banned');
  if (grabber.isInsider) return new AppError('insiders_excluded');
  if (!grabber.wasThere) return new AppError('forbidden', { detail: 'never in the room' });
  const waitMs = grabber.startsAt.getTime() - now.getTime();
  return waitMs > 0 ? new AppError('too_early', { facts: { retryAfterMs: waitMs } }) : undefined;
}

export function createGrabbing(deps: {
  db: Db;
  clock: Clock;
  /** After the commit of a batch: somebody took one, or found nothing. */
  onGrabbed: (batch: { packetId: string; roomId: string; taken: number; last: number; count: number }) => void;
}) {
  const { db, clock } = deps;

  /** As many packets as there are people, in their order; null for those for whom nothing was left. */
  async function take(tx: Tx, packetId: string, people: readonly string[]) {
    const rows = createPacketRows(tx);
    const taken = new Map<string, { no: number; amountFen: bigint }>();
    for (let round = 0; round < TAKE_ROUNDS; round++) {
      const waiting = people.filter((personId) => !taken.has(personId));
      if (waiting.length === 0) return { taken, unsure: false };
      for (const one of await rows.takeMany(packetId, waiting, clock.now())) taken.set(one.personId, one);
      if (taken.size === people.length || !(await rows.waitForFree(packetId))) return { taken, unsure: false };
    }
    return { taken, unsure: true };
  }

  /** One rain's batch in one transaction; an outcome for each request. */
  async function serve(tx: Tx, packetId: string, requests: readonly GrabRequest[]): Promise<Map<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    const keys = new Map(requests.map((request) => [nameOf(request), request]));
    const all = [...keys.values()];
    const hash = requestHash(packetId);
    const locks = await tx<{ name: string; got: boolean }>`
      SELECT w.name, pg_try_advisory_xact_lock(w.lock) AS got
      FROM unnest(${all.map(nameOf)}::text[], ${all.map((request) => String(lockOf(request)))}::bigint[]) AS w(name, lock)`;
    for (const { name, got } of locks)
      if (!got) outcomes.set(name, new AppError('request_in_flight', { retryAfterSeconds: 1 }));
    const known = await tx<{ name: string; request_hash: string; reply: Grab }>`
      SELECT w.name, k.request_hash, k.reply
      FROM unnest(${all.map(nameOf)}::text[], ${all.map((r) => r.personId)}::uuid[], ${all.map((r) => r.key)}::text[]) AS w(name, person_id, key)
      JOIN idempotency_keys k ON k.person_id = w.person_id AND k.route = ${ROUTE} AND k.key = w.key`;
    for (const { name, request_hash, reply } of known)
      outcomes.set(
        name,
        request_hash === hash ? { grab: reply, replayed: true } : new AppError('idempotency_key_reused'),
      );

    const open = all.filter((request) => !outcomes.has(nameOf(request)));
    const now = clock.now();
    const rows = createPacketRows(tx);
    const people = [...new Set(open.map(({ personId }) => personId))];
    const grabbers = new Map((await rows.grabbers(packetId, people, now)).map((row) => [row.personId, row]));
    const takers: string[] = [];
    const answers = new Map<string, Outcome>();
    const answer = (amountFen: bigint | null, state: Grab['state']): Outcome => ({
      grab: { amountFen: amountFen === null ? null : fenToWire(amountFen), state },
      replayed: false,
    });
    for (const personId of people) {
      const grabber = grabbers.get(personId);
      if (!grabber) answers.set(personId, new AppError('not_found'));
      else if (grabber.amountFen !== null) answers.set(personId, answer(grabber.amountFen, grabber.state));
      else {
        const refusal = refusalOf(grabber, now);
        if (refusal) answers.set(personId, refusal);
        else if (grabber.state === 'ended' || grabber.endsAt <= now) answers.set(personId, answer(null, grabber.state));
        else takers.push(personId);
      }
    }
    if (takers.length > 0) {
      const { taken, unsure } = await take(tx, packetId, takers);
      for (const personId of takers) {
        const one = taken.get(personId);
        const nothing = unsure ? new AppError('request_in_flight', { retryAfterSeconds: 1 }) : answer(null, 'running');
        answers.set(personId, one ? answer(one.amountFen, 'running') : nothing);
      }
      const { roomId = '', count = 0 } = grabbers.get(takers[0] ?? '') ?? {};
      const last = taken.size < takers.length ? count : Math.max(...[...taken.values()].map(({ no }) => no));
      tx.afterCommit(() => deps.onGrabbed({ packetId, roomId, taken: taken.size, last, count }));
    }

    const done = open.flatMap((request) => {
      const outcome = answers.get(request.personId) ?? new AppError('not_found');
      outcomes.set(nameOf(request), outcome);
      return outcome instanceof AppError ? [] : [{ ...request, reply: JSON.stringify(outcome.grab) }];
    });
    await tx`INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, status, reply, created_at, finished_at)
      SELECT d.person_id, ${ROUTE}, d.key, ${hash}, 'done', 200, d.reply::jsonb, ${now}::timestamptz, ${now}::timestamptz
      FROM unnest(${done.map((d) => d.personId)}::uuid[], ${done.map((d) => d.key)}::text[], ${done.map((d) => d.reply)}::text[])
        AS d(person_id, key, reply)`;
    return outcomes;
  }

  async function serveAgain(packetId: string, requests: readonly GrabRequest[]): Promise<Map<string, Outcome>> {
    for (let tries = 1; ; tries++) {
      try {
        return await db.transaction((tx) => serve(tx, packetId, requests));
      } catch (error) {
        // Another node has just given one of these people a packet: it is there now.
        if (sqlState(error) !== UNIQUE_VIOLATION || tries >= BATCH_TRIES) throw error;
      }
    }
  }

  const batch = createMicroBatch<GrabRequest, Outcome>({
    waitMs: BATCH_WAIT_MS,
    maxItems: BATCH_ITEMS,
    maxPending: PENDING,
    async run(requests) {
      const byPacket = Map.groupBy(requests, ({ packetId }) => packetId);
      const outcomes = new Map<string, Map<string, Outcome>>();
      for (const [packetId, some] of byPacket) {
        const served = await serveAgain(packetId, some).catch(
          (error: unknown) => new Map(some.map((request) => [nameOf(request), failure(error)])),
        );
        outcomes.set(packetId, served);
      }
      return requests.map(
        (request) => outcomes.get(request.packetId)?.get(nameOf(request)) ?? new AppError('unavailable'),
      );
    },
  });

  return {
    /** @throws AppError not_found, session_expired, banned, insiders_excluded, forbidden (never in the room), too_early */
    async grab(request: GrabRequest): Promise<GrabAnswer> {
      const outcome = await batch.add(request);
      if (outcome instanceof AppError) throw outcome;
      return outcome;
    },
    close: batch.close,
  };
}

/** A batch of one rain that failed as a whole is no matter of another rain's. */
const failure = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('unavailable', { retryAfterSeconds: 1 }, error);
