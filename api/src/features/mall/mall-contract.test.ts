/** One contract for both malls; then what only the one over HTTP can meet: a counterpart that behaves badly. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock, systemRandom } from '../../platform/clock.ts';
import {
  MALL_KEY,
  MALL_SECRET,
  type MallStandIn,
  type Misbehaviour,
  startMallStandIn,
} from '../../testing/mall-stand-in.ts';
import { createEmbeddedMall } from './embedded-mall.ts';
import { type Mall, MallFault, type MallProduct } from './port.ts';
import { createRestMall, type RestMallOptions } from './rest-mall.ts';
import { signatureOf } from './signature.policy.ts';

let standIn: MallStandIn;
beforeAll(async () => {
  standIn = await startMallStandIn();
  for (const code of ['a', 'b', 'c', 'd', 'e']) standIn.put(product(code));
  standIn.setStock([{ skuCode: 'a-1', onHand: 7 }], 3);
});
afterEach(() => standIn.behave());
afterAll(() => standIn.close());

const product = (code: string) => ({
  ...{ code, title: `商品 ${code}`, pictures: ['http://127.0.0.1/p.png'], status: 'on_sale' },
  skus: [{ code: `${code}-1`, name: '一袋', priceFen: 990 }],
});
const rest = (more: Partial<RestMallOptions> = {}): Mall =>
  createRestMall({
    ...{ url: standIn.url, keyId: MALL_KEY, secret: MALL_SECRET, allowPrivate: true },
    ...{ clock: systemClock, random: systemRandom, timeoutMs: 1_000, pausesMs: [1, 1] },
    ...more,
  });
const go = () => new AbortController().signal;
const fact = (id = randomUUID()) => ({
  ...{ id, sequence: 4, type: 'order.paid', at: '2026-05-01T12:00:00.000Z', order: { orderId: randomUUID() } },
});
async function all(mall: Mall): Promise<{ items: MallProduct[]; cursor: string | null }> {
  const items: MallProduct[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await mall.changedProducts(cursor, go());
    items.push(...page.items);
    cursor = page.cursor;
    if (!page.more) return { items, cursor };
  }
}

describe.each([
  { kind: 'embedded', make: createEmbeddedMall, products: 0 },
  { kind: 'rest', make: () => rest(), products: 5 },
])('the $kind mall', ({ kind, make, products }) => {
  test('is named, and the cursors it gives belong to that name', () => {
    const mall = make();
    expect(mall.kind).toBe(kind);
    expect(make().source).toBe(mall.source);
  });
  test('pages end; from the last cursor on there is nothing, again and again', async () => {
    const mall = make();
    const { items, cursor } = await all(mall);
    expect(new Set(items.map(({ code }) => code)).size).toBe(products);
    for (let n = 0; n < 2; n += 1)
      expect(await mall.changedProducts(cursor, go())).toMatchObject({ items: [], faults: [], more: false });
  });
  test('stock comes with the orders it knows of', async () => {
    const page = await make().stock(null, go());
    expect(page.more).toBe(false);
    expect(page.ordersThrough).toBe(products > 0 ? 3 : 0);
  });
  test('a fact told twice is one', async () => {
    const mall = make();
    const one = fact();
    await mall.pushOrder(one, go());
    await mall.pushOrder(one, go());
    expect(standIn.facts.filter(({ id }) => id === one.id)).toHaveLength(products > 0 ? 1 : 0);
  });
  test('levels are told, also none', async () => {
    const mall = make();
    await mall.putStock([], go());
    await mall.putStock([{ skuCode: 'a-1', unit: 'hq', available: 5 }], go());
  });
});

describe('over HTTP', () => {
  test('the signature is over method, path, time, nonce and body', () => {
    const signed = { method: 'PUT', path: '/api/stock', timestampSeconds: 1_767_225_600, nonce: 'n', body: '{}' };
    const given = signatureOf('s', signed);
    // As docs/19-catalogue.md tells the other side to check it.
    expect(given).toBe('UVnhZ828Lk7tuygrKftMEmaylAWariy7XdPqGw68YD0=');
    for (const other of [
      { method: 'POST' },
      { path: '/api/stock?x' },
      { timestampSeconds: 1 },
      { nonce: 'm' },
      { body: '' },
    ])
      expect(signatureOf('s', { ...signed, ...other })).not.toBe(given);
  });
  test('another secret, and a clock that is wrong, are refused', async () => {
    await expect(rest({ secret: 'x'.repeat(32) }).stock(null, go())).rejects.toMatchObject({
      code: 'refused',
      status: 401,
    });
    const late = { now: () => new Date(Date.now() - 3_600_000) };
    await expect(rest({ clock: late }).stock(null, go())).rejects.toMatchObject({ code: 'refused', status: 401 });
  });

  test.each<[string, Misbehaviour]>([
    ['500', { kind: 'status', status: 500 }],
    ['429', { kind: 'status', status: 429 }],
    ['JSON cut in the middle', { kind: 'half-json' }],
    ['an answer shorter than it says', { kind: 'truncated' }],
    ['a page of somebody else', { kind: 'not-json' }],
    ['no answer', { kind: 'silent' }],
  ])('asks again after %s, and says what it was when it stays so', async (_what, how) => {
    const mall = rest({ timeoutMs: 150 });
    standIn.misbehave(/products/, how, 2);
    expect((await mall.changedProducts('4', go())).items).toHaveLength(1);
    standIn.misbehave(/products/, how, 3);
    const before = standIn.requests.length;
    const failed = await mall.changedProducts('4', go()).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MallFault);
    expect(standIn.requests.length - before).toBe(3);
  });
  test.each<[string, Misbehaviour, string]>([
    ['more than we read', { kind: 'huge' }, 'too_large'],
    ['a way elsewhere', { kind: 'redirect', to: 'http://127.0.0.1:9/' }, 'refused'],
    ['a no', { kind: 'status', status: 422 }, 'refused'],
    ['a long pause', { kind: 'status', status: 503, retryAfter: 600 }, 'busy'],
  ])('does not ask again after %s', async (_what, how, code) => {
    standIn.misbehave(/products/, how, 3);
    const before = standIn.requests.length;
    await expect(rest().changedProducts(null, go())).rejects.toMatchObject({ code });
    expect(standIn.requests.length - before).toBe(1);
  });
  test('a lost answer to an order is a fact told twice with the same id: the mall has it once', async () => {
    const one = fact();
    standIn.misbehave(/POST .*orders/, { kind: 'done-then-cut' });
    await rest().pushOrder(one, go());
    expect(standIn.facts.filter(({ id }) => id === one.id)).toHaveLength(1);
  });
  test('one element that is wrong keeps no other back, and is named', async () => {
    const own = await startMallStandIn();
    own.put(product('good'));
    own.put({ ...product('bad'), skus: [{ code: 'bad-1', name: '一袋', priceFen: 9.9 }] });
    const page = await rest({ url: own.url }).changedProducts(null, go());
    await own.close();
    expect(page.items.map(({ code }) => code)).toEqual(['good']);
    expect(page.faults).toEqual([{ code: 'bad', issue: 'not_understood /skus/0/priceFen' }]);
  });
  test('addresses inside our own network are asked only where that is allowed', async () => {
    for (const url of [
      'http://127.0.0.1:1/api',
      'https://127.0.0.1:1/api',
      'https://10.0.0.5/api',
      'https://mall.internal/api',
    ])
      await expect(rest({ url, allowPrivate: false }).stock(null, go())).rejects.toMatchObject({ code: 'not_public' });
    await expect(rest({ allowPrivate: false }).picture('https://[::1]/p.png', go())).rejects.toMatchObject({
      code: 'not_public',
    });
  });
  test('what is stopped ends at once', async () => {
    const stop = new AbortController();
    standIn.misbehave(/stock/, { kind: 'silent' });
    const asked = rest({ timeoutMs: 60_000 }).stock(null, stop.signal);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'stopped' });
  });
});
