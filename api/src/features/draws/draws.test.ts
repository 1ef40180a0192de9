import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  cancelDraw,
  claimPrize,
  type Draw,
  drawnPrizes,
  drawParticipants,
  endRoom,
  listDraws,
  listPrizes,
  myDraw,
  myPrizes,
  prepareDraw,
  publicDraw,
  shipPrize,
} from '@walnut-live/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { startTestRedis } from '../../../../scripts/testing/redis.ts';
import { createApi } from '../../compose.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { enterRoom, type RoomClient } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { ENTRIES_PER_ADDRESS, NOTICE_SECONDS } from './draws.service.ts';
import { DRAWS_JOB } from './index.ts';

const VERIFIER = join(import.meta.dirname, '../../../../docs/verify-draw.mjs');
const run = promisify(execFile);
const address = {
  ...{ recipient: '安然', phone: '13900000001', province: '浙江省', city: '杭州市', district: '西湖区' },
  street: '文三路 1 号',
};
const terms = {
  title: '开播福利',
  durationSeconds: 60,
  prizes: [
    { name: '核桃礼盒', kind: 'parcel' as const, valueFen: 19_900, count: 1 },
    { name: '满 100 减 20', kind: 'coupon' as const, valueFen: 2_000, count: 2, note: '到店报 HT20' },
  ],
};

/** Published and open. */
async function openDraw(
  api: TestApi,
  brand: Brand,
  guide: RoomClient,
  rules: { keyword?: string; followers?: boolean; customers?: boolean } = {},
): Promise<Draw> {
  const { rooms, staff } = brand;
  const draw = await api.ok(prepareDraw, { body: { ...terms, roomId: rooms.a.id, rules }, as: staff.a.guide });
  api.clock.advanceSeconds(NOTICE_SECONDS);
  expect(await guide.ask('draw:open', { drawId: draw.id })).toMatchObject({
    ok: true,
    data: { draw: { state: 'open' } },
  });
  return draw;
}
const enter = async (api: TestApi, roomId: string, drawId: string, as: Principal) => {
  await using client = await enterRoom(api, roomId, as);
  return await client.ask('draw:enter', { drawId });
};
const verify = (api: TestApi, drawId: string) =>
  run(process.execPath, [VERIFIER, api.url, drawId]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (failure: { code: number; stdout: string }) => ({ code: failure.code, stdout: failure.stdout }),
  );

test('G2 a draw from its commitment to the prize on its way: told, entered once each, drawn once, claimed, sent', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers, guest } = brand;
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);

  const body = { ...terms, roomId: rooms.a.id, rules: { keyword: '核桃' } };
  const draw = await api.ok(prepareDraw, { body, as: staff.a.assistant });
  expect(draw).toMatchObject({ state: 'prepared', seed: null, listHash: null, winners: [], entries: 0 });
  await anna.waitFor('the commitment', () => anna.events('draw:prepared')[0]?.draw.commitment === draw.commitment);
  // One at a time, not before it is known, nothing to enter yet.
  expect((await api.call(prepareDraw, { body, as: staff.a.guide })).problem.code).toBe('state_conflict');
  expect(await guide.ask('draw:open', { drawId: draw.id })).toMatchObject({ error: { code: 'too_early' } });
  expect(await anna.ask('draw:enter', { drawId: draw.id })).toMatchObject({ error: { code: 'draw_not_open' } });
  api.clock.advanceSeconds(NOTICE_SECONDS);
  for (const _ of ['first', 'again'])
    expect(await guide.ask('draw:open', { drawId: draw.id })).toMatchObject({ ok: true });
  await anna.waitFor('the opening', () => anna.events('draw:opened').length === 1);

  // The button says the keyword; again changes nothing. Bella types it herself; guests and crew cannot be in it.
  const clientMessageId = randomUUID();
  const entered = await anna.ask('draw:enter', { drawId: draw.id, clientMessageId });
  expect(entered).toMatchObject({ ok: true, data: { entries: 1 } });
  expect(await anna.ask('draw:enter', { drawId: draw.id })).toMatchObject({ ok: true, data: { entries: 1 } });
  await using bella = await enterRoom(api, rooms.a.id, consumers.bella);
  expect(await bella.ask('chat:send', { text: '我要 核 桃！' })).toMatchObject({ ok: true });
  expect(await bella.ask('chat:send', { text: '核桃核桃' })).toMatchObject({ ok: true });
  await guide.waitFor('two entries', () => guide.events('draw:counted').at(-1)?.entries === 2);
  expect(guide.events('chat:sent').map(({ message }) => message.text)).toEqual(['核桃', '我要 核 桃！', '核桃核桃']);
  expect(await enter(api, rooms.a.id, draw.id, guest)).toMatchObject({ error: { code: 'unauthenticated' } });
  expect(await guide.ask('draw:enter', { drawId: draw.id })).toMatchObject({ error: { code: 'insiders_excluded' } });
  await guide.ask('chat:send', { text: '大家发 核桃 参与' });
  expect((await api.ok(publicDraw, { params: { id: draw.id } })).entries).toBe(2);
  const early = await api.call(drawParticipants, { params: { id: draw.id } });
  expect(early.problem.code).toBe('state_conflict');

  // Two closes at once: one draw, one answer.
  const [one, two] = await Promise.all([guide, guide].map((client) => client.ask('draw:close', { drawId: draw.id })));
  expect(one).toMatchObject({ ok: true, data: { draw: { state: 'closed', entries: 2 } } });
  expect(two).toEqual(one);
  await anna.waitFor('the winners', () => anna.events('draw:closed').length > 0);
  expect(anna.events('draw:closed')).toHaveLength(1);
  const closed = anna.events('draw:closed')[0]?.draw;
  expect(closed?.winners).toHaveLength(2);
  expect(
    createHash('sha256')
      .update(Buffer.from(closed?.seed ?? '', 'hex'))
      .digest('hex'),
  ).toBe(draw.commitment);
  expect(JSON.stringify(closed)).not.toContain(consumers.anna.personId);
  expect(await verify(api, draw.id)).toMatchObject({ code: 0 });
  expect(await anna.ask('draw:enter', { drawId: draw.id })).toMatchObject({ ok: true, data: { entries: 2 } });
  expect(await enter(api, rooms.a.id, draw.id, consumers.chris)).toMatchObject({ error: { code: 'draw_not_open' } });

  // Whoever won finds themselves, claims, and gets it; nobody else can.
  const mine = await api.ok(myDraw, { params: { id: draw.id }, as: consumers.anna });
  expect(entered).toMatchObject({ data: { publicId: mine.publicId } });
  expect(closed?.winners.map(({ publicId }) => publicId)).toContain(mine.publicId);
  const parcelOf = async (as: Principal) =>
    (await api.ok(myPrizes, { as })).items.find(({ prize }) => prize.kind === 'parcel');
  const winner = (await parcelOf(consumers.anna)) ? consumers.anna : consumers.bella;
  const other = winner === consumers.anna ? consumers.bella : consumers.anna;
  const parcel = await parcelOf(winner);
  const params = { id: parcel?.id ?? '' };
  expect((await api.call(claimPrize, { params, body: {}, as: winner })).problem.issues?.[0]?.path).toBe('/address');
  expect((await api.call(claimPrize, { params, body: { address }, as: other })).status).toBe(404);
  expect((await api.call(shipPrize, { params, body: { trackingNo: 'SF1' }, as: staff.a.manager })).status).toBe(409);
  expect(await api.ok(claimPrize, { params, body: { address }, as: winner })).toMatchObject({ state: 'claimed' });
  const seen = await api.ok(drawnPrizes, { params: { id: draw.id }, as: staff.a.guide });
  expect(JSON.stringify(seen)).not.toMatch(/文三路|13900000001|"安然"/);
  const waiting = await api.ok(listPrizes, { query: { state: 'claimed' }, as: staff.a.manager });
  expect(waiting.items).toMatchObject([
    { id: parcel?.id, room: { id: draw.roomId }, address: { street: '文三路 1 号' } },
  ]);
  expect((await api.ok(listPrizes, { as: staff.b.manager })).items).toEqual([]);
  // Z6: whoever reads this customer's name on an order reads it here, and the parcel's street is for those who send it.
  const analysed = await api.ok(listPrizes, { query: { state: 'claimed' }, as: staff.analyst });
  const [person] = await api.api.platform.db.sql<{
    name: string;
  }>`SELECT name FROM people WHERE id = ${winner.personId}`;
  expect(analysed.items.map((prize) => prize.winner)).toEqual([person]);
  expect(JSON.stringify(analysed)).not.toMatch(/文三路|13900000001/);
  const first = await api.ok(listPrizes, { query: { limit: 1 }, as: staff.operations });
  const second = await api.ok(listPrizes, {
    query: { limit: 1, cursor: first.nextCursor ?? '' },
    as: staff.operations,
  });
  expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(2);
  const shipped = await api.ok(shipPrize, { params, body: { trackingNo: 'SF1' }, as: staff.a.manager });
  expect(shipped).toMatchObject({ state: 'shipped', trackingNo: 'SF1', address: { street: '文三路 1 号' } });
  expect((await parcelOf(winner))?.trackingNo).toBe('SF1');
  expect((await api.call(claimPrize, { params, body: { address }, as: winner })).problem.code).toBe('state_conflict');
  const [coupon] = (await api.ok(myPrizes, { as: other })).items;
  expect(coupon).toMatchObject({ state: 'won', note: '' });
  const claimed = await api.ok(claimPrize, { params: { id: coupon?.id ?? '' }, body: {}, as: other });
  expect(claimed.note).toBe('到店报 HT20');
});

test('G2 the seed is nowhere to be read before it is revealed, and what was published cannot be changed', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const { sql } = api.api.platform.db;
  const draw = await openDraw(api, brand, guide);
  await anna.ask('draw:enter', { drawId: draw.id });
  await anna.waitFor('the count', () => anna.events('draw:counted').length > 0);
  const before = JSON.stringify([
    await sql`SELECT t::text FROM draws t`,
    await sql`SELECT t::text FROM audit_log t`,
    await sql`SELECT t::text FROM outbox t`,
    await sql`SELECT t::text FROM room_events t`,
    (await api.call(publicDraw, { params: { id: draw.id } })).body,
    (await enterRoom(api, rooms.a.id, consumers.bella)).join,
    anna.frames,
  ]);
  expect(before).toContain(draw.commitment);
  for (const column of [
    "title = 'x'",
    "prizes = '[]'",
    "commitment = 'x'",
    "sealed_seed = 'x'",
    'duration_seconds = 1',
  ])
    await expect(api.api.platform.db.pool.query(`UPDATE draws SET ${column}`)).rejects.toThrow(
      'keeps what it has published',
    );
  await guide.ask('draw:close', { drawId: draw.id });
  const { seed } = await api.ok(publicDraw, { params: { id: draw.id } });
  for (const encoding of ['hex', 'base64', 'base64url'] as const)
    expect(before).not.toContain(Buffer.from(seed ?? '', 'hex').toString(encoding));
  await expect(api.api.platform.db.pool.query('UPDATE draws SET entries = 9')).rejects.toThrow(
    'keeps what it has published',
  );
  await expect(api.api.platform.db.pool.query('DELETE FROM draw_participants')).rejects.toThrow('append-only');
});

test('G2 ten thousand participants: an independent script agrees; staff, banned people and a farm of phones are not among them', {
  timeout: 90_000,
}, async () => {
  await using api = await startTestApi({ ADDRESS_RATE_FACTOR: '1' });
  const brand = await seedBrand(api);
  const { rooms, staff } = brand;
  const { sql } = api.api.platform.db;
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const draw = await openDraw(api, brand, guide);
  await sql`WITH p AS (INSERT INTO people (id, kind, name, created_at)
      SELECT gen_random_uuid(), 'consumer', '顾客' || n, ${api.clock.now()} FROM generate_series(1, 10000) n RETURNING id)
    INSERT INTO draw_entries (draw_id, person_id, public_id, address_hash, at)
    SELECT ${draw.id}, id, replace(gen_random_uuid()::text, '-', ''), 'test', ${api.clock.now()} FROM p`;
  // Every test client comes from one address: the limit of one network is the next entry but so many.
  const atOneAddress = await Promise.all(Array.from({ length: ENTRIES_PER_ADDRESS + 2 }, () => makeConsumer(api)));
  const answers: unknown[] = [];
  for (const person of atOneAddress) answers.push(await enter(api, rooms.a.id, draw.id, person));
  expect(answers.filter((answer) => (answer as { ok: boolean }).ok)).toHaveLength(ENTRIES_PER_ADDRESS);
  expect(answers.at(-1)).toMatchObject({ error: { code: 'network_limit' } });

  // Banned after entering, and hired after entering: no longer on the list.
  const [banned, hired] = atOneAddress;
  await guide.ask('viewer:ban', { personId: banned?.personId, reason: '刷屏' });
  const phone = '13700000000';
  await sql`UPDATE people SET phone = ${phone} WHERE id = ANY(${[hired?.personId, staff.a.guide.personId]}::uuid[])`;
  const answer = await guide.ask('draw:close', { drawId: draw.id });
  expect(answer).toMatchObject({ ok: true, data: { draw: { entries: 10_000 + ENTRIES_PER_ADDRESS - 2 } } });
  const { code, stdout } = await verify(api, draw.id);
  expect(stdout).toContain(`${10_000 + ENTRIES_PER_ADDRESS - 2} participants, 3 winners`);
  expect(code).toBe(0);

  // Page by page it is the same list; a published list that was tampered with does not pass.
  const first = await api.ok(drawParticipants, { params: { id: draw.id }, query: { limit: 100 } });
  const second = await api.ok(drawParticipants, {
    params: { id: draw.id },
    query: { limit: 100, cursor: first.nextCursor ?? '' },
  });
  const pages = [...first.items, ...second.items];
  expect(pages).toEqual([...new Set(pages)].sort());
  await sql`INSERT INTO draw_participants VALUES (${draw.id}, ${'f'.repeat(32)})`;
  const forged = await verify(api, draw.id);
  expect(forged).toMatchObject({ code: 1 });
  expect(forged.stdout).toContain('NOT the list is the one that was drawn from');
});

test('G2 a node that dies, a host who reloads, a time that is over: the draw is drawn once, by whoever comes', async () => {
  const redis = await startTestRedis();
  onTestFinished(() => redis.kill());
  await using api = await startTestApi({ REDIS_URL: redis.url });
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  const reload = () => enterRoom(api, rooms.a.id, staff.a.guide, { lastSeq: null });
  const first = await reload();
  const draw = await openDraw(api, brand, first, { keyword: '核桃' });
  first.close();
  await enter(api, rooms.a.id, draw.id, consumers.anna);

  // Another node of the same database, and a host who comes back: everything is where it was.
  await using host = await reload();
  await host.waitFor('a snapshot', () => host.snapshots.length > 0);
  expect(host.snapshots[0]?.interaction?.draw).toMatchObject({ id: draw.id, state: 'open', entries: 1 });
  const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
  try {
    // A close that dies after it has read and before it commits leaves nothing.
    const dying = await api.api.platform.db.pool.connect();
    await dying.query('BEGIN');
    await dying.query('SELECT * FROM draws WHERE id = $1 FOR UPDATE', [draw.id]);
    await dying.query("UPDATE draws SET state = 'cancelled', closed_at = now() WHERE id = $1", [draw.id]);
    dying.release(new Error('killed'));
    expect((await api.ok(publicDraw, { params: { id: draw.id } })).state).toBe('open');
    api.clock.advanceSeconds(terms.durationSeconds + 1);
    expect(await enter(api, rooms.a.id, draw.id, consumers.bella)).toMatchObject({ error: { code: 'draw_not_open' } });
    await Promise.all([
      other.platform.jobs.runNow(DRAWS_JOB),
      api.api.platform.jobs.runNow(DRAWS_JOB),
      host.ask('draw:close', { drawId: draw.id }),
    ]);
  } finally {
    await other.close();
  }
  await host.waitFor('the result', () => host.events('draw:closed').length > 0);
  expect(host.events('draw:closed')).toHaveLength(1);
  expect(await verify(api, draw.id)).toMatchObject({ code: 0 });
  const wins = await api.api.platform.db.sql`SELECT 1 FROM draw_wins`;
  expect(wins).toHaveLength(1);
  // Unclaimed in time: it stays with the brand, and everybody concerned sees that.
  api.clock.advanceSeconds(8 * 86_400);
  const [prize] = (await api.ok(myPrizes, { as: consumers.anna })).items;
  expect(prize?.state).toBe('lapsed');
  const late = await api.call(claimPrize, { params: { id: prize?.id ?? '' }, body: { address }, as: consumers.anna });
  expect(late.problem.code).toBe('gone');
});

test('G2, Z5 followers, customers; a room that ends draws what is open and takes back what is not; a draw can be cancelled with a reason', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, consumers } = brand;
  const { sql } = api.api.platform.db;
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  const cancelled = await openDraw(api, brand, guide);
  const params = { id: cancelled.id };
  expect(await api.ok(cancelDraw, { params, body: { reason: '奖品写错' }, as: staff.a.guide })).toMatchObject({
    state: 'cancelled',
    seed: null,
  });
  expect(await guide.ask('draw:close', { drawId: cancelled.id })).toMatchObject({ error: { code: 'state_conflict' } });
  const [entry] = await sql<{ reason: string }>`SELECT reason FROM audit_log WHERE action = 'draw:cancelled'`;
  expect(entry?.reason).toBe('奖品写错');

  const draw = await openDraw(api, brand, guide, { followers: true, customers: true });
  expect(await enter(api, rooms.a.id, draw.id, consumers.anna)).toMatchObject({ error: { code: 'followers_only' } });
  await sql`INSERT INTO follows (person_id, guide_id, at) VALUES (${consumers.anna.personId}, ${staff.a.guide.personId}, ${api.clock.now()})`;
  expect(await enter(api, rooms.a.id, draw.id, consumers.anna)).toMatchObject({ error: { code: 'customers_only' } });
  expect((await api.ok(myDraw, { params: { id: draw.id }, as: consumers.anna })).refusal).toBe('customers_only');
  // Another room's host can do nothing here.
  await using elsewhere = await enterRoom(api, rooms.b.id, staff.b.guide);
  expect(await elsewhere.ask('draw:close', { drawId: draw.id })).toMatchObject({ error: { code: 'not_found' } });
  const body = { ...terms, roomId: rooms.b.id, rules: {} };
  const prepared = await api.ok(prepareDraw, { body, as: staff.b.guide });
  for (const room of [rooms.a, rooms.b]) await api.ok(endRoom, { params: { id: room.id }, body: {}, as: room.host });
  expect(await api.ok(publicDraw, { params: { id: draw.id } })).toMatchObject({
    state: 'closed',
    entries: 0,
    winners: [],
  });
  expect(await verify(api, draw.id)).toMatchObject({ code: 0 });
  expect((await api.ok(publicDraw, { params: { id: prepared.id } })).state).toBe('cancelled');
  expect((await api.call(prepareDraw, { body, as: staff.b.guide })).problem.code).toBe('room_not_live');
  const { items } = await api.ok(listDraws, { query: { roomId: rooms.a.id } });
  expect(items.map(({ id }) => id)).toEqual([draw.id, cancelled.id]);
});

test('G2 a prize is worth 50,000 yuan at most, and there is no condition about sharing', async () => {
  const { body } = prepareDraw;
  const prize = { name: '大奖', kind: 'parcel', valueFen: 5_000_000, count: 1 };
  const good = { roomId: randomUUID(), title: '抽奖', rules: {}, prizes: [prize], durationSeconds: 60 };
  expect(body.safeParse(good).success).toBe(true);
  for (const wrong of [
    { ...good, prizes: [{ ...prize, valueFen: 5_000_001 }] },
    { ...good, prizes: [] },
    {
      ...good,
      prizes: [
        { ...prize, count: 60 },
        { ...prize, count: 41 },
      ],
    },
    { ...good, rules: { shares: 1 } },
    { ...good, rules: { invited: true } },
  ])
    expect(body.safeParse(wrong).success).toBe(false);
});
