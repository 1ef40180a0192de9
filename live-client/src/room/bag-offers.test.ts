import { describe, expect, it } from 'vitest';
import { headlinePriceAt, skuPriceAt } from './bag-offers.ts';
import { AT, bagItem, offer, uuid } from './fixtures.ts';

const NOW = Date.parse(AT);
const item = bagItem(0, { offers: [offer()] });
const sku = item.product.skus[0]!;

describe('skuPriceAt', () => {
  it('takes the running offer, strikes the shelf price and counts the least of stock and cap', () => {
    expect(skuPriceAt(item, sku, NOW)).toMatchObject({
      priceFen: 3_990,
      struckFen: 5_990,
      left: 6,
      soldOut: false,
      maxQuantity: 2,
    });
  });

  it.each([
    ['before its window', Date.parse('2026-11-22T11:58:59.999Z')],
    ['at its end', Date.parse('2026-11-22T12:10:00.000Z')],
  ])('%s the shelf price counts', (_, at) => {
    expect(skuPriceAt(item, sku, at)).toMatchObject({ offer: null, priceFen: 5_990, struckFen: null, left: 30 });
  });

  it('a closed offer does not count, a full one is sold out', () => {
    expect(skuPriceAt(bagItem(0, { offers: [offer({ state: 'closed' })] }), sku, NOW).offer).toBeNull();
    expect(skuPriceAt(bagItem(0, { offers: [offer({ taken: 10 })] }), sku, NOW)).toMatchObject({
      left: 0,
      soldOut: true,
    });
  });

  it('Z4: a list price without a stated basis is never struck', () => {
    const unstated = { ...sku, listPriceFen: 9_900, listPriceBasis: null };
    const stated = { ...sku, listPriceFen: 9_900, listPriceBasis: '门店价 2026-10' };
    const plain = bagItem(0);
    expect(skuPriceAt(plain, unstated, NOW).struckFen).toBeNull();
    expect(skuPriceAt(plain, stated, NOW).struckFen).toBe(9_900);
  });

  it('stock that was not told is not zero; a product off sale is', () => {
    expect(skuPriceAt(bagItem(0, { available: {} }), sku, NOW)).toMatchObject({ left: null, soldOut: false });
    const off = bagItem(0);
    expect(skuPriceAt({ ...off, product: { ...off.product, status: 'off_sale' } }, sku, NOW).soldOut).toBe(true);
  });
});

describe('headlinePriceAt', () => {
  it('prefers a running offer, then what is left', () => {
    const two = bagItem(0, { available: { [uuid(20)]: 0, [uuid(21)]: 5 } });
    const second = { ...sku, id: uuid(21), name: '24 罐' };
    const both = { ...two, product: { ...two.product, skus: [sku, second] } };
    expect(headlinePriceAt(both, NOW)?.sku.id).toBe(uuid(21));
    const offered = { ...both, available: { [uuid(20)]: 2, [uuid(21)]: 5 }, offers: [offer()] };
    expect(headlinePriceAt(offered, NOW)?.sku.id).toBe(uuid(20));
    expect(headlinePriceAt({ ...both, product: { ...both.product, skus: [] } }, NOW)).toBeNull();
  });
});
