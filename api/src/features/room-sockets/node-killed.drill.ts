import { expect, onTestFinished, test, vi } from 'vitest';
import { startTestRedis } from '../../../../scripts/testing/redis.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { freePort, nodeEnv, spawnApi, talk } from '../../testing/talkers.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const journalled = async (api: TestApi) =>
  (
    await api.api.platform.db.sql<{ text: string }>`
      SELECT event->'message'->>'text' AS text FROM room_events WHERE kind = 'chat:sent' ORDER BY seq`
  ).map(({ text }) => text);

test('kill -9 of a node under traffic: its people go on at the other, nothing acknowledged is lost or shown twice', async () => {
  const redis = await startTestRedis();
  onTestFinished(() => redis.kill());
  // This one only prepares the database and signs tokens; those that serve are processes of their own.
  await using api = await startTestApi({ LOG_LEVEL: 'fatal', REDIS_URL: redis.url });
  const { rooms } = await seedBrand(api);
  const ports = [await freePort(), await freePort()];
  const nodes = await Promise.all(ports.map((port) => spawnApi(nodeEnv(api, port))));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const people = await Promise.all(Array.from({ length: 6 }, () => makeConsumer(api)));
  const talkers = people.map((person, i) => {
    let tries = i;
    return talk(() => urls[tries++ % 2] ?? '', api, rooms.a.id, person, `p${i}`);
  });
  const said = () => talkers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  const more = async () => {
    const before = said();
    await vi.waitFor(() => expect(said()).toBeGreaterThanOrEqual(before + 8), { timeout: 60_000, interval: 5 });
  };
  for (const [i, port] of ports.entries()) {
    await more();
    await nodes[i]?.kill();
    await more(); // with one node
    nodes[i] = await spawnApi(nodeEnv(api, port));
  }
  await more();
  await Promise.all(talkers.map(({ stop }) => stop()));

  const lines = await journalled(api);
  expect(new Set(lines).size).toBe(lines.length);
  const all = new Set(lines);
  for (const { acknowledged, wrong } of talkers) {
    expect([...acknowledged].filter((text) => !all.has(text))).toEqual([]);
    expect(wrong).toEqual([]);
  }
  const codes = new Set(talkers.flatMap(({ refusals }) => refusals));
  expect([...codes].filter((code) => code !== 'rate_limited' && code !== 'unavailable')).toEqual([]);
  const order = await api.api.roomLog.latest(rooms.a.id, ['chat:sent'], 1_000);
  const placeOf = new Map(order.map(({ event }, i) => [event.kind === 'chat:sent' ? event.message.messageId : '', i]));
  for (const { seen } of talkers) {
    const places = [...seen.keys()].map((id) => placeOf.get(id) ?? -1);
    expect(places).toEqual([...places].sort((one, two) => one - two));
    expect(places).not.toContain(-1);
  }
}, 400_000);
