import { findMessageProblems } from '@walnut-live/ui';
import { expect, test } from 'vitest';
import { en } from './messages.en.ts';
import { zh } from './messages.zh.ts';

test('both languages say everything, with the same parameters', () => {
  expect(findMessageProblems({ zh, en })).toEqual([]);
});
