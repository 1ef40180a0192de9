import { expect, test } from 'vitest';
import { askDelayMs } from './ask-delay.ts';

/** The same numbers every time, evenly over 0 up to 1. */
const evenly = (count: number) => {
  let no = 0;
  return () => (no++ % count) / count;
};

test('five thousand who see the card appear ask over ten seconds, never more than some hundreds in one of them', () => {
  const viewers = 5_000;
  const random = evenly(viewers);
  const perSecond = new Map<number, number>();
  for (let viewer = 0; viewer < viewers; viewer++) {
    const second = Math.floor(askDelayMs({ viewers, shownAgoMs: 300 }, random) / 1_000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(501);
  expect(Math.max(...perSecond.keys())).toBe(9);
});

test('in a small room nobody waits; in the largest a quarter of a minute at most; who comes later asks at once', () => {
  const last = () => 0.999_999;
  expect(askDelayMs({ viewers: 20, shownAgoMs: 0 }, last)).toBeLessThan(50);
  expect(askDelayMs({ viewers: 0, shownAgoMs: -500 }, last)).toBe(0);
  expect(askDelayMs({ viewers: 200_000, shownAgoMs: 0 }, last)).toBeLessThanOrEqual(15_000);
  expect(askDelayMs({ viewers: 5_000, shownAgoMs: 60_000 }, last)).toBe(0);
});
