/** Rows of points. Whoever changes any of a person's holds the lock of their account; every function runs in that transaction. */
import type { PointsBalance, PointsEntry } from '@walnut-live/contracts';
import type { TimeCursor } from '../../platform/cursor.ts';
import type { Sql } from '../../platform/db.ts';

/** The balance, with the account locked until the transaction ends; made when it is missing. */
export async function lockAccount(sql: Sql, personId: string, at: Date): Promise<bigint> {
  await sql`INSERT INTO points_accounts (person_id, balance, updated_at) VALUES (${personId}, 0, ${at}) ON CONFLICT DO NOTHING`;
  const [row] = await sql<{ balance: bigint }>`
    SELECT balance FROM points_accounts WHERE person_id = ${personId} FOR UPDATE`;
  return row?.balance ?? 0n;
}

export interface NewEntry {
  readonly id: string;
  readonly personId: string;
  readonly kind: PointsEntry['kind'];
  readonly amount: bigint;
  readonly ref: string;
  readonly title: string;
  readonly at: Date;
}
/** Moves the balance and says why, once for a kind and ref (a unique index ends the transaction of a second one). */
export async function post(sql: Sql, entry: NewEntry): Promise<void> {
  await sql`
    WITH moved AS (
      UPDATE points_accounts SET balance = balance + ${entry.amount}::bigint, updated_at = ${entry.at}::timestamptz
      WHERE person_id = ${entry.personId} RETURNING balance)
    INSERT INTO points_entries (id, person_id, kind, amount, balance, ref, title, at)
    SELECT ${entry.id}::uuid, ${entry.personId}::uuid, ${entry.kind}, ${entry.amount}::bigint, balance, ${entry.ref}::uuid, ${entry.title},
      ${entry.at}::timestamptz FROM moved`;
}
/** Takes points if there are as many: one conditional statement. */
export async function postSpend(sql: Sql, entry: Omit<NewEntry, 'kind'>): Promise<boolean> {
  const rows = await sql`
    WITH moved AS (
      UPDATE points_accounts SET balance = balance + ${entry.amount}::bigint, updated_at = ${entry.at}::timestamptz
      WHERE person_id = ${entry.personId} AND balance + ${entry.amount}::bigint >= 0 RETURNING balance)
    INSERT INTO points_entries (id, person_id, kind, amount, balance, ref, title, at)
    SELECT ${entry.id}::uuid, ${entry.personId}::uuid, 'spend', ${entry.amount}::bigint, balance, ${entry.ref}::uuid, ${entry.title},
      ${entry.at}::timestamptz FROM moved RETURNING id`;
  return rows.length === 1;
}

/** Takes points out of lots, those that end first first; answers how many there were. */
export async function drawFromLots(sql: Sql, personId: string, points: bigint): Promise<bigint> {
  if (points === 0n) return 0n;
  const [row] = await sql<{ taken: bigint }>`
    WITH lots AS (
      SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at, earned_at, id) - remaining AS before
      FROM points_lots WHERE person_id = ${personId} AND remaining > 0
    ), taking AS (
      SELECT id, least(remaining, greatest(${points}::bigint - before, 0))::bigint AS part FROM lots
    ), taken AS (
      UPDATE points_lots l SET remaining = l.remaining - t.part, used = l.used + t.part FROM taking t WHERE t.id = l.id AND t.part > 0
      RETURNING t.part)
    SELECT coalesce(sum(part), 0)::bigint AS taken FROM taken`;
  return row?.taken ?? 0n;
}

/** Ends the lots of a person whose time is over; answers what each of them lost. */
export const endLots = (sql: Sql, personId: string, now: Date) => sql<{ id: string; lost: bigint; orderNo: string }>`
  WITH due AS (
    SELECT id, remaining FROM points_lots WHERE person_id = ${personId} AND remaining > 0 AND expires_at <= ${now}
  ), ended AS (
    UPDATE points_lots l SET expired = l.expired + l.remaining, remaining = 0 FROM due d WHERE d.id = l.id
    RETURNING l.id, l.order_id, l.expires_at, d.remaining AS lost)
  SELECT e.id, e.lost, o.order_no AS "orderNo" FROM ended e JOIN orders o ON o.id = e.order_id ORDER BY e.expires_at, e.id`;

export async function peopleWithEnds(sql: Sql, now: Date, except: readonly string[], limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT DISTINCT person_id AS id FROM points_lots
    WHERE remaining > 0 AND expires_at <= ${now} AND NOT person_id = ANY(${except}::uuid[]) LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

export interface OrderBasis {
  readonly personId: string;
  readonly orderNo: string;
  /** What is paid for its goods now, after all discounts and refunds (rule K1). */
  readonly basisFen: bigint;
}
export async function orderBasis(sql: Sql, orderId: string): Promise<OrderBasis | undefined> {
  const [row] = await sql<OrderBasis>`
    SELECT o.person_id AS "personId", o.order_no AS "orderNo",
      (SELECT coalesce(sum(i.amount_fen - i.refunded_fen), 0) FROM order_items i WHERE i.order_id = o.id)::bigint AS "basisFen"
    FROM orders o WHERE o.id = ${orderId}`;
  return row;
}

export interface LotRow {
  readonly id: string;
  readonly bps: number;
  readonly granted: bigint;
  readonly remaining: bigint;
  readonly used: bigint;
  readonly expired: bigint;
  readonly reversed: bigint;
}
/** False when the order has earned already. */
export async function insertLot(
  sql: Sql,
  lot: {
    id: string;
    personId: string;
    orderId: string;
    bps: number;
    granted: bigint;
    used: bigint;
    earnedAt: Date;
    expiresAt: Date;
  },
): Promise<boolean> {
  const made = await sql`
    INSERT INTO points_lots (id, person_id, order_id, bps, granted, remaining, used, earned_at, expires_at)
    VALUES (${lot.id}, ${lot.personId}, ${lot.orderId}, ${lot.bps}, ${lot.granted}, ${lot.granted - lot.used}, ${lot.used}, ${lot.earnedAt}, ${lot.expiresAt})
    ON CONFLICT (order_id) DO NOTHING RETURNING id`;
  return made.length === 1;
}
export async function lotOfOrder(sql: Sql, orderId: string): Promise<LotRow | undefined> {
  const [row] = await sql<LotRow>`
    SELECT id, bps, granted, remaining, used, expired, reversed FROM points_lots WHERE order_id = ${orderId}`;
  return row;
}
export async function reverseLot(
  sql: Sql,
  lotId: string,
  part: { remaining: bigint; used: bigint; expired: bigint },
): Promise<void> {
  await sql`
    UPDATE points_lots SET remaining = remaining - ${part.remaining}::bigint, used = used - ${part.used}::bigint,
      expired = expired - ${part.expired}::bigint, reversed = reversed + ${part.remaining + part.used + part.expired}::bigint
    WHERE id = ${lotId}`;
}

/** How many sums of points that end at a time are told. */
const ENDS = 6;
export async function readBalance(sql: Sql, personId: string, now: Date): Promise<PointsBalance> {
  // What is over and was not swept yet is not there any more.
  const [row] = await sql<{ balance: bigint }>`
    SELECT (a.balance - coalesce((SELECT sum(l.remaining) FROM points_lots l
      WHERE l.person_id = a.person_id AND l.remaining > 0 AND l.expires_at <= ${now}), 0))::bigint AS balance
    FROM points_accounts a WHERE a.person_id = ${personId}`;
  const ends = await sql<{ points: bigint; at: Date }>`
    SELECT sum(remaining)::bigint AS points, max(expires_at) AS at FROM points_lots
    WHERE person_id = ${personId} AND remaining > 0 AND expires_at > ${now}
    GROUP BY date_trunc('day', expires_at, 'Asia/Shanghai') ORDER BY 2 LIMIT ${ENDS}`;
  return {
    balance: Number(row?.balance ?? 0n),
    ending: ends.map(({ points, at }) => ({ points: Number(points), at: at.toISOString() })),
  };
}
type EntryRow = Omit<PointsEntry, 'points' | 'balance' | 'at'> & { points: bigint; balance: bigint; at: Date };
export const readEntries = (sql: Sql, personId: string, after: TimeCursor | undefined, limit: number) => sql<EntryRow>`
  SELECT id, kind, amount AS points, balance, title, at FROM points_entries WHERE person_id = ${personId}
    AND (${after?.id ?? null}::uuid IS NULL OR (at, id) < (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
  ORDER BY at DESC, id DESC LIMIT ${limit}`;
export const toEntry = (row: EntryRow): PointsEntry => ({
  ...row,
  points: Number(row.points),
  balance: Number(row.balance),
  at: row.at.toISOString(),
});
