/** The rows of red packets. Every function runs on the statement source it is given: within the caller's transaction where there is one. */
import { fenToWire, type RedPacket } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';

export interface PacketRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly state: RedPacket['state'];
  readonly title: string;
  readonly totalFen: bigint;
  readonly count: number;
  readonly taken: number;
  readonly createdAt: Date;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly endedAt: Date | null;
  readonly returnedFen: bigint | null;
}

export const toRedPacket = (row: PacketRow): RedPacket => ({
  id: row.id,
  roomId: row.roomId,
  state: row.state,
  title: row.title,
  totalFen: fenToWire(row.totalFen),
  count: row.count,
  taken: row.taken,
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
  returnedFen: row.returnedFen === null ? null : fenToWire(row.returnedFen),
});

/** What decides whether somebody may take a packet, in one row. */
export interface Grabber {
  readonly personId: string;
  readonly roomId: string;
  readonly state: RedPacket['state'];
  readonly count: number;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly valid: boolean;
  readonly banned: boolean;
  readonly isInsider: boolean;
  /** Was in the room. */
  readonly wasThere: boolean;
  /** What they have taken already. */
  readonly amountFen: bigint | null;
}

export function createPacketRows(sql: Sql) {
  const read = (ids: readonly string[]) => sql<PacketRow>`
    SELECT p.id, p.room_id AS "roomId", p.org_unit_id AS "orgUnitId", p.org_path AS "orgPath", p.state, p.title, p.total_fen AS "totalFen",
      p.count, coalesce(p.taken, (SELECT count(*) FROM red_packet_shares s WHERE s.packet_id = p.id AND s.person_id IS NOT NULL))::int AS taken,
      p.created_at AS "createdAt", p.starts_at AS "startsAt", p.ends_at AS "endsAt", p.ended_at AS "endedAt", p.returned_fen AS "returnedFen"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, at) JOIN red_packets p ON p.id = wanted.id ORDER BY wanted.at`;
  return {
    read,
    find: async (id: string): Promise<PacketRow | undefined> => (await read([id]))[0],

    /** False when another rain runs in the room. */
    async insert(packet: {
      id: string;
      roomId: string;
      orgUnitId: string;
      orgPath: string;
      title: string;
      totalFen: number;
      shares: readonly number[];
      startedBy: string;
      createdAt: Date;
      startsAt: Date;
      endsAt: Date;
    }): Promise<boolean> {
      const { id, shares } = packet;
      const made = await sql`
        INSERT INTO red_packets (id, room_id, org_unit_id, org_path, state, title, total_fen, count, started_by, created_at, starts_at, ends_at)
        VALUES (${id}, ${packet.roomId}, ${packet.orgUnitId}, ${packet.orgPath}, 'running', ${packet.title}, ${packet.totalFen}, ${shares.length},
          ${packet.startedBy}, ${packet.createdAt}, ${packet.startsAt}, ${packet.endsAt})
        ON CONFLICT (room_id) WHERE state = 'running' DO NOTHING RETURNING id`;
      if (made.length === 0) return false;
      await sql`INSERT INTO red_packet_shares (packet_id, no, amount_fen)
        SELECT ${id}::uuid, s.no, s.amount FROM unnest(${shares}::bigint[]) WITH ORDINALITY AS s(amount, no)`;
      return true;
    },

    /** Holds the rain as it is until the transaction ends (an end waits for it) and tells of each person whether they may grab. */
    async grabbers(packetId: string, people: readonly string[], now: Date): Promise<Grabber[]> {
      const held = await sql`SELECT id FROM red_packets WHERE id = ${packetId} FOR SHARE`;
      if (held.length === 0) return [];
      return sql<Grabber>`
        SELECT p.id AS "personId", k.room_id AS "roomId", k.state, k.count, k.starts_at AS "startsAt", k.ends_at AS "endsAt",
          p.active AND p.merged_into IS NULL AND p.kind = 'consumer' AS valid,
          EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = k.room_id AND m.kind = 'ban' AND m.lifted_at IS NULL
            AND (m.until IS NULL OR m.until > ${now})
            AND (m.person_id = p.id OR m.person_id IN (SELECT g.id FROM people g WHERE g.merged_into = p.id))) AS banned,
          EXISTS (SELECT 1 FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active
            WHERE s.phone = p.phone AND s.kind = 'staff') AS "isInsider",
          EXISTS (SELECT 1 FROM room_visits v WHERE v.room_id = k.room_id AND v.person_id = p.id) AS "wasThere",
          (SELECT amount_fen FROM red_packet_shares s WHERE s.packet_id = k.id AND s.person_id = p.id) AS "amountFen"
        FROM red_packets k JOIN people p ON p.id = ANY(${people}::uuid[]) WHERE k.id = ${packetId}`;
    },

    /** Free packets that nobody else is taking, one for each person in their order while there are some. */
    async takeMany(
      packetId: string,
      people: readonly string[],
      at: Date,
    ): Promise<{ personId: string; no: number; amountFen: bigint }[]> {
      return sql<{ personId: string; no: number; amountFen: bigint }>`
        WITH free AS (
          SELECT no FROM red_packet_shares WHERE packet_id = ${packetId} AND person_id IS NULL
          ORDER BY no LIMIT ${people.length} FOR UPDATE SKIP LOCKED
        ), numbered AS (SELECT no, row_number() OVER (ORDER BY no) AS n FROM free)
        UPDATE red_packet_shares s SET person_id = w.person_id, taken_at = ${at}
        FROM numbered f JOIN unnest(${people}::uuid[]) WITH ORDINALITY AS w(person_id, n) ON w.n = f.n
        WHERE s.packet_id = ${packetId} AND s.no = f.no RETURNING s.person_id AS "personId", s.no, s.amount_fen AS "amountFen"`;
    },
    /** Waits for whoever is taking the first free packet; false when none is free any more. */
    async waitForFree(packetId: string): Promise<boolean> {
      await sql`SELECT no FROM red_packet_shares WHERE packet_id = ${packetId} AND person_id IS NULL ORDER BY no LIMIT 1 FOR UPDATE`;
      return this.hasFree(packetId);
    },
    async hasFree(packetId: string): Promise<boolean> {
      const rows =
        await sql`SELECT 1 AS free FROM red_packet_shares WHERE packet_id = ${packetId} AND person_id IS NULL LIMIT 1`;
      return rows.length > 0;
    },

    /** Marks taken packets as paid out and answers them; each is answered once, to whoever's transaction commits. */
    async claimUnposted(packetId: string, limit: number): Promise<{ personId: string; amountFen: bigint }[]> {
      return sql<{ personId: string; amountFen: bigint }>`
        WITH due AS (
          SELECT no FROM red_packet_shares WHERE packet_id = ${packetId} AND person_id IS NOT NULL AND NOT posted
          ORDER BY no LIMIT ${limit} FOR UPDATE SKIP LOCKED
        )
        UPDATE red_packet_shares s SET posted = true FROM due WHERE s.packet_id = ${packetId} AND s.no = due.no
        RETURNING s.person_id AS "personId", s.amount_fen AS "amountFen"`;
    },
    async withUnposted(limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT DISTINCT packet_id AS id FROM red_packet_shares WHERE person_id IS NOT NULL AND NOT posted LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },

    async lockRunning(packetId: string): Promise<boolean> {
      const rows = await sql`SELECT id FROM red_packets WHERE id = ${packetId} AND state = 'running' FOR UPDATE`;
      return rows.length > 0;
    },
    async sums(packetId: string): Promise<{ taken: number; freeFen: bigint }> {
      const [row] = await sql<{ taken: number; freeFen: bigint }>`
        SELECT count(person_id)::int AS taken, coalesce(sum(amount_fen) FILTER (WHERE person_id IS NULL), 0)::bigint AS "freeFen"
        FROM red_packet_shares WHERE packet_id = ${packetId}`;
      return row ?? { taken: 0, freeFen: 0n };
    },
    async end(packetId: string, at: Date, taken: number, returnedFen: bigint): Promise<void> {
      await sql`UPDATE red_packets SET state = 'ended', ended_at = ${at}, taken = ${taken}, returned_fen = ${returnedFen} WHERE id = ${packetId}`;
    },
    async due(now: Date, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM red_packets WHERE state = 'running' AND ends_at <= ${now} ORDER BY ends_at LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    async running(roomId: string): Promise<string | undefined> {
      const [row] = await sql<{
        id: string;
      }>`SELECT id FROM red_packets WHERE room_id = ${roomId} AND state = 'running'`;
      return row?.id;
    },
    /** Running, or ended since. */
    async current(roomId: string, endedSince: Date): Promise<string | undefined> {
      const [row] = await sql<{ id: string }>`
        SELECT id FROM red_packets WHERE room_id = ${roomId} AND (state = 'running' OR ended_at > ${endedSince}) ORDER BY created_at DESC LIMIT 1`;
      return row?.id;
    },
    async ofRoom(roomId: string, after: { at: Date; id: string } | undefined, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM red_packets WHERE room_id = ${roomId}
          AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    async takenBy(packetId: string, personId: string): Promise<bigint | null> {
      const [row] = await sql<{ amountFen: bigint }>`
        SELECT amount_fen AS "amountFen" FROM red_packet_shares WHERE packet_id = ${packetId} AND person_id = ${personId}`;
      return row?.amountFen ?? null;
    },
    async rewards(personId: string, after: { at: Date; id: string } | undefined, limit: number) {
      return sql<{
        id: string;
        kind: 'red_packet' | 'newcomer';
        amountFen: bigint;
        title: string;
        roomTitle: string;
        at: Date;
      }>`
        SELECT * FROM (
          SELECT p.id, 'red_packet' AS kind, s.amount_fen AS "amountFen", p.title, r.title AS "roomTitle", s.taken_at AS at
          FROM red_packet_shares s JOIN red_packets p ON p.id = s.packet_id JOIN rooms r ON r.id = p.room_id WHERE s.person_id = ${personId}
          UNION ALL
          SELECT g.id, 'newcomer', s.amount_fen, g.title, u.name, s.taken_at
          FROM newcomer_gift_shares s JOIN newcomer_gifts g ON g.id = s.gift_id JOIN org_units u ON u.id = g.org_unit_id WHERE s.person_id = ${personId}
        ) m
        WHERE (${after?.id ?? null}::uuid IS NULL OR (m.at, m.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY m.at DESC, m.id DESC LIMIT ${limit}`;
    },
    /** What an account holds for its owner. */
    async held(kind: 'reward_balance' | 'marketing_budget', owner: string): Promise<bigint> {
      const [row] = await sql<{
        fen: bigint;
      }>`SELECT -balance_fen AS fen FROM ledger_accounts WHERE kind = ${kind} AND owner = ${owner}`;
      return row?.fen ?? 0n;
    },
  };
}
