import { expect, test } from 'vitest';
import { refusalOfTakingPart } from './taking-part.policy.ts';

const anna = { kind: 'consumer', valid: true, banned: false, muted: false, roomState: 'live' } as const;

test.each([
  ['a customer may', anna, undefined, undefined],
  ['before the live too', { ...anna, roomState: 'scheduled' }, undefined, undefined],
  ['who is muted presses and chooses', { ...anna, muted: true }, undefined, 'muted'],
  ['after the end nobody', { ...anna, roomState: 'ended' }, 'room_not_live', 'room_not_live'],
  ['who is banned', { ...anna, banned: true }, 'banned', 'banned'],
  ['guests sign in first', { ...anna, kind: 'guest' }, 'unauthenticated', 'unauthenticated'],
  ['staff are not counted', { ...anna, kind: 'staff' }, 'insiders_excluded', 'insiders_excluded'],
  ['whose account is off', { ...anna, valid: false }, 'session_expired', 'session_expired'],
  ['whom nobody knows', undefined, 'session_expired', 'session_expired'],
] as const)('%s', (_, person, pressing, writing) => {
  expect(refusalOfTakingPart(person)).toBe(pressing);
  expect(refusalOfTakingPart(person, { writes: true })).toBe(writing);
});
