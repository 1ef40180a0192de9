import {
  bookRoom,
  cancelRoom,
  getBooking,
  getMessageSettings,
  listMessages,
  type MyMessage,
  myMessages,
  patchRoom,
  putMessagePolicy,
  putMessageSettings,
  readMessages,
  retryMessage,
  roomBookings,
  unbookRoom,
} from '@walnut-live/contracts';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createApi } from '../../compose.ts';
import { type Brand, type FixtureRoom, makeConsumer, makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { startWechatStandIn } from '../../testing/wechat-stand-in.ts';
import { MESSAGES_JOB, PUSHES_JOB } from '../messages/index.ts';
import { BOOKINGS_JOB } from './index.ts';

const MINUTE = 60_000;
const china = (text: string): Date => new Date(`${text}:00+08:00`);
const NOON = china('2031-03-04T12:00');
const START = china('2031-03-04T20:00');

let api: TestApi;
let brand: Brand;
let room: FixtureRoom;
beforeEach(async () => {
  api = await startTestApi();
  api.clock.set(NOON);
  brand = await seedBrand(api);
  room = brand.rooms.scheduledA;
  await schedule(START);
});
afterEach(() => api[Symbol.asyncDispose]());

const schedule = (at: Date) =>
  api.ok(patchRoom, { params: { id: room.id }, body: { scheduledAt: at.toISOString() }, as: brand.staff.a.guide });
const turn = async (): Promise<void> => {
  await api.api.platform.jobs.runNow(BOOKINGS_JOB);
  await api.api.platform.jobs.runNow(MESSAGES_JOB);
};
const kindsOf = async (who = brand.consumers.anna): Promise<MyMessage['kind'][]> =>
  (await api.ok(myMessages, { as: who })).items.map(({ kind }) => kind).reverse();
const params = () => ({ id: room.id });
const book = (who = brand.consumers.anna) => api.ok(bookRoom, { params: params(), body: {}, as: who });

const at = (minutes: number): Date => new Date(START.getTime() + minutes * MINUTE);

test('booked: reminded once, told once that it is live, with why; the count is of people', async () => {
  expect(await book()).toMatchObject({ booked: true, people: 1, remindMinutes: 30, wechatUrl: null });
  expect(await book()).toMatchObject({ people: 1 });
  await book(brand.consumers.bella);
  await api.ok(unbookRoom, { params: params(), as: brand.consumers.bella });
  expect(await api.ok(getBooking, { params: params(), as: brand.guest })).toMatchObject({ booked: false, people: 1 });
  await turn();
  expect(await kindsOf()).toEqual([]);
  api.clock.set(at(-29));
  for (let again = 0; again < 3; again++) await turn();
  const [reminder] = (await api.ok(myMessages, { as: brand.consumers.anna })).items;
  expect(reminder).toMatchObject({
    kind: 'room_reminder',
    why: 'booked',
    roomId: room.id,
    readAt: null,
    content: { scheduledAt: START.toISOString(), unitName: '杭州湖滨店' },
  });
  api.clock.set(at(1));
  await goLive();
  for (let again = 0; again < 3; again++) await turn();
  expect(await kindsOf()).toEqual(['room_reminder', 'room_live']);
  expect(await kindsOf(brand.consumers.bella)).toEqual([]);
  expect((await api.ok(myMessages, { as: brand.consumers.anna })).unread).toBe(2);
  await api.ok(readMessages, { body: {}, as: brand.consumers.anna });
  expect((await api.ok(myMessages, { as: brand.consumers.anna })).unread).toBe(0);
  expect((await api.call(bookRoom, { params: params(), body: {}, as: brand.consumers.chris })).problem.code).toBe(
    'state_conflict',
  );
});

const goLive = () =>
  api.api.platform.db.sql`UPDATE rooms SET state = 'live', started_at = ${api.clock.now()} WHERE id = ${room.id}`;

test('put off: told of the new time, reminded for it; called off: told; one store cannot call off another’s', async () => {
  await book();
  api.clock.set(at(-60));
  await schedule(at(120));
  await turn();
  api.clock.set(at(-20)); // the old half hour
  await turn();
  expect(await kindsOf()).toEqual(['room_moved']);
  api.clock.set(at(95));
  await turn();
  expect(await kindsOf()).toEqual(['room_moved', 'room_reminder']);
  const call = (as: typeof brand.staff.a.guide) =>
    api.call(cancelRoom, { params: params(), body: { reason: '停电' }, as });
  expect((await call(brand.staff.b.guide)).status).toBe(404);
  expect((await call(brand.staff.a.guide)).body).toMatchObject({ state: 'ended', cancelledAt: expect.any(String) });
  expect((await call(brand.staff.a.guide)).status).toBe(200);
  await turn();
  expect(await kindsOf()).toEqual(['room_moved', 'room_reminder', 'room_cancelled']);
});

test('two nodes at the same moment: each person is told once', async () => {
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  onTestFinished(() => other.close());
  const people = await Promise.all(Array.from({ length: 25 }, (_, no) => makeConsumer(api, `顾客${no}`)));
  await Promise.all(people.map((one) => book(one)));
  api.clock.set(at(-25));
  const jobs = [api.api.platform.jobs, other.platform.jobs];
  for (let again = 0; again < 3; again++) {
    await Promise.all(jobs.flatMap((one) => [one.runNow(BOOKINGS_JOB), one.runNow(BOOKINGS_JOB)]));
    await Promise.all(jobs.flatMap((one) => [one.runNow(MESSAGES_JOB), one.runNow(MESSAGES_JOB)]));
  }
  const rows = await api.api.platform.db.sql`SELECT state, attempts FROM messages`;
  expect(rows).toEqual(people.map(() => ({ state: 'sent', attempts: 1 })));
});

test('who brought the booking is credited as a visit is; a store sees its own only', async () => {
  const { sql } = api.api.platform.db;
  const linkId = crypto.randomUUID();
  await sql`INSERT INTO share_links (id, sharer_id, room_id, channel, created_at)
    VALUES (${linkId}, ${brand.staff.a.guide.personId}, ${room.id}, 'wechat', ${NOON})`;
  await sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
    VALUES (${crypto.randomUUID()}, ${linkId}, ${brand.staff.a.guide.personId}, ${brand.consumers.anna.personId}, ${room.id}, 'wechat',
      ${NOON}, '', '', ${NOON})`;
  await book();
  await book(brand.consumers.bella);
  const summary = await api.ok(roomBookings, { params: params(), as: brand.staff.a.manager });
  expect(summary).toMatchObject({
    people: 2,
    direct: 1,
    bySharer: [{ sharer: { id: brand.staff.a.guide.personId }, people: 1 }],
  });
  expect((await api.call(roomBookings, { params: params(), as: brand.staff.b.manager })).status).toBe(404);
});

test('opting out, quiet hours and the outbox', async () => {
  const anna = brand.consumers.anna;
  await book();
  await book(brand.consumers.bella);
  expect((await api.ok(getMessageSettings, { as: anna })).consentGivenAt).toEqual(expect.any(String));
  const off = await api.ok(putMessageSettings, { body: { topic: 'reminders', on: false }, as: anna });
  expect(off).toMatchObject({
    consentGivenAt: null,
    topics: expect.arrayContaining([{ topic: 'reminders', on: false }]),
  });
  api.clock.set(at(-25));
  await turn();
  expect([await kindsOf(), await kindsOf(brand.consumers.bella)]).toEqual([[], ['room_reminder']]);
  const outbox = await api.ok(listMessages, { as: brand.staff.a.manager });
  expect(outbox.items.map(({ state, reason, person }) => [state, reason, person.name]).sort()).toEqual([
    ['sent', null, '贝*'],
    ['skipped', 'opted_out', '安*'],
  ]);
  expect((await api.ok(listMessages, { as: brand.staff.b.manager })).items).toEqual([]);
  // A change at night waits for the morning, or for a policy without nights.
  await book();
  api.clock.set(china('2031-03-04T22:30'));
  await schedule(china('2031-03-06T20:00'));
  await turn();
  expect(await kindsOf(brand.consumers.bella)).toEqual(['room_reminder']);
  const day = { quietHours: { fromMinute: 0, untilMinute: 0 }, perDay: 3 };
  expect((await api.call(putMessagePolicy, { body: day, as: brand.staff.a.manager })).status).toBe(403);
  await api.ok(putMessagePolicy, { body: day, as: brand.staff.admin });
  await turn();
  expect(await kindsOf(brand.consumers.bella)).toEqual(['room_reminder', 'room_moved']);
});

test('taken back while the message waits for the morning: not sent', async () => {
  await book();
  api.clock.set(china('2031-03-03T23:00'));
  await schedule(china('2031-03-06T20:00'));
  await turn();
  await api.ok(unbookRoom, { params: params(), as: brand.consumers.anna });
  api.clock.set(china('2031-03-04T08:00'));
  await turn();
  const rows = await api.api.platform.db.sql`SELECT kind, state, reason FROM messages`;
  expect(rows).toEqual([{ kind: 'room_moved', state: 'skipped', reason: 'not_wanted_any_more' }]);
});

test('with WeChat: the question, the answer, one message; what WeChat refuses is dead but readable', async () => {
  const wechat = await startWechatStandIn(api.clock);
  onTestFinished(() => wechat.close());
  await using linked = await startTestApi({
    WECHAT_APP_ID: wechat.appId,
    WECHAT_APP_SECRET: wechat.appSecret,
    WECHAT_TEMPLATE_ID: wechat.templateId,
    WECHAT_API_URL: wechat.apiUrl,
  });
  linked.clock.set(NOON);
  const shop = await seedBrand(linked);
  const show = await makeRoom(linked, { orgUnit: shop.stores.a, host: shop.staff.a.guide, state: 'scheduled' });
  const { sql } = linked.api.platform.db;
  await sql`UPDATE rooms SET scheduled_at = ${START} WHERE id = ${show.id}`;
  for (const [name, who] of Object.entries(shop.consumers)) {
    const { wechatUrl } = await linked.ok(bookRoom, { params: { id: show.id }, body: {}, as: who });
    const asked = new URL(wechatUrl ?? '');
    expect(asked.searchParams.get('reserved')).toMatch(/^[a-zA-Z0-9]{1,128}$/);
    const back = new URL(asked.searchParams.get('redirect_url') ?? '');
    const answer = new URLSearchParams({
      openid: `open-${name}`,
      template_id: asked.searchParams.get('template_id') ?? '',
      action: 'confirm',
      scene: asked.searchParams.get('scene') ?? '',
      reserved: asked.searchParams.get('reserved') ?? '',
    });
    if (name !== 'chris') wechat.allow(`open-${name}`, Number(answer.get('scene')));
    const followed = await fetch(`${linked.url}${back.pathname}?${answer}`, { redirect: 'manual' });
    expect([followed.status, followed.headers.get('location')]).toEqual([302, `/r/${show.id}?told=wechat`]);
    if (name === 'chris') {
      // The same answer when its hour is over, and a "no": back to the room, which says so; the right stays as it is.
      linked.clock.advanceSeconds(3_700);
      for (const [action, told] of [
        ['confirm', 'late'],
        ['cancel', 'here'],
      ] as const) {
        answer.set('action', action);
        answer.set('openid', 'too-late');
        const late = await fetch(`${linked.url}${back.pathname}?${answer}`, { redirect: 'manual' });
        expect([late.status, late.headers.get('location')]).toEqual([302, `/r/${show.id}?told=${told}`]);
      }
      expect(await sql`SELECT 1 FROM wechat_grants WHERE openid = 'too-late'`).toEqual([]);
      answer.set('action', 'confirm');
    }
    answer.set('reserved', `${answer.get('reserved')?.slice(0, -4)}0000`);
    answer.set('openid', 'thief');
    const forged = await fetch(`${linked.url}${back.pathname}?${answer}`, { redirect: 'manual' });
    expect([forged.status, (await sql`SELECT 1 FROM wechat_grants WHERE openid = 'thief'`).length]).toEqual([404, 0]);
  }
  linked.clock.set(at(-25));
  for (const job of [BOOKINGS_JOB, MESSAGES_JOB, PUSHES_JOB, PUSHES_JOB]) await linked.api.platform.jobs.runNow(job);
  expect(wechat.sent.map(({ openid }) => openid).sort()).toEqual(['open-anna', 'open-bella']);
  expect(
    await sql`SELECT p.name, m.state, m.reason, m.channel, m.error FROM messages m JOIN people p ON p.id = m.person_id ORDER BY m.state DESC`,
  ).toEqual([
    ...['安然', '贝贝'].map((name) =>
      expect.objectContaining({
        name: expect.stringMatching(/安然|贝贝/),
        state: 'sent',
        channel: 'wechat',
        error: name === '' ? '' : null,
      }),
    ),
    { name: '陈晨', state: 'dead', reason: 'refused', channel: 'wechat', error: 'wechat 43101' },
  ]);
  const inbox = await linked.ok(myMessages, { as: shop.consumers.chris });
  expect(inbox.items.map(({ kind }) => kind)).toEqual(['room_reminder']);
  // By hand: the grant is spent, so it goes by the inbox alone.
  const [dead] = (await linked.ok(listMessages, { query: { state: 'dead' }, as: shop.staff.a.manager })).items;
  await linked.ok(retryMessage, { params: { id: dead?.id ?? '' }, body: {}, as: shop.staff.a.manager });
  await linked.api.platform.jobs.runNow(MESSAGES_JOB);
  expect((await linked.ok(listMessages, { query: { state: 'dead' }, as: shop.staff.a.manager })).items).toEqual([]);
});
