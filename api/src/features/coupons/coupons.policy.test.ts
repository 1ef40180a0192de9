import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CouponFacts,
  couponEvents,
  couponStates,
  couponTransitions,
  eventOf,
  refusalAtCounter,
  refusalOfCoupon,
} from './coupons.policy.ts';

const at = new Date('2026-11-22T12:00:00Z');
const coupon: CouponFacts = {
  state: 'held',
  usage: 'order',
  orgPath: 'hq.east',
  minSpendFen: 5_000n,
  newcomersOnly: false,
  belowFloor: false,
  hasBought: true,
  expiresAt: new Date(at.getTime() + 1),
};
const order = { orgPath: 'hq.east.hangzhou', itemsFen: 5_000n, at };

describe('S10 N2 what an order takes', () => {
  it.each<[string, Partial<CouponFacts>, Partial<typeof order>, string | undefined]>([
    ['the minimum, to the fen', {}, {}, undefined],
    ['one fen less', {}, { itemsFen: 4_999n }, 'below_minimum'],
    ['the last moment', { expiresAt: new Date(at.getTime() + 1) }, {}, undefined],
    ['the moment it ends', { expiresAt: at }, {}, 'expired'],
    ['used', { state: 'used' }, {}, 'used'],
    ['one for a counter', { usage: 'store' }, {}, 'at_counter'],
    ['a gift', { usage: 'gift', minSpendFen: 0n }, {}, 'at_counter'],
    ['its own unit', {}, { orgPath: 'hq.east' }, undefined],
    ['the unit above it', {}, { orgPath: 'hq' }, 'other_store'],
    ['another unit', {}, { orgPath: 'hq.north.beijing' }, 'other_store'],
    ['a path that only begins alike', {}, { orgPath: 'hq.eastern' }, 'other_store'],
    ['a newcomer’s, for a newcomer', { newcomersOnly: true, hasBought: false }, {}, undefined],
    ['a newcomer’s, for somebody who bought', { newcomersOnly: true }, {}, 'not_newcomer'],
  ])('%s', (_, facts, terms, reason) => {
    expect(refusalOfCoupon({ ...coupon, ...facts }, { ...order, ...terms })?.reason).toBe(reason);
  });

  it('none of this person is unknown; the facts of the minimum are in fen', () => {
    expect(refusalOfCoupon(undefined, order)).toEqual({ reason: 'unknown' });
    expect(refusalOfCoupon(coupon, { ...order, itemsFen: 1n })?.facts).toEqual({ minSpendFen: 5_000, itemsFen: 1 });
  });

  it('whatever the order costs, a coupon that is taken leaves something to pay', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 7n }),
        fc.bigInt({ min: 1n, max: 10n ** 7n }),
        (offFen, itemsFen) => {
          // As the table of kinds has it: the minimum is more than what is off.
          const refusal = refusalOfCoupon({ ...coupon, minSpendFen: offFen + 1n }, { ...order, itemsFen });
          expect(refusal !== undefined || itemsFen - offFen > 0n).toBe(true);
        },
      ),
    );
  });
});

describe('S7 S10 the life of a coupon', () => {
  const allowed = ['held use used', 'held redeem redeemed', 'used return held'];
  it.each(couponStates.flatMap((state) => couponEvents.map((event) => [state, event] as const)))(
    '%s, %s',
    (state, event) => {
      const to = couponTransitions[state][event];
      const told = `${state} ${event} ${to}`;
      if (to === undefined) expect(allowed.some((one) => one.startsWith(`${state} ${event} `))).toBe(false);
      else expect(allowed).toContain(told);
    },
  );
  it('orders take what is for orders, counters the rest', () => {
    expect([eventOf('order'), eventOf('store'), eventOf('gift')]).toEqual(['use', 'redeem', 'redeem']);
  });
});

describe('S10 what a counter takes', () => {
  const gift = { ...coupon, usage: 'gift' as const, minSpendFen: 0n };
  const counter = { orgPath: 'hq.east.hangzhou', at };
  it.each([
    ['of its own store’s channel', gift, counter, undefined],
    ['of another channel', gift, { ...counter, orgPath: 'hq.north.beijing' }, 'other_store'],
    ['of a unit below the staff’s', gift, { ...counter, orgPath: 'hq' }, undefined],
    ['one for orders', coupon, counter, 'other_store'],
    ['redeemed', { ...gift, state: 'redeemed' as const }, counter, 'used'],
    ['the moment it ends', { ...gift, expiresAt: at }, counter, 'expired'],
  ])('%s', (_, facts, where, reason) => {
    expect(refusalAtCounter(facts, where)?.reason).toBe(reason);
  });
});
