import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onEstimateFell, onHoldOver, onReceiverScore, type PictureBrake, releasedBrake } from './picture-brake.ts';

/** Lets time pass without complaint until the cap is lifted by one. */
function lifted(brake: PictureBrake): [PictureBrake, number] {
  const at = brake.liftAtMs ?? Number.NaN;
  return [onHoldOver(brake, at), at];
}

describe('the cap on a viewer’s picture', () => {
  it('is not touched by loss that is repaired', () => {
    const brake = releasedBrake(3);
    expect(onReceiverScore(brake, 10, 0)).toBe(brake);
    expect(onReceiverScore(brake, 7, 0)).toBe(brake);
  });

  it('falls to the lowest layer at once, and to sound alone where there is one layer', () => {
    expect(onReceiverScore(releasedBrake(3), 3, 0).cap).toBe(0);
    expect(onReceiverScore(releasedBrake(1), 3, 0).cap).toBe(-1);
  });

  it('follows a step down of the estimate, not one up', () => {
    const brake = onEstimateFell(releasedBrake(3), 1, 0);
    expect(brake.cap).toBe(1);
    expect(onEstimateFell(brake, 1, 10)).toBe(brake);
    expect(onEstimateFell(brake, 2, 10)).toBe(brake);
  });

  it('comes back layer by layer, each after 6 s without complaint', () => {
    const fallen = onReceiverScore(releasedBrake(3), 2, 1_000);
    expect(onHoldOver(fallen, 6_999)).toBe(fallen);
    const [middle, first] = lifted(fallen);
    const [top, second] = lifted(middle);
    expect([first, middle.cap, second, top.cap, top.liftAtMs]).toEqual([7_000, 1, 13_000, 2, null]);
  });

  it('waits twice as long after each lift that went wrong, 24 s at most', () => {
    let brake = onReceiverScore(releasedBrake(3), 0, 0);
    const holds = [brake.holdMs];
    for (let round = 0; round < 4; round += 1) {
      const [next, at] = lifted(brake);
      brake = onReceiverScore(next, 0, at + 3_000);
      holds.push(brake.holdMs);
    }
    expect(holds).toEqual([6_000, 12_000, 24_000, 24_000, 24_000]);
  });

  it('forgets after a minute of calm', () => {
    let [brake, at] = lifted(onReceiverScore(releasedBrake(2), 0, 0));
    brake = onReceiverScore(brake, 0, at + 1_000);
    expect(brake.holdMs).toBe(12_000);
    [brake, at] = lifted(brake);
    expect(onReceiverScore(brake, 0, at + 59_000).holdMs).toBe(6_000);
  });

  it('is not lifted while complaints go on', () => {
    const fallen = onReceiverScore(releasedBrake(3), 0, 0);
    expect(onReceiverScore(fallen, 1, 5_000).liftAtMs).toBe(11_000);
    expect(onReceiverScore(fallen, 7, 5_000).liftAtMs).toBe(8_000);
    expect(onReceiverScore(fallen, 10, 5_000)).toBe(fallen);
  });

  it('stays between floor and top, and is always on its way up when it is not there', () => {
    const happening = fc.oneof(
      fc.record({ kind: fc.constant('score' as const), value: fc.integer({ min: 0, max: 10 }) }),
      fc.record({ kind: fc.constant('fell' as const), value: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant('time' as const), value: fc.integer({ min: 0, max: 60_000 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(happening, { maxLength: 60 }), (layers, story) => {
        let nowMs = 0;
        let brake = releasedBrake(layers);
        for (const { kind, value } of story) {
          nowMs += kind === 'time' ? value : 100;
          if (kind === 'score') brake = onReceiverScore(brake, value, nowMs);
          else if (kind === 'fell') brake = onEstimateFell(brake, value, nowMs);
          else brake = onHoldOver(brake, nowMs);
          expect(brake.cap).toBeGreaterThanOrEqual(brake.floor);
          expect(brake.cap).toBeLessThanOrEqual(brake.top);
          expect(brake.liftAtMs === null).toBe(brake.cap === brake.top);
          if (brake.liftAtMs !== null) expect(brake.liftAtMs - nowMs).toBeLessThanOrEqual(24_000);
        }
      }),
    );
  });
});
