import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { chatI18n } from './messages.ts';
import { sheetI18n } from './sheet-messages.ts';

it('says the same in both languages', () => {
  for (const { messages } of [chatI18n, sheetI18n]) expect(findMessageProblems(messages)).toEqual([]);
});
