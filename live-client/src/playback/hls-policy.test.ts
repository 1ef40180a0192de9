import { describe, expect, it } from 'vitest';
import { catchUpRate } from './catch-up.ts';
import { createMediaRecovery } from './media-recovery.ts';

describe('media recovery', () => {
  it('tries harder each time in a row, and begins anew after a quiet time', () => {
    const recovery = createMediaRecovery();
    expect([0, 2_000, 4_000, 6_000].map((atMs) => recovery.failed(atMs))).toEqual([
      'recover',
      'swap-audio-and-recover',
      'restart',
      'restart',
    ]);
    expect(recovery.failed(16_001)).toBe('recover');
  });
});

describe('catching up', () => {
  const at = (latencySeconds: number, rate = 1, bufferSeconds = 2) =>
    catchUpRate({ latencySeconds, targetSeconds: 0.8, bufferSeconds, rate });

  it.each<[string, number, number]>([
    ['plays at its own pace where it should be', at(0.8), 1],
    ['does not mind a little', at(1), 1],
    ['plays a little faster when behind', at(1.2), 1.05],
    ['goes on until it is there', at(0.95, 1.05), 1.05],
    ['and ends', at(0.87, 1.05), 1],
    ['plays faster when far behind', at(2.5), 1.1],
    ['never eats up the last of the buffer', at(2.5, 1.1, 0.4), 1],
    ['never plays slower', at(0.2), 1],
  ])('%s', (_what, rate, expected) => {
    expect(rate).toBe(expected);
  });
});
