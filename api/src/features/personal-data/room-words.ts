/**
 * What a person said and did in rooms stands in the rooms' logs, as events that name them beside their id. An export takes their
 * messages out of it; a deletion leaves what was said (rule Z1) and takes the name away, wherever it stands beside the id.
 *
 * Every room since they came is looked through, some events at a time: logs are kept for years, longer than who visited a room, and
 * others quote a message in rooms its writer never entered. Where it stands is a place, so that it goes on after a restart.
 */
import type { Sql, Tx } from '../../platform/db.ts';
import { FORGOTTEN_NAME } from './inventory.policy.ts';

/** Events looked through in one step, and changed at once. */
const SCANNED = 20_000;
const BATCH = 500;
/** Rooms gone through in one step, however empty. */
const ROOMS = 200;

/** The room that is looked through and the last event that was; null before the first room. */
export interface RoomPlace {
  readonly roomId: string | null;
  readonly seq: bigint;
}
export const FIRST_PLACE: RoomPlace = { roomId: null, seq: -1n };

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

/** A room with what is to be looked through of it now. */
interface Stretch {
  readonly roomId: string;
  readonly after: bigint;
  readonly upTo: bigint;
}
/** What comes next from a place on, and where that ends; `next` null when it was the last room. */
async function stretchesFrom(
  sql: Sql,
  place: RoomPlace,
  ids: readonly string[],
): Promise<{ stretches: Stretch[]; next: RoomPlace | null }> {
  const stretches: Stretch[] = [];
  let { roomId, seq } = place;
  let left = SCANNED;
  for (let rooms = 0; rooms < ROOMS && left > 0; rooms++) {
    if (roomId === null || seq < 0n) {
      // Rooms that were over before any of them was there name nobody of them.
      const [room]: { id: string }[] = await sql<{ id: string }>`
        SELECT id FROM rooms WHERE (${roomId}::uuid IS NULL OR id > ${roomId}::uuid)
          AND coalesce(ended_at, 'infinity') >= (SELECT min(created_at) FROM people WHERE id = ANY(${ids}::uuid[])) ORDER BY id LIMIT 1`;
      if (!room) return { stretches, next: null };
      roomId = room.id;
    }
    const after: bigint = seq < 0n ? -1n : seq;
    const [found]: { upTo: bigint | null; events: number }[] = await sql<{ upTo: bigint | null; events: number }>`
      SELECT max(seq) AS "upTo", count(*)::int AS events
      FROM (SELECT seq FROM room_events WHERE room_id = ${roomId} AND seq > ${after} ORDER BY seq LIMIT ${left}) s`;
    if (found && found.upTo !== null) {
      stretches.push({ roomId, after, upTo: found.upTo });
      left -= found.events;
    }
    // Full: there may be more of this room.
    seq = left <= 0 && found && found.upTo !== null ? found.upTo : -1n;
  }
  return { stretches, next: { roomId, seq } };
}

/** Some more of their messages, as a JSON array. */
export async function messagesOf(
  sql: Sql,
  ids: readonly string[],
  place: RoomPlace,
): Promise<{ rows: number; content: string; next: RoomPlace | null }> {
  const { stretches, next } = await stretchesFrom(sql, place, ids);
  const [found] = await sql<{ rows: number; content: string }>`
    SELECT count(*)::int AS rows, coalesce(jsonb_agg(jsonb_build_object('room_id', e.room_id, 'at', e.at,
      'text', e.event->'message'->'text') ORDER BY e.at, e.room_id, e.seq), '[]')::text AS content
    FROM unnest(${stretches.map(({ roomId }) => roomId)}::uuid[], ${stretches.map(({ after }) => after)}::bigint[],
      ${stretches.map(({ upTo }) => upTo)}::bigint[]) AS s (room_id, after, up_to)
    JOIN room_events e ON e.room_id = s.room_id AND e.seq > s.after AND e.seq <= s.up_to
    WHERE e.kind = 'chat:sent' AND e.event->'message'->>'personId' = ANY(${ids}::text[])`;
  return { rows: found?.rows ?? 0, content: found?.content ?? '[]', next };
}

/** Some more rooms in which they have no name any more; may be done twice. */
export async function forgetInRooms(
  tx: Tx,
  ids: readonly string[],
  place: RoomPlace,
): Promise<{ rows: number; next: RoomPlace | null }> {
  const named = new Set(ids);
  const marks = ids.map((id) => `%${id}%`);
  const { stretches, next } = await stretchesFrom(tx, place, ids);
  let rows = 0;
  for (const { roomId, after: start, upTo } of stretches) {
    for (let after = start; ; ) {
      const events = await tx<{ seq: bigint; event: Json }>`SELECT seq, event FROM room_events
        WHERE room_id = ${roomId} AND seq > ${after} AND seq <= ${upTo} AND event::text LIKE ANY(${marks}::text[]) ORDER BY seq LIMIT ${BATCH}`;
      for (const { seq, event } of events) {
        const changed = withoutName(event, named);
        if (changed === undefined) continue;
        await tx`UPDATE room_events SET event = ${JSON.stringify(changed)}::jsonb WHERE room_id = ${roomId} AND seq = ${seq}`;
        rows++;
      }
      const last = events.at(-1);
      if (last === undefined || events.length < BATCH) break;
      after = last.seq;
    }
  }
  if (next !== null) return { rows, next };
  const pins = await tx<{ roomId: string; pinned: Json }>`
    SELECT room_id AS "roomId", pinned FROM room_chat_settings WHERE pinned IS NOT NULL AND pinned::text LIKE ANY(${marks}::text[])`;
  for (const { roomId, pinned } of pins) {
    const changed = withoutName(pinned, named);
    if (changed === undefined) continue;
    await tx`UPDATE room_chat_settings SET pinned = ${JSON.stringify(changed)}::jsonb WHERE room_id = ${roomId}`;
    rows++;
  }
  return { rows, next };
}
