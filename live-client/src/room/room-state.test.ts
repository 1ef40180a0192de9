import type { BundleView, RoomEvent, RoomFrame, ShownGift, Stage } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { CHAT_LIMIT, type OutboxItem, visibleChat } from './chat-state.ts';
import { AT, bagItem, joinReply, message, offer, snapshot, uuid } from './fixtures.ts';
import { initialRoomState, isGap, type RoomState, reduce } from './room-state.ts';

const ME = uuid(900);
const joined = (): RoomState => reduce(initialRoomState(uuid(1)), { type: 'joined', reply: joinReply(), selfId: ME });
const frame = (fromSeq: number, ...events: RoomEvent[]): RoomFrame => ({
  seq: fromSeq + events.length - 1,
  at: AT,
  events: events.map((event, at) => ({ seq: fromSeq + at, at: AT, event })),
});
const after = (state: RoomState, ...events: RoomEvent[]): RoomState =>
  reduce(state, { type: 'frame', frame: frame(state.seq + 1, ...events) });
const firstItem = (state: RoomState) => state.bag.items[0]!;

const stage = (version: number, streamId = uuid(4)): Stage => ({
  version,
  shows: streamId === uuid(4) ? 'own' : 'relay',
  streamId,
  since: AT,
  relay: null,
  cutIn: null,
  cohosts: [],
});

const shownGift = (combo: number, comboCount: number): ShownGift => ({
  ...{ givenGiftId: uuid(combo), giftId: uuid(70), personId: uuid(101), name: '观众', giftName: '小核桃' },
  ...{ giftNameEn: 'Little walnut', pictureUrl: '/pictures/gift-walnut.svg', effect: 'small', quantity: 1, coins: 1 },
  ...{ comboId: uuid(combo), comboCount, at: AT },
});

const freeGift = { skuId: uuid(21), title: '核桃乳', skuName: '一罐', pictureUrl: '/m.svg', per: 1, cap: 9, taken: 0 };
const bundle = (): BundleView => ({
  ...{
    id: uuid(60),
    roomId: uuid(1),
    title: '早餐',
    priceFen: 4_000,
    shelfFen: 4_500,
    cap: 9,
    taken: 0,
    perPersonLimit: null,
  },
  ...{ startsAt: AT, endsAt: '2099-01-01T00:00:00.000Z', state: 'open' },
  parts: [uuid(20), uuid(21)].map((skuId) => ({
    ...{
      skuId,
      productId: uuid(10),
      title: '核桃',
      skuName: '一袋',
      pictureUrl: '/w.svg',
      priceFen: 2_250,
      quantity: 1,
      available: 8,
    },
  })),
});

const cases: { name: string; events: RoomEvent[]; expected: (state: RoomState) => unknown; is: unknown }[] = [
  {
    name: 'chat:sent appends',
    events: [{ kind: 'chat:sent', message: message(3) }],
    expected: (s) => s.chat.map((m) => m.messageId),
    is: ['m1', 'm2', 'm3'],
  },
  {
    name: 'the stage follows the pointer; an older version that comes late does not win',
    events: [
      { kind: 'stage:changed', stage: stage(5, uuid(40)) },
      { kind: 'stage:changed', stage: stage(4) },
    ],
    expected: (s) => [s.showing?.version, s.showing?.streamId],
    is: [5, uuid(40)],
  },
  {
    name: 'the same message twice is one',
    events: [
      { kind: 'chat:sent', message: message(3) },
      { kind: 'chat:sent', message: message(3) },
    ],
    expected: (s) => s.chat.length,
    is: 3,
  },
  {
    name: 'a deleted message goes and does not come back',
    events: [
      { kind: 'chat:deleted', messageId: 'm1', by: uuid(3) },
      { kind: 'chat:sent', message: message(1) },
    ],
    expected: (s) => s.chat.map((m) => m.messageId),
    is: ['m2'],
  },
  {
    name: 'mute of another person does not mute me',
    events: [{ kind: 'viewer:muted', personId: uuid(101), until: null }],
    expected: (s) => [s.selfMuted, s.mutedIds],
    is: [null, { [uuid(101)]: { until: null } }],
  },
  {
    name: 'mute and unmute of me',
    events: [
      { kind: 'viewer:muted', personId: ME, until: AT },
      { kind: 'viewer:unmuted', personId: ME },
    ],
    expected: (s) => [s.selfMuted, s.mutedIds],
    is: [null, {}],
  },
  {
    name: 'ban of me',
    events: [{ kind: 'viewer:banned', personId: ME }],
    expected: (s) => [s.selfBanned, s.bannedIds],
    is: [true, [ME]],
  },
  {
    name: 'counters take the latest value',
    events: [
      { kind: 'likes:counted', total: 70 },
      { kind: 'viewers:counted', now: 8, total: 20 },
    ],
    expected: (s) => [s.likes, s.viewersNow, s.viewersTotal],
    is: [70, 8, 20],
  },
  {
    name: 'pin',
    events: [{ kind: 'product:pinned', productId: uuid(11), mediaTime: AT }],
    expected: (s) => [s.bag.pinnedProductId, s.bagStale],
    is: [uuid(11), false],
  },
  {
    name: 'pin of an unknown product asks for the bag',
    events: [{ kind: 'product:pinned', productId: uuid(77), mediaTime: AT }],
    expected: (s) => s.bagStale,
    is: true,
  },
  {
    name: 'unpin',
    events: [
      { kind: 'product:pinned', productId: uuid(11), mediaTime: AT },
      { kind: 'product:unpinned', mediaTime: AT },
    ],
    expected: (s) => s.bag.pinnedProductId,
    is: null,
  },
  {
    name: 'bag:changed rearranges, drops and unpins what is gone',
    events: [
      { kind: 'product:pinned', productId: uuid(10), mediaTime: AT },
      { kind: 'bag:changed', productIds: [uuid(11)] },
    ],
    expected: (s) => [s.bag.items.map((i) => [i.product.id, i.position]), s.bag.pinnedProductId, s.bagStale],
    is: [[[uuid(11), 0]], null, false],
  },
  {
    name: 'bag:changed with a new product asks for the bag',
    events: [{ kind: 'bag:changed', productIds: [uuid(11), uuid(10), uuid(12)] }],
    expected: (s) => [s.bag.items.map((i) => i.product.id), s.bagStale],
    is: [[uuid(11), uuid(10)], true],
  },
  {
    name: 'offers open, change and close',
    events: [
      { kind: 'offer:opened', offer: offer(), visibleFrom: AT },
      { kind: 'offer:changed', offer: offer({ version: 3, priceFen: 2_990 }), visibleFrom: AT },
      { kind: 'offer:changed', offer: offer({ version: 2, priceFen: 9_990 }), visibleFrom: AT },
      { kind: 'offer:closed', offerId: uuid(50), skuId: uuid(20) },
    ],
    expected: (s) => firstItem(s).offers.map((o) => [o.version, o.priceFen, o.state]),
    is: [[3, 2_990, 'closed']],
  },
  {
    name: 'stock counts for the SKU and its offer',
    events: [
      { kind: 'offer:opened', offer: offer(), visibleFrom: AT },
      { kind: 'stock:changed', skuId: uuid(20), available: 7, offerId: uuid(50), taken: 9 },
    ],
    expected: (s) => [firstItem(s).available[uuid(20)], firstItem(s).offers[0]?.taken],
    is: [7, 9],
  },
  {
    name: 'what is taken of a bundle and of gifts, and what is left of a part, count at once',
    events: [
      { kind: 'offer:opened', offer: offer({ gift: freeGift }), visibleFrom: AT },
      { kind: 'bundle:opened', bundle: bundle(), visibleFrom: AT },
      { kind: 'bundle:counted', bundleId: uuid(60), taken: 4 },
      { kind: 'offer:gift-counted', offerId: uuid(50), taken: 3 },
      { kind: 'stock:changed', skuId: uuid(20), available: 6, offerId: null, taken: null },
      { kind: 'bundle:counted', bundleId: uuid(61), taken: 9 },
    ],
    expected: (s) => [
      s.bag.bundles?.map(({ taken, parts }) => [taken, parts.map(({ available }) => available)]),
      firstItem(s).offers[0]?.gift?.taken,
    ],
    is: [[[4, [6, 8]]], 3],
  },
  {
    name: 'gifts of one burst are one line that counts; what is taken back leaves it',
    events: [
      { kind: 'gift:sent', gift: shownGift(1, 1) },
      { kind: 'gift:sent', gift: shownGift(2, 1) },
      { kind: 'gift:sent', gift: shownGift(1, 4) },
      { kind: 'gift:taken-back', givenGiftId: uuid(1), comboId: uuid(1), quantity: 3 },
      { kind: 'gift:taken-back', givenGiftId: uuid(2), comboId: uuid(2), quantity: 1 },
    ],
    expected: (s) => s.gifts.map(({ comboId, count }) => [comboId, count]),
    is: [[uuid(1), 1]],
  },
  {
    name: 'purchases come from order:paid',
    events: [{ kind: 'order:paid', buyerName: '林*', productId: uuid(10), productTitle: '核桃乳', quantity: 2 }],
    expected: (s) => s.purchases.map((p) => [p.buyerName, p.quantity, p.seq]),
    is: [['林*', 2, 11]],
  },
  {
    name: 'notice, stream and stages',
    events: [
      { kind: 'notice:set', text: '八点抽奖' },
      { kind: 'stream:changed', state: 'interrupted', hasVideo: false, hasAudio: true },
      { kind: 'room:ended', at: AT },
    ],
    expected: (s) => [s.notice, s.stream.state, s.stage, s.room?.state, s.room?.endedAt],
    is: ['八点抽奖', 'interrupted', 'ended', 'ended', AT],
  },
  {
    name: 'a kind of a newer server is skipped, what follows counts',
    events: [{ kind: 'later:invented' } as unknown as RoomEvent, { kind: 'likes:counted', total: 6 }],
    expected: (s) => [s.likes, s.seq],
    is: [6, 12],
  },
];

describe('reduce', () => {
  it.each(cases)('$name', ({ events, expected, is }) => {
    expect(expected(after(joined(), ...events))).toEqual(is);
  });

  it('skips what a resume repeats and never goes back', () => {
    const state = after(joined(), { kind: 'likes:counted', total: 6 }, { kind: 'likes:counted', total: 7 });
    const repeated = reduce(state, {
      type: 'frame',
      frame: frame(
        11,
        { kind: 'likes:counted', total: 6 },
        { kind: 'likes:counted', total: 7 },
        { kind: 'likes:counted', total: 8 },
      ),
    });
    expect([repeated.likes, repeated.seq]).toEqual([8, 13]);
    expect(reduce(repeated, { type: 'frame', frame: { seq: 5, at: AT, events: [] } }).seq).toBe(13);
  });

  it('sees a gap only when the frame says where it continues from', () => {
    const state = joined();
    expect(isGap(state, { seq: 20, at: AT, events: [] })).toBe(false);
    expect(isGap(state, { seq: 20, at: AT, events: [], after: 10 })).toBe(false);
    expect(isGap(state, { seq: 20, at: AT, events: [], after: 15 })).toBe(true);
  });

  it('keeps at most CHAT_LIMIT messages', () => {
    const many = Array.from(
      { length: CHAT_LIMIT + 20 },
      (_, at): RoomEvent => ({ kind: 'chat:sent', message: message(at + 10) }),
    );
    const state = after(joined(), ...many);
    expect(state.chat).toHaveLength(CHAT_LIMIT);
    expect(state.chat.at(-1)?.messageId).toBe(`m${CHAT_LIMIT + 29}`);
  });

  it('keeps the identity of parts that did not change', () => {
    const state = joined();
    const next = after(state, { kind: 'likes:counted', total: 9 });
    expect(next.bag).toBe(state.bag);
    expect(next.chat).toBe(state.chat);
    expect(after(state, { kind: 'stock:changed', skuId: uuid(99), available: 1, offerId: null, taken: null }).bag).toBe(
      state.bag,
    );
  });

  it('a later join does not take back what the socket brought; a fresh snapshot of the socket may', () => {
    const ahead = after(joined(), { kind: 'likes:counted', total: 50 });
    const rejoined = reduce(ahead, { type: 'joined', reply: joinReply(), selfId: ME });
    expect([rejoined.likes, rejoined.seq]).toEqual([50, 11]);
    const restarted = reduce(ahead, { type: 'snapshot', snapshot: snapshot({ seq: 2, likes: 40 }) });
    expect([restarted.likes, restarted.seq]).toEqual([40, 2]);
  });

  it('a fetched bag settles a stale one', () => {
    const stale = after(joined(), { kind: 'bag:changed', productIds: [uuid(12)] });
    const fresh = reduce(stale, { type: 'bag', bag: { roomId: uuid(1), pinnedProductId: null, items: [bagItem(2)] } });
    expect([fresh.bagStale, fresh.bag.items.length]).toEqual([false, 1]);
  });
});

describe('own messages', () => {
  const item = (more: Partial<OutboxItem> = {}): OutboxItem => ({
    clientMessageId: uuid(700),
    text: '多少钱',
    name: '我',
    personId: ME,
    at: AT,
    state: 'sending',
    code: null,
    echoed: false,
    ...more,
  });
  const shown = (state: RoomState) =>
    visibleChat(state.chat, state.outbox, 'viewer')
      .filter((line) => line.personId === ME)
      .map((line) => line.delivery);
  const mine = message(7, { personId: ME, text: '多少钱', messageId: 'srv-7' });

  it('are shown at once, and once, whichever of echo and acknowledgement is first', () => {
    const queued = reduce(joined(), { type: 'chat:queued', item: item() });
    expect(shown(queued)).toEqual(['sending']);
    const echoed = after(queued, { kind: 'chat:sent', message: mine });
    expect(shown(echoed)).toEqual(['sent']);
    const accepted = reduce(echoed, { type: 'chat:accepted', clientMessageId: uuid(700), message: mine });
    expect(shown(accepted)).toEqual(['sent']);
    expect(accepted.outbox).toEqual([]);

    const ackFirst = reduce(queued, { type: 'chat:accepted', clientMessageId: uuid(700), message: mine });
    expect(shown(after(ackFirst, { kind: 'chat:sent', message: mine }))).toEqual(['sent']);
  });

  it('fail, are retried and dismissed', () => {
    const queued = reduce(joined(), { type: 'chat:queued', item: item() });
    const failed = reduce(queued, { type: 'chat:failed', clientMessageId: uuid(700), code: 'muted' });
    expect(shown(failed)).toEqual(['failed']);
    expect(failed.outbox[0]?.code).toBe('muted');
    expect(shown(reduce(failed, { type: 'chat:retried', clientMessageId: uuid(700) }))).toEqual(['sending']);
    expect(shown(reduce(failed, { type: 'chat:dismissed', clientMessageId: uuid(700) }))).toEqual([]);
  });

  it('do not fail when only the acknowledgement was lost', () => {
    const queued = reduce(joined(), { type: 'chat:queued', item: item() });
    const echoed = after(queued, { kind: 'chat:sent', message: mine });
    expect(shown(reduce(echoed, { type: 'chat:failed', clientMessageId: uuid(700), code: 'offline' }))).toEqual([
      'sent',
    ]);
  });
});
