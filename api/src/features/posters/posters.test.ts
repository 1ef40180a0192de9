import { createShareLink } from '@walnut-live/contracts';
import jsqrModule from 'jsqr';
import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';
import { makeOffer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { makeBrowser } from '../../testing/visits.ts';
import { drawable, fitTo, type PosterFacts, posterText } from './poster.policy.ts';

// A CommonJS module whose types speak of a default export of a default export.
const jsQR = jsqrModule as unknown as typeof jsqrModule.default;

const facts: PosterFacts = {
  kind: 'product',
  title: '核桃乳',
  subtitle: '',
  coverUrl: '/pictures/none.svg',
  room: { state: 'live', scheduledAt: null },
  store: '杭州湖滨店',
  brand: '山核记',
  sharer: { name: '安然', isGuide: false },
  price: { priceFen: 5_990, listPriceFen: null, listPriceBasis: null, baselineFen: null, groupSize: null },
};
const priced = (price: Partial<NonNullable<PosterFacts['price']>>) =>
  posterText({ ...facts, price: { ...(facts.price as NonNullable<PosterFacts['price']>), ...price } }, 'zh-CN').price;

describe('Z4 the price of a poster', () => {
  it.each([
    ['nothing known', {}, ''],
    ['a list price without a basis', { listPriceFen: 9_900 }, ''],
    ['a list price with its basis', { listPriceFen: 9_900, listPriceBasis: '建议零售价' }, '99'],
    ['a list price that is no more', { listPriceFen: 5_990, listPriceBasis: '建议零售价' }, ''],
    ['the lowest deal of seven days', { baselineFen: 6_950 }, '69.50'],
    ['a lower deal before', { baselineFen: 5_000 }, ''],
  ])('Z4 %s: struck "%s"', (_what, price, struck) => {
    const text = priced(price);
    expect(text?.struck).toBe(struck);
    // What is struck says why.
    expect(Boolean(text?.basis)).toBe(struck !== '');
  });

  it('says no more than fits, and nothing that the font has not', () => {
    expect(fitTo('核桃'.repeat(40), 10)).toBe(`${'核桃'.repeat(4)}核…`);
    expect(fitTo('核桃', 10)).toBe('核桃');
    expect(drawable('新\u{1F330}核桃\u0007\n到了👨‍👩‍👧')).toBe('新 核桃 到了');
    expect(posterText({ ...facts, sharer: { name: '👨‍👩‍👧', isGuide: false } }, 'en').initial).toBe('·');
  });
});

test('A6 Z4 a poster is its sharer’s alone, is drawn once, and its code opens the link as a touch', async () => {
  await using api = await startTestApi();
  const { consumers, rooms, products } = await seedBrand(api);
  const { anna, bella } = consumers;
  await makeOffer(api, rooms.a, products.milk.sku.id, { priceFen: 490 });
  const body = { roomId: rooms.a.id, productId: products.milk.id, channel: 'poster' } as const;
  const link = await api.ok(createShareLink, { as: anna, body });
  const fetched = async (as: typeof anna | undefined, headers: Record<string, string> = {}, query = '') =>
    fetch(`${api.url}/api/v1/share-links/${link.id}/poster.png${query}`, {
      headers: { ...(as ? { authorization: `Bearer ${await api.token(as)}` } : {}), ...headers },
    });
  expect((await fetched(undefined)).status).toBe(401);
  expect((await fetched(bella)).status).toBe(404);

  const answer = await fetched(anna);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('image/png');
  expect(answer.headers.get('cache-control')).toContain('private');
  const poster = Buffer.from(await answer.arrayBuffer());
  const again = await fetched(anna);
  expect(Buffer.from(await again.arrayBuffer()).equals(poster)).toBe(true);
  const etag = answer.headers.get('etag') ?? '';
  expect((await fetched(anna, { 'if-none-match': etag })).status).toBe(304);
  // Another price is another poster.
  await api.api.platform.db.sql`UPDATE offers SET price_fen = 480`;
  expect((await fetched(anna, { 'if-none-match': etag })).headers.get('etag')).not.toBe(etag);

  const { data, info } = await sharp(poster).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([720, 1240]);
  const code = jsQR(new Uint8ClampedArray(data), info.width, info.height);
  expect(code?.data).toBe(link.url);
  const browser = await makeBrowser(api, bella);
  const opened = await browser.open(new URL(code?.data ?? '').pathname);
  expect(opened.headers.get('location')).toContain(`/r/${rooms.a.id}?via=${link.id}`);
  const touches = await api.api.platform.db.sql`SELECT channel, visitor_id FROM touches`;
  expect(touches).toEqual([{ channel: 'poster', visitor_id: bella.personId }]);
});
