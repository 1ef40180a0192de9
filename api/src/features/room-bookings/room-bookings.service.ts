/**
 * Bookings of a room (预约): who wants to be told when it starts.
 *
 * Model: open → undone | live | over | cancelled | refused. An open booking remembers which start the person knows of (`told_for`) and was
 * reminded of (`reminded_for`); the job compares that with the room as it is. So a reminder is no timer that a restart could
 * lose: whatever was missed is seen in the next turn, and what came too late is left out.
 * Invariants: a step and its message are one transaction with the booking's row locked, so each is taken once on any number of
 * nodes; a number shown is a count of people who have booked and not taken it back; whoever may not enter the room when there
 * is something to tell (its audience, a ban, a switched-off account) hears nothing of it, and the booking is closed as refused.
 */
import type { MessageContent, RoomBooking, RoomState } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { MessageDraft, Messages } from '../messages/index.ts';
import type { Entries } from '../room-access/index.ts';
import { dueRooms } from './due-rooms.ts';
import { type BookingFacts, nextStep, OVER_HOURS, REMIND_MINUTES, type Step } from './room-bookings.policy.ts';

const BATCH = 500;
const MINUTE_MS = 60_000;

export interface BookingsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly entries: Entries;
  readonly messages: Pick<Messages, 'enqueue' | 'giveConsent' | 'wechatUrl'>;
  /** How long a visit by a link is credited (rule A3). */
  readonly creditWindowSeconds: (tx: Tx, at: Date) => Promise<number>;
}

interface DueRow {
  readonly roomId: string;
  readonly personId: string;
  readonly bookedAt: Date;
  readonly toldFor: Date | null;
  readonly toldAt: Date;
  readonly remindedFor: Date | null;
  readonly state: RoomState;
  readonly scheduledAt: Date | null;
  readonly startedAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly title: string;
  readonly coverUrl: string;
  readonly unitId: string;
  readonly unitPath: string;
  readonly unitName: string;
  /** Their account is switched off, or they were put out of the room. */
  readonly isOut: boolean;
}
/** What becomes of a booking, and what is told. */
type Outcome = { readonly tell: Step['tell']; readonly after: Step['after'] | { readonly closed: 'refused' } };

export function createBookingsService(deps: BookingsDeps) {
  const { db, clock, messages, entries } = deps;

  async function view(roomId: string, personId: string): Promise<RoomBooking> {
    const [row] = await db.sql<{ booked: boolean; people: number; state: RoomState }>`
      SELECT r.state, EXISTS (SELECT 1 FROM room_bookings b WHERE b.room_id = r.id AND b.person_id = ${personId} AND b.closed_at IS NULL) AS booked,
        (SELECT count(*)::int FROM room_bookings b WHERE b.room_id = r.id AND b.closed_as IS DISTINCT FROM 'undone') AS people
      FROM rooms r WHERE r.id = ${roomId}`;
    if (!row) throw new AppError('not_found');
    return {
      booked: row.booked,
      people: row.people,
      remindMinutes: REMIND_MINUTES,
      wechatUrl: row.booked && row.state === 'scheduled' ? await messages.wechatUrl(personId, roomId) : null,
    };
  }

  /** The person's latest visit to this room by a link, as orders are credited: within the window, by somebody else. */
  async function latestTouch(tx: Tx, roomId: string, personId: string, at: Date) {
    const since = new Date(at.getTime() - (await deps.creditWindowSeconds(tx, at)) * 1_000);
    const [touch] = await tx<{ id: string; sharerId: string }>`
      SELECT t.id, t.sharer_id AS "sharerId" FROM touches t JOIN people v ON v.id = t.visitor_id
      WHERE t.room_id = ${roomId} AND coalesce(v.merged_into, v.id) = ${personId} AND t.sharer_id <> ${personId}
        AND t.at > ${since} AND t.at <= ${at} ORDER BY t.at DESC, t.id DESC LIMIT 1`;
    return touch;
  }

  async function write(tx: Tx, row: DueRow, { tell, after }: Outcome, now: Date): Promise<MessageDraft[]> {
    const at = [row.roomId, row.personId] as const;
    if ('closed' in after)
      await tx`UPDATE room_bookings SET closed_at = ${now}, closed_as = ${after.closed} WHERE room_id = ${at[0]} AND person_id = ${at[1]}`;
    else if ('reminded' in after)
      await tx`UPDATE room_bookings SET reminded_for = ${after.reminded} WHERE room_id = ${at[0]} AND person_id = ${at[1]}`;
    else
      await tx`UPDATE room_bookings SET told_for = ${after.knows}, told_at = ${now} WHERE room_id = ${at[0]} AND person_id = ${at[1]}`;
    if (!tell) return [];
    // A move back and forth is two moves: what the person knew before is part of the key.
    const about =
      tell.kind === 'room_reminder' || tell.kind === 'room_moved'
        ? `:${row.scheduledAt?.getTime() ?? 'open'}:${row.toldAt.getTime()}`
        : '';
    const content: MessageContent = {
      roomTitle: row.title,
      unitName: row.unitName,
      coverUrl: row.coverUrl,
      scheduledAt: row.scheduledAt?.toISOString() ?? null,
      text: '',
    };
    return [
      {
        key: `${tell.kind}:${row.roomId}:${row.personId}${about}`,
        personId: row.personId,
        kind: tell.kind,
        why: 'booked',
        unit: { id: row.unitId, path: row.unitPath },
        roomId: row.roomId,
        content,
        expiresAt: tell.expiresAt,
      },
    ];
  }

  const windowAt = (now: Date) => ({
    now,
    remindFor: new Date(now.getTime() + REMIND_MINUTES * MINUTE_MS),
    overBefore: new Date(now.getTime() - OVER_HOURS * 60 * MINUTE_MS),
  });

  /** One batch of what is due in these rooms; answers how many steps were taken. */
  async function turn(tx: Tx, rooms: readonly string[]): Promise<number> {
    const { now, remindFor, overBefore } = windowAt(clock.now());
    const due = await tx<DueRow>`
      SELECT b.room_id AS "roomId", b.person_id AS "personId", b.booked_at AS "bookedAt", b.told_for AS "toldFor", b.told_at AS "toldAt",
        b.reminded_for AS "remindedFor", r.state, r.scheduled_at AS "scheduledAt", r.started_at AS "startedAt",
        r.cancelled_at AS "cancelledAt", r.title, r.cover_url AS "coverUrl", u.id AS "unitId", u.path AS "unitPath", u.name AS "unitName",
        NOT p.active OR EXISTS (SELECT FROM room_moderation m WHERE m.room_id = r.id AND m.kind = 'ban' AND m.lifted_at IS NULL
          AND (m.until IS NULL OR m.until > ${now})
          AND (m.person_id = p.id OR m.person_id IN (SELECT g.id FROM people g WHERE g.merged_into = p.id))) AS "isOut"
      FROM room_bookings b JOIN rooms r ON r.id = b.room_id JOIN org_units u ON u.id = r.org_unit_id JOIN people p ON p.id = b.person_id
      WHERE b.room_id = ANY(${[...rooms]}::uuid[]) AND b.closed_at IS NULL AND (r.state <> 'scheduled'
        OR b.told_for IS DISTINCT FROM r.scheduled_at OR r.scheduled_at <= ${overBefore}
        OR (r.scheduled_at <= ${remindFor} AND r.scheduled_at > ${now} AND b.reminded_for IS DISTINCT FROM r.scheduled_at))
      ORDER BY b.room_id, b.person_id LIMIT ${BATCH} FOR UPDATE OF b SKIP LOCKED`;
    const refused = await entries.refusals(due, tx);
    const drafts: MessageDraft[] = [];
    let taken = 0;
    for (const row of due) {
      const facts: BookingFacts = { ...row, room: row };
      const step = nextStep(facts, now);
      if (!step) continue;
      taken++;
      const isShut = row.isOut || entries.refusalIn(refused, row.roomId, row.personId) !== undefined;
      const outcome: Outcome = step.tell && isShut ? { tell: null, after: { closed: 'refused' } } : step;
      drafts.push(...(await write(tx, row, outcome, now)));
    }
    await messages.enqueue(tx, drafts);
    return taken;
  }

  return {
    read: view,

    async book(roomId: string, personId: string): Promise<RoomBooking> {
      await db.transaction(async (tx) => {
        const now = clock.now();
        const [room] = await tx<{ state: RoomState; scheduledAt: Date | null }>`
          SELECT state, scheduled_at AS "scheduledAt" FROM rooms WHERE id = ${roomId} FOR SHARE`;
        if (!room) throw new AppError('not_found');
        if (room.state !== 'scheduled') throw new AppError('state_conflict', { facts: { state: room.state } });
        await messages.giveConsent(tx, personId);
        const touch = await latestTouch(tx, roomId, personId, now);
        await tx`INSERT INTO room_bookings (room_id, person_id, booked_at, touch_id, sharer_id, told_for, told_at)
          VALUES (${roomId}, ${personId}, ${now}, ${touch?.id ?? null}, ${touch?.sharerId ?? null}, ${room.scheduledAt}, ${now})
          ON CONFLICT (room_id, person_id) DO UPDATE SET booked_at = excluded.booked_at, touch_id = excluded.touch_id,
            sharer_id = excluded.sharer_id, told_for = excluded.told_for, told_at = excluded.told_at, closed_at = NULL, closed_as = NULL
          WHERE room_bookings.closed_at IS NOT NULL`;
      });
      return view(roomId, personId);
    },

    /** One's own booking, also of a room that was closed to its person since. @throws AppError not_in_audience where there is none */
    async undo(roomId: string, personId: string): Promise<RoomBooking> {
      const own =
        await db.sql`SELECT 1 AS own FROM room_bookings WHERE room_id = ${roomId} AND person_id = ${personId}`;
      if (own.length === 0) await entries.require(roomId, personId);
      await db.sql`UPDATE room_bookings SET closed_at = ${clock.now()}, closed_as = 'undone'
        WHERE room_id = ${roomId} AND person_id = ${personId} AND closed_at IS NULL`;
      return view(roomId, personId);
    },

    /** One turn: takes every step that is due; answers how many. Rows another node is at are its own to finish. */
    async tellDue(): Promise<number> {
      const window = windowAt(clock.now());
      const rooms = await dueRooms(db.sql, window);
      let steps = 0;
      while (rooms.length > 0) {
        const taken = await db.transaction((tx) => turn(tx, rooms));
        steps += taken;
        if (taken < BATCH) break;
      }
      return steps;
    },
  };
}
export type BookingsService = ReturnType<typeof createBookingsService>;
