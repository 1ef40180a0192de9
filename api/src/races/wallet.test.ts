/** Attacks on coins and gifts, over HTTP at once. Each title: the known mistake · the rules: the attack. */
import { randomUUID } from 'node:crypto';
import { refundWallet, settleSandbox, takeGiftBack, topUpWallet } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GIFT_SHARING_JOB } from '../features/gifts/index.ts';
import { REFUND_JOB } from '../features/refunds/index.ts';
import { TOP_UP_EXPIRY_JOB, TOP_UP_SECONDS } from '../features/wallet/index.ts';
import type { Principal } from '../platform/principal.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import { balanceOf, expectGiftsRight, GIFT, give, makeGiver, showAdult } from '../testing/gifts.ts';
import { callback, capturedBody, eventually } from '../testing/shop.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { atOnce, expectOnly, roomOf, rowsOf, somebody, tally, won } from './crowd.ts';

/** Of one package of six yuan. */
const COINS = 60;
const COOLING_SECONDS = 10;

let api: TestApi;
let brand: Brand;
let rows: ReturnType<typeof rowsOf>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  rows = rowsOf(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const takeBack = (as: Principal, id: string) => api.call(takeGiftBack, { as, params: { id }, body: {} });
const giveBackCoins = (personId: string, coins: number) =>
  api.call(refundWallet, { as: brand.staff.finance, params: { personId }, body: { coins, reason: '用户申请' } });
const statesOf = (as: Principal) =>
  rows<{ id: string; state: string; coins: number }>`
    SELECT id, state, coins::int AS coins FROM given_gifts WHERE person_id = ${as.personId}`;
/** Coins of the gifts that stand. */
const standing = async (as: Principal) =>
  (await statesOf(as)).reduce((sum, { state, coins }) => sum + (state === 'taken_back' ? 0 : coins), 0);

it('balance checked outside · G1 M2: thirty gifts at once, in two rooms, with coins for three', async () => {
  // Compares the balance first and books later: the wallet is below zero, or the rooms show what nobody paid.
  const giver = await makeGiver(api);
  const [one, two] = [await roomOf(api, brand), await roomOf(api, brand)];
  const answers = await atOnce(30, (n) => give(api, giver, n % 2 ? one.id : two.id, GIFT.squirrel, { quantity: 2 }));
  expect(tally(answers)).toEqual({ ok: 3, insufficient_coins: 27 });
  expect(await balanceOf(api, giver.personId)).toBe(0);
  expect(await statesOf(giver)).toHaveLength(3);
  await expectGiftsRight(api);
});

it('lost update · G1 M2: gifts are taken back, five times each, while others are given with the same coins', async () => {
  // Adds to a balance it has read: coins appear, or a gift stands whose coins are back.
  const giver = await makeGiver(api);
  const room = await roomOf(api, brand);
  const first = won(await atOnce(6, () => give(api, giver, room.id, GIFT.squirrel)));
  expect(first).toHaveLength(6);
  const [backs, more] = await Promise.all([
    atOnce(30, (n) => takeBack(giver, first[n % 6]?.body.given.id ?? '')),
    atOnce(12, () => give(api, giver, room.id, GIFT.squirrel)),
  ]);
  expect(tally(backs)).toEqual({ ok: 6, too_late: 24 });
  expectOnly(more, 'ok', 'insufficient_coins');
  expect(await standing(giver)).toBe(10 * won(more).length);
  expect(await balanceOf(api, giver.personId)).toBe(COINS - 10 * won(more).length);
  await expectGiftsRight(api);
});

it('check then use · G1: gifts are taken back in the very moment in which their coins are shared out', async () => {
  // Shares what is being taken back: guide and giver both have the coins.
  for (let round = 0; round < 3; round++) {
    const giver = await makeGiver(api);
    const room = await roomOf(api, brand);
    const gifts = won(await atOnce(6, () => give(api, giver, room.id, GIFT.squirrel)));
    const pending = gifts.slice(0, 3).map(({ body }) => takeBack(giver, body.given.id));
    api.clock.advanceSeconds(COOLING_SECONDS + 1);
    const answers = await Promise.all([
      ...pending,
      ...gifts.slice(3).map(({ body }) => takeBack(giver, body.given.id)),
      runJob(GIFT_SHARING_JOB),
      runJob(GIFT_SHARING_JOB),
    ]);
    await runJob(GIFT_SHARING_JOB);
    const backs = answers.filter((answer) => answer !== undefined && answer !== null) as { status: number }[];
    const returned = backs.filter(({ status }) => status === 200).length;
    const states = (await statesOf(giver)).map(({ state }) => state).sort();
    expect(states).toEqual([...Array(6 - returned).fill('shared'), ...Array(returned).fill('taken_back')]);
    expect(await balanceOf(api, giver.personId)).toBe(10 * returned);
    const [left] =
      await rows`SELECT balance_fen::int AS fen FROM ledger_accounts WHERE kind = 'room_gifts' AND owner = ${room.id}`;
    expect(left).toEqual({ fen: 0 });
  }
  await expectGiftsRight(api);
});

it('late payment on a closed order · S3 M2: a top-up is paid, told ten times and expired three times at once', async () => {
  // Books coins per callback, or lets expiry close what was just paid.
  for (let round = 0; round < 3; round++) {
    const buyer = await somebody(api);
    await showAdult(api, buyer);
    const { paymentId, topUpId } = await api.ok(topUpWallet, {
      as: buyer,
      body: { packageId: 'yuan-6', provider: 'sandbox' },
    });
    api.clock.advanceSeconds(TOP_UP_SECONDS + 1);
    const paid = round > 0;
    if (paid) await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    const same = capturedBody(api, paymentId, 600);
    const [settled] = await Promise.all([
      api.call(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } }),
      runJob(TOP_UP_EXPIRY_JOB),
      runJob(TOP_UP_EXPIRY_JOB),
      ...(paid ? [atOnce(10, (n) => callback(api, n % 2 ? same : capturedBody(api, paymentId, 600)))] : []),
      runJob(TOP_UP_EXPIRY_JOB),
    ]);
    const coins = paid || settled.status === 200 ? COINS : 0;
    await eventually(async () => expect(await balanceOf(api, buyer.personId)).toBe(coins));
    const [row] = await rows`SELECT state FROM coin_top_ups WHERE id = ${topUpId}`;
    expect(row).toEqual({ state: coins > 0 ? 'paid' : 'expired' });
    const booked = await rows`SELECT 1 FROM ledger_transfers WHERE kind = 'coins_bought' AND ref = ${paymentId}`;
    expect(booked).toHaveLength(coins > 0 ? 1 : 0);
  }
  await expectGiftsRight(api);
});

it('balance checked outside · S8 M2: coins go back to money while they are given away and taken back', async () => {
  // Reads "sixty coins" for the refund, for the gift and for the next refund: more leaves the wallet than was in it.
  for (let round = 0; round < 3; round++) {
    const giver = await makeGiver(api);
    const room = await roomOf(api, brand);
    const [early] = won(await atOnce(1, () => give(api, giver, room.id, GIFT.squirrel)));
    const [refunds, gifts, backs] = await Promise.all([
      atOnce(4, () => giveBackCoins(giver.personId, 40)),
      atOnce(8, () => give(api, giver, room.id, GIFT.squirrel)),
      atOnce(3, () => takeBack(giver, early?.body.given.id ?? '')),
    ]);
    expectOnly(refunds, 'ok', 'state_conflict', 'insufficient_coins');
    expectOnly(gifts, 'ok', 'insufficient_coins');
    expect(won(backs)).toHaveLength(1);
    expect(won(refunds).length).toBeLessThanOrEqual(1);
    const left = COINS - 40 * won(refunds).length - 10 * won(gifts).length;
    expect(left).toBeGreaterThanOrEqual(0);
    expect(await balanceOf(api, giver.personId)).toBe(left);
    await eventually(async () => {
      await runJob(REFUND_JOB);
      const back = await rows<{ state: string; fen: number }>`
        SELECT f.state, f.amount_fen::int AS fen FROM refunds f JOIN payments p ON p.id = f.payment_id
        JOIN coin_top_ups c ON c.id = p.top_up_id WHERE c.person_id = ${giver.personId}`;
      expect(back).toEqual(won(refunds).map(() => ({ state: 'succeeded', fen: 400 })));
    });
  }
  await expectGiftsRight(api);
});

it('double click · M3 G1: one key thirty times, with three gifts and two rooms; and a top-up under it', async () => {
  // Knows the key by what was asked, not by who asked: each wish is given once.
  const giver = await makeGiver(api);
  const [one, two] = [await roomOf(api, brand), await roomOf(api, brand)];
  const key = randomUUID();
  const wish = (n: number) => give(api, giver, n % 2 ? one.id : two.id, GIFT.squirrel, { quantity: 1 + (n % 3), key });
  const answers = await atOnce(30, wish);
  expectOnly(answers, 'ok', 'request_in_flight', 'idempotency_key_reused');
  expect(new Set(won(answers).map(({ body }) => body.given.id)).size).toBe(1);
  const gifts = await statesOf(giver);
  expect(gifts).toHaveLength(1);
  expect(await balanceOf(api, giver.personId)).toBe(COINS - (gifts[0]?.coins ?? 0));
  // Another route's key is another key, also when it reads the same; eight clicks are one top-up.
  const bought = await atOnce(8, () =>
    api.call(topUpWallet, { as: giver, key, body: { packageId: 'yuan-6', provider: 'sandbox' } }),
  );
  expectOnly(bought, 'ok', 'request_in_flight');
  expect(new Set(won(bought).map(({ body }) => body.topUpId)).size).toBe(1);
  expect(await rows`SELECT 1 FROM coin_top_ups WHERE person_id = ${giver.personId}`).toHaveLength(2);
  await expectGiftsRight(api);
});
