/** Rows of gifts: the catalogue, what was given, and what everybody has used of their caps. */
import type { GiftEffect, GiftView, GivenGiftView, RoomState } from '@walnut-live/contracts';
import type { Sql, Tx } from '../../platform/db.ts';
import type { GiftTerms } from './gifts.policy.ts';

export async function readGifts(sql: Sql, only: 'active' | 'all'): Promise<GiftView[]> {
  return sql<GiftView>`
    SELECT id, name, name_en AS "nameEn", picture_url AS "pictureUrl", effect, price_coins::int AS "priceCoins", active
    FROM gifts WHERE active OR ${only} = 'all' ORDER BY position`;
}

export async function updateGift(
  tx: Tx,
  id: string,
  change: { priceCoins?: number | undefined; active?: boolean | undefined },
): Promise<GiftView | undefined> {
  const [row] = await tx<GiftView>`
    UPDATE gifts SET price_coins = coalesce(${change.priceCoins ?? null}::bigint, price_coins),
      active = coalesce(${change.active ?? null}::boolean, active)
    WHERE id = ${id}
    RETURNING id, name, name_en AS "nameEn", picture_url AS "pictureUrl", effect, price_coins::int AS "priceCoins", active`;
  return row;
}

/** The version in force at a moment. */
export async function termsAt(sql: Sql, at: Date): Promise<GiftTerms & { effectiveFrom: Date }> {
  const [row] = await sql<GiftTerms & { effectiveFrom: Date }>`
    SELECT version, cooling_seconds AS "coolingSeconds", per_gift_cap_coins AS "perGiftCapCoins",
      day_cap_coins AS "dayCapCoins", month_cap_coins AS "monthCapCoins", brand_bps AS "brandBps",
      store_bps AS "storeBps", guide_bps AS "guideBps", effective_from AS "effectiveFrom"
    FROM gift_policies WHERE effective_from <= ${at} ORDER BY version DESC LIMIT 1`;
  if (!row) throw new Error('no gift policy in force');
  return row;
}

/** Writers stand in line; the number is the next one. */
export async function insertTerms(
  tx: Tx,
  terms: Omit<GiftTerms, 'version'>,
  by: { at: Date; personId: string },
): Promise<void> {
  await tx`LOCK TABLE gift_policies IN EXCLUSIVE MODE`;
  await tx`INSERT INTO gift_policies (version, cooling_seconds, per_gift_cap_coins, day_cap_coins, month_cap_coins,
      brand_bps, store_bps, guide_bps, effective_from, by_id)
    SELECT max(version) + 1, ${terms.coolingSeconds}::int, ${terms.perGiftCapCoins}::int, ${terms.dayCapCoins}::int,
      ${terms.monthCapCoins}::int, ${terms.brandBps}::int, ${terms.storeBps}::int, ${terms.guideBps}::int,
      ${by.at}::timestamptz, ${by.personId}::uuid
    FROM gift_policies`;
}

export interface GivingRow {
  readonly roomState: RoomState;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly banned: boolean;
  readonly name: string;
  readonly giftName: string;
  readonly giftNameEn: string;
  readonly pictureUrl: string;
  readonly effect: GiftEffect;
  readonly priceCoins: number;
  readonly giftActive: boolean;
}
/** Undefined when there is no such room or gift. A sanction on a guest goes with them when they sign in. */
export async function readGiving(
  tx: Tx,
  wanted: { roomId: string; personId: string; giftId: string; at: Date },
): Promise<GivingRow | undefined> {
  const [row] = await tx<GivingRow>`
    SELECT r.state AS "roomState", r.org_unit_id AS "orgUnitId", r.org_path AS "orgPath", r.host_id AS "hostId", p.name,
      g.name AS "giftName", g.name_en AS "giftNameEn", g.picture_url AS "pictureUrl", g.effect,
      g.price_coins::int AS "priceCoins", g.active AS "giftActive",
      EXISTS (SELECT 1 FROM room_moderation m WHERE m.room_id = r.id AND m.kind = 'ban' AND m.lifted_at IS NULL
        AND (m.until IS NULL OR m.until > ${wanted.at})
        AND (m.person_id = p.id OR m.person_id IN (SELECT f.id FROM people f WHERE f.merged_into = p.id))) AS banned
    FROM rooms r, people p, gifts g
    WHERE r.id = ${wanted.roomId} AND p.id = ${wanted.personId} AND g.id = ${wanted.giftId}`;
  return row;
}

// ── caps ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function readUsage(
  sql: Sql,
  subject: string,
  { day, month }: { day: string; month: string },
): Promise<{ day: bigint; month: bigint }> {
  const [row] = await sql<{ day: bigint; month: bigint }>`
    SELECT coalesce(sum(coins) FILTER (WHERE period = ${day}), 0)::bigint AS day,
      coalesce(sum(coins) FILTER (WHERE period = ${month}), 0)::bigint AS month
    FROM gift_usage WHERE subject = ${subject} AND period IN (${day}, ${month})`;
  return row ?? { day: 0n, month: 0n };
}

/** One conditional statement: what was used with it, or undefined when the cap stands in the way. */
export async function useUp(
  tx: Tx,
  use: { subject: string; period: string; coins: bigint; capCoins: number },
): Promise<bigint | undefined> {
  const [row] = await tx<{ coins: bigint }>`
    INSERT INTO gift_usage (subject, period, coins)
    SELECT ${use.subject}, ${use.period}, ${use.coins}::bigint WHERE ${use.coins}::bigint <= ${use.capCoins}::bigint
    ON CONFLICT (subject, period) DO UPDATE SET coins = gift_usage.coins + excluded.coins
      WHERE gift_usage.coins + excluded.coins <= ${use.capCoins}::bigint
    RETURNING coins`;
  return row?.coins;
}

export async function giveBackUse(
  tx: Tx,
  use: { subject: string; day: string; month: string; coins: bigint },
): Promise<void> {
  // In the order in which they are taken: the day first.
  for (const period of [use.day, use.month])
    await tx`UPDATE gift_usage SET coins = coins - ${use.coins} WHERE subject = ${use.subject} AND period = ${period}`;
}

/** Counts of months that are over say nothing any more. */
export async function forgetUsage(sql: Sql, before: { day: string; month: string }): Promise<void> {
  await sql`DELETE FROM gift_usage WHERE (period LIKE 'd%' AND period < ${before.day}) OR (period LIKE 'm%' AND period < ${before.month})`;
}

// ── given gifts ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NewGiven {
  readonly id: string;
  readonly roomId: string;
  readonly personId: string;
  readonly giftId: string;
  readonly quantity: number;
  readonly unitCoins: number;
  readonly coins: bigint;
  readonly comboId: string;
  readonly policyVersion: number;
  readonly subject: string;
  readonly orgUnitId: string;
  readonly orgPath: string;
  readonly hostId: string;
  readonly at: Date;
  readonly takeBackUntil: Date;
}
/** Answers how many pieces the burst has now. The giver's usage row is locked, so nobody counts beside this one. */
export async function insertGiven(tx: Tx, given: NewGiven): Promise<number> {
  const [row] = await tx<{ count: number }>`
    INSERT INTO given_gifts (id, room_id, person_id, gift_id, quantity, unit_coins, coins, combo_id, combo_count,
      policy_version, subject, org_unit_id, org_path, host_id, state, given_at, take_back_until)
    SELECT ${given.id}::uuid, ${given.roomId}::uuid, ${given.personId}::uuid, ${given.giftId}::uuid, ${given.quantity}::int,
      ${given.unitCoins}::int, ${given.coins}::bigint, ${given.comboId}::uuid,
      ${given.quantity}::int + coalesce(sum(g.quantity), 0)::int, ${given.policyVersion}::int, ${given.subject},
      ${given.orgUnitId}::uuid, ${given.orgPath}, ${given.hostId}::uuid, 'given', ${given.at}::timestamptz, ${given.takeBackUntil}::timestamptz
    FROM given_gifts g WHERE g.combo_id = ${given.comboId} AND g.person_id = ${given.personId} AND g.gift_id = ${given.giftId}
      AND g.room_id = ${given.roomId} AND g.state <> 'taken_back'
    RETURNING combo_count AS count`;
  if (!row) throw new Error('a gift was not written');
  return row.count;
}

export interface TakenBack {
  readonly roomId: string;
  readonly comboId: string;
  readonly quantity: number;
  readonly coins: bigint;
  readonly subject: string;
  readonly givenAt: Date;
}
/** Ends the cooling period by taking back; undefined when it is over, was ended, or the gift is not this person's. */
export async function takeBack(tx: Tx, id: string, personId: string, at: Date): Promise<TakenBack | undefined> {
  const [row] = await tx<TakenBack>`
    UPDATE given_gifts SET state = 'taken_back', taken_back_at = ${at}
    WHERE id = ${id} AND person_id = ${personId} AND state = 'given' AND take_back_until > ${at}
    RETURNING room_id AS "roomId", combo_id AS "comboId", quantity, coins, subject, given_at AS "givenAt"`;
  return row;
}

interface GivenRow {
  id: string;
  roomId: string;
  personId: string;
  name: string;
  giftId: string;
  giftName: string;
  giftNameEn: string;
  pictureUrl: string;
  effect: GiftEffect;
  quantity: number;
  coins: bigint;
  comboId: string;
  comboCount: number;
  state: GivenGiftView['state'];
  givenAt: Date;
  takeBackUntil: Date;
}
/** One gift by its id, or a page of a room's, newest first. */
export async function readGiven(
  sql: Sql,
  filter: { id?: string; roomId?: string; after?: { at: Date; id: string } | undefined; limit: number },
): Promise<GivenGiftView[]> {
  const { id = null, roomId = null, after, limit } = filter;
  const found = await sql<GivenRow>`
    SELECT v.id, v.room_id AS "roomId", v.person_id AS "personId", p.name, v.gift_id AS "giftId", g.name AS "giftName",
      g.name_en AS "giftNameEn", g.picture_url AS "pictureUrl", g.effect, v.quantity, v.coins, v.combo_id AS "comboId",
      v.combo_count AS "comboCount", v.state, v.given_at AS "givenAt", v.take_back_until AS "takeBackUntil"
    FROM given_gifts v JOIN people p ON p.id = v.person_id JOIN gifts g ON g.id = v.gift_id
    WHERE (${id}::uuid IS NULL OR v.id = ${id}) AND (${roomId}::uuid IS NULL OR v.room_id = ${roomId})
      AND (${after?.at ?? null}::timestamptz IS NULL OR (v.given_at, v.id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
    ORDER BY v.given_at DESC, v.id DESC LIMIT ${limit}`;
  return found.map(toGivenView);
}

const toGivenView = (row: GivenRow): GivenGiftView => ({
  id: row.id,
  roomId: row.roomId,
  giver: { id: row.personId, name: row.name },
  gift: {
    id: row.giftId,
    name: row.giftName,
    nameEn: row.giftNameEn,
    pictureUrl: row.pictureUrl,
    effect: row.effect,
  },
  quantity: row.quantity,
  coins: Number(row.coins),
  comboId: row.comboId,
  comboCount: row.comboCount,
  state: row.state,
  at: row.givenAt.toISOString(),
  takeBackUntil: row.takeBackUntil.toISOString(),
});

export async function readTotals(sql: Sql, roomId: string) {
  const [row] = await sql<{ gifts: number; pieces: number; givers: number; coins: bigint; takenBackCoins: bigint }>`
    SELECT count(*) FILTER (WHERE state <> 'taken_back')::int AS gifts,
      coalesce(sum(quantity) FILTER (WHERE state <> 'taken_back'), 0)::int AS pieces,
      count(DISTINCT person_id) FILTER (WHERE state <> 'taken_back')::int AS givers,
      coalesce(sum(coins) FILTER (WHERE state <> 'taken_back'), 0)::bigint AS coins,
      coalesce(sum(coins) FILTER (WHERE state = 'taken_back'), 0)::bigint AS "takenBackCoins"
    FROM given_gifts WHERE room_id = ${roomId}`;
  if (!row) throw new Error('totals of no room');
  return { ...row, coins: Number(row.coins), takenBackCoins: Number(row.takenBackCoins) };
}
