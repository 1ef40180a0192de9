import type {
  MessageChannelName,
  MessageContent,
  MessageKind,
  MessageReason,
  MessageState,
  MessageTopic,
  MessageWhy,
  OutboxMessage,
} from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import { maskName } from '../../platform/masks.policy.ts';
import { ROOM_MESSAGES } from './consent.ts';
import { countedKinds, pushedKinds } from './messages.policy.ts';

/** Advisory locks of people whose day's number is counted. */
const PERSON_LOCK = 170_001;

export interface NewMessage {
  readonly id: string;
  readonly key: string;
  readonly personId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly kind: MessageKind;
  readonly why: MessageWhy;
  readonly roomId: string | null;
  readonly waveActionId: string | null;
  readonly content: MessageContent;
  readonly dueAt: Date;
  readonly expiresAt: Date;
}
export interface DueMessage {
  readonly id: string;
  readonly personId: string;
  readonly kind: MessageKind;
  readonly roomId: string | null;
  readonly content: MessageContent;
  readonly expiresAt: Date;
  readonly attempts: number;
}
export interface DueFacts {
  readonly id: string;
  readonly topics: readonly MessageTopic[];
  readonly unwanted: boolean;
  readonly today: number;
  readonly openid: string | null;
  readonly scene: number | null;
}
export interface Policy {
  readonly quietFromMinute: number;
  readonly quietUntilMinute: number;
  readonly perDay: number;
  readonly updatedAt: Date;
}

/** The same key again is the same message; answers how many are new. */
export async function insertMessages(tx: Sql, messages: readonly NewMessage[], at: Date): Promise<number> {
  if (messages.length === 0) return 0;
  const rows = await tx`
    INSERT INTO messages (id, key, person_id, org_unit_id, org_path, kind, why, room_id, wave_action_id, content, state, due_at, expires_at, created_at)
    SELECT m.id, m.key, m."personId", m."orgUnitId", m."orgPath", m.kind, m.why, m."roomId", m."waveActionId", m.content, 'waiting',
      m."dueAt", m."expiresAt", ${at}
    FROM jsonb_to_recordset(${JSON.stringify(messages)}::jsonb) AS m (id uuid, key text, "personId" uuid, "orgUnitId" uuid, "orgPath" text,
      kind text, why text, "roomId" uuid, "waveActionId" uuid, content jsonb, "dueAt" timestamptz, "expiresAt" timestamptz)
    ON CONFLICT (key) DO NOTHING RETURNING 1 AS new`;
  return rows.length;
}

/**
 * Due ones that nobody else is at and whose wave is not paused, the oldest first; they stay locked until the transaction ends.
 * `for` push: those released already that a "yes" in WeChat allows to push; `release`: all others.
 */
export function lockDue(
  tx: Tx,
  wanted: { readonly for: 'release' | 'push'; readonly at: Date; readonly limit: number; readonly canPush: boolean },
): Promise<DueMessage[]> {
  const { at, limit } = wanted;
  const pushed = wanted.canPush ? pushedKinds : [];
  return tx<DueMessage>`
    SELECT id, person_id AS "personId", kind, room_id AS "roomId", content, expires_at AS "expiresAt", attempts FROM messages m
    WHERE state = 'waiting' AND due_at <= ${at} AND (claimed_until IS NULL OR claimed_until <= ${at})
      AND NOT EXISTS (SELECT 1 FROM wave_actions a JOIN waves w ON w.id = a.wave_id WHERE a.id = m.wave_action_id AND w.state = 'paused')
      AND ${wanted.for === 'push'} = (released_at IS NOT NULL AND kind = ANY(${pushed}::text[]) AND EXISTS (
        SELECT 1 FROM wechat_grants g WHERE g.person_id = m.person_id AND g.room_id = m.room_id AND g.spent_at IS NULL))
    ORDER BY due_at, id LIMIT ${limit} FOR UPDATE OF m SKIP LOCKED`;
}

/** In the order of the ids, by everybody, so nobody waits in a circle. */
export async function lockPeople(tx: Tx, personIds: readonly string[]): Promise<void> {
  for (const id of [...new Set(personIds)].sort())
    await tx`SELECT pg_advisory_xact_lock(hashtextextended(${id}::text, ${PERSON_LOCK}))`;
}

export function factsOf(tx: Tx, ids: readonly string[], dayStart: Date): Promise<DueFacts[]> {
  return tx<DueFacts>`
    SELECT m.id, ARRAY(SELECT o.topic FROM message_opt_outs o WHERE o.person_id = m.person_id) AS topics,
      m.why = 'booked' AND (
          NOT EXISTS (SELECT 1 FROM consents c WHERE c.person_id = m.person_id AND c.purpose = ${ROOM_MESSAGES} AND c.withdrawn_at IS NULL)
          OR m.kind <> 'campaign' AND EXISTS (SELECT 1 FROM room_bookings b
            WHERE b.room_id = m.room_id AND b.person_id = m.person_id AND b.closed_as IN ('undone', 'refused')))
        OR m.kind IN ('room_moved', 'room_reminder') AND EXISTS (SELECT 1 FROM rooms r WHERE r.id = m.room_id
          AND (r.state <> 'scheduled' OR r.scheduled_at IS DISTINCT FROM (m.content ->> 'scheduledAt')::timestamptz))
        OR m.kind = 'coupon_ends' AND NOT EXISTS (
          SELECT 1 FROM coupons c WHERE 'coupon-ends:' || c.id = m.key AND c.person_id = m.person_id AND c.state = 'held') AS unwanted,
      (SELECT count(*)::int FROM messages d WHERE d.person_id = m.person_id AND d.released_at >= ${dayStart}
        AND d.id <> m.id AND d.kind = ANY(${countedKinds}::text[])) AS today,
      g.openid, g.scene
    FROM messages m LEFT JOIN wechat_grants g ON g.person_id = m.person_id AND g.room_id = m.room_id AND g.spent_at IS NULL
    WHERE m.id = ANY(${[...ids]}::uuid[])`;
}

export async function markSent(tx: Sql, ids: readonly string[], channel: MessageChannelName, at: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx`UPDATE messages SET state = 'sent', channel = ${channel}, sent_at = ${at}, released_at = coalesce(released_at, ${at}),
      attempts = attempts + ${channel === 'inbox' ? 1 : 0}, claimed_until = NULL, error = NULL
    WHERE id = ANY(${[...ids]}::uuid[]) AND state = 'waiting'`;
}
/** Readable from now on; the push is still to come. */
export async function markReleased(tx: Tx, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx`UPDATE messages SET channel = 'wechat', released_at = coalesce(released_at, ${at}) WHERE id = ANY(${[...ids]}::uuid[])`;
}
/** For its one try: nobody else's until the claim lapses. */
export async function claimForPush(tx: Tx, ids: readonly string[], until: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx`UPDATE messages SET channel = 'wechat', claimed_until = ${until}, attempts = attempts + 1 WHERE id = ANY(${[...ids]}::uuid[])`;
}
/** Locks a claimed message for noting how its push went; false when the claim lapsed and somebody else has it, or has settled it. */
export async function stillClaimed(tx: Tx, id: string, until: Date): Promise<boolean> {
  const rows =
    await tx`SELECT 1 AS mine FROM messages WHERE id = ${id} AND state = 'waiting' AND claimed_until = ${until} FOR UPDATE`;
  return rows.length === 1;
}
export async function putOff(tx: Tx, id: string, until: Date, error: string | null): Promise<void> {
  await tx`UPDATE messages SET due_at = ${until}, claimed_until = NULL, error = ${error} WHERE id = ${id} AND state = 'waiting'`;
}
export async function giveUp(
  tx: Tx,
  id: string,
  as: { state: 'skipped' | 'dead'; reason: MessageReason; error: string | null },
): Promise<void> {
  await tx`UPDATE messages SET state = ${as.state}, reason = ${as.reason}, error = ${as.error}, claimed_until = NULL
    WHERE id = ${id} AND state = 'waiting'`;
}
export async function reviveDead(tx: Sql, id: string, at: Date): Promise<boolean> {
  const rows = await tx`UPDATE messages SET state = 'waiting', reason = NULL, error = NULL, attempts = 0, due_at = ${at}
    WHERE id = ${id} AND state = 'dead' RETURNING id`;
  return rows.length === 1;
}

/** Those of a wave that were not released yet. */
export async function withdrawOfWave(tx: Tx, waveId: string): Promise<void> {
  await tx`UPDATE messages SET state = 'skipped', reason = 'not_wanted_any_more' WHERE state = 'waiting' AND released_at IS NULL
    AND wave_action_id IN (SELECT id FROM wave_actions WHERE wave_id = ${waveId})`;
}

export async function grantSpent(
  tx: Sql,
  grant: { personId: string; roomId: string; as: 'sent' | 'refused'; at: Date },
): Promise<void> {
  await tx`UPDATE wechat_grants SET spent_at = ${grant.at}, spent_as = ${grant.as}
    WHERE person_id = ${grant.personId} AND room_id = ${grant.roomId} AND spent_at IS NULL`;
}
/** A new "yes" about the same room makes the right new. */
export async function saveGrant(
  tx: Sql,
  grant: { personId: string; roomId: string; openid: string; scene: number; at: Date },
): Promise<void> {
  await tx`INSERT INTO wechat_grants (person_id, room_id, openid, scene, granted_at)
    VALUES (${grant.personId}, ${grant.roomId}, ${grant.openid}, ${grant.scene}, ${grant.at})
    ON CONFLICT (person_id, room_id) DO UPDATE SET openid = excluded.openid, scene = excluded.scene,
      granted_at = excluded.granted_at, spent_at = NULL, spent_as = NULL`;
}
export async function hasGrant(sql: Sql, personId: string, roomId: string): Promise<boolean> {
  return (
    (await sql`SELECT 1 FROM wechat_grants WHERE person_id = ${personId} AND room_id = ${roomId} AND spent_at IS NULL`)
      .length > 0
  );
}

export async function readPolicy(sql: Sql): Promise<Policy> {
  const [row] =
    await sql<Policy>`SELECT quiet_from_minute AS "quietFromMinute", quiet_until_minute AS "quietUntilMinute",
    per_day AS "perDay", updated_at AS "updatedAt" FROM message_policy WHERE id = 1`;
  if (!row) throw new Error('no message policy');
  return row;
}

interface OutboxRow extends Omit<OutboxMessage, 'person' | 'orgUnit' | 'dueAt' | 'sentAt' | 'readAt' | 'createdAt'> {
  readonly orgPath: string;
  readonly personId: string;
  readonly personName: string;
  readonly unitId: string;
  readonly unitKind: OutboxMessage['orgUnit']['kind'];
  readonly unitName: string;
  readonly dueAt: Date;
  readonly sentAt: Date | null;
  readonly readAt: Date | null;
  readonly createdAt: Date;
}
export const toOutboxMessage = (row: OutboxRow): OutboxMessage => ({
  id: row.id,
  kind: row.kind,
  why: row.why,
  person: { id: row.personId, name: maskName(row.personName) },
  orgUnit: { id: row.unitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
  roomId: row.roomId,
  content: row.content,
  state: row.state,
  reason: row.reason,
  channel: row.channel,
  attempts: row.attempts,
  error: row.error,
  dueAt: row.dueAt.toISOString(),
  sentAt: row.sentAt?.toISOString() ?? null,
  readAt: row.readAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});

/** One row more than `limit` shows that there is a next page. */
export function listOutbox(
  sql: Sql,
  filter: {
    scope: string;
    id?: string | undefined;
    state?: MessageState | undefined;
    kind?: MessageKind | undefined;
    roomId?: string | undefined;
    personId?: string | undefined;
    after?: { at: Date; id: string } | undefined;
    limit: number;
  },
): Promise<OutboxRow[]> {
  const { scope, id = null, state = null, kind = null, roomId = null, personId = null, after } = filter;
  return sql<OutboxRow>`
    SELECT m.id, m.kind, m.why, m.room_id AS "roomId", m.content, m.state, m.reason, m.channel, m.attempts, m.error, m.due_at AS "dueAt",
      m.sent_at AS "sentAt", m.read_at AS "readAt", m.created_at AS "createdAt", m.org_path AS "orgPath", p.id AS "personId",
      p.name AS "personName", u.id AS "unitId", u.kind AS "unitKind", u.name AS "unitName"
    FROM messages m JOIN people p ON p.id = m.person_id JOIN org_units u ON u.id = m.org_unit_id
    WHERE (m.org_path = ${scope} OR m.org_path LIKE ${scope} || '.%') AND (${id}::uuid IS NULL OR m.id = ${id})
      AND (${state}::text IS NULL OR m.state = ${state}) AND (${kind}::text IS NULL OR m.kind = ${kind})
      AND (${roomId}::uuid IS NULL OR m.room_id = ${roomId}) AND (${personId}::uuid IS NULL OR m.person_id = ${personId})
      AND (${after === undefined} OR (m.created_at, m.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY m.created_at DESC, m.id DESC LIMIT ${filter.limit + 1}`;
}

export interface InboxRow {
  readonly id: string;
  readonly kind: MessageKind;
  readonly why: MessageWhy;
  readonly roomId: string | null;
  readonly content: MessageContent;
  readonly at: Date;
  readonly readAt: Date | null;
}
export function listInbox(
  sql: Sql,
  personId: string,
  after: { at: Date; id: string } | undefined,
  limit: number,
): Promise<InboxRow[]> {
  return sql<InboxRow>`
    SELECT id, kind, why, room_id AS "roomId", content, released_at AS at, read_at AS "readAt" FROM messages
    WHERE person_id = ${personId} AND released_at IS NOT NULL
      AND (${after === undefined} OR (released_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY released_at DESC, id DESC LIMIT ${limit + 1}`;
}
export async function countUnread(sql: Sql, personId: string): Promise<number> {
  const [row] = await sql<{ unread: number }>`SELECT count(*)::int AS unread FROM messages
    WHERE person_id = ${personId} AND released_at IS NOT NULL AND read_at IS NULL`;
  return row?.unread ?? 0;
}
