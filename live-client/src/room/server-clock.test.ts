import { describe, expect, it } from 'vitest';
import { reconnectDelayMs } from './backoff.ts';
import { createServerClock } from './server-clock.ts';

describe('createServerClock', () => {
  it('halves the round trip and keeps the quickest sample', () => {
    let local = 0;
    const clock = createServerClock(() => local);
    clock.sample({ sentMs: 0, receivedMs: 100, serverMs: 1_000_050 });
    expect(clock.nowMs()).toBe(1_000_000);
    clock.sample({ sentMs: 1_000, receivedMs: 3_000, serverMs: 1_009_000 });
    expect(clock.nowMs()).toBe(1_000_000);
    clock.sample({ sentMs: 0, receivedMs: 10, serverMs: 1_000_105 });
    local = 50;
    expect(clock.nowMs()).toBe(1_000_150);
  });

  it('a push proves that it is at least that late, which heals a clock that slept', () => {
    let local = 0;
    const clock = createServerClock(() => local);
    clock.sample({ sentMs: 0, receivedMs: 0, serverMs: 5_000 });
    local = 100;
    clock.observe(5_050);
    expect(clock.nowMs()).toBe(5_100);
    clock.observe(65_000);
    expect(clock.nowMs()).toBe(65_000);
  });
});

describe('reconnectDelayMs', () => {
  it.each([
    [0, 0, 200],
    [0, 1, 400],
    [3, 0, 1_600],
    [3, 1, 3_200],
    [40, 1, 10_000],
  ])('attempt %i, random %f → %i ms', (attempt, random, ms) => {
    expect(reconnectDelayMs(attempt, () => random)).toBe(ms);
  });
});
