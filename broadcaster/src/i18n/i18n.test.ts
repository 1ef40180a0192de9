import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { encoderI18n } from '../encoder/messages.ts';
import { i18n } from './index.ts';

it('both languages are complete', () => {
  expect(findMessageProblems(encoderI18n.messages)).toEqual([]);
  // The language switch is written in the other language on purpose.
  expect(findMessageProblems(i18n.messages)).toEqual(['app.language: Chinese in en']);
});
