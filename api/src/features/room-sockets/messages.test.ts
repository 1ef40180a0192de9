/** Every message of the contract against every kind of wrong payload: refused with `invalid_request`, nothing happens. */
import { joinRoom, type RoomMessageName, roomMessages } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventRows, nowhere } from '../../testing/event-rows.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom, type RoomClient } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const names = Object.keys(roomMessages) as RoomMessageName[];
/** A right payload per message, with every field; the table spoils it field by field. */
const right = Object.fromEntries(
  names.map((name) => [name, { ...eventRows[name].own(nowhere()), ...eventRows[name].more }]),
) as Record<RoomMessageName, Record<string, unknown>>;
const wrongValues: unknown[] = [
  undefined,
  null,
  true,
  -1,
  0.5,
  1e20,
  '',
  'x'.repeat(5_000),
  '控\u0007制',
  [],
  ['x'],
  {},
  { $gt: '' },
  { toString: 'x' },
];
const wrongWholes: unknown[] = [undefined, null, 'text', 7, [], [{}], true, { unknown: 1 }];

/** What the contract itself refuses; a value that it takes is no wrong payload. */
function wrongPayloads(name: RoomMessageName): unknown[] {
  const schema = roomMessages[name].payload as z.ZodType;
  const spoiled = Object.keys(right[name]).flatMap((field) =>
    wrongValues.map((value) => ({ ...right[name], [field]: value })),
  );
  const all = [...wrongWholes, { ...right[name], more: 1 }, ...spoiled];
  // JSON turns undefined fields into missing ones and an undefined payload into null.
  return all
    .map((value) => z.json().parse(JSON.parse(JSON.stringify(value ?? null))))
    .filter((v) => !schema.safeParse(v).success);
}

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

test.each(names)('%s takes what its contract says and nothing else', async (name) => {
  const { rooms, staff } = brand;
  expect(roomMessages[name].payload.safeParse(right[name]).success).toBe(true);
  const wrong = wrongPayloads(name);
  expect(wrong.length).toBeGreaterThan(5);
  let guide: RoomClient | undefined;
  const before = await api.api.roomLog.range(rooms.a.id, 0, 1_000);
  for (const [i, payload] of wrong.entries()) {
    if (i % 50 === 0) {
      guide?.close();
      guide = await enterRoom(api, rooms.a.id, staff.a.guide);
    }
    const answer = await guide?.ask(name, payload);
    expect(answer, JSON.stringify(payload)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  }
  expect(await guide?.ask(name)).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
  expect(await guide?.ask(name, right[name], 'second')).toMatchObject({
    ok: false,
    error: { code: 'invalid_request' },
  });
  expect(await api.api.roomLog.range(rooms.a.id, 0, 1_000)).toEqual(before);
  guide?.close();
});

test('unknown messages, messages without acknowledgement and floods do no harm', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  for (const name of ['gift:steal', '__proto__', 'constructor', 'toString', 'room:frame']) {
    expect(await anna.ask(name, {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
  }
  anna.socket.emit('chat:send', { text: '没有人等回答' });
  expect(await anna.ask('chat:send', { text: '有' })).toMatchObject({ ok: true });
  const answers = await Promise.all(Array.from({ length: 80 }, () => anna.ask('like:add', { count: 1 })));
  expect(answers.some((answer) => !answer.ok && answer.error.code === 'rate_limited')).toBe(true);
  const texts = (await api.api.roomLog.range(rooms.a.id, 0, 100)).filter(({ event }) => event.kind === 'chat:sent');
  expect(texts).toHaveLength(1);
});

test('a message that is too large ends the connection, not the server', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  anna.socket.emit('chat:send', { text: 'x'.repeat(1_000_000) }, () => {});
  await anna.waitFor('disconnected', () => !anna.socket.connected);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  expect(await bella.ask('chat:send', { text: '还在' })).toMatchObject({ ok: true });
});

/** Who may do what is in route-tables/role-by-event.test.ts. */
test('the crew operates; staff of another store, of the channel and analysts are viewers here', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  for (const person of [staff.b.guide, staff.b.manager, staff.c.assistant, staff.analyst, staff.channelEast]) {
    const { role } = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: person });
    expect(role).toBe('viewer');
  }
  for (const [person, role] of [
    [staff.a.guide, 'host'],
    [staff.a.secondGuide, 'operator'],
    [staff.a.assistant, 'operator'],
    [staff.a.manager, 'operator'],
    [staff.operations, 'operator'],
  ] as const) {
    await using client = await enterRoom(api, rooms.a.id, person);
    expect(client.join.role).toBe(role);
    expect(await client.ask('notice:set', { text: person.name })).toMatchObject({ ok: true });
  }
  // An assistant operates, but prices are not theirs.
  await using assistant = await enterRoom(api, rooms.a.id, staff.a.assistant);
  const refused = await assistant.ask('offer:open', right['offer:open']);
  expect(refused).toMatchObject({ ok: false, error: { code: 'forbidden' } });
});

test('operators pin, unpin and open offers by the socket; everybody sees it', async () => {
  await using api = await startTestApi();
  const { rooms, staff, products, consumers } = await seedBrand(api);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const productId = products.milk.id;
  expect(await guide.ask('product:pin', { productId })).toEqual({ ok: true, data: { pinnedProductId: productId } });
  await anna.waitFor('the pin', () => anna.events('product:pinned')[0]?.productId === productId);
  const offer = { skuId: products.milk.sku.id, priceFen: 490, durationSeconds: 60 };
  expect(await guide.ask('offer:open', offer)).toMatchObject({ ok: true, data: { priceFen: 490, version: 1 } });
  await anna.waitFor('the offer', () => anna.events('offer:opened')[0]?.offer.priceFen === 490);
  expect(await guide.ask('offer:open', { ...offer, priceFen: 1 })).toMatchObject({ ok: false });
  expect(await guide.ask('product:unpin', {})).toEqual({ ok: true, data: { pinnedProductId: null } });
  await anna.waitFor('the unpin', () => anna.events('product:unpinned').length === 1);
  expect(await guide.ask('notice:set', { text: '今晚八点抽奖' })).toEqual({ ok: true, data: { text: '今晚八点抽奖' } });
  await anna.waitFor('the notice', () => anna.events('notice:set')[0]?.text === '今晚八点抽奖');
});
