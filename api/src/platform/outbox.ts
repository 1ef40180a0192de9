/**
 * Facts of a transaction reach the world after commit, never before: `write` puts a row beside the effect, the publisher
 * (one at a time, by advisory lock) hands rows to the subscribers in order and marks them. A subscriber may see a row again
 * after a crash; `id` is stable, so the room log appends it once.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Clock } from './clock.ts';
import { coalesce } from './coalesce.ts';
import type { DatabaseNews } from './database-news.ts';
import type { Db, Tx } from './db.ts';
import type { Logger } from './logger.ts';
import { type Stored, type Tracing, untraced } from './tracing.ts';

export interface OutboxMessage {
  id: bigint;
  topic: 'room';
  roomId: string;
  event: RoomEvent;
  at: Date;
  /** Of its publishing, below the transaction that wrote it. */
  traceparent: Stored;
}
export type OutboxSubscriber = (messages: readonly OutboxMessage[]) => Promise<void>;

const CHANNEL = 'outbox';
const BATCH = 200;
const IDLE_POLL_MS = 1_000;
const PUBLISHER_LOCK = 5_150_001;

/** Puts an event of a room into the outbox of this transaction. */
export async function writeRoomEvent(tx: Tx, clock: Clock, roomId: string, event: RoomEvent): Promise<void> {
  await tx`INSERT INTO outbox (topic, room_id, payload, created_at, traceparent)
    VALUES ('room', ${roomId}, ${JSON.stringify(event)}::jsonb, ${clock.now()}, ${tx.traceparent() ?? null})`;
  await tx`SELECT pg_notify(${CHANNEL}, '')`; // delivered by PostgreSQL when this transaction commits
}

/** The same for many rooms in one statement; events of one room keep their order. */
export async function writeRoomEvents(
  tx: Tx,
  clock: Clock,
  events: readonly { roomId: string; event: RoomEvent; traceparent?: Stored }[],
): Promise<void> {
  if (events.length === 0) return;
  const parents = events.map(({ traceparent }) => traceparent ?? tx.traceparent() ?? null);
  await tx`INSERT INTO outbox (topic, room_id, payload, created_at, traceparent)
    SELECT 'room', room_id, payload::jsonb, ${clock.now()}, traceparent
    FROM unnest(${events.map(({ roomId }) => roomId)}::uuid[], ${events.map(({ event }) => JSON.stringify(event))}::text[],
      ${parents}::text[]) WITH ORDINALITY AS e(room_id, payload, traceparent, at) ORDER BY at`;
  await tx`SELECT pg_notify(${CHANNEL}, '')`;
}

export interface OutboxPublisher {
  subscribe(subscriber: OutboxSubscriber): () => void;
  /** Publishes what is there now; resolves when nothing is left. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createOutboxPublisher(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  news: Pick<DatabaseNews, 'listen'>;
  tracing?: Tracing;
}): OutboxPublisher {
  const { db, clock, log, tracing = untraced } = deps;
  const subscribers = new Set<OutboxSubscriber>();
  let closed = false;

  async function publishBatch(): Promise<number> {
    return db.transaction(async (tx) => {
      const [lock] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${PUBLISHER_LOCK}) AS got`;
      if (!lock?.got) return 0;
      const rows = await tx<{ id: bigint; room_id: string; payload: RoomEvent; created_at: Date; traceparent: Stored }>`
        SELECT id, room_id, payload, created_at, traceparent FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${BATCH}`;
      if (rows.length === 0) return 0;
      // Whoever leaves while we publish still gets this batch; with nobody there it waits for the next process.
      const receivers = [...subscribers];
      if (receivers.length === 0) return 0;
      const parents = rows.map(({ traceparent }) => traceparent);
      await tracing.each(
        'outbox.publish',
        parents,
        async (own) => {
          const messages = rows.map((row, n) => ({
            ...{ id: row.id, topic: 'room' as const, roomId: row.room_id, event: row.payload, at: row.created_at },
            traceparent: own[n],
          }));
          for (const receiver of receivers) await receiver(messages);
        },
        { kind: 'consumer', facts: { 'walnut.together': rows.length } },
      );
      await tx`UPDATE outbox SET published_at = ${clock.now()} WHERE id = ANY(${rows.map((row) => row.id)}::bigint[])`;
      return rows.length;
    });
  }

  const publish = coalesce(async () => {
    try {
      while (!closed && subscribers.size > 0 && (await publishBatch()) > 0);
    } catch (error) {
      log.error({ err: error }, 'outbox: publishing failed, will try again');
    }
  });

  const timer = setInterval(() => void publish(), IDLE_POLL_MS);
  timer.unref();
  // Commits are told at once; what is not told the poll finds within a second.
  const unlisten = deps.news.listen(CHANNEL, () => void publish());

  return {
    subscribe(subscriber) {
      subscribers.add(subscriber);
      void publish();
      return () => void subscribers.delete(subscriber);
    },
    drain: publish,
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      unlisten();
      await publish.close();
    },
  };
}
