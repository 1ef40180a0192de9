import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { sharingI18n } from './messages.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(sharingI18n.messages)).toEqual([]);
});
