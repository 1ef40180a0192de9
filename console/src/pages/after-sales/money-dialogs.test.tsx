// @vitest-environment jsdom
/** What staff are shown before money goes back, and that it is what they send. */
import { QueryClientProvider } from '@tanstack/react-query';
import {
  type AfterSaleView,
  decideAfterSale,
  type Me,
  type OrderView,
  orderAfterSales,
  refundOrder,
  rolePermissions,
} from '@walnut-live/contracts';
import { type Api, ApiError, createPendingActions } from '@walnut-live/live-client/http';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SessionGate } from '../../app/session.tsx';
import { createQueryClient } from '../../data/use-call.ts';
import { CaseView } from './case-view.tsx';
import { RefundDialog } from './refund-dialog.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const unit = { id: 'hq', kind: 'hq', path: 'hq', name: '总部' } as const;
const me = {
  ...{ id: 'finance', kind: 'staff', name: '财务' },
  staff: { role: 'hq_finance', orgUnit: unit, permissions: rolePermissions.hq_finance },
} as unknown as Me;
const exchange = {
  ...{ id: 'case', caseNo: 'AS1', orderId: 'order', orderNo: 'WL1', store: unit, buyer: { id: 'b', name: '林*' } },
  ...{ kind: 'exchange', state: 'escalated', reason: 'damaged', note: '', items: [], shippingFen: 0, amountFen: 0 },
  ...{ protected: false, pictures: [], returnTo: '杭州', returnCarrier: 'sf', returnTrackingNo: 'SF1' },
  ...{ replacementTrackingNo: null, refundId: null, deadlineAt: null, closedAt: null, history: [], may: ['decide'] },
  ...{ waitingSince: '2026-11-22T00:00:00.000Z', createdAt: '2026-11-22T00:00:00.000Z' },
} as unknown as AfterSaleView;

let host: HTMLElement;
let root: Root;
let sent: { id: string; body: unknown }[];
let options: { wholeFen: number; asking: number };
let shownCase: AfterSaleView;
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
  const quiet = { addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} };
  vi.stubGlobal('matchMedia', () => ({ matches: false, ...quiet }));
  sent = [];
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await act(async () => root.unmount());
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});
async function show(what: ReactNode): Promise<void> {
  const api = {
    me: () => me,
    subscribe: () => () => undefined,
    ensureSession: async () => me,
    async call(route: { id: string }, args?: { body?: { expectedFen?: number } }) {
      if (route.id === orderAfterSales.id)
        return { items: [], options: { ...options, kinds: [], items: [], shippingLeftFen: 0 } };
      if (route.id === refundOrder.id || route.id === decideAfterSale.id) sent.push({ id: route.id, body: args?.body });
      if (route.id === refundOrder.id && args?.body?.expectedFen !== options.wholeFen)
        throw new ApiError({ status: 409, code: 'refund_changed', facts: { amountFen: options.wholeFen } });
      return shownCase;
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
const click = (testId: string) =>
  act(async () => document.querySelector<HTMLElement>(`[data-testid=${testId}]`)?.click());
async function write(testId: string, text: string): Promise<void> {
  const area = document.querySelector<HTMLTextAreaElement>(`textarea[data-testid=${testId}]`);
  const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')?.set;
  await act(async () => {
    set?.call(area, text);
    area?.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

test('a refund of all says what the server would send and which cases end with it; another sum is shown anew', async () => {
  options = { wholeFen: 6_800, asking: 2 };
  const onClose = vi.fn();
  const order = { id: 'order', buyer: { name: '林*' }, paidFen: 6_800, refundedFen: 0 } as unknown as OrderView;
  await show(<RefundDialog order={order} onClose={onClose} />);
  await shown('¥68.00');
  await shown('还有 2 个处理中的售后');
  options = { wholeFen: 4_800, asking: 0 };
  await write('refund-reason', '缺货');
  await click('refund-submit');
  await shown('可退金额有变化');
  await shown('¥48.00');
  expect(onClose).not.toHaveBeenCalled();
  await click('refund-submit');
  await vi.waitFor(() => act(async () => expect(onClose).toHaveBeenCalled()), { timeout: 10_000 });
  expect(sent.map(({ body }) => body)).toEqual([
    { reason: '缺货', expectedFen: 6_800 },
    { reason: '缺货', expectedFen: 4_800 },
  ]);
});

test.each([
  ['came back', exchange, true],
  ['did not come back', { ...exchange, returnTrackingNo: null }, false],
  ['are no exchange', { ...exchange, kind: 'return_and_refund' as const }, false],
])('headquarters may pay for goods that %s: %s', async (_, one, can) => {
  shownCase = one;
  await show(<CaseView caseId="case" />);
  await shown('AS1');
  expect(document.querySelector('[data-testid=case-as-refund]') !== null).toBe(can);
  if (!can) return;
  await click('case-as-refund');
  await shown('不再补发');
  await write('case-note', '已无货');
  await click('case-submit');
  await vi.waitFor(() =>
    act(async () =>
      expect(sent).toEqual([{ id: decideAfterSale.id, body: { approve: true, note: '已无货', asRefund: true } }]),
    ),
  );
});
