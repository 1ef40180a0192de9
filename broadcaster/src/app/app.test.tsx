// @vitest-environment jsdom
/** Who finds what in the studio: hosts go live, assistants stand beside them, others are told. */
import type { StaffRole } from '@walnut-live/contracts';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter, useLocation } from 'react-router';
import { afterEach, expect, it, vi } from 'vitest';
import { App } from './app.tsx';
import { type Services, ServicesProvider } from './services.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const Where = ({ name }: { name: string }): ReactNode => `${name} ${useLocation().pathname}`;
/** Hoisted above the imports, as the mocks are. */
function place(name: string): () => ReactNode {
  return () => <Where name={name} />;
}
vi.mock('../assist/assist-page.tsx', () => ({ AssistPage: place('assist') }));
vi.mock('../live/live-page.tsx', () => ({ LivePage: place('live') }));
vi.mock('../orders/orders-page.tsx', () => ({ OrdersPage: place('orders') }));
vi.mock('../prepare/prepare-page.tsx', () => ({ PreparePage: place('prepare') }));
vi.mock('../today/today-page.tsx', () => ({ TodayPage: place('today') }));

let unmount = async (): Promise<void> => undefined;
afterEach(() => unmount());

async function open(role: StaffRole, path: string): Promise<string> {
  const staff = { role, orgUnit: { id: '1', kind: 'store', path: 'hq.east.s1', name: '一店' } };
  const me = { id: '2', kind: 'staff', name: '小梅', phoneMasked: null, staff };
  const api = { ensureSession: async () => me, subscribe: () => () => undefined };
  const root = createRoot(document.body.appendChild(document.createElement('main')));
  unmount = async () => {
    await act(async () => root.unmount());
    document.body.replaceChildren();
  };
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <ServicesProvider services={{ api } as unknown as Services}>
          <MemoryRouter initialEntries={[path]}>
            <App />
          </MemoryRouter>
        </ServicesProvider>
      </UiProvider>,
    ),
  );
  await vi.waitFor(async () => {
    await act(async () => undefined);
    expect(document.querySelector('main > *, main')?.textContent).not.toBe('');
    expect(document.querySelector('[aria-busy="true"], .st-splash')).toBeNull();
  });
  return document.querySelector('main')?.textContent ?? '';
}

it.each([
  ['guide', '/rooms/7/live', 'live /rooms/7/live'],
  ['guide', '/rooms/7/assist', 'assist /rooms/7/assist'],
  ['store_manager', '/go', 'prepare /go'],
  ['assistant', '/', 'today /'],
  // Whoever may not go live stands beside it, also by a guide's link.
  ['assistant', '/rooms/7/live', 'assist /rooms/7/assist'],
  ['assistant', '/rooms/7/prepare', 'assist /rooms/7/assist'],
  ['assistant', '/go', 'today /'],
  ['assistant', '/orders', 'today /'],
] as const)('%s at %s: %s', async (role, path, shown) => {
  expect(await open(role, path)).toContain(shown);
});

it('who neither hosts nor assists is told, and can leave', async () => {
  expect(await open('hq_analyst', '/')).toContain('退出登录');
});
