/** People are counted over all nodes: in the room, in its store, at headquarters. */
import { getRoom, peopleNow } from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { makeConsumer } from '../../testing/fixtures.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { CROWDED_TEST_MS, LONG, PATIENCE_MS, startTwoNodes } from '../../testing/two-nodes.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

const figures = async (api: TestApi, roomId: string) => {
  const [row] = await api.api.platform.db.sql<{ peak: number; total: number }>`
    SELECT viewers_peak AS peak, viewers_total AS total FROM rooms WHERE id = ${roomId}`;
  return row;
};

test('Z8 one person in two tabs on two nodes is one; every node says the same, now, peak and total', async () => {
  const { a, other, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff } = brand;
  const guide = await enter(urlA, rooms.a.id, staff.a.guide);
  const counted = () => {
    const { now, total } = guide.events('viewers:counted').at(-1) ?? {};
    return [now, total];
  };
  const is = (now: number, total: number) =>
    vi.waitFor(async () => {
      expect(counted()).toEqual([now, total]);
      expect(await a.ok(getRoom, { params: { id: rooms.a.id } })).toMatchObject({ viewersNow: now });
    }, LONG);
  // Everybody is at the node where the guide is not.
  const anna = await enter(urlB, rooms.a.id, consumers.anna);
  await is(1, 1);
  const annaAtA = await enter(urlA, rooms.a.id, consumers.anna);
  const bella = await enter(urlB, rooms.a.id, consumers.bella);
  await is(2, 2);
  expect(await enter(urlA, rooms.b.id, consumers.anna).then(({ socket }) => socket.connected)).toBe(true);
  const units = async (as = staff.operations) => {
    const { peopleNow: all, items } = await a.ok(peopleNow, { as });
    return { all, ...Object.fromEntries(items.map(({ unit, peopleNow: people }) => [unit.path, people])) };
  };
  await vi.waitFor(async () => {
    expect(await units()).toMatchObject({
      all: 2,
      hq: 2,
      'hq.east': 2,
      'hq.east.hangzhou': 2,
      'hq.east.shanghai': 1,
      'hq.north': 0,
    });
    expect(await units(staff.b.guide)).toEqual({ all: 1, 'hq.east.shanghai': 1 });
  }, LONG);
  anna.close();
  bella.close();
  await is(1, 2);
  annaAtA.close();
  await is(0, 2);
  expect(await figures(a, rooms.a.id)).toEqual({ peak: 2, total: 2 });
  expect(other.platform.config.REDIS_URL).toBeDefined();
});

test('the fifth socket of a person replaces the first, whichever nodes they are on', async () => {
  const { urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers } = brand;
  const sockets = [];
  for (const url of [urlA, urlB, urlB, urlA, urlB]) sockets.push(await enter(url, rooms.a.id, consumers.anna));
  const [first, ...rest] = sockets;
  await first?.waitFor('replaced', () => first.closed[0] === 'replaced' && !first.socket.connected, PATIENCE_MS);
  expect(rest.map(({ socket }) => socket.connected)).toEqual([true, true, true, true]);
});

test('what one may say in ten seconds is the same with two nodes', async () => {
  const { a, urlA, urlB, enter, brand } = await startTwoNodes();
  const person = await makeConsumer(a);
  const [atA, atB] = [await enter(urlA, brand.rooms.a.id, person), await enter(urlB, brand.rooms.a.id, person)];
  const turns = Array.from({ length: 8 }, (_, i) => (i % 2 ? atB : atA).ask('chat:send', { text: `${i}` }));
  const codes = (await Promise.all(turns)).map((answer) => (answer.ok ? 'said' : answer.error.code));
  expect(codes.filter((code) => code === 'said')).toHaveLength(5);
  expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(3);
});
