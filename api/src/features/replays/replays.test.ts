import {
  createClip,
  createRoom,
  deleteClip,
  deleteReplay,
  endRoom,
  getReplay,
  listProductClips,
  makeReplayFile,
  patchClip,
  pinProduct,
  placeOrder,
  playClip,
  replayChat,
  setReplayVisible,
  startRoom,
} from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { RECORDING_RETENTION_JOB, RECORDINGS_JOB } from './index.ts';

type Media = Awaited<ReturnType<typeof startMediaServer>>;

/** A live of store A with two pins and some chat, ended and recorded. */
async function replayed(api: TestApi, media: Media, brand: Brand) {
  const { staff, products, consumers } = brand;
  const { id } = await api.ok(createRoom, {
    as: staff.a.guide,
    body: { title: '湖滨店/现磨', productIds: [products.milk.id, products.kernels.id] },
  });
  const params = { id };
  await api.ok(startRoom, { params, body: {}, as: staff.a.guide });
  const startedMs = api.clock.now().getTime();
  await vi.waitFor(() => expect(media.recordings.orders.get(id)).toMatchObject({ state: 'recording', version: 1 }));
  await using anna = await enterRoom(api, id, consumers.anna);
  await using bella = await enterRoom(api, id, consumers.bella);
  await using guide = await enterRoom(api, id, staff.a.guide);
  await anna.ask('chat:send', { text: '开始了' });
  api.clock.advanceSeconds(10);
  await api.ok(pinProduct, { params, body: { productId: products.milk.id }, as: staff.a.guide });
  const deleted = await bella.ask('chat:send', { text: '加我微信' });
  const messageId = deleted.ok ? (deleted.data.message as { messageId: string }).messageId : '';
  await anna.ask('chat:send', { text: '无糖吗', replyTo: messageId });
  await guide.ask('chat:delete', { messageId });
  api.clock.advanceSeconds(10);
  await api.ok(pinProduct, { params, body: { productId: products.kernels.id }, as: staff.a.guide });
  api.clock.advanceSeconds(10);
  await api.ok(endRoom, { params, body: {}, as: staff.a.guide });
  await vi.waitFor(() => expect(media.recordings.orders.get(id)).toMatchObject({ state: 'ended' }));
  media.recordings.finish(id, {
    ...{ state: 'ready', durationMs: 30_000, bytes: 1_000_000 },
    pieces: [{ atMs: startedMs, offsetMs: 0, durationMs: 30_000 }],
  });
  await api.api.platform.jobs.runNow(RECORDINGS_JOB);
  return { id, params };
}

async function start() {
  const media = await startMediaServer();
  const api = await startTestApi(configFor(media.port));
  return { media, api, brand: await seedBrand(api) };
}

test('a live becomes a replay: spans as shown, products at their time, chat without what was deleted, clips of its pins', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { consumers, products } = brand;
  const { id, params } = await replayed(api, media, brand);
  const order = media.recordings.orders.get(id);
  expect(order?.spans).toHaveLength(1);
  expect((order?.spans[0]?.toMs ?? 0) - (order?.spans[0]?.fromMs ?? 0)).toBeGreaterThanOrEqual(30_000);

  const replay = await api.ok(getReplay, { params, as: consumers.chris });
  expect(replay).toMatchObject({ state: 'ready', durationSeconds: 30, mayManage: false, keepUntil: null });
  const pins = replay.markers.filter(({ kind }) => kind === 'pin');
  expect(pins.map(({ productId }) => productId)).toEqual([products.milk.id, products.kernels.id]);
  for (const [at, begins] of [10, 20].entries()) expect(Math.abs((pins[at]?.atSeconds ?? 0) - begins)).toBeLessThan(5);
  expect(replay.clips.map(({ productId, origin }) => [productId, origin])).toEqual([
    [products.milk.id, 'pin'],
    [products.kernels.id, 'pin'],
  ]);
  expect(replay.media?.hlsUrl).toBe(`/replay/${id}/master.m3u8`);
  expect(decodeJwt(replay.media?.token ?? '')).toMatchObject({
    aud: 'replay',
    roomId: id,
    right: 'watch',
    range: null,
  });

  const first = await api.ok(replayChat, { params, query: { limit: 1 }, as: brand.guest });
  expect(first.items.map(({ message }) => message.text)).toEqual(['开始了']);
  const rest = await api.ok(replayChat, { params, query: { cursor: first.nextCursor ?? '' }, as: brand.guest });
  expect(rest).toMatchObject({
    items: [{ message: { text: '无糖吗', replyTo: { name: '贝贝', text: '' } } }],
    nextCursor: null,
  });
  expect(rest.items[0]?.atSeconds).toBeGreaterThanOrEqual(10);
  const later = await api.ok(replayChat, { params, query: { fromSeconds: '5' }, as: consumers.anna });
  expect(later.items.map(({ message }) => message.text)).toEqual(['无糖吗']);

  const [clip] = replay.clips;
  const played = await api.ok(playClip, { params: { id: clip?.id ?? '' }, body: {}, as: brand.guest });
  const { range } = decodeJwt<{ range: { fromMs: number; toMs: number } }>(played.media.token);
  expect(range.toMs - range.fromMs).toBe(Math.round(((clip?.toSeconds ?? 0) - (clip?.fromSeconds ?? 0)) * 1_000));
  const ofProduct = await api.ok(listProductClips, { params: { id: products.milk.id }, as: brand.guest });
  expect(ofProduct.items.map((one) => one.id)).toEqual([clip?.id]);
}, 60_000);

test('a restart of the media server, or of the api, loses no order; a room nobody recorded has no replay', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { staff } = brand;
  const room = await api.ok(createRoom, { as: staff.a.guide, body: { title: '直播' } });
  await media.stop();
  await api.ok(startRoom, { params: { id: room.id }, body: {}, as: staff.a.guide });
  const second = await startMediaServer(media.port);
  await vi.waitFor(() => expect(second.recordings.orders.get(room.id)).toMatchObject({ state: 'recording' }), 15_000);
  second.recordings.orders.clear();
  await second.stop();
  const third = await startMediaServer(media.port);
  await vi.waitFor(() => expect(third.recordings.orders.get(room.id)).toMatchObject({ version: 1 }), 15_000);
  const replayOf = async (id: string) => (await api.ok(getReplay, { params: { id }, as: brand.guest })).state;
  expect(await replayOf(room.id)).toBe('recording');
  await api.ok(endRoom, { params: { id: room.id }, body: {}, as: staff.a.guide });
  await vi.waitFor(async () => expect(await replayOf(room.id)).toBe('processing'));
  third.recordings.finish(room.id, { state: 'empty', durationMs: 0, bytes: 0, pieces: [] });
  await api.api.platform.jobs.runNow(RECORDINGS_JOB);
  expect(await replayOf(room.id)).toBe('none');
  expect(await replayOf(brand.rooms.b.id)).toBe('none');
}, 60_000);

test('an order that the media server cannot take does not hold up those behind it', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { staff } = brand;
  const [bad, good] = await Promise.all([
    api.ok(createRoom, { as: staff.a.guide, body: { title: '一' } }),
    api.ok(createRoom, { as: staff.b.guide, body: { title: '二' } }),
  ]);
  media.recordings.refuses = bad.id;
  await api.ok(startRoom, { params: { id: bad.id }, body: {}, as: staff.a.guide });
  api.clock.advanceSeconds(1);
  await api.ok(startRoom, { params: { id: good.id }, body: {}, as: staff.b.guide });
  await vi.waitFor(() => expect(media.recordings.orders.has(good.id)).toBe(true), 15_000);
  expect(media.recordings.orders.has(bad.id)).toBe(false);
  media.recordings.refuses = null;
  await vi.waitFor(() => expect(media.recordings.orders.has(bad.id)).toBe(true), 15_000);
}, 60_000);

test('of several media servers the one that the stream is published to records it, and is asked from then on', async () => {
  const [far, near] = [await startMediaServer(), await startMediaServer()];
  await using api = await startTestApi(configFor(far.port, near.port));
  const { staff } = await seedBrand(api);
  const room = await api.ok(createRoom, { as: staff.a.guide, body: { title: '直播' } });
  const params = { id: room.id };
  await vi.waitFor(() => expect([far.connections(), near.connections()]).toEqual([1, 1]));
  await api.ok(startRoom, { params, body: {}, as: staff.a.guide });
  far.publish(room.streamId, 'live', 'edge');
  await api.api.platform.jobs.runNow(RECORDINGS_JOB);
  expect(near.recordings.orders.size).toBe(0);
  near.publish(room.streamId, 'live');
  await vi.waitFor(() => expect(near.recordings.orders.get(room.id)).toMatchObject({ state: 'recording' }), 15_000);
  // The guide may move there, or cut in there.
  expect(far.recordings.helped.get(room.id)).toMatchObject({ state: 'recording' });
  // The publisher is gone before the end: its home is still known.
  near.publish(room.streamId, 'idle');
  await api.ok(endRoom, { params, body: {}, as: staff.a.guide });
  await vi.waitFor(() => expect(near.recordings.orders.get(room.id)).toMatchObject({ state: 'ended' }), 15_000);
  const pieces = [{ atMs: api.clock.now().getTime(), offsetMs: 0, durationMs: 9_000 }];
  near.recordings.finish(room.id, { state: 'ready', durationMs: 9_000, bytes: 1, pieces });
  await api.api.platform.jobs.runNow(RECORDINGS_JOB);
  expect((await api.ok(getReplay, { params, as: staff.a.guide })).state).toBe('ready');
  await api.ok(makeReplayFile, { params, body: { clipId: null }, as: staff.a.guide });
  expect(near.recordings.files).toHaveLength(1);
  expect(far.recordings.orders.size).toBe(0);
  expect(far.recordings.helped.get(room.id)).toMatchObject({ state: 'ended' });
}, 60_000);

test('who may cut, download, hide and delete: staff of the org path by their right, another store finds nothing', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { staff, consumers, products } = brand;
  const { id, params } = await replayed(api, media, brand);
  const [clip] = (await api.ok(getReplay, { params, as: staff.a.guide })).clips;
  const clipParams = { id: clip?.id ?? '' };
  media.recordings.file = { state: 'ready', bytes: 5 };
  const cut = { fromSeconds: 1, toSeconds: 9 };
  const attempts: Record<string, (as: Principal) => Promise<number>> = {
    cut: async (as) =>
      (await api.call(createClip, { params, body: { productId: products.milk.id, ...cut }, as })).status,
    move: async (as) =>
      (await api.call(patchClip, { params: clipParams, body: { fromSeconds: 2, toSeconds: 8 }, as })).status,
    download: async (as) => (await api.call(makeReplayFile, { params, body: { clipId: null }, as })).status,
    hide: async (as) => (await api.call(setReplayVisible, { params, body: { visible: true }, as })).status,
    // Its time to be kept is not over: 409 is the answer to who may.
    delete: async (as) => (await api.call(deleteReplay, { params, body: { reason: '到期' }, as })).status,
    drop: async (as) => (await api.call(deleteClip, { params: clipParams, as })).status,
  };
  const table: [string, Principal, number[]][] = [
    ['guide of another store', staff.b.guide, [404, 404, 404, 404, 404, 404]],
    ['manager of another store', staff.c.manager, [404, 404, 404, 404, 404, 404]],
    ['consumer', consumers.anna, [403, 403, 403, 403, 403, 403]],
    ['analyst of headquarters', staff.analyst, [403, 403, 403, 403, 403, 403]],
    ['assistant of the store', staff.a.assistant, [200, 200, 200, 403, 403, 204]],
    ['guide of the store', staff.a.guide, [200, 404, 200, 200, 409, 204]],
    ['operations of headquarters', staff.operations, [200, 404, 200, 200, 409, 204]],
  ];
  for (const [who, as, expected] of table) {
    const got: number[] = [];
    for (const attempt of Object.values(attempts)) got.push(await attempt(as));
    expect([who, got]).toEqual([who, expected]);
  }
  // The same cut again was the same clip.
  const clips = (await api.ok(getReplay, { params, as: staff.a.guide })).clips;
  expect(clips.filter(({ origin }) => origin === 'guide')).toHaveLength(1);
  const file = await api.ok(makeReplayFile, { params, body: { clipId: clips[0]?.id ?? null }, as: staff.a.guide });
  expect(file.url).toContain(`/replay/${id}/video.mp4?token=`);
  const claims = decodeJwt(file.url?.split('token=')[1] ?? '');
  expect(claims).toMatchObject({ right: 'download', fileName: `${clips[0]?.productTitle}.mp4` });
  const bad = { productId: products.milk.id, fromSeconds: 5, toSeconds: 6 };
  expect((await api.call(createClip, { params, body: bad, as: staff.a.guide })).problem.code).toBe('invalid_request');
}, 60_000);

test('taken back, nobody outside sees it, its clips or its chat; a person who is banned never does', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { staff, consumers, products } = brand;
  const { id, params } = await replayed(api, media, brand);
  const [clip] = (await api.ok(getReplay, { params, as: staff.a.guide })).clips;
  const buy = () =>
    api.call(placeOrder, {
      body: { roomId: id, lines: [shelfLine(products.milk)], address: TEST_ADDRESS },
      as: consumers.anna,
    });
  // The replay sells at the normal price.
  expect((await buy()).status).toBe(201);
  for (let time = 0; time < 2; time++) {
    expect(await api.ok(setReplayVisible, { params, body: { visible: false }, as: staff.a.guide })).toEqual({
      state: 'hidden',
    });
  }
  expect(await api.ok(getReplay, { params, as: consumers.anna })).toMatchObject({
    state: 'hidden',
    media: null,
    clips: [],
  });
  const mine = (await api.ok(getReplay, { params, as: staff.a.guide })).media;
  expect(decodeJwt(mine?.token ?? '')).toMatchObject({ evenHidden: true });
  // Who has a playlist already is stopped by the media server.
  await vi.waitFor(() => expect(media.recordings.hidden.get(id)).toBe(true), 15_000);
  expect((await api.call(replayChat, { params, query: {}, as: consumers.anna })).problem.code).toBe('not_found');
  const play = () => api.call(playClip, { params: { id: clip?.id ?? '' }, body: {}, as: consumers.anna });
  expect((await play()).problem.code).toBe('not_found');
  expect((await api.ok(listProductClips, { params: { id: products.milk.id }, as: brand.guest })).items).toEqual([]);
  expect((await buy()).problem.code).toBe('room_not_live');
  await api.ok(setReplayVisible, { params, body: { visible: true }, as: staff.a.guide });
  expect((await play()).status).toBe(200);
  await vi.waitFor(() => expect(media.recordings.hidden.get(id)).toBe(false), 15_000);
  await api.api.platform.db.sql`INSERT INTO room_moderation (id, room_id, person_id, kind, reason, by_id, at)
    VALUES (gen_random_uuid(), ${id}, ${consumers.anna.personId}, 'ban', '', ${staff.a.guide.personId}, ${api.clock.now()})`;
  expect((await api.call(getReplay, { params, as: consumers.anna })).problem.code).toBe('banned');
  // What the banned person said is not read to others either.
  expect((await api.ok(replayChat, { params, query: {}, as: consumers.bella })).items).toEqual([]);
}, 60_000);

test('Z1: kept for three years, then deleted by policy with an audit row, once', async () => {
  const { media, api, brand } = await start();
  await using _api = api;
  const { id, params } = await replayed(api, media, brand);
  const audits = () =>
    api.api.platform.db.sql<{ actor: string | null }>`
      SELECT actor_id AS actor FROM audit_log WHERE action = 'recording:deleted' AND target = ${`room:${id}`}`;
  const state = async () => (await api.ok(getReplay, { params, as: brand.guest })).state;
  const tidy = () => api.api.platform.jobs.runNow(RECORDING_RETENTION_JOB);
  api.clock.advanceSeconds(1_095 * 86_400);
  await tidy();
  const early = await api.call(deleteReplay, { params, body: { reason: '到期' }, as: brand.staff.a.manager });
  expect(early.problem).toMatchObject({ code: 'state_conflict', facts: { state: 'ready' } });
  expect(await state()).toBe('ready');
  api.clock.advanceSeconds(2 * 86_400);
  await tidy();
  await tidy();
  expect(await state()).toBe('gone');
  expect(media.recordings.orders.has(id)).toBe(false);
  expect(await audits()).toEqual([{ actor: null }]);
  expect(await api.ok(deleteReplay, { params, body: { reason: '到期' }, as: brand.staff.a.manager })).toEqual({
    state: 'gone',
  });
  expect(await audits()).toHaveLength(1);
}, 60_000);
