import { ApiError } from '@walnut-live/live-client/http';
import type { SkuPrice } from '@walnut-live/live-client/room';
import { describe, expect, it } from 'vitest';
import { refusalOf, termsAfter } from './refusal.ts';

const sku = { id: 's', name: '12 罐', priceFen: 5_990, listPriceFen: null, listPriceBasis: null, active: true };
const shelf: SkuPrice = {
  sku,
  offer: null,
  priceFen: 5_990,
  struckFen: null,
  left: 30,
  soldOut: false,
  maxQuantity: 30,
};
const offered: SkuPrice = {
  ...shelf,
  offer: {
    id: 'o',
    roomId: 'r',
    skuId: 's',
    priceFen: 3_990,
    version: 2,
    startsAt: '',
    endsAt: 'end',
    cap: 10,
    taken: 1,
    perPersonLimit: 2,
    state: 'open',
  },
  priceFen: 3_990,
  struckFen: 5_990,
};
const refused = (code: ApiError['code'], facts: Record<string, unknown> = {}) =>
  new ApiError({ code, status: 409, facts });

describe('rule S4 at the checkout', () => {
  it('takes the price and offer the server names, and asks again', () => {
    const refusal = refusalOf(refused('price_changed', { priceFen: 4_490, offerId: 'o', offerVersion: 3 }), offered);
    expect(refusal).toMatchObject({ kind: 'price_changed', seenFen: 3_990 });
    expect(termsAfter(offered, refusal)).toMatchObject({
      priceFen: 4_490,
      offerId: 'o',
      offerVersion: 3,
      endsAt: 'end',
      struckFen: 5_990,
    });
  });

  it('falls back to the shelf price when the offer is gone', () => {
    for (const code of ['offer_sold_out', 'offer_not_open'] as const) {
      const refusal = refusalOf(refused(code), offered);
      expect(refusal?.kind).toBe('offer_over');
      expect(termsAfter(offered, refusal)).toMatchObject({
        priceFen: 5_990,
        offerId: null,
        offerVersion: null,
        struckFen: null,
        endsAt: null,
      });
    }
  });

  it('forgets the correction once the room shows something newer', () => {
    const refusal = refusalOf(
      refused('price_changed', { priceFen: 4_490, offerId: null, offerVersion: null }),
      offered,
    );
    expect(termsAfter({ ...offered, priceFen: 2_990 }, refusal)).toMatchObject({ priceFen: 2_990, offerId: 'o' });
  });

  it('out of stock is sold out; a limit keeps the terms', () => {
    expect(termsAfter(shelf, refusalOf(refused('out_of_stock'), shelf)).soldOut).toBe(true);
    const limited = refusalOf(refused('limit_exceeded', { limit: 2 }), offered);
    expect(limited).toMatchObject({ kind: 'limit_exceeded', limit: 2 });
    expect(termsAfter(offered, limited)).toMatchObject({ priceFen: 3_990, soldOut: false });
  });

  it('leaves other errors to their own words', () => {
    expect(refusalOf(refused('room_not_live'), shelf)).toBeNull();
    expect(refusalOf(new TypeError('x'), shelf)).toBeNull();
  });
});
