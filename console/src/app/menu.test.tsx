// @vitest-environment jsdom
import { QueryClientProvider } from '@tanstack/react-query';
import { type Me, type Permission, rolePermissions, type StaffRole } from '@walnut-live/contracts';
import { type Api, createPendingActions } from '@walnut-live/live-client/http';
import { type Locale, UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { MemoryRouter, useLocation, useNavigate } from 'react-router';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createQueryClient } from '../data/use-call.ts';
import { groups, groupsFor, placesFor } from './navigation.tsx';
import { openGroupsKey } from './open-groups.ts';
import { SessionGate } from './session.tsx';
import { Shell } from './shell.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const mayOf = (role: StaffRole) => (permission: Permission) => rolePermissions[role].includes(permission);

test('what each role finds in the menu', () => {
  const told = (role: StaffRole) =>
    `\n${groupsFor(mayOf(role))
      .map(({ id, places }) => `${id}: ${places.map(({ path }) => path).join(' ')}`)
      .join('\n')}\n`;
  expect(told('hq_admin')).toMatchInlineSnapshot(`
    "
    live: /live /screen /rooms /alerts /moderation /gifts
    selling: /orders /after-sales /counter /catalogue /shipping
    promotions: /campaigns /coupons /group-buys /pre-sales /reviews /prizes
    customers: /customers /members /contacts /cards
    sharing: /inviters /invite-graph /sharing /team /attribution
    money: /commission-rules /commission-holds /commission-bonuses /settlements /store-statements /settlement-terms /payments
    reports: /stores /reports
    settings: /organisation /templates /staff /personal-data /retention /audit /webhooks
    "
  `);
  expect(told('store_manager')).toMatchInlineSnapshot(`
    "
    live: /live /screen /rooms /alerts /moderation /gifts
    selling: /orders /after-sales /counter /catalogue /shipping
    promotions: /campaigns /coupons /group-buys /pre-sales /reviews /prizes
    customers: /customers /members /contacts /cards
    sharing: /inviters /invite-graph /sharing /team /attribution
    money: /commission-rules /commission-bonuses /settlements /store-statements
    reports: /stores /reports
    settings: /organisation /staff
    "
  `);
  expect(told('hq_finance')).toMatchInlineSnapshot(`
    "
    live: /live /screen /rooms /alerts /gifts
    selling: /orders /after-sales /catalogue /shipping
    promotions: /coupons /group-buys /pre-sales /prizes
    sharing: /inviters /sharing /team /attribution
    money: /commission-rules /commission-holds /commission-bonuses /settlements /store-statements /settlement-terms /payments
    reports: /stores /reports
    settings: /retention /audit
    "
  `);
  expect(told('hq_compliance')).toMatchInlineSnapshot(`
    "
    live: /live /rooms /moderation
    selling: /orders /after-sales /catalogue /shipping
    promotions: /group-buys /pre-sales /prizes
    customers: /customers /members
    sharing: /invite-graph /attribution
    settings: /organisation /staff /personal-data /retention /audit
    "
  `);
  expect(told('guide')).toMatchInlineSnapshot(`
    "
    live: /live /rooms
    selling: /orders /after-sales /counter /catalogue /shipping
    promotions: /group-buys /pre-sales /prizes
    customers: /contacts /cards
    sharing: /attribution
    "
  `);
  expect(told('assistant')).toMatchInlineSnapshot(`
    "
    live: /live /rooms
    selling: /counter /catalogue
    promotions: /group-buys /pre-sales
    customers: /cards
    "
  `);
});

test('each place is in one group, and no role is shown an empty one', () => {
  const all = groups.flatMap(({ places }) => places.map(({ path }) => path));
  expect(new Set(all).size).toBe(all.length);
  for (const role of Object.keys(rolePermissions) as StaffRole[]) {
    expect(groupsFor(mayOf(role)).every(({ places }) => places.length > 0)).toBe(true);
    expect(placesFor(mayOf(role)).every(({ needs }) => mayOf(role)(needs))).toBe(true);
  }
  expect(groupsFor(mayOf('assistant')).map(({ id }) => id)).not.toContain('money');
});

let host: HTMLElement;
let root: Root;
let go: (to: string) => void;
beforeEach(() => {
  // jsdom has no layout; antd asks for it.
  const quiet = { addEventListener() {}, removeEventListener() {}, addListener() {}, removeListener() {} };
  vi.stubGlobal('matchMedia', () => ({ matches: false, ...quiet }));
  localStorage.clear();
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
});
afterEach(async () => {
  await act(async () => root.unmount());
  host.remove();
  vi.unstubAllGlobals();
});

const Going = (): ReactNode => {
  const navigate = useNavigate();
  go = (to) => void navigate(to);
  return <p>{useLocation().pathname}</p>;
};
const show = async (
  role: StaffRole,
  at: string,
  { id = 'a', locale = 'zh-CN' }: { id?: string; locale?: Locale } = {},
) => {
  const unit = { id: crypto.randomUUID(), kind: 'hq', path: 'hq', name: '总部' } as const;
  const me = {
    ...{ id, kind: 'staff', name: '总部', phoneMasked: null },
    staff: { username: 'a', role, orgUnit: unit, permissions: [...rolePermissions[role]] },
  } as unknown as Me;
  const api = {
    me: () => me,
    subscribe: () => () => undefined,
    ensureSession: async () => me,
    call: async () => ({ items: [], nextCursor: null, open: 3 }),
  } as unknown as Api;
  await act(async () => root.unmount());
  root = createRoot(host);
  await act(async () =>
    root.render(
      <UiProvider locale={locale}>
        <QueryClientProvider client={createQueryClient()}>
          <MemoryRouter initialEntries={[at]}>
            <SessionGate api={api} pending={createPendingActions({ storage: sessionStorage })}>
              <Shell>
                <Going />
              </Shell>
            </SessionGate>
          </MemoryRouter>
        </QueryClientProvider>
      </UiProvider>,
    ),
  );
};
const header = (id: string) => host.querySelector<HTMLButtonElement>(`[data-testid=menu-${id}]`);
const press = (id: string) => act(async () => header(id)?.click());
const open = () =>
  [...host.querySelectorAll('.co-menu-group[aria-expanded=true]')].map((one) => one.getAttribute('data-testid'));

test('the group of the page stands open, says so, and what is folded is out of reach', async () => {
  await show('hq_admin', '/orders/0198', { locale: 'en' });
  expect(open()).toEqual(['menu-selling']);
  const list = (id: string) => host.querySelector(`[id="${header(id)?.getAttribute('aria-controls')}"]`);
  expect(list('selling')?.hasAttribute('hidden')).toBe(false);
  expect(list('money')?.hasAttribute('hidden')).toBe(true);
  expect(host.querySelector('a[aria-current=page]')?.getAttribute('href')).toBe('/orders');
  expect(host.querySelector('nav')?.getAttribute('aria-label')).toBe('Main navigation');
  // What waits behind a folded group is told by it.
  expect(header('live')?.textContent).toBe('Live3 open');
  await press('live');
  expect(header('live')?.textContent).toBe('Live');
  expect(list('live')?.textContent).toContain('3 open');
});

test('what somebody opens and closes is theirs, also after a reload; going elsewhere opens its group', async () => {
  await show('hq_admin', '/orders', { id: 'a' });
  await press('money');
  await press('selling');
  expect(open()).toEqual(['menu-money']);
  await show('hq_admin', '/reports/guides', { id: 'a' });
  expect(open()).toEqual(['menu-money', 'menu-reports']);
  await act(async () => go('/customers'));
  expect(open()).toEqual(['menu-customers', 'menu-money', 'menu-reports']);
  await show('hq_admin', '/live', { id: 'b' });
  expect(open()).toEqual(['menu-live']);
});

test('a short menu stands open as a whole; what was remembered badly is nothing', async () => {
  localStorage.setItem(openGroupsKey('a'), '{"open":');
  await show('guide', '/live');
  expect(open()).toEqual(groupsFor(mayOf('guide')).map(({ id }) => `menu-${id}`));
});
