// @vitest-environment jsdom
import { QueryClientProvider } from '@tanstack/react-query';
import { type Me, orderCredit, type ReplyOf, rolePermissions } from '@walnut-live/contracts';
import { type Api, ApiError, createPendingActions } from '@walnut-live/live-client/http';
import { type Locale, UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { SessionGate } from '../app/session.tsx';
import { createQueryClient } from '../data/use-call.ts';
import { type Asking, AsyncView } from './async-view.tsx';
import { DataTable } from './data-table.tsx';
import { type Filters, rangeOf } from './filters.tsx';
import { ReasonDialog } from './reason-dialog.tsx';
import { WhyPanel } from './why-panel.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let host: HTMLElement;
let root: Root;
beforeEach(() => {
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
});
const show = (what: ReactNode, locale: Locale = 'zh-CN') =>
  act(async () => root.render(<UiProvider locale={locale}>{what}</UiProvider>));

describe('AsyncView', () => {
  const asking = (more: Partial<Asking<number>>): Asking<number> => ({
    data: undefined,
    error: null,
    isPending: false,
    isFetching: false,
    dataUpdatedAt: Date.now(),
    refetch: () => undefined,
    ...more,
  });
  const failure = new ApiError({ code: 'unavailable', status: 503, requestId: 'req-12345678' });
  const view = (query: Asking<number>) =>
    show(
      <AsyncView query={query} skeleton={<i>coming</i>} isEmpty={(n) => n === 0} empty={<b>empty</b>}>
        {(n) => <p>{n} rows</p>}
      </AsyncView>,
    );

  it('shows what is coming, nothing there, and what is there', async () => {
    await view(asking({ isPending: true }));
    expect(host.textContent).toBe('coming');
    await view(asking({ data: 0 }));
    expect(host.textContent).toBe('empty');
    await view(asking({ data: 3 }));
    expect(host.textContent).toBe('3 rows');
  });

  it('a failure offers another try and the request id', async () => {
    const refetch = vi.fn();
    await view(asking({ error: failure, refetch }));
    expect(host.querySelector('[role=alert]')?.textContent).toContain('req-12345678');
    await act(async () => host.querySelector<HTMLButtonElement>('.wl-state-action button')?.click());
    expect(refetch).toHaveBeenCalledOnce();
  });

  it('figures that are being counted anew are no fault, and are asked for again when the server said', async () => {
    vi.useFakeTimers();
    try {
      const refetch = vi.fn();
      const error = new ApiError({
        ...{ code: 'unavailable', status: 503, retryAfterSeconds: 30, facts: { preparing: true } },
      });
      await view(asking({ error, refetch }));
      expect(host.querySelector('[role=status]')?.textContent).toContain('正在重新统计');
      expect(host.querySelector('[role=alert]')).toBeNull();
      await act(async () => void vi.advanceTimersByTime(29_999));
      expect(refetch).not.toHaveBeenCalled();
      await act(async () => void vi.advanceTimersByTime(1));
      expect(refetch).toHaveBeenCalledOnce();
      await view(asking({ data: 3, error, refetch }));
      expect(host.querySelector('[role=status]')?.textContent).toContain('完成后本页自动刷新');
    } finally {
      vi.useRealTimers();
    }
  });

  it('after a failed refresh the old rows stay, and are said to be old', async () => {
    await view(asking({ data: 3, error: failure }));
    expect(host.querySelector('[role=status]')?.textContent).toContain('服务繁忙');
    expect(host.textContent).toContain('3 rows');
  });
});

test('a table names every value for the phone’s cards, and the row is one link', async () => {
  await show(
    <MemoryRouter>
      <DataTable
        caption="inviters"
        rows={[{ id: 'a', n: 7 }]}
        columns={[
          { key: 'id', title: 'Inviter', head: true, render: (row) => row.id },
          { key: 'n', title: 'Orders', align: 'end', sort: 'orders', render: (row) => row.n },
        ]}
        rowKey={(row) => row.id}
        href={(row) => ({ to: `/inviters/${row.id}`, label: `Open ${row.id}` })}
        sort="orders"
        onSort={() => undefined}
      />
    </MemoryRouter>,
  );
  expect(host.querySelector('td:nth-child(2)')?.getAttribute('data-label')).toBe('Orders');
  expect(host.querySelector('th[aria-sort=descending]')?.textContent).toBe('Orders');
  expect(host.querySelector('a')?.getAttribute('href')).toBe('/inviters/a');
});

test('days of the reader become instants, the end excluded', () => {
  const filters = (values: Record<string, string>): Filters => ({
    get: (name) => values[name],
    set: () => {},
    search: '',
  });
  const { from = '', to = '' } = rangeOf(filters({ from: '2026-11-20', to: '2026-11-20' }));
  expect(new Date(from).getHours()).toBe(0);
  expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
  expect(rangeOf(filters({ from: 'nonsense' }))).toEqual({});
});

describe('why this inviter', () => {
  const unit = { id: crypto.randomUUID(), kind: 'store', path: 'hq.a', name: '湖滨店' } as const;
  const person = (name: string) => ({ id: crypto.randomUUID(), name });
  const bella = person('贝贝');
  const explanation: ReplyOf<typeof orderCredit> = {
    orderId: crypto.randomUUID(),
    credit: { reason: 'share_link', inviter: bella, orgUnit: unit },
    decidedAt: '2026-11-22T12:00:00.000Z',
    ruleVersion: 3,
    considered: [
      { reason: 'hq_ruling', won: false, why: 'none', person: null, touchId: null, at: null, channel: null },
      {
        reason: 'share_link',
        won: true,
        why: 'won',
        person: bella,
        touchId: crypto.randomUUID(),
        at: '2026-11-22T11:48:00.000Z',
        channel: 'wechat',
      },
      {
        reason: 'room_guide',
        won: false,
        why: 'outranked',
        person: person('小禾'),
        touchId: null,
        at: null,
        channel: null,
      },
    ],
    commission: [
      {
        itemId: crypto.randomUUID(),
        beneficiary: bella,
        level: 1,
        event: 'paid',
        basisFen: 11_900,
        bps: 1_000,
        amountFen: 1_190,
        state: 'reversed',
        at: '2026-11-22T12:01:00.000Z',
      },
      {
        itemId: crypto.randomUUID(),
        beneficiary: bella,
        level: 1,
        event: 'refunded',
        basisFen: 0,
        bps: 1_000,
        amountFen: -1_190,
        state: 'reversed',
        at: '2026-11-22T12:09:00.000Z',
      },
    ],
    order: {
      orderNo: '20261122000123',
      placedAt: '2026-11-22T12:00:00.000Z',
      paidAt: '2026-11-22T12:01:00.000Z',
      paidFen: 11_900,
      buyer: person('安然'),
      store: unit,
      room: null,
    },
    policy: { creditWindowSeconds: 86_400, protectDays: 180, selfPurchaseCommission: false },
    owner: null,
    versions: [
      {
        ...{ version: 1, reason: 'share_link', inviter: bella, orgUnit: unit, at: '2026-11-22T12:00:00.000Z' },
        ruling: null,
      },
    ],
    appeals: [],
    mayAppeal: false,
    mayRule: false,
    appealUntil: '2026-12-22T12:00:00.000Z',
  };
  const permissions = [...rolePermissions.hq_admin];
  const me: Me = {
    id: crypto.randomUUID(),
    kind: 'staff',
    name: '总部',
    phoneMasked: null,
    staff: { username: 'a', role: 'hq_admin', orgUnit: unit, permissions },
  };
  const api = {
    me: () => me,
    subscribe: () => () => undefined,
    ensureSession: async () => me,
    call: async (route: { id: string }) => {
      expect(route.id).toBe(orderCredit.id);
      return explanation;
    },
  } as unknown as Api;
  const pending = createPendingActions({ storage: sessionStorage });

  it.each<[Locale, string, string]>([
    ['zh-CN', '本单归 贝贝：下单前最后一次有效的分享点击来自这里', '下单前 12 分钟'],
    ['en', 'Credited to 贝贝: the last valid click', '12 min before the order'],
  ])('%s tells the winner, every candidate and the fen', async (locale, verdict, when) => {
    await show(
      <QueryClientProvider client={createQueryClient()}>
        <SessionGate api={api} pending={pending}>
          <WhyPanel orderId={explanation.orderId} />
        </SessionGate>
      </QueryClientProvider>,
      locale,
    );
    await vi.waitFor(() => act(async () => expect(host.querySelector('[data-testid=why-verdict]')).not.toBeNull()));
    const steps = [...host.querySelectorAll('[data-testid=why-step]')];
    expect(host.textContent).toContain(verdict);
    expect(host.textContent).toContain(when);
    expect(steps.map((step) => `${step.getAttribute('data-reason')}=${step.getAttribute('data-why')}`)).toEqual([
      'hq_ruling=none',
      'share_link=won',
      'room_guide=outranked',
    ]);
    expect(host.querySelector('[data-testid=commission-total]')?.textContent).toBe('¥0.00');
  });
});

test('a reason is asked for, trimmed, sent once; what is refused stays on the screen', async () => {
  // jsdom has no layout; antd asks for it.
  const quiet = { addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} };
  vi.stubGlobal('matchMedia', () => ({ matches: false, ...quiet }));
  const answers: (() => Promise<unknown>)[] = [
    () => Promise.reject(new ApiError({ status: 409, code: 'state_conflict' })),
    () => Promise.resolve(null),
  ];
  const onSubmit = vi.fn((_reason: string) => answers.shift()?.() ?? Promise.resolve(null));
  const onClose = vi.fn();
  let error: unknown = null;
  const dialog = () =>
    show(
      <ReasonDialog
        {...{ title: '停止', label: '原因', done: '已停止', pending: false, error, onSubmit, onClose, shortest: 2 }}
      />,
    );
  await dialog();
  const field = document.querySelector<HTMLInputElement>('[data-testid=reason]');
  const button = document.querySelector<HTMLButtonElement>('[data-testid=reason-submit]');
  const write = (text: string) =>
    act(async () => {
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, text);
      field?.dispatchEvent(new Event('input', { bubbles: true }));
    });
  const press = () => act(async () => button?.click());
  await write(' 停 ');
  expect(button?.disabled).toBe(true);
  await write(' 卖完了 ');
  await press();
  expect([onSubmit.mock.calls, onClose.mock.calls]).toEqual([[['卖完了']], []]);
  error = new ApiError({ status: 409, code: 'state_conflict' });
  await dialog();
  expect(document.querySelector('[role=alert]')).not.toBeNull();
  await press();
  expect([onSubmit.mock.calls.length, onClose.mock.calls.length]).toEqual([2, 1]);
  vi.unstubAllGlobals();
});
