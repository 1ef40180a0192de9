import { randomUUID } from 'node:crypto';
import {
  getMyDrainCard,
  joinRoom,
  listDrainCards,
  markDrainCard,
  putDrainCard,
  removeDrainCard,
  showDrainCard,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { connectRoom } from '../../testing/room-client.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { testPicture, upload } from '../../testing/upload.ts';

async function withCards() {
  const api = await startTestApi();
  onTestFinished(() => api[Symbol.asyncDispose]());
  const brand = await seedBrand(api);
  const { staff, stores } = brand;
  const card = (
    unit: { id: string },
    kind: 'official_account' | 'store_group' | 'guide',
    guideId: string | null = null,
  ) => ({
    ...{ kind, orgUnitId: unit.id, guideId, title: '加我', hint: '', link: 'https://work.weixin.qq.com/x' },
    ...{ pictureId: null, expiresAt: null },
  });
  const put = (as: Principal, body: ReturnType<typeof card>) => api.call(putDrainCard, { as, body });
  const bind = (customer: Principal, unit: { id: string }, guide: Principal | null) =>
    api.api.platform.db.sql`INSERT INTO owner_bindings (id, customer_id, store_id, guide_id, reason, bound_at)
      VALUES (${randomUUID()}, ${customer.personId}, ${unit.id}, ${guide?.personId ?? null}, 'sharer_store', ${api.clock.now()})`;
  await put(staff.a.guide, card(stores.a, 'guide', staff.a.guide.personId));
  await put(staff.b.guide, card(stores.b, 'guide', staff.b.guide.personId));
  await put(staff.b.manager, card(stores.b, 'store_group'));
  return { api, brand, card, put, bind };
}

test('each viewer sees the card of their own store, in whatever room; nobody is moved by it', async () => {
  const { api, brand, bind } = await withCards();
  const { rooms, staff, stores, consumers } = brand;
  const guest = await makeGuest(api);
  await bind(consumers.anna, stores.b, staff.b.guide);
  await bind(consumers.chris, stores.c, staff.c.guide);
  const show = (roomId: string, as: Principal, kind: 'guide' | null = 'guide') =>
    api.call(showDrainCard, { params: { id: roomId }, body: { kind }, as });
  const seen = async (as: Principal, roomId = rooms.a.id) =>
    (await api.ok(getMyDrainCard, { params: { id: roomId }, as })).card;
  expect(await seen(guest)).toBeNull(); // nothing is shown yet
  const join = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: guest });
  expect(join.snapshot.drainCard).toBeNull();
  const client = await connectRoom(api.url, { token: join.roomToken, roomId: rooms.a.id, lastSeq: join.snapshot.seq });
  onTestFinished(() => client.close());
  for (let time = 0; time < 2; time++) expect((await show(rooms.a.id, staff.a.guide)).status).toBe(200);
  await client.waitFor('the card', () => client.events('drain-card:set').length > 0);
  expect((await show(rooms.a.id, staff.b.guide)).status).toBe(404);
  await show(rooms.hq.id, staff.operations);

  expect(await seen(guest)).toMatchObject({ store: stores.a.name, guide: staff.a.guide.name });
  expect(await seen(consumers.bella)).toMatchObject({ store: stores.a.name, guide: staff.a.guide.name });
  for (const roomId of [rooms.a.id, rooms.hq.id])
    expect(await seen(consumers.anna, roomId)).toMatchObject({ store: stores.b.name, guide: staff.b.guide.name });
  expect(await seen(consumers.chris)).toBeNull(); // their store has none; another store's is not theirs
  expect(await seen(guest, rooms.hq.id)).toBeNull();
  await api.api.platform.db.sql`UPDATE staff_accounts SET active = false WHERE person_id = ${staff.b.guide.personId}`;
  expect(await seen(consumers.anna)).toMatchObject({ store: stores.b.name, guide: null, kind: 'store_group' });

  const bonds = await api.api.platform.db.sql`SELECT customer_id, store_id FROM owner_bindings WHERE ended_at IS NULL`;
  expect(bonds).toHaveLength(2);
  await show(rooms.a.id, staff.a.guide, null);
  await client.waitFor('it is gone', () => client.events('drain-card:set').at(-1)?.shown === null);
  expect(client.events('drain-card:set')).toHaveLength(2);
  expect(await seen(consumers.anna)).toBeNull();
});

test('impressions and taps count the card that was really shown; people are people', async () => {
  const { api, brand } = await withCards();
  const { rooms, staff, consumers } = brand;
  const guest = await makeGuest(api);
  await api.ok(showDrainCard, { params: { id: rooms.a.id }, body: { kind: 'guide' }, as: staff.a.guide });
  const { card } = await api.ok(getMyDrainCard, { params: { id: rooms.a.id }, as: consumers.anna });
  const cardId = card?.id ?? '';
  const mark = (as: Principal, what: 'seen' | 'tapped', id = cardId) =>
    api.ok(markDrainCard, { params: { id: rooms.a.id }, body: { cardId: id, what }, as });
  for (const as of [consumers.anna, consumers.anna, consumers.bella, guest]) await mark(as, 'seen');
  await mark(consumers.anna, 'tapped');
  await mark(guest, 'tapped');
  await mark(staff.a.manager, 'tapped'); // the crew does not count
  await mark(consumers.anna, 'tapped', randomUUID()); // no card of this room
  const mine = async () => (await api.ok(listDrainCards, { as: staff.a.manager })).items;
  expect(await mine()).toMatchObject([{ id: cardId, impressions: 4, taps: 2, people: 3, tappers: 2 }]);
  await api.api.platform.db
    .sql`UPDATE people SET merged_into = ${consumers.anna.personId} WHERE id = ${guest.personId}`;
  expect(await mine()).toMatchObject([{ impressions: 4, people: 2, tappers: 1 }]);
});

test('guides set their own card, managers those of their store; a group’s code is warned about and dies after seven days', async () => {
  const { api, brand, card, put } = await withCards();
  const { rooms, staff, stores, consumers } = brand;
  expect((await put(staff.a.guide, card(stores.a, 'store_group'))).status).toBe(403);
  expect((await put(staff.a.guide, card(stores.a, 'guide', staff.a.secondGuide.personId))).status).toBe(403);
  expect((await put(staff.a.manager, card(stores.b, 'store_group'))).status).toBe(404);
  expect((await put(staff.a.manager, card(stores.a, 'guide', staff.b.guide.personId))).status).toBe(404);
  expect((await put(staff.a.manager, { ...card(stores.a, 'store_group'), title: '进群补脑' })).problem.code).toBe(
    'words_refused',
  );
  // How a guide is reached is what a card tells.
  const reach = { ...card(stores.a, 'guide', staff.a.guide.personId), title: '加我微信，专属服务' };
  expect((await put(staff.a.guide, reach)).status).toBe(200);
  expect((await put(staff.a.manager, { ...card(stores.a, 'store_group'), link: 'http://x.example' })).status).toBe(400);
  const nowhere = { ...card(stores.a, 'store_group'), link: null as unknown as string };
  expect((await put(staff.a.manager, nowhere)).problem.code).toBe('invalid_request');

  const { id: pictureId } = await upload(api, staff.a.manager, 'card', testPicture());
  const group = { ...card(stores.a, 'store_group'), pictureId: pictureId as unknown as null };
  const made = await put(staff.a.manager, group);
  const leftMs = Date.parse(made.body.expiresAt ?? '') - api.clock.now().getTime();
  expect(Math.round(leftMs / 86_400_000)).toBe(7);
  const again = await Promise.all([1, 2, 3].map(() => put(staff.a.manager, group)));
  expect(new Set([made, ...again].map(({ body }) => body.id)).size).toBe(1);
  const state = async () =>
    (await api.ok(listDrainCards, { as: staff.a.manager })).items.find(({ kind }) => kind === 'store_group')?.state;
  expect(await state()).toBe('good');
  await api.ok(showDrainCard, { params: { id: rooms.a.id }, body: { kind: 'store_group' }, as: staff.a.guide });
  const seen = async () => (await api.ok(getMyDrainCard, { params: { id: rooms.a.id }, as: consumers.anna })).card;
  expect(await seen()).not.toBeNull();
  api.clock.advanceSeconds(5.5 * 86_400);
  expect(await state()).toBe('ends_soon');
  api.clock.advanceSeconds(2 * 86_400);
  expect(await state()).toBe('expired');
  expect(await seen()).toBeNull();
  for (let time = 0; time < 2; time++)
    await api.ok(removeDrainCard, { params: { id: made.body.id }, as: staff.a.manager });
  expect(await state()).toBeUndefined();
});
