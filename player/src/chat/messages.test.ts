import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { chatI18n } from './messages.ts';

it('says the same in both languages', () => {
  expect(findMessageProblems(chatI18n.messages)).toEqual([]);
});
