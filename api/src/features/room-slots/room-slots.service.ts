/**
 * Recurring slots: "factory live, Tue and Fri 20:00".
 *
 * Model: a rule per unit; the job brings the rooms of the coming two weeks in line with it. Of each day it is noted which room it
 * got and what the slot wrote into it, so a room that somebody changed or called off by hand is seen to differ, and is left
 * alone for good.
 * Invariants: the slot's row is locked while its rooms are looked at, and slot and day are unique, so no process makes a second
 * room; a room that the slot takes back is called off like any other, and whoever booked it is told; a slot whose rooms cannot
 * be made is in the log and holds up no other.
 */
import type { BodyOf, createRoomSlot, patchRoomSlot, RoomSlot, StaffRole } from '@walnut-live/contracts';
import { SLOT_ZONE } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Sql, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { mayHost, type PlannedRooms } from '../rooms/index.ts';
import { calendarOf, type Deed, deedsOf, type KnownDate, type SlotRule } from './room-slots.policy.ts';
import { addDays, dateIn } from './zoned-time.policy.ts';

const DEFAULT_COVER = '/pictures/room-walnut-grove.svg';
const SLOTS_AT_ONCE = 50;

export interface RoomSlotsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly guard: Pick<ClaimGuard, 'requireClean'>;
  readonly planned: PlannedRooms;
}
interface SlotRow extends SlotRule {
  readonly id: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly unitKind: RoomSlot['orgUnit']['kind'];
  readonly unitName: string;
  readonly hostName: string;
  readonly hostRole: StaffRole | null;
  readonly hostPath: string | null;
  readonly durationMinutes: number;
  readonly productIds: readonly string[];
}
const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

export function createRoomSlotsService(deps: RoomSlotsDeps) {
  const { db, clock, random, log, planned } = deps;

  function select(sql: Sql, filter: { id?: string; scope?: string }): Promise<SlotRow[]> {
    const { id = null, scope = null } = filter;
    return sql<SlotRow>`
      SELECT s.id, s.org_unit_id AS "orgUnitId", s.org_path AS "orgPath", u.kind AS "unitKind", u.name AS "unitName", s.host_id AS "hostId",
        h.name AS "hostName", a.role AS "hostRole", a.org_path AS "hostPath", s.title, s.cover_url AS "coverUrl", s.weekdays,
        s.start_minute AS "startMinute", s.zone, s.duration_minutes AS "durationMinutes", s.product_ids AS "productIds",
        s.from_date::text AS "from", s.until_date::text AS "until", s.exceptions::text[] AS exceptions, s.state
      FROM room_slots s JOIN org_units u ON u.id = s.org_unit_id JOIN people h ON h.id = s.host_id
        LEFT JOIN staff_accounts a ON a.person_id = s.host_id AND a.active AND h.active
      WHERE (${id}::uuid IS NULL OR s.id = ${id}) AND (${scope}::text IS NULL OR ((s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%')
        AND s.state = 'active')) ORDER BY s.start_minute, s.id`;
  }
  function datesOf(sql: Sql, slotIds: readonly string[], since: string): Promise<(KnownDate & { slotId: string })[]> {
    return sql<KnownDate & { slotId: string }>`
      SELECT d.slot_id AS "slotId", d.date::text AS date, d.state, d.room_id AS "roomId", d.applied,
        json_build_object('state', r.state, 'title', r.title, 'hostId', r.host_id, 'coverUrl', r.cover_url) AS room,
        r.scheduled_at AS "scheduledAt", r.cancelled_at AS "cancelledAt"
      FROM room_slot_dates d JOIN rooms r ON r.id = d.room_id
      WHERE d.slot_id = ANY(${[...slotIds]}::uuid[]) AND d.date >= ${since}::date`.then((rows) =>
      rows.map((row) => {
        const { scheduledAt, cancelledAt, ...one } = row as typeof row & {
          scheduledAt: Date | null;
          cancelledAt: Date | null;
        };
        return { ...one, room: { ...one.room, scheduledAt, cancelledAt } };
      }),
    );
  }
  const hostMay = (slot: SlotRow): boolean =>
    mayHost(
      slot.hostRole && slot.hostPath !== null ? { role: slot.hostRole, orgPath: slot.hostPath } : undefined,
      slot.orgPath,
    );
  /** A day before today in the zone, so that a live about midnight is still seen. */
  const since = (now: Date): string => addDays(dateIn(SLOT_ZONE, now), -1);

  function view(slot: SlotRow, known: readonly KnownDate[], now: Date): RoomSlot {
    return {
      id: slot.id,
      orgUnit: { id: slot.orgUnitId, kind: slot.unitKind, path: slot.orgPath, name: slot.unitName },
      host: { id: slot.hostId, name: slot.hostName },
      hostId: slot.hostId,
      title: slot.title,
      coverUrl: slot.coverUrl,
      weekdays: [...slot.weekdays],
      startsAt: timeOf(slot.startMinute),
      zone: slot.zone,
      durationMinutes: slot.durationMinutes,
      productIds: [...slot.productIds],
      from: slot.from,
      until: slot.until,
      exceptions: [...slot.exceptions],
      state: slot.state,
      problem: slot.state === 'active' && !hostMay(slot) ? 'host_left' : null,
      dates: calendarOf(slot, known, now),
    };
  }
  async function read(slotId: string): Promise<RoomSlot> {
    const now = clock.now();
    const [slot] = await select(db.sql, { id: slotId });
    if (!slot) throw new AppError('not_found');
    return view(slot, await datesOf(db.sql, [slotId], since(now)), now);
  }

  async function doIt(tx: Tx, slot: SlotRow, deed: Deed): Promise<void> {
    if (deed.do === 'make') {
      const roomId = await planned.make(tx, {
        ...slot,
        scheduledAt: new Date(deed.applied.scheduledAt),
        productIds: slot.productIds,
      });
      await tx`INSERT INTO room_slot_dates (slot_id, date, state, room_id, applied)
        VALUES (${slot.id}, ${deed.date}::date, 'room', ${roomId}, ${JSON.stringify(deed.applied)}::jsonb)
        ON CONFLICT (slot_id, date) DO UPDATE SET state = 'room', room_id = excluded.room_id, applied = excluded.applied`;
    } else if (deed.do === 'change') {
      const { title, hostId, coverUrl, scheduledAt } = deed.applied;
      const rows =
        await tx`UPDATE rooms SET title = ${title}, host_id = ${hostId}, cover_url = ${coverUrl}, scheduled_at = ${new Date(scheduledAt)}
        WHERE id = ${deed.roomId} AND state = 'scheduled' RETURNING 1 AS changed`;
      if (rows.length > 0)
        await tx`UPDATE room_slot_dates SET applied = ${JSON.stringify(deed.applied)}::jsonb WHERE slot_id = ${slot.id} AND date = ${deed.date}::date`;
    } else if (
      await planned.callOff(tx, { id: deed.roomId, orgPath: slot.orgPath }, { actorId: null, reason: 'room_slot' })
    )
      await tx`UPDATE room_slot_dates SET state = 'withdrawn' WHERE slot_id = ${slot.id} AND date = ${deed.date}::date`;
  }

  /** Brings the rooms in line; the slot's row is locked by the caller, who has just read or written it. */
  async function align(tx: Tx, slotId: string): Promise<number> {
    const now = clock.now();
    const [slot] = await select(tx, { id: slotId });
    if (!slot) return 0;
    // Rooms under the slot's eye stay as they are until it is through with them.
    await tx`SELECT 1 FROM rooms WHERE id IN (SELECT room_id FROM room_slot_dates WHERE slot_id = ${slotId} AND date >= ${since(now)}::date)
      ORDER BY id FOR UPDATE`;
    const deeds = deedsOf(slot, await datesOf(tx, [slotId], since(now)), now).filter(
      (deed) => deed.do === 'withdraw' || hostMay(slot),
    );
    for (const deed of deeds) await doIt(tx, slot, deed);
    return deeds.length;
  }

  async function requireHost(tx: Tx, hostId: string, orgPath: string): Promise<void> {
    const [staff] = await tx<NonNullable<Parameters<typeof mayHost>[0]>>`
      SELECT s.role, s.org_path AS "orgPath" FROM staff_accounts s JOIN people p ON p.id = s.person_id
      WHERE s.person_id = ${hostId} AND s.active AND p.active`;
    if (!mayHost(staff, orgPath))
      throw new AppError('not_found', { detail: 'the host must be staff who may go live for this unit' });
  }
  /** What the rooms of a slot begin with. `known`: products it has already, which may have left the shelf since. */
  async function requireProducts(tx: Tx, productIds: readonly string[], known: readonly string[] = []): Promise<void> {
    if (new Set(productIds).size < productIds.length)
      throw new AppError('invalid_request', { issues: [{ path: '/productIds', issue: 'duplicate_id' }] });
    const found = await tx<{ id: string; onSale: boolean }>`
      SELECT id, status = 'on_sale' AS "onSale" FROM products WHERE id = ANY(${[...productIds]}::uuid[])`;
    if (found.length < productIds.length) throw new AppError('not_found', { detail: 'a product does not exist' });
    const off = found.filter(({ id, onSale }) => !onSale && !known.includes(id)).map(({ id }) => id);
    if (off.length > 0)
      throw new AppError('state_conflict', { detail: 'a product is not on sale', facts: { productIds: off } });
  }
  const clean = (principal: StaffPrincipal, slotId: string, orgPath: string, title: string | undefined) =>
    deps.guard.requireClean(
      { place: 'room', target: `room_slot:${slotId}`, orgPath, roomId: null, personId: principal.personId },
      [title],
    );
  const note = (
    tx: Tx,
    principal: StaffPrincipal,
    action: string,
    slot: { id: string; orgPath: string },
    detail: object,
  ) =>
    writeAudit(tx, deps, {
      actorId: principal.personId,
      action,
      target: `room_slot:${slot.id}`,
      orgPath: slot.orgPath,
      detail: { ...detail },
    });

  async function lock(tx: Tx, principal: StaffPrincipal, slotId: string) {
    const [slot] = await tx<{ id: string; orgPath: string; state: 'active' | 'ended'; productIds: string[] }>`
      SELECT id, org_path AS "orgPath", state, product_ids AS "productIds" FROM room_slots WHERE id = ${slotId} FOR UPDATE`;
    if (!slot) throw new AppError('not_found');
    requireScope(principal, 'rooms:write', slot.orgPath);
    return slot;
  }

  return {
    async list(principal: StaffPrincipal): Promise<RoomSlot[]> {
      const now = clock.now();
      const slots = await select(db.sql, { scope: principal.staff.orgPath });
      const known = await datesOf(
        db.sql,
        slots.map(({ id }) => id),
        since(now),
      );
      return slots.map((slot) =>
        view(
          slot,
          known.filter(({ slotId }) => slotId === slot.id),
          now,
        ),
      );
    },

    async create(principal: StaffPrincipal, body: BodyOf<typeof createRoomSlot>): Promise<RoomSlot> {
      const unitId = body.orgUnitId ?? principal.staff.orgUnitId;
      const [unit] = await db.sql<{ path: string }>`SELECT path FROM org_units WHERE id = ${unitId}`;
      if (!unit) throw new AppError('not_found');
      requireScope(principal, 'rooms:write', unit.path);
      const id = random.id();
      await clean(principal, id, unit.path, body.title);
      await db.transaction(async (tx) => {
        const hostId = body.hostId ?? principal.personId;
        await requireHost(tx, hostId, unit.path);
        await requireProducts(tx, body.productIds);
        const now = clock.now();
        await tx`INSERT INTO room_slots (id, org_unit_id, org_path, host_id, title, cover_url, weekdays, start_minute, zone, duration_minutes,
            product_ids, from_date, until_date, exceptions, state, created_by, created_at, updated_at)
          VALUES (${id}, ${unitId}, ${unit.path}, ${hostId}, ${body.title}, ${body.coverUrl ?? DEFAULT_COVER}, ${body.weekdays}::int[],
            ${minuteOf(body.startsAt)}, ${SLOT_ZONE}, ${body.durationMinutes}, ${body.productIds}::uuid[], ${body.from}::date, ${body.until}::date,
            ${body.exceptions}::date[], 'active', ${principal.personId}, ${now}, ${now})`;
        await note(tx, principal, 'room_slot:created', { id, orgPath: unit.path }, body);
        await align(tx, id);
      });
      return read(id);
    },

    async patch(principal: StaffPrincipal, slotId: string, body: BodyOf<typeof patchRoomSlot>): Promise<RoomSlot> {
      const [before] = await select(db.sql, { id: slotId });
      if (!before) throw new AppError('not_found');
      requireScope(principal, 'rooms:write', before.orgPath);
      await clean(principal, slotId, before.orgPath, body.title);
      await db.transaction(async (tx) => {
        const slot = await lock(tx, principal, slotId);
        if (slot.state === 'ended') throw new AppError('state_conflict', { facts: { state: slot.state } });
        if (body.hostId) await requireHost(tx, body.hostId, slot.orgPath);
        if (body.productIds) await requireProducts(tx, body.productIds, slot.productIds);
        const setsUntil = body.until !== undefined;
        await tx`UPDATE room_slots SET title = coalesce(${body.title ?? null}, title), host_id = coalesce(${body.hostId ?? null}::uuid, host_id),
            cover_url = coalesce(${body.coverUrl ?? null}, cover_url), weekdays = coalesce(${body.weekdays ?? null}::int[], weekdays),
            start_minute = coalesce(${body.startsAt === undefined ? null : minuteOf(body.startsAt)}::int, start_minute),
            duration_minutes = coalesce(${body.durationMinutes ?? null}::int, duration_minutes),
            product_ids = coalesce(${body.productIds ?? null}::uuid[], product_ids), from_date = coalesce(${body.from ?? null}::date, from_date),
            until_date = CASE WHEN ${setsUntil} THEN ${body.until ?? null}::date ELSE until_date END,
            exceptions = coalesce(${body.exceptions ?? null}::date[], exceptions), updated_at = ${clock.now()} WHERE id = ${slotId}`;
        await note(tx, principal, 'room_slot:changed', slot, body);
        await align(tx, slotId);
      });
      return read(slotId);
    },

    async end(principal: StaffPrincipal, slotId: string): Promise<RoomSlot> {
      await db.transaction(async (tx) => {
        const slot = await lock(tx, principal, slotId);
        if (slot.state === 'ended') return;
        await tx`UPDATE room_slots SET state = 'ended', updated_at = ${clock.now()} WHERE id = ${slotId}`;
        await note(tx, principal, 'room_slot:ended', slot, {});
        await align(tx, slotId);
      });
      return read(slotId);
    },

    /** One turn of the job over all slots; those another node is at are passed over. Answers what was done. */
    async alignAll(): Promise<number> {
      let done = 0;
      let after = '00000000-0000-0000-0000-000000000000';
      for (;;) {
        const ids = await db.sql<{
          id: string;
        }>`SELECT id FROM room_slots WHERE state = 'active' AND id > ${after} ORDER BY id LIMIT ${SLOTS_AT_ONCE}`;
        for (const { id } of ids) {
          try {
            done += await db.transaction(async (tx) => {
              const [free] =
                await tx`SELECT 1 AS free FROM room_slots WHERE id = ${id} AND state = 'active' FOR UPDATE SKIP LOCKED`;
              return free ? align(tx, id) : 0;
            });
          } catch (error) {
            log.error({ err: error, slotId: id }, 'room slot: rooms not brought in line, will be tried again');
          }
        }
        if (ids.length < SLOTS_AT_ONCE) return done;
        after = ids.at(-1)?.id ?? after;
      }
    },
  };
}
export type RoomSlotsService = ReturnType<typeof createRoomSlotsService>;
