// @vitest-environment jsdom
/** Whoever gives a deposit back sends the sum they were shown. */
import { QueryClientProvider } from '@tanstack/react-query';
import { type Me, type OrderView, refundOrder, rolePermissions } from '@walnut-live/contracts';
import { type Api, createPendingActions } from '@walnut-live/live-client/http';
import { UiProvider } from '@walnut-live/ui';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { afterEach, expect, test, vi } from 'vitest';
import { SessionGate } from '../../app/session.tsx';
import { createQueryClient } from '../../data/use-call.ts';
import { ReturnDeposit } from './order-pre-sale.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
afterEach(() => vi.unstubAllGlobals());

const me = {
  ...{ id: 'manager', kind: 'staff', name: '店长' },
  staff: {
    role: 'store_manager',
    orgUnit: { id: 'a', kind: 'store', path: 'hq.a', name: '湖滨店' },
    permissions: rolePermissions.store_manager,
  },
} as unknown as Me;
const order = {
  ...{ id: 'order', state: 'deposit_paid', paidFen: 1_000, refundedFen: 0 },
  preSale: { depositFen: 1_000, balanceFen: 8_000 },
} as unknown as OrderView;

test('the deposit that is given back is the one that was shown', async () => {
  // jsdom has no layout; antd asks for it.
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
  const quiet = { addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} };
  vi.stubGlobal('matchMedia', () => ({ matches: false, ...quiet }));
  const sent: unknown[] = [];
  const api = {
    me: () => me,
    subscribe: () => () => undefined,
    ensureSession: async () => me,
    async call(route: { id: string }, args?: { body?: unknown }) {
      if (route.id === refundOrder.id) sent.push(args?.body);
      return order;
    },
  } as unknown as Api;
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <MemoryRouter>
          <QueryClientProvider client={createQueryClient()}>
            <SessionGate api={api} pending={createPendingActions({ storage: sessionStorage })}>
              <ReturnDeposit order={order} />
            </SessionGate>
          </QueryClientProvider>
        </MemoryRouter>
      </UiProvider>,
    ),
  );
  const find = <T extends Element>(selector: string) =>
    vi.waitFor(
      () =>
        act(async () => {
          const found = document.querySelector<T & HTMLElement>(selector);
          expect(found).not.toBeNull();
          return found as T & HTMLElement;
        }),
      { timeout: 10_000 },
    );
  const opener = await find('[data-testid=deposit-return]');
  await act(async () => opener.click());
  const field = await find<HTMLInputElement>('.ant-modal input');
  expect(document.querySelector('.ant-modal')?.textContent).toContain('¥10.00');
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
  await act(async () => {
    set?.call(field, '买家来电取消');
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  const submit = await find('[data-testid=reason-submit]');
  await act(async () => submit.click());
  await vi.waitFor(() => expect(sent).toEqual([{ reason: '买家来电取消', expectedFen: 1_000 }]), { timeout: 10_000 });
  await act(async () => root.unmount());
});
