import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isInWechat } from '../share-links/index.ts';
import { channelOf, periodStart, tierState } from './rewards.policy.ts';

describe('Z5 where sharing is rewarded', () => {
  it.each([
    ['Mozilla/5.0 (iPhone) MicroMessenger/8.0.50', 'closed_in_wechat'],
    ['Mozilla/5.0 (Windows) wxwork/4.1 MicroMessenger/7.0.1', 'closed_in_wechat'],
    ['Mozilla/5.0 (iPhone) Version/18.0 Safari/604.1', 'open'],
    ['Mozilla/5.0 (Linux; Android 15) Chrome/140 DingTalk/7.6', 'open'],
    ['', 'open'],
  ])('Z5 "%s": %s', (agent, wanted) => expect(channelOf({ inWechat: isInWechat(agent) })).toBe(wanted));

  it('K2 a tier is ready only from its threshold on, once, and while there is stock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.nat(30),
        fc.nat(3),
        fc.boolean(),
        (threshold, invited, left, granted) => {
          const state = tierState({ threshold, invited, left, granted });
          expect(state === 'ready').toBe(!granted && invited >= threshold && left > 0);
          if (granted) expect(state).toBe('granted');
        },
      ),
    );
  });

  it.each([
    ['week', '2026-11-22T15:59:59.000Z', '2026-11-15T16:00:00.000Z'], // still Sunday in China
    ['week', '2026-11-22T16:00:00.000Z', '2026-11-22T16:00:00.000Z'],
    ['month', '2026-11-30T16:00:00.000Z', '2026-11-30T16:00:00.000Z'],
    ['month', '2026-11-30T15:59:59.000Z', '2026-10-31T16:00:00.000Z'],
  ] as const)('a %s begins in China: %s → %s', (period, now, start) =>
    expect(periodStart(period, new Date(now)).toISOString()).toBe(start),
  );
});
