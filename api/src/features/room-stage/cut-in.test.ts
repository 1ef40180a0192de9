import {
  dropRelay,
  endCutIn,
  endRoom,
  joinRoom,
  liveWall,
  mediaGrant,
  openProgramme,
  setRelay,
  startCutIn,
} from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApi } from '../../compose.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { CUT_IN_WAIT_MS } from './follow-media.ts';

/** Room A relays the programme of headquarters. */
async function relayInA(api: TestApi, { rooms, staff }: Brand): Promise<void> {
  await api.ok(openProgramme, { params: { id: rooms.hq.id }, body: { openTo: ['hq'] }, as: staff.operations });
  await api.ok(setRelay, { params: { id: rooms.a.id }, body: { programmeId: rooms.hq.id }, as: staff.a.guide });
}
const ask = (api: TestApi, id: string, as: StaffPrincipal) => api.call(startCutIn, { params: { id }, body: {}, as });
const stageOf = async (api: TestApi, id: string, as: StaffPrincipal) =>
  (await api.ok(joinRoom, { params: { id }, body: {}, as })).snapshot.stage;

test('the pointer moves when the guide’s media flows, and back when they tap or their camera is given up', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  await relayInA(api, brand);
  const { id, streamId } = rooms.a;
  media.publish(rooms.hq.streamId, 'live');
  await vi.waitFor(() => expect(media.connections()).toBe(1));
  await using anna = await enterRoom(api, id, consumers.anna);
  const shows = () => anna.events('stage:changed').at(-1)?.stage.shows;
  const watch = (wanted: string) =>
    api.call(mediaGrant, { params: { id }, body: { right: 'watch', streamId: wanted }, as: consumers.anna });

  // A second tap is the same wish; nothing moves before media does.
  const [first, again] = [await ask(api, id, staff.a.guide), await ask(api, id, staff.a.guide)];
  expect(first.body.stage).toMatchObject({
    shows: 'relay',
    cutIn: { state: 'waiting', by: { name: staff.a.guide.name } },
  });
  expect(again.body.stage.version).toBe(first.body.stage.version);
  expect(decodeJwt(first.body.publish.token)).toMatchObject({ streamId, right: 'publish' });
  expect((await watch(streamId)).problem).toMatchObject({
    code: 'state_conflict',
    facts: { streamId: rooms.hq.streamId },
  });
  media.publish(streamId, 'live');
  await anna.waitFor('the cut-in', () => shows() === 'cut_in');
  expect((await watch(streamId)).body.streamId).toBe(streamId);
  expect((await watch(rooms.hq.streamId)).problem.code).toBe('state_conflict');
  const wall = await api.ok(liveWall, { as: staff.a.guide });
  expect(wall.items.find(({ room }) => room.id === id)).toMatchObject({ streamState: 'live' });

  // A stumble is no end; a publisher who was given up is.
  media.publish(streamId, 'interrupted');
  await anna.waitFor('the stumble', () => anna.events('stream:changed').at(-1)?.state === 'interrupted');
  expect(shows()).toBe('cut_in');
  media.publish(streamId, 'idle');
  await anna.waitFor('the programme by itself', () => shows() === 'relay');
  await anna.waitFor('its state', () => anna.events('stream:changed').at(-1)?.state === 'live');

  // Again, and back by a tap, twice.
  await ask(api, id, staff.a.guide);
  media.publish(streamId, 'live');
  await anna.waitFor('the second cut-in', () => shows() === 'cut_in');
  const back = () => api.ok(endCutIn, { params: { id }, as: staff.a.secondGuide });
  const versions = (await Promise.all([back(), back()])).map(({ stage }) => stage.version);
  expect(versions[0]).toBe(versions[1]);
  await anna.waitFor('the programme', () => shows() === 'relay');
  const seen = anna.events('stage:changed').map(({ stage }) => stage.version);
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
});

test('one guide at a time: of two at once one wins, the other learns who', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff } = brand;
  await relayInA(api, brand);
  const { id } = rooms.a;
  const rivals = [staff.a.guide, staff.a.secondGuide];
  const answers = await Promise.all(rivals.map((as) => ask(api, id, as)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  const winner = rivals[answers.findIndex(({ status }) => status === 200)];
  expect(answers.find(({ status }) => status === 409)?.problem).toMatchObject({
    code: 'state_conflict',
    facts: { by: winner?.name },
  });
  // A room of its own has nothing to cut into; another store, an assistant and a customer are kept out.
  expect((await ask(api, rooms.b.id, staff.b.guide)).problem).toMatchObject({
    code: 'state_conflict',
    facts: { isRelay: false },
  });
  expect((await ask(api, rooms.scheduledA.id, staff.a.guide)).problem.code).toBe('room_not_live');
  expect((await ask(api, id, staff.b.guide)).problem.code).toBe('not_found');
  expect((await ask(api, id, staff.a.assistant)).problem.code).toBe('forbidden');
  // Going on alone ends the wish as well.
  await api.ok(dropRelay, { params: { id }, as: staff.a.manager });
  expect(await stageOf(api, id, staff.a.guide)).toMatchObject({ shows: 'own', cutIn: null });
});

test('a cut-in whose camera never comes is forgotten', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  await relayInA(api, brand);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await ask(api, rooms.a.id, staff.a.guide);
  await anna.waitFor('the wish', () => anna.events('stage:changed').at(-1)?.stage.cutIn?.state === 'waiting');
  api.clock.advanceSeconds(CUT_IN_WAIT_MS / 1_000 + 1);
  await anna.waitFor('its end', () => anna.events('stage:changed').at(-1)?.stage.cutIn === null, 15_000);
  expect(anna.events('stage:changed').every(({ stage }) => stage.shows === 'relay')).toBe(true);
}, 30_000);

test('a restart of api in the middle keeps the cut-in, sees media that came meanwhile, and the end of the room', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const brand = await seedBrand(api);
  const { rooms, staff } = brand;
  await relayInA(api, brand);
  const { id, streamId } = rooms.a;
  await ask(api, id, staff.a.guide);
  await api.api.close();
  media.publish(streamId, 'live');
  const second = await createApi({ ...api.api.platform.config, PORT: 0 });
  onTestFinished(() => second.close());
  const pointer = async () =>
    (
      await second.platform.db.sql<{ cutIn: string; version: number }>`
        SELECT cut_in AS "cutIn", stage_version AS version FROM rooms WHERE id = ${id}`
    )[0];
  await vi.waitFor(async () => expect(await pointer()).toMatchObject({ cutIn: 'on' }), 5_000);
  await vi.waitFor(async () => {
    const [last] = await second.roomLog.latest(id, ['stage:changed'], 1);
    expect(last?.event).toMatchObject({ stage: { shows: 'cut_in', streamId } });
  });
  // The media server starts anew and knows nobody yet: the guide gets the time to come back.
  await media.stop();
  const other = await startMediaServer(media.port);
  await vi.waitFor(() => expect(other.connections()).toBe(1), 10_000);
  other.publish(rooms.hq.streamId, 'live');
  await vi.waitFor(async () => {
    const [last] = await second.roomLog.latest(id, ['stream:changed'], 1);
    expect(last?.event).toMatchObject({ state: 'idle' });
  }, 10_000);
  expect(await pointer()).toMatchObject({ cutIn: 'on' });
}, 40_000);

test('the end of the room is the end of its cut-in; a banned viewer is put out of the programme as well', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  await relayInA(api, brand);
  await vi.waitFor(() => expect(media.connections()).toBe(1));
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await guide.ask('viewer:ban', { personId: consumers.bella.personId });
  await vi.waitFor(() =>
    expect(media.orders.map(({ body }) => body)).toContainEqual({
      personId: consumers.bella.personId,
      streamId: rooms.hq.streamId,
    }),
  );
  await ask(api, rooms.a.id, staff.a.guide);
  await api.ok(endRoom, { params: { id: rooms.a.id }, body: {}, as: staff.a.guide });
  expect((await ask(api, rooms.a.id, staff.a.guide)).problem.code).toBe('room_not_live');
  const join = await api.ok(joinRoom, { params: { id: rooms.a.id }, body: {}, as: consumers.anna });
  expect(join.snapshot.stage).toMatchObject({ cutIn: null });
  expect(media.orders.some(({ path }) => path === `/control/streams/${rooms.hq.streamId}/close`)).toBe(false);
});
