// @vitest-environment jsdom
import { ApiError } from '@walnut-live/live-client/http';
import { findMessageProblems } from '@walnut-live/ui';
import { afterEach, expect, it } from 'vitest';
import { all, click, createDesk, write } from '../../testing/desk.tsx';
import { personalDataI18n } from './messages.ts';
import PersonalDataPage from './personal-data-page.tsx';

const desk = createDesk();
afterEach(desk.leave);
const request = {
  ...{ id: '0198-export', kind: 'export', state: 'ready', person: { id: 'p', name: '安*' } },
  ...{ askedBy: { id: 'me', name: '我' }, reason: '本人来电', steps: 40, stepsDone: 40, blocks: [] },
  ...{ askedAt: '2026-11-22T00:00:00.000Z', dueAt: '2026-11-22T00:00:00.000Z', endedAt: null },
  ...{ expiresAt: '2026-11-25T00:00:00.000Z', bytes: 2_048, rows: 12 },
};
const person = {
  id: 'p',
  name: '安然',
  kind: 'consumer',
  phoneMasked: '139****0061',
  since: '2026-11-01T00:00:00.000Z',
};
const list = (items: unknown[]) => () => ({ items, nextCursor: null });

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(personalDataI18n.messages)).toEqual([]);
});

it('somebody is found by what was typed when it was sent, and forgotten with a reason; what stands in the way is told', async () => {
  const ask = () => {
    throw new ApiError({ status: 409, code: 'state_conflict', facts: { blocks: ['open_orders', 'coins'] } });
  };
  await desk.show(<PersonalDataPage />, {
    ...{ 'data-requests.list': list([]), 'people.find': () => ({ items: [person] }), 'data-requests.ask': ask },
  });
  await desk.shown('还没有请求');
  await write('find-by', ' 13900000061 ');
  expect(desk.sent()).toEqual([]);
  await click('find-submit');
  await desk.shown('139****0061');
  await click('ask-deletion');
  await write('reason', '本人来电');
  await click('reason-submit');
  await desk.shown('尚不能删除：有未完成订单、金币未用完');
  expect(desk.sent().map(([id, { body }]) => [id, body])).toEqual([
    ['people.find', { by: '13900000061' }],
    ['data-requests.ask', { kind: 'deletion', reason: '本人来电' }],
  ]);
});

it('a file is there for who asked for it alone; a deletion that waits can be called off', async () => {
  const waiting = {
    ...request,
    id: '0198-deletion',
    kind: 'deletion',
    state: 'waiting',
    dueAt: '2999-01-01T00:00:00.000Z',
  };
  await desk.show(<PersonalDataPage />, {
    'data-requests.list': list([request, { ...request, id: 'other', askedBy: { id: 'x', name: '同事' } }, waiting]),
  });
  await desk.shown('同事 提出');
  expect(all('request-row').length).toBe(3);
  expect(all('request-download').length).toBe(1);
  expect(all('request-cancel').length).toBe(1);
});
