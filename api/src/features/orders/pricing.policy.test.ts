import { describe, expect, it } from 'vitest';
import { priceLine, refuseEarly, type SkuFacts, sumLines, type WantedLine } from './pricing.policy.ts';

const now = new Date('2026-11-22T12:00:00Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const GRACE_SECONDS = 15;
const line = (change: Partial<WantedLine> = {}): WantedLine => ({
  skuId: 'sku',
  quantity: 1,
  offerId: null,
  offerVersion: null,
  seenPriceFen: 590n,
  ...change,
});
const terms = { startsAt: after(-600), endsAt: after(600), cap: null, perPersonLimit: 2 };
const facts = (change: Partial<SkuFacts> = {}): SkuFacts => ({
  skuId: 'sku',
  buyable: true,
  shelfPriceFen: 590n,
  offer: null,
  named: null,
  open: null,
  ...change,
});
/** An offer at version 2 (450 fen) whose version 1 (490 fen) was superseded so many seconds ago. */
const onOffer = (change: { version: 1 | 2; supersededSecondsAgo?: number } & Partial<SkuFacts>): SkuFacts => {
  const { version, supersededSecondsAgo = 5, ...rest } = change;
  return facts({
    offer: { id: 'offer', state: 'open', version: 2 },
    named:
      version === 2
        ? { ...terms, version: 2, priceFen: 450n, supersededAt: null }
        : { ...terms, version: 1, priceFen: 490n, supersededAt: after(-supersededSecondsAgo) },
    open: { id: 'offer', version: 2, priceFen: 450n, startsAt: terms.startsAt, endsAt: terms.endsAt },
    ...rest,
  });
};
const seen = (version: number, seenPriceFen: bigint) => line({ offerId: 'offer', offerVersion: version, seenPriceFen });
const price = (wanted: WantedLine, sku: SkuFacts) => priceLine(wanted, sku, now, GRACE_SECONDS);
const current = { skuId: 'sku', priceFen: 450, offerId: 'offer', offerVersion: 2 };

describe('S2 lines', () => {
  it('S2 lines of one SKU are summed and SKUs come sorted', () => {
    const summed = sumLines([
      line({ skuId: 'b' }),
      line({ skuId: 'a', quantity: 2 }),
      line({ skuId: 'b', quantity: 3 }),
    ]);
    expect(summed).toEqual({ ok: true, value: [line({ skuId: 'a', quantity: 2 }), line({ skuId: 'b', quantity: 4 })] });
  });
  it.each([
    ['two prices', line({ seenPriceFen: 589n })],
    ['two offers', line({ offerId: 'offer' })],
    ['two versions', line({ offerVersion: 2 })],
  ])('S2 one SKU at %s is refused', (_what, other) => {
    expect(sumLines([line(), other])).toMatchObject({ ok: false, refusal: { code: 'invalid_request' } });
  });
  it('S2 more than 999 pieces together are refused', () => {
    expect(sumLines([line({ quantity: 999 }), line()])).toMatchObject({ ok: false });
  });
});

describe('S4 the price the buyer saw', () => {
  it('S4 the shelf price, exactly', () => {
    expect(price(line(), facts())).toEqual({ ok: true, value: { unitPriceFen: 590n, offer: null } });
    expect(price(line({ seenPriceFen: 589n }), facts())).toEqual({
      ok: false,
      refusal: { code: 'price_changed', facts: { skuId: 'sku', priceFen: 590, offerId: null, offerVersion: null } },
    });
  });
  it('S4 the shelf price stays buyable beside an offer', () => {
    expect(price(line(), onOffer({ version: 2, offer: null, named: null }))).toMatchObject({ ok: true });
  });
  it('S4 the current version, with its terms', () => {
    expect(price(seen(2, 450n), onOffer({ version: 2 }))).toEqual({
      ok: true,
      value: { unitPriceFen: 450n, offer: { id: 'offer', version: 2, honoured: 'current', priceFen: 450n, ...terms } },
    });
  });
  it.each([0, 1, GRACE_SECONDS])('S4 a version superseded %i s ago is honoured', (supersededSecondsAgo) => {
    expect(price(seen(1, 490n), onOffer({ version: 1, supersededSecondsAgo }))).toMatchObject({
      ok: true,
      value: { unitPriceFen: 490n, offer: { version: 1, honoured: 'grace' } },
    });
  });
  it('S4 after the grace window the new price is told', () => {
    expect(price(seen(1, 490n), onOffer({ version: 1, supersededSecondsAgo: GRACE_SECONDS + 0.001 }))).toEqual({
      ok: false,
      refusal: { code: 'price_changed', facts: current },
    });
  });
  it('S4 nobody pays a price that no screen showed', () => {
    expect(price(seen(2, 449n), onOffer({ version: 2 }))).toMatchObject({
      refusal: { code: 'price_changed', facts: current },
    });
    expect(price(seen(1, 450n), onOffer({ version: 1 }))).toMatchObject({ refusal: { code: 'price_changed' } });
    expect(price(seen(7, 450n), onOffer({ version: 2, named: null }))).toMatchObject({
      refusal: { code: 'price_changed' },
    });
  });
  it.each([
    ['closed', onOffer({ version: 2, offer: { id: 'offer', state: 'closed', version: 2 }, open: null })],
    ['of another room', onOffer({ version: 2, offer: null, named: null })],
    [
      'not begun',
      onOffer({ version: 2, named: { ...terms, startsAt: after(1), version: 2, priceFen: 450n, supersededAt: null } }),
    ],
    ['over', onOffer({ version: 2, named: { ...terms, endsAt: now, version: 2, priceFen: 450n, supersededAt: null } })],
  ])('S4 an offer that is %s is not open', (_what, sku) => {
    expect(price(seen(2, 450n), sku)).toMatchObject({ refusal: { code: 'offer_not_open' } });
  });
  it('a SKU that is off sale or not in the bag is not there', () => {
    expect(price(line(), facts({ buyable: false }))).toEqual({
      ok: false,
      refusal: { code: 'not_found', facts: { skuId: 'sku' } },
    });
  });
});

describe('S1 the early no', () => {
  const left = { pieces: 5, ofOffer: 4, ofLimit: 3 };
  it.each([
    [line({ quantity: 5 }), left, undefined],
    [line({ quantity: 6 }), left, 'out_of_stock'],
    [seen(1, 1n), { ...left, ofLimit: 0 }, 'limit_exceeded'],
    [seen(1, 1n), { ...left, ofOffer: 0, ofLimit: 0 }, 'offer_sold_out'],
    [seen(1, 1n), { pieces: 0, ofOffer: null, ofLimit: null }, 'out_of_stock'],
    [seen(1, 1n), { pieces: 1, ofOffer: null, ofLimit: null }, undefined],
  ] as const)('S1 case %#', (wanted, now, code) => {
    expect(refuseEarly(wanted, now)?.code).toBe(code);
  });
});
