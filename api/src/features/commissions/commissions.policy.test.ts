import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjust, commissionFor, earns, type Posted } from './commissions.policy.ts';

describe('K1 arithmetic', () => {
  it.each([
    [10_000n, 1_000, 1_000n],
    [9n, 1_000, 0n],
    [19n, 1_000, 1n],
    [590n, 333, 19n],
    [590n, 0, 0n],
    [590n, 10_000, 590n],
    [9_007_199_254_740_993n, 1, 900_719_925_474n],
  ])('K1 %d fen at %d bps floor to %d', (basis, bps, wanted) => {
    expect(commissionFor(basis, bps)).toBe(wanted);
  });

  it('K1 whatever the order and size of partial refunds, entries sum to floor(basis now × rate), none ever adds', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 12 }),
        fc.boolean(),
        (amountFen, bps, parts, toTheEnd) => {
          const entries: Posted[] = [{ amountFen: commissionFor(amountFen, bps), bps, state: 'estimated' }];
          let refundedFen = 0n;
          const steps = parts.map((part) => (amountFen * BigInt(part)) / 4_000n);
          if (toTheEnd) steps.push(amountFen);
          for (const step of steps) {
            refundedFen += step;
            if (refundedFen > amountFen) refundedFen = amountFen;
            const change = adjust({ itemId: 'i', amountFen, refundedFen }, entries);
            expect(change?.amountFen).toBeLessThanOrEqual(0n);
            if (change) entries.push(change);
            const sum = entries.reduce((total, entry) => total + entry.amountFen, 0n);
            expect(sum).toBe(((amountFen - refundedFen) * BigInt(bps)) / 10_000n);
            expect(change?.reversesItem).toBe(refundedFen === amountFen);
          }
        },
      ),
    );
  });

  it('K4 what was paid out is never reversed by a state: a negative entry stands against it', () => {
    const paid: Posted[] = [{ amountFen: 100n, bps: 1_000, state: 'paid' }];
    expect(adjust({ itemId: 'i', amountFen: 1_000n, refundedFen: 1_000n }, paid)).toEqual({
      basisFen: 0n,
      bps: 1_000,
      amountFen: -100n,
      state: 'estimated',
      reversesItem: false,
    });
    expect(adjust({ itemId: 'i', amountFen: 1_000n, refundedFen: 1_000n }, [])).toBeNull();
  });
});

describe('K2 who earns', () => {
  const buyer = { selves: new Set(['me']), selfPurchaseCommission: false };
  it.each([
    ['share_link', 'ann', true],
    ['owner_guide', 'ann', true],
    ['room_guide', 'ann', true],
    ['store', null, false],
    ['hq', null, false],
    ['share_link', 'me', false],
  ] as const)('K2 %s %s: %s', (reason, personId, wanted) => {
    expect(earns({ reason, personId }, buyer)).toBe(wanted);
  });
  it('A5 self-purchase earns only where the policy says so', () => {
    expect(earns({ reason: 'share_link', personId: 'me' }, { ...buyer, selfPurchaseCommission: true })).toBe(true);
  });
});
