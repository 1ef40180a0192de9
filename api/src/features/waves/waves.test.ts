import {
  addWaveAction,
  bookRoom,
  copyWave,
  getBag,
  getRoom,
  listWaves,
  putMessageSettings,
  removeWaveAction,
  settleWaveAction,
  startRoom,
  waveReach,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { createApi } from '../../compose.ts';
import { makeConsumer } from '../../testing/fixtures.ts';
import {
  type Action,
  api,
  as,
  at,
  brand,
  HOUR,
  heard,
  invite,
  iso,
  move,
  openOffer,
  openRoom,
  plan,
  read,
  run,
  START,
  states,
  turn,
  useWaves,
} from '../../testing/waves.ts';
import { WAVES_JOB } from './index.ts';

useWaves();

test('a wave from the first word to the last, by itself and in order', async () => {
  const wave = await plan(
    openRoom(),
    invite(),
    openOffer(),
    { phase: 'sale', at: iso(5 * HOUR), deed: { kind: 'message', audience: 'booked', text: '开抢了' } },
    { phase: 'follow_up', at: iso(6 * HOUR), deed: { kind: 'offer_close', skuId: brand.products.milk.sku.id } },
    { phase: 'follow_up', at: iso(7 * HOUR), deed: { kind: 'room_close' } },
  );
  await turn(6); // a draft does nothing
  expect((await read(wave)).actions.every(({ state }) => state === 'planned')).toBe(true);
  api.clock.set(at(-30));
  await run(wave);
  expect((await read(wave)).nextActionId).toBe(wave.actions[0]?.id);
  await turn(11);
  const roomId = (await read(wave)).actions[0]?.result.roomId ?? '';
  expect(await api.ok(getRoom, { params: { id: roomId } })).toMatchObject({
    title: '新品发售夜',
    state: 'scheduled',
    scheduledAt: iso(5 * HOUR),
  });
  expect(await heard()).toEqual(['customer 今晚新品发售，先来预约']);
  expect(await heard(brand.consumers.chris)).toEqual([]); // another store's
  await api.ok(bookRoom, { params: { id: roomId }, body: {}, as: brand.consumers.bella });
  await turn(2 * HOUR + 6);
  const bag = await api.ok(getBag, { params: { id: roomId } });
  expect(JSON.stringify(bag)).toContain('"priceFen":490');
  await turn(5 * HOUR + 1);
  expect((await heard(brand.consumers.bella))[0]).toBe('booked 开抢了');
  await turn(7 * HOUR + 1);
  expect(await states(wave)).toEqual([
    'room_open done',
    'message done',
    'offer_open done',
    'message done',
    'offer_close skipped nothing_open',
    'room_close done',
  ]);
  expect((await api.ok(getRoom, { params: { id: roomId } })).cancelledAt).toEqual(expect.any(String));
  expect((await read(wave)).state).toBe('running');
  await turn(8 * HOUR);
  expect((await read(wave)).state).toBe('done');
});

test('two nodes at the same moment: each action once, each person once', async () => {
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  onTestFinished(() => other.close());
  const wave = await plan(openRoom(), invite(), openOffer());
  await run(wave);
  api.clock.set(at(2 * HOUR + 6));
  await api.ok(putMessageSettings, { body: { topic: 'campaigns', on: false }, as: brand.consumers.bella });
  for (let again = 0; again < 3; again++)
    await Promise.all(
      [api.api, other].flatMap(({ platform }) => [platform.jobs.runNow(WAVES_JOB), platform.jobs.runNow(WAVES_JOB)]),
    );
  const { sql } = api.api.platform.db;
  // The message is late by more than an hour: left out. Room and offer are there once.
  expect(await states(wave)).toEqual(['room_open done', 'message skipped too_late', 'offer_open done']);
  const [counts] =
    await sql`SELECT (SELECT count(*)::int FROM rooms WHERE title = '新品发售夜') AS rooms, (SELECT count(*)::int FROM offers) AS offers`;
  expect(counts).toEqual({ rooms: 1, offers: 1 });
});

test('a node that died with an action in its hands: another does it when the claim has lapsed, once', async () => {
  const people = await Promise.all(Array.from({ length: 12 }, () => makeConsumer(api)));
  const { sql } = api.api.platform.db;
  for (const { personId } of people)
    await sql`INSERT INTO owner_bindings (id, customer_id, store_id, reason, bound_at) VALUES (${crypto.randomUUID()}, ${personId}, ${brand.stores.a.id}, 'sharer_store', ${START})`;
  const wave = await plan(invite());
  await run(wave);
  api.clock.set(at(11));
  await sql`UPDATE wave_actions SET state = 'running', attempts = 1, claimed_until = ${at(12)} WHERE wave_id = ${wave.id}`;
  await turn();
  expect(await states(wave)).toEqual(['message running']);
  await turn(13);
  expect((await read(wave)).actions[0]).toMatchObject({ state: 'done', attempts: 2, result: { people: 14 } });
  const [sent] =
    await sql`SELECT count(*)::int AS messages, count(DISTINCT person_id)::int AS people FROM messages WHERE state = 'sent'`;
  expect(sent).toEqual({ messages: 14, people: 14 });
});

test('paused does nothing; resumed, it is late by the rules; cancelled, nothing more happens', async () => {
  const wave = await plan(openRoom(), invite(30), invite(60, '再说一次'), openOffer());
  await run(wave);
  await turn(6);
  expect((await move(wave, 'paused')).body.state).toBe('paused');
  await turn(100);
  expect(await states(wave)).toEqual(['room_open done', 'message planned', 'message planned', 'offer_open planned']);
  await move(wave, 'running');
  await turn(101);
  expect(await states(wave)).toEqual([
    'room_open done',
    'message skipped too_late',
    'message done',
    'offer_open planned',
  ]);
  expect((await move(wave, 'cancelled')).body.actions.at(-1)).toMatchObject({
    state: 'skipped',
    reason: 'wave_cancelled',
  });
  expect((await move(wave, 'cancelled')).status).toBe(200);
  expect((await move(wave, 'running')).problem.code).toBe('state_conflict');
  const log = await api.api.platform.db
    .sql`SELECT action FROM audit_log WHERE target = ${`wave:${wave.id}`} ORDER BY id`;
  expect(log.map(({ action }) => action)).toEqual([
    'wave:created',
    'wave:running',
    'wave:paused',
    'wave:running',
    'wave:cancelled',
  ]);
});

test('what fails is shown with its reason, holds nobody up, and can be tried again or left out', async () => {
  const wave = await plan(
    openOffer(),
    {
      ...openOffer(2 * HOUR + 10),
      deed: {
        kind: 'offer_open',
        roomId: brand.rooms.a.id,
        skuId: brand.products.milk.sku.id,
        priceFen: 100,
        until: iso(6 * HOUR),
      },
    },
    { phase: 'pre_sale', at: iso(2 * HOUR + 20), deed: { kind: 'message', audience: 'customers', text: '预售开始' } },
  );
  await run(wave);
  await turn(2 * HOUR + 21);
  expect(await states(wave)).toEqual([
    'offer_open failed no_room',
    'offer_open failed below_price_floor',
    'message done',
  ]);
  const [first, second] = (await read(wave)).actions;
  const settle = (actionId = '', what: 'retry' | 'skip' = 'retry') =>
    api.call(settleWaveAction, { params: { id: wave.id, actionId }, body: { do: what }, as });
  await api.api.platform.db.sql`UPDATE skus SET floor_price_fen = 50 WHERE id = ${brand.products.milk.sku.id}`;
  expect((await settle(second?.id)).status).toBe(200);
  expect((await settle(first?.id, 'skip')).status).toBe(200);
  await turn();
  expect(await states(wave)).toEqual(['offer_open skipped by_hand', 'offer_open done', 'message done']);
  expect((await settle(second?.id)).problem.code).toBe('state_conflict');
});

test('a planner who has left has no hand any more', async () => {
  const wave = await plan(openRoom());
  await run(wave);
  await api.api.platform.db.sql`UPDATE staff_accounts SET active = false WHERE person_id = ${as.personId}`;
  await turn(6);
  expect(await states(wave, brand.staff.admin)).toEqual(['room_open failed forbidden']);
});

test('a live room is ended; the plan can be changed, copied and asked how many it reaches', async () => {
  const wave = await plan(openRoom(), { phase: 'follow_up', at: iso(7 * HOUR), deed: { kind: 'room_close' } });
  await run(wave);
  await turn(6);
  const roomId = (await read(wave)).actions[0]?.result.roomId ?? '';
  api.clock.set(at(5 * HOUR));
  await api.ok(startRoom, { params: { id: roomId }, body: {}, as: brand.staff.a.guide });
  const add = (body: Action) => api.call(addWaveAction, { params: { id: wave.id }, body, as });
  expect((await add(invite(10))).problem.issues?.[0]).toEqual({ path: '/at', issue: 'in_the_past' });
  const added = await add({
    phase: 'follow_up',
    at: iso(7 * HOUR + 30),
    deed: { kind: 'message', audience: 'booked', text: '谢谢' },
  });
  const removed = await api.call(removeWaveAction, {
    params: { id: wave.id, actionId: added.body.actions.at(-1)?.id ?? '' },
    as,
  });
  expect(removed.body.actions).toHaveLength(2);
  expect(
    (await api.call(removeWaveAction, { params: { id: wave.id, actionId: wave.actions[0]?.id ?? '' }, as })).problem
      .code,
  ).toBe('state_conflict');
  await turn(7 * HOUR);
  expect(await api.ok(getRoom, { params: { id: roomId } })).toMatchObject({ state: 'ended', cancelledAt: null });
  const next = await api.ok(copyWave, { params: { id: wave.id }, body: { startsAt: iso(7 * 24 * HOUR) }, as });
  expect(next).toMatchObject({ state: 'draft', round: 2, phases: [{ from: iso(7 * 24 * HOUR) }, {}, {}, {}] });
  expect(next.actions[0]).toMatchObject({
    state: 'planned',
    at: iso(7 * 24 * HOUR + 5),
    deed: { scheduledAt: iso(7 * 24 * HOUR + 5 * HOUR) },
  });
  await api.ok(putMessageSettings, { body: { topic: 'campaigns', on: false }, as: brand.consumers.bella });
  expect(await api.ok(waveReach, { body: { audience: 'customers' }, as })).toEqual({ people: 2, optedOut: 1 });
  expect(
    await api.ok(waveReach, { body: { audience: 'customers', orgUnitId: brand.hq.id }, as: brand.staff.admin }),
  ).toEqual({ people: 3, optedOut: 1 });
  expect((await api.ok(listWaves, { as: brand.staff.b.manager })).items).toEqual([]);
});
