import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { creditsI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(creditsI18n.messages)).toEqual([]);
});
