/**
 * How long somebody was in a conference: time with an open connection, on any node.
 *
 * Model: a node keeps, for each person with a socket in a conference here, the moment up to which it has counted. Every
 * FLUSH_MS, with the last socket and at its end it adds the whole seconds since. The row knows up to when anybody has counted,
 * so two nodes (or two devices) at once count once. A node that is killed loses FLUSH_MS at most. Rooms of another kind are
 * asked once and then cost nothing.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Logger } from '../../platform/logger.ts';

const FLUSH_MS = 20_000;

interface Presence {
  readonly roomId: string;
  readonly personId: string;
  readonly firstAtMs: number;
  sockets: number;
  countedToMs: number;
}

export function createAttendanceBook(deps: { db: Db; clock: Clock; log: Logger }) {
  const { db, clock, log } = deps;
  const present = new Map<string, Presence>();
  const kinds = new Map<string, { sockets: number; isConference: Promise<boolean> }>();

  async function write(presence: Presence): Promise<void> {
    const seconds = Math.floor((clock.now().getTime() - presence.countedToMs) / 1_000);
    presence.countedToMs += seconds * 1_000;
    const countedTo = new Date(presence.countedToMs);
    await db.sql`INSERT INTO room_attendances AS a (room_id, person_id, first_at, counted_to, seconds)
      VALUES (${presence.roomId}, ${presence.personId}, ${new Date(presence.firstAtMs)}, ${countedTo}, ${seconds})
      ON CONFLICT (room_id, person_id) DO UPDATE SET
        seconds = a.seconds + greatest(0, least(EXCLUDED.seconds, floor(extract(epoch FROM EXCLUDED.counted_to - a.counted_to))::int)),
        counted_to = greatest(a.counted_to, EXCLUDED.counted_to)`;
  }
  const writeQuietly = (presence: Presence): Promise<void> =>
    write(presence).catch((error: unknown) => log.warn({ err: error }, 'conference: attendance not written'));

  const flushing = setInterval(() => {
    for (const presence of present.values()) void writeQuietly(presence);
  }, FLUSH_MS);
  flushing.unref();

  function kindOf(roomId: string) {
    const known = kinds.get(roomId);
    if (known) return known;
    const made = {
      sockets: 0,
      isConference: db.sql<{ kind: string }>`SELECT kind FROM rooms WHERE id = ${roomId}`
        .then(([row]) => row?.kind === 'conference')
        .catch(() => false),
    };
    kinds.set(roomId, made);
    return made;
  }

  return {
    /** One socket came; the undo says that it left. */
    enter(roomId: string, personId: string): () => void {
      const kind = kindOf(roomId);
      kind.sockets += 1;
      const key = `${roomId} ${personId}`;
      const atMs = clock.now().getTime();
      let left = false;
      let counted = false;
      void kind.isConference.then((isConference) => {
        if (!isConference || left) return;
        counted = true;
        const known = present.get(key);
        if (known) known.sockets += 1;
        else {
          const presence = { roomId, personId, firstAtMs: atMs, sockets: 1, countedToMs: atMs };
          present.set(key, presence);
          void writeQuietly(presence); // whoever came is on the list at once
        }
      });
      return () => {
        if (left) return;
        left = true;
        kind.sockets -= 1;
        if (kind.sockets === 0) kinds.delete(roomId);
        const presence = present.get(key);
        if (!counted || !presence) return;
        presence.sockets -= 1;
        if (presence.sockets > 0) return;
        present.delete(key);
        void writeQuietly(presence);
      };
    },
    async close(): Promise<void> {
      clearInterval(flushing);
      const rest = [...present.values()];
      present.clear();
      await Promise.all(rest.map(writeQuietly));
    },
  };
}
export type AttendanceBook = ReturnType<typeof createAttendanceBook>;
