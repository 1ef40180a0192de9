/**
 * The pointer of a room and the seats beside it, in PostgreSQL.
 *
 * Every change is one conditional statement that counts the version up: it locks the row of the room, so changes of one
 * room stand in the outbox in the order of their versions. `announce` reads what came out of it in the same transaction.
 */
import type { RoomState, Stage, StageCohost } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql, Tx } from '../../platform/db.ts';
import { writeRoomEvents } from '../../platform/outbox.ts';
import { type CutIn, cohostsFrom, type StageFacts, toStage } from './stage.policy.ts';

interface StageRow {
  id: string;
  version: number;
  since: Date;
  ownStreamId: string;
  ownAi: boolean;
  sourceAi: boolean;
  cutIn: CutIn;
  cutInAt: Date | null;
  cutInBy: string | null;
  cutInName: string | null;
  sourceId: string | null;
  sourceStreamId: string;
  sourceTitle: string;
  sourceState: RoomState;
  sourceKind: 'hq' | 'channel' | 'store';
  sourceUnit: string;
}
const toFacts = (row: StageRow): StageFacts => ({
  version: row.version,
  since: row.since,
  ownStreamId: row.ownStreamId,
  ownAi: row.ownAi,
  programme: row.sourceId
    ? {
        id: row.sourceId,
        streamId: row.sourceStreamId,
        ai: row.sourceAi,
        title: row.sourceTitle,
        unitKind: row.sourceKind,
        unitName: row.sourceUnit,
        state: row.sourceState,
      }
    : null,
  cutIn:
    row.cutIn === 'none' || !row.cutInAt
      ? null
      : { state: row.cutIn, by: { id: row.cutInBy ?? '', name: row.cutInName ?? '' }, since: row.cutInAt },
});

/** What rooms show now. Ids of no room are missing in the answer. */
export async function readStages(sql: Sql, roomIds: readonly string[]): Promise<Map<string, Stage>> {
  const rows = await sql<StageRow>`
    SELECT r.id, r.stage_version AS version, coalesce(r.stage_at, r.created_at) AS since, r.stream_id AS "ownStreamId", r.ai_picture AS "ownAi", coalesce(s.ai_picture, false) AS "sourceAi",
      r.cut_in AS "cutIn", r.cut_in_at AS "cutInAt", r.cut_in_by AS "cutInBy", p.name AS "cutInName",
      s.id AS "sourceId", s.stream_id AS "sourceStreamId", s.title AS "sourceTitle", s.state AS "sourceState", u.kind AS "sourceKind", u.name AS "sourceUnit"
    FROM rooms r LEFT JOIN rooms s ON s.id = r.relay_of LEFT JOIN org_units u ON u.id = s.org_unit_id
      LEFT JOIN people p ON p.id = r.cut_in_by
    WHERE r.id = ANY(${[...roomIds]}::uuid[])`;
  const facts = new Map(rows.map((row) => [row.id, toFacts(row)]));
  const seated = [...new Set([...facts].map(([id, of]) => cohostsFrom(id, of)))];
  const cohosts = await sql<StageCohost & { roomId: string }>`
    SELECT c.room_id AS "roomId", c.id AS "seatId", p.name, u.name AS "unitName", c.stream_id AS "streamId", c.muted
    FROM room_cohosts c JOIN people p ON p.id = c.person_id JOIN staff_accounts a ON a.person_id = p.id
      JOIN org_units u ON u.id = a.org_unit_id
    WHERE c.room_id = ANY(${seated}::uuid[]) AND c.state = 'on' ORDER BY c.invited_at, c.id`;
  return new Map(
    [...facts].map(([id, of]) => {
      const from = cohostsFrom(id, of);
      const here = cohosts.filter(({ roomId }) => roomId === from).map(({ roomId: _, ...cohost }) => cohost);
      return [id, toStage(of, here)];
    }),
  );
}

/** Tells the rooms what they show now. Their rows are locked: the caller has just counted their versions up. */
export async function announce(tx: Tx, clock: Clock, roomIds: readonly string[]): Promise<Map<string, Stage>> {
  if (roomIds.length === 0) return new Map();
  const stages = await readStages(tx, roomIds);
  await writeRoomEvents(
    tx,
    clock,
    [...stages].map(([roomId, stage]) => ({ roomId, event: { kind: 'stage:changed', stage } })),
  );
  return stages;
}

const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);

/** Statements that move pointers; each answers the rooms it has moved. */
export function createStageRepository(tx: Sql) {
  return {
    /** Statements that look at other tables come after this one: then they see what those who held the row have done. */
    async lock(roomId: string): Promise<void> {
      await tx`SELECT FROM rooms WHERE id = ${roomId} FOR UPDATE`;
    },
    /** Not while co-hosts are here: a relay's stage is the programme's. Chosen by the room, it is no push (any more). */
    async toRelay(roomId: string, programmeId: string, at: Date): Promise<string[]> {
      return ids(
        await tx<{
          id: string;
        }>`UPDATE rooms SET ai_shown = ai_shown OR (state = 'live' AND EXISTS (SELECT FROM rooms p WHERE p.id = rooms.relay_of AND p.ai_picture)),
            relay_of = ${programmeId}, relay_pushed = false, cut_in = 'none', cut_in_by = NULL, cut_in_at = NULL,
            stage_version = stage_version + 1, stage_at = ${at}
          WHERE id = ${roomId} AND state <> 'ended' AND relay_of IS DISTINCT FROM ${programmeId}::uuid
            AND cardinality(open_to) = 0 AND NOT EXISTS (SELECT FROM rooms x WHERE x.relay_of = ${roomId})
            AND NOT EXISTS (SELECT FROM room_cohosts c WHERE c.room_id = ${roomId} AND c.ended_at IS NULL) RETURNING id`,
      );
    },
    async toOwn(roomId: string, at: Date): Promise<string[]> {
      return ids(
        await tx<{
          id: string;
        }>`UPDATE rooms SET ai_shown = ai_shown OR (state = 'live' AND EXISTS (SELECT FROM rooms p WHERE p.id = rooms.relay_of AND p.ai_picture)),
            relay_of = NULL, relay_pushed = false, cut_in = 'none', cut_in_by = NULL, cut_in_at = NULL,
            stage_version = stage_version + 1, stage_at = ${at}
          WHERE id = ${roomId} AND state <> 'ended' AND relay_of IS NOT NULL RETURNING id`,
      );
    },
    /** One guide at a time: another one's wait has to be over first. */
    async askForCutIn(roomId: string, personId: string, at: Date): Promise<string[]> {
      return ids(
        await tx<{
          id: string;
        }>`UPDATE rooms SET cut_in = 'waiting', cut_in_by = ${personId}, cut_in_at = ${at}, stage_version = stage_version + 1
          WHERE id = ${roomId} AND state = 'live' AND relay_of IS NOT NULL AND cut_in = 'none' RETURNING id`,
      );
    },
    async cutInStarts(roomId: string, at: Date): Promise<string[]> {
      return ids(
        await tx<{ id: string }>`UPDATE rooms SET cut_in = 'on', stage_version = stage_version + 1, stage_at = ${at}
          WHERE id = ${roomId} AND state = 'live' AND cut_in = 'waiting' RETURNING id`,
      );
    },
    /** `was`: only from this state; without it from any. */
    async cutInEnds(roomId: string, at: Date, was?: 'waiting' | 'on'): Promise<string[]> {
      return ids(
        await tx<{
          id: string;
        }>`UPDATE rooms SET cut_in = 'none', cut_in_by = NULL, cut_in_at = NULL, stage_version = stage_version + 1,
            stage_at = CASE cut_in WHEN 'on' THEN ${at}::timestamptz ELSE stage_at END
          WHERE id = ${roomId} AND cut_in <> 'none' AND (${was ?? null}::text IS NULL OR cut_in = ${was ?? null}) RETURNING id`,
      );
    },
    /** Waits that nobody's camera has ended. */
    async staleWaits(before: Date): Promise<string[]> {
      return ids(await tx<{ id: string }>`SELECT id FROM rooms WHERE cut_in = 'waiting' AND cut_in_at < ${before}`);
    },
    /** A room's co-hosts or state changed: it and the rooms that show it count up; both locked from here on. */
    async touchWithRelays(roomId: string): Promise<string[]> {
      const own = ids(
        await tx<{ id: string }>`UPDATE rooms SET stage_version = stage_version + 1 WHERE id = ${roomId} RETURNING id`,
      );
      return [...own, ...(await this.touchRelays(roomId))];
    },
    /** Rule Z7: said of a programme, it is said of rooms that have it in their recording and show it no more, too. */
    async markShown(programmeId: string): Promise<void> {
      await tx`UPDATE rooms r SET ai_shown = true FROM rooms p
        WHERE p.id = ${programmeId} AND p.ai_picture AND r.id <> p.id AND NOT r.ai_shown
          AND (r.ended_at IS NULL OR r.ended_at >= coalesce(p.started_at, p.created_at)) AND EXISTS (SELECT FROM recordings c
            WHERE c.room_id = r.id AND c.spans @> jsonb_build_array(jsonb_build_object('streamId', p.stream_id)))`;
    },
    async touchRelays(programmeId: string): Promise<string[]> {
      return ids(
        await tx<{ id: string }>`UPDATE rooms SET stage_version = stage_version + 1
          WHERE relay_of = ${programmeId} AND state <> 'ended' RETURNING id`,
      );
    },
    async setOpenTo(roomId: string, openTo: readonly string[]): Promise<boolean> {
      const rows = await tx`UPDATE rooms SET open_to = ${[...openTo]}::text[]
        WHERE id = ${roomId} AND state <> 'ended' AND relay_of IS NULL RETURNING id`;
      return rows.length === 1;
    },
    /** Locked against closing and against becoming a relay itself until this transaction ends. */
    async lockProgramme(roomId: string) {
      const [row] = await tx<{
        id: string;
        orgPath: string;
        openTo: string[];
        state: RoomState;
        relayOf: string | null;
      }>`
        SELECT id, org_path AS "orgPath", open_to AS "openTo", state, relay_of AS "relayOf" FROM rooms WHERE id = ${roomId} FOR SHARE`;
      return row;
    },
    async room(roomId: string) {
      const [row] = await tx<{
        id: string;
        orgPath: string;
        state: RoomState;
        streamId: string;
        hostId: string;
        relayOf: string | null;
        cutIn: CutIn;
        cutInBy: string | null;
      }>`SELECT id, org_path AS "orgPath", state, stream_id AS "streamId", host_id AS "hostId", relay_of AS "relayOf",
          cut_in AS "cutIn", cut_in_by AS "cutInBy" FROM rooms WHERE id = ${roomId}`;
      return row;
    },
    /** Own streams whose state decides about a cut-in. */
    async cutIns(streamIds: readonly string[] | 'all') {
      const all = streamIds === 'all';
      return tx<{ id: string; streamId: string; cutIn: 'waiting' | 'on' }>`
        SELECT id, stream_id AS "streamId", cut_in AS "cutIn" FROM rooms
        WHERE cut_in <> 'none' AND (${all} OR stream_id::text = ANY(${all ? [] : [...streamIds]}::text[]))`;
    },
  };
}
export type StageRepository = ReturnType<typeof createStageRepository>;
