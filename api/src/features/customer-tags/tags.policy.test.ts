import { kocStates, type TagCondition } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { countKey, isCandidate, kocEvents, kocTransitions, whyTagged } from './tags.policy.ts';

const visits: TagCondition = { metric: 'visits', op: 'at_least', value: 5, days: 30 };
const bought: TagCondition = { metric: 'bought', op: 'at_most', value: 1, days: 90 };

describe('N3 a tag and its why', () => {
  it.each([
    [5, 1, true],
    [4, 1, false],
    [5, 2, false],
    [9, 0, true],
  ])('%s visits and %s orders: high activity × low repurchase %s', (v, b, is) => {
    const why = whyTagged(
      [visits, bought],
      new Map([
        [countKey(visits), v],
        [countKey(bought), b],
      ]),
    );
    expect(why).toEqual(
      is
        ? [
            { ...visits, counted: v },
            { ...bought, counted: b },
          ]
        : undefined,
    );
  });
  it('what nobody counted is nothing; one metric over other days is another count', () => {
    expect(whyTagged([bought], new Map())).toEqual([{ ...bought, counted: 0 }]);
    expect(whyTagged([{ ...visits, days: 7 }], new Map([[countKey(visits), 9]]))).toBeUndefined();
  });
});

describe('S7 N4 the life of a proposal', () => {
  it.each(kocStates.flatMap((state) => kocEvents.map((event) => [state, event] as const)))('%s, %s', (state, event) => {
    const to = { accept: 'accepted', decline: 'declined', lapse: 'lapsed' }[event];
    expect(kocTransitions[state][event]).toBe(state === 'proposed' ? to : undefined);
  });
  it('by orders or by buyers brought', () => {
    const rule = { paidOrders: 3, broughtBuyers: 2 };
    const who = { paidOrders: 2, broughtPeople: 9, broughtBuyers: 1 };
    expect(isCandidate(who, rule)).toBe(false);
    expect(isCandidate({ ...who, paidOrders: 3 }, rule)).toBe(true);
    expect(isCandidate({ ...who, broughtBuyers: 2 }, rule)).toBe(true);
  });
});
