// @vitest-environment jsdom

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { BagItem, Me, OfferView, StaffRole } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import type { RoomSession } from '@walnut-live/live-client/room';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MeProvider, type Services, ServicesProvider } from '../app/services.tsx';
import { BundleForm } from './bundle-form.tsx';
import { OfferForm } from './offer-form.tsx';
import { RunningBundle, RunningOffer } from './running.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const NOW = Date.parse('2026-05-01T12:00:00.000Z');
beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

const sku = (id: string, priceFen: number) => ({
  ...{ id, name: `规格${id}`, priceFen, listPriceFen: null, listPriceBasis: null, active: true },
});
const item = (offers: OfferView[] = []): BagItem => ({
  position: 0,
  product: {
    ...{
      id: 'p',
      title: '核桃仁',
      subtitle: '',
      description: '',
      pictureUrl: '/p.svg',
      role: 'main',
      status: 'on_sale',
    },
    skus: [sku('a', 4_900), sku('b', 9_900)],
  },
  offers,
  available: { a: 8, b: 9 },
});
const offer = (more: Partial<OfferView>): OfferView => ({
  ...{
    id: 'o',
    roomId: 'r',
    skuId: 'a',
    priceFen: 3_900,
    version: 1,
    cap: 20,
    taken: 7,
    perPersonLimit: 2,
    state: 'open',
  },
  ...{ startsAt: new Date(NOW - 1_000).toISOString(), endsAt: new Date(NOW + 60_000).toISOString() },
  ...more,
});

function setUp(answer: (body: unknown) => Promise<unknown> = async () => ({}), role: StaffRole = 'guide') {
  const asked: unknown[] = [];
  const ask = (body: unknown) => {
    asked.push(body);
    return answer(body);
  };
  // Its clock is five minutes ahead of this phone.
  const session = { roomId: 'r', serverNowMs: () => NOW + 300_000, openOffer: ask } as unknown as RoomSession;
  const products = {
    items: [item().product, { ...item().product, id: 'g', title: '核桃乳', skus: [sku('gift', 600)] }],
  };
  const call = async ({ id }: { id: string }, { body }: { body?: unknown } = {}) =>
    id === 'products.list' ? products : ask(body);
  const services = { api: { call } } as unknown as Services;
  const me = { staff: { role } } as unknown as Me;
  const show = async (content: (session: RoomSession) => ReactNode): Promise<void> => {
    const root = createRoot(document.body.appendChild(document.createElement('main')));
    await act(async () =>
      root.render(
        <UiProvider locale="zh-CN">
          <QueryClientProvider client={new QueryClient()}>
            <ServicesProvider services={services}>
              <MeProvider value={me}>{content(session)}</MeProvider>
            </ServicesProvider>
          </QueryClientProvider>
        </UiProvider>,
      ),
    );
  };
  return { asked, show };
}
const labelled = (text: string): HTMLInputElement => {
  const label = [...document.querySelectorAll('label')].find((found) => found.textContent?.trim() === text);
  const input = label?.htmlFor ? document.getElementById(label.htmlFor) : label?.querySelector('input');
  if (!input) throw new Error(`nothing is labelled ${text}`);
  return input as HTMLInputElement;
};
const tap = (element: Element | null | undefined): Promise<void> =>
  act(async () => (element as HTMLElement | null | undefined)?.click());
async function type(text: string, value: string): Promise<void> {
  const input = labelled(text);
  const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value')?.set;
  await act(async () => {
    set?.call(input, value);
    input.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));
  });
}
const testId = (id: string) => document.querySelector(`[data-testid="${id}"]`);
const problem = () => document.querySelector('[role="alert"]')?.textContent;

it('announces stairs and a gift for later, by the time of the server', async () => {
  const t = setUp();
  const done = vi.fn();
  await t.show((session) => <OfferForm session={session} item={item()} onDone={done} />);
  await type('直播价（元）', '39');
  await tap(labelled('10 分钟后'));
  await tap(labelled('10 件'));
  await tap(testId('stair-add'));
  await type('满几件', '3');
  await type('每件（元）', '35.5');
  await tap(testId('gift-add'));
  await act(() => vi.advanceTimersByTimeAsync(0));
  await type('赠品', 'gift');
  await type('每买几件送 1 件', '2');
  await tap(testId('offer-open'));
  expect([problem(), t.asked]).toEqual(['请填写赠品数量', []]);
  await type('共送几件', '30');
  await tap(testId('offer-open'));
  expect(t.asked).toEqual([
    {
      ...{ skuId: 'a', priceFen: 3_900, durationSeconds: 600, cap: null, perPersonLimit: 10 },
      startsAt: '2026-05-01T12:15:00.000Z',
      stairs: [{ fromQuantity: 3, priceFen: 3_550 }],
      gift: { skuId: 'gift', per: 2, cap: 30 },
    },
  ]);
  expect(done).toHaveBeenCalledOnce();
});

it.each([
  ['below_price_floor', { floorPriceFen: 4_200 }, '总部最低价是 ¥42.00'],
  ['below_price_floor', {}, '这个赠品设了底价，只有总部能用它做赠品'],
  ['out_of_stock', { skuId: 'gift' }, '这个赠品没有库存了，请换一个'],
] as const)('says what a refusal is about: %s %j', async (code, facts, told) => {
  const t = setUp(async () => {
    throw new ApiError({ code, status: 409, facts });
  });
  await t.show((session) => <OfferForm session={session} item={item()} onDone={() => undefined} />);
  await tap(testId('gift-add'));
  await act(() => vi.advanceTimersByTimeAsync(0));
  await type('赠品', 'gift');
  await type('共送几件', '30');
  await tap(testId('offer-open'));
  expect(problem()).toBe(told);
});

it('offers no SKU that has an offer', async () => {
  const t = setUp();
  const items = item([offer({})]);
  await t.show((session) => (
    <OfferForm session={{ ...session, serverNowMs: () => NOW }} item={items} onDone={() => undefined} />
  ));
  await tap(testId('offer-open'));
  expect(t.asked).toMatchObject([{ skuId: 'b' }]);
});

it('opens a bundle of what was chosen', async () => {
  const t = setUp();
  const bag = { roomId: 'r', pinnedProductId: null, items: [item()] };
  await t.show((session) => <BundleForm session={session} bag={bag} onDone={() => undefined} />);
  await tap(testId('bundle-open'));
  expect(problem()).toBe('请选至少两种商品，最多 8 种');
  const more = [...document.querySelectorAll('.wl-stepper button:last-of-type')];
  await tap(more[0]);
  await tap(more[1]);
  await tap(more[1]);
  await type('组合名称', '早餐组合');
  await type('组合价（元）', '247');
  await tap(testId('bundle-open'));
  expect(problem()).toBe('组合价要低于单买的 ¥247');
  await type('组合价（元）', '199');
  await tap(testId('bundle-open'));
  expect(t.asked).toEqual([
    {
      ...{ title: '早餐组合', priceFen: 19_900, cap: null, durationSeconds: 1_800, perPersonLimit: null },
      parts: [
        { skuId: 'a', quantity: 1 },
        { skuId: 'b', quantity: 2 },
      ],
    },
  ]);
});

it('shows what is taken, of gifts too, or that it is announced', async () => {
  const t = setUp();
  const gift = { skuId: 'g', title: '核桃乳', skuName: '一罐', pictureUrl: '/g.svg', per: 1, cap: 30, taken: 12 };
  const soon = offer({ id: 'soon', skuId: 'b', startsAt: new Date(NOW + 5_000).toISOString() });
  await t.show(() =>
    [offer({ gift }), soon].map((shown) => (
      <RunningOffer key={shown.id} item={item()} offer={shown} nowMs={NOW} offsetMs={0} />
    )),
  );
  const [running, announced] = [...document.querySelectorAll('[data-testid="running-offer"]')];
  expect(running?.textContent).toContain('已抢 7 / 20');
  expect(running?.textContent).toContain('赠品已送 12 / 30');
  expect(announced?.textContent).toContain('即将开始');
  expect(announced?.textContent).not.toContain('已抢');
  expect(running?.querySelector('button')).not.toBeNull();
});

it('shows an assistant what runs, and no button that ends it: prices are not theirs', async () => {
  const t = setUp(undefined, 'assistant');
  await t.show(() => <RunningOffer item={item()} offer={offer({})} nowMs={NOW} offsetMs={0} />);
  const running = document.querySelector('[data-testid="running-offer"]');
  expect(running?.textContent).toContain('已抢 7 / 20');
  expect(running?.querySelector('button')).toBeNull();
});

it('a bundle says how many sets its scarcest piece leaves', async () => {
  const t = setUp();
  const part = (skuId: string, available: number, quantity: number) => ({
    ...{
      skuId,
      productId: 'p',
      title: '核桃仁',
      skuName: '',
      pictureUrl: '/p.svg',
      priceFen: 100,
      quantity,
      available,
    },
  });
  const { startsAt, endsAt } = offer({});
  const bundle = {
    ...{
      id: 'b',
      roomId: 'r',
      title: '早餐组合',
      priceFen: 100,
      shelfFen: 200,
      cap: 50,
      taken: 45,
      perPersonLimit: null,
    },
    ...{ startsAt, endsAt, state: 'open' as const, parts: [part('a', 9, 1), part('b', 7, 2)] },
  };
  await t.show(() => <RunningBundle bundle={bundle} nowMs={NOW} offsetMs={0} />);
  expect(testId('running-bundle')?.textContent).toContain('还能卖 3 套');
  expect(testId('running-bundle')?.textContent).toContain('已售 45 / 50 套');
});
