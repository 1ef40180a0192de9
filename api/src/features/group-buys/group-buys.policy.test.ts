/** Tables of the group's and the seat's states, and what refuses terms, openings and joins. */
import { describe, expect, it, test } from 'vitest';
import {
  groupEvents,
  groupTransitions,
  refuseGroupPrice,
  seatEvents,
  seatStates,
  seatTransitions,
  whyNotJoined,
  whyNotOpened,
} from './group-buys.policy.ts';

describe('S7 every pair of state and event', () => {
  const groups = { 'open complete': 'complete', 'open expire': 'expired', 'open abandon': 'expired' } as Record<
    string,
    string
  >;
  const pairs = (['open', 'complete', 'expired'] as const).flatMap((state) =>
    groupEvents.map((event) => [state, event] as const),
  );
  test.each(pairs)('a group that is %s: %s', (state, event) => {
    expect(groupTransitions[state][event]).toBe(groups[`${state} ${event}`]);
  });
  const seats = { 'held pay': 'paid', 'held release': 'released', 'paid refund': 'refunded' } as Record<string, string>;
  const seatPairs = seatStates.flatMap((state) => seatEvents.map((event) => [state, event] as const));
  test.each(seatPairs)('a seat that is %s: %s', (state, event) => {
    expect(seatTransitions[state][event]).toBe(seats[`${state} ${event}`]);
  });
});

test.each([
  [8_899n, 'below_price_floor'],
  [8_900n, undefined],
  [11_899n, undefined],
  [11_900n, 'invalid_request'],
])('S6 a group price of %s fen with floor 8900 and shelf price 11900 → %s', (priceFen, code) => {
  expect(refuseGroupPrice(priceFen, { priceFen: 11_900n, floorPriceFen: 8_900n })?.code).toBe(code);
});

const now = new Date('2026-11-11T12:00:00Z');
const before = new Date(now.getTime() - 1);
const campaign = {
  orgPath: 'hq.east',
  startsAt: now,
  endsAt: new Date(now.getTime() + 1),
  stoppedAt: null,
  groups: 1,
  maxGroups: 2,
};
test.each([
  ['hq.east', {}, undefined],
  ['hq.east.hangzhou', {}, undefined],
  ['hq.eastern', {}, 'other_store'],
  ['hq', {}, 'other_store'],
  ['hq.east', { stoppedAt: now }, 'stopped'],
  ['hq.east', { startsAt: campaign.endsAt }, 'not_started'],
  ['hq.east', { endsAt: now }, 'ended'],
  ['hq.east', { groups: 2 }, 'all_groups'],
  ['hq.east', { groups: 99, maxGroups: null }, undefined],
])('a group opened in %s with %j → %s', (path, change, reason) => {
  expect(whyNotOpened({ ...campaign, ...change }, path, now)).toBe(reason);
});

describe('S9 joining', () => {
  const group = { state: 'open', size: 3, held: 2, deadlineAt: new Date(now.getTime() + 1) } as const;
  it('the last seat is free, a full group is full, the deadline itself is too late', () => {
    expect(whyNotJoined(group, now)).toBeUndefined();
    expect(whyNotJoined({ ...group, held: 3 }, now)).toEqual({ code: 'group_full' });
    expect(whyNotJoined({ ...group, deadlineAt: now }, before)).toBeUndefined();
    expect(whyNotJoined({ ...group, deadlineAt: now }, now)).toMatchObject({ code: 'group_over' });
    expect(whyNotJoined({ ...group, state: 'complete', held: 3 }, now)).toMatchObject({ facts: { state: 'complete' } });
    expect(whyNotJoined({ ...group, state: 'expired' }, now)).toMatchObject({ facts: { state: 'expired' } });
  });
});
