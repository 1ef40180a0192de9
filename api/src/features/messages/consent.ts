/** The consent to be told about rooms that one books (rule Z6): given by booking, taken back by switching reminders off. */
import type { Random } from '../../platform/clock.ts';
import type { Tx } from '../../platform/db.ts';

export const ROOM_MESSAGES = 'room_messages';
/** Of the sentence beside the button that books a room. */
const ROOM_MESSAGES_WORDING = 1;

/** Once, whoever gives it again. */
export async function giveRoomMessages(tx: Tx, random: Random, personId: string, at: Date): Promise<void> {
  await tx`INSERT INTO consents (id, person_id, purpose, wording_version, given_at)
    VALUES (${random.id()}, ${personId}, ${ROOM_MESSAGES}, ${ROOM_MESSAGES_WORDING}, ${at})
    ON CONFLICT (person_id, purpose) WHERE withdrawn_at IS NULL DO NOTHING`;
}
/** Who has read the sentence once, by booking, and took the consent back, gives it again; nobody gives it here for the first time. */
export async function renewRoomMessages(tx: Tx, random: Random, personId: string, at: Date): Promise<void> {
  const before = await tx`SELECT 1 AS given FROM consents WHERE person_id = ${personId} AND purpose = ${ROOM_MESSAGES}
    AND wording_version = ${ROOM_MESSAGES_WORDING} LIMIT 1`;
  if (before.length > 0) await giveRoomMessages(tx, random, personId, at);
}
export async function withdrawRoomMessages(tx: Tx, personId: string, at: Date): Promise<void> {
  await tx`UPDATE consents SET withdrawn_at = ${at} WHERE person_id = ${personId} AND purpose = ${ROOM_MESSAGES} AND withdrawn_at IS NULL`;
}
