import type { BagItem, JoinReply, Me, OfferView } from '@walnut-live/contracts';
import { createApi, createPendingActions } from '@walnut-live/live-client/http';
import {
  createStore,
  initialRoomState,
  type RoomAction,
  type RoomSession,
  type RoomState,
  reduce,
} from '@walnut-live/live-client/room';
import { UiProvider } from '@walnut-live/ui';
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router';
import { ServicesProvider } from '../app/services.tsx';
import { TalkProvider } from '../chat/talk-provider.tsx';
import { PurchaseProvider } from '../purchase/purchase-provider.tsx';
import { HeartsProvider } from '../room/hearts.tsx';
import { RoomProvider } from '../room/use-room.ts';

/** A room without a network for component tests: the real reducer, a session that records what it is asked to do. */

export const uuid = (no: number): string => `01890000-0000-7000-8000-${String(no).padStart(12, '0')}`;
export const ROOM = uuid(1);
export const consumer: Me = { id: uuid(900), kind: 'consumer', name: '小林', phoneMasked: '138****0001', staff: null };
export const guest: Me = { ...consumer, kind: 'guest', phoneMasked: null };

export const offer = (more: Partial<OfferView> = {}): OfferView => ({
  id: uuid(50),
  roomId: ROOM,
  skuId: uuid(20),
  priceFen: 3_990,
  version: 1,
  startsAt: new Date(Date.now() - 60_000).toISOString(),
  endsAt: new Date(Date.now() + 600_000).toISOString(),
  cap: 10,
  taken: 4,
  perPersonLimit: 2,
  baselineFen: 5_490,
  state: 'open',
  ...more,
});

export const bagItem = (more: Partial<BagItem> = {}): BagItem => ({
  position: 0,
  product: {
    id: uuid(10),
    title: '核桃乳 12 瓶装',
    subtitle: '一周两杯',
    description: '配料：水、核桃仁',
    pictureUrl: '/pictures/walnut.svg',
    role: 'main',
    status: 'on_sale',
    skus: [{ id: uuid(20), name: '原味', priceFen: 5_490, listPriceFen: null, listPriceBasis: null, active: true }],
  },
  offers: [offer()],
  available: { [uuid(20)]: 30 },
  ...more,
});

export const joinReply = (item: BagItem = bagItem()): JoinReply => ({
  roomToken: 't',
  roomTokenExpiresAt: '2099-01-01T00:00:00.000Z',
  socketUrl: '',
  socketPath: '/socket.io',
  room: {
    id: ROOM,
    title: '工厂直播',
    coverUrl: '/pictures/cover.svg',
    state: 'live',
    orgUnit: { id: uuid(2), kind: 'store', path: 'hq.east.s1', name: '一店' },
    host: { id: uuid(3), name: '小桃' },
    streamId: uuid(4),
    isDemo: true,
    scheduledAt: null,
    startedAt: '2026-11-22T12:00:00.000Z',
    endedAt: null,
    createdAt: '2026-11-22T12:00:00.000Z',
    viewersNow: 3,
    viewersTotal: 9,
    likes: 5,
  },
  role: 'viewer',
  muted: false,
  media: null,
  snapshot: {
    seq: 10,
    at: '2026-11-22T12:00:00.000Z',
    state: 'live',
    stream: { state: 'idle', hasVideo: false, hasAudio: false },
    bag: {
      roomId: ROOM,
      pinnedProductId: item.product.id,
      items: [item],
      shipping: { feeFen: 800, freeFromFen: 5_900 },
    },
    chat: [],
    notice: '',
    likes: 5,
    viewersNow: 3,
    viewersTotal: 9,
  },
  serverTime: '2026-11-22T12:00:00.000Z',
});

export type TestRoom = RoomSession & { dispatch: (action: RoomAction) => void; asked: [string, unknown][] };

export const testRoom = (item?: BagItem): TestRoom => {
  const store = createStore<RoomState>(
    reduce(initialRoomState(ROOM), { type: 'joined', reply: joinReply(item), selfId: consumer.id }),
  );
  const asked: [string, unknown][] = [];
  const ask =
    (name: string) =>
    async (payload?: unknown): Promise<never> => {
      asked.push([name, payload]);
      return undefined as never;
    };
  return {
    ...store,
    roomId: ROOM,
    asked,
    dispatch: (action) => store.set(reduce(store.get(), action)),
    serverNowMs: Date.now,
    onEvent: () => () => undefined,
    sendChat: (text, parts = {}) => {
      asked.push(
        ['chat', text],
        ...(Object.keys(parts).length > 0 ? [['chat parts', parts] as [string, unknown]] : []),
      );
      return uuid(700);
    },
    retryChat: (id) => void asked.push(['retry', id]),
    dismissChat: (id) => void asked.push(['dismiss', id]),
    report: (messageId, reason, note) => ask('report')({ messageId, reason, note }),
    answer: ask('answer'),
    pinMessage: ask('pin message'),
    setMode: ask('mode'),
    like: (count = 1) => void asked.push(['like', count]),
    pin: ask('pin'),
    unpin: ask('unpin'),
    deleteChat: ask('delete'),
    mute: ask('mute'),
    ban: ask('ban'),
    setNotice: ask('notice'),
    openOffer: ask('offer'),
    openDraw: ask('open draw'),
    closeDraw: ask('close draw'),
    enterDraw: ask('enter draw'),
    take: (name, payload) => ask(name)(payload),
    reconnect: () => undefined,
    close: () => undefined,
  };
};

export type ApiCall = { method: string; path: string; body: unknown; key: string | null };
export type ApiAnswer = { status?: number; json: unknown } | 'offline';

/** Renders inside everything a part of the room expects. `answer` plays the server. */
export const renderInRoom = async (
  node: ReactNode,
  options: { room?: TestRoom; me?: Me; answer?: (call: ApiCall) => ApiAnswer } = {},
) => {
  const room = options.room ?? testRoom();
  const calls: ApiCall[] = [];
  const fetchStub: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    const call: ApiCall = {
      method: init?.method ?? 'GET',
      path: String(input).replace('/api/v1', ''),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : undefined,
      key: headers.get('idempotency-key'),
    };
    if (call.path.startsWith('/auth/'))
      return Response.json({
        accessToken: 't',
        expiresInSeconds: 600,
        me: call.path === '/auth/sandbox' ? consumer : (options.me ?? consumer),
      });
    calls.push(call);
    const answer = options.answer?.(call) ?? { status: 404, json: { code: 'not_found' } };
    if (answer === 'offline') throw new TypeError('fetch failed');
    return Response.json(answer.json, { status: answer.status ?? 200 });
  };
  const api = createApi({ audience: 'consumer', fetch: fetchStub });
  await api.ensureSession();
  const pending = createPendingActions({ storage: sessionStorage });
  const host = document.body.appendChild(document.createElement('main'));
  const root = createRoot(host);
  await act(async () =>
    root.render(
      <UiProvider locale="zh-CN">
        <ServicesProvider api={api} pending={pending}>
          <MemoryRouter>
            <RoomProvider value={room}>
              <HeartsProvider>
                <PurchaseProvider>
                  <TalkProvider>{node}</TalkProvider>
                </PurchaseProvider>
              </HeartsProvider>
            </RoomProvider>
          </MemoryRouter>
        </ServicesProvider>
      </UiProvider>,
    ),
  );
  return { room, calls, host, unmount: () => act(async () => root.unmount()) };
};

export const byTestId = <Found extends HTMLElement = HTMLElement>(id: string): Found => {
  const found = document.querySelector<Found>(`[data-testid="${id}"]`);
  if (!found) throw new Error(`no ${id}`);
  return found;
};

export const press = (element: HTMLElement): Promise<void> => act(async () => element.click());

/** Types into a controlled input. */
export const type = (element: HTMLInputElement, text: string): Promise<void> =>
  act(async () => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(element, text);
    element.dispatchEvent(new Event('input', { bubbles: true }));
  });
