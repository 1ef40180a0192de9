/**
 * Countdowns of a room: a title and a moment of server time, for everybody who is there or comes later.
 *
 * Model: running → ended (by itself, by the job of whichever node looks first) or cancelled; while it runs its moment may be
 * moved. Invariants: one runs in a room (unique index); every change is one conditional statement with its event; a moved
 * countdown names its moment, so that a second click moves nothing.
 */
import {
  type BodyOf,
  cancelCountdown,
  listCountdowns,
  MAX_COUNTDOWN_SECONDS,
  moveCountdown,
  type RoomCountdown,
  startCountdown,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { writeRoomEvent } from '../../platform/outbox.ts';
import { type Principal, requireScope } from '../../platform/principal.ts';
import { type ActivityDeps, finishEach, roomToOpenIn } from '../activities/index.ts';

export const COUNTDOWNS_JOB = 'countdowns-due';
const DUE_EVERY_MS = 1_000;
const DUE_AT_ONCE = 20;

interface CountdownRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgPath: string;
  readonly state: RoomCountdown['state'];
  readonly title: string;
  readonly startedAt: Date;
  readonly endsAt: Date;
  readonly endedAt: Date | null;
}
const toCountdown = (row: CountdownRow): RoomCountdown => ({
  id: row.id,
  roomId: row.roomId,
  state: row.state,
  title: row.title,
  startedAt: row.startedAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});
const readCountdowns = (sql: Sql, ids: readonly string[]) => sql<CountdownRow>`
  SELECT c.id, c.room_id AS "roomId", c.org_path AS "orgPath", c.state, c.title, c.started_at AS "startedAt", c.ends_at AS "endsAt",
    c.ended_at AS "endedAt"
  FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, at) JOIN countdowns c ON c.id = wanted.id ORDER BY wanted.at`;

export function createCountdowns(deps: Omit<ActivityDeps, 'standing'>) {
  const { bind, db, clock, random, guard } = deps;

  async function find(id: string, sql: Sql = db.sql): Promise<CountdownRow> {
    const [row] = await readCountdowns(sql, [id]);
    if (!row) throw new AppError('not_found');
    return row;
  }
  const tell = async (
    tx: Tx,
    actorId: string | null,
    id: string,
    kind: 'countdown:started' | 'countdown:moved' | 'countdown:ended',
  ): Promise<RoomCountdown> => {
    const row = await find(id, tx);
    const countdown = toCountdown(row);
    const action = row.state === 'cancelled' ? 'countdown:cancelled' : kind;
    const detail = { roomId: row.roomId, title: row.title, endsAt: countdown.endsAt };
    await writeAudit(tx, deps, { actorId, action, target: `countdown:${id}`, orgPath: row.orgPath, detail });
    await writeRoomEvent(tx, clock, row.roomId, { kind, countdown });
    return countdown;
  };

  async function start(principal: Principal, body: BodyOf<typeof startCountdown>): Promise<RoomCountdown> {
    const { personId } = principal;
    const { orgPath } = await deps.findRoom(body.roomId);
    requireScope(principal, 'rooms:operate', orgPath);
    const id = random.id();
    const written = { place: 'play', target: `countdown:${id}`, orgPath, roomId: body.roomId, personId } as const;
    await guard.requireClean(written, [body.title]);
    return db.transaction(async (tx) => {
      const room = await roomToOpenIn(tx, principal, body.roomId, ['scheduled', 'live']);
      const now = clock.now();
      // One whose time is over makes room, also when nobody has told it so yet.
      const [over] = await tx<{ id: string }>`UPDATE countdowns SET state = 'ended', ended_at = ${now}
        WHERE room_id = ${room.id} AND state = 'running' AND ends_at <= ${now} RETURNING id`;
      if (over) await tell(tx, null, over.id, 'countdown:ended');
      const made = await tx`
        INSERT INTO countdowns (id, room_id, org_path, state, title, started_by, started_at, ends_at)
        VALUES (${id}, ${room.id}, ${room.orgPath}, 'running', ${body.title}, ${personId}, ${now}, ${new Date(now.getTime() + body.seconds * 1_000)})
        ON CONFLICT (room_id) WHERE state = 'running' DO NOTHING RETURNING id`;
      if (made.length === 0) throw new AppError('state_conflict');
      return tell(tx, personId, id, 'countdown:started');
    });
  }

  async function move(principal: Principal, id: string, endsAt: Date): Promise<RoomCountdown> {
    const now = clock.now();
    const aheadMs = endsAt.getTime() - now.getTime();
    if (aheadMs > MAX_COUNTDOWN_SECONDS * 1_000)
      throw new AppError('invalid_request', { issues: [{ path: '/endsAt', issue: 'too_far' }] });
    if (aheadMs <= 0) throw new AppError('too_late');
    return db.transaction(async (tx) => {
      const moved = await tx`UPDATE countdowns SET ends_at = ${endsAt}
        WHERE id = ${id} AND state = 'running' AND ends_at > ${now} AND ends_at <> ${endsAt} RETURNING id`;
      if (moved.length > 0) return tell(tx, principal.personId, id, 'countdown:moved');
      const row = await find(id, tx);
      if (row.state !== 'running' || row.endsAt <= now) throw new AppError('too_late');
      return toCountdown(row);
    });
  }

  /** Ends it once. `cancelled`: by somebody, before its time; false when it had ended before. */
  async function endNow(id: string, by: { cancelled: boolean; byId: string | null }): Promise<void> {
    await db.transaction(async (tx) => {
      const now = clock.now();
      const ended = await tx`UPDATE countdowns SET state = ${by.cancelled ? 'cancelled' : 'ended'}, ended_at = ${now}
        WHERE id = ${id} AND state = 'running' AND (${by.cancelled}::boolean OR ends_at <= ${now}) RETURNING id`;
      if (ended.length > 0) await tell(tx, by.byId, id, 'countdown:ended');
    });
  }

  bind(startCountdown, ({ principal, body }) => start(principal, body));
  bind(moveCountdown, async ({ principal, params, body }) => {
    requireScope(principal, 'rooms:operate', (await find(params.id)).orgPath);
    return move(principal, params.id, new Date(body.endsAt));
  });
  bind(cancelCountdown, async ({ principal, params }) => {
    requireScope(principal, 'rooms:operate', (await find(params.id)).orgPath);
    await endNow(params.id, { cancelled: true, byId: principal.personId });
    const row = await find(params.id);
    if (row.state === 'ended') throw new AppError('too_late');
    return toCountdown(row);
  });
  bind(listCountdowns, async ({ query }) => {
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; startedAt: Date }>`
      SELECT id, started_at AS "startedAt" FROM countdowns WHERE room_id = ${query.roomId}
        AND (${after?.id ?? null}::uuid IS NULL OR (started_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
      ORDER BY started_at DESC, id DESC LIMIT ${query.limit + 1}`;
    const { rows: page, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.startedAt, id: last.id }),
    );
    return {
      items: (
        await readCountdowns(
          db.sql,
          page.map(({ id }) => id),
        )
      ).map(toCountdown),
      nextCursor,
    };
  });
  deps.jobs.every(COUNTDOWNS_JOB, DUE_EVERY_MS, async () => {
    const due = await db.sql<{ id: string }>`
      SELECT id FROM countdowns WHERE state = 'running' AND ends_at <= ${clock.now()} ORDER BY ends_at LIMIT ${DUE_AT_ONCE}`;
    await finishEach(
      due.map(({ id }) => id),
      (id) => endNow(id, { cancelled: false, byId: null }),
    );
  });

  return {
    async current(roomId: string): Promise<RoomCountdown | null> {
      const [row] = await db.sql<{ id: string }>`
        SELECT id FROM countdowns WHERE room_id = ${roomId} AND state = 'running' AND ends_at > ${clock.now()}`;
      const [countdown] = row ? await readCountdowns(db.sql, [row.id]) : [];
      return countdown ? toCountdown(countdown) : null;
    },
    /** What was counted down to does not come in this room any more. */
    async roomEnded(roomId: string): Promise<void> {
      const [row] = await db.sql<{
        id: string;
      }>`SELECT id FROM countdowns WHERE room_id = ${roomId} AND state = 'running'`;
      if (row) await endNow(row.id, { cancelled: true, byId: null });
    },
  };
}
export type Countdowns = ReturnType<typeof createCountdowns>;
