/** The rows of draws and their entries. What decides a race is one conditional statement; the callers hold the transactions. */
import type { Draw, DrawPrize, DrawWinner } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { DrawnWinner } from './draws.policy.ts';

export interface StoredPrize extends DrawPrize {
  /** For winners alone. */
  readonly note: string;
}
export interface DrawRow {
  readonly id: string;
  readonly roomId: string;
  readonly orgPath: string;
  readonly state: Draw['state'];
  readonly title: string;
  readonly keyword: string | null;
  readonly followers: boolean;
  readonly customers: boolean;
  readonly prizes: readonly StoredPrize[];
  readonly durationSeconds: number;
  readonly commitment: string;
  readonly seed: string | null;
  readonly listHash: string | null;
  readonly entries: number;
  readonly preparedAt: Date;
  readonly openedAt: Date | null;
  readonly closesAt: Date | null;
  readonly closedAt: Date | null;
  readonly claimUntil: Date | null;
  readonly winners: readonly DrawWinner[];
}

/** A draw as everybody sees it. */
export function toDraw(row: DrawRow): Draw {
  const time = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id: row.id,
    roomId: row.roomId,
    state: row.state,
    title: row.title,
    rules: { keyword: row.keyword, followers: row.followers, customers: row.customers },
    prizes: row.prizes.map(({ no, name, kind, valueFen, count }) => ({ no, name, kind, valueFen, count })),
    commitment: row.commitment,
    durationSeconds: row.durationSeconds,
    preparedAt: row.preparedAt.toISOString(),
    openedAt: time(row.openedAt),
    closesAt: time(row.closesAt),
    closedAt: time(row.closedAt),
    entries: row.entries,
    listHash: row.listHash,
    seed: row.seed,
    winners: [...row.winners],
    claimUntil: time(row.claimUntil),
  };
}

export function createDrawsRepository(sql: Sql) {
  /** Draws by id, in the order of the ids. */
  async function read(ids: readonly string[]): Promise<DrawRow[]> {
    return sql<DrawRow>`
      SELECT d.id, d.room_id AS "roomId", d.org_path AS "orgPath", d.state, d.title, d.keyword, d.followers, d.customers, d.prizes,
        d.duration_seconds AS "durationSeconds", d.commitment, d.seed, d.list_hash AS "listHash",
        coalesce(d.entries, (SELECT count(*) FROM draw_entries e WHERE e.draw_id = d.id))::int AS entries,
        d.prepared_at AS "preparedAt", d.opened_at AS "openedAt", d.closes_at AS "closesAt", d.closed_at AS "closedAt",
        d.claim_until AS "claimUntil",
        coalesce((SELECT json_agg(json_build_object('rank', w.rank, 'prizeNo', w.prize_no, 'publicId', w.public_id, 'name', w.name)
          ORDER BY w.rank) FROM draw_wins w WHERE w.draw_id = d.id), '[]') AS winners
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, at) JOIN draws d ON d.id = wanted.id ORDER BY wanted.at`;
  }
  return {
    read,
    find: async (drawId: string): Promise<DrawRow | undefined> => (await read([drawId]))[0],

    async insert(draw: {
      id: string;
      roomId: string;
      orgPath: string;
      title: string;
      keyword: string | null;
      followers: boolean;
      customers: boolean;
      prizes: readonly StoredPrize[];
      durationSeconds: number;
      commitment: string;
      sealedSeed: string;
      preparedBy: string;
      preparedAt: Date;
    }): Promise<boolean> {
      const rows = await sql`
        INSERT INTO draws (id, room_id, org_path, state, title, keyword, followers, customers, prizes, duration_seconds, commitment,
          sealed_seed, prepared_by, prepared_at)
        VALUES (${draw.id}, ${draw.roomId}, ${draw.orgPath}, 'prepared', ${draw.title}, ${draw.keyword}, ${draw.followers}, ${draw.customers},
          ${JSON.stringify(draw.prizes)}::jsonb, ${draw.durationSeconds}, ${draw.commitment}, ${draw.sealedSeed}, ${draw.preparedBy}, ${draw.preparedAt})
        ON CONFLICT (room_id) WHERE state IN ('prepared', 'open') DO NOTHING RETURNING id`;
      return rows.length > 0;
    },

    /** prepared → open, if it was published early enough. */
    async open(drawId: string, at: Date, publishedBefore: Date): Promise<boolean> {
      const rows = await sql`
        UPDATE draws SET state = 'open', opened_at = ${at}, closes_at = ${at}::timestamptz + duration_seconds * interval '1 second'
        WHERE id = ${drawId} AND state = 'prepared' AND prepared_at <= ${publishedBefore} RETURNING id`;
      return rows.length > 0;
    },
    async cancel(drawId: string, at: Date, byId: string | null): Promise<boolean> {
      const rows = await sql`UPDATE draws SET state = 'cancelled', closed_at = ${at}, closed_by = ${byId}
        WHERE id = ${drawId} AND state IN ('prepared', 'open') RETURNING id`;
      return rows.length > 0;
    },

    /** Holds an open draw as it is until the transaction ends; entries may come beside one another, a close waits for them. */
    async shareOpen(drawId: string, now: Date): Promise<boolean> {
      const rows =
        await sql`SELECT id FROM draws WHERE id = ${drawId} AND state = 'open' AND closes_at > ${now} FOR SHARE`;
      return rows.length > 0;
    },
    /** The open draw for the one who closes it; undefined when somebody has closed it. */
    async lockOpen(drawId: string): Promise<{ sealedSeed: string } | undefined> {
      const [row] = await sql<{ sealedSeed: string }>`
        SELECT sealed_seed AS "sealedSeed" FROM draws WHERE id = ${drawId} AND state = 'open' FOR UPDATE`;
      return row;
    },

    /** The person's public id, and whether they entered by this call. */
    async enter(entry: {
      drawId: string;
      personId: string;
      publicId: string;
      addressHash: string;
      at: Date;
    }): Promise<{ publicId: string; isNew: boolean }> {
      const [made] = await sql<{ publicId: string }>`
        INSERT INTO draw_entries (draw_id, person_id, public_id, address_hash, at)
        VALUES (${entry.drawId}, ${entry.personId}, ${entry.publicId}, ${entry.addressHash}, ${entry.at})
        ON CONFLICT (draw_id, person_id) DO NOTHING RETURNING public_id AS "publicId"`;
      if (made) return { publicId: made.publicId, isNew: true };
      const publicId = await this.publicIdOf(entry.drawId, entry.personId);
      if (publicId === undefined) throw new Error('an entry was there and is gone');
      return { publicId, isNew: false };
    },
    async publicIdOf(drawId: string, personId: string): Promise<string | undefined> {
      const [row] = await sql<{ publicId: string }>`
        SELECT public_id AS "publicId" FROM draw_entries WHERE draw_id = ${drawId} AND person_id = ${personId}`;
      return row?.publicId;
    },
    /** Counts one more entry of an address; false when it has had its number. */
    async countAddress(drawId: string, addressHash: string, limit: number): Promise<boolean> {
      const rows = await sql`
        INSERT INTO draw_addresses AS a (draw_id, address_hash, entries) VALUES (${drawId}, ${addressHash}, 1)
        ON CONFLICT (draw_id, address_hash) DO UPDATE SET entries = a.entries + 1 WHERE a.entries < ${limit} RETURNING 1 AS counted`;
      return rows.length > 0;
    },

    /** Everybody in the draw who may still be in it: who was banned or hired meanwhile is not. */
    async participants(
      drawId: string,
      roomId: string,
      now: Date,
    ): Promise<{ publicId: string; personId: string; name: string }[]> {
      return sql<{ publicId: string; personId: string; name: string }>`
        SELECT e.public_id AS "publicId", e.person_id AS "personId", p.name
        FROM draw_entries e JOIN people p ON p.id = e.person_id
        WHERE e.draw_id = ${drawId} AND p.active
          AND NOT EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = ${roomId} AND m.person_id = p.id AND m.kind = 'ban'
            AND m.lifted_at IS NULL AND (m.until IS NULL OR m.until > ${now}))
          AND NOT EXISTS (SELECT 1 FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active
            WHERE s.id = p.id OR (s.phone = p.phone AND s.kind = 'staff'))
        ORDER BY e.public_id COLLATE "C"`;
    },
    async close(draw: {
      id: string;
      at: Date;
      byId: string | null;
      seed: string;
      listHash: string;
      publicIds: readonly string[];
      claimUntil: Date;
      winners: readonly (DrawnWinner & { id: string; personId: string; name: string })[];
    }): Promise<void> {
      const { id, winners } = draw;
      await sql`UPDATE draws SET state = 'closed', closed_at = ${draw.at}, closed_by = ${draw.byId}, seed = ${draw.seed},
          list_hash = ${draw.listHash}, entries = ${draw.publicIds.length}, claim_until = ${draw.claimUntil} WHERE id = ${id}`;
      await sql`INSERT INTO draw_participants (draw_id, public_id) SELECT ${id}::uuid, unnest(${draw.publicIds}::text[])`;
      await sql`INSERT INTO draw_wins (id, draw_id, rank, prize_no, person_id, public_id, name, state, won_at)
        SELECT w.id, ${id}::uuid, w.rank, w.prize_no, w.person_id, w.public_id, w.name, 'won', ${draw.at}::timestamptz
        FROM unnest(${winners.map((w) => w.id)}::uuid[], ${winners.map((w) => w.rank)}::int[], ${winners.map((w) => w.prizeNo)}::int[],
          ${winners.map((w) => w.personId)}::uuid[], ${winners.map((w) => w.publicId)}::text[], ${winners.map((w) => w.name)}::text[])
          AS w(id, rank, prize_no, person_id, public_id, name)`;
    },

    /** The frozen list from after `after` on. */
    async frozen(drawId: string, after: string, limit: number): Promise<string[]> {
      const rows = await sql<{ publicId: string }>`
        SELECT public_id AS "publicId" FROM draw_participants WHERE draw_id = ${drawId} AND public_id > ${after} COLLATE "C"
        ORDER BY public_id COLLATE "C" LIMIT ${limit}`;
      return rows.map(({ publicId }) => publicId);
    },

    /** Of a room, the newest first. */
    async ofRoom(roomId: string, after: { at: Date; id: string } | undefined, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM draws WHERE room_id = ${roomId}
          AND (${after?.id ?? null}::uuid IS NULL OR (prepared_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY prepared_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    /** What the room plays now, or has just drawn. */
    async current(roomId: string, closedSince: Date): Promise<string | undefined> {
      const [row] = await sql<{ id: string }>`
        SELECT id FROM draws WHERE room_id = ${roomId}
          AND (state IN ('prepared', 'open') OR (state = 'closed' AND closed_at > ${closedSince}))
        ORDER BY prepared_at DESC LIMIT 1`;
      return row?.id;
    },
    /** Open or about to be; undefined when there is nothing to enter. */
    async running(roomId: string): Promise<{ id: string; state: Draw['state']; keyword: string | null } | undefined> {
      const [row] = await sql<{ id: string; state: Draw['state']; keyword: string | null }>`
        SELECT id, state, keyword FROM draws WHERE room_id = ${roomId} AND state IN ('prepared', 'open')`;
      return row;
    },
    /** Open draws whose time is over, the most overdue first. */
    async due(now: Date, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM draws WHERE state = 'open' AND closes_at <= ${now} ORDER BY closes_at LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },

    /** What the rules ask about a person besides their standing in the room. */
    async facts(
      personId: string,
      hostId: string,
    ): Promise<{ isInsider: boolean; follows: boolean; hasBought: boolean }> {
      const [row] = await sql<{ isInsider: boolean; follows: boolean; hasBought: boolean }>`
        SELECT
          EXISTS (SELECT 1 FROM people p JOIN people s ON s.phone = p.phone AND s.kind = 'staff'
            JOIN staff_accounts a ON a.person_id = s.id AND a.active WHERE p.id = ${personId}) AS "isInsider",
          EXISTS (SELECT 1 FROM follows WHERE person_id = ${personId} AND guide_id = ${hostId}) AS follows,
          EXISTS (SELECT 1 FROM orders WHERE person_id = ${personId} AND paid_at IS NOT NULL AND state <> 'refunded') AS "hasBought"`;
      return row ?? { isInsider: false, follows: false, hasBought: false };
    },
  };
}
export type DrawsRepository = ReturnType<typeof createDrawsRepository>;
