/** The rows of coupon kinds and of the coupons that people hold. Every function runs on the statement source it is given. */
import { type Coupon, type CouponKind, fenToWire } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';
import type { HeldCoupon, TakenCoupon } from './coupons.policy.ts';

export interface KindRow {
  readonly id: string;
  readonly orgUnit: CouponKind['orgUnit'];
  readonly title: string;
  readonly offFen: bigint;
  readonly minSpendFen: bigint;
  readonly validDays: number;
  readonly total: number;
  readonly claimed: number;
  readonly left: number;
  readonly perPerson: number;
  readonly newcomersOnly: boolean;
  readonly belowFloor: boolean;
  readonly usage: CouponKind['usage'];
  readonly stacking: CouponKind['stacking'];
  readonly stackGroup: CouponKind['stackGroup'];
  readonly listed: boolean;
  readonly active: boolean;
  readonly createdAt: Date;
  readonly stoppedAt: Date | null;
}
export interface FiguresRow {
  readonly kindId: string;
  readonly used: number;
  readonly orders: number;
  readonly discountFen: bigint;
  readonly broughtFen: bigint;
}

export const toKind = (row: KindRow, figures: FiguresRow | undefined): CouponKind => ({
  ...row,
  offFen: fenToWire(row.offFen),
  minSpendFen: fenToWire(row.minSpendFen),
  createdAt: row.createdAt.toISOString(),
  stoppedAt: row.stoppedAt?.toISOString() ?? null,
  figures: figures
    ? {
        used: figures.used,
        orders: figures.orders,
        discountFen: fenToWire(figures.discountFen),
        broughtFen: fenToWire(figures.broughtFen),
      }
    : null,
});

export interface NewKind {
  readonly id: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly title: string;
  readonly offFen: number;
  readonly minSpendFen: number;
  readonly validDays: number;
  readonly total: number;
  readonly perPerson: number;
  readonly newcomersOnly: boolean;
  readonly belowFloor: boolean;
  readonly usage: CouponKind['usage'];
  readonly stacking: CouponKind['stacking'];
  readonly stackGroup: CouponKind['stackGroup'];
  readonly listed: boolean;
  readonly createdBy: string;
  readonly createdAt: Date;
}

export function createKindRows(sql: Sql) {
  const read = (ids: readonly string[]) => sql<KindRow>`
    SELECT k.id, json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", k.title,
      k.off_fen AS "offFen", k.min_spend_fen AS "minSpendFen", k.valid_days AS "validDays", k.total,
      (k.claimed + coalesce((SELECT sum(d.taken) FROM coupon_drops d WHERE d.kind_id = k.id AND d.state = 'running'), 0))::int AS claimed,
      k.total - k.claimed - k.set_aside AS left, k.per_person AS "perPerson", k.newcomers_only AS "newcomersOnly",
      k.below_floor AS "belowFloor", k.usage, k.stacking, k.stack_group AS "stackGroup", k.listed, k.active, k.created_at AS "createdAt", k.stopped_at AS "stoppedAt"
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, n) JOIN coupon_kinds k ON k.id = wanted.id
    JOIN org_units u ON u.id = k.org_unit_id ORDER BY wanted.n`;
  return {
    read,
    find: async (id: string): Promise<KindRow | undefined> => (await read([id]))[0],
    async insert(kind: NewKind): Promise<void> {
      await sql`INSERT INTO coupon_kinds (id, org_unit_id, org_path, title, off_fen, min_spend_fen, valid_days, total, per_person,
          newcomers_only, below_floor, usage, stacking, stack_group, listed, created_by, created_at)
        VALUES (${kind.id}, ${kind.orgUnitId}, ${kind.orgPath}, ${kind.title}, ${kind.offFen}, ${kind.minSpendFen}, ${kind.validDays},
          ${kind.total}, ${kind.perPerson}, ${kind.newcomersOnly}, ${kind.belowFloor}, ${kind.usage}, ${kind.stacking}, ${kind.stackGroup}, ${kind.listed}, ${kind.createdBy}, ${kind.createdAt})`;
    },
    /** False when it was stopped before. */
    async stop(id: string, at: Date): Promise<boolean> {
      const rows =
        await sql`UPDATE coupon_kinds SET active = false, stopped_at = ${at} WHERE id = ${id} AND active RETURNING id`;
      return rows.length === 1;
    },
    /** One more claimed, by one conditional statement (S10); false when stopped or none is left. */
    async claimOne(id: string): Promise<boolean> {
      const rows = await sql`UPDATE coupon_kinds SET claimed = claimed + 1
        WHERE id = ${id} AND active AND claimed + set_aside < total RETURNING id`;
      return rows.length === 1;
    },
    /** Many more claimed, or none. */
    async claimMany(id: string, count: number): Promise<boolean> {
      const rows = await sql`UPDATE coupon_kinds SET claimed = claimed + ${count}
        WHERE id = ${id} AND active AND claimed + set_aside + ${count}::int <= total RETURNING id`;
      return rows.length === 1;
    },
    /** Sets coupons aside for a drop; false when stopped or there are not as many. */
    async setAside(id: string, count: number): Promise<boolean> {
      const rows = await sql`UPDATE coupon_kinds SET set_aside = set_aside + ${count}
        WHERE id = ${id} AND active AND claimed + set_aside + ${count}::int <= total RETURNING id`;
      return rows.length === 1;
    },
    /** What a drop set aside: the taken ones are claimed, the others are free again. */
    async settleDrop(id: string, count: number, taken: number): Promise<void> {
      await sql`UPDATE coupon_kinds SET set_aside = set_aside - ${count}, claimed = claimed + ${taken} WHERE id = ${id}`;
    },
    /** One more of the kind for each person who has fewer than one may have; answers whom it counted. In the order of the ids: whoever locks several people does so. */
    async countHolders(id: string, people: readonly string[]): Promise<Set<string>> {
      const rows = await sql<{ personId: string }>`
        INSERT INTO coupon_holders AS h (kind_id, person_id, quantity)
        SELECT ${id}::uuid, p.id, 1 FROM unnest(${[...people].sort()}::uuid[]) WITH ORDINALITY AS p(id, n) ORDER BY p.n
        ON CONFLICT (kind_id, person_id) DO UPDATE SET quantity = h.quantity + 1
          WHERE h.quantity < (SELECT per_person FROM coupon_kinds k WHERE k.id = h.kind_id)
        RETURNING person_id AS "personId"`;
      return new Set(rows.map(({ personId }) => personId));
    },
    /** Ids of kinds at or below a path, newest first. */
    async inScope(path: string, after: TimeCursor | undefined, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM coupon_kinds WHERE (org_path = ${path} OR org_path LIKE ${`${path}.%`})
          AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    /** Ids of active kinds for orders, of a unit and of the units above it, newest first: what a room can drop. */
    async above(path: string, after: TimeCursor | undefined, limit: number): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM coupon_kinds WHERE active AND usage = 'order' AND (org_path = ${path} OR ${path} LIKE org_path || '.%')
          AND (${after?.id ?? null}::uuid IS NULL OR (created_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    /** What coupons of the kinds did: orders that were paid and not given back whole. */
    async figures(ids: readonly string[]): Promise<Map<string, FiguresRow>> {
      const rows = await sql<FiguresRow>`
        SELECT k.id AS "kindId", (SELECT count(*)::int FROM coupons c WHERE c.kind_id = k.id AND c.state = 'used') AS used,
          coalesce(b.orders, 0)::int AS orders, coalesce(b.off, 0)::bigint AS "discountFen", coalesce(b.brought, 0)::bigint AS "broughtFen"
        FROM unnest(${ids}::uuid[]) AS k(id) LEFT JOIN LATERAL (
          SELECT count(*) AS orders, sum(t.off_fen) AS off, sum(o.paid_fen - o.refunded_fen) AS brought
          FROM coupons c JOIN order_coupons t ON t.coupon_id = c.id JOIN orders o ON o.id = t.order_id
          WHERE c.kind_id = k.id AND o.paid_at IS NOT NULL AND o.state <> 'refunded') b ON true`;
      return new Map(rows.map((row) => [row.kindId, row]));
    },
  };
}

/** What an order takes for good. */
export interface CouponsTaken {
  readonly taken: readonly Pick<TakenCoupon, 'id' | 'tookFen'>[];
  readonly personId: string;
  readonly orderId: string;
  readonly at: Date;
}

interface CouponRow {
  readonly id: string;
  readonly personId: string;
  readonly kindId: string;
  readonly orgUnit: Coupon['orgUnit'];
  readonly title: string;
  readonly offFen: bigint;
  readonly minSpendFen: bigint;
  readonly newcomersOnly: boolean;
  readonly source: Coupon['source'];
  readonly usage: Coupon['usage'];
  readonly stacking: Coupon['stacking'];
  readonly stackGroup: Coupon['stackGroup'];
  readonly code: string | null;
  readonly state: Coupon['state'];
  readonly orderId: string | null;
  readonly claimedAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
}
export const toCoupon = ({ personId: _, ...row }: CouponRow): Coupon => ({
  ...row,
  offFen: fenToWire(row.offFen),
  minSpendFen: fenToWire(row.minSpendFen),
  claimedAt: row.claimedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  usedAt: row.usedAt?.toISOString() ?? null,
});

export function createCouponRows(sql: Sql) {
  return {
    read: (ids: readonly string[]) => sql<CouponRow>`
      SELECT c.id, c.person_id AS "personId", c.kind_id AS "kindId",
        json_build_object('id', u.id, 'kind', u.kind, 'path', u.path, 'name', u.name) AS "orgUnit", c.title, c.off_fen AS "offFen",
        c.min_spend_fen AS "minSpendFen", c.newcomers_only AS "newcomersOnly", c.source, c.usage, k.stacking, k.stack_group AS "stackGroup", c.code, c.state, c.order_id AS "orderId",
        c.claimed_at AS "claimedAt", c.expires_at AS "expiresAt", c.used_at AS "usedAt"
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, n) JOIN coupons c ON c.id = wanted.id
      JOIN coupon_kinds k ON k.id = c.kind_id JOIN org_units u ON u.id = c.org_unit_id ORDER BY wanted.n`,
    /** Writes a coupon for each person, with the kind's terms as they are now. */
    async insert(made: {
      kindId: string;
      coupons: readonly { id: string; personId: string; code: string }[];
      source: Coupon['source'];
      dropId: string | null;
      at: Date;
    }): Promise<void> {
      await sql`
        INSERT INTO coupons (id, kind_id, person_id, org_unit_id, org_path, title, off_fen, min_spend_fen, newcomers_only, source, drop_id,
          usage, code, state, claimed_at, expires_at)
        SELECT n.id, k.id, n.person_id, k.org_unit_id, k.org_path, k.title, k.off_fen, k.min_spend_fen, k.newcomers_only, ${made.source},
          ${made.dropId}::uuid, k.usage, CASE WHEN k.usage <> 'order' THEN n.code END, 'held', ${made.at}::timestamptz, ${made.at}::timestamptz + make_interval(hours => 24 * k.valid_days)
        FROM unnest(${made.coupons.map(({ id }) => id)}::uuid[], ${made.coupons.map(({ personId }) => personId)}::uuid[],
          ${made.coupons.map(({ code }) => code)}::text[]) AS n(id, person_id, code)
        JOIN coupon_kinds k ON k.id = ${made.kindId}`;
    },
    /** `usable`: held and not over; `over`: the others. */
    async ofPerson(
      personId: string,
      show: { what: 'usable' | 'over' | undefined; now: Date },
      after: TimeCursor | undefined,
      limit: number,
    ): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT id FROM coupons WHERE person_id = ${personId}
          AND (${show.what ?? null}::text IS NULL OR (state = 'held' AND expires_at > ${show.now}) = (${show.what ?? null}::text = 'usable'))
          AND (${after?.id ?? null}::uuid IS NULL OR (claimed_at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY claimed_at DESC, id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    /** Held, valid, and of the unit at `path` or one above it; newcomers' ones only for those who have not bought. */
    async usable(
      personId: string,
      path: string,
      now: Date,
      after: TimeCursor | undefined,
      limit: number,
    ): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT c.id FROM coupons c WHERE c.person_id = ${personId} AND c.usage = 'order' AND c.state = 'held' AND c.expires_at > ${now}
          AND (c.org_path = ${path} OR ${path} LIKE c.org_path || '.%')
          AND NOT (c.newcomers_only AND ((SELECT w.came_back FROM people w WHERE w.id = c.person_id) OR EXISTS (SELECT 1 FROM orders o
            WHERE o.person_id = c.person_id AND (o.paid_at IS NOT NULL OR (o.state = 'pending_payment' AND EXISTS (
              SELECT 1 FROM order_coupons t JOIN coupons other ON other.id = t.coupon_id WHERE t.order_id = o.id AND other.newcomers_only))))))
          AND (${after?.id ?? null}::uuid IS NULL OR (c.claimed_at, c.id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
        ORDER BY c.claimed_at DESC, c.id DESC LIMIT ${limit}`;
      return rows.map(({ id }) => id);
    },
    /** What decides whether an order of the person takes the coupons, and what they take off; those that are not theirs are missing. */
    facts: (ids: readonly string[], personId: string): Promise<HeldCoupon[]> => sql<HeldCoupon>`
      SELECT c.id, c.state, c.usage, c.org_path AS "orgPath", c.off_fen AS "offFen", c.min_spend_fen AS "minSpendFen", c.newcomers_only AS "newcomersOnly",
        k.below_floor AS "belowFloor", k.stacking, k.stack_group AS "stackGroup", c.expires_at AS "expiresAt",
        (SELECT w.came_back FROM people w WHERE w.id = c.person_id) OR EXISTS (SELECT 1 FROM orders o
          WHERE o.person_id = c.person_id AND (o.paid_at IS NOT NULL OR (o.state = 'pending_payment' AND EXISTS (
            SELECT 1 FROM order_coupons t JOIN coupons other ON other.id = t.coupon_id WHERE t.order_id = o.id AND other.newcomers_only)))) AS "hasBought"
      FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS wanted(id, n) JOIN coupons c ON c.id = wanted.id
      JOIN coupon_kinds k ON k.id = c.kind_id WHERE c.person_id = ${personId} ORDER BY wanted.n`,
    /**
     * Rule S10: each once, by one conditional statement that writes down what the order took; answers which. Fewer than were
     * wanted when a rival order was faster or one's time is over. Locked by id, so that two orders never wait in a circle.
     */
    async redeem(use: CouponsTaken): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        WITH wanted AS (
          SELECT w.id, w.off_fen, (w.n - 1)::int AS position
          FROM unnest(${use.taken.map(({ id }) => id)}::uuid[], ${use.taken.map(({ tookFen }) => tookFen)}::bigint[]) WITH ORDINALITY AS w(id, off_fen, n)),
        held AS (
          SELECT c.id FROM coupons c WHERE c.id IN (SELECT id FROM wanted) AND c.person_id = ${use.personId} AND c.usage = 'order'
            AND c.state = 'held' AND c.expires_at > ${use.at} ORDER BY c.id FOR UPDATE),
        used AS (
          UPDATE coupons c SET state = 'used', order_id = ${use.orderId}, used_at = ${use.at} FROM held
          WHERE c.id = held.id AND c.state = 'held' RETURNING c.id)
        INSERT INTO order_coupons (order_id, coupon_id, position, off_fen)
        SELECT ${use.orderId}::uuid, w.id, w.position, w.off_fen FROM wanted w JOIN used ON used.id = w.id RETURNING coupon_id AS id`;
      return rows.map(({ id }) => id);
    },
    /** The order does not use it any more; `validAt`: only if its time is not over by then. */
    async giveBack(orderId: string, validAt: Date | null): Promise<void> {
      await sql`UPDATE coupons SET state = 'held', order_id = NULL, used_at = NULL
        WHERE order_id = ${orderId} AND state = 'used' AND (${validAt}::timestamptz IS NULL OR expires_at > ${validAt}::timestamptz)`;
    },
    async newcomersOf(people: readonly string[]): Promise<string[]> {
      const rows = await sql<{ id: string }>`
        SELECT p.id FROM unnest(${people}::uuid[]) AS wanted(id) JOIN people p ON p.id = wanted.id
        WHERE NOT p.came_back AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL)`;
      return rows.map(({ id }) => id);
    },
    /** With this account, or with one of before that was closed. */
    hasBought: async (personId: string): Promise<boolean> =>
      (
        await sql`SELECT FROM people p WHERE p.id = ${personId}
          AND (p.came_back OR EXISTS (SELECT FROM orders o WHERE o.person_id = p.id AND o.paid_at IS NOT NULL))`
      ).length > 0,
  };
}
