import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GiftTerms, type GivingFacts, noticeOf, periodsOf, refuseGiving, shareOf } from './gifts.policy.ts';

const terms: GiftTerms = {
  ...{ version: 1, coolingSeconds: 10, perGiftCapCoins: 200, dayCapCoins: 500, monthCapCoins: 900 },
  ...{ brandBps: 2_000, storeBps: 3_000, guideBps: 5_000 },
};
const facts: GivingFacts = {
  ...{ roomState: 'live', banned: false, giftActive: true, priceCoins: 10 },
  ...{ balanceCoins: 1_000n, usedTodayCoins: 0n, usedThisMonthCoins: 0n },
};
const refusal = (more: Partial<GivingFacts>, quantity = 1, seenPriceCoins = 10) =>
  refuseGiving({ ...facts, ...more }, { quantity, seenPriceCoins }, terms);

describe('G1 who may give what', () => {
  it.each([
    ['all is well', {}, 1, undefined],
    ['banned', { banned: true }, 1, 'banned'],
    ['not live yet', { roomState: 'scheduled' }, 1, 'room_not_live'],
    ['over', { roomState: 'ended' }, 1, 'room_not_live'],
    ['not on sale', { giftActive: false }, 1, 'gone'],
    ['another price', { priceCoins: 11 }, 1, 'price_changed'],
    ['just the cap of one gift', {}, 20, undefined],
    ['above the cap of one gift', {}, 21, 'gift_cap_reached'],
    ['just the cap of a day', { usedTodayCoins: 490n }, 1, undefined],
    ['above the cap of a day', { usedTodayCoins: 491n }, 1, 'gift_cap_reached'],
    ['just the cap of a month', { usedThisMonthCoins: 890n }, 1, undefined],
    ['above the cap of a month', { usedThisMonthCoins: 891n }, 1, 'gift_cap_reached'],
    ['just the balance', { balanceCoins: 10n }, 1, undefined],
    ['above the balance', { balanceCoins: 9n }, 1, 'insufficient_coins'],
  ] as const)('%s', (_, more, quantity, code) => {
    expect(refusal(more, quantity)?.code).toBe(code);
  });

  it('says which cap, how high it is and what is used of it', () => {
    expect(refusal({ usedTodayCoins: 495n })?.facts).toEqual({ cap: 'day', capCoins: 500, usedCoins: 495 });
    expect(refusal({ usedThisMonthCoins: 895n })?.facts).toEqual({ cap: 'month', capCoins: 900, usedCoins: 895 });
    expect(refusal({}, 99)?.facts).toEqual({ cap: 'gift', capCoins: 200, usedCoins: 0 });
  });

  it('G1 whatever people try in whatever order, what is let through never exceeds a cap or the balance', () => {
    const tries = fc.array(
      fc.record({ quantity: fc.integer({ min: 1, max: 99 }), daysLater: fc.integer({ min: 0, max: 9 }) }),
      {
        maxLength: 120,
      },
    );
    const caps = fc
      .tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 2_000 }))
      .map(([gift, day, month]) => ({
        perGiftCapCoins: gift,
        dayCapCoins: gift + day,
        monthCapCoins: gift + day + month,
      }));
    fc.assert(
      fc.property(
        tries,
        caps,
        fc.bigInt({ min: 0n, max: 5_000n }),
        fc.integer({ min: 1, max: 50 }),
        (all, cap, coins, price) => {
          const given = new Map<string, bigint>();
          let balanceCoins = coins;
          let at = Date.UTC(2026, 0, 1);
          for (const { quantity, daysLater } of all) {
            at += daysLater * 86_400_000;
            const { day, month } = periodsOf(new Date(at));
            const known = {
              ...{ ...facts, priceCoins: price, balanceCoins },
              ...{ usedTodayCoins: given.get(day) ?? 0n, usedThisMonthCoins: given.get(month) ?? 0n },
            };
            if (refuseGiving(known, { quantity, seenPriceCoins: price }, { ...terms, ...cap })) continue;
            const cost = BigInt(quantity * price);
            if (cost > BigInt(cap.perGiftCapCoins)) return false;
            balanceCoins -= cost;
            for (const period of [day, month]) given.set(period, (given.get(period) ?? 0n) + cost);
          }
          return (
            balanceCoins >= 0n &&
            [...given].every(
              ([period, sum]) => sum <= BigInt(period.startsWith('d') ? cap.dayCapCoins : cap.monthCapCoins),
            )
          );
        },
      ),
    );
  });
});

describe('G1 the notice at half a cap', () => {
  const notice = (day: bigint, month: bigint, coins: bigint) => noticeOf({ day, month }, coins, terms);
  it.each([
    ['below half', 240n, 240n, 10n, null],
    ['reaches half of the day', 250n, 250n, 10n, 'day_half'],
    ['was above before', 260n, 260n, 10n, null],
    ['leaps over it', 400n, 400n, 200n, 'day_half'],
    ['reaches half of the month', 10n, 450n, 10n, 'month_half'],
    ['both: the month is the graver one', 300n, 460n, 100n, 'month_half'],
  ] as const)('%s', (_, day, month, coins, expected) => {
    expect(notice(day, month, coins)).toBe(expected);
  });

  it('comes exactly once on the way to a cap', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 200n }), { minLength: 1, maxLength: 60 }), (gifts) => {
        let used = 0n;
        const told = gifts.filter((coins) => {
          if (used + coins > 500n) return false;
          used += coins;
          return (
            noticeOf({ day: used, month: 0n }, coins, { dayCapCoins: 500, monthCapCoins: 1_000_000 }) === 'day_half'
          );
        });
        return told.length === (used * 2n >= 500n ? 1 : 0);
      }),
    );
  });
});

describe('periods', () => {
  it.each([
    ['2026-11-22T15:59:59.999Z', 'd2026-11-22', 'm2026-11'],
    ['2026-11-22T16:00:00.000Z', 'd2026-11-23', 'm2026-11'],
    ['2026-12-31T16:00:00.000Z', 'd2027-01-01', 'm2027-01'],
  ])('%s is %s of %s where the brand is', (at, day, month) => {
    expect(periodsOf(new Date(at))).toEqual({ day, month });
  });
});

describe('M4 the shares', () => {
  const bps = fc
    .tuple(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 10_000 }))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    .map(([a, b]) => ({ brandBps: a, storeBps: b - a, guideBps: 10_000 - b }));

  it('always sum to the amount, and each is less than a fen from its exact share', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 12n }), bps, (amountFen, rates) => {
        const { brandFen, storeFen, guideFen } = shareOf(amountFen, rates);
        const close = (fen: bigint, rate: number) => {
          const off = fen * 10_000n - amountFen * BigInt(rate);
          return fen >= 0n && off > -10_000n && off < 10_000n;
        };
        return (
          brandFen + storeFen + guideFen === amountFen &&
          close(brandFen, rates.brandBps) &&
          close(storeFen, rates.storeBps) &&
          close(guideFen, rates.guideBps)
        );
      }),
    );
  });

  it('the fen that is left goes to who lost most; whoever has no share gets none', () => {
    expect(shareOf(10n, { brandBps: 3_334, storeBps: 3_333, guideBps: 3_333 })).toEqual({
      ...{ brandFen: 4n, storeFen: 3n, guideFen: 3n },
    });
    expect(shareOf(10n, { brandBps: 0, storeBps: 5_550, guideBps: 4_450 })).toEqual({
      ...{ brandFen: 0n, storeFen: 6n, guideFen: 4n },
    });
    expect(shareOf(7n, { brandBps: 0, storeBps: 0, guideBps: 10_000 })).toEqual({
      ...{ brandFen: 0n, storeFen: 0n, guideFen: 7n },
    });
  });
});
