/** The rows of coupon drops. */
import { type CouponDrop, fenToWire } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

export interface DropRow {
  readonly id: string;
  readonly roomId: string;
  readonly kindId: string;
  readonly orgPath: string;
  readonly state: CouponDrop['state'];
  readonly title: string;
  readonly offFen: bigint;
  readonly minSpendFen: bigint;
  readonly validDays: number;
  readonly newcomersOnly: boolean;
  readonly count: number;
  readonly taken: number;
  readonly createdAt: Date;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly endedAt: Date | null;
}
export const toDrop = ({ orgPath: _, createdAt: __, ...row }: DropRow): CouponDrop => ({
  ...row,
  offFen: fenToWire(row.offFen),
  minSpendFen: fenToWire(row.minSpendFen),
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  endedAt: row.endedAt?.toISOString() ?? null,
});

/** What decides whether somebody may take a coupon, in one row. */
export interface Grabber {
  readonly personId: string;
  readonly valid: boolean;
  readonly banned: boolean;
  readonly isInsider: boolean;
  /** Was in the room. */
  readonly wasThere: boolean;
  readonly hasBought: boolean;
  /** Of the kind, so far. */
  readonly had: number;
  /** What they have taken of this drop already. */
  readonly couponId: string | null;
}

export function createDropRows(sql: Sql) {
  const read = (ids: readonly string[]) => sql<DropRow>`
    SELECT d.id, d.room_id AS "roomId", d.kind_id AS "kindId", d.org_path AS "orgPath", d.state, k.title, k.off_fen AS "offFen",
      k.min_spend_fen AS "minSpendFen", k.valid_days AS "validDays", k.newcomers_only AS "newcomersOnly", d.count, d.taken,
      d.created_at AS "createdAt", d.starts_at AS "startsAt", d.ends_at AS "endsAt", d.ended_at AS "endedAt"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, n) JOIN coupon_drops d ON d.id = wanted.id
    JOIN coupon_kinds k ON k.id = d.kind_id ORDER BY wanted.n`;
  return {
    read,
    find: async (id: string): Promise<DropRow | undefined> => (await read([id]))[0],

    /** False when another drop runs in the room. */
    async insert(drop: {
      id: string;
      kindId: string;
      roomId: string;
      orgPath: string;
      count: number;
      startedBy: string;
      createdAt: Date;
      startsAt: Date;
      endsAt: Date;
    }): Promise<boolean> {
      const made = await sql`
        INSERT INTO coupon_drops (id, kind_id, room_id, org_path, state, count, started_by, created_at, starts_at, ends_at)
        VALUES (${drop.id}, ${drop.kindId}, ${drop.roomId}, ${drop.orgPath}, 'running', ${drop.count}, ${drop.startedBy}, ${drop.createdAt},
          ${drop.startsAt}, ${drop.endsAt})
        ON CONFLICT (room_id) WHERE state = 'running' DO NOTHING RETURNING id`;
      return made.length === 1;
    },
    /** Locks the drop until the transaction ends: batches of grabs, and its end, come one after the other. */
    async lock(id: string): Promise<{ kindId: string; perPerson: number; row: DropRow } | undefined> {
      await sql`SELECT id FROM coupon_drops WHERE id = ${id} FOR UPDATE`;
      const [row] = await read([id]);
      if (!row) return undefined;
      const [kind] = await sql<{
        perPerson: number;
      }>`SELECT per_person AS "perPerson" FROM coupon_kinds WHERE id = ${row.kindId}`;
      return { kindId: row.kindId, perPerson: kind?.perPerson ?? 0, row };
    },
    async grabbers(drop: DropRow, people: readonly string[], now: Date): Promise<Grabber[]> {
      return sql<Grabber>`
        SELECT p.id AS "personId", p.active AND p.merged_into IS NULL AND p.kind = 'consumer' AS valid,
          EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = ${drop.roomId} AND m.kind = 'ban' AND m.lifted_at IS NULL
            AND (m.until IS NULL OR m.until > ${now})
            AND (m.person_id = p.id OR m.person_id IN (SELECT g.id FROM people g WHERE g.merged_into = p.id))) AS banned,
          EXISTS (SELECT 1 FROM people s JOIN staff_accounts a ON a.person_id = s.id AND a.active
            WHERE s.phone = p.phone AND s.kind = 'staff') AS "isInsider",
          EXISTS (SELECT 1 FROM room_visits v WHERE v.room_id = ${drop.roomId} AND v.person_id = p.id) AS "wasThere",
          p.came_back OR EXISTS (SELECT 1 FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL) AS "hasBought",
          coalesce((SELECT h.quantity FROM coupon_holders h WHERE h.kind_id = ${drop.kindId} AND h.person_id = p.id), 0) AS had,
          (SELECT c.id FROM coupons c WHERE c.drop_id = ${drop.id} AND c.person_id = p.id) AS "couponId"
        FROM people p WHERE p.id = ANY(${people}::uuid[])`;
    },
    /** Counts what is taken by one conditional statement; false when there are not as many. */
    async take(id: string, count: number): Promise<boolean> {
      const rows = await sql`UPDATE coupon_drops SET taken = taken + ${count}
        WHERE id = ${id} AND state = 'running' AND taken + ${count}::int <= count RETURNING id`;
      return rows.length === 1;
    },
    async end(id: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE coupon_drops SET state = 'ended', ended_at = ${at} WHERE id = ${id} AND state = 'running' RETURNING id`;
      return rows.length === 1;
    },
    /** Over by time, or of a kind that was stopped. */
    async due(now: Date, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT d.id FROM coupon_drops d JOIN coupon_kinds k ON k.id = d.kind_id
        WHERE d.state = 'running' AND (d.ends_at <= ${now} OR NOT k.active OR d.taken = d.count) ORDER BY d.ends_at LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    async running(where: { roomId: string } | { kindId: string }): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM coupon_drops WHERE state = 'running'
          AND (room_id = ${'roomId' in where ? where.roomId : null}::uuid OR kind_id = ${'kindId' in where ? where.kindId : null}::uuid)`;
      return rows.map(({ id }) => id);
    },
    /** Running, or ended since. */
    async current(roomId: string, endedSince: Date): Promise<string | undefined> {
      const [row] = await sql<{ id: string }>`
        SELECT id FROM coupon_drops WHERE room_id = ${roomId} AND (state = 'running' OR ended_at > ${endedSince})
        ORDER BY created_at DESC LIMIT 1`;
      return row?.id;
    },
    async ofRoom(roomId: string, after: TimeCursor | undefined, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM coupon_drops WHERE room_id = ${roomId}
          AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    async takenBy(id: string, personId: string): Promise<string | undefined> {
      const [row] = await sql<{
        id: string;
      }>`SELECT id FROM coupons WHERE drop_id = ${id} AND person_id = ${personId}`;
      return row?.id;
    },
  };
}
