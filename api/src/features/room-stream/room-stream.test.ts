/** The far side is the stand-in of testing/media-stand-in.ts; the real media server is met in e2e/drills/encoder.drill.ts. */
import {
  type ControlStreamDetail,
  createRoom,
  createStreamKey,
  getRoom,
  liveWall,
  mediaGrant,
  patchRoom,
  readRoomStream,
  readStreamKey,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { healthOf } from './health.policy.ts';

type Track = NonNullable<ControlStreamDetail['publisher']>['tracks'][number];
const video: Track = {
  kind: 'video',
  mimeType: 'video/H264',
  paused: false,
  bitrateBps: 2_400_000,
  packetsLost: 3,
  lossRatio: 0,
  roundTripMs: 24,
  jitterMs: 3,
  score: 10,
  layers: 1,
  keyFrameRequests: 1,
};
const audio: Track = { ...video, kind: 'audio', mimeType: 'audio/opus', bitrateBps: 96_000, roundTripMs: null };
const publishedBy = (personId: string | null, ...tracks: Track[]) => ({
  publisher: { kind: 'whip' as const, personId, connected: true, tracks },
});

test('staff of the scope read who publishes and how it arrives; viewers of all servers count', async () => {
  const [origin, edge] = await Promise.all([startMediaServer(), startMediaServer()]);
  await using api = await startTestApi(configFor(origin.port, edge.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const { streamId } = rooms.a;
  const params = { id: rooms.a.id };
  const { guide } = staff.a;
  expect(await api.ok(readRoomStream, { params, as: guide })).toMatchObject({
    ...{ source: 'camera', state: 'idle', publisher: null, picture: null, health: null },
    viewers: { realtime: 0, smooth: 0 },
  });

  origin.publish(streamId, 'live');
  edge.publish(streamId, 'live', 'edge');
  origin.tell(streamId, {
    ...publishedBy(guide.personId, video, audio),
    picture: { width: 1280, height: 720, framesPerSecond: 30 },
    viewers: { realtime: 3, smooth: 2 },
  });
  edge.tell(streamId, { viewers: { realtime: 4, smooth: 0 } });
  const told = await api.ok(readRoomStream, { params, as: guide });
  expect(told).toMatchObject({
    ...{ state: 'live', health: 'good', viewers: { realtime: 7, smooth: 2 } },
    picture: { width: 1280, height: 720, framesPerSecond: 30 },
    publisher: { kind: 'encoder', person: { id: guide.personId }, connected: true },
  });
  expect(told.publisher?.tracks).toEqual([
    expect.objectContaining({ kind: 'video', codec: 'H264', bitrateBps: 2_400_000, lossRatio: 0, roundTripMs: 24 }),
    expect.objectContaining({ kind: 'audio', codec: 'opus', roundTripMs: null }),
  ]);

  const answer = async (as: Principal) => (await api.call(readRoomStream, { params, as })).status;
  expect(await answer(staff.a.assistant)).toBe(200);
  expect(await answer(staff.a.manager)).toBe(200);
  expect(await answer(staff.admin)).toBe(200);
  expect(await answer(staff.b.manager)).toBe(404);
  expect(await answer(consumers.anna)).toBe(403);
});

test('a media server that hangs is said to be unavailable, soon; an edge that hangs costs only its viewers', async () => {
  const [origin, edge] = await Promise.all([startMediaServer(), startMediaServer()]);
  await using api = await startTestApi(configFor(origin.port, edge.port));
  const { rooms, staff } = await seedBrand(api);
  const { streamId } = rooms.a;
  origin.publish(streamId, 'live');
  edge.publish(streamId, 'live', 'edge');
  origin.tell(streamId, publishedBy(null, video));
  const ask = () => api.call(readRoomStream, { params: { id: rooms.a.id }, as: staff.a.guide });
  edge.hang();
  expect((await ask()).body).toMatchObject({ state: 'live', publisher: { person: null } });
  origin.hang();
  const askedAt = performance.now();
  expect((await ask()).problem.code).toBe('unavailable');
  expect(performance.now() - askedAt).toBeLessThan(6_000);
  // The wall is there all the same.
  const wall = await api.ok(liveWall, { as: staff.a.guide });
  expect(wall.items.find(({ room }) => room.id === rooms.a.id)).toMatchObject({ stream: null });
}, 30_000);

test('the wall tells how a live is watched, and puts one with a bad network before the good ones', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, stores, staff } = await seedBrand(api);
  const bad = await makeRoom(api, { orgUnit: stores.a, host: staff.a.guide });
  for (const room of [rooms.a, bad]) media.publish(room.streamId, 'live');
  media.tell(rooms.a.streamId, { ...publishedBy(null, video), viewers: { realtime: 2, smooth: 1 } });
  media.tell(bad.streamId, publishedBy(null, { ...video, lossRatio: 0.3, score: 6 }));
  await vi.waitFor(async () => {
    const { items } = await api.ok(liveWall, { as: staff.a.guide });
    expect(items.map(({ room, trouble, stream }) => [room.id, trouble.includes('bad_network'), stream])).toEqual([
      [bad.id, true, { viewers: { realtime: 0, smooth: 0 }, health: 'poor', lossRatio: 0.3 }],
      [rooms.a.id, false, { viewers: { realtime: 2, smooth: 1 }, health: 'good', lossRatio: 0 }],
    ]);
  });
});

test.each([
  ['nothing is lost', [video, audio], 'good'],
  ['a little is lost', [{ ...video, lossRatio: 0.03 }], 'fair'],
  ['much is lost, of the sound', [video, { ...audio, lossRatio: 0.1 }], 'poor'],
  ['it is repaired no more', [{ ...video, score: 3 }], 'poor'],
  ['the sound pauses', [video, { ...audio, score: 1 }], 'good'],
  ['what is muted is lost', [{ ...video, paused: true, score: 0, lossRatio: 1 }, audio], 'good'],
  ['nothing is known yet', [{ ...video, lossRatio: null, score: null }], null],
] as const)('health when %s', (_what, tracks, expected) => {
  expect(healthOf({ state: 'live', ...publishedBy(null, ...tracks) })).toBe(expected);
  expect(healthOf({ state: 'interrupted', ...publishedBy(null, ...tracks) })).toBeNull();
});

test('the source is the room’s: a key makes it the encoder, which studios leave alone; the camera ends the key', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff } = await seedBrand(api);
  const params = { id: rooms.a.id };
  const as = staff.a.guide;
  const source = async () => (await api.ok(getRoom, { params })).source;
  const publish = async () => (await api.call(mediaGrant, { params, body: { right: 'publish' }, as })).status;
  expect([await source(), await publish()]).toEqual(['camera', 200]);

  await api.call(createStreamKey, { params, body: {}, as });
  expect([await source(), await publish()]).toEqual(['encoder', 409]);
  // Chosen again, by a second tap or another studio: nothing ends.
  await api.ok(patchRoom, { params, body: { source: 'encoder' }, as });
  expect((await api.ok(readStreamKey, { params, as })).key).not.toBeNull();
  expect((await api.call(patchRoom, { params, body: { source: 'camera' }, as: staff.b.guide })).status).toBe(404);

  for (let again = 0; again < 2; again += 1)
    expect(await api.ok(patchRoom, { params, body: { source: 'camera' }, as })).toMatchObject({ source: 'camera' });
  expect((await api.ok(readStreamKey, { params, as })).key).toBeNull();
  expect(await publish()).toBe(200);
  await vi.waitFor(() => expect(media.orders.map(({ path }) => path)).toContain('/control/revocations'));

  const made = await api.call(createRoom, { body: { title: '工厂直播', source: 'encoder' }, as });
  expect(made.body).toMatchObject({ source: 'encoder', state: 'scheduled' });
});
