import { expect, it } from 'vitest';
import { type PollDraft, readPoll } from './poll-input.ts';

const draft = (more: Partial<PollDraft> = {}): PollDraft => ({
  ...{ kind: 'quiz', question: ' 几颗？ ', rightKey: 'b', quizSeconds: 20, surveySeconds: 0, multiple: true },
  options: [
    { key: 'a', text: ' 一颗' },
    { key: 'b', text: '两颗 ' },
  ],
  ...{ liveResults: true, changeable: false, ...more },
});

it('reads a quiz with the number of its right option, and a survey without one', () => {
  expect(readPoll('r', draft())).toEqual({
    ...{ kind: 'quiz', roomId: 'r', question: '几颗？', options: ['一颗', '两颗'], rightNo: 2, seconds: 20 },
  });
  expect(readPoll('r', draft({ kind: 'survey' }))).toMatchObject({ kind: 'survey', multiple: true, seconds: null });
  expect(readPoll('r', draft({ kind: 'survey', surveySeconds: 60 }))).toMatchObject({ seconds: 60 });
});

it.each<[string, Partial<PollDraft>]>([
  ['no question', { question: ' ' }],
  ['no right option', { rightKey: null }],
  ['a right option that was removed', { rightKey: 'gone' }],
  [
    'an empty option',
    {
      options: [
        { key: 'a', text: '' },
        { key: 'b', text: 'x' },
      ],
    },
  ],
  [
    'options that say the same',
    {
      options: [
        { key: 'a', text: 'AB' },
        { key: 'b', text: 'ａ b' },
      ],
    },
  ],
])('is none with %s', (_, more) => expect(readPoll('r', draft(more))).toBeNull());
