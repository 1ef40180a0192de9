import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { preSaleI18n } from './messages.ts';
import { stateOf } from './state.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(preSaleI18n.messages)).toEqual([]);
});

it.each([
  [-1, 'soon'],
  [0, 'deposits'],
  [24, 'between'],
  [48, 'balances'],
  [72, 'over'],
] as const)('after %i hours it is %s; stopped it is that', (hours, state) => {
  const at = (hour: number): string => new Date(Date.UTC(2026, 8, 1, hour)).toISOString();
  const windows = { startsAt: at(0), depositUntil: at(24), balanceFrom: at(48), balanceUntil: at(72) };
  expect(stateOf({ ...windows, stoppedAt: null }, Date.parse(at(hours)))).toBe(state);
  expect(stateOf({ ...windows, stoppedAt: at(0) }, Date.parse(at(hours)))).toBe('stopped');
});
