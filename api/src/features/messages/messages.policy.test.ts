import type { MessageKind } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { dayStart, decide, type MessageFacts, minuteOfDay, quietUntil, retryAt } from './messages.policy.ts';

/** Local time of the zone, which is UTC+8 all the year. */
const china = (text: string): Date => new Date(`${text}:00+08:00`);
const NIGHT = { fromMinute: 22 * 60, untilMinute: 8 * 60 };
const NOON = { fromMinute: 12 * 60, untilMinute: 14 * 60 };
const NONE = { fromMinute: 0, untilMinute: 0 };

test.each([
  ['one minute before the night', '2026-03-03T21:59', NIGHT, null],
  ['as the night begins', '2026-03-03T22:00', NIGHT, '2026-03-04T08:00'],
  ['one minute before midnight', '2026-03-03T23:59', NIGHT, '2026-03-04T08:00'],
  ['at midnight', '2026-03-04T00:00', NIGHT, '2026-03-04T08:00'],
  ['one minute before the morning', '2026-03-04T07:59', NIGHT, '2026-03-04T08:00'],
  ['in the morning', '2026-03-04T08:00', NIGHT, null],
  ['at the end of a month', '2026-02-28T23:00', NIGHT, '2026-03-01T08:00'],
  ['at the end of a year', '2026-12-31T22:30', NIGHT, '2027-01-01T08:00'],
  ['on the day summer time begins elsewhere', '2026-03-29T01:30', NIGHT, '2026-03-29T08:00'],
  ['hours within one day, before', '2026-03-03T11:59', NOON, null],
  ['hours within one day', '2026-03-03T13:15', NOON, '2026-03-03T14:00'],
  ['hours within one day, at night', '2026-03-03T23:30', NOON, null],
  ['no quiet hours', '2026-03-03T03:00', NONE, null],
] as const)('quiet hours: %s', (_, at, hours, until) => {
  expect(quietUntil(china(at), hours)).toEqual(until === null ? undefined : china(until));
});

test('minutes and days are those of the zone', () => {
  expect(minuteOfDay(new Date('2026-03-03T16:05:59Z'))).toBe(5);
  expect(dayStart(new Date('2026-03-03T16:05:59.123Z'))).toEqual(china('2026-03-04T00:00'));
  expect(dayStart(china('2026-03-04T23:59'))).toEqual(china('2026-03-04T00:00'));
});

const DAY = china('2026-03-03T15:00');
const LATE = china('2026-03-03T22:30');
const facts = (kind: MessageKind, change: Partial<MessageFacts> = {}): MessageFacts => ({
  now: DAY,
  kind,
  expiresAt: china('2026-03-05T20:00'),
  quietHours: NIGHT,
  optedOut: false,
  unwanted: false,
  today: 0,
  perDay: 3,
  ...change,
});
const skip = (reason: string) => ({ do: 'skip', reason });
const wait = { do: 'wait', until: china('2026-03-04T08:00') };
const send = { do: 'send' };

test.each([
  ['a reminder by day', facts('room_reminder'), send],
  ['a reminder at night is dropped', facts('room_reminder', { now: LATE }), skip('quiet_hours')],
  ['so is the start', facts('room_live', { now: LATE }), skip('quiet_hours')],
  ['a new time waits for the morning', facts('room_moved', { now: LATE }), wait],
  ['a call-off too', facts('room_cancelled', { now: LATE }), wait],
  [
    'unless the morning is too late',
    facts('room_moved', { now: LATE, expiresAt: china('2026-03-04T07:00') }),
    skip('quiet_hours'),
  ],
  ['a campaign waits', facts('campaign', { now: LATE }), wait],
  ['news of an order goes out at night', facts('order_news', { now: LATE }), send],
  ['news of an order cannot be switched off', facts('order_news', { optedOut: true, today: 99 }), send],
  ['a reminder can', facts('room_reminder', { optedOut: true }), skip('opted_out')],
  ['a campaign can', facts('campaign', { optedOut: true }), skip('opted_out')],
  ['one too late', facts('room_reminder', { expiresAt: DAY }), skip('too_late')],
  ['one whose booking was taken back', facts('room_reminder', { unwanted: true }), skip('not_wanted_any_more')],
  ['the third campaign of the day', facts('campaign', { today: 2 }), send],
  ['the fourth', facts('campaign', { today: 3 }), skip('too_many')],
  ['what was asked for is not capped', facts('room_reminder', { today: 30 }), send],
] as const)('%s', (_, given, expected) => {
  expect(decide(given)).toEqual(expected);
});

test('tries are further and further apart, never earlier than told, and end', () => {
  const after = (attempts: number, atLeast = 0) => {
    const at = retryAt(attempts, DAY, atLeast);
    return at && (at.getTime() - DAY.getTime()) / 1_000;
  };
  expect([1, 2, 3, 4, 5, 6].map((attempts) => after(attempts))).toEqual([10, 30, 120, 600, 1_800, undefined]);
  expect(after(1, 900)).toBe(900);
});
