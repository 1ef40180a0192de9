/** Rule Z3 through the product: what is refused, starred or shown, where, and what the log says about it. */
import { randomUUID } from 'node:crypto';
import {
  addTerm,
  ChatMessage,
  checkText,
  createProduct,
  createRoom,
  importTerms,
  listCorrections,
  listReports,
  listTermChanges,
  listTerms,
  patchProduct,
  patchRoom,
  patchTerm,
  prepareDraw,
  removeTerm,
  startRedPacket,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { createApi } from '../../compose.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { enterRoom } from '../../testing/room-client.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

/** A node looks once a second; a crowded machine builds slowly. */
const PATIENCE = { timeout: 20_000, interval: 100 };
const corrections = async (api: TestApi) =>
  api.api.platform.db.sql<{ place: string; outcome: string; term: string; text: string; org_path: string }>`
    SELECT place, outcome, term, text, org_path FROM guard_corrections ORDER BY at, id`;

test('Z3 chat: a claim is refused, bait is starred, a superlative is shown to the guide; the log has them all, once', async () => {
  await using api = await startTestApi();
  const { rooms, staff, consumers } = await seedBrand(api);
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  expect(await anna.ask('chat:send', { text: '喝了能降 血 压' })).toEqual({
    ok: false,
    error: { code: 'words_refused', facts: { kind: 'claim' } },
  });
  const bait = { text: '加薇信 vx123 聊', clientMessageId: randomUUID() };
  const sent = await anna.ask('chat:send', bait);
  expect(ChatMessage.parse(sent.ok && sent.data.message).text).toBe('*** **123 聊');
  expect(await anna.ask('chat:send', bait)).toEqual(sent);
  expect(await anna.ask('chat:send', { text: '这是全国第一吧' })).toMatchObject({
    data: { message: { text: '这是全国第一吧' } },
  });
  expect(await anna.ask('chat:send', { text: '多少钱' })).toMatchObject({ ok: true });
  const { path } = rooms.a.orgUnit;
  expect(await corrections(api)).toEqual([
    { place: 'chat', outcome: 'blocked', term: '降血压', text: '喝了能降 血 压', org_path: path },
    { place: 'chat', outcome: 'masked', term: '加微信', text: bait.text, org_path: path },
    { place: 'chat', outcome: 'masked', term: 'vx', text: bait.text, org_path: path },
    { place: 'chat', outcome: 'shown', term: '全国第一', text: '这是全国第一吧', org_path: path },
  ]);
  const { items, open } = await api.ok(listReports, { query: { roomId: rooms.a.id }, as: staff.a.guide });
  expect(open).toBe(1);
  expect(items).toMatchObject([{ text: '这是全国第一吧', term: '全国第一', voices: 0, author: { name: '安然' } }]);
  const log = await api.ok(listCorrections, { query: { search: '安然' }, as: staff.a.manager });
  expect(log.items).toHaveLength(4);
  expect(log.items[0]).toMatchObject({ room: { title: rooms.a.title }, person: { name: '安然' } });
  expect((await api.ok(listCorrections, { as: staff.b.manager })).items).toEqual([]);
  const first = await api.ok(listCorrections, { query: { limit: 3 }, as: staff.admin });
  const rest = await api.ok(listCorrections, { query: { limit: 3, cursor: first.nextCursor ?? '' }, as: staff.admin });
  expect([...first.items, ...rest.items].map(({ outcome }) => outcome)).toEqual([
    'shown',
    'masked',
    'masked',
    'blocked',
  ]);
  await expect(api.api.platform.db.sql`UPDATE guard_corrections SET text = ''`).rejects.toThrow('append-only');
  await expect(api.api.platform.db.sql`DELETE FROM guard_corrections`).rejects.toThrow('append-only');
});

test('Z3 what stands there for long is refused with the terms, and nothing of it is written', async () => {
  await using api = await startTestApi();
  const { rooms, staff, products, consumers } = await seedBrand(api);
  const terms = (...given: string[]) => ({ code: 'words_refused', facts: { terms: given } });
  const room = await api.call(createRoom, { body: { title: '健脑核桃乳专场' }, as: staff.a.guide });
  expect(room.problem).toMatchObject(terms('健脑'));
  const params = { id: rooms.a.id };
  const renamed = await api.call(patchRoom, { params, body: { title: 'jian脑专场' }, as: staff.a.guide });
  expect(renamed.problem).toMatchObject(terms('健脑'));
  const sku = { name: '一箱', priceFen: 100 };
  const made = await api.call(createProduct, {
    body: {
      title: '核桃乳',
      subtitle: '',
      description: '长期喝增強免疫力',
      pictureUrl: '/pictures/a.svg',
      role: 'main',
      skus: [sku],
    },
    as: staff.operations,
  });
  expect(made.problem).toMatchObject(terms('增强免疫力'));
  const changed = await api.call(patchProduct, {
    params: { id: products.milk.id },
    body: { skus: [{ name: '减肥装', priceFen: 100 }] },
    as: staff.operations,
  });
  expect(changed.problem).toMatchObject(terms('减肥'));
  await using guide = await enterRoom(api, rooms.a.id, staff.a.guide);
  expect(await guide.ask('notice:set', { text: '加微信领券' })).toMatchObject({ error: terms('加微信') });
  // A star in talk is a refusal where it would hang above the chat.
  await using anna = await enterRoom(api, rooms.a.id, consumers.anna);
  const said = await anna.ask('chat:send', { text: '国家级的品质' });
  const { messageId } = ChatMessage.parse(said.ok && said.data.message);
  expect(await guide.ask('message:pin', { messageId })).toMatchObject({ ok: true });
  const log = await corrections(api);
  expect(log.map(({ place, outcome }) => `${place} ${outcome}`)).toEqual([
    'room blocked',
    'room blocked',
    'product blocked',
    'product blocked',
    'notice blocked',
    'chat shown',
    'pinned shown',
  ]);
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT 1 FROM rooms WHERE title LIKE '%脑%'`).toEqual([]);
  expect(await sql`SELECT 1 FROM skus WHERE name = '减肥装'`).toEqual([]);
  expect(await sql`SELECT notice FROM rooms WHERE id = ${rooms.a.id}`).toEqual([{ notice: '' }]);
  await api.ok(createRoom, { body: { title: '核桃乳专场' }, as: staff.a.guide });
});

test('Z3 the list: added, changed, rested, removed, imported; each a version that the node uses soon', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const as = staff.operations;
  const check = async (text: string) => (await api.ok(checkText, { body: { text }, as })).hits.map((hit) => hit.term);
  expect(await check('健 脑')).toEqual(['健脑']);
  const before = await api.ok(listTerms, { as });
  expect(before).toMatchObject({ version: 1 });
  expect(before.total).toBeGreaterThan(200);

  const added = await api.ok(addTerm, { body: { text: '云南白药', kind: 'claim', action: 'block' }, as });
  await vi.waitFor(async () => expect(await check('雲南白葯')).toEqual(['云南白药']), PATIENCE);
  const again = await api.call(addTerm, { body: { text: '雲南白藥', kind: 'claim', action: 'mask' }, as });
  expect(again.problem.code).toBe('conflict');
  const params = { id: added.id };
  const patched = await api.ok(patchTerm, { params, body: { active: false }, as });
  expect(patched).toMatchObject({ active: false, updatedBy: { name: as.name } });
  await vi.waitFor(async () => expect(await check('云南白药')).toEqual([]), PATIENCE);
  for (const body of [{ kind: 'harmless' }, { action: 'allow' }] as const)
    expect((await api.call(patchTerm, { params, body, as })).problem.issues?.[0]?.issue).toBe('wrong_action');
  await api.ok(removeTerm, { params, as });
  expect((await api.call(removeTerm, { params, as })).problem.code).toBe('not_found');

  const imported = await api.ok(importTerms, {
    body: {
      items: [
        { text: '喝了变聪明', kind: 'claim', action: 'block', source: '总部' },
        { text: '健脑', kind: 'claim', action: 'mask' },
        { text: '补脑', kind: 'claim', action: 'allow' },
        { text: '？！', kind: 'abuse', action: 'mask' },
        { text: '喝 了 变 聪 明', kind: 'claim', action: 'show' },
      ],
    },
    as,
  });
  expect(imported).toEqual({
    added: 1,
    changed: 1,
    same: 0,
    refused: [
      { index: 2, issue: 'wrong_action' },
      { index: 3, issue: 'no_letters' },
      { index: 4, issue: 'twice' },
    ],
    version: 5,
  });
  await vi.waitFor(async () => expect(await check('喝了变聪明，真健脑')).toEqual(['喝了变聪明', '健脑']), PATIENCE);
  const { items } = await api.ok(listTermChanges, { as });
  expect(items.map(({ version, action, count }) => [version, action, count])).toEqual([
    [5, 'imported', 2],
    [4, 'removed', 1],
    [3, 'changed', 1],
    [2, 'added', 1],
    [1, 'starter', before.total],
  ]);
  expect(items[0]).toMatchObject({ by: { name: as.name }, terms: ['喝了变聪明', '健脑'] });
  const csv = await api.call(listTerms, { query: { format: 'csv', kind: 'claim' }, as });
  expect(String(csv.body)).toContain('喝了变聪明,claim,block,总部,true,brand,');
  const found = await api.ok(listTerms, { query: { search: '变聪' }, as });
  expect(found.items.map(({ text }) => text)).toEqual(['喝了变聪明']);
});

test('Z3 the list is headquarters’: stores read it, guides do not', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  expect((await api.call(listTerms, { as: staff.a.manager })).status).toBe(200);
  for (const as of [staff.a.manager, staff.channelEast, staff.finance]) {
    const answer = await api.call(addTerm, { body: { text: '试试', kind: 'abuse', action: 'mask' }, as });
    expect(answer.problem.code).toBe('forbidden');
  }
  expect((await api.call(listTerms, { as: staff.a.guide })).problem.code).toBe('forbidden');
});

test('what was removed from the built-in dictionary stays removed; two nodes write it once', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const as = staff.admin;
  await api.ok(checkText, { body: { text: '一' }, as });
  const [term] = (await api.ok(listTerms, { query: { search: '健脑' }, as })).items;
  await api.ok(removeTerm, { params: { id: term?.id ?? '' }, as });
  await vi.waitFor(async () => {
    expect((await api.ok(checkText, { body: { text: '健脑' }, as })).hits).toEqual([]);
  }, PATIENCE);
  expect(await sql`SELECT version, starter_version FROM guard_list`).toEqual([{ version: 2, starter_version: 1 }]);
});

test('a change on one node is in use on another without a restart', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const as = staff.operations;
  const other = await createApi(api.api.platform.config, { clock: api.clock });
  try {
    const url = `http://127.0.0.1:${await other.listen()}/api/v1/guard/check`;
    const headers = { authorization: `Bearer ${await api.token(as)}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ text: '喝了变聪明' });
    const there = async () =>
      ((await (await fetch(url, { method: 'POST', headers, body })).json()) as { hits: unknown[] }).hits;
    expect(await there()).toEqual([]);
    await api.ok(addTerm, { body: { text: '变聪明', kind: 'claim', action: 'block' }, as });
    await vi.waitFor(async () => expect(await there()).toHaveLength(1), PATIENCE);
  } finally {
    await other.close();
  }
});

test('Z3 draws and red packets: titles, keyword, prizes and notes with a claim are refused by name, before anything happens', async () => {
  await using api = await startTestApi();
  const { rooms, staff } = await seedBrand(api);
  const roomId = rooms.a.id;
  const as = staff.a.guide;
  const prize = { name: '核桃礼盒', kind: 'coupon' as const, valueFen: 100, count: 1, note: '' };
  const draw = { roomId, title: '开播福利', rules: {}, prizes: [prize], durationSeconds: 60 };
  const refused = (term: string) => ({
    status: 422,
    problem: { code: 'words_refused', facts: { kind: 'claim', terms: [term] } },
  });
  for (const body of [
    { ...draw, title: '喝出健脑好身体' },
    { ...draw, rules: { keyword: '我要健脑' } },
    { ...draw, prizes: [{ ...prize, name: '健 脑核桃' }] },
    { ...draw, prizes: [{ ...prize, note: '健脑专用' }] },
  ])
    expect(await api.call(prepareDraw, { body, as })).toMatchObject(refused('健脑'));
  const rain = { roomId, title: '降血压红包', totalFen: 100, count: 10 };
  expect(await api.call(startRedPacket, { body: rain, as })).toMatchObject(refused('降血压'));
  const [made] = await api.api.platform.db.sql<{ n: number }>`
    SELECT (SELECT count(*) FROM draws)::int + (SELECT count(*) FROM red_packets)::int AS n`;
  expect(made?.n).toBe(0);
  const places = (await corrections(api)).map((row) => (row as { place: string }).place);
  expect(places).toEqual(['play', 'play', 'play', 'play', 'play']);
  await api.ok(prepareDraw, { body: draw, as });
});
