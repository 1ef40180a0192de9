// @vitest-environment jsdom
import { ApiError } from '@walnut-live/live-client/http';
import { findMessageProblems } from '@walnut-live/ui';
import { act } from 'react';
import { afterEach, expect, it } from 'vitest';
import { type Answers, all, click, createDesk, write } from '../../testing/desk.tsx';
import { retentionI18n } from './messages.ts';
import RetentionPage from './retention-page.tsx';

const desk = createDesk();
afterEach(desk.leave);
const policy = {
  ...{ kind: 'replays', keepDays: 1_200, leastDays: 1_096, byLaw: true, version: 4, reason: '' },
  ...{ setBy: null, setAt: null },
};
const answers: Answers = {
  'retention.list': () => ({ items: [policy] }),
  'retention.runs': () => ({ items: [], nextCursor: null }),
  'retention.preview': ({ query }) => ({
    ...{ kind: 'replays', keepDays: query?.keepDays, before: '2023-01-01T00:00:00.000Z' },
    tables: [{ table: 'room_events', rows: 7, oldest: null }],
  }),
};

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(retentionI18n.messages)).toEqual([]);
});

it('days are set with a reason, after a look at what goes, never fewer than the law says, nor over what a colleague set', async () => {
  const set = () => {
    throw new ApiError({ status: 409, code: 'state_conflict' });
  };
  await desk.show(<RetentionPage />, { ...answers, 'retention.set': set });
  await desk.shown('还没有清理过');
  await click('retention-change');
  await desk.shown('直播间事件（弹幕、处置） · 7 条');
  await write('reason', '监管要求');
  const submit = () => all('reason-submit')[0] as HTMLButtonElement;
  await write('retention-days', '1095');
  expect(submit().disabled).toBe(true);
  expect(all('retention-preview')).toEqual([]);
  await write('retention-days', '1100');
  await desk.until(() => expect(submit().disabled).toBe(false));
  await click('reason-submit');
  await desk.shown('其他人刚刚改过');
  expect(desk.sent().map(([, { params, body }]) => [params, body])).toEqual([
    [{ kind: 'replays' }, { keepDays: 1_100, reason: '监管要求', seenVersion: 4 }],
  ]);
});

it('what is saved is what was shown: not while other days stand there, nor when they could not be read', async () => {
  let answer: (fails: boolean) => void = () => undefined;
  await desk.show(<RetentionPage />, {
    ...answers,
    'retention.preview': ({ query }) => {
      const preview = { kind: 'replays', keepDays: query?.keepDays, before: '2023-01-01T00:00:00.000Z' };
      const found = { ...preview, tables: [{ table: 'room_events', rows: Number(query?.keepDays), oldest: null }] };
      if (query?.keepDays === policy.keepDays) return found;
      return new Promise((resolve, reject) => {
        answer = (fails) => (fails ? reject(new ApiError({ status: 409, code: 'state_conflict' })) : resolve(found));
      });
    },
  });
  await desk.shown('还没有清理过');
  await click('retention-change');
  await desk.shown('1,200 条');
  await write('reason', '监管要求');
  const submit = () => all('reason-submit')[0] as HTMLButtonElement;
  await write('retention-days', '1100');
  // Still those of 1,200 days, said to be coming.
  await desk.until(() => expect(all('retention-preview')[0]?.querySelector('[aria-busy=true]')).toBeTruthy());
  expect(all('retention-preview')[0]?.textContent).toContain('1,200 条');
  expect(submit().disabled).toBe(true);
  await act(async () => answer(true));
  await desk.until(() => expect(all('retention-preview')[0]?.textContent).not.toContain('1,200 条'));
  expect(submit().disabled).toBe(true);
  await write('retention-days', '1101');
  await desk.until(() => expect(all('retention-preview')[0]?.querySelector('[aria-busy=true]')).toBeTruthy());
  await act(async () => answer(false));
  await desk.shown('1,101 条');
  expect(submit().disabled).toBe(false);
  // A digit more, and the days shown are others again.
  await write('retention-days', '1102');
  expect(submit().disabled).toBe(true);
});

it('who may only read sees the terms and can change none', async () => {
  await desk.show(<RetentionPage />, answers, { role: 'hq_finance' });
  await desk.shown('直播回放');
  expect(all('retention-change')).toEqual([]);
});
