import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomBelow, splitTotal } from './split.policy.ts';

const random = randomBelow(randomBytes);

test('G3 whatever total and count: so many packets, each at least a fen, the sum exact', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 0, max: 100_000 }), (count, more) => {
      const shares = splitTotal(count + more, count, random);
      expect(shares).toHaveLength(count);
      expect(Math.min(...shares)).toBeGreaterThanOrEqual(1);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count + more);
    }),
    { numRuns: 300 },
  );
});

test('G3 every way to split a total is equally likely', () => {
  // 7 fen in 3 packets: 15 ways. With 30,000 rains each comes about 2,000 times (standard deviation 43).
  const seen = new Map<string, number>();
  for (let rain = 0; rain < 30_000; rain++) {
    const key = splitTotal(7, 3, random).join('+');
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect(seen.size).toBe(15);
  for (const [way, times] of seen) {
    expect(times, way).toBeGreaterThan(1_700);
    expect(times, way).toBeLessThan(2_300);
  }
});

test('what cannot be split is refused; a number is drawn again when the range does not divide', () => {
  for (const [total, count] of [
    [2, 3],
    [0, 0],
    [1.5, 1],
    [5, -1],
  ] as const)
    expect(() => splitTotal(total, count, random)).toThrow(RangeError);
  expect(splitTotal(9, 9, random)).toEqual(Array.from({ length: 9 }, () => 1));
  expect(splitTotal(9, 1, random)).toEqual([9]);
  const drawn = [Buffer.from('ffffffff', 'hex'), Buffer.from('00000005', 'hex')];
  expect(randomBelow(() => drawn.shift() ?? Buffer.alloc(4))(3)).toBe(2);
  expect(drawn).toEqual([]);
  expect(() => random(0)).toThrow(RangeError);
});
