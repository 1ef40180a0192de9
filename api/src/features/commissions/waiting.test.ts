/** What waits and what does not: bonuses of months (K6), claw-backs beside open commission (K4), looks at orders (K7), first inviters (K2). */
import { randomUUID } from 'node:crypto';
import { listCommissionBonuses, myEarnings, type QueryOf } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import { DAY, scene, terms } from '../../testing/commission-scene.ts';
import { makeConsumer, makeGuest } from '../../testing/fixtures.ts';
import { isClawBack, type Posted } from './commissions.policy.ts';
import { askCheck, inviterOf } from './entries.repository.ts';
import { COMMISSION_BONUS_JOB, COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB } from './index.ts';
import { inviteEdgesOf } from './simulation.repository.ts';
import { monthAfter } from './tiers.policy.ts';

it('K6 a bonus waits for the sales of its own store, and for none longer than 45 days after the month', async () => {
  await using on = await scene();
  const { api, brand, anna, bella } = on;
  const { clock } = api;
  await on.publish(terms({ tiers: [{ minNetFen: 10_000, bonusBps: 1_000 }] }));
  const month = monthAfter(chinaDayOf(clock.now()).slice(0, 7));
  const ends = chinaDayStart(`${monthAfter(month)}-01`).getTime();
  clock.set(new Date(ends - 2 * DAY * 1_000));
  const received = await on.sold(bella, anna, brand.rooms.a, [20_000]);
  clock.advanceSeconds(120);
  await on.sold(bella, anna, brand.rooms.b, [30_000]); // never sent
  await on.run(COMMISSION_CHECK_JOB);
  await on.orders.receive(received);
  clock.set(new Date(ends + 20 * DAY * 1_000));
  await on.run(COMMISSION_THAW_JOB);
  await on.run(COMMISSION_BONUS_JOB);
  const states = async () => {
    const { bonuses } = await api.ok(myEarnings, { as: bella });
    return Object.fromEntries(bonuses.map(({ amountFen, state }) => [amountFen, state]));
  };
  expect(await states()).toEqual({ 2000: 'settleable', 3000: 'frozen' });
  // The desk reads the same, by state too, with until when and what came before.
  const seen = async (query: QueryOf<typeof listCommissionBonuses>) =>
    (await api.ok(listCommissionBonuses, { as: brand.staff.admin, query })).items.map((bonus) => [
      ...[bonus.amountFen, bonus.state, bonus.part, bonus.beforeFen, bonus.waitsUntil, bonus.settlement],
    ]);
  const until = new Date(ends + 45 * DAY * 1_000).toISOString();
  expect(await seen({ limit: 20, state: 'frozen' })).toEqual([[3_000, 'frozen', 1, 0, until, null]]);
  expect(await seen({ limit: 20, state: 'settleable' })).toEqual([[2_000, 'settleable', 1, 0, null, null]]);
  expect(await seen({ limit: 20, state: 'paid' })).toEqual([]);
  clock.set(new Date(ends + (45 * DAY - 3_600) * 1_000));
  expect(await states()).toEqual({ 2000: 'settleable', 3000: 'frozen' });
  clock.set(new Date(ends + 45 * DAY * 1_000));
  expect(await states()).toEqual({ 2000: 'settleable', 3000: 'settleable' });
});

it('K4 a negative entry that something open covers goes where that goes; one that nothing covers is a claw-back', async () => {
  await using on = await scene();
  const { api, brand, bella, anna, sql } = on;
  const order = await on.orders.place(anna, brand.rooms.a, [10_000]);
  const at = new Date(api.clock.now().getTime() - 60_000);
  const post = async (itemId: string, parts: readonly (readonly [number, string])[]) => {
    for (const [amount, state] of parts)
      await sql`INSERT INTO commission_entries (id, order_id, order_item_id, beneficiary_id, store_id, org_path, level, event, event_ref,
          basis_fen, bps, amount_fen, rule_version, state, settleable_at, at, settlement_line_id)
        VALUES (${randomUUID()}, ${order.id}, ${itemId}, ${bella.personId}, ${brand.stores.a.id}, ${brand.stores.a.path}, 1, 'ruled',
          ${randomUUID()}, 0, 0, ${amount}, 1, ${state}, ${at}, ${at}, ${state === 'paid' ? randomUUID() : null})`;
  };
  await post(randomUUID(), [
    [1_000, 'paid'],
    [500, 'frozen'],
    [-200, 'frozen'],
  ]);
  await post(randomUUID(), [
    [1_000, 'paid'],
    [100, 'frozen'],
    [-300, 'frozen'],
  ]);
  await sql`UPDATE order_items SET refunding_fen = 100 WHERE order_id = ${order.id}`;
  const against = () =>
    sql`SELECT amount_fen::int AS fen FROM commission_parts WHERE is_against AND order_id = ${order.id}`;
  expect(await against()).toEqual([{ fen: -300 }]);
  await on.run(COMMISSION_THAW_JOB);
  const thawed = await sql`SELECT amount_fen::int AS fen FROM commission_entries WHERE state = 'settleable'`;
  expect(thawed).toEqual([{ fen: -300 }]);
});

it('K4 a hold stops a negative entry that something open covers, and no claw-back', () => {
  const one = (amountFen: bigint, state: Posted['state']): Posted => ({
    ...{ amountFen, state, basisFen: 0n, settleableAt: null, heldReason: '' },
  });
  const minus = one(-200n, 'settleable');
  expect(isClawBack(minus, [one(1_000n, 'paid'), minus])).toBe(true);
  expect(isClawBack(minus, [one(1_000n, 'paid'), one(100n, 'settleable'), minus])).toBe(true);
  expect(isClawBack(minus, [one(1_000n, 'paid'), one(500n, 'settleable'), minus])).toBe(false);
  expect(isClawBack(minus, [one(1_000n, 'paid'), one(500n, 'frozen'), minus])).toBe(true);
  expect(isClawBack(minus, [one(500n, 'settleable'), minus])).toBe(false);
});

it('K7 what went wrong with a look at an order is forgotten once it was looked at, or is asked for anew', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, sql, db } = on;
  const order = await on.sold(bella, anna, brand.rooms.a, [10_000]);
  const fail = () => sql`UPDATE commission_checks SET failures = 9, problem = 'broken', retry_at = ${api.clock.now()}`;
  const seen = () =>
    sql`SELECT failures, problem, retry_at AS retry, checked_at IS NOT NULL AS done FROM commission_checks`;
  await fail();
  api.clock.advanceSeconds(120);
  await on.run(COMMISSION_CHECK_JOB);
  expect(await seen()).toEqual([{ failures: 0, problem: '', retry: null, done: true }]);
  await fail();
  await db.transaction((tx) => askCheck(tx, order.id, api.clock.now()));
  expect(await seen()).toEqual([{ failures: 0, problem: '', retry: null, done: false }]);
});

it('K2 A2 level two is of who brought the person first, and of nobody when they left', async () => {
  await using on = await scene();
  const { api, anna, sql, db } = on;
  const [first, second, guest] = [await makeConsumer(api), await makeConsumer(api), await makeGuest(api)];
  await sql`UPDATE people SET merged_into = ${anna.personId} WHERE id = ${guest.personId}`;
  const at = api.clock.now();
  const edge = (invitee: string, inviter: string, day: number) => sql`
    INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at) VALUES (${invitee}, ${inviter}, ${randomUUID()}, ${new Date(at.getTime() + day * 1_000)})`;
  await edge(guest.personId, first.personId, 0);
  await edge(anna.personId, second.personId, 1);
  const found = async () => [
    await db.transaction((tx) => inviterOf(tx, anna.personId, randomUUID())),
    (await inviteEdgesOf(sql, [anna.personId])).get(anna.personId) ?? null,
  ];
  expect(await found()).toEqual([first.personId, first.personId]);
  await sql`UPDATE people SET active = false WHERE id = ${first.personId}`;
  expect(await found()).toEqual([null, null]);
});
