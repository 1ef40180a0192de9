import type { ShownGift } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuid } from '../testing/fixtures.tsx';
import {
  type GiftLanes,
  LANE_MS,
  LANES,
  LARGE_MS,
  LARGE_WAITING_LIMIT,
  nextEndMs,
  noGifts,
  reduceLanes,
  WAITING_LIMIT,
} from './gift-lanes.ts';

const gift = (combo: number, more: Partial<ShownGift> = {}): ShownGift => ({
  givenGiftId: uuid(combo),
  giftId: uuid(1),
  personId: uuid(100 + combo),
  name: `观众${combo}`,
  giftName: '小核桃',
  giftNameEn: 'Little walnut',
  pictureUrl: '/pictures/gift-walnut.svg',
  effect: 'small',
  quantity: 1,
  coins: 1,
  comboId: uuid(combo),
  comboCount: 1,
  at: '2026-11-22T12:00:00.000Z',
  ...more,
});
const sent = (state: GiftLanes, combo: number, nowMs: number, more: Partial<ShownGift> = {}, own = false): GiftLanes =>
  reduceLanes(state, { type: 'sent', gift: gift(combo, more), own, nowMs });
const inLanes = ({ lanes }: GiftLanes): (string | undefined)[] => lanes.map((shown) => shown?.comboId);
const many = (count: number, more: Partial<ShownGift> = {}): GiftLanes =>
  Array.from({ length: count }, (_, i) => i + 1).reduce((state, combo) => sent(state, combo, 0, more), noGifts);

describe('gifts on the screen', () => {
  it('fill two lanes, then wait; a lane that is over takes the next', () => {
    const state = many(4);
    expect(inLanes(state)).toEqual([uuid(1), uuid(2)]);
    expect(state.waiting).toHaveLength(2);
    expect(nextEndMs(state)).toBe(LANE_MS);
    const later = reduceLanes(state, { type: 'tick', nowMs: LANE_MS });
    expect(inLanes(later)).toEqual([uuid(3), uuid(4)]);
    expect(nextEndMs(reduceLanes(later, { type: 'tick', nowMs: 2 * LANE_MS }))).toBeNull();
  });

  it('a burst counts up where it is and stays as long after its last gift', () => {
    let state = sent(noGifts, 1, 0);
    state = sent(state, 1, 1_000, { comboCount: 5 });
    expect(state.lanes[0]).toMatchObject({ count: 5, untilMs: 1_000 + LANE_MS });
    expect(inLanes(state)).toEqual([uuid(1), undefined]);
    const waiting = sent(many(3), 3, 10, { comboCount: 7 });
    expect(waiting.waiting).toMatchObject([{ comboId: uuid(3), count: 7 }]);
  });

  it('one large gift at a time, and its burst in a lane too', () => {
    let state = many(2, { effect: 'large' });
    expect(state.large?.comboId).toBe(uuid(1));
    expect(state.largeWaiting).toHaveLength(1);
    state = reduceLanes(state, { type: 'tick', nowMs: LARGE_MS });
    expect(state.large?.comboId).toBe(uuid(2));
  });

  it('a gift that is taken back leaves at once, or counts down', () => {
    let state = sent(many(3, { effect: 'large' }), 2, 0, { comboCount: 4, effect: 'large' });
    state = reduceLanes(state, { type: 'taken-back', comboId: uuid(2), quantity: 1, nowMs: 10 });
    expect(state.lanes[1]).toMatchObject({ count: 3, untilMs: LANE_MS });
    state = reduceLanes(state, { type: 'taken-back', comboId: uuid(1), quantity: 1, nowMs: 10 });
    expect(inLanes(state)).toEqual([uuid(3), uuid(2)]);
    expect(state.large?.comboId).toBe(uuid(2));
  });

  it('at the bound the oldest of others goes, never one’s own', () => {
    let state = many(LANES + WAITING_LIMIT);
    state = sent(state, 900, 0, {}, true);
    expect(state.waiting).toHaveLength(WAITING_LIMIT);
    expect(state.waiting[0]).toMatchObject({ comboId: uuid(900), own: true });
    expect(state.waiting[1]?.comboId).toBe(uuid(LANES + 2));
    const own = Array.from({ length: 60 }, (_, i) => 1_000 + i).reduce(
      (s, id) => sent(s, id, 0, {}, id % 3 === 0),
      state,
    );
    expect(own.waiting.filter((burst) => burst.own).length).toBeGreaterThanOrEqual(WAITING_LIMIT - 1);
  });

  it('stays within its bounds whatever comes', () => {
    const action = fc.oneof(
      fc.record({
        combo: fc.integer({ min: 1, max: 60 }),
        large: fc.boolean(),
        own: fc.boolean(),
        wait: fc.nat(2_000),
      }),
      fc.record({ back: fc.integer({ min: 1, max: 60 }), wait: fc.nat(2_000) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        let state = noGifts;
        let nowMs = 0;
        for (const step of actions) {
          nowMs += step.wait;
          state =
            'back' in step
              ? reduceLanes(state, { type: 'taken-back', comboId: uuid(step.back), quantity: 1, nowMs })
              : sent(state, step.combo, nowMs, { effect: step.large ? 'large' : 'small' }, step.own);
          const ids = [...inLanes(state), ...state.waiting.map(({ comboId }) => comboId)].filter(Boolean);
          if (new Set(ids).size !== ids.length) return false;
          if (state.lanes.length !== LANES || state.waiting.length > WAITING_LIMIT) return false;
          if (state.largeWaiting.length > LARGE_WAITING_LIMIT) return false;
          if (state.waiting.length > 0 && state.lanes.includes(null)) return false;
        }
        const rest = Array.from({ length: 200 }).reduce<GiftLanes>(
          (s, _, i) => reduceLanes(s, { type: 'tick', nowMs: nowMs + (i + 1) * LARGE_MS }),
          state,
        );
        return nextEndMs(rest) === null && rest.waiting.length === 0;
      }),
    );
  });
});
