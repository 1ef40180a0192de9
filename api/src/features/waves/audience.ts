/** Whom a wave may write to: those who have booked, or the unit's own customers. Never those of another store. */
import type { WaveAudience } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import { ROOM_MESSAGES } from '../messages/index.ts';

export interface Audience {
  readonly audience: WaveAudience;
  readonly orgPath: string;
  /** Of `booked`: this room alone. Null: nobody has booked it. */
  readonly roomId: string | null;
  readonly at: Date;
}

/** A page of it in the order of the ids, after the one named. */
export function peopleOf(
  sql: Sql,
  wanted: Audience,
  after: string,
  limit: number,
): Promise<{ id: string; optedOut: boolean }[]> {
  const { orgPath, roomId, at } = wanted;
  if (wanted.audience === 'booked')
    return sql<{ id: string; optedOut: boolean }>`
      SELECT p.id, EXISTS (SELECT 1 FROM message_opt_outs o WHERE o.person_id = p.id AND o.topic = 'campaigns') AS "optedOut"
      FROM people p WHERE p.id > ${after} AND p.active AND p.kind = 'consumer' AND EXISTS (
        SELECT 1 FROM room_bookings b JOIN rooms r ON r.id = b.room_id WHERE b.person_id = p.id AND coalesce(b.closed_as, '') NOT IN ('undone', 'refused')
          AND (r.org_path = ${orgPath} OR r.org_path LIKE ${orgPath} || '.%') AND r.id = ${roomId})
        AND EXISTS (SELECT 1 FROM consents c WHERE c.person_id = p.id AND c.purpose = ${ROOM_MESSAGES} AND c.withdrawn_at IS NULL)
      ORDER BY p.id LIMIT ${limit}`;
  return sql<{ id: string; optedOut: boolean }>`
    SELECT p.id, EXISTS (SELECT 1 FROM message_opt_outs o WHERE o.person_id = p.id AND o.topic = 'campaigns') AS "optedOut"
    FROM people p WHERE p.id > ${after} AND p.active AND p.kind = 'consumer' AND EXISTS (
      SELECT 1 FROM owner_bindings b JOIN org_units u ON u.id = b.store_id WHERE b.customer_id = p.id AND b.ended_at IS NULL
        AND (b.valid_until IS NULL OR b.valid_until > ${at}) AND (u.path = ${orgPath} OR u.path LIKE ${orgPath} || '.%'))
    ORDER BY p.id LIMIT ${limit}`;
}

const FIRST = '00000000-0000-0000-0000-000000000000';
const PAGE = 1_000;
/** Hands all of it over in pages. */
export async function eachPage(
  sql: Sql,
  wanted: Audience,
  take: (people: readonly { id: string; optedOut: boolean }[]) => Promise<void> | void,
): Promise<void> {
  for (let after = FIRST; ; ) {
    const people = await peopleOf(sql, wanted, after, PAGE);
    await take(people);
    if (people.length < PAGE) return;
    after = people.at(-1)?.id ?? after;
  }
}
