/**
 * A season of one brand, end to end (docs/28): 50 stores, 300 guides, 20,000 customers who hand links on up to eight deep,
 * 30,000 orders, 8 % of them refunded, half of those after their commission was paid out; rates that rise and fall; five
 * settlements, one of which is killed again and again. In the end every fen is where a model of the rules has it.
 * SEASON_PART: what part of the orders (1); SEASON_SEED: the seed (1).
 */

import { publishCommissionRules, putPayoutAccount, saveCommissionDraft } from '@walnut-live/contracts';
import { afterAll, expect, test } from 'vitest';
import { auditCommissions } from '../../api/src/features/commissions/index.ts';
import { PAYOUTS_JOB } from '../../api/src/features/payouts/index.ts';
import { auditSettlements, SETTLEMENTS_JOB } from '../../api/src/features/settlements/index.ts';
import { type Fact, reckon } from '../../api/src/testing/reference-model.ts';
import { auditBooks } from '../kit/audit.ts';
import { type FaultWorld, startFaultWorld } from '../kit/fault-world.ts';
import { createSeasonLife, eachOf } from '../kit/season-life.ts';
import { type Settled, settle } from '../kit/season-settlement.ts';
import { type SeasonBrand, seedSeason } from '../kit/season-world.ts';

const PART = Number(process.env.SEASON_PART ?? 1);
const SEED = Number(process.env.SEASON_SEED ?? 1);
const SIZE = {
  stores: Math.max(5, Math.round(50 * PART)),
  guides: Math.max(30, Math.round(300 * PART)),
  consumers: Math.max(700, Math.round(20_000 * PART)),
  orders: Math.round(30_000 * PART),
};
const SELLING_DAYS = 60;
const SETTLED_ON = [36, 52, 70, 100, 122];
const KILLED_ON = 70;
const LAST_DAY = 122;
const DAY_MS = 86_400_000;
/** A rise for both levels, then a cut that is announced. */
const RATES = [
  { day: 10, bps: [1_250, 210] },
  { day: 45, bps: [900, 100] },
] as const;

let world: FaultWorld | undefined;
afterAll(() => world?.close());

const minutes = (since: number): string => ((performance.now() - since) / 60_000).toFixed(1);

async function publish(shop: FaultWorld, { admin }: SeasonBrand, [one, two]: readonly [number, number]): Promise<Fact> {
  const terms = {
    ...{ levelOneBps: one, levelTwoBps: two, levelTwoEnabled: true, rates: [], tiers: [] },
    ...{ freezeDays: 15, lockDays: 30, noticeDays: 2 },
  };
  const at = shop.clock.now().getTime();
  const draft = await shop.ok(saveCommissionDraft, { as: admin, body: { revision: 0, terms } });
  const rule = await shop.ok(publishCommissionRules, {
    as: admin,
    body: { revision: draft.revision, reason: '本季费率' },
  });
  return { kind: 'rule', at, from: new Date(rule.effectiveFrom).getTime(), bps: [one, two] };
}

test('A2 A3 K1 K2 K3 K4 K5 K8 M2 a season: the ledger sums to zero, and what is credited, earned and settled is the model’s', {
  timeout: 4 * 3_600_000,
}, async () => {
  const began = performance.now();
  world = await startFaultWorld({
    env: { TRUST_PROXY_HOPS: '1', DATABASE_POOL_SIZE: '16', DATABASE_WAIT_MS: '30000' },
  });
  const brand = await seedSeason(world, SIZE);
  await eachOf(brand.guides, async (guide) => {
    await world?.ok(putPayoutAccount, { as: guide, body: { realName: '林小桃' } });
  });
  const life = createSeasonLife(world, brand, SEED);
  life.facts.push({ kind: 'rule', at: 0, from: 0, bps: [1_000, 0] });
  const runs: Settled[] = [];
  const perDay = Math.round(SIZE.orders / SELLING_DAYS);
  for (let day = 1; day <= LAST_DAY; day++) {
    const rates = RATES.find((one) => one.day === day);
    if (rates) life.facts.push(await publish(world, brand, rates.bps));
    await life.day(day <= SELLING_DAYS ? perDay : 0);
    if (SETTLED_ON.includes(day)) {
      const run = await settle(world, brand, `第 ${runs.length + 1} 期`, day === KILLED_ON);
      life.facts.push({ kind: 'settle', at: run.upTo });
      runs.push(run);
      console.info(
        `day ${day}, ${minutes(began)} min: ${run.people} people were paid ${run.paidFen} fen, ${run.carriedPeople} carried, ${run.kills} kills`,
      );
    } else if (day % 10 === 0) console.info(`day ${day}, ${minutes(began)} min, ${life.facts.length} facts`);
  }

  const { db } = world.api.platform;
  const { sql } = db;
  const model = reckon(life.facts, {
    ...{ staff: brand.staffPlaces, rooms: brand.roomPlaces, windowMs: DAY_MS, freezeMs: 15 * DAY_MS },
    minimumFen: await minimum(world),
  });
  const differs = <T>(ours: ReadonlyMap<string, T>, theirs: ReadonlyMap<string, T>): string[] =>
    [...new Set([...ours.keys(), ...theirs.keys()])]
      .filter((key) => (ours.get(key) ?? 0n) !== (theirs.get(key) ?? 0n))
      .map((key) => `${key}: ${ours.get(key)} here, ${theirs.get(key)} in the model`);

  const credits = await sql<{
    id: string;
    person: string;
  }>`SELECT order_id AS id, person_id AS person FROM order_credits`;
  expect(differs(new Map(credits.map(({ id, person }) => [id, person])), model.credits)).toEqual([]);
  const owners = await sql<{ id: string; guide: string }>`
    SELECT customer_id AS id, guide_id AS guide FROM owner_bindings WHERE ended_at IS NULL`;
  const guidesOf = new Map([...model.owner].map(([id, { guide }]) => [id, guide]));
  expect(differs(new Map(owners.map(({ id, guide }) => [id, guide])), guidesOf)).toEqual([]);
  const edges = await sql<{ id: string; by: string }>`SELECT invitee_id AS id, inviter_id AS by FROM invite_edges`;
  expect(differs(new Map(edges.map(({ id, by }) => [id, by])), model.inviter)).toEqual([]);

  const sums = async () =>
    sql<{ person: string; earned: bigint; taken: bigint; held: bigint }>`
      SELECT beneficiary_id AS person, sum(amount_fen)::bigint AS earned,
        coalesce(sum(amount_fen) FILTER (WHERE state IN ('claimed', 'paid')), 0)::bigint AS taken,
        coalesce(sum(amount_fen) FILTER (WHERE state = 'held'), 0)::bigint AS held
      FROM commission_entries GROUP BY 1`;
  const first = await sums();
  expect(first.filter(({ held }) => held !== 0n)).toEqual([]);
  expect(differs(new Map(first.map(({ person, earned }) => [person, earned])), model.earned)).toEqual([]);
  expect(differs(new Map(first.map(({ person, taken }) => [person, taken])), model.taken)).toEqual([]);

  // Told again, everything stays as it is.
  await world.run(SETTLEMENTS_JOB, PAYOUTS_JOB);
  expect(await sums()).toEqual(first);
  const total = (of: Iterable<bigint>): bigint => [...of].reduce((sum, fen) => sum + fen, 0n);
  expect(total(runs.map(({ paidFen }) => paidFen))).toBe(total(model.taken.values()));
  const [theirs] = await sql<{ fen: bigint }>`
    SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM sandbox_transfers WHERE state = 'succeeded'`;
  const [ours] = await sql<{ fen: bigint }>`
    SELECT coalesce(sum(net_fen), 0)::bigint AS fen FROM payout_bills WHERE state = 'succeeded'`;
  expect(ours).toEqual(theirs);
  expect(await auditBooks(world.databaseUrl)).toEqual([]);
  expect(await auditCommissions(db)).toEqual([]);
  expect(await auditSettlements(db)).toEqual([]);

  // It proves nothing where nothing happened.
  const [happened] = await sql<{ orders: number; refunded: number; late: number; two: number; deep: number }>`
    SELECT (SELECT count(*)::int FROM orders) AS orders,
      (SELECT count(*)::int FROM orders WHERE refunded_fen > 0) AS refunded,
      (SELECT count(DISTINCT order_id)::int FROM commission_entries WHERE event = 'refunded' AND order_id IN
        (SELECT order_id FROM commission_entries WHERE event = 'paid' AND state = 'paid')) AS late,
      (SELECT count(*)::int FROM commission_entries WHERE level = 2) AS two,
      (WITH RECURSIVE chain AS (SELECT invitee_id AS id, inviter_id AS by, 1 AS depth FROM invite_edges
        UNION ALL SELECT c.id, e.inviter_id, c.depth + 1 FROM chain c JOIN invite_edges e ON e.invitee_id = c.by)
        SELECT max(depth)::int FROM chain) AS deep`;
  console.info({ ...happened, runs, minutes: minutes(began) });
  expect(happened?.orders).toBe(perDay * SELLING_DAYS);
  expect(happened?.refunded).toBeGreaterThan(SIZE.orders * 0.06);
  expect(happened?.late).toBeGreaterThan(SIZE.orders * 0.01);
  expect(happened?.two).toBeGreaterThan(0);
  expect(happened?.deep).toBeGreaterThanOrEqual(8);
  expect(runs.some(({ kills }) => kills > 1)).toBe(true);
});

async function minimum(shop: FaultWorld): Promise<bigint> {
  const [terms] = await shop.api.platform.db.sql<{ fen: bigint }>`
    SELECT minimum_fen AS fen FROM settlement_terms ORDER BY version DESC LIMIT 1`;
  return terms?.fen ?? 0n;
}
