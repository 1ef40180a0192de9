/** What stores tell and plan, written as the jobs leave it. */
import { randomUUID } from 'node:crypto';
import { wavePhases } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { FixtureRoom } from './fixtures.ts';
import type { TestApi } from './test-api.ts';

export async function makeDeadMessage(
  api: TestApi,
  room: FixtureRoom,
  person: Principal,
): Promise<{ messageId: string }> {
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

/** A slot of a store without rooms yet. */
export async function makeSlot(api: TestApi, room: FixtureRoom): Promise<{ slotId: string }> {
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
export async function makeWave(api: TestApi, room: FixtureRoom): Promise<{ waveId: string; waveActionId: string }> {
  const [waveId, waveActionId] = [randomUUID(), randomUUID()];
  const at = api.clock.now();
  const { sql } = api.api.platform.db;
  const phases = wavePhases.map((phase, no) => ({
    ...{ phase, from: `2040-01-0${no + 1}T00:00:00.000Z`, until: `2040-01-0${no + 2}T00:00:00.000Z` },
  }));
  await sql`INSERT INTO waves (id, org_unit_id, org_path, title, state, round, phases, created_by, created_at, updated_at)
    VALUES (${waveId}, ${room.orgUnit.id}, ${room.orgUnit.path}, '上新', 'paused', 1, ${JSON.stringify(phases)}::jsonb, ${room.host.personId}, ${at}, ${at})`;
  await sql`INSERT INTO wave_actions (id, wave_id, phase, at, deed, late_minutes, state, reason, ended_at)
    VALUES (${waveActionId}, ${waveId}, 'sale', ${at}, '{"kind":"room_close","roomId":null}', 60, 'failed', 'no_room', ${at})`;
  return { waveId, waveActionId };
}
