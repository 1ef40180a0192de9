import { expect, test } from 'vitest';
import { nextStep, type Step } from './room-bookings.policy.ts';

const MINUTE = 60_000;
const NOON = new Date('2031-03-04T12:00:00+08:00');
const START = new Date('2031-03-04T20:00:00+08:00');
const at = (minutes: number): Date => new Date(START.getTime() + minutes * MINUTE);
const scheduled = { state: 'scheduled', scheduledAt: START, startedAt: null, cancelledAt: null } as const;
const early = { bookedAt: NOON, toldFor: START, toldAt: NOON, remindedFor: null };
const lately = { bookedAt: at(-10), toldFor: START, toldAt: at(-10), remindedFor: null };
test.each<[string, Parameters<typeof nextStep>[0], Date, Step | undefined]>([
  ['hours before', { ...early, room: scheduled }, at(-31), undefined],
  [
    '30 minutes before',
    { ...early, room: scheduled },
    at(-30),
    { tell: { kind: 'room_reminder', expiresAt: START }, after: { reminded: START } },
  ],
  [
    'a server that was away till the last minute',
    { ...early, room: scheduled },
    at(-1),
    { tell: { kind: 'room_reminder', expiresAt: START }, after: { reminded: START } },
  ],
  ['a server that was away too long', { ...early, room: scheduled }, at(0), undefined],
  ['never begun, a day less a minute later', { ...early, room: scheduled }, at(24 * 60 - 1), undefined],
  ['never begun, a day later', { ...early, room: scheduled }, at(24 * 60), { tell: null, after: { closed: 'over' } }],
  ['reminded already', { ...early, remindedFor: START, room: scheduled }, at(-20), undefined],
  ['booked within the half hour', { ...lately, room: scheduled }, at(-9), { tell: null, after: { reminded: START } }],
  [
    'put off',
    { ...early, room: { ...scheduled, scheduledAt: at(60) } },
    at(-5),
    { tell: { kind: 'room_moved', expiresAt: at(60) }, after: { knows: at(60) } },
  ],
  [
    'brought forward into the past',
    { ...early, room: { ...scheduled, scheduledAt: at(-60) } },
    at(-5),
    { tell: null, after: { knows: at(-60) } },
  ],
  [
    'put off, no time yet',
    { ...early, room: { ...scheduled, scheduledAt: null } },
    NOON,
    { tell: { kind: 'room_moved', expiresAt: new Date(NOON.getTime() + 24 * 60 * MINUTE) }, after: { knows: null } },
  ],
  [
    'live',
    { ...early, room: { ...scheduled, state: 'live', startedAt: at(2) } },
    at(3),
    { tell: { kind: 'room_live', expiresAt: at(32) }, after: { closed: 'live' } },
  ],
  [
    'live for long',
    { ...early, room: { ...scheduled, state: 'live', startedAt: at(2) } },
    at(33),
    { tell: null, after: { closed: 'live' } },
  ],
  [
    'called off',
    { ...early, room: { ...scheduled, state: 'ended', cancelledAt: NOON } },
    at(-400),
    {
      tell: { kind: 'room_cancelled', expiresAt: new Date(NOON.getTime() + 24 * 60 * MINUTE) },
      after: { closed: 'cancelled' },
    },
  ],
  [
    'over before anybody was told',
    { ...early, room: { ...scheduled, state: 'ended', startedAt: at(0) } },
    at(90),
    { tell: null, after: { closed: 'over' } },
  ],
])('what is next: %s', (_, facts, now, step) => {
  expect(nextStep(facts, now)).toEqual(step);
});
