import type { MarkKind, RoomAudience, RoomInvitation } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface InvitationRow {
  id: string;
  roomId: string;
  orgPath: string;
  kind: RoomInvitation['kind'];
  name: string;
  phone: string | null;
  personId: string | null;
  personName: string | null;
  personKind: string | null;
  ownerPath: string | null;
  invitedBy: string;
  invitedByName: string;
  createdAt: Date;
  expiresAt: Date | null;
  redeemedAt: Date | null;
  revokedAt: Date | null;
}
export interface NewInvitation {
  readonly id: string;
  readonly roomId: string;
  readonly kind: RoomInvitation['kind'];
  readonly name: string;
  readonly personId: string | null;
  readonly phone: string | null;
  readonly tokenHash: string | null;
  readonly expiresAt: Date | null;
  readonly by: string;
  readonly at: Date;
}
export interface MarkRow {
  id: string;
  kind: MarkKind;
  personId: string;
  personName: string;
  personKind: string;
  ownerPath: string | null;
  unitId: string;
  unitKind: 'hq' | 'channel' | 'store';
  unitPath: string;
  unitName: string;
  reason: string;
  byId: string;
  byName: string;
  at: Date;
  endedAt: Date | null;
}

export function createRoomAccessRepository(sql: Sql) {
  const invitations = (filter: {
    roomId: string | null;
    id: string | null;
    after: TimeCursor | undefined;
    limit: number;
  }) => sql<InvitationRow>`
    SELECT i.id, i.room_id AS "roomId", r.org_path AS "orgPath", i.kind, i.name, i.phone, i.person_id AS "personId",
      p.name AS "personName", p.kind AS "personKind", u.path AS "ownerPath", i.invited_by AS "invitedBy",
      b.name AS "invitedByName", i.created_at AS "createdAt", i.expires_at AS "expiresAt", i.redeemed_at AS "redeemedAt",
      i.revoked_at AS "revokedAt"
    FROM room_invitations i JOIN rooms r ON r.id = i.room_id JOIN people b ON b.id = i.invited_by
      LEFT JOIN people p ON p.id = i.person_id
      LEFT JOIN owner_bindings o ON o.customer_id = i.person_id AND o.ended_at IS NULL
      LEFT JOIN org_units u ON u.id = o.store_id
    WHERE (${filter.roomId}::uuid IS NULL OR i.room_id = ${filter.roomId}) AND (${filter.id}::uuid IS NULL OR i.id = ${filter.id})
      AND (${filter.after?.at ?? null}::timestamptz IS NULL
        OR (i.created_at, i.id) < (${filter.after?.at ?? null}, ${filter.after?.id ?? null}::uuid))
    ORDER BY i.created_at DESC, i.id DESC LIMIT ${filter.limit}`;

  const marks = (filter: {
    id: string | null;
    scope: string;
    kind: MarkKind | null;
    after: TimeCursor | undefined;
    limit: number;
  }) => sql<MarkRow>`
    SELECT m.id, m.kind, p.id AS "personId", p.name AS "personName", p.kind AS "personKind", ou.path AS "ownerPath",
      u.id AS "unitId", u.kind AS "unitKind", u.path AS "unitPath", u.name AS "unitName", m.reason, b.id AS "byId",
      b.name AS "byName", m.marked_at AS at, m.ended_at AS "endedAt"
    FROM customer_marks m JOIN people p ON p.id = m.person_id JOIN people b ON b.id = m.marked_by
      JOIN org_units u ON u.id = m.org_unit_id
      LEFT JOIN owner_bindings o ON o.customer_id = p.id AND o.ended_at IS NULL LEFT JOIN org_units ou ON ou.id = o.store_id
    WHERE (m.org_path = ${filter.scope} OR m.org_path LIKE ${filter.scope} || '.%')
      AND (m.id = ${filter.id}::uuid OR (${filter.id}::uuid IS NULL AND m.ended_at IS NULL))
      AND (${filter.kind}::text IS NULL OR m.kind = ${filter.kind})
      AND (${filter.after?.at ?? null}::timestamptz IS NULL
        OR (m.marked_at, m.id) < (${filter.after?.at ?? null}, ${filter.after?.id ?? null}::uuid))
    ORDER BY m.marked_at DESC, m.id DESC LIMIT ${filter.limit}`;

  return {
    /** True when it changed; a conference stays for the invited. */
    async setAudience(roomId: string, audience: RoomAudience): Promise<boolean> {
      const rows = await sql`UPDATE rooms SET audience = ${audience}
        WHERE id = ${roomId} AND audience <> ${audience} AND kind = 'live' RETURNING id`;
      return rows.length === 1;
    },

    async doorOf(roomId: string) {
      const [row] = await sql<{
        kind: 'live' | 'conference';
        audience: RoomAudience;
        storeId: string;
        storeName: string;
      }>`SELECT r.kind, r.audience, u.id AS "storeId", u.name AS "storeName"
        FROM rooms r JOIN org_units u ON u.id = r.org_unit_id WHERE r.id = ${roomId}`;
      return row;
    },

    /** Who was in the room, for whom it may not be any longer; who came last, comes first: they are likely to be there. */
    async visitors(roomId: string): Promise<string[]> {
      const rows = await sql<{ id: string }>`SELECT person_id AS id FROM room_visits
        WHERE room_id = ${roomId} ORDER BY last_at DESC`;
      return rows.map(({ id }) => id);
    },
    /** Live rooms with a door, also behind a relay, that this person (or anybody) has been in. */
    async gatedLiveRooms(personId: string | null): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT r.id FROM rooms r LEFT JOIN rooms s ON s.id = r.relay_of
        WHERE r.state = 'live' AND (r.audience <> 'everyone' OR s.audience <> 'everyone')
          AND (${personId}::uuid IS NULL OR EXISTS (SELECT FROM room_visits v WHERE v.room_id = r.id AND v.person_id = ${personId}))`;
      return rows.map(({ id }) => id);
    },
    async relaysOf(roomId: string): Promise<string[]> {
      const rows = await sql<{ id: string }>`SELECT id FROM rooms WHERE relay_of = ${roomId} AND state = 'live'`;
      return rows.map(({ id }) => id);
    },

    invitations,
    async invitation(id: string): Promise<InvitationRow | undefined> {
      return (await invitations({ id, roomId: null, after: undefined, limit: 1 }))[0];
    },
    async countInvitations(roomId: string): Promise<number> {
      const [row] = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM room_invitations WHERE room_id = ${roomId} AND revoked_at IS NULL`;
      return row?.count ?? 0;
    },
    async findPerson(id: string): Promise<{ name: string; isStaff: boolean; isConsumer: boolean } | undefined> {
      const [row] = await sql<{ name: string; isStaff: boolean; isConsumer: boolean }>`
        SELECT p.name, p.kind = 'consumer' AS "isConsumer",
          EXISTS (SELECT FROM staff_accounts s WHERE s.person_id = p.id AND s.active) AS "isStaff"
        FROM people p WHERE p.id = ${id} AND p.active AND p.merged_into IS NULL`;
      return row;
    },
    /** Answers the id of the invitation that is there: this one, or the one before it of the same person or number. */
    async insertInvitation(row: NewInvitation): Promise<string> {
      const [made] = await sql<{ id: string }>`
        INSERT INTO room_invitations (id, room_id, kind, name, person_id, phone, token_hash, expires_at, invited_by, created_at)
        VALUES (${row.id}, ${row.roomId}, ${row.kind}, ${row.name}, ${row.personId}, ${row.phone}, ${row.tokenHash},
          ${row.expiresAt}, ${row.by}, ${row.at}) ON CONFLICT DO NOTHING RETURNING id`;
      if (made) return made.id;
      const [known] = await sql<{ id: string }>`SELECT id FROM room_invitations WHERE room_id = ${row.roomId}
        AND revoked_at IS NULL AND ((kind <> 'link' AND person_id = ${row.personId}) OR phone = ${row.phone})`;
      return known?.id ?? row.id;
    },
    /** True for the one call that revoked it. */
    async revoke(id: string, by: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE room_invitations SET revoked_at = ${at}, revoked_by = ${by}
        WHERE id = ${id} AND revoked_at IS NULL RETURNING id`;
      return rows.length === 1;
    },
    /** The first who comes has it: of two at once one finds it taken. */
    async redeem(tokenHash: string, personId: string, at: Date): Promise<string | undefined> {
      const [row] = await sql<{
        roomId: string;
      }>`UPDATE room_invitations SET person_id = ${personId}, redeemed_at = ${at}
        WHERE token_hash = ${tokenHash} AND person_id IS NULL AND revoked_at IS NULL AND expires_at > ${at}
        RETURNING room_id AS "roomId"`;
      return row?.roomId;
    },
    async byToken(tokenHash: string) {
      const [row] = await sql<{ roomId: string; personId: string | null; revokedAt: Date | null; expiresAt: Date }>`
        SELECT room_id AS "roomId", person_id AS "personId", revoked_at AS "revokedAt", expires_at AS "expiresAt"
        FROM room_invitations WHERE token_hash = ${tokenHash}`;
      return row;
    },

    marks,
    async mark(id: string, scope: string): Promise<MarkRow | undefined> {
      return (await marks({ id, scope, kind: null, after: undefined, limit: 1 }))[0];
    },
    /** Where somebody is known as a customer: whose they are, and where they bought. */
    async customer(personId: string): Promise<{ places: string[] } | undefined> {
      const [row] = await sql<{ places: string[] }>`
        SELECT ARRAY(
          SELECT u.path FROM owner_bindings b JOIN org_units u ON u.id = b.store_id WHERE b.customer_id = p.id AND b.ended_at IS NULL
          UNION SELECT o.org_path FROM orders o WHERE o.person_id = p.id
        ) AS places FROM people p WHERE p.id = ${personId} AND p.kind = 'consumer' AND p.active AND p.merged_into IS NULL`;
      return row;
    },
    async insertMark(mark: {
      id: string;
      personId: string;
      kind: MarkKind;
      orgUnitId: string;
      orgPath: string;
      reason: string;
      by: string;
      at: Date;
    }): Promise<{ id: string; isNew: boolean }> {
      const [made] = await sql<{ id: string }>`
        INSERT INTO customer_marks (id, person_id, kind, org_unit_id, org_path, reason, marked_by, marked_at)
        VALUES (${mark.id}, ${mark.personId}, ${mark.kind}, ${mark.orgUnitId}, ${mark.orgPath}, ${mark.reason}, ${mark.by}, ${mark.at})
        ON CONFLICT (person_id, kind, org_unit_id) WHERE ended_at IS NULL DO NOTHING RETURNING id`;
      if (made) return { id: made.id, isNew: true };
      const [known] = await sql<{ id: string }>`SELECT id FROM customer_marks
        WHERE person_id = ${mark.personId} AND kind = ${mark.kind} AND org_unit_id = ${mark.orgUnitId} AND ended_at IS NULL`;
      return { id: known?.id ?? mark.id, isNew: false };
    },
    async endMark(id: string, by: string, reason: string, at: Date): Promise<boolean> {
      const rows = await sql`UPDATE customer_marks SET ended_at = ${at}, ended_by = ${by}, end_reason = ${reason}
        WHERE id = ${id} AND ended_at IS NULL RETURNING id`;
      return rows.length === 1;
    },

    /** Customers of a scope who bought often or brought buyers, and are not marked as KOC; whom they are worth most first. */
    async candidates(scope: string, rule: { paidOrders: number; broughtBuyers: number }, limit: number) {
      return sql<{
        id: string;
        name: string;
        ownerPath: string;
        storeName: string;
        paidOrders: number;
        broughtPeople: number;
        broughtBuyers: number;
      }>`
        SELECT * FROM (
          SELECT p.id, p.name, u.path AS "ownerPath", u.name AS "storeName",
            (SELECT count(*)::int FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL AND o.refunded_fen < o.paid_fen) AS "paidOrders",
            (SELECT count(*)::int FROM invite_edges e WHERE e.inviter_id = p.id) AS "broughtPeople",
            (SELECT count(DISTINCT o.person_id)::int FROM invite_edges e JOIN orders o ON o.person_id = e.invitee_id
              WHERE e.inviter_id = p.id AND o.paid_at IS NOT NULL AND o.refunded_fen < o.paid_fen) AS "broughtBuyers"
          FROM owner_bindings b JOIN people p ON p.id = b.customer_id AND p.kind = 'consumer' AND p.active
            JOIN org_units u ON u.id = b.store_id
          WHERE b.ended_at IS NULL AND (u.path = ${scope} OR u.path LIKE ${scope} || '.%')
            AND NOT EXISTS (SELECT FROM customer_marks m WHERE m.person_id = p.id AND m.kind = 'koc' AND m.ended_at IS NULL)
        ) AS known WHERE "paidOrders" >= ${rule.paidOrders} OR "broughtBuyers" >= ${rule.broughtBuyers}
        ORDER BY "broughtBuyers" DESC, "paidOrders" DESC, id LIMIT ${limit}`;
    },
  };
}
