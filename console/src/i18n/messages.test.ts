import { findMessageProblems } from '@walnut-live/ui';
import { expect, test } from 'vitest';
import { en } from './messages.en.ts';
import { zh } from './messages.zh.ts';
import { streamI18n } from './stream.ts';

test('both languages say everything, with the same parameters', () => {
  expect(findMessageProblems({ zh, en })).toEqual([]);
  expect(findMessageProblems(streamI18n.messages)).toEqual([]);
});
