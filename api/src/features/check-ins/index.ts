/**
 * Check-in of a room, and the streak of a person through the lives of a store.
 *
 * Model: one row for a room (open ⇄ closed), one mark for each person, room and day of Shanghai; the streak is worked out from
 * the marks when somebody asks. There are no rewards: nothing here moves money.
 * Invariants: the primary key of a mark makes second clicks, tabs and nodes one; marks are append-only; people are counted
 * once, on however many days the room was open (rule Z8).
 */
import {
  type BodyOf,
  type CheckIn,
  closeCheckIn,
  getCheckIn,
  type MyCheckIn,
  myCheckIn,
  openCheckIn,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { type ActivityDeps, createNews, refusalOfTakingPart, roomToOpenIn } from '../activities/index.ts';
import { shanghaiDay, streakOf } from './streak.policy.ts';

/** A streak ends there at the latest: more lives than that are not looked at. */
const LONGEST_STREAK = 400;

interface CheckInRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly state: CheckIn['state'];
  readonly message: string;
  readonly people: number;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
}
/** Among the lives of its store. */
type Place = Pick<CheckInRow, 'id' | 'orgUnitId' | 'openedAt'>;

const toCheckIn = (row: CheckInRow): CheckIn => ({
  id: row.id,
  roomId: row.roomId,
  state: row.state,
  message: row.message,
  people: row.people,
  openedAt: row.openedAt.toISOString(),
  closedAt: row.closedAt?.toISOString() ?? null,
});

async function readCheckIn(sql: Sql, key: { id: string } | { roomId: string }): Promise<CheckInRow | undefined> {
  const [id, roomId] = 'id' in key ? [key.id, null] : [null, key.roomId];
  const [row] = await sql<CheckInRow>`
    SELECT c.id, c.room_id AS "roomId", c.org_unit_id AS "orgUnitId", c.org_path AS "orgPath", c.state, c.message,
      (SELECT count(DISTINCT m.person_id) FROM check_in_marks m WHERE m.check_in_id = c.id)::int AS people,
      c.opened_at AS "openedAt", c.closed_at AS "closedAt"
    FROM check_ins c WHERE c.id = ${id}::uuid OR c.room_id = ${roomId}::uuid`;
  return row;
}

export function createCheckIns(deps: ActivityDeps) {
  const { bind, db, clock, random, guard } = deps;
  const news = createNews({
    ...deps,
    async read(id) {
      const row = await readCheckIn(db.sql, { id });
      return row && { kind: 'check-in:counted', checkInId: id, people: row.people };
    },
  });

  async function find(id: string, sql: Sql = db.sql): Promise<CheckInRow> {
    const row = await readCheckIn(sql, { id });
    if (!row) throw new AppError('not_found');
    return row;
  }
  const tell = async (tx: Tx, actorId: string | null, id: string, kind: 'check-in:opened' | 'check-in:closed') => {
    const row = await find(id, tx);
    const detail = { roomId: row.roomId, people: row.people };
    await writeAudit(tx, deps, { actorId, action: kind, target: `check-in:${id}`, orgPath: row.orgPath, detail });
    await writeRoomEvent(tx, clock, row.roomId, { kind, checkIn: toCheckIn(row) });
    return toCheckIn(row);
  };

  async function open(principal: Principal, body: BodyOf<typeof openCheckIn>): Promise<CheckIn> {
    const { personId } = principal;
    const { orgPath } = await deps.findRoom(body.roomId);
    requireScope(principal, 'rooms:operate', orgPath);
    const target = `check-in of room:${body.roomId}`;
    await guard.requireClean({ place: 'play', target, orgPath, roomId: body.roomId, personId }, [body.message]);
    return db.transaction(async (tx) => {
      const room = await roomToOpenIn(tx, principal, body.roomId, ['live']);
      const [changed] = await tx<{ id: string }>`
        INSERT INTO check_ins AS c (id, room_id, org_unit_id, org_path, state, message, opened_by, opened_at)
        VALUES (${random.id()}, ${room.id}, ${room.orgUnitId}, ${room.orgPath}, 'open', ${body.message}, ${personId}, ${clock.now()})
        ON CONFLICT (room_id) DO UPDATE SET state = 'open', closed_at = NULL, message = excluded.message
          WHERE c.state = 'closed' OR c.message <> excluded.message RETURNING id`;
      if (changed) return tell(tx, personId, changed.id, 'check-in:opened');
      const row = await readCheckIn(tx, { roomId: room.id });
      if (!row) throw new Error('a check-in was there and is gone');
      return toCheckIn(row);
    });
  }

  async function closeNow(id: string, byId: string | null): Promise<void> {
    await db.transaction(async (tx) => {
      const closed = await tx`UPDATE check_ins SET state = 'closed', closed_at = ${clock.now()}
        WHERE id = ${id} AND state = 'open' RETURNING id`;
      if (closed.length > 0) await tell(tx, byId, id, 'check-in:closed');
    });
  }

  async function mine(personId: string, checkIn: Place): Promise<MyCheckIn> {
    const [lives, [today]] = await Promise.all([
      db.sql<{ attended: boolean }>`
        SELECT EXISTS (SELECT 1 FROM check_in_marks m WHERE m.check_in_id = c.id AND m.person_id = ${personId}) AS attended
        FROM check_ins c WHERE c.org_unit_id = ${checkIn.orgUnitId} AND (c.opened_at, c.id) <= (${checkIn.openedAt}, ${checkIn.id}::uuid)
        ORDER BY c.opened_at DESC, c.id DESC LIMIT ${LONGEST_STREAK}`,
      db.sql<{ done: boolean }>`SELECT EXISTS (SELECT 1 FROM check_in_marks WHERE check_in_id = ${checkIn.id}
        AND person_id = ${personId} AND day = ${shanghaiDay(clock.now())}::date) AS done`,
    ]);
    return { done: today?.done ?? false, streak: streakOf(lives.map(({ attended }) => attended)) };
  }

  bind(openCheckIn, ({ principal, body }) => open(principal, body));
  bind(closeCheckIn, async ({ principal, params }) => {
    requireScope(principal, 'rooms:operate', (await find(params.id)).orgPath);
    await closeNow(params.id, principal.personId);
    return toCheckIn(await find(params.id));
  });
  bind(getCheckIn, async ({ params }) => toCheckIn(await find(params.id)));
  bind(myCheckIn, async ({ principal, params }) => mine(principal.personId, await find(params.id)));

  return {
    /**
     * Somebody in the room checks in. Again on the same day = the same answer, also after it was closed.
     * @throws AppError not_found (never opened), state_conflict (closed), banned, unauthenticated, insiders_excluded, room_not_live
     */
    async do(principal: Principal, roomId: string): Promise<{ streak: number }> {
      const { personId } = principal;
      const standing = await deps.standing(roomId, personId);
      const refused = refusalOfTakingPart(standing && { ...standing, kind: standing.principal.kind });
      if (refused) throw new AppError(refused);
      const at = clock.now();
      const day = shanghaiDay(at);
      // Without its count: a crowd checks in within seconds.
      const [row] = await db.sql<Place>`
        SELECT id, org_unit_id AS "orgUnitId", opened_at AS "openedAt" FROM check_ins WHERE room_id = ${roomId}`;
      if (!row) throw new AppError('not_found');
      const isNew = await db.transaction(async (tx) => {
        // Held open until the mark is there: who closes it waits, and the number that is told then has it.
        const held = await tx`SELECT id FROM check_ins WHERE id = ${row.id} AND state = 'open' FOR SHARE`;
        if (held.length === 0) return undefined;
        const made = await tx`INSERT INTO check_in_marks (check_in_id, person_id, day, at)
          VALUES (${row.id}, ${personId}, ${day}::date, ${at}) ON CONFLICT DO NOTHING RETURNING check_in_id`;
        return made.length > 0;
      });
      if (isNew) news.mark(row.id, roomId);
      const { done, streak } = await mine(personId, row);
      if (isNew === undefined && !done) throw new AppError('state_conflict', { facts: { state: 'closed' } });
      return { streak };
    },

    async current(roomId: string): Promise<CheckIn | null> {
      const row = await readCheckIn(db.sql, { roomId });
      return row?.state === 'open' ? toCheckIn(row) : null;
    },
    async roomEnded(roomId: string): Promise<void> {
      const row = await readCheckIn(db.sql, { roomId });
      if (row?.state === 'open') await closeNow(row.id, null);
    },
    stop: news.stop,
  };
}
export type CheckIns = ReturnType<typeof createCheckIns>;
