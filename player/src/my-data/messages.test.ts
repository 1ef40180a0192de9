import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { myDataI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(myDataI18n.messages)).toEqual([]);
});
