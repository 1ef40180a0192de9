/**
 * When somebody was in a conference: time with an open connection, on any node.
 *
 * Model: a node keeps, for each person with a socket in a conference here, the moment from which it has not told yet. Every
 * FLUSH_MS, with the last socket and at its end it adds the span since then to those of the row; the database keeps their
 * union, so two nodes (or two devices) at once count once, whoever tells first, and what is told twice changes nothing. A
 * span is forgotten when it is written: one that cannot be is told again with the next flush. A node that is killed loses
 * FLUSH_MS at most. Rooms of another kind are asked once and then cost nothing.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';

const FLUSH_MS = 20_000;
/** A room whose kind cannot be read is asked for again. */
const ASK_AGAIN_MS = 1_000;
/** Spans of people who have left, while the database is away; beyond, the oldest are lost. */
const UNWRITTEN_KEPT = 10_000;

interface Presence {
  readonly roomId: string;
  readonly personId: string;
  readonly firstAtMs: number;
  sockets: number;
  /** What was before is written. */
  writtenToMs: number;
  leftAtMs: number | undefined;
}
interface Room {
  sockets: number;
  readonly isConference: Promise<boolean>;
}

export function createAttendanceBook(deps: {
  db: { readonly sql: Db['sql'] };
  clock: Clock;
  log: Pick<Logger, 'warn'>;
}) {
  const { db, clock, log } = deps;
  const present = new Map<string, Presence>();
  /** They have left, and their last span is not written yet. */
  const gone = new Set<Presence>();
  const rooms = new Map<string, Room>();
  let closed = false;

  async function write(presence: Presence): Promise<void> {
    const { roomId, personId, firstAtMs, writtenToMs, leftAtMs } = presence;
    const from = new Date(writtenToMs);
    const to = new Date(Math.max(writtenToMs, leftAtMs ?? clock.now().getTime()));
    await db.sql`INSERT INTO room_attendances AS a (room_id, person_id, first_at, counted_to, spans)
      VALUES (${roomId}, ${personId}, ${new Date(firstAtMs)}, ${to}, tstzmultirange(tstzrange(${from}, ${to})))
      ON CONFLICT (room_id, person_id) DO UPDATE SET first_at = least(a.first_at, EXCLUDED.first_at),
        counted_to = greatest(a.counted_to, EXCLUDED.counted_to), spans = a.spans + EXCLUDED.spans`;
    presence.writtenToMs = Math.max(presence.writtenToMs, to.getTime());
    if (leftAtMs !== undefined) gone.delete(presence);
  }
  const writeQuietly = (presence: Presence): Promise<void> =>
    write(presence).catch((error: unknown) => log.warn({ err: error }, 'conference: attendance not written'));
  const flush = async (): Promise<void> => {
    await Promise.all([...present.values(), ...gone].map(writeQuietly));
  };
  const flushing = setInterval(() => void flush(), FLUSH_MS);
  flushing.unref();

  function leave(presence: Presence, atMs: number): void {
    presence.leftAtMs = atMs;
    gone.add(presence);
    for (const oldest of gone) {
      if (gone.size <= UNWRITTEN_KEPT) break;
      gone.delete(oldest);
    }
    void writeQuietly(presence);
  }

  /** Nobody's time is lost because the question failed: it is put again until it is answered. */
  async function askKind(roomId: string): Promise<boolean> {
    while (!closed) {
      try {
        const [row] = await db.sql<{ kind: string }>`SELECT kind FROM rooms WHERE id = ${roomId}`;
        return row?.kind === 'conference';
      } catch (error) {
        log.warn({ err: error, roomId }, 'conference: kind of a room not read');
        await new Promise<void>((resolve) => void setTimeout(resolve, ASK_AGAIN_MS).unref());
      }
    }
    return false;
  }
  function open(roomId: string): Room {
    const room = rooms.get(roomId) ?? { sockets: 0, isConference: askKind(roomId) };
    rooms.set(roomId, room);
    return room;
  }

  return {
    /** One socket came; the undo says that it left. */
    enter(roomId: string, personId: string): () => void {
      const room = open(roomId);
      room.sockets += 1;
      const key = `${roomId} ${personId}`;
      const atMs = clock.now().getTime();
      let leftAtMs: number | undefined;
      let mine: Presence | undefined;
      void room.isConference.then((isConference) => {
        if (!isConference) return;
        const known = present.get(key);
        mine = known ?? { roomId, personId, firstAtMs: atMs, sockets: 0, writtenToMs: atMs, leftAtMs: undefined };
        mine.sockets += 1;
        present.set(key, mine);
        if (leftAtMs !== undefined) release(mine, leftAtMs);
        else if (!known) void writeQuietly(mine); // whoever came is on the list at once
      });
      function release(presence: Presence, toMs: number): void {
        presence.sockets -= 1;
        if (presence.sockets > 0) return;
        present.delete(key);
        leave(presence, toMs);
      }
      return () => {
        if (leftAtMs !== undefined) return;
        leftAtMs = clock.now().getTime();
        room.sockets -= 1;
        if (room.sockets === 0 && rooms.get(roomId) === room) rooms.delete(roomId);
        if (mine) release(mine, leftAtMs);
      };
    },
    /** Writes what is not written yet. */
    flush,
    async close(): Promise<void> {
      closed = true;
      clearInterval(flushing);
      await flush();
      present.clear();
      gone.clear();
    },
  };
}
export type AttendanceBook = ReturnType<typeof createAttendanceBook>;
