import { expect, test } from 'vitest';
import { type Applied, calendarOf, daysOf, deedsOf, type KnownDate, type SlotRule } from './room-slots.policy.ts';
import { addDays, dateIn, instantOf, weekdayOf } from './zoned-time.policy.ts';

const SHANGHAI = 'Asia/Shanghai';
const BERLIN = 'Europe/Berlin';

test.each([
  [SHANGHAI, '2026-03-03', 20 * 60, '2026-03-03T12:00:00.000Z'],
  [SHANGHAI, '2026-03-04', 0, '2026-03-03T16:00:00.000Z'],
  [SHANGHAI, '2026-12-31', 23 * 60 + 59, '2026-12-31T15:59:00.000Z'],
  [BERLIN, '2026-03-28', 20 * 60, '2026-03-28T19:00:00.000Z'],
  [BERLIN, '2026-03-29', 20 * 60, '2026-03-29T18:00:00.000Z'], // summer time began that morning
  [BERLIN, '2026-03-29', 150, '2026-03-29T01:30:00.000Z'], // 02:30 does not exist: 03:30
  [BERLIN, '2026-10-25', 150, '2026-10-25T00:30:00.000Z'], // 02:30 comes twice: the first
  [BERLIN, '2026-10-25', 20 * 60, '2026-10-25T19:00:00.000Z'],
])('%s %s, minute %i', (zone, date, minute, instant) => {
  expect(instantOf(date, minute, zone).toISOString()).toBe(instant);
});

test('days of a zone', () => {
  expect(dateIn(SHANGHAI, new Date('2026-03-03T15:59:59Z'))).toBe('2026-03-03');
  expect(dateIn(SHANGHAI, new Date('2026-03-03T16:00:00Z'))).toBe('2026-03-04');
  expect([addDays('2026-02-28', 1), addDays('2028-02-28', 1), addDays('2027-01-01', -1)]).toEqual([
    '2026-03-01',
    '2028-02-29',
    '2026-12-31',
  ]);
  expect([weekdayOf('2026-03-02'), weekdayOf('2026-03-08')]).toEqual([1, 7]);
});

/** Tuesdays and Fridays at 20:00; 2 March 2026 is a Monday. */
const rule: SlotRule = {
  weekdays: [2, 5],
  startMinute: 20 * 60,
  zone: SHANGHAI,
  from: '2026-03-01',
  until: null,
  exceptions: [],
  state: 'active',
  title: '工厂直播',
  hostId: 'host',
  coverUrl: '/c.svg',
};
const MONDAY = new Date('2026-03-02T10:00:00+08:00');
const appliedOn = (date: string, change: Partial<Applied> = {}): Applied => ({
  title: rule.title,
  hostId: rule.hostId,
  coverUrl: rule.coverUrl,
  scheduledAt: instantOf(date, rule.startMinute, rule.zone).toISOString(),
  ...change,
});
const known = (date: string, room: Partial<KnownDate['room']> = {}, state: KnownDate['state'] = 'room'): KnownDate => {
  const applied = appliedOn(date);
  return {
    ...{ date, state, roomId: `room-${date}`, applied },
    room: { state: 'scheduled', cancelledAt: null, ...applied, scheduledAt: new Date(applied.scheduledAt), ...room },
  };
};
const coming = ['2026-03-03', '2026-03-06', '2026-03-10', '2026-03-13'];
const told = (deeds: ReturnType<typeof deedsOf>): string[] => deeds.map((deed) => `${deed.do} ${deed.date}`);

test('days over weeks: from, until, ended', () => {
  expect(daysOf(rule, '2026-03-02', '2026-03-16')).toEqual(coming);
  expect(daysOf({ ...rule, from: '2026-03-06', until: '2026-03-10' }, '2026-03-02', '2026-03-31')).toEqual([
    '2026-03-06',
    '2026-03-10',
  ]);
  expect(daysOf({ ...rule, weekdays: [1, 2, 3, 4, 5, 6, 7] }, '2026-02-20', '2026-03-03')).toHaveLength(3);
  expect(daysOf({ ...rule, state: 'ended' }, '2026-03-02', '2026-03-16')).toEqual([]);
});

test.each<[string, Partial<SlotRule>, KnownDate[], Date, string[]]>([
  ['a new slot', {}, [], MONDAY, coming.map((date) => `make ${date}`)],
  ['all is there', {}, coming.map((date) => known(date)), MONDAY, []],
  [
    'today is over',
    {},
    [],
    new Date('2026-03-03T20:00:00+08:00'),
    ['make 2026-03-06', 'make 2026-03-10', 'make 2026-03-13', 'make 2026-03-17'],
  ],
  [
    'a day later, one comes into sight',
    {},
    coming.map((date) => known(date)),
    new Date('2026-03-03T00:00:00+08:00'),
    ['make 2026-03-17'],
  ],
  [
    'an exception before its room',
    { exceptions: ['2026-03-06'] },
    [],
    MONDAY,
    ['make 2026-03-03', 'make 2026-03-10', 'make 2026-03-13'],
  ],
  [
    'an exception after',
    { exceptions: ['2026-03-06'] },
    coming.map((date) => known(date)),
    MONDAY,
    ['withdraw 2026-03-06'],
  ],
  [
    'another title',
    { title: '新名' },
    coming.map((date) => known(date)),
    MONDAY,
    coming.map((date) => `change ${date}`),
  ],
  [
    'another title, but one has a name of its own',
    { title: '新名' },
    [known('2026-03-03', { title: '特别场' }), ...coming.slice(1).map((date) => known(date))],
    MONDAY,
    coming.slice(1).map((date) => `change ${date}`),
  ],
  [
    'another weekday',
    { weekdays: [5] },
    [
      known('2026-03-03'),
      known('2026-03-06'),
      known('2026-03-10', { scheduledAt: new Date('2026-03-10T11:00:00Z') }),
      known('2026-03-13'),
    ],
    MONDAY,
    ['withdraw 2026-03-03'],
  ],
  [
    'called off by hand, stays so',
    {},
    [known('2026-03-03', { state: 'ended', cancelledAt: MONDAY }), ...coming.slice(1).map((date) => known(date))],
    MONDAY,
    [],
  ],
  [
    'taken back by the slot, wanted again',
    {},
    [
      known('2026-03-03', { state: 'ended', cancelledAt: MONDAY }, 'withdrawn'),
      ...coming.slice(1).map((date) => known(date)),
    ],
    MONDAY,
    ['make 2026-03-03'],
  ],
  [
    'ended: the live one goes on',
    { state: 'ended' },
    [known('2026-03-03', { state: 'live' }), known('2026-03-06')],
    new Date('2026-03-03T20:30:00+08:00'),
    ['withdraw 2026-03-06'],
  ],
])('what is to be done: %s', (_, change, dates, now, deeds) => {
  expect(told(deedsOf({ ...rule, ...change }, dates, now))).toEqual(deeds);
});

test('the calendar says what becomes of each day', () => {
  const dates = [
    known('2026-03-03'),
    known('2026-03-06', { title: '特别场' }),
    known('2026-03-10', { state: 'ended', cancelledAt: MONDAY }),
  ];
  expect(
    calendarOf({ ...rule, exceptions: ['2026-03-13'] }, dates, MONDAY).map(({ date, state }) => `${date} ${state}`),
  ).toEqual(['2026-03-03 room', '2026-03-06 changed', '2026-03-10 cancelled', '2026-03-13 excepted']);
});
