import { expect, test } from 'vitest';
import { refusalOfChat } from './chat.policy.ts';

const fine = { kind: 'consumer', valid: true, banned: false, muted: false, roomState: 'live' } as const;

test.each([
  [{}, undefined],
  [{ roomState: 'scheduled' }, undefined],
  [{ kind: 'staff' }, undefined],
  [{ valid: false }, 'session_expired'],
  [{ banned: true, muted: true }, 'banned'],
  [{ kind: 'guest' }, 'unauthenticated'],
  [{ kind: 'guest', banned: true }, 'banned'],
  [{ muted: true }, 'muted'],
  [{ roomState: 'ended' }, 'room_not_live'],
] as const)('%j is answered with %s', (change, code) => {
  expect(refusalOfChat({ ...fine, ...change })).toBe(code);
});

test('nobody is nobody', () => {
  expect(refusalOfChat(undefined)).toBe('session_expired');
});
