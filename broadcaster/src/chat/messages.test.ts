import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { talkI18n } from './messages.ts';

it('says the same in both languages', () => {
  expect(findMessageProblems(talkI18n.messages)).toEqual([]);
});
