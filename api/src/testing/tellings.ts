/** A message of a store that could not be delivered, written as the job leaves it. */
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
