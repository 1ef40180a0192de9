import type { RoomEvent } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { type OutboxItem, visibleChat } from './chat-state.ts';
import { AT, message, snapshot, uuid } from './fixtures.ts';
import { initialRoomState, type RoomState, reduce } from './room-state.ts';

const loaded = (more: Parameters<typeof snapshot>[0] = {}): RoomState =>
  reduce(initialRoomState(uuid(1)), { type: 'snapshot', snapshot: snapshot(more) });
let seq = 10;
const after = (state: RoomState, ...events: RoomEvent[]): RoomState => {
  const items = events.map((event) => ({ seq: ++seq, at: AT, event }));
  return reduce(state, { type: 'frame', frame: { seq, at: AT, events: items } });
};
const reply = (no: number, to: number) =>
  message(no, { replyTo: { messageId: `m${to}`, personId: uuid(100 + to), name: `观众${to}`, text: `消息${to}` } });
const deleted = (no: number): RoomEvent => ({ kind: 'chat:deleted', messageId: `m${no}`, by: uuid(3) });
const item: OutboxItem = {
  clientMessageId: uuid(70),
  text: '我说',
  name: '我',
  personId: uuid(9),
  at: AT,
  state: 'sending',
  code: null,
  echoed: false,
};

test('what was deleted is quoted by nobody: not by replies that are there, nor by those that come or are read again', () => {
  const there = after(loaded(), { kind: 'chat:sent', message: reply(3, 1) }, deleted(1));
  expect(there.chat.at(-1)?.replyTo?.text).toBe('');
  const later = after(there, { kind: 'chat:sent', message: reply(4, 1) }, { kind: 'chat:sent', message: reply(5, 2) });
  expect(later.chat.slice(-2).map(({ replyTo }) => replyTo?.text)).toEqual(['', '消息2']);
  const again = reduce(later, { type: 'snapshot', snapshot: snapshot({ seq: seq + 1, chat: [reply(3, 1)] }) });
  expect(again.chat[0]?.replyTo?.text).toBe('');
});

test('a pinned message falls with its deletion, whichever is heard first', () => {
  const pinned: RoomEvent = { kind: 'message:pinned', message: message(2) };
  expect(after(loaded(), pinned).pinnedMessage?.messageId).toBe('m2');
  expect(after(loaded(), pinned, deleted(2)).pinnedMessage).toBeNull();
  expect(after(loaded(), deleted(2), pinned).pinnedMessage).toBeNull();
  expect(
    after(loaded({ pinnedMessage: message(1) }), { kind: 'message:pinned', message: null }).pinnedMessage,
  ).toBeNull();
});

test('the host’s mark is set and taken back; of an unknown message it changes nothing', () => {
  const mark = (no: number, answered: boolean): RoomEvent => ({
    kind: 'chat:answered',
    messageId: `m${no}`,
    answered,
    by: uuid(3),
  });
  expect(after(loaded(), mark(1, true)).chat[0]?.answered).toBe(true);
  expect(after(loaded(), mark(1, true), mark(1, false)).chat[0]?.answered).toBe(false);
  const before = loaded();
  expect(after(before, mark(8, true)).chat).toBe(before.chat);
});

test('slow mode: my next turn follows from my own message, or from the refusal; it goes with the mode', () => {
  const slow = loaded({ chatMode: { slowSeconds: 30, audience: 'everyone' } });
  const own = message(6, { messageId: `chat:${uuid(70)}`, personId: uuid(9) });
  const queued = reduce(slow, { type: 'chat:queued', item });
  const said = reduce(queued, { type: 'chat:accepted', clientMessageId: uuid(70), message: own });
  expect(said.nextTurnMs).toBe(Date.parse(AT) + 30_000);
  const failure = { type: 'chat:failed', clientMessageId: uuid(70), code: 'slow_mode', nextTurnMs: 99 } as const;
  expect(reduce(queued, failure)).toMatchObject({ nextTurnMs: 99, outbox: [{ state: 'failed', code: 'slow_mode' }] });
  const open: RoomEvent = { kind: 'mode:set', mode: { slowSeconds: 0, audience: 'followers' } };
  expect(after(said, open)).toMatchObject({ nextTurnMs: null, chatMode: { audience: 'followers' } });
  const host = reduce(queued, { type: 'chat:accepted', clientMessageId: uuid(70), message: { ...own, role: 'host' } });
  expect(host.nextTurnMs).toBeNull();
});

test('an older server’s snapshot has no mode and nothing pinned', () => {
  expect(loaded()).toMatchObject({ pinnedMessage: null, chatMode: { slowSeconds: 0, audience: 'everyone' } });
});

test('an own message on its way is shown with what it carries', () => {
  const queued = reduce(loaded(), { type: 'chat:queued', item: { ...item, sticker: 'like', text: '' } });
  expect(visibleChat(queued.chat, queued.outbox, 'viewer').at(-1)).toMatchObject({
    sticker: 'like',
    delivery: 'sending',
  });
});
