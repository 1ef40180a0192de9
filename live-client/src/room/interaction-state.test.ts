import type { Draw, RedPacket, RoomEvent } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { AT, joinReply, snapshot, uuid } from './fixtures.ts';
import { noInteraction, playEvent } from './interaction-state.ts';
import { initialRoomState, reduce } from './room-state.ts';

const draw = (given: Partial<Draw> = {}): Draw => ({
  ...{
    id: uuid(1),
    roomId: uuid(2),
    state: 'open',
    title: '抽奖',
    prizes: [],
    commitment: 'a'.repeat(64),
    seed: null,
    listHash: null,
  },
  ...{
    rules: { keyword: null, followers: false, customers: false },
    durationSeconds: 60,
    preparedAt: AT,
    openedAt: AT,
    closesAt: AT,
  },
  ...{ closedAt: null, entries: 3, winners: [], claimUntil: null },
  ...given,
});
const rain = (given: Partial<RedPacket> = {}): RedPacket => ({
  ...{
    id: uuid(3),
    roomId: uuid(2),
    state: 'running',
    title: '红包',
    totalFen: 100,
    count: 10,
    taken: 0,
    startsAt: AT,
    endsAt: AT,
  },
  ...{ endedAt: null, returnedFen: null },
  ...given,
});
const played = (...events: RoomEvent[]) => events.reduce(playEvent, noInteraction);

it('follows a draw: numbers only grow while it is open, another draw’s are nobody’s, cancelled is gone', () => {
  const opened: RoomEvent = { kind: 'draw:opened', draw: draw() };
  expect(played(opened, { kind: 'draw:counted', drawId: uuid(1), entries: 9 }).draw?.entries).toBe(9);
  expect(played(opened, { kind: 'draw:counted', drawId: uuid(1), entries: 2 }).draw?.entries).toBe(3);
  expect(played(opened, { kind: 'draw:counted', drawId: uuid(9), entries: 9 }).draw?.entries).toBe(3);
  const closed: RoomEvent = { kind: 'draw:closed', draw: draw({ state: 'closed', entries: 8 }) };
  expect(played(opened, closed, { kind: 'draw:counted', drawId: uuid(1), entries: 9 }).draw?.entries).toBe(8);
  expect(played(opened, { kind: 'draw:cancelled', drawId: uuid(9) }).draw).not.toBeNull();
  expect(played(opened, { kind: 'draw:cancelled', drawId: uuid(1) }).draw).toBeNull();
});

it('follows a rain', () => {
  const started: RoomEvent = { kind: 'red-packet:started', redPacket: rain() };
  expect(played(started, { kind: 'red-packet:counted', redPacketId: uuid(3), taken: 4 }).redPacket?.taken).toBe(4);
  expect(played(started, { kind: 'red-packet:counted', redPacketId: uuid(4), taken: 4 }).redPacket?.taken).toBe(0);
  const ended: RoomEvent = { kind: 'red-packet:ended', redPacket: rain({ state: 'ended', taken: 10 }) };
  expect(played(started, ended).redPacket).toMatchObject({ state: 'ended', taken: 10 });
});

it('is part of the room: from the snapshot, moved by frames, and the same object while nothing is played', () => {
  const start = reduce(initialRoomState(uuid(2)), { type: 'joined', reply: joinReply(), selfId: uuid(100) });
  expect(start.interaction).toEqual(noInteraction);
  const loaded = reduce(start, {
    type: 'snapshot',
    snapshot: { ...snapshot(), seq: start.seq, interaction: { draw: draw(), redPacket: null } },
  });
  expect(loaded.interaction.draw?.id).toBe(uuid(1));
  const seq = loaded.seq;
  const after = (event: RoomEvent) =>
    reduce(loaded, { type: 'frame', frame: { seq: seq + 1, at: AT, events: [{ seq: seq + 1, at: AT, event }] } });
  expect(after({ kind: 'notice:set', text: 'x' }).interaction).toBe(loaded.interaction);
  expect(after({ kind: 'red-packet:started', redPacket: rain() }).interaction.redPacket?.id).toBe(uuid(3));
});

it('follows a coupon drop: the number taken only grows, another drop’s is nobody’s', () => {
  const couponDrop = {
    ...{
      id: uuid(5),
      roomId: uuid(2),
      kindId: uuid(6),
      state: 'running' as const,
      title: '券',
      offFen: 1,
      minSpendFen: 2,
    },
    ...{ validDays: 30, newcomersOnly: false, count: 9, taken: 2, startsAt: AT, endsAt: AT, endedAt: null },
  };
  const started: RoomEvent = { kind: 'coupon-drop:started', couponDrop };
  const counted = (couponDropId: string, taken: number): RoomEvent => ({
    kind: 'coupon-drop:counted',
    ...{ couponDropId, taken },
  });
  expect(played(started, counted(uuid(5), 7), counted(uuid(5), 3)).couponDrop?.taken).toBe(7);
  expect(played(started, counted(uuid(9), 7)).couponDrop?.taken).toBe(2);
  const ended: RoomEvent = { kind: 'coupon-drop:ended', couponDrop: { ...couponDrop, state: 'ended', taken: 9 } };
  expect(played(started, ended).couponDrop).toMatchObject({ state: 'ended', taken: 9 });
});
