// @vitest-environment jsdom
import { endCutIn, type Me, type Stage, startCutIn } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MeProvider, type Services, ServicesProvider } from '../app/services.tsx';
import { type CutIn, useCutIn } from './use-cut-in.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const me: Me = { id: '01890000-0000-7000-8000-000000000001', kind: 'staff', name: '', phoneMasked: null, staff: null };
const stage: Stage = {
  ...{ version: 1, shows: 'relay', streamId: '01890000-0000-7000-8000-000000000002', since: new Date(0).toISOString() },
  ...{ relay: { title: '', unitKind: 'hq', unitName: '', state: 'live' }, cutIn: null, cohosts: [] },
};

let root: Root;
let cutIn: CutIn;
let asked: string[];
let answers: Map<string, PromiseWithResolvers<void>>;

function Studio(): ReactNode {
  cutIn = useCutIn('room', stage);
  return null;
}

beforeEach(async () => {
  vi.useFakeTimers();
  asked = [];
  answers = new Map([startCutIn, endCutIn].map(({ id }) => [id, Promise.withResolvers<void>()]));
  const call = ({ id }: { id: string }) => {
    asked.push(id);
    return answers.get(id)?.promise;
  };
  const services = { api: { call }, capture: { open: async () => undefined, close: () => undefined } };
  root = createRoot(document.body.appendChild(document.createElement('main')));
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <ServicesProvider services={services as unknown as Services}>
          <MeProvider value={me}>
            <Studio />
          </MeProvider>
        </ServicesProvider>
      </UiProvider>,
    ),
  );
});
afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  vi.useRealTimers();
});

async function countDown(): Promise<void> {
  await act(async () => cutIn.start());
  for (let second = 0; second < 3; second += 1) await act(() => vi.advanceTimersByTimeAsync(1_000));
}

it('cancelled while it counts, nothing is asked', async () => {
  await act(async () => cutIn.start());
  await act(() => vi.advanceTimersByTimeAsync(1_000));
  await act(async () => cutIn.stop());
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(asked).toEqual([]);
  expect(cutIn.phase).toBe('off');
});

it('cancelled while the wish is on its way, the end waits for it and is then sent', async () => {
  await countDown();
  expect([cutIn.phase, asked]).toEqual(['waiting', [startCutIn.id]]);
  await act(async () => cutIn.stop());
  expect([cutIn.phase, asked]).toEqual(['off', [startCutIn.id]]);
  await act(async () => answers.get(startCutIn.id)?.resolve());
  expect(asked).toEqual([startCutIn.id, endCutIn.id]);
  await act(() => vi.advanceTimersByTimeAsync(5_000));
  expect(cutIn.publishing).toBe(false);
});

it('a wish that was refused has no end: the picture that shows is a colleague’s', async () => {
  await countDown();
  await act(async () => cutIn.stop());
  await act(async () => answers.get(startCutIn.id)?.reject(new ApiError({ code: 'state_conflict', status: 409 })));
  expect(asked).toEqual([startCutIn.id]);
});
