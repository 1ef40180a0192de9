/** Seats beside the host. Whoever changes them holds the row of the room, so that four stay four. */
import type { SeatState, StaffRole } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface SeatRow {
  readonly id: string;
  readonly roomId: string;
  readonly personId: string;
  readonly name: string;
  readonly unitName: string;
  readonly streamId: string;
  readonly state: SeatState | 'declined' | 'left' | 'removed' | 'room_ended';
  readonly muted: boolean;
  readonly invitedAt: Date;
}
interface InvitationRow extends SeatRow {
  title: string;
  coverUrl: string;
  roomUnit: string;
  hostId: string;
  hostName: string;
  invitedById: string;
  invitedByName: string;
}
const CANDIDATES_SHOWN = 50;

export function createCohostsRepository(sql: Sql) {
  return {
    async find(seatId: string): Promise<SeatRow | undefined> {
      const [row] = await sql<SeatRow>`
        SELECT c.id, c.room_id AS "roomId", c.person_id AS "personId", p.name, coalesce(u.name, '') AS "unitName",
          c.stream_id AS "streamId", c.state, c.muted, c.invited_at AS "invitedAt"
        FROM room_cohosts c JOIN people p ON p.id = c.person_id LEFT JOIN staff_accounts a ON a.person_id = p.id
          LEFT JOIN org_units u ON u.id = a.org_unit_id WHERE c.id = ${seatId}`;
      return row;
    },
    async present(roomId: string): Promise<SeatRow[]> {
      return sql<SeatRow>`
        SELECT c.id, c.room_id AS "roomId", c.person_id AS "personId", p.name, coalesce(u.name, '') AS "unitName",
          c.stream_id AS "streamId", c.state, c.muted, c.invited_at AS "invitedAt"
        FROM room_cohosts c JOIN people p ON p.id = c.person_id LEFT JOIN staff_accounts a ON a.person_id = p.id
          LEFT JOIN org_units u ON u.id = a.org_unit_id
        WHERE c.room_id = ${roomId} AND c.ended_at IS NULL ORDER BY c.invited_at, c.id`;
    },
    /** A seat in the sense of the media server: whose stream this is, while they are here. */
    async bySeatStream(roomId: string, streamId: string): Promise<{ id: string; personId: string } | undefined> {
      const [row] = await sql<{ id: string; personId: string }>`
        SELECT id, person_id AS "personId" FROM room_cohosts
        WHERE room_id = ${roomId} AND stream_id = ${streamId} AND state IN ('accepted', 'on')`;
      return row;
    },
    async insert(seat: {
      id: string;
      roomId: string;
      personId: string;
      streamId: string;
      invitedBy: string;
      at: Date;
    }): Promise<void> {
      await sql`INSERT INTO room_cohosts (id, room_id, person_id, stream_id, state, invited_by, invited_at)
        VALUES (${seat.id}, ${seat.roomId}, ${seat.personId}, ${seat.streamId}, 'invited', ${seat.invitedBy}, ${seat.at})`;
    },
    /** True for the one call that moved the seat. */
    async move(seatId: string, from: readonly SeatState[], to: 'accepted' | 'on'): Promise<boolean> {
      const rows = await sql`UPDATE room_cohosts SET state = ${to}
        WHERE id = ${seatId} AND state = ANY(${[...from]}::text[]) AND state <> ${to} RETURNING id`;
      return rows.length === 1;
    },
    async end(seatId: string, as: 'declined' | 'left' | 'removed', at: Date): Promise<boolean> {
      const rows = await sql`UPDATE room_cohosts SET state = ${as}, ended_at = ${at}
        WHERE id = ${seatId} AND ended_at IS NULL RETURNING id`;
      return rows.length === 1;
    },
    async endAll(roomId: string, at: Date): Promise<string[]> {
      const rows = await sql<{ streamId: string }>`UPDATE room_cohosts SET state = 'room_ended', ended_at = ${at}
        WHERE room_id = ${roomId} AND ended_at IS NULL RETURNING stream_id AS "streamId"`;
      return rows.map(({ streamId }) => streamId);
    },
    async setMuted(seatId: string, muted: boolean): Promise<boolean> {
      const rows = await sql`UPDATE room_cohosts SET muted = ${muted}
        WHERE id = ${seatId} AND ended_at IS NULL AND muted <> ${muted} RETURNING id`;
      return rows.length === 1;
    },
    /** Seats whose stream decides whether they are on the stage. */
    async followed(streamIds: readonly string[] | 'all') {
      const all = streamIds === 'all';
      return sql<{ id: string; roomId: string; streamId: string; state: 'accepted' | 'on' }>`
        SELECT id, room_id AS "roomId", stream_id AS "streamId", state FROM room_cohosts
        WHERE state IN ('accepted', 'on') AND (${all} OR stream_id::text = ANY(${all ? [] : [...streamIds]}::text[]))`;
    },
    /** Where somebody stands beside the host now. */
    async roomsWithCohosts(): Promise<string[]> {
      const rows = await sql<{
        roomId: string;
      }>`SELECT DISTINCT room_id AS "roomId" FROM room_cohosts WHERE state = 'on'`;
      return rows.map(({ roomId }) => roomId);
    },
    async everHadSeats(roomId: string): Promise<boolean> {
      return (await sql`SELECT FROM room_cohosts WHERE room_id = ${roomId} LIMIT 1`).length > 0;
    },
    /** Streams of stays that are over. */
    async endedStreams(streamIds: readonly string[]): Promise<string[]> {
      const rows = await sql<{ streamId: string }>`
        SELECT stream_id AS "streamId" FROM room_cohosts
        WHERE stream_id::text = ANY(${[...streamIds]}::text[]) AND ended_at IS NOT NULL`;
      return rows.map(({ streamId }) => streamId);
    },
    async invitationsOf(personId: string): Promise<InvitationRow[]> {
      return sql<InvitationRow>`
        SELECT c.id, c.room_id AS "roomId", c.person_id AS "personId", '' AS name, '' AS "unitName", c.stream_id AS "streamId",
          c.state, c.muted, c.invited_at AS "invitedAt", r.title, r.cover_url AS "coverUrl", u.name AS "roomUnit",
          h.id AS "hostId", h.name AS "hostName", i.id AS "invitedById", i.name AS "invitedByName"
        FROM room_cohosts c JOIN rooms r ON r.id = c.room_id JOIN org_units u ON u.id = r.org_unit_id
          JOIN people h ON h.id = r.host_id JOIN people i ON i.id = c.invited_by
        WHERE c.person_id = ${personId} AND c.ended_at IS NULL AND r.state = 'live' ORDER BY c.invited_at DESC`;
    },
    async staff(personId: string): Promise<{ role: StaffRole; orgPath: string } | undefined> {
      const [row] = await sql<{ role: StaffRole; orgPath: string }>`
        SELECT s.role, s.org_path AS "orgPath" FROM staff_accounts s JOIN people p ON p.id = s.person_id
        WHERE s.person_id = ${personId} AND s.active AND p.active`;
      return row;
    },
    /** Active staff of some paths and of the units above one; the policy has the last word. */
    async people(search: string, scope: string) {
      return sql<{ id: string; name: string; role: StaffRole; orgPath: string; unitName: string }>`
        SELECT p.id, p.name, s.role, s.org_path AS "orgPath", u.name AS "unitName"
        FROM staff_accounts s JOIN people p ON p.id = s.person_id JOIN org_units u ON u.id = s.org_unit_id
        WHERE s.active AND p.active AND s.role IN ('hq_admin', 'hq_operations', 'store_manager', 'guide')
          AND (s.org_path = ${scope} OR s.org_path LIKE ${scope} || '.%' OR ${scope} LIKE s.org_path || '.%')
          AND (${search} = '' OR strpos(lower(p.name), lower(${search})) > 0 OR strpos(lower(u.name), lower(${search})) > 0)
        ORDER BY u.name, p.name, p.id LIMIT ${CANDIDATES_SHOWN}`;
    },
  };
}
