import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { i18n } from './index.ts';

it('both languages are complete', () => {
  // The language switch is written in the other language on purpose.
  expect(findMessageProblems(i18n.messages)).toEqual(['app.language: Chinese in en']);
});
