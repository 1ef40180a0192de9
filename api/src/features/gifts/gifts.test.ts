import { randomUUID } from 'node:crypto';
import {
  getGiftPolicy,
  getWallet,
  giftCatalogue,
  listGifts,
  patchGift,
  putGiftPolicy,
  reportGifts,
  roomGifts,
  takeGiftBack,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { crowdGives } from '../../testing/gift-crowd.ts';
import {
  balanceOf,
  buyCoins,
  expectGiftsRight,
  GIFT,
  give,
  makeGiver,
  randomAdult,
  showAdult,
} from '../../testing/gifts.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { GIFT_SHARING_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const sql = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const takeBack = (as: Principal, id: string, key: string = randomUUID()) =>
  api.call(takeGiftBack, { as, key, params: { id }, body: {} });
const ledgerOf = async (kind: string, owner: string) =>
  (
    await sql<{
      fen: bigint;
    }>`SELECT -balance_fen AS fen FROM ledger_accounts WHERE kind = ${kind} AND owner = ${owner}`
  )[0]?.fen ?? 0n;
const share = () => api.api.platform.jobs.runNow(GIFT_SHARING_JOB);
const coolDown = () => api.clock.advanceSeconds(11);
const roomOfA = () => makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide });

describe('giving', () => {
  it('G1 is one transfer, one row and, after commit, one event that everybody in the room sees', async () => {
    const giver = await makeGiver(api, 'yuan-6', '安然');
    const room = await roomOfA();
    await using watcher = await enterRoom(api, room.id, brand.consumers.bella);
    const { status, body } = await give(api, giver, room.id, GIFT.squirrel, { quantity: 2 });
    expect(status).toBe(201);
    expect(body).toMatchObject({ coins: 40, notice: null, given: { quantity: 2, coins: 20, state: 'given' } });
    expect(body.usage.day).toMatchObject({ usedCoins: 20 });
    await watcher.waitFor('the gift', () => watcher.events('gift:sent').length === 1);
    expect(watcher.events('gift:sent')[0]?.gift).toMatchObject({
      ...{
        givenGiftId: body.given.id,
        name: '安然',
        giftName: '小松鼠',
        effect: 'small',
        quantity: 2,
        coins: 20,
        comboCount: 2,
      },
    });
    expect(await ledgerOf('room_gifts', room.id)).toBe(200n);
    await expectGiftsRight(api);
  });

  it('M3 the same key is one gift, whichever way it comes; another payload under it is refused', async () => {
    const giver = await makeGiver(api);
    const room = await roomOfA();
    await using socket = await enterRoom(api, room.id, giver);
    const key = randomUUID();
    const body = { giftId: GIFT.squirrel.id, quantity: 1, seenPriceCoins: 10 };
    const overSocket = await socket.ask('gift:send', { ...body, idempotencyKey: key });
    const overHttp = await give(api, giver, room.id, GIFT.squirrel, { quantity: 1, key });
    expect(overSocket).toEqual({ ok: true, data: overHttp.body });
    expect((await give(api, giver, room.id, GIFT.squirrel, { quantity: 2, key })).problem.code).toBe(
      'idempotency_key_reused',
    );
    const rivals = await Promise.all(
      Array.from({ length: 10 }, () => give(api, giver, room.id, GIFT.squirrel, { quantity: 1, key })),
    );
    expect(new Set(rivals.filter(({ status }) => status === 201).map(({ body }) => body.given.id)).size).toBe(1);
    expect(await balanceOf(api, giver.personId)).toBe(50);
    await expectGiftsRight(api);
  });

  it('gifts of one burst count up under any number of taps at once', async () => {
    const giver = await makeGiver(api);
    const room = await roomOfA();
    const comboId = randomUUID();
    const taps = await Promise.all(
      Array.from({ length: 12 }, () => give(api, giver, room.id, GIFT.walnut, { quantity: 2, comboId })),
    );
    const counts = taps.map(({ body }) => body.given.comboCount).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 12 }, (_, i) => (i + 1) * 2));
  });

  it('is for consumers in live rooms who are welcome there, at the price they saw', async () => {
    const giver = await makeGiver(api);
    const code = async (
      roomId: string,
      as: Principal = giver,
      gift: { id: string; priceCoins: number } = GIFT.walnut,
    ) => (await give(api, as, roomId, gift as typeof GIFT.walnut)).problem.code;
    const ended = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, state: 'ended' });
    expect(await code(brand.rooms.scheduledA.id)).toBe('room_not_live');
    expect(await code(ended.id)).toBe('room_not_live');
    expect(await code(randomUUID())).toBe('not_found');
    expect(await code(brand.rooms.a.id, brand.guest)).toBe('unauthenticated');
    expect(await code(brand.rooms.a.id, brand.staff.a.guide)).toBe('forbidden');
    expect(await code(brand.rooms.a.id, giver, { id: GIFT.walnut.id, priceCoins: 2 })).toBe('price_changed');
    expect(await code(brand.rooms.a.id, giver, { id: randomUUID(), priceCoins: 1 })).toBe('not_found');
    await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
      VALUES (${randomUUID()}, ${brand.rooms.a.id}, ${giver.personId}, 'ban', '', ${brand.staff.a.guide.personId}, now())`;
    expect(await code(brand.rooms.a.id)).toBe('banned');
    await using guest = await enterRoom(api, brand.rooms.b.id, brand.guest);
    const payload = { giftId: GIFT.walnut.id, quantity: 1, seenPriceCoins: 1, idempotencyKey: randomUUID() };
    expect(await guest.ask('gift:send', payload)).toMatchObject({ ok: false, error: { code: 'unauthenticated' } });
    expect(await balanceOf(api, giver.personId)).toBe(60);
  });
});

describe('caps', () => {
  const policy = { ...{ coolingSeconds: 10, brandBps: 2_000, storeBps: 3_000, guideBps: 5_000 } };
  it('G1 hold for the real person under rivals and over two accounts, with a notice at half', async () => {
    await using own = await startTestApi();
    const { rooms, staff } = await seedBrand(own);
    await own.ok(putGiftPolicy, {
      as: staff.operations,
      body: { ...policy, perGiftCapCoins: 40, dayCapCoins: 60, monthCapCoins: 90 },
    });
    const number = randomAdult();
    const accounts = [await makeGiver(own, 'yuan-30'), await makeGiver(own, 'yuan-30')] as const;
    for (const account of accounts) await showAdult(own, account, number);
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, i) => give(own, accounts[i % 2] ?? accounts[0], rooms.a.id, GIFT.squirrel)),
    );
    const given = all.filter(({ status }) => status === 201);
    expect(given).toHaveLength(6);
    expect(given.filter(({ body }) => body.notice === 'day_half')).toHaveLength(1);
    expect(given.filter(({ body }) => body.notice === 'month_half')).toHaveLength(1);
    const refused = all.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ problem }) => problem.code))).toEqual(new Set(['gift_cap_reached']));
    expect((await give(own, accounts[0], rooms.a.id, GIFT.squirrel, { quantity: 5 })).problem).toMatchObject({
      code: 'gift_cap_reached',
      facts: { cap: 'gift', capCoins: 40 },
    });
    // The next day there is room again, until the month is full.
    own.clock.advanceSeconds(86_400);
    const next = await Promise.all(Array.from({ length: 6 }, () => give(own, accounts[0], rooms.a.id, GIFT.squirrel)));
    expect(next.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(next.find(({ status }) => status !== 201)?.problem.facts).toMatchObject({ cap: 'month', capCoins: 90 });
    await expectGiftsRight(own);
  });
});

describe('taking back', () => {
  it('G1 within the cooling period the coins return, the caps are free again and the room stops showing it', async () => {
    const giver = await makeGiver(api);
    const room = await roomOfA();
    await using watcher = await enterRoom(api, room.id, brand.consumers.bella);
    const { body } = await give(api, giver, room.id, GIFT.squirrel, { quantity: 3 });
    const key = randomUUID();
    const answer = await takeBack(giver, body.given.id, key);
    expect(answer.body).toMatchObject({ coins: 60, given: { state: 'taken_back' }, usage: { day: { usedCoins: 0 } } });
    expect((await takeBack(giver, body.given.id, key)).body).toEqual(answer.body);
    await watcher.waitFor('its end', () => watcher.events('gift:taken-back').length === 1);
    expect(watcher.events('gift:taken-back')[0]).toMatchObject({ givenGiftId: body.given.id, quantity: 3 });
    expect((await takeBack(giver, body.given.id)).problem).toMatchObject({ code: 'too_late' });
    expect(await ledgerOf('room_gifts', room.id)).toBe(0n);
    await expectGiftsRight(api);
  });

  it('happens once under rivals, also against the sharing of revenue', async () => {
    const giver = await makeGiver(api);
    const room = await roomOfA();
    const { body } = await give(api, giver, room.id, GIFT.squirrel);
    const answers = await Promise.all(Array.from({ length: 8 }, () => takeBack(giver, body.given.id)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const second = await give(api, giver, room.id, GIFT.squirrel);
    coolDown();
    const [late] = await Promise.all([takeBack(giver, second.body.given.id), share(), share()]);
    expect(late.problem.code).toBe('too_late');
    expect(await balanceOf(api, giver.personId)).toBe(50);
    await expectGiftsRight(api);
  });

  it('is the giver’s alone, and still possible when the live is over or they are banned', async () => {
    const giver = await makeGiver(api);
    const room = await roomOfA();
    const { body } = await give(api, giver, room.id, GIFT.walnut);
    expect((await takeBack(brand.consumers.bella, body.given.id)).problem.code).toBe('not_found');
    await sql`UPDATE rooms SET state = 'ended', ended_at = now() WHERE id = ${room.id}`;
    await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
      VALUES (${randomUUID()}, ${room.id}, ${giver.personId}, 'ban', '', ${brand.staff.a.guide.personId}, now())`;
    expect((await takeBack(giver, body.given.id)).status).toBe(200);
  });
});

describe('sharing', () => {
  it('M4 after the cooling period brand, store and guide have their shares, to the fen, by the policy of the day', async () => {
    await using own = await startTestApi();
    const { rooms, staff, hq, stores } = await seedBrand(own);
    const of = async (kind: string, owner: string) =>
      (
        await own.api.platform.db.sql<{ fen: bigint }>`
        SELECT -balance_fen AS fen FROM ledger_accounts WHERE kind = ${kind} AND owner = ${owner}`
      )[0]?.fen;
    const giver = await makeGiver(own, 'yuan-30');
    expect((await give(own, giver, rooms.a.id, GIFT.walnut)).status).toBe(201);
    await own.ok(putGiftPolicy, {
      as: staff.operations,
      body: {
        ...{ coolingSeconds: 10, perGiftCapCoins: 500, dayCapCoins: 500, monthCapCoins: 500 },
        ...{ brandBps: 3_334, storeBps: 3_333, guideBps: 3_333 },
      },
    });
    for (let i = 0; i < 3; i++) expect((await give(own, giver, rooms.a.id, GIFT.squirrel)).status).toBe(201);
    expect((await own.call(roomGifts, { as: staff.a.guide, params: { id: rooms.a.id } })).body.totals).toMatchObject({
      ...{ gifts: 4, pieces: 4, givers: 1, coins: 31, takenBackCoins: 0 },
    });
    await own.api.platform.jobs.runNow(GIFT_SHARING_JOB);
    expect(await of('gift_payable', staff.a.guide.personId)).toBeUndefined(); // still cooling
    own.clock.advanceSeconds(11);
    await own.api.platform.jobs.runNow(GIFT_SHARING_JOB);
    await own.api.platform.jobs.runNow(GIFT_SHARING_JOB);
    // 10 fen by the first policy: 2, 3, 5. Three times 100 fen by the second: 34, 33, 33.
    expect(await of('gift_revenue', hq.id)).toBe(2n + 102n);
    expect(await of('gift_revenue', stores.a.id)).toBe(3n + 99n);
    expect(await of('gift_payable', staff.a.guide.personId)).toBe(5n + 99n);
    expect(await of('room_gifts', rooms.a.id)).toBe(0n);
    const report = await own.ok(reportGifts, { as: staff.a.manager, query: {} });
    expect(report.items).toMatchObject([
      { room: { id: rooms.a.id }, totals: { coins: 31 }, brandFen: 104, storeFen: 102, guideFen: 104, coolingFen: 0 },
    ]);
    const csv = await own.call(reportGifts, { as: staff.finance, query: { format: 'csv' } });
    expect(String(csv.body)).toMatch(/^\uFEFF?"?room_id/);
    expect((await own.ok(reportGifts, { as: staff.b.manager, query: {} })).items).toEqual([]);
    await expectGiftsRight(own);
  });

  it('a gift to headquarters’ own room leaves brand and store with one account', async () => {
    const giver = await makeGiver(api);
    expect((await give(api, giver, brand.rooms.hq.id, GIFT.squirrel)).status).toBe(201);
    coolDown();
    await share();
    expect(await ledgerOf('room_gifts', brand.rooms.hq.id)).toBe(0n);
    await expectGiftsRight(api);
  });
});

describe('headquarters', () => {
  it('prices a gift and takes it off sale; what was given keeps its price', async () => {
    const giver = await makeGiver(api, 'yuan-30');
    const room = await roomOfA();
    const { basket } = GIFT;
    await give(api, giver, room.id, basket);
    const as = brand.staff.operations;
    await api.ok(patchGift, { as, params: { id: basket.id }, body: { priceCoins: 88 } });
    expect((await give(api, giver, room.id, basket)).problem).toMatchObject({
      code: 'price_changed',
      facts: { priceCoins: 88 },
    });
    await api.ok(patchGift, { as, params: { id: basket.id }, body: { active: false } });
    expect((await give(api, giver, room.id, { ...basket, priceCoins: 88 } as never)).problem.code).toBe('gone');
    expect((await api.ok(listGifts)).items.map(({ id }) => id)).not.toContain(basket.id);
    expect((await api.ok(giftCatalogue, { as })).items.find(({ id }) => id === basket.id)).toMatchObject({
      active: false,
    });
    const { items } = await api.ok(roomGifts, { as: brand.staff.a.guide, params: { id: room.id } });
    expect(items.map(({ coins }) => coins)).toEqual([100]);
    expect((await api.call(patchGift, { as: brand.staff.a.manager, params: { id: basket.id }, body: {} })).status).toBe(
      403,
    );
    await api.ok(patchGift, { as, params: { id: basket.id }, body: { priceCoins: 100, active: true } });
  });

  it('a policy whose shares are no whole, or whose caps do not ascend, is refused', async () => {
    const as = brand.staff.operations;
    const { version, effectiveFrom: _, ...good } = await api.ok(getGiftPolicy, { as });
    for (const bad of [{ guideBps: 4_999 }, { perGiftCapCoins: 6_000 }, { dayCapCoins: 30_000 }, { coolingSeconds: 0 }])
      expect((await api.call(putGiftPolicy, { as, body: { ...good, ...bad } })).status).toBe(400);
    expect((await api.ok(getGiftPolicy, { as })).version).toBe(version);
    const answers = await Promise.all(Array.from({ length: 3 }, () => api.call(putGiftPolicy, { as, body: good })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await api.ok(getGiftPolicy, { as })).version).toBe(version + 3);
  });
});

it('G1 the wallet shows what was given and taken back', async () => {
  const giver = await makeGiver(api);
  await buyCoins(api, giver);
  const { body } = await give(api, giver, brand.rooms.b.id, GIFT.squirrel);
  await takeBack(giver, body.given.id);
  const { items, coins } = await api.ok(getWallet, { as: giver });
  expect(coins).toBe(120);
  expect(items.map(({ kind, coins: moved }) => [kind, moved])).toEqual([
    ['gift_taken_back', 10],
    ['gift_given', -10],
    ['coins_bought', 60],
    ['coins_bought', 60],
  ]);
});

it('G1 M2 a crowd of 100 with coins for eleven gifts each gives eleven each, fifteen taps at once', {
  timeout: 300_000,
}, async () => {
  await crowdGives({ giftsEach: 15, peopleAtOnce: 4, rivals: 15 });
});
