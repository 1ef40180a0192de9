import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { auditI18n } from '../audit/messages.ts';
import { targetLink } from '../audit/target-link.ts';
import { codeI18n } from '../sign-in/messages.ts';
import { staffI18n } from './messages.ts';

it.each([auditI18n, codeI18n, staffI18n])(
  'every text is there in both languages, with the same parameters',
  ({ messages }) => {
    expect(findMessageProblems(messages)).toEqual([]);
  },
);

it('a row of the audit log leads to what it is about', () => {
  expect(targetLink('order:0198', () => true)).toBe('/orders/0198');
  expect(targetLink('staff:0198', () => true)).toBe('/staff?account=0198');
  expect(targetLink('something-else:1', () => true)).toBeUndefined();
});
