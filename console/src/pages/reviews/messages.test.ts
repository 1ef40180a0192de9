import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { reviewI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(reviewI18n.messages)).toEqual([]);
});
