import type { StaffRole, Wave, WaveAction, WaveDeed, WavePhase, WaveState } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';

export interface WaveRow {
  readonly id: string;
  readonly title: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly unitKind: Wave['orgUnit']['kind'];
  readonly unitName: string;
  readonly state: WaveState;
  readonly round: number;
  readonly phases: WavePhase[];
  readonly createdById: string;
  readonly createdByName: string;
  readonly createdAt: Date;
}
export interface ActionRow {
  readonly id: string;
  readonly waveId: string;
  /** With whose rights it happens. */
  readonly addedById: string;
  readonly phase: WaveAction['phase'];
  readonly at: Date;
  readonly deed: WaveDeed;
  readonly lateMinutes: number;
  readonly state: WaveAction['state'];
  readonly reason: WaveAction['reason'];
  readonly attempts: number;
  readonly result: WaveAction['result'];
  readonly endedAt: Date | null;
}

export function toWave(row: WaveRow, actions: readonly ActionRow[]): Wave {
  const isOver = row.state === 'cancelled' || row.state === 'done';
  return {
    id: row.id,
    title: row.title,
    orgUnit: { id: row.orgUnitId, kind: row.unitKind, path: row.orgPath, name: row.unitName },
    state: row.state,
    round: row.round,
    phases: row.phases,
    actions: actions.map(({ waveId, addedById, at, endedAt, ...action }) => ({
      ...action,
      at: at.toISOString(),
      endedAt: endedAt?.toISOString() ?? null,
    })),
    nextActionId: isOver ? null : (actions.find(({ state }) => state === 'planned' || state === 'running')?.id ?? null),
    createdBy: { id: row.createdById, name: row.createdByName },
    createdAt: row.createdAt.toISOString(),
  };
}

export function selectWaves(sql: Sql, filter: { id?: string; scope?: string; limit: number }): Promise<WaveRow[]> {
  const { id = null, scope = null } = filter;
  return sql<WaveRow>`
    SELECT w.id, w.title, w.org_unit_id AS "orgUnitId", w.org_path AS "orgPath", u.kind AS "unitKind", u.name AS "unitName", w.state, w.round,
      w.phases, w.created_by AS "createdById", p.name AS "createdByName", w.created_at AS "createdAt"
    FROM waves w JOIN org_units u ON u.id = w.org_unit_id JOIN people p ON p.id = w.created_by
    WHERE (${id}::uuid IS NULL OR w.id = ${id}) AND (${scope}::text IS NULL OR w.org_path = ${scope} OR w.org_path LIKE ${scope} || '.%')
    ORDER BY w.created_at DESC, w.id DESC LIMIT ${filter.limit}`;
}
export function selectActions(sql: Sql, waveIds: readonly string[]): Promise<ActionRow[]> {
  return sql<ActionRow>`
    SELECT id, wave_id AS "waveId", added_by AS "addedById", phase, at, deed, late_minutes AS "lateMinutes", state, reason, attempts, result, ended_at AS "endedAt"
    FROM wave_actions WHERE wave_id = ANY(${[...waveIds]}::uuid[]) ORDER BY at, id`;
}
export async function insertAction(
  tx: Tx,
  action: Pick<ActionRow, 'id' | 'waveId' | 'addedById' | 'phase' | 'at' | 'deed' | 'lateMinutes'>,
): Promise<void> {
  await tx`INSERT INTO wave_actions (id, wave_id, added_by, phase, at, deed, late_minutes, state)
    VALUES (${action.id}, ${action.waveId}, ${action.addedById}, ${action.phase}, ${action.at}, ${JSON.stringify(action.deed)}::jsonb, ${action.lateMinutes}, 'planned')`;
}
export async function lockWave(
  tx: Tx,
  waveId: string,
): Promise<{ orgPath: string; state: WaveState; phases: WavePhase[] } | undefined> {
  const [row] = await tx<{ orgPath: string; state: WaveState; phases: WavePhase[] }>`
    SELECT org_path AS "orgPath", state, phases FROM waves WHERE id = ${waveId} FOR UPDATE`;
  return row;
}
export async function setWaveState(tx: Tx, waveId: string, state: WaveState, at: Date): Promise<void> {
  await tx`UPDATE waves SET state = ${state}, updated_at = ${at} WHERE id = ${waveId}`;
}

export type ClaimedAction = ActionRow;
/**
 * The next due action of a running wave, for one try: nobody else gets it until the claim lapses, and none after it in its wave
 * before it has ended.
 */
export async function claimNext(tx: Tx, at: Date, until: Date): Promise<ClaimedAction | undefined> {
  const [row] = await tx<ClaimedAction>`
    UPDATE wave_actions SET state = 'running', attempts = attempts + 1, claimed_until = ${until}, next_try_at = NULL
    WHERE id = (
      SELECT a.id FROM wave_actions a JOIN waves w ON w.id = a.wave_id AND w.state = 'running'
      WHERE a.state IN ('planned', 'running') AND a.at <= ${at} AND (a.next_try_at IS NULL OR a.next_try_at <= ${at})
        AND (a.claimed_until IS NULL OR a.claimed_until <= ${at})
        AND NOT EXISTS (SELECT 1 FROM wave_actions e WHERE e.wave_id = a.wave_id AND e.state IN ('planned', 'running') AND (e.at, e.id) < (a.at, a.id))
      ORDER BY a.at, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED)
    RETURNING id, wave_id AS "waveId", added_by AS "addedById", phase, at, deed, late_minutes AS "lateMinutes", state, reason, attempts, result, ended_at AS "endedAt"`;
  return row;
}
/** Mine still, and the wave still running? Both are held until the transaction ends. */
export async function holdClaim(tx: Tx, action: ClaimedAction): Promise<boolean> {
  const [row] = await tx`SELECT 1 AS mine FROM waves w JOIN wave_actions a ON a.wave_id = w.id
    WHERE a.id = ${action.id} AND a.state = 'running' AND a.attempts = ${action.attempts} AND w.state = 'running' FOR UPDATE OF a FOR SHARE OF w`;
  return row !== undefined;
}
export async function finishAction(
  tx: Sql,
  action: ClaimedAction,
  as: { state: 'done' | 'failed' | 'skipped'; reason: string | null; result: object; at: Date },
): Promise<void> {
  await tx`UPDATE wave_actions SET state = ${as.state}, reason = ${as.reason}, result = ${JSON.stringify(as.result)}::jsonb, ended_at = ${as.at},
      claimed_until = NULL WHERE id = ${action.id} AND state = 'running' AND attempts = ${action.attempts}`;
}
/** Back to planned; tried again then, or when the wave runs again. */
export async function putBack(
  tx: Sql,
  action: ClaimedAction,
  nextTryAt: Date | null,
  reason: string | null,
): Promise<void> {
  await tx`UPDATE wave_actions SET state = 'planned', next_try_at = ${nextTryAt}, reason = ${reason}, claimed_until = NULL
    WHERE id = ${action.id} AND state = 'running' AND attempts = ${action.attempts}`;
}
/** Waves with nothing left to happen are done; while a message waits for the morning they can still be stopped. */
export async function closeFinished(sql: Sql, at: Date): Promise<void> {
  await sql`UPDATE waves w SET state = 'done', updated_at = ${at} WHERE w.state = 'running'
    AND NOT EXISTS (SELECT 1 FROM wave_actions a WHERE a.wave_id = w.id AND a.state IN ('planned', 'running', 'failed'))
    AND NOT EXISTS (SELECT 1 FROM messages m JOIN wave_actions a ON a.id = m.wave_action_id WHERE a.wave_id = w.id AND m.state = 'waiting')
    AND (w.phases -> 3 ->> 'until')::timestamptz <= ${at}`;
}

/** What the announcement next before this action has made: null when it was left out or has failed; undefined when there is none. */
export async function roomBefore(
  sql: Sql,
  action: Pick<ActionRow, 'id' | 'waveId' | 'at'>,
): Promise<string | null | undefined> {
  const [row] = await sql<{ roomId: string | null }>`
    SELECT CASE state WHEN 'done' THEN result ->> 'roomId' END AS "roomId" FROM wave_actions
    WHERE wave_id = ${action.waveId} AND deed ->> 'kind' = 'room_open' AND (at, id) < (${action.at}::timestamptz, ${action.id}::uuid)
    ORDER BY at DESC, id DESC LIMIT 1`;
  return row?.roomId;
}
/** How many of these rooms belong to the unit or to one below it. */
export async function countRoomsWithin(sql: Sql, orgPath: string, roomIds: readonly string[]): Promise<number> {
  const [row] = await sql<{
    rooms: number;
  }>`SELECT count(*)::int AS rooms FROM rooms WHERE id = ANY(${[...roomIds]}::uuid[])
    AND (org_path = ${orgPath} OR org_path LIKE ${orgPath} || '.%')`;
  return row?.rooms ?? 0;
}
export interface RoomRow {
  readonly id: string;
  readonly orgPath: string;
  readonly state: 'scheduled' | 'live' | 'ended';
  readonly title: string;
  readonly coverUrl: string;
  readonly scheduledAt: Date | null;
}
export async function findRoom(sql: Sql, roomId: string): Promise<RoomRow | undefined> {
  const [row] = await sql<RoomRow>`
    SELECT id, org_path AS "orgPath", state, title, cover_url AS "coverUrl", scheduled_at AS "scheduledAt" FROM rooms WHERE id = ${roomId}`;
  return row;
}
/** Whoever added it, with the rights they have today; undefined when they are gone. */
export async function staffNow(sql: Sql, personId: string): Promise<StaffPrincipal | undefined> {
  const [row] = await sql<{ name: string; role: StaffRole; orgUnitId: string; orgPath: string }>`
    SELECT p.name, s.role, s.org_unit_id AS "orgUnitId", s.org_path AS "orgPath" FROM staff_accounts s JOIN people p ON p.id = s.person_id
    WHERE s.person_id = ${personId} AND s.active AND p.active`;
  if (!row) return undefined;
  const { name, ...staff } = row;
  return { personId, kind: 'staff', name, staff };
}
