// @vitest-environment jsdom
/** Somebody looks after what is stored about them: what they agreed to, a file, closing the account. */
import type { DataRequest } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, expect, it, vi } from 'vitest';
import { forgetQueries } from '../app/query-host.tsx';
import { type ApiAnswer, byTestId, press, renderInRoom } from '../testing/fixtures.tsx';
import MyDataPage from './my-data-page.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  forgetQueries();
  document.body.replaceChildren();
});
const until = (check: () => void): Promise<void> => act(() => vi.waitFor(check, { timeout: 15_000 }));
const request = (more: Partial<DataRequest>): DataRequest => ({
  ...{ id: '01890000-0000-7000-8000-000000000077', kind: 'deletion', state: 'waiting', askedBy: null, reason: '' },
  ...{ person: { id: '01890000-0000-7000-8000-000000000900', name: '小林' }, steps: 40, stepsDone: 3, blocks: [] },
  ...{ askedAt: '2026-11-22T00:00:00.000Z', dueAt: '2999-01-01T00:00:00.000Z', endedAt: null, expiresAt: null },
  ...{ bytes: 0, rows: 0, ...more },
});
type World = {
  requests: DataRequest[];
  blocks: string[] | 'offline';
  consents: unknown[];
  refused?: ApiAnswer;
  after?: World['blocks'];
};
const show = async (world: World) => {
  const rendered = await renderInRoom(<MyDataPage />, {
    answer: ({ method, path }) => {
      if (path.endsWith('/me/data-requests')) return { json: { items: world.requests } };
      if (path.endsWith('/me/consents')) return { json: { items: world.consents } };
      if (path.endsWith('/me/data-deletion') && method === 'GET')
        return world.blocks === 'offline' ? 'offline' : { json: { blocks: world.blocks, waitDays: 7 } };
      if (path.endsWith('/me/data-deletion')) {
        if (world.refused) {
          world.blocks = world.after ?? [];
          return world.refused;
        }
        world.requests = [request({})];
        return { status: 202, json: world.requests[0] };
      }
      if (path.endsWith('/cancel')) {
        world.requests = [request({ state: 'cancelled' })];
        return { json: world.requests[0] };
      }
      if (path.endsWith('/withdraw')) {
        world.consents = [];
        return { json: {} };
      }
      if (path.endsWith('/me/data-export')) {
        world.requests = [request({ kind: 'export' })];
        return { status: 202, json: world.requests[0] };
      }
      return 'offline';
    },
  });
  unmount = rendered.unmount;
  await until(() => byTestId('data-deletion'));
  return rendered;
};
const answerYes = async (): Promise<void> => {
  const buttons = () => [...document.querySelectorAll<HTMLButtonElement>('[role="alertdialog"] button')];
  await until(() => expect(buttons().length).toBe(2));
  await press(buttons()[1] as HTMLButtonElement);
};
const state = (): string | undefined => byTestId('data-deletion').dataset.state;

it('an account is closed after a question that tells how long it waits, and what the law has kept; it is called off', async () => {
  const { calls } = await show({ requests: [], blocks: [], consents: [] });
  await until(() => byTestId('data-deletion-ask'));
  expect(byTestId('data-deletion').textContent).toContain('7 天');
  expect(byTestId('data-deletion').textContent).toContain('至少三年');
  await press(byTestId('data-deletion-ask'));
  await answerYes();
  await until(() => expect(state()).toBe('waiting'));
  const asked = calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/me/data-deletion'));
  expect(asked.map(({ key }) => typeof key)).toEqual(['string']);
  await press(byTestId('data-deletion-cancel'));
  await until(() => expect(state()).toBe('cancelled'));
});

it('what stands in the way is told before it is asked, and when it came up meanwhile', async () => {
  await show({ requests: [], blocks: ['open_orders'], consents: [] });
  await until(() => expect(byTestId<HTMLButtonElement>('data-deletion-ask').disabled).toBe(true));
  expect(byTestId('data-deletion').textContent).toContain('未完成的订单');
  await unmount?.();
  forgetQueries();
  const refused = {
    status: 409,
    json: { type: 'about:blank', title: 'x', status: 409, code: 'state_conflict', facts: { blocks: ['coins'] } },
  };
  // The refusal is the newest word while nothing can be read after it.
  await show({ requests: [], blocks: [], consents: [], refused, after: 'offline' });
  await until(() => byTestId('data-deletion-ask'));
  await press(byTestId('data-deletion-ask'));
  await answerYes();
  await until(() => expect(byTestId('data-deletion').textContent).toContain('未用完的金币'));
});

it('what is read after a refusal is newer than the refusal', async () => {
  const refused = {
    status: 409,
    json: { type: 'about:blank', title: 'x', status: 409, code: 'state_conflict', facts: { blocks: ['coins'] } },
  };
  const { calls } = await show({ requests: [], blocks: [], consents: [], refused, after: ['open_orders'] });
  await until(() => byTestId('data-deletion-ask'));
  await press(byTestId('data-deletion-ask'));
  await answerYes();
  await until(() => expect(byTestId('data-deletion').textContent).toContain('未完成的订单'));
  expect(byTestId('data-deletion').textContent).not.toContain('未用完的金币');
  expect(calls.filter(({ method, path }) => method === 'GET' && path.endsWith('/me/data-deletion')).length).toBe(2);
});

it('a consent is taken back after a question; a file is asked for, and one that is being made is not asked for again', async () => {
  const consents = [{ purpose: 'adult_check', wording: 1, givenAt: '2026-11-01T00:00:00.000Z', withdrawnAt: null }];
  const { calls } = await show({ requests: [], blocks: [], consents });
  await until(() => byTestId('consent-withdraw'));
  await press(byTestId('consent-withdraw'));
  await answerYes();
  await until(() => expect(document.querySelector('[data-testid="consent"]')).toBeNull());
  expect(calls.some(({ path }) => path.endsWith('/me/consents/adult_check/withdraw'))).toBe(true);
  await press(byTestId('data-export-ask'));
  await until(() => expect(byTestId('data-export').dataset.state).toBe('waiting'));
  expect(byTestId('data-export').textContent).toContain('3/40');
  expect(document.querySelector('[data-testid="data-export-ask"]')).toBeNull();
});
