/** Sockets at the door of a room, what happens when the audience changes, invitations, marks. */
import {
  createRoom,
  endMark,
  invite,
  joinRoom,
  kocCandidates,
  listMarks,
  listRoomInvitations,
  markCustomer,
  redeemInvitation,
  revokeInvitation,
  setAudience,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { configFor, startMediaServer } from '../../testing/media-stand-in.ts';
import { connectRoom, enterRoom } from '../../testing/room-client.ts';
import { place, shelfLine } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { CROWDED_TEST_MS, LONG, PATIENCE_MS, startTwoNodes } from '../../testing/two-nodes.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

/** A paid order, as the books say it; how it came about is the orders' own matter. */
async function bought(
  api: TestApi,
  buyer: Principal,
  room: Parameters<typeof place>[2],
  product: Parameters<typeof shelfLine>[0],
) {
  const order = await place(api, buyer, room, [shelfLine(product)]);
  await api.api.platform.db
    .sql`UPDATE orders SET state = 'paid', paid_at = ${api.clock.now()}, paid_fen = total_fen WHERE id = ${order.id}`;
}

test('the audience changes while people are inside: who may not stay is told and let out on every node; no way leads back', async () => {
  const { a, urlA, urlB, enter, brand } = await startTwoNodes();
  const { rooms, consumers, staff, products } = brand;
  const roomId = rooms.a.id;
  await bought(a, consumers.bella, rooms.a, products.milk);
  const guide = await enter(urlB, roomId, staff.a.guide);
  const dealer = await enter(urlA, roomId, staff.channelEast);
  const tabs = [await enter(urlA, roomId, consumers.anna), await enter(urlB, roomId, consumers.anna)];
  const bella = await enter(urlB, roomId, consumers.bella);
  const passerBy = await enter(urlB, roomId, brand.guest);
  const colleague = await enter(urlA, roomId, staff.b.guide);
  const unused = await a.ok(joinRoom, { params: { id: roomId }, body: {}, as: consumers.anna });

  await a.ok(setAudience, { params: { id: roomId }, body: { audience: 'members' }, as: staff.a.guide });
  for (const out of [...tabs, passerBy, colleague]) {
    await out.waitFor('goodbye', () => out.closed[0] === 'not_in_audience' && !out.socket.connected, PATIENCE_MS);
  }
  for (const url of [urlA, urlB]) {
    await expect(connectRoom(url, tabs[0]?.auth ?? bella.auth)).rejects.toThrow('not_in_audience'); // as good as it was
    await expect(connectRoom(url, { token: unused.roomToken, roomId })).rejects.toThrow('not_in_audience');
    await expect(connectRoom(url, { token: unused.roomToken, roomId }, { transports: ['polling'] })).rejects.toThrow(
      'not_in_audience',
    );
  }
  for (const inside of [guide, dealer, bella]) expect(inside.socket.connected).toBe(true);
  expect(await bella.ask('chat:send', { text: '还在' })).toMatchObject({ ok: true });

  // A mark lets in at once, on the other node too; taken away, it lets out.
  const mark = await a.ok(markCustomer, {
    ...{ as: staff.admin, body: { personId: consumers.anna.personId, kind: 'member', reason: '老顾客' } },
  });
  const back = await enter(urlB, roomId, consumers.anna);
  await a.ok(endMark, { params: { id: mark.id }, body: { reason: '弄错了' }, as: staff.admin });
  await back.waitFor('goodbye', () => back.closed[0] === 'not_in_audience', PATIENCE_MS);

  // A relay of a programme with a door of its own is shut by that door.
  const { sql } = a.api.platform.db;
  const open = await enter(urlA, rooms.b.id, consumers.anna);
  await sql`UPDATE rooms SET relay_of = ${rooms.hq.id} WHERE id = ${rooms.b.id}`;
  await a.ok(setAudience, { params: { id: rooms.hq.id }, body: { audience: 'koc' }, as: staff.operations });
  await open.waitFor('goodbye', () => open.closed[0] === 'not_in_audience', PATIENCE_MS);
  const crewOfB = await enter(urlB, rooms.b.id, staff.b.assistant);
  expect(crewOfB.socket.connected).toBe(true);
});

test('the picture of those who may not stay ends too, also for a media server that starts anew; that of the others goes on', async () => {
  const media = await startMediaServer();
  await using api = await startTestApi(configFor(media.port));
  const { rooms, staff, consumers, products } = await seedBrand(api);
  await bought(api, consumers.bella, rooms.a, products.milk);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  await vi.waitFor(async () => {
    const visits = await api.api.platform.db.sql`SELECT 1 FROM room_visits WHERE room_id = ${rooms.a.id}`;
    expect(visits).toHaveLength(2);
  }, LONG);
  await api.ok(setAudience, { params: { id: rooms.a.id }, body: { audience: 'members' }, as: staff.a.guide });
  await anna.waitFor('goodbye', () => anna.closed[0] === 'not_in_audience', PATIENCE_MS);
  const ended = {
    path: '/control/revocations',
    body: { personId: consumers.anna.personId, streamId: rooms.a.streamId },
  };
  await vi.waitFor(() => expect(media.orders).toContainEqual(ended), LONG);
  await media.stop();
  const anew = await startMediaServer(media.port);
  await vi.waitFor(() => expect(anew.orders).toContainEqual(ended), LONG);
  for (const { orders } of [media, anew]) expect(JSON.stringify(orders)).not.toContain(consumers.bella.personId);
  expect(bella.socket.connected).toBe(true);
});

test('a newcomer who buys during the live stays one, and may come back; who had bought before is none', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff, products } = await seedBrand(api);
  api.clock.advanceSeconds(-60);
  await bought(api, consumers.bella, rooms.b, products.milk);
  await api.api.platform.db.sql`UPDATE orders SET paid_at = ${api.clock.now()}`;
  api.clock.advanceSeconds(120);
  await api.ok(setAudience, { params: { id: rooms.a.id }, body: { audience: 'newcomers' }, as: staff.a.manager });
  const join = (as: Principal) => api.call(joinRoom, { params: { id: rooms.a.id }, body: {}, as });
  expect(await join(consumers.bella)).toMatchObject({ status: 403, problem: { facts: { reason: 'not_newcomer' } } });
  expect((await join(consumers.anna)).status).toBe(200);
  await bought(api, consumers.anna, rooms.a, products.milk);
  expect((await join(consumers.anna)).status).toBe(200);
});

test('an invitation link belongs to the first who opens it: of 12 at once one has it; expired and revoked ones are told apart', async () => {
  await using api = await startTestApi();
  const { consumers, staff } = await seedBrand(api);
  const room = await api.ok(createRoom, {
    ...{
      as: staff.operations,
      body: { title: '华东经销商会', kind: 'conference', orgUnitId: staff.operations.staff.orgUnitId },
    },
  });
  expect(room).toMatchObject({ kind: 'conference', audience: 'invited' });
  const set = await api.call(setAudience, {
    ...{ params: { id: room.id }, body: { audience: 'everyone' as const }, as: staff.operations },
  });
  expect(set).toMatchObject({ status: 409, problem: { code: 'state_conflict' } });

  const links = (count: number) =>
    Array.from({ length: count }, (_, no) => ({ kind: 'link' as const, name: `经销商 ${no}` }));
  const asked = { params: { id: room.id }, as: staff.operations };
  const { items } = await api.ok(invite, { ...asked, body: { items: links(3) } });
  const tokens = items.map(({ path }) => path?.split('#')[1] ?? '');
  const [first = '', late = '', revoked = ''] = tokens;
  const rivals = await Promise.all(Array.from({ length: 12 }, (_, no) => makeConsumer(api, `对手 ${no}`)));
  const redeem = (as: Principal, token: string) => api.call(redeemInvitation, { body: { token }, as });
  const answers = await Promise.all(rivals.map((rival) => redeem(rival, first)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(409)]);
  const winner = rivals[answers.findIndex(({ status }) => status === 200)] ?? consumers.anna;
  const loser = rivals[answers.findIndex(({ status }) => status === 409)] ?? consumers.anna;
  expect((await redeem(winner, first)).body).toEqual({ roomId: room.id }); // a second click
  const join = (as: Principal) => api.call(joinRoom, { params: { id: room.id }, body: {}, as });
  expect((await join(winner)).status).toBe(200);
  expect(await join(loser)).toMatchObject({ status: 403, problem: { facts: { reason: 'not_invited' } } });

  await api.ok(revokeInvitation, { params: { id: items[2]?.invitation.id ?? '' }, as: staff.operations });
  await api.ok(revokeInvitation, { params: { id: items[2]?.invitation.id ?? '' }, as: staff.operations });
  expect(await redeem(loser, revoked)).toMatchObject({ status: 410, problem: { facts: { reason: 'revoked' } } });
  api.clock.advanceSeconds(15 * 86_400);
  expect(await redeem(loser, late)).toMatchObject({ status: 410, problem: { facts: { reason: 'expired' } } });
  expect((await redeem(loser, 'x'.repeat(32))).status).toBe(404);
  expect((await join(winner)).status).toBe(200); // what was used in time does not expire

  // A phone number, an account; asked twice, they are on the list once.
  const [{ phone = '' } = {}] = await api.api.platform.db.sql<{
    phone: string;
  }>`SELECT phone FROM people WHERE id = ${loser.personId}`;
  const named = {
    items: [
      { kind: 'phone' as const, phone, name: '李经理' },
      { kind: 'staff' as const, personId: staff.channelNorth.personId },
    ],
  };
  for (let time = 0; time < 2; time++) await api.ok(invite, { ...asked, body: named });
  expect((await join(loser)).status).toBe(200);
  expect((await join(staff.channelNorth)).status).toBe(200);
  expect((await join(staff.channelEast)).status).toBe(403);
  const listed = await api.ok(listRoomInvitations, asked);
  expect(listed.items.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual([
    ...['link expired', 'link redeemed', 'link revoked', 'phone open', 'staff open'],
  ]);
  expect(JSON.stringify(listed)).not.toContain(phone);
  expect((await api.call(listRoomInvitations, { ...asked, as: staff.a.manager })).status).toBe(404);

  // Taken back: out at once.
  const inside = await connectRoom(api.url, {
    ...{ token: (await join(winner)).body.roomToken, roomId: room.id },
  });
  onTestFinished(() => inside.close());
  await api.ok(revokeInvitation, { params: { id: items[0]?.invitation.id ?? '' }, as: staff.operations });
  await inside.waitFor('goodbye', () => inside.closed[0] === 'not_in_audience', PATIENCE_MS);
  expect((await join(winner)).status).toBe(403);
});

test('N4 marks are made by people, with a reason, within their scope; candidates are proposed with their figures', async () => {
  await using api = await startTestApi();
  const { rooms, consumers, staff, products } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  for (let times = 0; times < 3; times++) await bought(api, consumers.anna, rooms.a, products.milk);
  const candidates = async (as: typeof staff.admin) => (await api.ok(kocCandidates, { as })).items;
  expect(await candidates(staff.a.manager)).toMatchObject([
    { person: { name: '安然' }, paidOrders: 3, broughtBuyers: 0 },
  ]);
  expect(await candidates(staff.b.manager)).toEqual([]);
  expect((await sql`SELECT 1 FROM customer_marks`).length).toBe(0);

  const body = { personId: consumers.anna.personId, kind: 'koc' as const, reason: '买得多，爱分享' };
  expect((await api.call(markCustomer, { body, as: staff.b.manager })).status).toBe(404); // not their customer
  expect((await api.call(markCustomer, { body, as: staff.a.guide })).status).toBe(403);
  expect((await api.call(markCustomer, { body: { ...body, reason: ' ' }, as: staff.a.manager })).status).toBe(400);
  const marks = await Promise.all([1, 2, 3].map(() => api.ok(markCustomer, { body, as: staff.a.manager })));
  expect(new Set(marks.map(({ id }) => id)).size).toBe(1);
  expect(await candidates(staff.a.manager)).toEqual([]);
  expect((await api.ok(listMarks, { as: staff.b.manager })).items).toEqual([]);
  const [audit] = await sql<{ count: number; reason: string }>`
    SELECT count(*)::int AS count, max(reason) AS reason FROM audit_log WHERE action = 'customer:marked'`;
  expect(audit).toEqual({ count: 1, reason: body.reason });
  const end = { params: { id: marks[0]?.id ?? '' }, body: { reason: '停用' } };
  expect((await api.call(endMark, { ...end, as: staff.b.manager })).status).toBe(404);
  await api.ok(endMark, { ...end, as: staff.admin });
  expect((await api.ok(listMarks, { as: staff.a.manager })).items).toEqual([]);
});
