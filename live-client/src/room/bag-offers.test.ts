import { priceForQuantity, struckPriceOf } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { headlinePriceAt, skuPriceAt, upcomingOffer } from './bag-offers.ts';
import { AT, bagItem, offer, uuid } from './fixtures.ts';

const NOW = Date.parse(AT);
const item = bagItem(0, { offers: [offer()] });
const sku = item.product.skus[0]!;

describe('skuPriceAt', () => {
  it('takes the running offer and counts the least of stock and cap', () => {
    expect(skuPriceAt(item, sku, NOW)).toMatchObject({
      priceFen: 3_990,
      struckFen: null,
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

  it('Z4: without a stated basis the lowest deal of seven days is struck, if it is more than the price', () => {
    const priced = (baselineFen: number | null, stated = {}) => {
      const price = skuPriceAt(bagItem(0, { offers: [offer({ baselineFen })] }), { ...sku, ...stated }, NOW);
      const { listPriceFen, listPriceBasis } = { ...sku, ...stated };
      const struck = struckPriceOf({ priceFen: price.priceFen, listPriceFen, listPriceBasis, baselineFen });
      expect(price.struckFen).toBe(struck?.fen ?? null);
      return price.struckFen;
    };
    expect(priced(4_990)).toBe(4_990);
    expect(priced(3_990)).toBeNull();
    expect(priced(null)).toBeNull();
    expect(priced(4_990, { listPriceFen: 9_900, listPriceBasis: '门店价' })).toBe(9_900);
    expect(priced(4_990, { listPriceFen: 3_500, listPriceBasis: '门店价' })).toBeNull();
  });

  it('stairs: a piece costs what the pieces in the order make it cost, never more of them than one may buy', () => {
    const stairs = [
      { fromQuantity: 2, priceFen: 3_500 },
      { fromQuantity: 5, priceFen: 3_000 },
    ];
    const stepped = bagItem(0, { offers: [offer({ stairs })] });
    for (const quantity of [1, 2])
      expect(skuPriceAt(stepped, sku, NOW, quantity).priceFen).toBe(priceForQuantity(3_990, stairs, quantity));
    expect(skuPriceAt(stepped, sku, NOW, 5)).toMatchObject({ priceFen: 3_500, maxQuantity: 2 });
  });

  it('what is announced and has not begun is told, the earliest first', () => {
    const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
    const later = [offer({ id: uuid(61), startsAt: at(9) }), offer({ id: uuid(60), startsAt: at(5) }), offer()];
    expect(upcomingOffer(bagItem(0, { offers: later }), sku.id, NOW)?.id).toBe(uuid(60));
    expect(upcomingOffer(item, sku.id, NOW)).toBeNull();
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
