/** How far a wave reaches: whose rights, which rooms, which people. */
import {
  addTerm,
  addWaveAction,
  bookRoom,
  checkText,
  copyWave,
  createWave,
  getRoom,
  settleWaveAction,
  waveReach,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { makeStaff } from '../../testing/fixtures.ts';
import {
  type Action,
  api,
  as,
  brand,
  HOUR,
  heard,
  invite,
  iso,
  move,
  openOffer,
  openRoom,
  phases,
  plan,
  read,
  run,
  states,
  turn,
  useWaves,
} from '../../testing/waves.ts';

useWaves();
const closeRoom = (roomId: string | null = null, minutes = 20): Action => ({
  phase: 'build_up',
  at: iso(minutes),
  deed: { kind: 'room_close', roomId },
});
const tellBooked = (minutes = 30, roomId: string | null = null): Action => ({
  phase: 'build_up',
  at: iso(minutes),
  deed: { kind: 'message', audience: 'booked', roomId, text: '开抢了' },
});
/** Headquarters' wave for store A. */
const planOfHeadquarters = (...actions: Action[]) =>
  api.ok(createWave, {
    body: { title: '总部的浪潮', orgUnitId: brand.stores.a.id, phases, actions },
    as: brand.staff.admin,
  });
const sql = () => api.api.platform.db.sql;

test('a deed names rooms of the wave’s unit only, whoever plans it, and reaches no other when its time comes', async () => {
  const wave = await planOfHeadquarters();
  const { a, b } = brand.rooms;
  const skuId = brand.products.milk.sku.id;
  const deeds = (roomId: string): Action[] => [
    closeRoom(roomId),
    { ...openOffer(), deed: { kind: 'offer_open', roomId, skuId, priceFen: 490, until: iso(6 * HOUR) } },
    { ...openOffer(), deed: { kind: 'offer_close', roomId, skuId } },
    tellBooked(30, roomId),
  ];
  for (const who of [as, brand.staff.admin])
    for (const body of [...deeds(b.id), ...deeds(crypto.randomUUID())])
      expect((await api.call(addWaveAction, { params: { id: wave.id }, body, as: who })).problem.code).toBe(
        'not_found',
      );
  const made = await api.call(createWave, { body: { title: '越界', phases, actions: [closeRoom(b.id)] }, as });
  expect(made.problem.code).toBe('not_found');
  for (const body of deeds(a.id))
    expect((await api.call(addWaveAction, { params: { id: wave.id }, body, as })).status).toBe(200);
  const wide = await api.call(createWave, {
    body: { title: '全国', phases, actions: [closeRoom(b.id)] },
    as: brand.staff.admin,
  });
  expect(wide.status).toBe(201);

  // As it stood in plans of before: nothing happens to the other store.
  await sql()`UPDATE wave_actions SET deed = jsonb_set(deed, '{roomId}', to_jsonb(${b.id}::text)), added_by = ${brand.staff.admin.personId}
    WHERE wave_id = ${wave.id}`;
  await run(wave);
  await turn(21);
  await turn(2 * HOUR + 6);
  expect(await states(wave)).toEqual([
    'room_close failed other_unit',
    'message skipped too_late',
    'offer_open failed other_unit',
    'offer_close failed other_unit',
  ]);
  expect((await api.ok(getRoom, { params: { id: b.id } })).state).toBe('live');
});

test('an action has the rights of whoever added it, and happens in their name', async () => {
  const wave = await planOfHeadquarters(openRoom(5));
  const { scheduledA, a } = brand.rooms;
  const add = (body: Action, who = as) => api.ok(addWaveAction, { params: { id: wave.id }, body, as: who });
  await add(closeRoom(scheduledA.id, 10), brand.staff.a.manager);
  const leaver = await makeStaff(api, 'store_manager', brand.stores.a, '前任店长');
  await add(closeRoom(a.id, 15), leaver);
  await run(wave);
  await sql()`UPDATE staff_accounts SET active = false WHERE person_id = ${leaver.personId}`;
  await turn(16);
  expect(await states(wave)).toEqual(['room_open done', 'room_close done', 'room_close failed forbidden']);
  expect((await api.ok(getRoom, { params: { id: a.id } })).state).toBe('live');
  const [entry] = await sql()`SELECT actor_id FROM audit_log WHERE action = 'room:cancelled'`;
  expect(entry?.actor_id).toBe(brand.staff.a.manager.personId);
  const next = await api.ok(copyWave, { params: { id: wave.id }, body: { startsAt: iso(7 * 24 * HOUR) }, as });
  const adders = await sql()`SELECT DISTINCT added_by FROM wave_actions WHERE wave_id = ${next.id}`;
  expect(adders).toEqual([{ added_by: as.personId }]);
});

test('the room of a wave is the one announced next before: when that came to nothing, no other takes its place', async () => {
  const { anna, bella } = brand.consumers;
  const { secondGuide } = brand.staff.a;
  const second = openRoom(20);
  if (second.deed.kind === 'room_open') second.deed.hostId = secondGuide.personId;
  const wave = await plan(openRoom(), invite(10), second, tellBooked(30), invite(35, '第二场'), closeRoom(null, 40), {
    ...openOffer(),
    phase: 'build_up',
    at: iso(45),
  });
  await run(wave);
  await turn(11);
  const first = (await read(wave)).actions[0]?.result.roomId ?? '';
  await api.ok(bookRoom, { params: { id: first }, body: {}, as: anna });
  await api.ok(bookRoom, { params: { id: brand.rooms.scheduledA.id }, body: {}, as: bella });
  await sql()`UPDATE staff_accounts SET active = false WHERE person_id = ${secondGuide.personId}`;
  await turn(46);
  expect((await states(wave)).slice(2)).toEqual([
    'room_open failed not_found',
    'message failed no_room',
    'message failed no_room',
    'room_close failed no_room',
    'offer_open failed no_room',
  ]);
  expect((await api.ok(getRoom, { params: { id: first } })).state).toBe('scheduled');
  for (const who of [anna, bella]) expect(await heard(who)).toEqual(['customer 今晚新品发售，先来预约']);

  // Announced after all, what failed for want of it can be done.
  await sql()`UPDATE staff_accounts SET active = true WHERE person_id = ${secondGuide.personId}`;
  const retry = async (no: number): Promise<void> => {
    const actionId = (await read(wave)).actions[no]?.id ?? '';
    await api.ok(settleWaveAction, { params: { id: wave.id, actionId }, body: { do: 'retry' }, as });
    await turn();
  };
  await retry(2);
  const room = (await read(wave)).actions[2]?.result.roomId ?? '';
  await api.ok(bookRoom, { params: { id: room }, body: {}, as: bella });
  await retry(3);
  expect((await read(wave)).actions[3]).toMatchObject({ state: 'done', result: { people: 1, roomId: room } });
  expect((await heard(bella))[0]).toBe('booked 开抢了');
  expect(await heard(anna)).toHaveLength(1);
});

test('without any room: those who have booked are nobody, customers are told all the same', async () => {
  await api.ok(bookRoom, { params: { id: brand.rooms.scheduledA.id }, body: {}, as: brand.consumers.bella });
  const wave = await plan(tellBooked(5), invite(10), openRoom(15));
  await run(wave);
  await turn(16);
  expect(await states(wave)).toEqual(['message failed no_room', 'message done', 'room_open done']);
  expect(await heard(brand.consumers.bella)).toEqual(['customer 今晚新品发售，先来预约']);
  const reach = (roomId: string | null) => api.call(waveReach, { body: { audience: 'booked', roomId }, as });
  expect((await reach(null)).problem.issues).toEqual([{ path: '/roomId', issue: 'needed' }]);
  expect((await reach(brand.rooms.scheduledA.id)).body).toEqual({ people: 1, optedOut: 0 });
});

test('words forbidden since the plan are not said, nor copied', async () => {
  const wave = await plan(openRoom(), invite(10, '云南白药同款'), invite(15, '不说那个词'));
  await run(wave);
  for (const text of ['云南白药', '新品发售夜']) {
    await api.ok(addTerm, { body: { text, kind: 'claim', action: 'block' }, as: brand.staff.admin });
    // A node looks for new words once a second.
    const known = async () => expect((await api.ok(checkText, { body: { text }, as })).hits).toHaveLength(1);
    await vi.waitFor(known, { timeout: 20_000, interval: 100 });
  }
  await turn(16);
  expect(await states(wave)).toEqual([
    'room_open failed words_refused',
    'message failed words_refused',
    'message failed no_room',
  ]);
  expect(await heard()).toEqual([]);
  const copy = await api.call(copyWave, { params: { id: wave.id }, body: { startsAt: iso(7 * 24 * HOUR) }, as });
  expect(copy.problem.code).toBe('words_refused');
});

test('nothing is tried again, or left out, in a wave that was stopped', async () => {
  const wave = await plan(closeRoom());
  await run(wave);
  await turn(21);
  expect(await states(wave)).toEqual(['room_close failed no_room']);
  await move(wave, 'cancelled');
  const params = { id: wave.id, actionId: wave.actions[0]?.id ?? '' };
  for (const what of ['retry', 'skip'] as const)
    expect((await api.call(settleWaveAction, { params, body: { do: what }, as })).problem).toMatchObject({
      code: 'state_conflict',
      facts: { state: 'cancelled' },
    });
  expect(await states(wave)).toEqual(['room_close failed no_room']);
});
