// @vitest-environment jsdom
/** What a manager is told about a wave, as it stands on the page. */
import { QueryClientProvider } from '@tanstack/react-query';
import { type Me, rolePermissions, type Wave, wavePhases, waveReach } from '@walnut-live/contracts';
import { type Api, createPendingActions } from '@walnut-live/live-client/http';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SessionGate } from '../../app/session.tsx';
import { createQueryClient } from '../../data/use-call.ts';
import { ActionDialog } from './action-dialog.tsx';
import { WaveDetail } from './wave-detail.tsx';
import { phasesFrom } from './wave-view.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const unit = { id: 'store', kind: 'store', path: 'hq.store', name: '湖滨店' } as const;
const me = {
  id: 'manager',
  kind: 'staff',
  name: '店长',
  staff: { role: 'store_manager', orgUnit: unit, permissions: rolePermissions.store_manager },
} as unknown as Me;
const START = Math.ceil(Date.now() / 86_400_000 + 1) * 86_400_000;
const action = (id: string, change: object) => ({
  ...{
    id,
    phase: 'build_up',
    at: new Date(START).toISOString(),
    lateMinutes: 60,
    attempts: 1,
    result: {},
    reason: null,
  },
  ...change,
});
const wave = (state: Wave['state'], ...actions: object[]) =>
  ({
    ...{
      id: 'wave',
      title: '春日上新',
      orgUnit: unit,
      state,
      round: 1,
      nextActionId: null,
      createdBy: me,
      createdAt: '',
    },
    phases: phasesFrom(START, [1, 1, 1, 1], wavePhases),
    actions,
  }) as unknown as Wave;

let host: HTMLElement;
let root: Root;
let asked: unknown[];
beforeEach(() => {
  // jsdom has no layout; antd asks for it.
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  vi.stubGlobal('matchMedia', () => ({
    matches: false,
    addEventListener() {},
    removeEventListener() {},
    addListener() {},
    removeListener() {},
  }));
  asked = [];
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});
async function show(what: ReactNode): Promise<void> {
  const api = {
    me: () => me,
    subscribe: () => () => undefined,
    ensureSession: async () => me,
    async call(route: { id: string }, args?: { body?: unknown }) {
      if (route.id === waveReach.id) {
        asked.push(args?.body);
        return { people: 7, optedOut: 1 };
      }
      return { items: [], nextCursor: null };
    },
  } as unknown as Api;
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <MemoryRouter>
          <QueryClientProvider client={createQueryClient()}>
            <SessionGate api={api} pending={createPendingActions({ storage: sessionStorage })}>
              {what}
            </SessionGate>
          </QueryClientProvider>
        </MemoryRouter>
      </UiProvider>,
    ),
  );
}
const shown = (text: string) =>
  vi.waitFor(() => act(async () => expect(document.body.textContent).toContain(text)), { timeout: 10_000 });

test.each([
  ['running', true],
  ['cancelled', false],
] as const)('a failed action of a wave that is %s can be tried again: %s', async (state, can) => {
  const failed = action('one', { deed: { kind: 'room_close', roomId: null }, state: 'failed', reason: 'nothing_open' });
  await show(<WaveDetail wave={wave(state, failed)} onBack={() => undefined} />);
  await shown('当时没有开放的直播价');
  // antd sets two characters apart on some buttons.
  const buttons = [...host.querySelectorAll('button')].map((button) => button.textContent?.replace(/\s/g, ''));
  expect(['重试', '跳过'].map((name) => buttons.includes(name))).toEqual([can, can]);
});

/** Chooses by what antd's select listens to. */
async function chooseBooked(): Promise<void> {
  const label = [...document.querySelectorAll('.ant-form-item')].find((one) => one.textContent?.includes('发给谁'));
  const select = label?.querySelector('.ant-select');
  const target = label?.querySelector('.ant-select-selector') ?? select;
  await act(async () => void target?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true })));
  const option = [...document.querySelectorAll('.ant-select-item-option')].find(
    (one) => one.textContent === '已预约的人',
  );
  await act(async () => void option?.dispatchEvent(new MouseEvent('click', { bubbles: true })));
}
const open = (state: string, result = {}) =>
  action('open', { deed: { kind: 'room_open', title: '', scheduledAt: '', productIds: [] }, state, result });
test.each([
  ['before its live is announced', [open('planned')], '发给到时已预约的人', []],
  ['with no live planned before', [], '这条消息没有对象', []],
  ['once its live is announced', [open('done', { roomId: 'room' })], '现在会发给 7 人', ['room']],
])('a message to those who have booked, %s', async (_, actions, text, rooms) => {
  await show(<ActionDialog wave={wave('running', ...actions)} phase="build_up" onClose={() => undefined} />);
  await shown('现在会发给 7 人');
  asked = [];
  await chooseBooked();
  await shown(text);
  expect(document.querySelector('[data-testid=reach]')?.hasAttribute('data-people')).toBe(rooms.length > 0);
  expect(asked).toEqual(rooms.map((roomId) => ({ orgUnitId: unit.id, audience: 'booked', roomId })));
});
