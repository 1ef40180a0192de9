/**
 * Rule M3 for many requests in one transaction (idempotency.ts is the same for one): keys are asked first and stored with their
 * effect. A refused request leaves no key.
 */
import { createHash } from 'node:crypto';
import type { Sql, Tx } from './db.ts';
import { AppError } from './errors.ts';
import type { StoredAnswer } from './idempotency.ts';

export interface KeyedWish {
  readonly personId: string;
  readonly key: string;
  /** Tells another request under the same key from a repeated one. */
  readonly requestHash: string;
}
/** A wish by its person and key, which is what it is known by. */
export const nameOfWish = ({ personId, key }: Pick<KeyedWish, 'personId' | 'key'>): string => `${personId} ${key}`;

const lockOf = (route: string, { personId, key }: KeyedWish): string =>
  createHash('sha256').update(`${personId} ${route} ${key}`).digest().readBigInt64BE().toString();

type Settled = StoredAnswer | AppError | undefined;

/**
 * What is settled before any work, in the order of the wishes: answers that are stored, keys in use for something else or in
 * flight elsewhere. Whoever has nothing holds their key until the transaction ends. A rival that commits between lock and look
 * is met by the unique key when answers are stored: try the transaction again.
 */
export async function takeKeys(tx: Tx, route: string, wishes: readonly KeyedWish[]): Promise<Settled[]> {
  const rows = await tx<Known & { got: boolean }>`
    SELECT w.n, pg_try_advisory_xact_lock(w.lock) AS got, k.request_hash, k.status, k.reply
    FROM unnest(${wishes.map(({ personId }) => personId)}::uuid[], ${wishes.map(({ key }) => key)}::text[],
      ${wishes.map((wish) => lockOf(route, wish))}::bigint[]) WITH ORDINALITY AS w (person_id, key, lock, n)
    LEFT JOIN idempotency_keys k ON k.person_id = w.person_id AND k.route = ${route} AND k.key = w.key`;
  return inOrder(wishes, rows, ({ got }) =>
    got ? undefined : new AppError('request_in_flight', { retryAfterSeconds: 1 }),
  );
}

/** The same for those who only ask: nobody's key is held. */
export async function askKeys(sql: Sql, route: string, wishes: readonly KeyedWish[]): Promise<Settled[]> {
  const rows = await sql<Known>`
    SELECT w.n, k.request_hash, k.status, k.reply
    FROM unnest(${wishes.map(({ personId }) => personId)}::uuid[], ${wishes.map(({ key }) => key)}::text[])
      WITH ORDINALITY AS w (person_id, key, n)
    JOIN idempotency_keys k ON k.person_id = w.person_id AND k.route = ${route} AND k.key = w.key`;
  return inOrder(wishes, rows, () => undefined);
}

interface Known {
  readonly n: bigint;
  readonly request_hash: string | null;
  readonly status: number;
  readonly reply: unknown;
}
function inOrder<Row extends Known>(
  wishes: readonly KeyedWish[],
  rows: readonly Row[],
  unknown: (row: Row) => Settled,
): Settled[] {
  const settled: Settled[] = wishes.map(() => undefined);
  for (const row of rows) {
    const at = Number(row.n) - 1;
    const { request_hash, status, reply } = row;
    if (request_hash === null) settled[at] = unknown(row);
    else if (request_hash === wishes[at]?.requestHash) settled[at] = { status, reply, replayed: true };
    else settled[at] = new AppError('idempotency_key_reused');
  }
  return settled;
}

/** Stores answers beside their effect, in one statement. */
export async function storeAnswers(
  tx: Tx,
  route: string,
  answers: readonly { wish: KeyedWish; status: number; reply: unknown }[],
  at: Date,
): Promise<void> {
  if (answers.length === 0) return;
  await tx`INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, status, reply, created_at, finished_at)
    SELECT a.person_id, ${route}, a.key, a.hash, 'done', a.status, a.reply::jsonb, ${at}::timestamptz, ${at}::timestamptz
    FROM unnest(${answers.map(({ wish }) => wish.personId)}::uuid[], ${answers.map(({ wish }) => wish.key)}::text[],
      ${answers.map(({ wish }) => wish.requestHash)}::text[], ${answers.map(({ status }) => status)}::int[],
      ${answers.map(({ reply }) => JSON.stringify(reply))}::text[]) AS a (person_id, key, hash, status, reply)`;
}
