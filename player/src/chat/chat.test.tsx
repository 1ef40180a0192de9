// @vitest-environment jsdom
import type { ChatMessage, RoomEvent } from '@walnut-live/contracts';
import axe from 'axe-core';
import { act } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Chat } from '../room/chat.tsx';
import { byTestId, consumer, press, renderInRoom, type TestRoom, type, uuid } from '../testing/fixtures.tsx';
import { ModeNote, PinnedMessage } from './above-chat.tsx';
import { Composer } from './composer.tsx';
import { FollowButton } from './follow-button.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
beforeEach(() => {
  sessionStorage.clear();
  document.title = 'room';
  document.documentElement.lang = 'zh-CN';
  HTMLDialogElement.prototype.showModal ??= function show(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
  };
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
});

const AT = '2026-11-22T12:00:01.000Z';
const message = (no: number, more: Partial<ChatMessage> = {}): ChatMessage => ({
  messageId: `m${no}`,
  personId: uuid(100 + no),
  name: `观众${no}`,
  role: 'viewer',
  text: `消息${no}`,
  at: AT,
  ...more,
});
let seq = 10;
const tell = (room: TestRoom, ...events: RoomEvent[]) =>
  act(async () => {
    const items = events.map((event) => ({ seq: ++seq, at: AT, event }));
    room.dispatch({ type: 'frame', frame: { seq, at: AT, events: items } });
  });
const everything = (
  <>
    <h1>直播间</h1>
    <FollowButton />
    <PinnedMessage />
    <ModeNote />
    <Chat />
    <Composer />
  </>
);
const show = async (answer?: Parameters<typeof renderInRoom>[1]) => {
  seq = 10;
  const rendered = await renderInRoom(everything, answer);
  unmount = rendered.unmount;
  return rendered;
};
const openMenuOf = async (text: string) => {
  const line = [...document.querySelectorAll('[data-testid="chat-line"]')].find((one) =>
    one.textContent?.includes(text),
  );
  await press(line?.querySelector('.pl-line-open') as HTMLElement);
  await vi.waitFor(() => byTestId('message-menu'));
};

it('a reply carries the message it replies to, a name the person it names', async () => {
  const { room } = await show();
  await tell(room, { kind: 'chat:sent', message: message(1, { text: '甜吗' }) });
  await openMenuOf('甜吗');
  await press(byTestId('reply'));
  expect(document.querySelector('.pl-composer-reply')?.textContent).toBe('回复 观众1: 甜吗');
  await openMenuOf('甜吗');
  await press(byTestId('mention'));
  const input = byTestId<HTMLInputElement>('chat-input');
  expect(input.value).toBe('@观众1 ');
  await type(input, '@观众1 不甜');
  await press(byTestId('chat-send'));
  expect(room.asked.slice(-2)).toEqual([
    ['chat', '@观众1 不甜'],
    [
      'chat parts',
      {
        mentions: [{ personId: uuid(101), name: '观众1' }],
        replyTo: { messageId: 'm1', personId: uuid(101), name: '观众1', text: '甜吗' },
      },
    ],
  ]);
  expect(document.querySelector('.pl-composer-reply')).toBeNull();
});

it('whoever is named or replied to sees it marked; what was deleted is not quoted', async () => {
  const { room } = await show();
  const me = { personId: consumer.id, name: consumer.name };
  const quote = { messageId: 'm1', personId: uuid(101), name: '观众1', text: '消息1' };
  await tell(
    room,
    { kind: 'chat:sent', message: message(1) },
    { kind: 'chat:sent', message: message(2, { text: `@${me.name} 看`, mentions: [me] }) },
    { kind: 'chat:sent', message: message(3, { replyTo: quote }) },
  );
  expect(document.querySelectorAll('.pl-line-named')).toHaveLength(1);
  expect(document.querySelector('.pl-line-at')?.textContent).toBe(`@${me.name}`);
  expect(document.querySelector('.pl-line-quote')?.textContent).toBe('观众1: 消息1');
  await tell(room, { kind: 'chat:deleted', messageId: 'm1', by: uuid(3) });
  expect(document.querySelector('.pl-line-quote')?.textContent).toBe('观众1: 原消息已删除');
});

it('a sticker goes at once, an emoji into the text', async () => {
  const { room } = await show();
  await press(byTestId('chat-expressions'));
  await vi.waitFor(() => byTestId('sticker-like'));
  const emoji = [...document.querySelectorAll<HTMLElement>('.pl-emoji-grid button')].find(
    (one) => one.textContent === '🌰',
  );
  await press(emoji as HTMLElement);
  expect(byTestId<HTMLInputElement>('chat-input').value).toBe('🌰');
  await press(byTestId('sticker-like'));
  expect(room.asked).toEqual([
    ['chat', ''],
    ['chat parts', { sticker: 'like' }],
  ]);
  await tell(room, { kind: 'chat:sent', message: message(4, { sticker: 'like', text: '[点赞]' }) });
  await vi.waitFor(() => {
    const drawn = document.querySelector('[data-testid="chat-line"] svg[data-sticker="like"]');
    expect(drawn?.getAttribute('aria-label')).toBe('点赞');
  });
});

it('slow mode is said, and counts down where one would send', async () => {
  const { room } = await show();
  await tell(room, { kind: 'mode:set', mode: { slowSeconds: 30, audience: 'everyone' } });
  expect(byTestId('chat-mode').textContent).toBe('慢速模式：每 30 秒可发一条');
  const input = byTestId<HTMLInputElement>('chat-input');
  await type(input, '再问一个');
  await act(async () =>
    room.dispatch({
      type: 'chat:accepted',
      clientMessageId: 'x',
      message: message(5, { personId: consumer.id, at: new Date().toISOString() }),
    }),
  );
  const send = byTestId<HTMLButtonElement>('chat-send');
  expect(send.disabled).toBe(true);
  expect(send.getAttribute('aria-label')).toMatch(/^(?:29|30) 秒后可发$/);
  await tell(room, { kind: 'mode:set', mode: { slowSeconds: 0, audience: 'everyone' } });
  expect(byTestId<HTMLButtonElement>('chat-send').disabled).toBe(false);
  expect(document.querySelector('[data-testid="chat-mode"]')).toBeNull();
});

it('a room for followers asks to follow, by one tap', async () => {
  const { room, calls } = await show({
    answer: ({ method }) => ({ json: { following: method === 'POST', followers: 4 } }),
  });
  await vi.waitFor(() => expect(byTestId('follow').getAttribute('aria-pressed')).toBe('false'));
  await tell(room, { kind: 'mode:set', mode: { slowSeconds: 0, audience: 'followers' } });
  await press(byTestId('follow-to-chat'));
  await vi.waitFor(() => expect(byTestId('follow').getAttribute('aria-pressed')).toBe('true'));
  expect(calls.at(-1)).toMatchObject({ method: 'POST', path: `/guides/${uuid(3)}/follow` });
  expect(byTestId<HTMLInputElement>('chat-input').disabled).toBe(false);
});

it('a refusal for its words says why, offers no retry, and can be taken away', async () => {
  const { room } = await show();
  const item = { clientMessageId: uuid(70), text: '能治病', name: '我', personId: consumer.id, at: AT, echoed: false };
  await act(async () => {
    room.dispatch({ type: 'chat:queued', item: { ...item, state: 'sending', code: null } });
    room.dispatch({ type: 'chat:failed', clientMessageId: uuid(70), code: 'words_refused' });
  });
  expect(byTestId('chat-refused').textContent).toBe('有不能在直播间说的内容，请修改后再发');
  const buttons = [...document.querySelectorAll<HTMLElement>('.pl-line-retry')];
  expect(buttons.map((button) => button.textContent)).toEqual(['删除']);
  await press(buttons[0] as HTMLElement);
  expect(room.asked).toEqual([['dismiss', uuid(70)]]);
});

it('a message is reported with its reason; one’s own is not', async () => {
  const { room } = await show();
  await tell(room, { kind: 'chat:sent', message: message(6) });
  await openMenuOf('消息6');
  await press(byTestId('report'));
  expect(byTestId<HTMLButtonElement>('report-send').disabled).toBe(true);
  await press(byTestId('report-advert'));
  await press(byTestId('report-send'));
  expect(room.asked).toEqual([['report', { messageId: 'm6', reason: 'advert', note: '' }]]);
  await tell(room, { kind: 'chat:sent', message: message(7, { personId: consumer.id }) });
  await openMenuOf('消息7');
  expect(document.querySelector('[data-testid="report"]')).toBeNull();
});

it('levels, the host’s mark and the pinned message are there, and accessible (axe)', async () => {
  const { room } = await show({ answer: () => ({ json: { following: false, followers: 4 } }) });
  await tell(
    room,
    { kind: 'chat:sent', message: message(8, { level: 2 }) },
    { kind: 'chat:sent', message: message(9, { level: 0 }) },
    { kind: 'chat:answered', messageId: 'm8', answered: true, by: uuid(3) },
    { kind: 'message:pinned', message: message(10, { role: 'host', text: '今天下单明天发' }) },
    { kind: 'mode:set', mode: { slowSeconds: 10, audience: 'customers' } },
  );
  expect([...document.querySelectorAll('.pl-level')].map((level) => level.textContent)).toEqual(['Lv2', '新客']);
  expect(document.querySelector('.pl-line-answered')?.textContent).toBe('已答');
  expect(byTestId('pinned-message').textContent).toContain('今天下单明天发');
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
});
