// @vitest-environment jsdom

import { type InviteTask, listInviteTasks, stopInviteTask } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { act } from 'react';
import { afterEach, expect, it } from 'vitest';
import { Tasks } from '../pages/sharing/tasks.tsx';
import { type Answers, all, click, createDesk, hq, write } from '../testing/desk.tsx';

const desk = createDesk();
afterEach(desk.leave);
const task = (id: string, state: 'running' | 'over') =>
  ({
    ...{ id, title: `任务 ${id}`, orgUnit: hq, invited: 3, winners: 1, tiers: [], state },
    ...{ endsAt: '2026-12-01T00:00:00.000Z' },
  }) as unknown as InviteTask;
const refuse = () => {
  throw new ApiError({ status: 503, code: 'unavailable' });
};
const answers: Answers = {
  [listInviteTasks.id]: () => ({
    items: [task('a', 'running'), task('b', 'running'), task('c', 'over')],
    nextCursor: null,
  }),
  [stopInviteTask.id]: refuse,
};

it('what is open is ended with a reason; what was refused for one is not said of another', async () => {
  await desk.show(<Tasks />, answers);
  await desk.shown('任务 c');
  const end = () => [...document.querySelectorAll<HTMLButtonElement>('[data-testid=task-row] button')];
  expect(end().length).toBe(2);
  await act(async () => end()[0]?.click());
  await desk.until(() => expect(all('reason').length).toBe(1));
  await write('reason', '提前结束');
  await click('reason-submit');
  await desk.shown('服务繁忙');
  expect(desk.sent().map(([, { params, body }]) => [params, body])).toEqual([[{ id: 'a' }, { reason: '提前结束' }]]);
  await act(async () => end()[1]?.click());
  await desk.shown('任务 b');
  await desk.until(() => expect(document.querySelector('[role=alert]')).toBeNull());
});

it('who may not make or end any sees the list alone', async () => {
  await desk.show(<Tasks />, answers, { role: 'hq_analyst' });
  await desk.shown('任务 a');
  expect([...all('task-new'), ...document.querySelectorAll('[data-testid=task-row] button')]).toEqual([]);
});
