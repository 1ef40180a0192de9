import { expect, it } from 'vitest';
import type { PublishStats } from './types.ts';
import { addSample, judgeUplink, type UplinkLevel } from './uplink-test.ts';

it.each<[string, number | null, number | null, number | null, UplinkLevel]>([
  ['a fibre', 5_000_000, 12, 0, 'excellent'],
  ['nothing but bandwidth is known', 5_000_000, null, null, 'excellent'],
  ['an honest 4G', 1_500_000, 80, 0.005, 'good'],
  ['fast but lossy', 5_000_000, 80, 0.03, 'good'],
  ['fast but far', 5_000_000, 300, 0, 'good'],
  ['narrow', 600_000, 40, 0, 'poor'],
  ['fast and very lossy', 5_000_000, 40, 0.1, 'poor'],
  ['a satellite', 5_000_000, 600, 0, 'poor'],
  ['nothing was measured', null, 40, 0, 'failed'],
])('%s', (_what, availableBps, roundTripMs, lossRatio, expected) => {
  expect(judgeUplink({ availableBps, roundTripMs, lossRatio })).toBe(expected);
});

it('keeps the best bandwidth and the last round trip and loss', () => {
  const sample = (availableBps: number | null, roundTripMs: number | null, lossRatio: number | null) =>
    ({ availableBps, roundTripMs, lossRatio }) as PublishStats;
  let measured = addSample({ availableBps: null, roundTripMs: null, lossRatio: null }, sample(null, null, null));
  expect(measured).toEqual({ availableBps: null, roundTripMs: null, lossRatio: null });
  for (const next of [sample(900_000, 90, 0.2), sample(2_500_000, 40, 0), sample(1_000_000, null, null)]) {
    measured = addSample(measured, next);
  }
  expect(measured).toEqual({ availableBps: 2_500_000, roundTripMs: 40, lossRatio: 0 });
});
