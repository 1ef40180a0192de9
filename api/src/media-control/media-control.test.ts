/** The far side is the stand-in of testing/media-stand-in.ts; the real media server is met in e2e. */
import { randomUUID } from 'node:crypto';
import { endRoom, getRoom, liveWall, mediaGrant, Revocation } from '@walnut-live/contracts';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import { makeRoom, seedBrand } from '../testing/fixtures.ts';
import { configFor, startMediaServer } from '../testing/media-stand-in.ts';
import { enterRoom } from '../testing/room-client.ts';
import { startTestApi } from '../testing/test-api.ts';
import { createMediaControl } from './media-control.ts';

test('a stream that goes live, stumbles and stops is told to every room that shows it, each state once', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, stores, staff, consumers } = await seedBrand(api);
  const relay = await makeRoom(api, { orgUnit: stores.b, host: staff.b.guide });
  await api.api.platform.db.sql`UPDATE rooms SET relay_of = ${rooms.a.id} WHERE id = ${relay.id}`;
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, relay.id, consumers.bella);
  await using other = await enterRoom(api, rooms.hq.id, consumers.chris);
  await vi.waitFor(() => expect(media.connections()).toBe(1));
  media.publish(rooms.a.streamId, 'live');
  await anna.waitFor('live', () => anna.events('stream:changed').at(-1)?.state === 'live');
  for (const state of ['live', 'interrupted', 'live', 'idle'] as const) media.publish(rooms.a.streamId, state);
  await anna.waitFor('the end', () => anna.events('stream:changed').at(-1)?.state === 'idle');
  await bella.waitFor('the end', () => bella.events('stream:changed').at(-1)?.state === 'idle');
  for (const client of [anna, bella]) {
    const states = client.events('stream:changed').map(({ state }) => state);
    // States that were over before the room was told may be skipped; none is told twice in a row.
    expect(states.filter((state, i) => state === states[i - 1])).toEqual([]);
  }
  media.publish(rooms.a.streamId, 'live');
  await anna.waitFor('live', () => anna.events('stream:changed').at(-1)?.state === 'live');
  expect(other.events('stream:changed')).toEqual([]);
  const wall = await api.ok(liveWall, { as: staff.a.guide });
  expect(wall.items[0]).toMatchObject({ streamState: 'live', trouble: [] });
  await using late = await enterRoom(api, rooms.a.id, consumers.bella);
  expect(late.join.snapshot.stream).toEqual({ state: 'live', hasVideo: true, hasAudio: true });
});

test('without a media server rooms work and api is ready; when it comes, states and kept orders arrive', async () => {
  const first = await startMediaServer();
  const { port } = first;
  await first.stop();
  await using api = await startTestApi(configFor(port));
  const { rooms, staff, consumers } = await seedBrand(api);
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  expect(anna.join.snapshot.stream.state).toBe('idle');
  expect(await anna.ask('chat:send', { text: '没有画面也能聊' })).toMatchObject({ ok: true });
  expect(await guide.ask('viewer:ban', { personId: consumers.bella.personId })).toMatchObject({ ok: true });
  await api.ok(endRoom, { params: { id: rooms.b.id }, body: {}, as: staff.b.guide });
  expect(await api.ok(getRoom, { params: { id: rooms.b.id } })).toMatchObject({ state: 'ended' });

  const second = await startMediaServer(port);
  second.publish(rooms.a.streamId, 'live');
  await anna.waitFor('the picture', () => anna.events('stream:changed').at(-1)?.state === 'live', 15_000);
  await vi.waitFor(() => expect(new Set(second.orders.map(({ path }) => path)).size).toBe(2), { timeout: 10_000 });
  expect(second.orders).toContainEqual({ path: `/control/streams/${rooms.b.streamId}/close`, body: {} });
  const revocation = second.orders.find(({ path }) => path === '/control/revocations');
  expect(Revocation.parse(revocation?.body)).toEqual({
    personId: consumers.bella.personId,
    streamId: rooms.a.streamId,
  });
}, 40_000);

test('a media server that starts anew hears again who is banned and which streams are over', async () => {
  const first = await startMediaServer();
  await using api = await startTestApi(configFor(first.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const close = { path: `/control/streams/${rooms.b.streamId}/close`, body: {} };
  const ban = {
    path: '/control/revocations',
    body: { personId: consumers.bella.personId, streamId: rooms.a.streamId },
  };
  await vi.waitFor(() => expect(first.connections()).toBe(1));
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await guide.ask('viewer:ban', { personId: consumers.bella.personId });
  const end = () => api.ok(endRoom, { params: { id: rooms.b.id }, body: {}, as: staff.b.guide });
  await end();
  await vi.waitFor(() => expect(first.orders).toHaveLength(2));
  expect(first.orders).toEqual(expect.arrayContaining([close, ban]));
  await end();
  await vi.waitFor(() => expect(first.orders.slice(2)).toEqual([close]));
  await first.stop();

  const second = await startMediaServer(first.port);
  second.publish(rooms.a.streamId, 'live');
  second.publish(rooms.b.streamId, 'live');
  await vi.waitFor(() => expect(second.orders).toHaveLength(2), { timeout: 10_000 });
  expect(second.orders).toEqual(expect.arrayContaining([close, ban]));
}, 30_000);

test('a restart of api repeats no state that the room knows', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms } = await seedBrand(api);
  media.publish(rooms.a.streamId, 'live');
  const states = async () => (await api.api.roomLog.latest(rooms.a.id, ['stream:changed'], 10)).length;
  await vi.waitFor(async () => expect(await states()).toBe(1));
  const { createApi } = await import('../compose.ts');
  const second = await createApi({ ...api.api.platform.config, PORT: 0 });
  onTestFinished(() => second.close());
  await vi.waitFor(() => expect(media.connections()).toBe(2));
  await second.roomLog.append(rooms.a.id, { kind: 'notice:set', text: randomUUID() });
  media.publish(rooms.a.streamId, 'interrupted');
  await vi.waitFor(async () => expect(await states()).toBeGreaterThanOrEqual(2));
  const told = (await second.roomLog.latest(rooms.a.id, ['stream:changed'], 10)).map(
    ({ event }) => event.kind === 'stream:changed' && event.state,
  );
  expect(told[0]).toBe('live');
  expect(told.filter((state) => state === 'live')).toHaveLength(1);
});

test('a restart of api with several media servers calls no stream idle before its server has spoken', async () => {
  const [first, second] = await Promise.all([startMediaServer(), startMediaServer()]);
  await using api = await startTestApi(configFor(first.port, second.port));
  const { rooms } = await seedBrand(api);
  second.publish(rooms.a.streamId, 'live');
  const told = async () =>
    (await api.api.roomLog.latest(rooms.a.id, ['stream:changed'], 10)).map(
      ({ event }) => event.kind === 'stream:changed' && event.state,
    );
  await vi.waitFor(async () => expect(await told()).toEqual(['live']));

  await second.stop();
  const { createApi } = await import('../compose.ts');
  const restarted = await createApi({ ...api.api.platform.config, PORT: 0 });
  onTestFinished(() => restarted.close());
  await vi.waitFor(() => expect(restarted.mediaControl.isAway).toBe(false));
  expect(restarted.mediaControl.isComplete).toBe(false);
  // A stream of the server that has spoken is told at once, after what that server said first.
  first.publish(rooms.b.streamId, 'live');
  await vi.waitFor(async () =>
    expect(await restarted.roomLog.latest(rooms.b.id, ['stream:changed'], 10)).not.toHaveLength(0),
  );
  expect(await told()).toEqual(['live']);

  const back = await startMediaServer(second.port);
  back.publish(rooms.a.streamId, 'live');
  await vi.waitFor(() => expect(restarted.mediaControl.isComplete).toBe(true), { timeout: 10_000 });
  back.publish(rooms.a.streamId, 'interrupted');
  // Both apis tell it: two processes are not kept apart.
  await vi.waitFor(async () => expect(await told()).toContain('interrupted'), { timeout: 10_000 });
  expect(await told()).not.toContain('idle');
}, 40_000);

test('several media servers: the origin speaks for a stream, newcomers go where there is room, orders go to all', async () => {
  const [first, second] = await Promise.all([startMediaServer(), startMediaServer()]);
  first.announce('first', { load: { cpu: 0.1, viewers: 40, origins: 1, egressMbps: 0 } });
  second.announce('second');
  await using api = await startTestApi(configFor(first.port, second.port));
  const { rooms, consumers, staff } = await seedBrand(api);
  const { streamId } = rooms.a;
  const { stateOf, placeFor } = api.api.mediaControl;
  await vi.waitFor(() => expect([first.connections(), second.connections()]).toEqual([1, 1]));

  first.publish(streamId, 'live');
  second.publish(streamId, 'interrupted', 'edge');
  await vi.waitFor(() => expect(stateOf(streamId).state).toBe('live'));
  await vi.waitFor(() =>
    expect(placeFor(streamId, 'watch')).toEqual({
      socketUrl: 'https://second.example',
      hlsUrl: 'https://first.example',
    }),
  );
  expect(placeFor(streamId, 'publish').socketUrl).toBe('https://first.example');
  const grant = await api.ok(mediaGrant, { params: { id: rooms.a.id }, body: { right: 'watch' }, as: consumers.anna });
  expect(grant).toMatchObject({
    socketUrl: 'https://second.example',
    socketPath: '/socket.io',
    hlsUrl: `https://first.example/hls/${streamId}/master.m3u8`,
  });

  first.announce('first', { draining: true });
  await vi.waitFor(() => expect(placeFor(streamId, 'publish').socketUrl).toBe('https://second.example'));

  // The host is gone: what the other one says counts at once, and newcomers go there.
  await first.stop();
  await vi.waitFor(() => expect(stateOf(streamId).state).toBe('interrupted'));
  expect(placeFor(streamId, 'watch')).toEqual({
    socketUrl: 'https://second.example',
    hlsUrl: 'https://second.example',
  });
  expect(api.api.mediaControl.isAway).toBe(false);
  second.publish(streamId, 'live');
  await vi.waitFor(() => expect(stateOf(streamId).state).toBe('live'));

  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await guide.ask('viewer:ban', { personId: consumers.bella.personId });
  await vi.waitFor(() => expect(second.orders.map(({ path }) => path)).toContain('/control/revocations'));
  const again = await startMediaServer(first.port);
  await vi.waitFor(() => expect(again.orders.map(({ path }) => path)).toContain('/control/revocations'), {
    timeout: 10_000,
  });
}, 40_000);

test('nobody is sent to a media server that fell silent while there is another, and nobody is left without one', async () => {
  const PATIENCE = { timeout: 20_000 };
  const [near, far] = [await startMediaServer(), await startMediaServer()];
  const { MEDIA_CONTROL_URL, CONTROL_TOKEN } = configFor(near.port, far.port);
  const control = createMediaControl({
    urls: MEDIA_CONTROL_URL.split(', '),
    token: CONTROL_TOKEN,
    log: pino({ level: 'silent' }),
  });
  onTestFinished(() => control.close());
  const beat = setInterval(() => far.announce('far'), 200);
  onTestFinished(() => clearInterval(beat));
  await vi.waitFor(() => expect([near.connections(), far.connections()]).toEqual([1, 1]), PATIENCE);
  const streamId = randomUUID();
  near.publish(streamId, 'live');
  near.announce('near');
  const host = () => control.placeFor(streamId, 'publish').socketUrl;
  await vi.waitFor(() => expect(host()).toBe('https://near.example'), PATIENCE);
  // Its network is cut: the socket says nothing of that yet.
  await vi.waitFor(() => expect(host()).toBe('https://far.example'), PATIENCE);
  near.announce('near');
  await vi.waitFor(() => expect(host()).toBe('https://near.example'), PATIENCE);
  await vi.waitFor(() => expect(host()).toBe('https://far.example'), PATIENCE);
  clearInterval(beat);
  // All are silent: whoever cannot be heard may still be there.
  await vi.waitFor(() => expect(host()).toBe('https://near.example'), PATIENCE);
}, 60_000);
