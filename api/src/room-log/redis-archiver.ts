/**
 * Copies what is in the streams to the journal, and lets the streams go of it.
 *
 * Whoever appends writes to the journal before they answer; so mostly there is nothing left to copy, and the archiver only
 * moves the cursor. What a node did not come to write before it died is copied here.
 * Invariants: one archiver at a time per room (row lock, given free by PostgreSQL when its holder dies); the cursor moves in
 * the transaction that writes what it passes; an entry is in the journal once however often it is copied; nothing leaves a
 * stream before the cursor has passed it.
 */
import type { Db } from '../platform/db.ts';
import type { Logger } from '../platform/logger.ts';
import { RedisAway, type RedisLink } from '../platform/redis-link.ts';
import { lockCursor, moveCursor, writeMissing } from './epochs.ts';
import { isLasting } from './events.ts';
import { readPart } from './followed-rooms.ts';
import { ARCHIVED, idsKey, logKey, stateKey, UNARCHIVED_KEY } from './redis-scripts.ts';

const EVERY_MS = 500;
const PAGE = 1_000;
const ROOMS_PER_TURN = 200;

export function createRedisArchiver(deps: { link: RedisLink; db: Pick<Db, 'transaction'>; log: Logger; keep: number }) {
  const { link, db, log, keep } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;

  /** Copies one page; true if there is more. */
  async function archivePage(roomId: string): Promise<boolean> {
    const page = await db.transaction(async (tx) => {
      const cursor = await lockCursor(tx, roomId);
      if (cursor === undefined) return undefined;
      const { seq, entries } = await readPart(link, roomId, cursor, PAGE);
      const isLast = entries.length < PAGE;
      const upTo = Math.max(cursor, isLast ? seq : (entries.at(-1)?.seq ?? cursor));
      const lasting = entries.filter(({ event }) => isLasting(event.kind));
      if (lasting.length > 0) {
        const there = await tx<{ seq: bigint }>`SELECT seq FROM room_events
          WHERE room_id = ${roomId} AND seq > ${cursor} AND seq <= ${upTo}`;
        const known = new Set(there.map((row) => Number(row.seq)));
        await writeMissing(
          tx,
          lasting.filter((entry) => !known.has(entry.seq)),
        );
      }
      if (upTo > cursor) await moveCursor(tx, roomId, upTo);
      return { upTo, isLast };
    });
    if (!page) return false;
    await link.run(
      ARCHIVED,
      [stateKey(roomId), logKey(roomId), idsKey(roomId), UNARCHIVED_KEY],
      [String(page.upTo), String(keep), roomId, String(PAGE)],
    );
    return !page.isLast;
  }

  async function turn(): Promise<void> {
    if (!link.isThere()) return;
    const roomIds = await link.call((client) => client.zRange(UNARCHIVED_KEY, 0, ROOMS_PER_TURN - 1));
    for (const roomId of roomIds) {
      try {
        while (!closed && (await archivePage(roomId)));
      } catch (error) {
        if (error instanceof RedisAway) throw error;
        log.error({ err: error, roomId }, 'room log: a room could not be archived, will try again');
      }
    }
  }

  function soon(): void {
    if (closed) return;
    timer = setTimeout(() => {
      running = turn()
        .catch((error: unknown) => {
          if (!(error instanceof RedisAway)) log.error({ err: error }, 'room log: nothing could be archived');
        })
        .finally(soon);
    }, EVERY_MS);
    timer.unref();
  }
  soon();

  return {
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
