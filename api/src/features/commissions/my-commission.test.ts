/** What a guide, sharer or agent reads of how they earn. */
import {
  appealCredit,
  listCommissionHolds,
  myCommissionEntry,
  myCommissionTerms,
  myEarnings,
  releaseCommissionHold,
  ruleCredit,
} from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { visit } from '../../testing/visits.ts';
import { COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB } from './index.ts';
import { bestTiers, monthAfter, standingIn } from './tiers.policy.ts';

const TIERS = [
  { minNetFen: 10_000, bonusBps: 100 },
  { minNetFen: 30_000, bonusBps: 300 },
];
const store = (netFen: bigint, storeId = 'a') => ({ storeId, orgPath: `hq.${storeId}`, netFen });

describe('where a month stands', () => {
  it.each([
    ['nothing sold', [], { netFen: 0n, tier: 0, bonusFen: 0n, missing: 10_000n }],
    ['one fen short', [store(9_999n)], { netFen: 9_999n, tier: 0, bonusFen: 0n, missing: 1n }],
    ['on the step', [store(10_000n)], { netFen: 10_000n, tier: 1, bonusFen: 100n, missing: 20_000n }],
    [
      'two stores, each floored',
      [store(15_049n), store(15_049n, 'b')],
      { netFen: 30_098n, tier: 2, bonusFen: 902n, missing: undefined },
    ],
  ] as const)('K6 %s', (_, stores, { missing, ...wanted }) => {
    const { next, ...standing } = standingIn(TIERS, stores);
    expect(standing).toMatchObject(wanted);
    expect(next?.missingFen).toBe(missing);
  });

  it('K5 K6 of several versions the month is counted by the best; with nothing sold by the highest step; of equals the last', () => {
    const [low, high, late] = [
      [TIERS[0]],
      [{ minNetFen: 50_000, bonusBps: 900 }],
      [{ minNetFen: 10_000, bonusBps: 100 }],
    ].map((tiers) => tiers.flatMap((tier) => tier ?? []));
    if (!low || !high || !late) throw new Error('three versions');
    expect(bestTiers([low, high], [store(20_000n)])).toBe(low);
    expect(bestTiers([low, high], [])).toBe(high);
    expect(bestTiers([low, late], [store(20_000n)])).toBe(late);
    expect(bestTiers([], [])).toEqual([]);
  });
});

it('K5 K6 GET /me/commission-terms: rates of both levels, this month net of refunds and of what is held, the next step, and what it opens', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, sql } = on;
  await on.publish(
    terms({
      ...{ levelTwoBps: 200, levelTwoEnabled: true, tiers: TIERS },
      rates: [
        { level: 1, minTier: 2, bps: 1_500 },
        { level: 1, storePath: brand.stores.a.path, bps: 1_200 },
        { level: 1, inviterRole: 'guide', bps: 1_300 },
      ],
    }),
  );
  const month = monthAfter(chinaDayOf(api.clock.now()).slice(0, 7));
  api.clock.set(new Date(chinaDayStart(`${month}-01`).getTime() + 3_600_000));
  const mine = (as = bella) => api.ok(myCommissionTerms, { as });
  const before = await mine();
  expect(before).toMatchObject({ role: 'consumer', tier: 0, freezeDays: 15 });
  expect(before.lines.map(({ level, unit, bps }) => [level, unit?.path ?? null, bps])).toEqual([
    [1, null, 1_000],
    [1, brand.stores.a.path, 1_200],
    [2, null, 200],
  ]);
  expect(before.month).toEqual({
    ...{ month, netFen: 0, heldFen: 0, tier: 0, bonusBps: 0, bonusFen: 0 },
    next: { tier: 1, minNetFen: 10_000, missingFen: 10_000, bonusBps: 100 },
  });
  expect(before.tiers).toEqual([
    { ...TIERS[0], tier: 1, lines: [] },
    {
      ...{ ...TIERS[1], tier: 2 },
      lines: [{ level: 1, product: null, productRole: null, unit: null, bps: 1_500, fixedFen: null }],
    },
  ]);
  const guide = await mine(brand.staff.a.guide);
  expect(guide.role).toBe('guide');
  expect(guide.lines.find(({ level, unit }) => level === 1 && unit === null)?.bps).toBe(1_300);

  const atA = await on.sold(bella, anna, brand.rooms.a, [20_000]);
  api.clock.advanceSeconds(120);
  const atB = await on.sold(bella, chris, brand.rooms.b, [15_000]);
  expect((await mine()).month).toMatchObject({ netFen: 35_000, tier: 2, bonusFen: 1_050, next: null });
  await on.orders.refund(atA, [8_000]);
  expect((await mine()).month).toMatchObject({
    ...{ netFen: 27_000, tier: 1, bonusBps: 100, bonusFen: 270 },
    next: { tier: 2, missingFen: 3_000 },
  });
  await sql`UPDATE commission_entries SET state = 'held', held_reason = 'same_phone' WHERE order_id = ${atB.id}`;
  expect((await mine()).month).toMatchObject({ netFen: 12_000, heldFen: 15_000, tier: 1 });
  expect((await mine(chris)).month).toMatchObject({ netFen: 0, heldFen: 0 });
});

it('K1 K3 K7 GET /me/earnings/:id: why, all of its item, what it waits for; no name of who decided; nobody else’s', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, sql } = on;
  await on.publish(
    terms({
      ...{ levelTwoBps: 200, levelTwoEnabled: true },
      rates: [{ level: 1, storePath: brand.stores.a.path, inviterRole: 'consumer', bps: 1_200 }],
    }),
  );
  await visit(api, chris, bella, brand.rooms.a.id);
  const order = await on.sold(bella, anna, brand.rooms.a, [10_000, 500]);
  await on.orders.refund(order, [4_000]);
  const mine = (await api.ok(myEarnings, { as: bella })).items;
  const paid = mine.find(({ event, basisFen }) => event === 'paid' && basisFen === 10_000);
  const read = (as = bella) => api.ok(myCommissionEntry, { as, params: { id: paid?.id ?? '' } });
  const first = await read();
  expect(first).toMatchObject({
    entry: { id: paid?.id, amountFen: 1_200, bps: 1_200 },
    item: { paidFen: 10_000, refundedFen: 4_000, dueFen: 720 },
    why: {
      ...{ creditReason: 'share_link', role: 'consumer', tier: 0, memberLevel: 0 },
      line: { product: null, unit: { path: brand.stores.a.path }, inviterRole: 'consumer', minTier: null },
    },
    waitsFor: 'receipt',
  });
  expect(first.item.entries.map(({ event, amountFen }) => [event, amountFen])).toEqual([
    ['paid', 1_200],
    ['refunded', -480],
  ]);
  // Level two: the rate for everything, and no reason of a credit that is not theirs.
  const [second] = (await api.ok(myEarnings, { as: chris })).items.filter(({ basisFen }) => basisFen === 10_000);
  expect(await api.ok(myCommissionEntry, { as: chris, params: { id: second?.id ?? '' } })).toMatchObject({
    entry: { level: 2, amountFen: 200 },
    why: { creditReason: null, line: null },
  });
  for (const as of [chris, anna, brand.staff.a.manager, brand.staff.finance])
    expect((await api.call(myCommissionEntry, { as, params: { id: paid?.id ?? '' } })).status).toBe(404);

  await on.orders.receive(order);
  await sql`UPDATE commission_checks SET due_at = ${api.clock.now()}`;
  expect((await read()).waitsFor).toBe('freeze');
  await api.ok(appealCredit, { as: brand.staff.a.guide, params: { id: order.id }, body: { text: '我的客户' } });
  expect((await read()).waitsFor).toBe('dispute');
  const ruling = { seenVersion: 1, outcome: 'upheld' as const, reason: '按点击归属' };
  await api.ok(ruleCredit, { as: brand.staff.admin, params: { id: order.id }, body: ruling });
  api.clock.advanceSeconds(16 * DAY);
  expect((await read()).waitsFor).toBe('check');
  await on.run(COMMISSION_CHECK_JOB);
  expect((await read()).waitsFor).toBe('review'); // all of them came by one browser
  const [hold] = (await api.ok(listCommissionHolds, { as: brand.staff.finance })).items;
  const body = { reason: '门店的平板' };
  await api.ok(releaseCommissionHold, { as: brand.staff.finance, params: { id: hold?.id ?? '' }, body });
  await on.run(COMMISSION_THAW_JOB);
  const thawed = await read();
  expect(thawed.waitsFor).toBe('settlement');
  expect(thawed.steps.map(({ to }) => to)).toEqual(['estimated', 'frozen', 'held', 'frozen', 'settleable']);
  // Neither who let it go nor why.
  expect(Object.keys(thawed.steps[3] ?? {}).toSorted()).toEqual(['at', 'event', 'from', 'to']);
});
