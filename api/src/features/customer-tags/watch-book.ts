/**
 * When people were in rooms, for tags.
 *
 * Model: this node keeps the open sockets of each (room, person) and writes the time since it last wrote to `room_watches` in one
 * statement a turn. Spans are a multirange: several devices, nodes and repeated writes of the same time count once.
 * Invariants: as many entries as people present; a turn that fails keeps its time for the next one; `close` writes what is left.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';

const FLUSH_MS = 60_000;

interface Watch {
  readonly roomId: string;
  readonly personId: string;
  sockets: number;
  writtenToMs: number;
  leftAtMs: number | undefined;
}

export function createWatchBook({ db, clock, log }: { db: Db; clock: Clock; log: Logger }) {
  const watches = new Map<string, Watch>();

  async function flush(): Promise<void> {
    const now = clock.now().getTime();
    const parts = [...watches].map(([key, watch]) => ({
      key,
      watch,
      toMs: Math.max(watch.writtenToMs, watch.leftAtMs ?? now),
    }));
    const told = parts.filter(({ watch, toMs }) => toMs > watch.writtenToMs);
    if (told.length > 0)
      await db.sql`
        INSERT INTO room_watches AS w (room_id, person_id, spans, counted_to)
        SELECT n.room_id, n.person_id, range_agg(tstzrange(n.from_at, n.to_at)), max(n.to_at)
        FROM unnest(${told.map(({ watch }) => watch.roomId)}::uuid[], ${told.map(({ watch }) => watch.personId)}::uuid[],
          ${told.map(({ watch }) => new Date(watch.writtenToMs))}::timestamptz[], ${told.map(({ toMs }) => new Date(toMs))}::timestamptz[])
          AS n(room_id, person_id, from_at, to_at)
        GROUP BY n.room_id, n.person_id ORDER BY n.room_id, n.person_id
        ON CONFLICT (room_id, person_id) DO UPDATE SET spans = w.spans + EXCLUDED.spans, counted_to = greatest(w.counted_to, EXCLUDED.counted_to)`;
    for (const { key, watch, toMs } of parts) {
      watch.writtenToMs = toMs;
      // Whoever came back meanwhile stays.
      if (watch.sockets === 0 && watch.leftAtMs !== undefined && watches.get(key) === watch) watches.delete(key);
    }
  }
  const quietly = (): Promise<void> =>
    flush().catch((error: unknown) => log.warn({ err: error }, 'tags: time in rooms not written'));
  const timer = setInterval(() => void quietly(), FLUSH_MS);
  timer.unref();

  return {
    /** A socket of a person came to a room; returns what ends it. */
    enter(roomId: string, personId: string): () => void {
      const key = `${roomId}:${personId}`;
      const now = clock.now().getTime();
      let watch = watches.get(key);
      if (!watch || watch.sockets === 0) {
        // Time away does not count: what was before is written with its own end.
        const before = watch;
        if (before) watches.set(`${key}:${before.writtenToMs}`, before);
        watch = { roomId, personId, sockets: 0, writtenToMs: now, leftAtMs: undefined };
        watches.set(key, watch);
      }
      const mine = watch;
      mine.sockets += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        mine.sockets -= 1;
        if (mine.sockets === 0) mine.leftAtMs = clock.now().getTime();
      };
    },
    flush,
    /** The same; what fails is told to the log and written with the next turn. */
    flushQuietly: quietly,
    async close(): Promise<void> {
      clearInterval(timer);
      await quietly();
    },
  };
}
export type WatchBook = ReturnType<typeof createWatchBook>;
