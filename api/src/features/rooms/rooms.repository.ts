import type {
  OrgUnitRef,
  Room,
  RoomAudience,
  RoomKind,
  RoomSource,
  RoomState,
  StaffRole,
} from '@walnut-live/contracts';
import type { z } from 'zod';
import type { Sql } from '../../platform/db.ts';

export interface RoomFacts {
  readonly id: string;
  readonly title: string;
  readonly coverUrl: string;
  readonly state: RoomState;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly unit: z.infer<typeof OrgUnitRef>;
  readonly hostId: string;
  readonly hostName: string;
  readonly streamId: string;
  readonly source: RoomSource;
  readonly isDemo: boolean;
  /** Its own picture or that of the programme it shows or has shown is generated (rule Z7). */
  readonly aiPicture: boolean;
  readonly kind: RoomKind;
  readonly audience: RoomAudience;
  readonly notice: string;
  readonly likes: number;
  readonly viewersTotal: number;
  readonly scheduledAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Called off before it started; its state is ended. */
  readonly cancelledAt: Date | null;
  readonly createdAt: Date;
  /** The programme it relays. */
  readonly relay: { readonly title: string; readonly unitName: string } | null;
}

interface RoomRow extends Omit<RoomFacts, 'likes' | 'unit' | 'relay'> {
  likes: bigint;
  relayTitle: string | null;
  relayUnit: string | null;
  unitKind: RoomFacts['unit']['kind'];
  unitPath: string;
  unitName: string;
}
const toRoom = ({ unitKind, unitPath, unitName, relayTitle, relayUnit, ...row }: RoomRow): RoomFacts => ({
  ...row,
  relay: relayTitle === null ? null : { title: relayTitle, unitName: relayUnit ?? '' },
  likes: Number(row.likes),
  unit: { id: row.orgUnitId, kind: unitKind, path: unitPath, name: unitName },
});

export function toRoomView(room: RoomFacts, viewersNow: number): Room {
  return {
    id: room.id,
    title: room.title,
    coverUrl: room.coverUrl,
    state: room.state,
    orgUnit: room.unit,
    host: { id: room.hostId, name: room.hostName },
    streamId: room.streamId,
    source: room.source,
    isDemo: room.isDemo,
    aiPicture: room.aiPicture,
    scheduledAt: room.scheduledAt?.toISOString() ?? null,
    startedAt: room.startedAt?.toISOString() ?? null,
    endedAt: room.endedAt?.toISOString() ?? null,
    cancelledAt: room.cancelledAt?.toISOString() ?? null,
    createdAt: room.createdAt.toISOString(),
    viewersNow,
    viewersTotal: room.viewersTotal,
    likes: room.likes,
    relay: room.relay,
    kind: room.kind,
    audience: room.audience,
  };
}

/** Place of a room in the list: live, then scheduled, then ended; newest first. */
export interface ListPosition {
  readonly rank: number;
  readonly at: string;
  readonly id: string;
}

export function createRoomsRepository(sql: Sql) {
  return {
    async find(roomId: string): Promise<RoomFacts | undefined> {
      const [row] = await sql<RoomRow>`
        SELECT r.id, r.title, r.cover_url AS "coverUrl", r.state, r.org_unit_id AS "orgUnitId", r.org_path AS "orgPath",
          u.kind AS "unitKind", u.path AS "unitPath", u.name AS "unitName", r.host_id AS "hostId", h.name AS "hostName",
          r.stream_id AS "streamId", r.source, r.kind, r.audience, r.is_demo AS "isDemo", generated_picture(r.ai_picture, r.ai_shown, s.ai_picture) AS "aiPicture", r.notice, likes_of(r.id) AS likes, r.viewers_total AS "viewersTotal",
          r.scheduled_at AS "scheduledAt", r.started_at AS "startedAt", r.ended_at AS "endedAt", r.cancelled_at AS "cancelledAt", r.created_at AS "createdAt",
          s.title AS "relayTitle", su.name AS "relayUnit"
        FROM rooms r JOIN org_units u ON u.id = r.org_unit_id JOIN people h ON h.id = r.host_id
          LEFT JOIN rooms s ON s.id = r.relay_of LEFT JOIN org_units su ON su.id = s.org_unit_id WHERE r.id = ${roomId}`;
      return row && toRoom(row);
    },

    /** One row more than `limit` shows that there is a next page. */
    async list(filter: {
      state: RoomState | undefined;
      orgPath: string | undefined;
      scope: string | undefined;
      after: ListPosition | undefined;
      limit: number;
    }): Promise<{ room: RoomFacts; position: ListPosition }[]> {
      const { state = null, orgPath = null, scope = null, after } = filter;
      const rows = await sql<RoomRow & { rank: number; listAt: Date }>`
        SELECT * FROM (
          SELECT r.id, r.title, r.cover_url AS "coverUrl", r.state, r.org_unit_id AS "orgUnitId", r.org_path AS "orgPath",
            u.kind AS "unitKind", u.path AS "unitPath", u.name AS "unitName", r.host_id AS "hostId", h.name AS "hostName",
            r.stream_id AS "streamId", r.source, r.kind, r.audience, r.is_demo AS "isDemo", generated_picture(r.ai_picture, r.ai_shown, s.ai_picture) AS "aiPicture", r.notice, likes_of(r.id) AS likes, r.viewers_total AS "viewersTotal",
            r.scheduled_at AS "scheduledAt", r.started_at AS "startedAt", r.ended_at AS "endedAt", r.cancelled_at AS "cancelledAt", r.created_at AS "createdAt",
            s.title AS "relayTitle", su.name AS "relayUnit",
            CASE r.state WHEN 'live' THEN 2 WHEN 'scheduled' THEN 1 ELSE 0 END AS rank,
            coalesce(r.started_at, r.scheduled_at, r.created_at) AS "listAt"
          FROM rooms r JOIN org_units u ON u.id = r.org_unit_id JOIN people h ON h.id = r.host_id
            LEFT JOIN rooms s ON s.id = r.relay_of LEFT JOIN org_units su ON su.id = s.org_unit_id
          WHERE (${state}::text IS NULL OR r.state = ${state})
            AND (${orgPath}::text IS NULL OR r.org_path = ${orgPath} OR r.org_path LIKE ${orgPath} || '.%')
            AND (${scope}::text IS NULL OR r.org_path = ${scope} OR r.org_path LIKE ${scope} || '.%')
        ) AS listed
        WHERE ${after === undefined} OR (rank, "listAt", id) < (${after?.rank ?? 0}::int, ${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid)
        ORDER BY rank DESC, "listAt" DESC, id DESC LIMIT ${filter.limit + 1}`;
      return rows.map(({ rank, listAt, ...row }) => ({
        room: toRoom(row),
        position: { rank, at: listAt.toISOString(), id: row.id },
      }));
    },

    async findUnit(unitId: string): Promise<{ id: string; path: string } | undefined> {
      const [row] = await sql<{ id: string; path: string }>`SELECT id, path FROM org_units WHERE id = ${unitId}`;
      return row;
    },

    async findStaff(personId: string): Promise<{ role: StaffRole; orgPath: string } | undefined> {
      const [row] = await sql<{ role: StaffRole; orgPath: string }>`
        SELECT s.role, s.org_path AS "orgPath" FROM staff_accounts s JOIN people p ON p.id = s.person_id
        WHERE s.person_id = ${personId} AND s.active AND p.active`;
      return row;
    },

    async insert(room: {
      id: string;
      orgUnitId: string;
      orgPath: string;
      hostId: string;
      title: string;
      coverUrl: string;
      streamId: string;
      source: RoomSource;
      aiPicture?: boolean | undefined;
      scheduledAt: Date | null;
      kind?: RoomKind;
      audience?: RoomAudience;
      createdAt: Date;
    }): Promise<void> {
      await sql`INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, source, ai_picture, scheduled_at, kind, audience, created_at)
        VALUES (${room.id}, ${room.orgUnitId}, ${room.orgPath}, ${room.hostId}, ${room.title}, ${room.coverUrl}, 'scheduled',
          ${room.streamId}, ${room.source}, ${room.aiPicture ?? false}, ${room.scheduledAt}, ${room.kind ?? 'live'}, ${room.audience ?? 'everyone'}, ${room.createdAt})`;
    },

    /** Title, cover and source any time before the end, the schedule before the start; Z7 is taken back before it alone. Undefined when the state forbids it. */
    async patch(
      roomId: string,
      change: {
        title?: string | undefined;
        coverUrl?: string | undefined;
        source?: RoomSource | undefined;
        aiPicture?: boolean | undefined;
        scheduledAt?: Date | null | undefined;
      },
    ): Promise<{ pictureChanged: boolean } | undefined> {
      const setsSchedule = change.scheduledAt !== undefined;
      const [row] = await sql<{
        pictureChanged: boolean;
      }>`UPDATE rooms SET title = coalesce(${change.title ?? null}, title),
          cover_url = coalesce(${change.coverUrl ?? null}, cover_url), source = coalesce(${change.source ?? null}, source),
          ai_picture = coalesce(${change.aiPicture ?? null}, ai_picture),
          scheduled_at = CASE WHEN ${setsSchedule} THEN ${change.scheduledAt ?? null}::timestamptz ELSE scheduled_at END
        WHERE id = ${roomId} AND state <> 'ended' AND (NOT ${setsSchedule} OR state = 'scheduled')
          AND (${change.aiPicture !== false} OR NOT ai_picture OR state = 'scheduled')
        RETURNING new.ai_picture <> old.ai_picture AS "pictureChanged"`;
      return row;
    },

    /** True for the one call that took the room live. */
    async start(roomId: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE rooms SET state = 'live', started_at = ${at} WHERE id = ${roomId} AND state = 'scheduled' RETURNING id`;
      return rows.length === 1;
    },
    /** Rooms that a programme was pushed into go live with it; answers which. */
    async startPushed(programmeId: string, at: Date): Promise<string[]> {
      const rows = await sql<{ id: string }>`UPDATE rooms SET state = 'live', started_at = ${at}
        WHERE relay_of = ${programmeId} AND relay_pushed AND state = 'scheduled' RETURNING id`;
      return rows.map(({ id }) => id);
    },
    /** True for the one call that ended the room. */
    async end(roomId: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE rooms SET state = 'ended', ended_at = ${at} WHERE id = ${roomId} AND state = 'live' RETURNING id`;
      return rows.length === 1;
    },

    /** True for the one call that called the room off, before it started. */
    async cancel(roomId: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE rooms SET state = 'ended', ended_at = ${at}, cancelled_at = ${at}
        WHERE id = ${roomId} AND state = 'scheduled' RETURNING id`;
      return rows.length === 1;
    },

    async endedStreams(streamIds: readonly string[]): Promise<string[]> {
      const rows = await sql<{ streamId: string }>`
        SELECT stream_id AS "streamId" FROM rooms WHERE stream_id::text = ANY(${[...streamIds]}::text[])
        GROUP BY stream_id HAVING bool_and(state = 'ended')`;
      return rows.map(({ streamId }) => streamId);
    },

    /** Paid orders of rooms (rule A7: an unpaid order is no sale); GMV before refunds, as in the reports. */
    async sales(roomIds: readonly string[]): Promise<Map<string, { orders: number; gmvFen: number }>> {
      const rows = await sql<{ roomId: string; orders: number; gmvFen: bigint }>`
        SELECT room_id AS "roomId", count(*)::int AS orders, sum(paid_fen)::bigint AS "gmvFen"
        FROM orders WHERE room_id = ANY(${[...roomIds]}::uuid[]) AND paid_at IS NOT NULL GROUP BY room_id`;
      return new Map(rows.map((row) => [row.roomId, { orders: row.orders, gmvFen: Number(row.gmvFen) }]));
    },

    async liveIn(scope: string): Promise<RoomFacts[]> {
      const rows = await this.list({
        state: 'live',
        orgPath: scope,
        scope: undefined,
        after: undefined,
        limit: WALL_LIMIT,
      });
      return rows.map(({ room }) => room);
    },
  };
}
/** Rooms a wall shows at most. */
const WALL_LIMIT = 500;
export type RoomsRepository = ReturnType<typeof createRoomsRepository>;
