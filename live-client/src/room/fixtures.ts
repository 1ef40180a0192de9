import type { BagItem, ChatMessage, JoinReply, OfferView, Room, RoomSnapshot } from '@walnut-live/contracts';

/** Values for the tests of this folder. */
export const uuid = (no: number): string => `01890000-0000-7000-8000-${String(no).padStart(12, '0')}`;
export const AT = '2026-11-22T12:00:00.000Z';

export const message = (no: number, more: Partial<ChatMessage> = {}): ChatMessage => ({
  messageId: `m${no}`,
  personId: uuid(100 + no),
  name: `观众${no}`,
  role: 'viewer',
  text: `消息${no}`,
  at: AT,
  ...more,
});

export const offer = (more: Partial<OfferView> = {}): OfferView => ({
  id: uuid(50),
  roomId: uuid(1),
  skuId: uuid(20),
  priceFen: 3_990,
  version: 1,
  startsAt: '2026-11-22T11:59:00.000Z',
  endsAt: '2026-11-22T12:10:00.000Z',
  cap: 10,
  taken: 4,
  perPersonLimit: 2,
  state: 'open',
  ...more,
});

export const bagItem = (no = 0, more: Partial<BagItem> = {}): BagItem => ({
  position: no,
  product: {
    id: uuid(10 + no),
    title: `核桃乳${no}`,
    subtitle: '',
    description: '',
    pictureUrl: '/pictures/walnut.svg',
    role: 'main',
    status: 'on_sale',
    skus: [
      { id: uuid(20 + no), name: '12 罐', priceFen: 5_990, listPriceFen: null, listPriceBasis: null, active: true },
    ],
  },
  offers: [],
  available: { [uuid(20 + no)]: 30 },
  ...more,
});

export const snapshot = (more: Partial<RoomSnapshot> = {}): RoomSnapshot => ({
  seq: 10,
  at: AT,
  state: 'live',
  stream: { state: 'live', hasVideo: true, hasAudio: true },
  bag: { roomId: uuid(1), pinnedProductId: null, items: [bagItem(0), bagItem(1)] },
  chat: [message(1), message(2)],
  notice: '',
  likes: 5,
  viewersNow: 3,
  viewersTotal: 9,
  ...more,
});

export const room: Room = {
  id: uuid(1),
  title: '工厂直播',
  coverUrl: '/pictures/cover.svg',
  state: 'live',
  orgUnit: { id: uuid(2), kind: 'store', path: 'hq.east.s1', name: '一店' },
  host: { id: uuid(3), name: '小桃' },
  streamId: uuid(4),
  isDemo: false,
  scheduledAt: null,
  startedAt: AT,
  endedAt: null,
  createdAt: AT,
  viewersNow: 3,
  viewersTotal: 9,
  likes: 5,
};

export const joinReply = (more: Partial<JoinReply> = {}): JoinReply => ({
  roomToken: 'room-token',
  roomTokenExpiresAt: '2099-01-01T00:00:00.000Z',
  socketUrl: '',
  socketPath: '/socket.io',
  room,
  role: 'viewer',
  muted: false,
  media: null,
  snapshot: snapshot(),
  serverTime: AT,
  ...more,
});
