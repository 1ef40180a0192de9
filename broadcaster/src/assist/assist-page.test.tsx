// @vitest-environment jsdom
/** Beside a host: silent until asked, told what it waits for, and no desk in another store's live. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { Me, RoomEvent } from '@walnut-live/contracts';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter, Route, Routes } from 'react-router';
import { afterEach, expect, it, vi } from 'vitest';
import { MeProvider, type Services, ServicesProvider } from '../app/services.tsx';
import { AssistPage } from './assist-page.tsx';

const nothing = vi.hoisted(() => (): null => null);
const fake = vi.hoisted(() => ({ session: null as unknown }));
vi.mock('../live/use-live.ts', async (original) => ({
  ...(await original<typeof import('../live/use-live.ts')>()),
  useRoomSession: () => fake.session,
  useWakeLock: () => undefined,
  useWide: () => false,
}));
vi.mock('../bag/bag-panel.tsx', () => ({ BagPanel: nothing }));
vi.mock('../chat/chat-panel.tsx', () => ({ ChatPanel: nothing }));
vi.mock('../gifts/gift-panel.tsx', () => ({ GiftPanel: nothing, GiftTicker: nothing }));
vi.mock('../interaction/play-sheet.tsx', () => ({ PlaySheet: nothing }));
vi.mock('../live/notice-sheet.tsx', () => ({ NoticeSheet: nothing }));
vi.mock('../live/side-panels.tsx', () => ({ SidePanels: nothing }));
vi.mock('../live/ended-page.tsx', () => ({ EndedPage: nothing }));
vi.mock('../orders/order-list.tsx', () => ({ OrderList: nothing }));
vi.mock('../share/share-sheet.tsx', () => ({ ShareSheet: nothing }));
vi.mock('../live/hud.tsx', () => ({ Hud: ({ waiting }: { waiting: string }) => <h1>{waiting}</h1> }));
vi.mock('../live/overlays.tsx', () => ({
  Banners: nothing,
  BottomBar: nothing,
  ChatOverlay: nothing,
  Controls: ({ children }: { children: ReactNode }) => children,
  PinnedCard: nothing,
  PurchaseTicker: nothing,
}));
vi.mock('../stage/relay-picture.tsx', () => ({
  RelayPicture: ({ listening, label }: { listening: boolean; label: string }) => (
    <i data-testid="picture" data-sound={listening}>
      {label}
    </i>
  ),
}));
vi.mock('../stage/stream-tile.tsx', () => ({
  StreamTile: ({ silent }: { silent: boolean }) => <i data-testid="guest" data-sound={!silent} />,
}));

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
const byTestId = (id: string): HTMLElement | null => document.querySelector(`[data-testid="${id}"]`);
const guest = { seatId: 'seat', streamId: 'theirs', name: '小梅', unitName: '杭州店', muted: false };
const inLive = {
  stage: 'live',
  loaded: true,
  role: 'operator',
  connection: { state: 'online' },
  showing: { streamId: 'own', cohosts: [guest] },
  stream: { state: 'live' },
};

let unmount = async (): Promise<void> => undefined;
afterEach(async () => {
  await unmount();
  document.body.replaceChildren();
});

const open = async (part: object) => {
  const listeners = new Set<(event: RoomEvent) => void>();
  const reconnect = vi.fn();
  const state = { ...inLive, ...part };
  fake.session = {
    roomId: '7',
    get: () => state,
    subscribe: () => () => undefined,
    onEvent: (listener: (event: RoomEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reconnect,
  };
  const call = async () => ({ id: '7', state: 'live', coverUrl: '/cover.svg', title: '核桃林' });
  const queries = new QueryClient();
  const invalidated = vi.spyOn(queries, 'invalidateQueries');
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  unmount = async () => act(async () => root.unmount());
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <QueryClientProvider client={queries}>
          <ServicesProvider services={{ api: { call } } as unknown as Services}>
            <MeProvider value={{ staff: { role: 'assistant' } } as Me}>
              <MemoryRouter initialEntries={['/rooms/7/assist']}>
                <Routes>
                  <Route path="rooms/:id/assist" element={<AssistPage />} />
                  <Route path="*" element={<b data-testid="today" />} />
                </Routes>
              </MemoryRouter>
            </MeProvider>
          </ServicesProvider>
        </QueryClientProvider>
      </UiProvider>,
    ),
  );
  await act(async () => new Promise((resolve) => setTimeout(resolve, 20)));
  return { listeners, reconnect, invalidated };
};

it('is silent until asked, the guests too', async () => {
  await open({});
  const sounds = () => ['picture', 'guest'].map((id) => byTestId(id)?.dataset.sound);
  expect(sounds()).toEqual(['false', 'false']);
  expect(byTestId('picture')?.textContent).toBe('直播画面');
  await act(async () => byTestId('assist-sound')?.click());
  expect(sounds()).toEqual(['true', 'true']);
  await act(async () => byTestId('assist-sound')?.click());
  expect(sounds()).toEqual(['false', 'false']);
});

it('has no desk in the live of another store, and a way out', async () => {
  await open({ role: 'viewer' });
  expect(byTestId('assist-desk')).toBeNull();
  expect(byTestId('assist-not-yours')?.textContent).toContain('这不是本店的直播');
  await act(async () => byTestId('assist-not-yours')?.querySelector('button')?.click());
  expect(byTestId('today')).not.toBeNull();
});

it.each([
  ['正在连接直播间', { loaded: false, role: 'viewer', stage: 'scheduled', connection: { state: 'joining' } }],
  ['还没开播，可以先备好购物袋', { stage: 'scheduled' }],
  ['直播已结束', { stage: 'ended' }],
  ['和直播间的连接断了', { connection: { state: 'closed', reason: 'failed', code: 'not_found' } }],
])('says %s', async (text, part) => {
  await open(part);
  expect(document.querySelector('h1')?.textContent).toBe(text);
});

it('can be connected again after it was lost', async () => {
  const { reconnect } = await open({ loaded: false, connection: { state: 'closed', reason: 'banned' } });
  expect(byTestId('assist-lost')?.textContent).toContain('你已被移出该直播间');
  await act(async () => byTestId('assist-lost')?.querySelector('button')?.click());
  expect(reconnect).toHaveBeenCalledTimes(1);
});

it('asks for orders and figures again when somebody has paid', async () => {
  const { listeners, invalidated } = await open({});
  for (const listener of listeners) listener({ kind: 'order:paid' } as RoomEvent);
  expect(invalidated.mock.calls.map(([filter]) => filter?.queryKey)).toEqual([['wall'], ['orders']]);
});
