/**
 * Grabs, many at a time: one transaction serves all who wait (platform/keyed-batch.ts).
 *
 * Model: a batch asks once who may, takes as many free packets as there are people by one statement and hands them out in the
 * order of arrival.
 * Invariants: batches of several nodes pass over one another's packets, and nobody is told that nothing is left while a packet
 * is only held by a batch that may still fail.
 */
import { fenToWire, type Grab, grabRedPacket } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type AnswerAll, createKeyedBatch } from '../../platform/keyed-batch.ts';
import { createPacketRows, type Grabber } from './red-packets.repository.ts';

/** Rounds of waiting for packets that another node is just taking, before the callers are asked to try again. */
const TAKE_ROUNDS = 5;

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

/** Why somebody may not take a packet; undefined when they may, or when there is nothing more to take. */
function refusalOf(grabber: Grabber, now: Date): AppError | undefined {
  if (!grabber.valid) return new AppError('session_expired');
  if (grabber.banned) return new AppError('banned');
  if (grabber.isInsider) return new AppError('insiders_excluded');
  if (!grabber.wasThere) return new AppError('forbidden', { detail: 'never in the room' });
  const waitMs = grabber.startsAt.getTime() - now.getTime();
  return waitMs > 0 ? new AppError('too_early', { facts: { retryAfterMs: waitMs } }) : undefined;
}

const toGrab = (amountFen: bigint | null, state: Grab['state']): Grab => ({
  amountFen: amountFen === null ? null : fenToWire(amountFen),
  state,
});

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

  const answerAll: AnswerAll<Grab> = async (tx, { targetId: packetId, people, now }) => {
    const grabbers = new Map(
      (await createPacketRows(tx).grabbers(packetId, people, now)).map((row) => [row.personId, row]),
    );
    const takers: string[] = [];
    const answers = new Map<string, Grab | AppError>();
    for (const personId of people) {
      const grabber = grabbers.get(personId);
      if (!grabber) continue;
      if (grabber.amountFen !== null) {
        answers.set(personId, toGrab(grabber.amountFen, grabber.state));
        continue;
      }
      const refusal = refusalOf(grabber, now);
      if (refusal) answers.set(personId, refusal);
      else if (grabber.state === 'ended' || grabber.endsAt <= now) answers.set(personId, toGrab(null, grabber.state));
      else takers.push(personId);
    }
    if (takers.length === 0) return answers;
    const { taken, unsure } = await take(tx, packetId, takers);
    for (const personId of takers) {
      const one = taken.get(personId);
      const nothing = unsure ? new AppError('request_in_flight', { retryAfterSeconds: 1 }) : toGrab(null, 'running');
      answers.set(personId, one ? toGrab(one.amountFen, 'running') : nothing);
    }
    const { roomId = '', count = 0 } = grabbers.get(takers[0] ?? '') ?? {};
    const last = taken.size < takers.length ? count : Math.max(...[...taken.values()].map(({ no }) => no));
    tx.afterCommit(() => deps.onGrabbed({ packetId, roomId, taken: taken.size, last, count }));
    return answers;
  };
  const batch = createKeyedBatch<Grab>({ db, clock, route: grabRedPacket.id, answerAll });

  return {
    /** @throws AppError not_found, session_expired, banned, insiders_excluded, forbidden (never in the room), too_early */
    async grab({ packetId, personId, key }: GrabRequest): Promise<GrabAnswer> {
      const { reply, replayed } = await batch.ask({ targetId: packetId, personId, key });
      return { grab: reply, replayed };
    },
    close: batch.close,
  };
}
