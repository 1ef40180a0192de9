import {
  type ChainLine,
  chainLines,
  chainPeople,
  closeChain,
  endRoom,
  listChains,
  myLine,
  openChain,
  removeChainLine,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom, type RoomClient } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { createChainsService } from './chains.service.ts';

/** What the lines say must be what the chain says, always. */
async function audit(api: TestApi, chainId: string) {
  const { sql } = api.api.platform.db;
  const lines = await sql<{ no: number; personId: string; quantity: number; state: string }>`
    SELECT no, person_id AS "personId", quantity, state FROM chain_lines WHERE chain_id = ${chainId} ORDER BY no`;
  const [sums] = await sql<{ lastNo: number; people: number; pieces: number }>`
    SELECT last_no AS "lastNo", people, pieces FROM chains WHERE id = ${chainId}`;
  expect(lines.map(({ no }) => no)).toEqual(lines.map((_, n) => n + 1));
  expect(new Set(lines.map(({ personId }) => personId)).size).toBe(lines.length);
  const inIt = lines.filter(({ state }) => state === 'in');
  expect(sums).toEqual({
    lastNo: lines.length,
    people: inIt.length,
    pieces: inIt.reduce((sum, { quantity }) => sum + quantity, 0),
  });
  return sums;
}

test('200 people join at once, each thrice: numbers 1 to 200 without gaps or twins, the sums exact', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  const { db, clock, random } = api.api.platform;
  const chain = await api.ok(openChain, { body: { roomId: rooms.a.id, title: '家庭装接龙' }, as: staff.a.guide });
  const people = await db.sql<{ id: string }>`INSERT INTO people (id, kind, name, created_at)
    SELECT gen_random_uuid(), 'consumer', '顾客' || n, ${clock.now()} FROM generate_series(1, 200) n RETURNING id`;
  const service = createChainsService({
    ...api.api.platform,
    ...{ db, clock, random, onChanged: () => undefined, append: async () => undefined },
    bind: () => undefined,
    findRoom: async () => ({ orgPath: rooms.a.orgUnit.path }),
    guard: {
      judge: async (_place, text) => ({ outcome: 'clean', text, hits: [], listVersion: 1 }),
      record: async () => undefined,
      requireClean: async () => undefined,
    },
    standing: async () => ({
      ...{ valid: true, banned: false, muted: false, roomState: 'live' },
      principal: { kind: 'consumer' },
    }),
  });
  const join = (id: string, quantity: number) => {
    const person: Principal = { personId: id, kind: 'consumer', name: '顾客' };
    return service.join(person, rooms.a.id, { chainId: chain.id, quantity, note: '' });
  };
  const tries = people.flatMap(({ id }, n) => [1, 2, 3].map(() => () => join(id, 1 + (n % 3))));
  const replies = await Promise.all(tries.map((go) => go()));
  expect(new Set(replies.map(({ line }) => line.no)).size).toBe(200);
  expect(await audit(api, chain.id)).toEqual({ lastNo: 200, people: 200, pieces: 67 + 67 * 2 + 66 * 3 });
  // Half of them leave while the other half ask for one more.
  await Promise.all(
    people.map(({ id }, n) =>
      n % 2
        ? join(id, 2 + (n % 3))
        : service.withdraw({ personId: id, kind: 'consumer', name: '' }, rooms.a.id, chain.id),
    ),
  );
  expect(await audit(api, chain.id)).toMatchObject({ lastNo: 200, people: 100 });
});

test('chain: joined, changed, withdrawn and joined again under one number; told, kept, exported, closed', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers, products, guest } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const roomId = rooms.a.id;
  const as = staff.a.guide;
  await using anna = await enterRoom(api, roomId, consumers.anna);
  await using bella = await enterRoom(api, roomId, consumers.bella);
  await using crew = await enterRoom(api, roomId, staff.a.guide);
  const refused = await api.call(openChain, { body: { roomId, title: '健脑核桃接龙' }, as });
  expect(refused.problem).toMatchObject({ code: 'words_refused', facts: { terms: ['健脑'] } });
  const strange = { roomId: rooms.scheduledA.id, title: '接龙', productId: products.milk.id };
  expect((await api.call(openChain, { body: strange, as })).status).toBe(404);
  const chain = await api.ok(openChain, { body: { roomId, title: '家庭装', productId: products.family.id }, as });
  expect(chain.product).toEqual({ id: products.family.id, title: products.family.title });
  expect((await api.call(openChain, { body: { roomId, title: '第二个' }, as })).problem.code).toBe('state_conflict');

  const join = (who: RoomClient, quantity: number, note = '') =>
    who.ask('chain:join', { chainId: chain.id, quantity, note });
  const withdraw = (who: RoomClient) => who.ask('chain:withdraw', { chainId: chain.id });
  expect(await withdraw(anna)).toMatchObject({ error: { code: 'not_found' } });
  expect(await join(bella, 1, '要奶香的')).toMatchObject({ data: { line: { no: 1, name: '贝*' }, people: 1 } });
  for (const _ of ['first', 'again'])
    expect(await join(anna, 3)).toMatchObject({ data: { line: { no: 2, state: 'in' }, people: 2, pieces: 4 } });
  expect(await join(anna, 5, '周末自提')).toMatchObject({ data: { line: { no: 2 }, people: 2, pieces: 6 } });
  expect(await withdraw(bella)).toMatchObject({
    data: { line: { no: 1, state: 'withdrawn', note: '' }, people: 1, pieces: 5 },
  });
  expect(await withdraw(bella)).toMatchObject({ data: { people: 1, pieces: 5 } });
  expect(await join(bella, 2)).toMatchObject({ data: { line: { no: 1, state: 'in' }, people: 2, pieces: 7 } });
  await anna.waitFor('the sums', () => anna.events('chain:counted').at(-1)?.chain.pieces === 7);
  expect(
    anna
      .events('chain:counted')
      .at(-1)
      ?.chain.latest.map(({ no }) => no),
  ).toEqual([1, 2]);
  await audit(api, chain.id);

  // Words: claims are refused, bait is starred; who is muted counts without a note; others have no place here.
  expect(await join(anna, 5, '能降血压吗')).toEqual({
    ok: false,
    error: { code: 'words_refused', facts: { kind: 'claim' } },
  });
  expect(await join(anna, 5, '加薇信聊')).toMatchObject({ data: { line: { note: '***聊' } } });
  await crew.ask('viewer:mute', { personId: consumers.chris.personId });
  await using chris = await enterRoom(api, roomId, consumers.chris);
  expect(await join(chris, 1, '我也要')).toMatchObject({ error: { code: 'muted' } });
  expect(await join(chris, 1)).toMatchObject({ data: { line: { no: 3 } } });
  expect(await join(crew, 1)).toMatchObject({ error: { code: 'insiders_excluded' } });
  await using visitor = await enterRoom(api, roomId, guest);
  expect(await join(visitor, 1)).toMatchObject({ error: { code: 'unauthenticated' } });
  await using elsewhere = await enterRoom(api, rooms.b.id, consumers.bella);
  expect(await join(elsewhere, 1)).toMatchObject({ error: { code: 'not_found' } });

  // A line that has to go is gone for good; its number stays.
  const removal = { params: { id: chain.id }, body: { no: 3, reason: '广告' }, as };
  for (const _ of ['first', 'again'])
    expect(await api.ok(removeChainLine, removal)).toMatchObject({ people: 2, pieces: 7 });
  expect(await join(chris, 1)).toMatchObject({ error: { code: 'gone' } });
  await audit(api, chain.id);

  // The list: pages downwards for everybody, people for the store, phones for who sends parcels.
  await sql`UPDATE people SET phone = '13900000001' WHERE id = ${consumers.anna.personId}`;
  const first = await api.ok(chainLines, { params: { id: chain.id }, query: { limit: 2 } });
  const second = await api.ok(chainLines, {
    params: { id: chain.id },
    query: { limit: 2, cursor: first.nextCursor ?? '' },
  });
  expect([...first.items, ...second.items].map(({ no, state }: ChainLine) => [no, state])).toEqual([
    [3, 'removed'],
    [2, 'in'],
    [1, 'in'],
  ]);
  expect((await api.ok(myLine, { params: { id: chain.id }, as: consumers.anna })).line).toMatchObject({
    no: 2,
    quantity: 5,
  });
  const csv = async (who: Principal) => {
    const response = await fetch(`${api.url}/api/v1/chains/${chain.id}/people?format=csv`, {
      headers: { authorization: `Bearer ${await api.token(who)}` },
    });
    return { status: response.status, lines: (await response.text()).split('\r\n') };
  };
  const manager = await csv(staff.a.manager);
  expect(manager.lines[0]).toContain('no,name,phone,quantity,note,state');
  expect(manager.lines[2]).toContain('2,安然,13900000001,5,***聊,in');
  expect((await csv(staff.a.assistant)).lines[2]).toContain('139****0001');
  expect((await csv(staff.b.manager)).status).toBe(404);
  expect((await api.ok(chainPeople, { params: { id: chain.id }, as: staff.a.manager })).items).toHaveLength(3);

  for (const _ of ['first', 'again'])
    expect(await api.ok(closeChain, { params: { id: chain.id }, body: {}, as })).toMatchObject({
      state: 'closed',
      pieces: 7,
    });
  expect(await join(anna, 9)).toMatchObject({ error: { code: 'state_conflict' } });
  expect(await withdraw(anna)).toMatchObject({ error: { code: 'state_conflict' } });
  const next = await api.ok(openChain, { body: { roomId, title: '下一轮' }, as });
  await using later = await enterRoom(api, roomId, consumers.anna, { lastSeq: null });
  await later.waitFor('a snapshot', () => later.snapshots.length > 0);
  expect(later.snapshots[0]?.activities?.chain).toMatchObject({ id: next.id, people: 0 });
  await api.ok(endRoom, { params: { id: roomId }, body: {}, as });
  expect((await api.ok(listChains, { query: { roomId } })).items.map(({ state }) => state)).toEqual([
    'closed',
    'closed',
  ]);
  const actions = await sql<{ action: string; reason: string }>`
    SELECT action, reason FROM audit_log WHERE target = ${`chain:${chain.id}`} ORDER BY id`;
  expect(actions.map(({ action }) => action)).toEqual([
    ...['chain:opened', 'chain:line-removed', 'personal-data:exported', 'personal-data:exported', 'chain:closed'],
  ]);
  expect(actions[1]?.reason).toBe('广告');
});
