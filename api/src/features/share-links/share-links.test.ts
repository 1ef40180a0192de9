import { createShareLink, myShares, ruleCredit } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { makeBrowser, visit } from '../../testing/visits.ts';
import {
  deriveKey,
  encodeShareToken,
  issueMoment,
  readShareToken,
  type ShareTokenFacts,
  shareChannels,
} from './share-token.policy.ts';
import { isVisit } from './visit.policy.ts';

const DAY_MS = 86_400_000;
const key = deriveKey('a secret of this test, long enough', 'share token');
const facts = fc.record<ShareTokenFacts>({
  linkId: fc.uuid(),
  sharerId: fc.uuid(),
  roomId: fc.uuid(),
  productId: fc.option(fc.uuid(), { nil: null }),
  contentId: fc.option(fc.uuid(), { nil: null }),
  groupBuyId: fc.option(fc.uuid(), { nil: null }),
  channel: fc.constantFrom(...shareChannels),
  issuedAt: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seconds) => new Date(seconds * 1000)),
});

describe('A6 the token', () => {
  it('A6 says back what it was made of, in at most 110 characters for one target', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const token = encodeShareToken(key, given);
        const targets = [given.productId, given.contentId, given.groupBuyId].filter((id) => id !== null).length;
        expect(token).toMatch(/^[\w-]{80,152}$/);
        if (targets <= 1) expect(token.length).toBeLessThanOrEqual(110);
        expect(readShareToken(key, token, given.issuedAt)).toEqual({ ok: true, facts: given });
      }),
    );
  });

  it('A6 any changed character, another secret, a longer or shorter token is refused and never throws', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(facts, fc.nat(), fc.constantFrom(...alphabet), (given, place, letter) => {
        const token = encodeShareToken(key, given);
        const at = place % token.length;
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        if (changed !== token) expect(readShareToken(key, changed, given.issuedAt).ok).toBe(false);
        expect(readShareToken(deriveKey('other', 'share token'), token, given.issuedAt)).toMatchObject({
          ok: false,
          reason: 'forged',
          roomId: given.roomId,
        });
        expect(readShareToken(key, `${token}A`, given.issuedAt).ok).toBe(false);
        expect(readShareToken(key, token.slice(0, -1), given.issuedAt).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(readShareToken(key, text, new Date()).ok).toBe(false);
      }),
    );
  });

  it.each([
    [0, true],
    [30 * DAY_MS, true],
    [30 * DAY_MS + 1000, false],
    [-299_000, true],
    [-301_000, false],
  ])('A6 read %i ms after issue: good = %s', (ageMs, good) => {
    const issuedAt = new Date('2026-11-01T00:00:00Z');
    const token = encodeShareToken(key, {
      linkId: crypto.randomUUID(),
      sharerId: crypto.randomUUID(),
      roomId: crypto.randomUUID(),
      productId: null,
      contentId: null,
      groupBuyId: null,
      channel: 'copy',
      issuedAt,
    });
    const reading = readShareToken(key, token, new Date(issuedAt.getTime() + ageMs));
    expect(reading.ok ? 'good' : reading.reason).toBe(good ? 'good' : 'expired');
  });

  it('a link has one address for a day and what is handed out lives at least 29 days', () => {
    const born = new Date('2026-11-01T10:00:00Z');
    const later = (ms: number) => issueMoment(born, new Date(born.getTime() + ms)).getTime() - born.getTime();
    expect([0, DAY_MS - 1, DAY_MS, 40.5 * DAY_MS].map(later)).toEqual([0, 0, DAY_MS, 40 * DAY_MS]);
    expect(issueMoment(born, new Date(born.getTime() - 5))).toEqual(born);
  });
});

test.each([
  ['GET', 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.50', '', true],
  ['GET', 'Mozilla/5.0 (Linux; Android 14) DingTalk/7.5', '', true],
  ['GET', '', '', true],
  ['HEAD', 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.50', '', false],
  ['GET', 'facebookexternalhit/1.1', '', false],
  ['GET', 'Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)', '', false],
  ['GET', 'WhatsApp/2.23', '', false],
  ['GET', 'SomeNewBot/1.0 (bot)', '', false],
  ['GET', 'Mozilla/5.0 (iPhone)', 'prefetch;prerender', false],
])('A7 %s by "%s" (%s) is a visit: %s', (method, userAgent, purpose, wanted) => {
  expect(isVisit({ method, userAgent, purpose })).toBe(wanted);
});

const touchesOf = (api: TestApi) => api.api.platform.db.sql`SELECT * FROM touches ORDER BY id`;
const refused = async (api: TestApi) =>
  Object.fromEntries(
    (await api.api.platform.metrics.badShareTokens.get()).values.map((one) => [one.labels.reason, one.value]),
  );

test('the same sharer, target and channel give the same link; others do not', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna, bella } = brand.consumers;
  const roomId = brand.rooms.a.id;
  const ask = (as = anna, body: object = {}) => api.ok(createShareLink, { as, body: { roomId, ...body } });
  const first = await ask();
  const again = await Promise.all(Array.from({ length: 8 }, () => ask()));
  expect(new Set(again.map((link) => link.id))).toEqual(new Set([first.id]));
  expect(again[0]).toEqual(first);
  expect(first.url.endsWith(first.path)).toBe(true);
  const others = [
    await ask(bella),
    await ask(anna, { channel: 'poster' }),
    await ask(anna, { productId: brand.products.milk.id }),
  ];
  expect(new Set([first.id, ...others.map((link) => link.id)]).size).toBe(4);
  const unknown = [
    { roomId: crypto.randomUUID() },
    { roomId: brand.rooms.scheduledA.id, productId: brand.products.milk.id },
  ];
  for (const body of unknown) expect((await api.call(createShareLink, { as: anna, body })).status).toBe(404);
});

test('links are limited per person', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const statuses: number[] = [];
  for (let i = 0; i < 31; i++) {
    const answer = await api.call(createShareLink, { as: brand.consumers.anna, body: { roomId: brand.rooms.a.id } });
    statuses.push(answer.status);
  }
  expect(statuses.filter((status) => status === 201)).toHaveLength(30);
  expect(statuses.at(-1)).toBe(429);
});

test('A6 a good token records a touch, makes a guest once, and opens the room', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna } = brand.consumers;
  const browser = await makeBrowser(api);
  const answer = await visit(api, anna, browser, brand.rooms.a.id, brand.products.milk.id);
  const [touch] = await touchesOf(api);
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe(
    `/r/${brand.rooms.a.id}?via=${touch?.link_id}&product=${brand.products.milk.id}`,
  );
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(browser.cookie()).toMatch(/^wl_visitor=/);
  expect(touch).toMatchObject({
    sharer_id: anna.personId,
    room_id: brand.rooms.a.id,
    product_id: brand.products.milk.id,
  });
  expect(touch?.ip_hash).toMatch(/^[\w-]{22}$/);

  const cookie = browser.cookie();
  await visit(api, brand.consumers.bella, browser, brand.rooms.b.id);
  expect(browser.cookie()).toBe(cookie);
  const touches = await touchesOf(api);
  expect(touches.map((one) => one.visitor_id)).toEqual([touch?.visitor_id, touch?.visitor_id]);
  await expect(api.api.platform.db.sql`DELETE FROM touches`).rejects.toThrow('append-only');
});

test('A6 forged, expired, unknown and malformed tokens open the player, are counted, and touch nothing', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const browser = await makeBrowser(api);
  const room = brand.rooms.a;
  const { path } = await api.ok(createShareLink, { as: brand.consumers.anna, body: { roomId: room.id } });
  const forged = path.slice(0, -1) + (path.endsWith('A') ? 'Q' : 'A');
  const ownKey = deriveKey(api.api.platform.config.SHARE_SECRET, 'share token');
  const unknown = encodeShareToken(ownKey, {
    linkId: crypto.randomUUID(),
    sharerId: brand.consumers.anna.personId,
    roomId: room.id,
    productId: null,
    contentId: null,
    groupBuyId: null,
    channel: 'copy',
    issuedAt: api.clock.now(),
  });
  const otherRoom = encodeShareToken(deriveKey('x', 'share token'), {
    linkId: crypto.randomUUID(),
    sharerId: crypto.randomUUID(),
    roomId: crypto.randomUUID(),
    productId: null,
    contentId: null,
    groupBuyId: null,
    channel: 'copy',
    issuedAt: api.clock.now(),
  });
  const opened = async (what: string) => {
    const answer = await browser.open(what);
    expect(answer.status).toBe(302);
    return answer.headers.get('location');
  };
  expect(await opened(forged)).toBe(`/r/${room.id}`);
  expect(await opened(`/s/${unknown}`)).toBe(`/r/${room.id}`);
  expect(await opened(`/s/${otherRoom}`)).toBe('/');
  expect(await opened('/s/hello')).toBe('/');
  expect(await opened(`/s/${'x'.repeat(3_000)}`)).toBe('/');
  expect(await opened('/s/%F0%9F%8C%B0')).toBe('/');
  expect(await opened('/s/%ff')).toBe('/');
  api.clock.advanceSeconds(31 * 86_400);
  expect(await opened(path)).toBe(`/r/${room.id}`);
  expect(await refused(api)).toEqual({ forged: 2, unknown: 1, malformed: 4, expired: 1 });
  expect(await touchesOf(api)).toEqual([]);
  expect(browser.cookie()).toBeUndefined();
});

test('A6 whoever hands a link on says which product to show, and which room when the token names none', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const browser = await makeBrowser(api);
  const room = brand.rooms.a;
  const shown = brand.products.milk.id;
  const { path } = await api.ok(createShareLink, { as: brand.consumers.anna, body: { roomId: room.id } });
  const opened = async (what: string) => (await browser.open(what)).headers.get('location');
  expect(await opened(`${path}?product=${shown}&room=${brand.rooms.b.id}`)).toMatch(
    new RegExp(`^/r/${room.id}\\?via=[\\w-]{36}&product=${shown}$`),
  );
  expect(await touchesOf(api)).toMatchObject([{ sharer_id: brand.consumers.anna.personId, product_id: null }]);
  expect(await opened(`/s/hello?product=${shown}&room=${room.id}`)).toBe(`/r/${room.id}?product=${shown}`);
  expect(await opened(`/s/hello?room=${room.id}`)).toBe(`/r/${room.id}`);
  for (const wrong of ['//evil.example', 'https://evil.example', '../../x', ''])
    expect(await opened(`/s/hello?room=${encodeURIComponent(wrong)}&product=${encodeURIComponent(wrong)}`)).toBe('/');
});

test('A7 reloads within a minute are one touch, later ones are new; looking is no visit', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna, bella } = brand.consumers;
  const { path } = await api.ok(createShareLink, { as: anna, body: { roomId: brand.rooms.a.id } });
  const browser = await makeBrowser(api, bella);
  await Promise.all(Array.from({ length: 10 }, () => browser.open(path)));
  expect(await touchesOf(api)).toHaveLength(1);
  api.clock.advanceSeconds(61);
  await browser.open(path);
  expect(await touchesOf(api)).toHaveLength(2);
  api.clock.advanceSeconds(61);
  const stranger = await makeBrowser(api);
  expect((await stranger.open(path, { method: 'HEAD' })).headers.get('location')).toContain(`/r/${brand.rooms.a.id}`);
  await stranger.open(path, { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0' } });
  await stranger.open(path, { headers: { 'sec-purpose': 'prefetch' } });
  expect(stranger.cookie()).toBeUndefined();
  expect(await touchesOf(api)).toHaveLength(2);
  expect(await api.ok(myShares, { as: anna })).toMatchObject({
    visitors: 1,
    newCustomers: 1,
    orders: 0,
    links: [{ visitors: 1, orders: 0, roomTitle: brand.rooms.a.title }],
  });
});

test('A6 the forwarding chain is kept: whoever came by a link makes links below it', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna, bella } = brand.consumers;
  const roomId = brand.rooms.a.id;
  await visit(api, anna, bella, roomId);
  const chris = await makeConsumer(api, '程橙');
  await visit(api, bella, chris, roomId);
  await api.ok(createShareLink, { as: chris, body: { roomId } });
  await api.ok(createShareLink, { as: chris, body: { roomId: brand.rooms.b.id } });
  const links = await api.api.platform.db.sql<{
    id: string;
    sharer_id: string;
    room_id: string;
    parent_link_id: string | null;
  }>`
    SELECT * FROM share_links`;
  const linkOf = (person: { personId: string }, room = roomId) =>
    links.find((link) => link.sharer_id === person.personId && link.room_id === room);
  expect(linkOf(anna)?.parent_link_id).toBeNull();
  expect(linkOf(bella)?.parent_link_id).toBe(linkOf(anna)?.id);
  expect(linkOf(chris)?.parent_link_id).toBe(linkOf(bella)?.id);
  expect(linkOf(chris, brand.rooms.b.id)?.parent_link_id).toBeNull();
});

test('A7 visitors are people: guests who became one person are one visitor, my own visits are none', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna, bella } = brand.consumers;
  const roomId = brand.rooms.a.id;
  const [one, two] = [await makeGuest(api), await makeGuest(api)];
  for (const visitor of [bella, one, two, anna]) await visit(api, anna, visitor, roomId);
  expect(await api.ok(myShares, { as: anna })).toMatchObject({ visitors: 3 });
  const { sql } = api.api.platform.db;
  await sql`UPDATE people SET merged_into = ${bella.personId} WHERE id = ANY(${[one.personId, two.personId]}::uuid[])`;
  expect(await api.ok(myShares, { as: anna })).toMatchObject({ visitors: 1, links: [{ visitors: 1 }] });
});

test('A3 an order that headquarters ruled to be mine is among what my shares brought, and no more with whom it was before', async () => {
  await using api = await startTestApi();
  const { consumers, rooms, staff } = await seedBrand(api);
  const { anna, bella, chris } = consumers;
  const orders = createAttributedOrders(api);
  await visit(api, anna, chris, rooms.a.id);
  api.clock.advanceSeconds(61);
  await visit(api, bella, chris, rooms.a.id);
  const order = await orders.place(chris, rooms.a, [10_000]);
  await orders.pay(order);
  const sums = async (as: Principal) => {
    const { orders: count, gmvFen, links } = await api.ok(myShares, { as });
    return [count, gmvFen, links.map((link) => link.orders)];
  };
  expect([await sums(anna), await sums(bella)]).toEqual([
    [0, 0, [0]],
    [1, 10_000, [1]],
  ]);
  await api.ok(ruleCredit, {
    as: staff.operations,
    params: { id: order.id },
    body: { outcome: 'changed', personId: anna.personId, reason: '先由安然带来', seenVersion: 1 },
  });
  expect([await sums(anna), await sums(bella)]).toEqual([
    [1, 10_000, [1]],
    [0, 0, [0]],
  ]);
});
