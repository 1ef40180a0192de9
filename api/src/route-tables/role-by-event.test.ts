/**
 * Who gets what by the room's socket: every kind of person × every message of the contracts, worked out from the contract and from
 * testing/event-rows.ts. A new message fails the compiler and the first test here until it has a row. What each message refuses by
 * its shape is beside the sockets (room-sockets/messages.test.ts).
 */
import { randomUUID } from 'node:crypto';
import { joinRoom, may, type RoomMessageName, roomMessages } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { makeActivities } from '../testing/activities.ts';
import { type EventRow, eventRows, nowhere, type RoomThings } from '../testing/event-rows.ts';
import { type Brand, type FixtureRoom, makeConsumer, makeRoom, makeStaff, seedBrand } from '../testing/fixtures.ts';
import { makeGiver } from '../testing/gifts.ts';
import { makePlays } from '../testing/plays.ts';
import { openRawSocket } from '../testing/raw-socket.ts';
import { connectRoom, enterRoom } from '../testing/room-client.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { everybody } from './requests.ts';

const names = Object.keys(roomMessages) as RoomMessageName[];

let api: TestApi;
let brand: Brand;
/** A customer who is of age and has coins. */
let anna: Principal;
let things: { a: RoomThings; b: RoomThings };
/** Everybody of the tables of routes who can be in a room, and the colleagues and rivals of the guide of store A. */
let people: Record<string, Principal>;

async function thingsOf(room: FixtureRoom): Promise<RoomThings> {
  const talker = await makeConsumer(api);
  const { pollId, chainId } = await makeActivities(api, room, talker);
  const { drawId } = await makePlays(api, brand, room, talker);
  await using client = await enterRoom(api, room.id, talker);
  const said = await client.ask('chat:send', { text: room.title });
  if (!said.ok) throw new Error(`not said: ${said.error.code}`);
  const { messageId } = said.data.message as { messageId: string };
  const { milk } = brand.products;
  const { personId } = await makeConsumer(api);
  return { productId: milk.id, skuId: milk.sku.id, messageId, personId, pollId, chainId, drawId };
}

beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  anna = await makeGiver(api, 'yuan-6');
  things = { a: await thingsOf(brand.rooms.a), b: await thingsOf(brand.rooms.b) };
  const { staff } = brand;
  const { nobody: _, ...known } = everybody(brand);
  people = {
    ...(known as Record<string, Principal>),
    consumer: await makeConsumer(api),
    'another guide of the store': staff.a.secondGuide,
    'guide of another store': staff.b.guide,
    'manager of another store': staff.b.manager,
    'assistant of another channel': staff.c.assistant,
    'manager of another channel': staff.channelNorth,
  };
});
afterAll(() => api[Symbol.asyncDispose]());

const logOf = (room: FixtureRoom) => api.api.roomLog.range(room.id, 0, 1_000);
/** What a person may not do in room A, by the contract and the row; undefined: they are let in. */
function refusalOf(name: RoomMessageName, { forWhom }: EventRow, { kind, staff }: Principal): string | undefined {
  const isOfA = staff !== undefined && brand.stores.a.path.startsWith(staff.orgPath);
  const isCrew = isOfA && may(staff.role, 'rooms:operate');
  if (roomMessages[name].operate) {
    if (!isCrew) return kind === 'guest' ? 'unauthenticated' : 'forbidden';
    return forWhom === 'operators' || may(staff.role, forWhom as 'offers:write') ? undefined : 'forbidden';
  }
  if (forWhom === 'everybody') return undefined;
  if (kind === 'guest') return 'unauthenticated';
  if (forWhom === 'named' || kind === 'consumer') return undefined;
  return forWhom === 'adults' ? 'forbidden' : 'insiders_excluded';
}

test('every message of the contracts has a row, and no row is of nothing', () => {
  expect(Object.keys(eventRows).sort()).toEqual([...names].sort());
  for (const name of names) {
    const { forWhom, own } = eventRows[name];
    expect(roomMessages[name].payload.safeParse(own(nowhere())).error, name).toBeUndefined();
    // Operating is said by the contract; the row says no less.
    expect(['everybody', 'named', 'customers', 'adults'].includes(forWhom), name).toBe(!roomMessages[name].operate);
  }
});

/** What is said and done in a room; arrivals and counts come by themselves. */
const deedsOf = async (room: FixtureRoom) =>
  (await logOf(room)).filter(({ event: { kind } }) => kind !== 'viewer:joined' && !kind.endsWith(':counted'));

test('everybody is refused what is not for them, by each message, and leaves nothing behind', async () => {
  const before = await deedsOf(brand.rooms.a);
  const refused = new Set<string>();
  for (const [who, person] of Object.entries(people)) {
    await using client = await enterRoom(api, brand.rooms.a.id, person);
    for (const name of names) {
      const code = refusalOf(name, eventRows[name], person);
      if (!code) continue;
      refused.add(name);
      const answer = await client.ask(name, eventRows[name].own(things.a));
      expect([who, name, answer.ok ? 'done' : answer.error.code]).toEqual([who, name, code]);
    }
  }
  const forAll = names.filter((name) => eventRows[name].forWhom === 'everybody');
  expect([...refused, ...forAll].sort()).toEqual([...names].sort());
  expect(await deedsOf(brand.rooms.a)).toEqual(before);
});

describe.each(names)('%s', (name) => {
  const row = eventRows[name];

  test('does nothing before the room was joined, nor after it was refused, nor outside of it', async () => {
    const packet = JSON.stringify([name, row.own(things.a)]);
    const before = await deedsOf(brand.rooms.b);
    const roomId = brand.rooms.b.id;
    for (const introduction of [
      [],
      ['40/room,'],
      [`40/room,${JSON.stringify({ token: 'a.b.c', roomId })}`],
      [`40/room,${JSON.stringify({ token: await api.token(brand.staff.admin), roomId })}`],
      ['40'],
    ]) {
      const raw = await openRawSocket(api.url);
      for (const said of introduction) {
        raw.say(said);
        await raw.waitFor('a refusal', () => raw.heard.some((heard) => heard.startsWith('44')) || !raw.isOpen());
      }
      raw.say(`42/room,7${packet}`);
      await raw.waitFor('the end', () => !raw.isOpen());
      expect(raw.heard.filter((heard) => heard.startsWith('43'))).toEqual([]);
    }
    expect(await deedsOf(brand.rooms.b)).toEqual(before);
  });

  test('ends the connection when it is too large, and slows a flood', async () => {
    const person = roomMessages[name].operate ? brand.staff.b.guide : await makeConsumer(api);
    await using large = await enterRoom(api, brand.rooms.b.id, person);
    large.socket.emit(name, { ...row.own(nowhere()), padding: 'x'.repeat(20_000) }, () => {});
    await large.waitFor('the end', () => !large.socket.connected);

    await using flood = await enterRoom(api, brand.rooms.b.id, person);
    // What cannot be right, so that a flood costs nothing but the answers.
    const answers = await Promise.all(Array.from({ length: 70 }, () => flood.ask(name, { flood: true })));
    const codes = answers.map((answer) => (answer.ok ? 'done' : answer.error.code));
    expect(new Set(codes)).toEqual(new Set(['invalid_request', 'rate_limited']));
    expect(codes.filter((code) => code === 'rate_limited').length).toBeGreaterThanOrEqual(10);
  });
});

test.each(names.filter((name) => eventRows[name].foreign))('%s finds nothing of another room', async (name) => {
  const { foreign, forWhom } = eventRows[name];
  const before = await deedsOf(brand.rooms.b);
  const asked: Principal[] = forWhom === 'operators' ? [brand.staff.a.guide, brand.staff.admin] : [anna];
  for (const person of asked) {
    await using client = await enterRoom(api, brand.rooms.a.id, person);
    const answer = await client.ask(name, foreign?.(things.b));
    expect(answer).toMatchObject({ ok: false, error: { code: 'not_found' } });
    expect(JSON.stringify(answer)).not.toContain(brand.rooms.b.title);
  }
  expect(await deedsOf(brand.rooms.b)).toEqual(before);
});

test('somebody whom the room has muted says nothing, by no message', async () => {
  const muted = await makeGiver(api, 'yuan-6');
  await using guide = await enterRoom(api, brand.rooms.a.id, brand.staff.a.guide);
  expect(await guide.ask('viewer:mute', { personId: muted.personId })).toMatchObject({ ok: true });
  await using client = await enterRoom(api, brand.rooms.a.id, muted);
  for (const name of names) {
    const { muted: code, own } = eventRows[name];
    if (code === null || roomMessages[name].operate) continue;
    expect([name, await client.ask(name, own(things.a))]).toMatchObject([name, { ok: false, error: { code } }]);
  }
});

/** Whoever has no place in a room is told at its door, and says nothing there: each way to come without a right. */
test('nobody speaks with a token that is none, or of something else, or who has no place in the room', async () => {
  const { rooms, stores, staff } = brand;
  const { tokens } = api.api.platform;
  const roomId = rooms.a.id;
  const consumer = await makeConsumer(api);
  const banned = await makeConsumer(api);
  const dismissed = await makeStaff(api, 'guide', stores.a, '前导购');
  const guarded = await makeRoom(api, { orgUnit: stores.a, host: staff.a.guide });
  const { sql } = api.api.platform.db;
  const good = async (person: Principal, room = roomId) => (await tokens.room(person, room, 'host')).token;
  const [ofBanned, ofDismissed] = [await good(banned), await good(dismissed)];
  await sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
    VALUES (${randomUUID()}, ${roomId}, ${banned.personId}, 'ban', '', ${staff.a.guide.personId}, ${api.clock.now()})`;
  await sql`UPDATE staff_accounts SET active = false WHERE person_id = ${dismissed.personId}`;
  await sql`UPDATE rooms SET audience = 'invited' WHERE id = ${guarded.id}`;
  const { token: media } = await tokens.media({
    ...{ personId: staff.a.guide.personId, streamId: rooms.a.streamId, right: 'publish', roomId },
  });
  const { token: replay } = await tokens.replay({
    ...{ personId: staff.a.guide.personId, roomId, right: 'watch', range: null },
  });
  const [head, claims] = (await good(staff.a.guide)).split('.');
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
  const table: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['nothing', {}, 'invalid_request'],
    ['no token', { roomId }, 'invalid_request'],
    ['a token that is an object', { token: {}, roomId }, 'invalid_request'],
    ['a long token', { token: 'x'.repeat(5_000), roomId }, 'invalid_request'],
    ['a made-up token', { token: 'a.b.c', roomId }, 'session_expired'],
    ['a token without a signature', { token: none, roomId }, 'session_expired'],
    ['another signature', { token: `${head}.${claims}.AAAA`, roomId }, 'session_expired'],
    ['an access token', { token: await api.token(staff.admin), roomId }, 'session_expired'],
    ['a visitor’s token', { token: await tokens.visitor(consumer.personId), roomId }, 'session_expired'],
    ['a media token', { token: media, roomId }, 'session_expired'],
    ['a token for a replay', { token: replay, roomId }, 'session_expired'],
    ['a token of another room', { token: await good(consumer, rooms.b.id), roomId }, 'forbidden'],
    ['a room that is none', { token: await good(consumer, guarded.id), roomId: '../a' }, 'invalid_request'],
    ['somebody who is banned', { token: ofBanned, roomId }, 'banned'],
    ['somebody who works here no more', { token: ofDismissed, roomId }, 'session_expired'],
    [
      'somebody who does not exist',
      { token: await good({ ...consumer, personId: randomUUID() }), roomId },
      'session_expired',
    ],
    ['somebody who is not asked', { token: await good(consumer, guarded.id), roomId: guarded.id }, 'not_in_audience'],
  ];
  const seen: [string, string][] = [];
  for (const [what, auth] of table) {
    const code = await connectRoom(api.url, auth as { token: string; roomId: string }).then(
      () => 'in',
      (error: Error) => error.message,
    );
    seen.push([what, code]);
  }
  expect(seen).toEqual(table.map(([what, , code]) => [what, code]));
  // A token that says "host" makes nobody one: what a person is comes from the database.
  await using bold = await connectRoom(api.url, { token: await good(consumer), roomId });
  expect(await bold.ask('notice:set', { text: '我是主播' })).toMatchObject({ error: { code: 'forbidden' } });
});

// Last, because now things happen: the same messages by whom they are for, or the refusals above would prove nothing.
test('each message is done for whom it is for', async () => {
  api.clock.advanceSeconds(3); // a draw's notice
  const last: RoomMessageName[] = ['draw:close', 'chat:delete', 'viewer:ban'];
  for (const name of [...names.filter((name) => !last.includes(name)), ...last]) {
    const person = roomMessages[name].operate ? brand.staff.a.guide : anna;
    await using client = await enterRoom(api, brand.rooms.a.id, person);
    const answer = await client.ask(name, eventRows[name].own(things.a));
    expect([name, answer.ok ? 'done' : answer.error]).toEqual([name, 'done']);
  }
  expect(await api.call(joinRoom, { params: { id: brand.rooms.a.id }, body: {}, as: anna })).toMatchObject({
    status: 200,
  });
});
