/** What a person is in a room right now, by the database and not by a token: role, mute, ban, whether they exist. */
import type { RoomState, StaffRole } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Sql } from '../../platform/db.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Entries, type EntryRefusal, refusalError } from '../room-access/index.ts';
import { type RoomRole, roleInRoom } from './rooms.policy.ts';

/**
 * The channel on which the database tells whose standing it has changed (triggers of migration 0111): bans and mutes, staff
 * accounts, people who were switched off, marks. The payload is the person's id, or `room:` and a room for whom it is now
 * (migrations 0160, 0161).
 */
export const STANDING_NEWS = 'standing';

export interface Standing {
  readonly roomId: string;
  /** Of the room. */
  readonly orgPath: string;
  readonly principal: Principal;
  readonly role: RoomRole;
  readonly roomState: RoomState;
  readonly muted: boolean;
  readonly banned: boolean;
  /** The room is not for them. */
  readonly refusal: EntryRefusal | undefined;
  /** False when the account was switched off, or the guest has become somebody. */
  readonly valid: boolean;
}

interface Row {
  roomId: string;
  personId: string;
  kind: Principal['kind'];
  name: string;
  valid: boolean;
  role: StaffRole | null;
  orgUnitId: string;
  orgPath: string;
  roomState: RoomState;
  roomPath: string;
  hostId: string;
  muted: boolean;
  banned: boolean;
  gated: boolean;
}

const toStanding = (row: Row, refusal: EntryRefusal | undefined): Standing => {
  const staff = row.role ? { role: row.role, orgUnitId: row.orgUnitId, orgPath: row.orgPath } : undefined;
  return {
    roomId: row.roomId,
    orgPath: row.roomPath,
    principal: { personId: row.personId, kind: row.kind, name: row.name, ...(staff ? { staff } : {}) },
    role: roleInRoom({ id: row.personId, staff }, { hostId: row.hostId, orgPath: row.roomPath }),
    roomState: row.roomState,
    muted: row.muted,
    banned: row.banned,
    refusal,
    valid: row.valid,
  };
};

export function createStandings({ sql, clock, entries }: { sql: Sql; clock: Clock; entries: Entries }) {
  /** A sanction on a guest goes with them when they sign in. */
  async function read(pairs: readonly { roomId: string; personId: string }[]): Promise<Standing[]> {
    const rows = await sql<Row>`
      SELECT r.id AS "roomId", p.id AS "personId", p.kind, p.name,
        p.active AND p.merged_into IS NULL AND (p.kind <> 'staff' OR s.person_id IS NOT NULL) AS valid,
        s.role, s.org_unit_id AS "orgUnitId", s.org_path AS "orgPath",
        r.state AS "roomState", r.org_path AS "roomPath", r.host_id AS "hostId",
        r.audience <> 'everyone' OR EXISTS (SELECT FROM rooms d WHERE d.id = r.relay_of AND d.audience <> 'everyone') AS gated,
        coalesce(bool_or(m.kind = 'mute' AND (m.until IS NULL OR m.until > ${clock.now()})), false) AS muted,
        coalesce(bool_or(m.kind = 'ban' AND (m.until IS NULL OR m.until > ${clock.now()})), false) AS banned
      FROM unnest(${pairs.map(({ roomId }) => roomId)}::uuid[], ${pairs.map(({ personId }) => personId)}::uuid[]) AS wanted(room_id, person_id)
      JOIN rooms r ON r.id = wanted.room_id
      JOIN people p ON p.id = wanted.person_id
      LEFT JOIN staff_accounts s ON s.person_id = p.id AND s.active
      LEFT JOIN room_moderation m ON m.room_id = r.id AND m.lifted_at IS NULL
        AND (m.person_id = p.id OR m.person_id IN (SELECT g.id FROM people g WHERE g.merged_into = p.id))
      GROUP BY r.id, p.id, s.person_id`;
    const refused = await entries.refusals(rows.filter(({ gated }) => gated));
    return rows.map((row) => toStanding(row, entries.refusalIn(refused, row.roomId, row.personId)));
  }
  return {
    read,
    /** @throws AppError not_in_audience; being put out or switched off is the stronger reason, and the caller's to tell */
    async of(roomId: string, personId: string): Promise<Standing | undefined> {
      const [standing] = await read([{ roomId, personId }]);
      if (standing?.refusal && standing.valid && !standing.banned) throw refusalError(standing.refusal);
      return standing;
    },
  };
}
export type Standings = ReturnType<typeof createStandings>;
