import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { whomI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(whomI18n.messages)).toEqual([]);
});
