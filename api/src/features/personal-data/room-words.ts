/**
 * What a person said and did in rooms stands in the rooms' logs, as events that name them beside their id. An export takes their
 * messages out of it; a deletion leaves what was said (rule Z1) and takes the name away, wherever it stands beside the id.
 */
import type { Sql, Tx } from '../../platform/db.ts';
import { FORGOTTEN_NAME } from './inventory.policy.ts';

/** Events read together. */
const BATCH = 500;

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };

/** A copy in which nobody of `ids` has a name; undefined when there was none to take away. */
export function withoutName(value: Json, ids: ReadonlySet<string>): Json | undefined {
  let isChanged = false;
  const walk = (node: Json): Json => {
    if (node === null || typeof node !== 'object') return node;
    if (Array.isArray(node)) return node.map(walk);
    const id = node.personId ?? node.id;
    const isTheirs = typeof id === 'string' && ids.has(id) && typeof node.name === 'string';
    if (isTheirs && node.name !== FORGOTTEN_NAME) isChanged = true;
    return Object.fromEntries(
      Object.entries(node).map(([key, inner]) => [key, isTheirs && key === 'name' ? FORGOTTEN_NAME : walk(inner)]),
    );
  };
  const changed = walk(value);
  return isChanged ? changed : undefined;
}

/** Rooms in whose logs they can stand. */
async function roomsOf(sql: Sql, ids: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT room_id AS id FROM room_visits WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT room_id FROM room_watches WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT room_id FROM chat_turns WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT room_id FROM given_gifts WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT room_id FROM room_cohosts WHERE person_id = ANY(${ids}::uuid[])
    UNION SELECT id FROM rooms WHERE host_id = ANY(${ids}::uuid[])`;
  return rows.map(({ id }) => id);
}

/** Their messages, as a JSON array. */
export async function messagesOf(sql: Sql, ids: readonly string[]): Promise<{ rows: number; content: string }> {
  const rooms = await roomsOf(sql, ids);
  const [found] = await sql<{ rows: number; content: string }>`
    SELECT count(*)::int AS rows, coalesce(jsonb_agg(jsonb_build_object('room_id', room_id, 'at', at,
      'text', event->'message'->'text') ORDER BY at), '[]')::text AS content
    FROM room_events WHERE room_id = ANY(${rooms}::uuid[]) AND kind = 'chat:sent'
      AND event->'message'->>'personId' = ANY(${ids}::text[])`;
  return found ?? { rows: 0, content: '[]' };
}

export async function forgetInRooms(tx: Tx, ids: readonly string[]): Promise<number> {
  const named = new Set(ids);
  const marks = ids.map((id) => `%${id}%`);
  let rows = 0;
  for (const room of await roomsOf(tx, ids)) {
    for (let after = -1n; ; ) {
      const events = await tx<{ seq: bigint; event: Json }>`SELECT seq, event FROM room_events
        WHERE room_id = ${room} AND seq > ${after} AND event::text LIKE ANY(${marks}::text[]) ORDER BY seq LIMIT ${BATCH}`;
      for (const { seq, event } of events) {
        const changed = withoutName(event, named);
        if (changed === undefined) continue;
        await tx`UPDATE room_events SET event = ${JSON.stringify(changed)}::jsonb WHERE room_id = ${room} AND seq = ${seq}`;
        rows++;
      }
      const last = events.at(-1);
      if (last === undefined || events.length < BATCH) break;
      after = last.seq;
    }
    const [settings] = await tx<{
      pinned: Json;
    }>`SELECT pinned FROM room_chat_settings WHERE room_id = ${room} AND pinned IS NOT NULL`;
    const pinned = settings && withoutName(settings.pinned, named);
    if (pinned !== undefined) {
      await tx`UPDATE room_chat_settings SET pinned = ${JSON.stringify(pinned)}::jsonb WHERE room_id = ${room}`;
      rows++;
    }
  }
  return rows;
}
