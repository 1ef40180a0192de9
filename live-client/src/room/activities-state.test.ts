import type { Chain, CheckIn, Poll, RoomCountdown, RoomEvent } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { activityEvent, noActivities } from './activities-state.ts';
import { AT, joinReply, snapshot, uuid } from './fixtures.ts';
import { initialRoomState, reduce } from './room-state.ts';

const [roomId, openedAt, closedAt] = [uuid(2), AT, null];
const checkIn: CheckIn = { id: uuid(1), roomId, state: 'open', message: '', people: 3, openedAt, closedAt };
const poll: Poll = {
  ...{ id: uuid(3), roomId, kind: 'survey', state: 'open', question: '?', options: ['a', 'b'], multiple: false },
  ...{ changeable: true, openedAt, closesAt: null, closedAt, answers: 2, tally: [1, 1], revision: 4, rightNo: null },
  leaders: [],
};
const countdown: RoomCountdown = {
  ...{ id: uuid(4), roomId, state: 'running', title: '开抢', startedAt: AT, endsAt: AT, endedAt: null },
};
const chain: Chain = {
  ...{ id: uuid(5), roomId, state: 'open', title: '接龙', product: null, people: 1, pieces: 2, version: 7 },
  ...{ openedAt, closedAt, latest: [] },
};
const after = (...events: RoomEvent[]) => events.reduce(activityEvent, noActivities);

it('check-in: the number only grows', () => {
  const opened: RoomEvent = { kind: 'check-in:opened', checkIn };
  const counted = (people: number, checkInId = checkIn.id): RoomEvent => ({
    kind: 'check-in:counted',
    checkInId,
    people,
  });
  expect(after(opened, counted(9)).checkIn?.people).toBe(9);
  expect(after(opened, counted(9), counted(5)).checkIn?.people).toBe(9);
  expect(after(opened, counted(9, uuid(8))).checkIn?.people).toBe(3);
  expect(after(opened, { kind: 'check-in:closed', checkIn: { ...checkIn, state: 'closed' } }).checkIn?.state).toBe(
    'closed',
  );
});

it('polls: a changed answer moves votes without more answers; what is over is not counted on; cancelled is gone', () => {
  const opened: RoomEvent = { kind: 'poll:opened', poll };
  const counted = (revision: number, tally: number[], pollId = poll.id): RoomEvent => ({
    ...{ kind: 'poll:counted', pollId, answers: 2, tally, revision },
  });
  expect(after(opened, counted(5, [2, 0])).poll?.tally).toEqual([2, 0]);
  expect(after(opened, counted(5, [2, 0]), counted(4, [1, 1])).poll?.tally).toEqual([2, 0]);
  expect(after(opened, counted(5, [2, 0], uuid(9))).poll?.tally).toEqual([1, 1]);
  const closed: RoomEvent = { kind: 'poll:closed', poll: { ...poll, state: 'closed', tally: [0, 2] } };
  expect(after(opened, closed, counted(9, [2, 0])).poll?.tally).toEqual([0, 2]);
  expect(after(opened, { kind: 'poll:cancelled', pollId: uuid(9) }).poll).not.toBeNull();
  expect(after(opened, { kind: 'poll:cancelled', pollId: poll.id }).poll).toBeNull();
});

it('countdown and chain: the newest stands', () => {
  expect(after({ kind: 'countdown:started', countdown }).countdown).toBe(countdown);
  const opened: RoomEvent = { kind: 'chain:opened', chain };
  const counted = (version: number, people: number, id = chain.id): RoomEvent => ({
    kind: 'chain:counted',
    chain: { ...chain, id, version, people },
  });
  expect(after(opened, counted(8, 2)).chain?.people).toBe(2);
  expect(after(opened, counted(8, 2), counted(7, 1)).chain?.people).toBe(2);
  expect(after(opened, counted(8, 2, uuid(9))).chain?.people).toBe(1);
});

it('is part of the room: from the snapshot, moved by frames, the same object while nothing happens', () => {
  const start = reduce(initialRoomState(roomId), { type: 'joined', reply: joinReply(), selfId: uuid(100) });
  expect(start.activities).toEqual(noActivities);
  const activities = { checkIn, poll, countdown, chain };
  const loaded = reduce(start, { type: 'snapshot', snapshot: { ...snapshot(), seq: start.seq, activities } });
  expect(loaded.activities).toBe(activities);
  const seq = loaded.seq + 1;
  const next = (event: RoomEvent) =>
    reduce(loaded, { type: 'frame', frame: { seq, at: AT, events: [{ seq, at: AT, event }] } });
  expect(next({ kind: 'notice:set', text: 'x' }).activities).toBe(activities);
  expect(next({ kind: 'poll:cancelled', pollId: poll.id }).activities.poll).toBeNull();
});
