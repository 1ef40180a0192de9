import type { GroupBuy, RoomEvent } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { AT, joinReply, uuid } from './fixtures.ts';
import { initialRoomState, reduce } from './room-state.ts';

const group = (no: number, more: Partial<GroupBuy> = {}): GroupBuy => ({
  ...{
    id: uuid(no),
    campaignId: uuid(900),
    roomId: uuid(1),
    state: 'open',
    size: 3,
    held: 1,
    paid: 1,
    title: '三人团',
  },
  product: { id: uuid(10), title: '核桃酥', pictureUrl: '/w.svg' },
  sku: { id: uuid(20), name: '8 枚' },
  ...{ priceFen: 2_690, shelfPriceFen: 2_990, perPerson: 2, members: [{ name: '安*', opener: true }] },
  ...{ openedAt: AT, deadlineAt: AT, endedAt: null },
  ...more,
});
const joined = reduce(initialRoomState(uuid(1)), { type: 'joined', reply: joinReply(), selfId: null });
const after = (...events: RoomEvent[]) =>
  events.reduce(
    (state, event) =>
      reduce(state, {
        type: 'frame',
        frame: { seq: state.seq + 1, at: AT, events: [{ seq: state.seq + 1, at: AT, event }] },
      }),
    joined,
  ).groupNews;

it('a room keeps the latest of each group, the one that moved last at the end', () => {
  const news = after(
    { kind: 'group-buy:opened', groupBuy: group(1) },
    { kind: 'group-buy:opened', groupBuy: group(2) },
    { kind: 'group-buy:counted', groupBuy: group(1, { held: 2 }) },
    { kind: 'group-buy:expired', groupBuy: group(2, { state: 'expired' }) },
    { kind: 'group-buy:completed', groupBuy: group(1, { held: 3, state: 'complete' }) },
  );
  expect(news.map(({ seq, groupBuy }) => [seq, groupBuy.id, groupBuy.state])).toEqual([
    [14, uuid(2), 'expired'],
    [15, uuid(1), 'complete'],
  ]);
});

it('and no more of them than anybody could join', () => {
  const news = after(
    ...Array.from({ length: 40 }, (_, no): RoomEvent => ({ kind: 'group-buy:opened', groupBuy: group(no + 1) })),
  );
  expect(news).toHaveLength(30);
  expect(news.at(-1)?.groupBuy.id).toBe(uuid(40));
});
