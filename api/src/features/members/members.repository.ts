/** Rows of the rules of membership and of where people stand. Every function runs on the statement source it is given. */
import { fenToWire, type MemberLevel, type MemberRules, type Membership } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { LevelTerms } from './members.policy.ts';

export interface LevelRow extends LevelTerms {
  readonly name: string;
  readonly couponKindId: string | null;
  readonly couponTitle: string | null;
}
export interface RulesRow {
  readonly version: number;
  readonly windowDays: number;
  readonly basePointsBps: number;
  readonly pointsValidDays: number;
  readonly reason: string;
  readonly madeAt: Date;
  readonly levels: readonly LevelRow[];
}

export const toLevel = ({ couponKindId, couponTitle, ...level }: LevelRow): MemberLevel => ({
  ...level,
  minSpendFen: fenToWire(level.minSpendFen),
  coupon: couponKindId === null ? null : { kindId: couponKindId, title: couponTitle ?? '' },
});
export const toRules = (row: RulesRow): MemberRules => ({
  ...row,
  madeAt: row.madeAt.toISOString(),
  levels: row.levels.map(toLevel),
});

/** The rules in force; undefined before headquarters made any. */
export async function readRules(sql: Sql): Promise<RulesRow | undefined> {
  const [rules] = await sql<Omit<RulesRow, 'levels'>>`
    SELECT version, window_days AS "windowDays", base_points_bps AS "basePointsBps", points_valid_days AS "pointsValidDays", reason,
      made_at AS "madeAt"
    FROM member_rules ORDER BY version DESC LIMIT 1`;
  if (!rules) return undefined;
  const levels = await sql<LevelRow>`
    SELECT l.rank, l.name, l.min_spend_fen AS "minSpendFen", l.points_bps AS "pointsBps", l.coupon_kind_id AS "couponKindId",
      k.title AS "couponTitle"
    FROM member_levels l LEFT JOIN coupon_kinds k ON k.id = l.coupon_kind_id WHERE l.version = ${rules.version} ORDER BY l.rank`;
  return { ...rules, levels };
}

/** False when somebody else made this version. */
export async function insertRules(
  sql: Sql,
  rules: Omit<RulesRow, 'levels' | 'madeAt'> & { madeBy: string; madeAt: Date },
  levels: readonly { name: string; minSpendFen: number; pointsBps: number; couponKindId: string | null }[],
): Promise<boolean> {
  const made = await sql`
    INSERT INTO member_rules (version, window_days, base_points_bps, points_valid_days, reason, made_by, made_at)
    VALUES (${rules.version}, ${rules.windowDays}, ${rules.basePointsBps}, ${rules.pointsValidDays}, ${rules.reason}, ${rules.madeBy}, ${rules.madeAt})
    ON CONFLICT (version) DO NOTHING RETURNING version`;
  if (made.length === 0) return false;
  for (const [n, level] of levels.entries())
    await sql`INSERT INTO member_levels (version, rank, name, min_spend_fen, points_bps, coupon_kind_id)
      VALUES (${rules.version}, ${n + 1}, ${level.name}, ${level.minSpendFen}, ${level.pointsBps}, ${level.couponKindId})`;
  return true;
}

/** Everybody who bought within the window stands somewhere; where, is found by the job. */
export async function enrolBuyers(sql: Sql, rules: { version: number; windowDays: number }, now: Date): Promise<void> {
  await sql`
    INSERT INTO member_standings (person_id, rank, rules_version, spend_fen, since, checked_at, next_check_at)
    SELECT DISTINCT o.person_id, 0, ${rules.version}::int, 0, ${now}::timestamptz, ${now}::timestamptz, ${now}::timestamptz
    FROM orders o WHERE o.paid_at > ${now}::timestamptz - make_interval(hours => 24 * ${rules.windowDays}::int)
    ON CONFLICT (person_id) DO NOTHING`;
}

export interface StandingRow {
  readonly rank: number;
  readonly rulesVersion: number;
  readonly spendFen: bigint;
  readonly since: Date;
  readonly nextCheckAt: Date | null;
}
export async function readStanding(
  sql: Sql,
  personId: string,
): Promise<(StandingRow & { checkedAt: Date }) | undefined> {
  const [row] = await sql<StandingRow & { checkedAt: Date }>`
    SELECT checked_at AS "checkedAt", rank, rules_version AS "rulesVersion", spend_fen AS "spendFen", since, next_check_at AS "nextCheckAt"
    FROM member_standings WHERE person_id = ${personId}`;
  return row;
}

/** What the person spent in the window, as `spendOf` counts it, and when the oldest of it leaves. */
export async function readSpend(
  sql: Sql,
  personId: string,
  windowDays: number,
  now: Date,
): Promise<{ spendFen: bigint; leavesAt: Date | null }> {
  const [row] = await sql<{ spendFen: bigint; leavesAt: Date | null }>`
    SELECT coalesce(sum(net), 0)::bigint AS "spendFen", min(paid_at) + make_interval(hours => 24 * ${windowDays}::int) AS "leavesAt"
    FROM (
      SELECT paid_at, paid_fen - shipping_fen - (refunded_fen - shipping_refunded_fen) AS net FROM orders
      WHERE person_id = ${personId} AND paid_at > ${now}::timestamptz - make_interval(hours => 24 * ${windowDays}::int)
    ) bought WHERE net > 0`;
  return row ?? { spendFen: 0n, leavesAt: null };
}

export async function writeStanding(sql: Sql, standing: StandingRow & { personId: string; now: Date }): Promise<void> {
  const { personId, rank, rulesVersion, spendFen, since, now, nextCheckAt } = standing;
  await sql`
    INSERT INTO member_standings (person_id, rank, rules_version, spend_fen, since, checked_at, next_check_at)
    VALUES (${personId}, ${rank}, ${rulesVersion}, ${spendFen}, ${since}, ${now}, ${nextCheckAt})
    ON CONFLICT (person_id) DO UPDATE SET rank = EXCLUDED.rank, rules_version = EXCLUDED.rules_version, spend_fen = EXCLUDED.spend_fen,
      since = EXCLUDED.since, checked_at = EXCLUDED.checked_at, next_check_at = EXCLUDED.next_check_at`;
}

export type MoveReason = Membership['history'][number]['reason'];
export async function insertMove(
  sql: Sql,
  move: {
    personId: string;
    from: number;
    to: number;
    reason: MoveReason;
    ref: string;
    spendFen: bigint;
    rulesVersion: number;
    at: Date;
  },
): Promise<void> {
  await sql`INSERT INTO member_moves (person_id, from_rank, to_rank, reason, ref, spend_fen, rules_version, at)
    VALUES (${move.personId}, ${move.from}, ${move.to}, ${move.reason}, ${move.ref}, ${move.spendFen}, ${move.rulesVersion}, ${move.at})`;
}
export const readMoves = (sql: Sql, personId: string, limit: number) => sql<{
  from: number;
  to: number;
  reason: MoveReason;
  spendFen: bigint;
  rulesVersion: number;
  at: Date;
}>`
  SELECT from_rank AS "from", to_rank AS "to", reason, spend_fen AS "spendFen", rules_version AS "rulesVersion", at
  FROM member_moves WHERE person_id = ${personId} ORDER BY id DESC LIMIT ${limit}`;

/** People whose window moved on, or who were last seen by older rules. */
export async function dueStandings(
  sql: Sql,
  version: number,
  now: Date,
  except: readonly string[],
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    SELECT person_id AS id FROM member_standings
    WHERE (next_check_at <= ${now} OR rules_version < ${version}) AND NOT person_id = ANY(${except}::uuid[])
    ORDER BY next_check_at LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** Coupons of levels that were reached since and are not given yet. */
export const owedBenefits = (sql: Sql, since: Date, except: readonly string[], limit: number) => sql<{
  personId: string;
  rank: number;
  kindId: string;
}>`
  SELECT * FROM (
    SELECT DISTINCT ON (m.person_id, l.coupon_kind_id) m.person_id AS "personId", l.rank, l.coupon_kind_id AS "kindId"
    FROM member_moves m JOIN member_levels l ON l.version = m.rules_version AND l.rank > m.from_rank AND l.rank <= m.to_rank
    WHERE m.at > ${since} AND l.coupon_kind_id IS NOT NULL AND NOT (m.person_id || ':' || l.coupon_kind_id) = ANY(${except}::text[])
      AND NOT EXISTS (SELECT 1 FROM member_benefits b WHERE b.person_id = m.person_id AND b.coupon_kind_id = l.coupon_kind_id)
    ORDER BY m.person_id, l.coupon_kind_id, l.rank) owed LIMIT ${limit}`;
