import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsFor, takeBack } from './points.policy.ts';

describe('N1 points', () => {
  it.each([
    [11_900n, 200, 238n],
    [11_949n, 200, 238n],
    [99n, 100, 0n],
    [0n, 10_000, 0n],
    [-5n, 10_000, 0n],
  ])('%s fen at %s bps are %s points', (fen, bps, points) => expect(pointsFor(fen, bps)).toBe(points));

  it('whatever the order of partial refunds, what stays is what the rest would have earned', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 100_000n), fc.nat(10_000), fc.array(fc.bigInt(0n, 50_000n)), (paid, bps, refunds) => {
        let [basis, kept] = [paid, pointsFor(paid, bps)];
        for (const fen of refunds.filter((one) => one > 0n)) {
          basis = basis > fen ? basis - fen : 0n;
          const back = kept - pointsFor(basis, bps);
          expect(back).toBeGreaterThanOrEqual(0n);
          kept -= back;
        }
        expect(kept).toBe(pointsFor(basis, bps));
      }),
    );
  });

  it('a refund takes what is there, then what ended, then what was spent, and never more than was given', () => {
    const lot = { remaining: 5n, used: 7n, expired: 3n };
    expect(takeBack(4n, lot)).toEqual({ remaining: 4n, used: 0n, expired: 0n });
    expect(takeBack(8n, lot)).toEqual({ remaining: 5n, used: 0n, expired: 3n });
    expect(takeBack(15n, lot)).toEqual({ remaining: 5n, used: 7n, expired: 3n });
    expect(() => takeBack(16n, lot)).toThrow(RangeError);
  });
});
