/** What stores tell and plan, written as the jobs leave it. */
import { randomUUID } from 'node:crypto';
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
