import {
  answerInvitation,
  endCohost,
  endRoom,
  inviteCohost,
  listCohostCandidates,
  listInvitations,
  listSeats,
  mediaGrant,
  muteCohost,
  openProgramme,
  setRelay,
} from '@walnut-live/contracts';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import type { StaffPrincipal } from '../../platform/principal.ts';
import { makeStaff, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

const invite = (api: TestApi, id: string, who: StaffPrincipal, as: StaffPrincipal) =>
  api.call(inviteCohost, { params: { id }, body: { personId: who.personId }, as });
const answer = (api: TestApi, seatId: string, accept: boolean, as: StaffPrincipal) =>
  api.call(answerInvitation, { params: { id: seatId }, body: { accept }, as });

test('a guide is invited, accepts, is on the stage while media flows, is muted, leaves', async () => {
  let media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  const { id } = rooms.a;
  await vi.waitFor(() => expect(media.connections()).toBe(1));
  await using anna = await enterRoom(api, id, consumers.anna);
  const cohosts = () => anna.events('stage:changed').at(-1)?.stage.cohosts ?? [];

  const [first, again] = await Promise.all([1, 2].map(() => invite(api, id, staff.b.guide, staff.a.guide)));
  const seat = first?.body.seat;
  expect(seat).toMatchObject({ state: 'invited', unitName: '上海静安店' });
  expect(again?.body.seat.id).toBe(seat?.id);
  const seatId = seat?.id ?? '';
  expect((await api.ok(listInvitations, { as: staff.b.guide })).items).toMatchObject([
    { seatId, room: { id, title: rooms.a.title }, invitedBy: { name: staff.a.guide.name } },
  ]);
  expect((await api.ok(listInvitations, { as: staff.b.secondGuide })).items).toEqual([]);
  expect((await answer(api, seatId, true, staff.b.secondGuide)).problem.code).toBe('not_found');

  const { body: accepted } = await answer(api, seatId, true, staff.b.guide);
  const streamId = accepted.publish?.streamId ?? '';
  expect(decodeJwt(accepted.publish?.token ?? '')).toMatchObject({
    sub: staff.b.guide.personId,
    streamId,
    right: 'publish',
  });
  expect(decodeJwt(accepted.publish?.token ?? '')).not.toHaveProperty('takeOver');
  const grant = (right: 'watch' | 'publish', as: Parameters<typeof api.token>[0]) =>
    api.call(mediaGrant, { params: { id }, body: { right, streamId }, as });
  expect((await grant('watch', consumers.anna)).problem.code).toBe('state_conflict'); // no picture yet
  expect((await grant('publish', staff.b.guide)).status).toBe(200);
  // The seat is theirs alone, and it is no way to the host's own stream.
  for (const as of [staff.b.secondGuide, staff.a.guide, consumers.anna]) {
    expect((await grant('publish', as)).problem.code).toBe('forbidden');
  }
  const own = await api.call(mediaGrant, { params: { id }, body: { right: 'publish' }, as: staff.b.guide });
  expect(own.problem.code).toBe('forbidden');

  media.publish(streamId, 'live');
  await anna.waitFor('the co-host', () => cohosts().length === 1);
  expect(cohosts()).toEqual([{ seatId, name: staff.b.guide.name, unitName: '上海静安店', streamId, muted: false }]);
  expect((await grant('watch', consumers.anna)).body.streamId).toBe(streamId);
  // The media servers show both as one to HLS viewers, and each alone again when there is one.
  const { streamId: hostStreamId } = anna.events('stage:changed').at(-1)?.stage ?? {};
  const composite = () => media.orders.findLast(({ path }) => path === `/control/composites/room-${id}`)?.body;
  const together = (muted: boolean) => ({
    inputs: [
      { streamId: hostStreamId, muted: false },
      { streamId, muted },
    ],
    orientation: 'portrait',
  });
  await vi.waitFor(() => expect(composite()).toEqual(together(false)));
  media.publish(streamId, 'idle');
  await vi.waitFor(() => expect(composite()).toEqual({}));
  await anna.waitFor('an empty stage', () => cohosts().length === 0);
  media.publish(streamId, 'live');
  await anna.waitFor('the co-host again', () => cohosts().length === 1);

  const mute = (muted: boolean, as = staff.a.guide) =>
    api.call(muteCohost, { params: { id: seatId }, body: { muted }, as });
  expect((await mute(true, staff.b.guide)).problem.code).toBe('not_found'); // of another store: nobody's host here
  expect((await mute(true)).body.seat).toMatchObject({ muted: true, state: 'on' });
  await anna.waitFor('silence', () => cohosts()[0]?.muted === true);
  await vi.waitFor(() => expect(composite()).toEqual(together(true)));
  // A media server that has started anew is told again.
  await media.stop();
  media = await startMediaServer(media.port);
  media.publish(streamId, 'live');
  await vi.waitFor(() => expect(composite()).toEqual(together(true)), { timeout: 20_000 });

  const leave = (as: StaffPrincipal) => api.call(endCohost, { params: { id: seatId }, as });
  expect((await leave(staff.c.guide)).problem.code).toBe('not_found');
  expect((await leave(staff.b.guide)).status).toBe(204);
  await anna.waitFor('the farewell', () => cohosts().length === 0);
  await vi.waitFor(() => expect(composite()).toEqual({}));
  await vi.waitFor(() => expect(media.orders.map(({ path }) => path)).toContain(`/control/streams/${streamId}/close`));
  expect((await leave(staff.b.guide)).status).toBe(204);
  expect((await grant('publish', staff.b.guide)).problem.code).toBe('forbidden');
  expect((await answer(api, seatId, true, staff.b.guide)).problem.code).toBe('gone');
});

test('who may be invited by whom, and four guides are the most, also when six are asked at once', async () => {
  await using api = await startTestApi();
  const { rooms, staff, stores } = await seedBrand(api);
  const { id } = rooms.a;
  const refusals = [
    ['a guide of another channel', staff.c.guide, staff.a.guide, 'not_found'],
    ['an assistant', staff.a.assistant, staff.a.guide, 'not_found'],
    ['the host', staff.a.guide, staff.a.manager, 'self_action'],
    ['by an assistant', staff.a.secondGuide, staff.a.assistant, 'forbidden'],
    ['by another store', staff.b.guide, staff.b.manager, 'not_found'],
  ] as const;
  for (const [what, who, as, code] of refusals) expect((await invite(api, id, who, as)).problem.code, what).toBe(code);
  expect((await invite(api, rooms.scheduledA.id, staff.a.secondGuide, staff.a.guide)).problem.code).toBe(
    'room_not_live',
  );
  expect((await invite(api, rooms.hq.id, staff.d.guide, staff.admin)).status).toBe(200);

  const found = await api.ok(listCohostCandidates, { params: { id }, as: staff.a.guide });
  const names = found.items.map(({ person }) => person.name);
  expect(names).toEqual(expect.arrayContaining([staff.a.secondGuide.name, staff.b.guide.name, staff.operations.name]));
  for (const not of [staff.a.guide, staff.c.guide, staff.a.assistant]) expect(names).not.toContain(not.name);
  const searched = await api.ok(listCohostCandidates, {
    params: { id },
    query: { search: '静安店导购二' },
    as: staff.a.guide,
  });
  expect(searched.items.map(({ person }) => person.id)).toEqual([staff.b.secondGuide.personId]);

  const more = await Promise.all([0, 1, 2].map((no) => makeStaff(api, 'guide', stores.b, `帮手 ${no}`)));
  const six = [staff.a.secondGuide, staff.b.guide, staff.b.secondGuide, ...more];
  const asked = await Promise.all(six.map((who) => invite(api, id, who, staff.a.guide)));
  expect(asked.map(({ status }) => status).sort()).toEqual([200, 200, 200, 409, 409, 409]);
  expect(asked.filter(({ status }) => status === 409).map(({ problem }) => problem.code)).toEqual(
    Array(3).fill('limit_exceeded'),
  );
  // One who declines makes room for the next.
  const { items } = await api.ok(listSeats, { params: { id }, as: staff.a.assistant });
  const free = items[0];
  const decliner = six.find(({ personId }) => personId === free?.person.id);
  if (!free || !decliner) throw new Error('nobody was invited');
  expect((await answer(api, free.id, false, decliner)).body).toEqual({ invitation: null, publish: null });
  const next = six.find((who) => !items.some(({ person }) => person.id === who.personId));
  if (next) expect((await invite(api, id, next, staff.a.guide)).status).toBe(200);
  // The end of the room empties every seat.
  await api.ok(endRoom, { params: { id }, body: {}, as: staff.a.guide });
  if (next) expect((await api.ok(listInvitations, { as: next })).items).toEqual([]);
});

test('a programme’s co-hosts stand on the stages of its relays, until one cuts in', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers } = await seedBrand(api);
  await api.ok(openProgramme, { params: { id: rooms.hq.id }, body: { openTo: ['hq'] }, as: staff.operations });
  await api.ok(setRelay, { params: { id: rooms.a.id }, body: { programmeId: rooms.hq.id }, as: staff.a.guide });
  await vi.waitFor(() => expect(media.connections()).toBe(1));
  expect((await invite(api, rooms.a.id, staff.a.secondGuide, staff.a.guide)).problem).toMatchObject({
    code: 'state_conflict',
    facts: { isRelay: true },
  });
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  // And the other way round: a stage with co-hosts becomes no relay, the second of two at once is refused.
  const relayB = () =>
    api.call(setRelay, { params: { id: rooms.b.id }, body: { programmeId: rooms.hq.id }, as: staff.b.guide });
  const both = await Promise.all([invite(api, rooms.b.id, staff.b.secondGuide, staff.b.guide), relayB()]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  const { body } = await invite(api, rooms.hq.id, staff.c.guide, staff.operations);
  const { body: accepted } = await answer(api, body.seat.id, true, staff.c.guide);
  const streamId = accepted.publish?.streamId ?? '';
  media.publish(streamId, 'live');
  await anna.waitFor('the programme’s guest', () => anna.events('stage:changed').at(-1)?.stage.cohosts.length === 1);
  const params = { id: rooms.a.id };
  const grant = await api.ok(mediaGrant, { params, body: { right: 'watch', streamId }, as: consumers.anna });
  expect(grant.streamId).toBe(streamId);
});
