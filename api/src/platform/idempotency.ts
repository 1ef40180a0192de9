/**
 * Rule M3. The key row is written in the transaction of its effect, so there is a stored answer exactly when the effect
 * happened. While the first request is in flight its advisory lock is held: a second one is told so at once. A request that
 * failed leaves no row; the same key may be tried again.
 */
import { createHash } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Db, Tx } from './db.ts';
import { AppError } from './errors.ts';

const KEY_PATTERN = /^[\x21-\x7e]{8,128}$/;

export interface StoredAnswer {
  status: number;
  reply: unknown;
  replayed: boolean;
}

/** @throws AppError idempotency_key_missing, invalid_request */
export function requireKey(key: string | undefined): string {
  if (key === undefined) throw new AppError('idempotency_key_missing');
  if (!KEY_PATTERN.test(key))
    throw new AppError('invalid_request', { detail: 'Idempotency-Key: 8 to 128 visible ASCII characters' });
  return key;
}

/** What tells a repeated request from another one under the same key. */
export const hashOfRequest = (request: unknown): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('base64url');

export async function withIdempotencyKey(
  deps: { db: Db; clock: Clock },
  request: { key: string | undefined; personId: string; route: string; request: unknown },
  work: (tx: Tx) => Promise<{ status: number; reply: unknown }>,
): Promise<StoredAnswer> {
  const { personId, route } = request;
  const key = requireKey(request.key);
  const requestHash = hashOfRequest(request.request);
  const lock = createHash('sha256').update(`${personId} ${route} ${key}`).digest().readBigInt64BE();

  return deps.db.transaction(async (tx) => {
    const [held] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${lock}::bigint) AS got`;
    if (!held?.got) throw new AppError('request_in_flight', { retryAfterSeconds: 1 });
    const [known] = await tx<{ request_hash: string; status: number; reply: unknown }>`
      SELECT request_hash, status, reply FROM idempotency_keys WHERE person_id = ${personId} AND route = ${route} AND key = ${key}`;
    if (known) {
      if (known.request_hash !== requestHash) throw new AppError('idempotency_key_reused');
      return { status: known.status, reply: known.reply, replayed: true };
    }
    const answer = await work(tx);
    const now = deps.clock.now();
    await tx`INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, status, reply, created_at, finished_at)
      VALUES (${personId}, ${route}, ${key}, ${requestHash}, 'done', ${answer.status}, ${JSON.stringify(answer.reply)}::jsonb, ${now}, ${now})`;
    return { ...answer, replayed: false };
  });
}

/**
 * The same for work that asks another party, which must not hold a transaction meanwhile: the answer is stored after the work.
 * A process that dies in between has stored none, and the work is done again: it must be safe to repeat by itself.
 */
export function createKeysApart(deps: { db: Db; clock: Clock }) {
  const running = new Set<string>();
  return async <Reply>(
    request: { key: string | undefined; personId: string; route: string; request: unknown },
    work: () => Promise<Reply>,
  ): Promise<Reply> => {
    const { personId, route } = request;
    const key = requireKey(request.key);
    const requestHash = hashOfRequest(request.request);
    const name = `${personId} ${route} ${key}`;
    if (running.has(name)) throw new AppError('request_in_flight', { retryAfterSeconds: 1 });
    running.add(name);
    try {
      const [known] = await deps.db.sql<{ request_hash: string; reply: Reply }>`
        SELECT request_hash, reply FROM idempotency_keys WHERE person_id = ${personId} AND route = ${route} AND key = ${key}`;
      if (known) {
        if (known.request_hash !== requestHash) throw new AppError('idempotency_key_reused');
        return known.reply;
      }
      const reply = await work();
      const now = deps.clock.now();
      await deps.db
        .sql`INSERT INTO idempotency_keys (person_id, route, key, request_hash, state, status, reply, created_at, finished_at)
        VALUES (${personId}, ${route}, ${key}, ${requestHash}, 'done', 200, ${JSON.stringify(reply)}::jsonb, ${now}, ${now})
        ON CONFLICT DO NOTHING`;
      return reply;
    } finally {
      running.delete(name);
    }
  };
}
