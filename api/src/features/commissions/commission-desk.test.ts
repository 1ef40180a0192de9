/** Rules and bonuses through the api. */
import {
  type CommissionTerms,
  getCommissionEntry,
  getCommissionRules,
  listCommissionBonuses,
  listCommissionRules,
  listCommissions,
  myCommissionTerms,
  myEarnings,
  publishCommissionRules,
  saveCommissionDraft,
  simulateCommission,
} from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { makeConsumer } from '../../testing/fixtures.ts';
import { visit } from '../../testing/visits.ts';
import { COMMISSION_BONUS_JOB } from './index.ts';
import { monthAfter } from './tiers.policy.ts';

describe('rules are published', () => {
  it('K5 draft, problems, a rise at once, a cut after notice and lock; audited, announced to whom it concerns, kept by entries', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, sql } = on;
    const { admin, finance, operations, a } = brand.staff;
    const save = (as: typeof admin, revision: number, part: Partial<CommissionTerms>) =>
      api.call(saveCommissionDraft, { as, body: { revision, terms: terms(part) } });
    expect((await save(operations, 0, {})).status).toBe(403);
    expect((await save(finance, 0, { freezeDays: 6 })).status).toBe(400); // K3: never inside the seven days
    const first = await api.ok(saveCommissionDraft, {
      as: finance,
      body: { revision: 0, terms: terms({ levelTwoBps: 5 }) },
    });
    expect(first).toMatchObject({ revision: 1, problems: [{ problem: 'level_two_is_off', line: null }] });
    const refused = await api.call(publishCommissionRules, { as: admin, body: { revision: 1, reason: '试一试' } });
    expect([refused.status, refused.problem.code]).toEqual([409, 'state_conflict']);
    expect((await save(admin, 0, {})).status).toBe(409); // somebody saved meanwhile
    // Ten per cent of everything become five, and twenty at store A.
    const wanted: Partial<CommissionTerms> = {
      levelOneBps: 500,
      rates: [{ level: 1, storePath: brand.stores.a.path, bps: 2_000 }],
    };
    expect((await save(admin, 1, wanted)).body).toMatchObject({ revision: 2, problems: [], cuts: true });
    const two = await Promise.all(
      [1, 2].map(() => api.call(publishCommissionRules, { as: admin, body: { revision: 2, reason: '店铺激励' } })),
    );
    expect(two.map(({ status }) => status).toSorted()).toEqual([201, 404]); // once, whoever clicks
    const { version } = await api.ok(getCommissionRules, { as: a.manager });
    expect(version).toBe(1);
    const now = api.clock.now().getTime();
    const shown = await api.ok(getCommissionRules, { as: a.manager });
    expect(shown).toMatchObject({ draft: null, announced: [{ version: 2, reason: '店铺激励' }] });
    expect(Math.abs(Date.parse(shown.announced[0]?.effectiveFrom ?? '') - now - 2 * DAY * 1_000)).toBeLessThan(60_000);
    await expect(sql`UPDATE commission_rules SET level_one_bps = 1 WHERE version = 2`).rejects.toThrow('append-only');

    const atA = await on.sold(bella, anna, brand.rooms.a, [10_000]);
    api.clock.advanceSeconds(120);
    const atB = await on.sold(bella, anna, brand.rooms.b, [10_000]);
    const facts = async (id: string) => (await on.entries(id)).map(({ amount, version: by }) => [amount, by]);
    expect(await facts(atA.id)).toEqual([[2_000n, 2]]); // the rise
    expect(await facts(atB.id)).toEqual([[1_000n, 1]]); // the cut is announced
    const mine = await api.ok(myCommissionTerms, { as: bella });
    expect(mine).toMatchObject({ role: 'consumer', tier: 0 });
    expect(mine.lines.map(({ unit, bps, announced }) => [unit?.path ?? null, bps, announced?.bps ?? null])).toEqual([
      [null, 1_000, 500],
      [brand.stores.a.path, 2_000, null],
    ]);
    api.clock.advanceSeconds(2 * DAY);
    const later = await on.sold(bella, anna, brand.rooms.b, [10_000]);
    expect(await facts(later.id)).toEqual([[500n, 2]]);
    await on.orders.refund(atB, [5_000]);
    expect(await facts(atB.id)).toEqual([
      [1_000n, 1],
      [-500n, 1],
    ]); // keeps its version
    // The next cut waits for the lock of thirty days.
    const next = await on.publish(terms({ levelOneBps: 400, rates: wanted.rates ?? [] }));
    expect(Date.parse(next.effectiveFrom) - Date.parse(shown.announced[0]?.effectiveFrom ?? '')).toBe(30 * DAY * 1_000);
    expect((await api.ok(listCommissionRules, { as: finance })).items.map((rule) => rule.version)).toEqual([3, 2, 1]);
    const [audit] =
      await sql`SELECT reason, detail FROM audit_log WHERE action = 'commission-rules:published' ORDER BY at LIMIT 1`;
    expect(audit).toMatchObject({ reason: '店铺激励', detail: { isCut: true } });
    const [entry] = (await api.ok(listCommissions, { as: a.manager, query: { orderId: atA.id } })).items;
    const why = await api.ok(getCommissionEntry, { as: a.manager, params: { id: entry?.id ?? '' } });
    expect(why).toMatchObject({
      why: { line: 0, role: 'consumer', storePath: brand.stores.a.path },
      steps: [{ event: 'posted', to: 'estimated' }],
    });
    expect(
      (await api.call(getCommissionEntry, { as: brand.staff.b.manager, params: { id: entry?.id ?? '' } })).status,
    ).toBe(404);
    expect(await on.audit()).toEqual([]);
  });

  it('K5 notice and lock cannot be switched off: a version that only shortens them waits as a cut does', async () => {
    await using on = await scene();
    const { api, brand, anna, bella } = on;
    const now = api.clock.now().getTime();
    const daysFrom = (rule: { effectiveFrom: string }) => (Date.parse(rule.effectiveFrom) - now) / (DAY * 1_000);
    const loose = await on.publish(terms({ lockDays: 0, noticeDays: 0 }));
    expect(daysFrom(loose)).toBeCloseTo(2, 2); // the notice that stood before
    const cut = await on.publish(terms({ lockDays: 0, noticeDays: 0, levelOneBps: 100 }));
    expect(daysFrom(cut)).toBeCloseTo(32, 2); // the lock that stood before, after the change before
    api.clock.advanceSeconds(20 * DAY);
    const order = await on.sold(bella, anna, brand.rooms.a, [10_000]);
    expect((await on.entries(order.id)).map(({ amount }) => amount)).toEqual([1_000n]);
  });

  it('K1 K2 level two is who brought the sharer and nobody further; amounts per piece; what a simulation says is what is paid', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, sql } = on;
    const dora = await makeConsumer(api);
    // Dora brought Chris, Chris brought Bella, Bella brings Anna's order.
    await visit(api, dora, chris, brand.rooms.a.id);
    await visit(api, chris, bella, brand.rooms.a.id);
    await on.sold(bella, anna, brand.rooms.a, [10_000]);
    const productId = brand.products.milk.id;
    const wanted = terms({
      ...{ levelOneBps: 1_200, levelTwoBps: 300, levelTwoEnabled: true },
      rates: [{ level: 1, productId, fixedFen: 700 }],
    });
    const month = chinaDayOf(api.clock.now()).slice(0, 7);
    const simulated = await api.ok(simulateCommission, { as: brand.staff.finance, body: { month, terms: wanted } });
    expect(simulated).toMatchObject({
      complete: true,
      total: { orders: 1, basisFen: 10_000, actualFen: 1_000, wouldBeFen: 1_500 },
    });
    expect((await sql`SELECT 1 FROM commission_rules WHERE version > 1`).length).toBe(0);
    await on.publish(wanted);
    const { products } = await api.ok(getCommissionRules, { as: brand.staff.a.manager });
    expect(products).toEqual([{ id: productId, title: expect.stringMatching(/./) }]);
    api.clock.advanceSeconds(120);
    const order = await on.sold(bella, anna, brand.rooms.a, [10_000, 600]);
    expect((await on.entries(order.id)).map(({ level, amount, who }) => [level, amount, who])).toEqual([
      [1, 1_200n, bella.personId],
      [1, 72n, bella.personId],
      [2, 300n, chris.personId],
      [2, 18n, chris.personId],
    ]);
    expect(await on.owed(dora.personId)).toBe(0n);
    await expect(
      sql`INSERT INTO commission_entries SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'level', 3))).* FROM commission_entries e LIMIT 1`,
    ).rejects.toThrow('commission_entries_level');
    await on.orders.refund(order, [5_000, 600]);
    expect([await on.owed(bella.personId), await on.owed(chris.personId)]).toEqual([1_600n, 150n]);
    // An amount for every piece that is kept, and never more than was paid.
    api.clock.advanceSeconds(120);
    await visit(api, bella, anna, brand.rooms.b.id);
    const fixed = await on.orders.place(anna, brand.rooms.b, [3_000, 500]);
    await sql`UPDATE order_items SET product_id = ${productId}, quantity = CASE position WHEN 0 THEN 3 ELSE 1 END,
        unit_price_fen = CASE position WHEN 0 THEN 1000 ELSE 500 END WHERE order_id = ${fixed.id}`;
    await on.orders.pay(fixed);
    expect((await on.entries(fixed.id)).filter(({ level }) => level === 1).map(({ amount }) => amount)).toEqual([
      2_100n,
      500n,
    ]);
    const again = await api.ok(simulateCommission, {
      as: brand.staff.finance,
      body: { month, terms: wanted, orgUnitId: brand.stores.b.id },
    });
    expect(again.total).toMatchObject({ orders: 1, actualFen: 2_705, wouldBeFen: 2_705 });
    expect(again.byRole.map(({ role, level }) => [role, level])).toEqual([
      ['consumer', 1],
      ['consumer', 2],
    ]);
    expect(again.byStore.map(({ store, actualFen }) => [store.path, actualFen])).toEqual([
      [brand.stores.b.path, 2_705],
    ]);
    expect(
      (await api.call(simulateCommission, { as: brand.staff.a.manager, body: { month, terms: wanted } })).status,
    ).toBe(403);
    expect(await on.audit()).toEqual([]);
  });

  it('A5 K2 who left earns no level two of what is sold after; what they earned before stays', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, sql } = on;
    const { guide } = brand.staff.a;
    await on.publish(terms({ levelTwoBps: 300, levelTwoEnabled: true }));
    await visit(api, guide, bella, brand.rooms.a.id);
    await visit(api, guide, chris, brand.rooms.a.id);
    const before = await on.sold(bella, anna, brand.rooms.a, [10_000]);
    await sql`UPDATE staff_accounts SET active = false WHERE person_id = ${guide.personId}`;
    api.clock.advanceSeconds(120);
    const after = await on.sold(bella, anna, brand.rooms.b, [10_000]);
    const earned = async (id: string) => (await on.entries(id)).map(({ level, amount, who }) => [level, amount, who]);
    expect(await earned(before.id)).toEqual([
      [1, 1_000n, bella.personId],
      [2, 300n, guide.personId],
    ]);
    expect(await earned(after.id)).toEqual([[1, 1_000n, bella.personId]]);
    const month = chinaDayOf(api.clock.now()).slice(0, 7);
    const wanted = terms({ levelTwoBps: 300, levelTwoEnabled: true });
    const simulated = await api.ok(simulateCommission, { as: brand.staff.finance, body: { month, terms: wanted } });
    expect(simulated.byRole.filter(({ level }) => level === 2)).toEqual([]);
    // A ruling to another whom they brought too takes nothing of what they earned.
    await on.orders.credit(before, chris.personId);
    expect(await on.owed(guide.personId)).toBe(300n);
    expect(await on.audit()).toEqual([]);
  });
});

it('K6 a month over and its freeze too: the bonus by store; a refund after that posts the difference; a tier raises the next month', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, sql } = on;
  // Before the month begins, so that every order of it is by these terms.
  const month = monthAfter(chinaDayOf(api.clock.now()).slice(0, 7));
  await on.publish(
    terms({
      tiers: [
        { minNetFen: 10_000, bonusBps: 100 },
        { minNetFen: 30_000, bonusBps: 300 },
      ],
      rates: [{ level: 1, minTier: 2, bps: 1_500 }],
    }),
  );
  const ends = chinaDayStart(`${monthAfter(month)}-01`);
  api.clock.set(new Date(ends.getTime() - 2 * DAY * 1_000));
  const atA = await on.sold(bella, anna, brand.rooms.a, [20_000]);
  api.clock.advanceSeconds(60);
  const atB = await on.sold(bella, chris, brand.rooms.b, [10_050]);
  await on.orders.refund(atA, [40]);
  await on.run(COMMISSION_BONUS_JOB);
  api.clock.set(new Date(ends.getTime() + 14 * DAY * 1_000));
  await on.run(COMMISSION_BONUS_JOB);
  const bonuses = () => sql<{ store: string; no: number; fen: bigint; tier: number }>`
    SELECT u.path AS store, b.no, b.amount_fen AS fen, b.tier FROM commission_bonuses b JOIN org_units u ON u.id = b.store_id ORDER BY b.no, u.path`;
  expect(await bonuses()).toEqual([]); // the freeze is not over
  const next = await on.sold(bella, anna, brand.rooms.a, [10_000]);
  expect((await on.entries(next.id)).map(({ amount }) => amount)).toEqual([1_500n]); // 300.10 yuan reached the second tier
  api.clock.set(new Date(ends.getTime() + 15 * DAY * 1_000 + 60_000));
  await on.run(COMMISSION_BONUS_JOB);
  await on.run(COMMISSION_BONUS_JOB);
  expect(await bonuses()).toEqual([
    { store: brand.stores.a.path, no: 1, fen: 598n, tier: 2 }, // floor(19960 × 3 %)
    { store: brand.stores.b.path, no: 1, fen: 301n, tier: 2 },
  ]);
  await on.orders.refund(atB, [50]); // 30,010 → 29,960 fen: the first tier
  await on.run(COMMISSION_BONUS_JOB);
  expect((await bonuses()).slice(2)).toEqual([
    { store: brand.stores.a.path, no: 2, fen: 199n - 598n, tier: 1 },
    { store: brand.stores.b.path, no: 2, fen: 100n - 301n, tier: 1 },
  ]);
  await on.orders.refund(atB, [10_000]);
  await on.run(COMMISSION_BONUS_JOB);
  expect((await bonuses()).slice(4)).toEqual([{ store: brand.stores.b.path, no: 3, fen: -100n, tier: 0 }]);
  const shown = await api.ok(listCommissionBonuses, { as: brand.staff.b.manager, query: { month } });
  expect(shown.items.map(({ amountFen }) => amountFen).toSorted((x, y) => x - y)).toEqual([-201, -100, 301]);
  expect(shown.items.map(({ part, beforeFen }) => [part, beforeFen])).toEqual([
    [3, 100],
    [2, 301],
    [1, 0],
  ]);
  expect((await api.ok(myEarnings, { as: bella })).bonuses).toHaveLength(5);
  expect(await on.audit()).toEqual([]);
});
