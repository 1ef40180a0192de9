/** What stores tell and plan, written as the jobs leave it. */
import { randomUUID } from 'node:crypto';
import { wavePhases } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

async function makeDeadMessage(api: TestApi, room: FixtureRoom, person: Principal): Promise<{ messageId: string }> {
  const messageId = randomUUID();
  const at = api.clock.now();
  await api.api.platform.db.sql`
    INSERT INTO messages (id, key, person_id, org_unit_id, org_path, kind, why, room_id, content, state, reason, channel, attempts, due_at,
      expires_at, released_at, created_at)
    VALUES (${messageId}, ${messageId}, ${person.personId}, ${room.orgUnit.id}, ${room.orgUnit.path}, 'room_live', 'booked', ${room.id},
      ${JSON.stringify({ roomTitle: room.title, unitName: room.orgUnit.name, coverUrl: '', scheduledAt: null, text: '' })}::jsonb,
      'dead', 'gave_up', 'wechat', 6, ${at}, ${new Date(at.getTime() + 60_000)}, ${at}, ${at})`;
  return { messageId };
}

const wavePlan = wavePhases.map((phase, no) => ({
  phase,
  from: `2040-01-0${no + 1}T00:00:00.000Z`,
  until: `2040-01-0${no + 2}T00:00:00.000Z`,
}));

/** A slot of a store without rooms yet. */
async function makeSlot(api: TestApi, room: FixtureRoom): Promise<{ slotId: string }> {
  const slotId = randomUUID();
  const at = api.clock.now();
  await api.api.platform.db.sql`
    INSERT INTO room_slots (id, org_unit_id, org_path, host_id, title, cover_url, weekdays, start_minute, zone, duration_minutes, product_ids,
      from_date, exceptions, state, created_by, created_at, updated_at)
    VALUES (${slotId}, ${room.orgUnit.id}, ${room.orgUnit.path}, ${room.host.personId}, '每周直播', '/pictures/none.svg', '{2}', 1200,
      'Asia/Shanghai', 60, '{}', '2040-01-01', '{}', 'active', ${room.host.personId}, ${at}, ${at})`;
  return { slotId };
}

/** A wave of a store with one failed action. */
async function makeWave(api: TestApi, room: FixtureRoom): Promise<{ waveId: string; waveActionId: string }> {
  const [waveId, waveActionId] = [randomUUID(), randomUUID()];
  const at = api.clock.now();
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO waves (id, org_unit_id, org_path, title, state, round, phases, created_by, created_at, updated_at)
    VALUES (${waveId}, ${room.orgUnit.id}, ${room.orgUnit.path}, '上新', 'paused', 1, ${JSON.stringify(wavePlan)}::jsonb, ${room.host.personId}, ${at}, ${at})`;
  await sql`INSERT INTO wave_actions (id, wave_id, added_by, phase, at, deed, late_minutes, state, reason, ended_at)
    VALUES (${waveActionId}, ${waveId}, ${room.host.personId}, 'sale', ${at}, '{"kind":"room_close","roomId":null}', 60, 'failed', 'no_room', ${at})`;
  return { waveId, waveActionId };
}

/** News of the latest order of a store that could not be told. */
async function makeOrderNote(api: TestApi, room: FixtureRoom): Promise<{ orderNoteId: string }> {
  const at = api.clock.now();
  const [note] = await api.api.platform.db.sql<{ id: string }>`
    INSERT INTO order_hooks (order_id, kind, at, attempts, set_aside_at, error)
    SELECT id, 'paid', ${at}::timestamptz, 5, ${at}::timestamptz, 'broken' FROM orders WHERE org_path = ${room.orgUnit.path}
    ORDER BY placed_at DESC LIMIT 1 RETURNING note_id AS id`;
  return { orderNoteId: note?.id ?? '' };
}

export interface Tellings {
  /** Set aside. */
  readonly orderNoteId: string;
  /** To the person, undelivered. */
  readonly messageId: string;
  readonly slotId: string;
  readonly waveId: string;
  /** Failed. */
  readonly waveActionId: string;
}
export const makeTellings = async (api: TestApi, room: FixtureRoom, person: Principal): Promise<Tellings> => ({
  ...(await makeDeadMessage(api, room, person)),
  ...(await makeSlot(api, room)),
  ...(await makeWave(api, room)),
  ...(await makeOrderNote(api, room)),
});

/** What every route about them is asked to do with those of store B. */
export const tellingTargets: Record<
  string,
  (b: Tellings & { brand: Brand }) => { params?: Record<string, string>; body?: object }
> = {
  'rooms.cancel': ({ brand }) => ({ params: { id: brand.rooms.b.id }, body: { reason: '停电' } }),
  'room-bookings.summary': ({ brand }) => ({ params: { id: brand.rooms.b.id } }),
  'waves.get': ({ waveId }) => ({ params: { id: waveId } }),
  'waves.create': ({ brand }) => ({ body: { title: '上新', orgUnitId: brand.stores.b.id, phases: wavePlan } }),
  'waves.actions.add': ({ waveId }) => ({
    params: { id: waveId },
    body: { phase: 'sale', at: wavePlan[2]?.from ?? '', deed: { kind: 'room_close' } },
  }),
  'waves.actions.remove': ({ waveId, waveActionId }) => ({ params: { id: waveId, actionId: waveActionId } }),
  'waves.actions.settle': ({ waveId, waveActionId }) => ({
    params: { id: waveId, actionId: waveActionId },
    body: { do: 'retry' },
  }),
  'waves.move': ({ waveId }) => ({ params: { id: waveId }, body: { to: 'running' } }),
  'waves.copy': ({ waveId }) => ({ params: { id: waveId }, body: { startsAt: '2040-01-01T00:00:00Z' } }),
  'waves.reach': ({ brand }) => ({ body: { audience: 'customers', orgUnitId: brand.stores.b.id } }),
  'room-slots.create': ({ brand }) => ({
    body: {
      ...{ title: '每周直播', weekdays: [2], startsAt: '20:00', durationMinutes: 60, from: '2040-01-01' },
      orgUnitId: brand.stores.b.id,
    },
  }),
  'room-slots.patch': ({ slotId }) => ({ params: { id: slotId }, body: { title: '改名' } }),
  'room-slots.end': ({ slotId }) => ({ params: { id: slotId }, body: {} }),
  'order-notes.retry': ({ orderNoteId }) => ({ params: { id: orderNoteId }, body: {} }),
  'messages.retry': ({ messageId }) => ({ params: { id: messageId }, body: {} }),
};
