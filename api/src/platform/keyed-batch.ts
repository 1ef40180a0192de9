/**
 * Requests with idempotency keys, many at a time: a thousand people tap in the same second, and one transaction serves all who
 * wait (group commit).
 *
 * Model: requests about one target that arrive within a few milliseconds are a batch. Its transaction takes the idempotency
 * keys (rule M3: asked first, stored with their effect, as idempotency.ts does for one) and asks once for all people's answers.
 * Invariants: a refused request leaves no key; a person with several keys in one batch is answered once, the same under each;
 * a batch that fails as a whole is no matter of another target's.
 */
import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';
import { databaseFailure } from './database-failure.ts';
import { type Db, sqlState, type Tx } from './db.ts';
import { AppError } from './errors.ts';
import { nameOfWish, storeAnswers, takeKeys } from './idempotency-many.ts';
import { createLanes } from './lanes.ts';

const BATCH_WAIT_MS = 3;
const BATCH_ITEMS = 250;
/** More who wait are told to try again. */
const PENDING = 10_000;
/** Tries of a batch that met another node's answer to the same person. */
const BATCH_TRIES = 3;
const UNIQUE_VIOLATION = '23505';

export interface KeyedRequest {
  /** What the request is about: its batch is that of all who ask about the same. */
  readonly targetId: string;
  readonly personId: string;
  readonly key: string;
}
export interface KeyedAnswer<Reply> {
  readonly reply: Reply;
  /** The stored answer of an earlier request. */
  readonly replayed: boolean;
}
/** For each person what they get; people who are missing get `not_found`. */
export type AnswerAll<Reply> = (
  tx: Tx,
  batch: { readonly targetId: string; readonly people: readonly string[]; readonly now: Date },
) => Promise<ReadonlyMap<string, Reply | AppError>>;

const requestHash = (targetId: string): string => createHash('sha256').update(targetId).digest('base64url');

export function createKeyedBatch<Reply extends object>(deps: {
  db: Db;
  clock: Clock;
  /** Id of the route whose keys these are. */
  route: string;
  answerAll: AnswerAll<Reply>;
}) {
  const { db, clock, route } = deps;
  type Outcome = KeyedAnswer<Reply> | AppError;

  /** One target's batch in one transaction; an outcome for each request. */
  async function serve(tx: Tx, targetId: string, requests: readonly KeyedRequest[]): Promise<Map<string, Outcome>> {
    const outcomes = new Map<string, Outcome>();
    const all = [...new Map(requests.map((request) => [nameOfWish(request), request])).values()];
    const wishOf = ({ personId, key }: KeyedRequest) => ({ personId, key, requestHash: requestHash(targetId) });
    for (const [n, settled] of (await takeKeys(tx, route, all.map(wishOf))).entries()) {
      const request = all[n];
      if (!settled || !request) continue;
      const outcome = settled instanceof AppError ? settled : { reply: settled.reply as Reply, replayed: true };
      outcomes.set(nameOfWish(request), outcome);
    }

    const open = all.filter((request) => !outcomes.has(nameOfWish(request)));
    const now = clock.now();
    const people = [...new Set(open.map(({ personId }) => personId))];
    const answers = await deps.answerAll(tx, { targetId, people, now });
    const done = open.flatMap((request) => {
      const answer = answers.get(request.personId) ?? new AppError('not_found');
      outcomes.set(nameOfWish(request), answer instanceof AppError ? answer : { reply: answer, replayed: false });
      return answer instanceof AppError ? [] : [{ wish: wishOf(request), status: 200, reply: answer }];
    });
    await storeAnswers(tx, route, done, now);
    return outcomes;
  }

  async function serveAgain(targetId: string, requests: readonly KeyedRequest[]): Promise<Map<string, Outcome>> {
    for (let tries = 1; ; tries++) {
      try {
        return await db.transaction((tx) => serve(tx, targetId, requests));
      } catch (error) {
        // Another node has just answered one of these people: it is there now.
        if (sqlState(error) !== UNIQUE_VIOLATION || tries >= BATCH_TRIES) throw error;
      }
    }
  }

  /** Whatever went wrong with many need not be wrong with each: the half it lies in is found. */
  async function serveOrHalve(targetId: string, requests: readonly KeyedRequest[]): Promise<Map<string, Outcome>> {
    try {
      return await serveAgain(targetId, requests);
    } catch (error) {
      if (requests.length === 1 || databaseFailure(error) === 'unavailable')
        return new Map(requests.map((request) => [nameOfWish(request), failure(error)]));
      const half = Math.ceil(requests.length / 2);
      const first = await serveOrHalve(targetId, requests.slice(0, half));
      return new Map([...first, ...(await serveOrHalve(targetId, requests.slice(half)))]);
    }
  }

  const lanes = createLanes<KeyedRequest, Outcome>({
    waitMs: BATCH_WAIT_MS,
    maxItems: BATCH_ITEMS,
    maxPending: PENDING,
    async run(targetId, requests) {
      const outcomes = await serveOrHalve(targetId, requests);
      return requests.map((request) => outcomes.get(nameOfWish(request)) ?? new AppError('unavailable'));
    },
  });

  return {
    /** @throws AppError what `answerAll` refused, request_in_flight, idempotency_key_reused, unavailable */
    async ask(request: KeyedRequest): Promise<KeyedAnswer<Reply>> {
      const outcome = await lanes.add(request.targetId, request);
      if (outcome instanceof AppError) throw outcome;
      return outcome;
    },
    close: lanes.close,
  };
}

const failure = (error: unknown): AppError =>
  error instanceof AppError ? error : new AppError('unavailable', { retryAfterSeconds: 1 }, error);
