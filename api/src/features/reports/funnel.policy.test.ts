import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Counts, explainGap, meanOf, stepsOf } from './funnel.policy.ts';
import { periodOf, wholeDays } from './periods.policy.ts';

const counts = (visitors: number, newCustomers: number, firstOrders: number, firstGmvFen: number): Counts => ({
  ...{ visitors, newCustomers, firstOrders, firstGmvFen },
});

it('the gap to the peers is explained by the one factor that differs, and by nothing else', () => {
  const peers = counts(100, 50, 10, 100_000);
  const fewer = explainGap(counts(50, 25, 5, 50_000), peers);
  expect(fewer.gapFen).toBe(-50_000);
  expect(fewer.factors.map(({ gapFen }) => gapFen)).toEqual([-50_000, 0, 0, 0]);
  expect(explainGap(counts(100, 50, 10, 150_000), peers).factors.map(({ gapFen }) => gapFen)).toEqual([
    0, 0, 0, 50_000,
  ]);
  // Nobody came: nothing is known of the rates, and visitors explain it all.
  expect(explainGap(counts(0, 0, 0, 0), peers).factors.map(({ gapFen }) => gapFen)).toEqual([-100_000, 0, 0, 0]);
  expect(explainGap(counts(100, 0, 0, 0), peers).factors.map(({ gapFen }) => gapFen)).toEqual([0, -100_000, 0, 0]);
  expect(stepsOf(counts(0, 0, 0, 0))).toMatchObject({ bindBps: null, firstOrderBps: null, perOrderFen: null });
});

it('what the factors explain sums to the gap to the fen, whatever the figures', () => {
  const some = fc
    .tuple(
      fc.nat({ max: 5_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat({ max: 90_000 }),
    )
    .map(([visitors, bind, order, fen]) => {
      const newCustomers = Math.floor(visitors * bind);
      const firstOrders = Math.floor(newCustomers * order);
      return counts(visitors, newCustomers, firstOrders, firstOrders * fen);
    });
  fc.assert(
    fc.property(some, fc.array(some, { minLength: 1, maxLength: 5 }), (own, others) => {
      const { gapFen, factors } = explainGap(own, meanOf(others));
      expect(factors.reduce((sum, one) => sum + one.gapFen, 0)).toBe(gapFen);
    }),
  );
});

it('ranges are cut into whole months and days; what lies within a day is no range of days', () => {
  expect(periodOf('2026-01-27', '2026-04-02')).toEqual({
    ...{ from: '2026-01-27', to: '2026-04-02', monthsFrom: '2026-02-01', monthsTo: '2026-04-01' },
  });
  expect(periodOf('2026-01-02', '2026-02-01')).toMatchObject({ monthsFrom: '2026-02-01', monthsTo: '2026-02-01' });
  expect(periodOf('2026-12-01', null)).toMatchObject({ monthsFrom: '2026-12-01', monthsTo: '9999-12-01' });
  expect(wholeDays({ from: new Date('2026-01-01T16:00:00Z'), to: null })).toMatchObject({ from: '2026-01-02' });
  expect(wholeDays({ from: new Date('2026-01-01T16:00:01Z'), to: null })).toBeUndefined();
});
