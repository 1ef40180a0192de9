import type { WaveDeed, WavePhase } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { areInOrder, isTooLate, lastMoment, nextTry, refuseAction, shiftDeed, shiftPhases } from './waves.policy.ts';

const AT = new Date('2031-03-04T12:00:00.000Z');
const later = (minutes: number): Date => new Date(AT.getTime() + minutes * 60_000);
const iso = (minutes: number): string => later(minutes).toISOString();
const id = '0198a0a0-0000-7000-8000-000000000001';
const message: WaveDeed = { kind: 'message', roomId: null, audience: 'customers', text: '来看直播' };
const offer: WaveDeed = {
  kind: 'offer_open',
  roomId: null,
  skuId: id,
  priceFen: 100,
  until: iso(120),
  cap: null,
  perPersonLimit: null,
};
const open: WaveDeed = { kind: 'room_open', title: '发售', hostId: id, scheduledAt: iso(300), productIds: [] };
const close: WaveDeed = { kind: 'room_close', roomId: null };

test.each([
  ['a message in time', message, 60, false],
  ['a message a minute too late', message, 61, true],
  ['an offer that came late but still lasts', offer, 119, false],
  ['an offer whose time is over', offer, 120, true],
  ['a live that may still be booked', open, 299, false],
  ['a live that should have begun', open, 300, true],
  ['closing is never too late', close, 100_000, false],
  ['closing an offer neither', { kind: 'offer_close', roomId: null, skuId: id } as const, 100_000, false],
])('%s', (_, deed, minutes, late) => {
  expect(isTooLate({ at: AT, lateMinutes: 60, deed }, later(minutes))).toBe(late);
});

test.each([
  ['from its time', 60, undefined, 61],
  ['from the end of the quiet hours that its time is in', 60, 480, 541],
  ['not late at all is within its minute', 0, undefined, 1],
])('a message’s minutes count %s', (_, lateMinutes, quietUntil, last) => {
  const end = quietUntil === undefined ? undefined : later(quietUntil);
  expect(lastMoment({ at: AT, lateMinutes }, end)).toEqual(later(last));
  const isLate = (minutes: number) => isTooLate({ at: AT, lateMinutes, deed: message }, later(minutes), end);
  expect([isLate(last - 0.01), isLate(last)]).toEqual([false, true]);
});

const phases: WavePhase[] = [
  { phase: 'build_up', from: iso(0), until: iso(100) },
  { phase: 'pre_sale', from: iso(100), until: iso(200) },
  { phase: 'sale', from: iso(300), until: iso(400) },
  { phase: 'follow_up', from: iso(400), until: iso(500) },
];
test.each([
  ['within its phase', { phase: 'sale', at: iso(300), deed: message }, undefined],
  ['in the gap', { phase: 'sale', at: iso(250), deed: message }, '/at'],
  ['in another phase', { phase: 'sale', at: iso(50), deed: message }, '/at'],
  ['an offer that ends before it begins', { phase: 'pre_sale', at: iso(150), deed: offer }, '/deed/until'],
  ['a live in the past', { phase: 'sale', at: iso(350), deed: open }, '/deed/scheduledAt'],
])('a plan: %s', (_, action, path) => {
  expect(refuseAction(action, phases)?.path).toBe(path);
});

test('phases follow one another', () => {
  expect(areInOrder(phases)).toBe(true);
  expect(areInOrder([...phases].reverse())).toBe(false);
  expect(areInOrder(phases.slice(1))).toBe(false);
  expect(areInOrder(phases.map((one) => ({ ...one, until: one.from })))).toBe(false);
  expect(areInOrder(phases.map((one) => ({ ...one, from: iso(0) })))).toBe(false);
});

test('the next wave is the same later', () => {
  const day = 86_400_000;
  expect(shiftPhases(phases, day)[0]).toEqual({ phase: 'build_up', from: iso(1_440), until: iso(1_540) });
  expect(shiftDeed(offer, day)).toMatchObject({ until: iso(1_560) });
  expect(shiftDeed(open, day)).toMatchObject({ scheduledAt: iso(1_740) });
  expect(shiftDeed(message, day)).toEqual(message);
});

test.each<WaveDeed>([message, offer, close, { kind: 'offer_close', roomId: null, skuId: id }])(
  'the next wave has rooms of its own: $kind',
  (deed) => {
    expect(shiftDeed({ ...deed, roomId: id } as WaveDeed, 0)).toEqual(deed);
  },
);

test('tries end', () => {
  expect([1, 2, 3, 4].map((attempts) => nextTry(attempts, AT)?.getTime())).toEqual(
    [30, 120, 600, undefined].map((seconds) => seconds && AT.getTime() + seconds * 1_000),
  );
});
