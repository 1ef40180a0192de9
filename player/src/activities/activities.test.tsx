// @vitest-environment jsdom
import type { Chain, ChainLine, CheckIn, Poll, RoomCountdown } from '@walnut-live/contracts';
import axe from 'axe-core';
import { act, type ReactNode } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import {
  type ApiAnswer,
  type ApiCall,
  byTestId,
  press,
  ROOM,
  renderInRoom,
  testRoom,
  type,
  uuid,
} from '../testing/fixtures.tsx';
import Dock from './dock.tsx';
import { countdownView, mergeLines, outcomeOf, sharesOf } from './view.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const NOW = Date.now();
const at = (seconds: number): string => new Date(NOW + seconds * 1_000).toISOString();
const checkIn: CheckIn = {
  ...{ id: uuid(301), roomId: ROOM, state: 'open', message: '', people: 128, openedAt: at(-9), closedAt: null },
};
const quiz: Poll = {
  ...{ id: uuid(302), roomId: ROOM, kind: 'quiz', state: 'open', question: '几颗核桃？', options: ['一', '二', '三'] },
  ...{ multiple: false, changeable: false, openedAt: at(-1), closesAt: at(600), closedAt: null, answers: 5 },
  ...{ tally: null, revision: 5, rightNo: null, leaders: [] },
};
const countdown: RoomCountdown = {
  ...{
    id: uuid(303),
    roomId: ROOM,
    state: 'running',
    title: '开抢',
    startedAt: at(-9),
    endsAt: at(600),
    endedAt: null,
  },
};
const line = (no: number, more: Partial<ChainLine> = {}): ChainLine => ({
  ...{
    no,
    personId: uuid(500 + no),
    name: '贝*',
    quantity: 2,
    note: '',
    state: 'in',
    at: at(-9),
    version: no,
    ...more,
  },
});
const chain: Chain = {
  ...{ id: uuid(304), roomId: ROOM, state: 'open', title: '家庭装接龙', product: { id: uuid(10), title: '核桃乳' } },
  ...{ people: 12, pieces: 30, version: 12, openedAt: at(-9), closedAt: null, latest: [line(12), line(11)] },
};

let unmount: (() => Promise<void>) | null = null;
beforeEach(() => {
  sessionStorage.clear();
  document.title = 'room';
  document.documentElement.lang = 'zh-CN';
  window.matchMedia = (() => ({ matches: false, addEventListener: vi.fn(), removeEventListener: vi.fn() })) as never;
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  // The history entry of a sheet goes a moment after it, and would take that of the next test with it.
  await vi.waitFor(() => expect(history.state?.walnutDepth).toBeUndefined());
  document.body.replaceChildren();
});

const FlowProbe = (): ReactNode => <output data-testid="flow">{usePurchase().flow?.step ?? ''}</output>;
const show = async (
  activities: { checkIn?: CheckIn; poll?: Poll; countdown?: RoomCountdown; chain?: Chain },
  server: { answer?: (call: ApiCall) => ApiAnswer; take?: (name: string, payload: unknown) => unknown } = {},
) => {
  const room = testRoom();
  const snapshot = room.get().join?.snapshot;
  if (!snapshot) throw new Error('no snapshot');
  const none = { checkIn: null, poll: null, countdown: null, chain: null };
  room.dispatch({ type: 'snapshot', snapshot: { ...snapshot, activities: { ...none, ...activities } } });
  const taken: [string, unknown][] = [];
  Object.assign(room, {
    take: async (name: string, payload: unknown) => {
      taken.push([name, payload]);
      return server.take?.(name, payload);
    },
  });
  const rendered = await renderInRoom(
    <>
      <Dock />
      <FlowProbe />
    </>,
    { room, ...(server.answer ? { answer: server.answer } : {}) },
  );
  unmount = rendered.unmount;
  return { ...rendered, room, taken };
};
const accessible = async (): Promise<void> => {
  const found = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  expect(found.violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`)).toEqual([]);
};

it('check-in is one tap, and a badge with the streak from then on', async () => {
  let done = false;
  const { taken } = await show(
    { checkIn, countdown },
    {
      answer: () => ({ json: { done, streak: done ? 3 : 2 } }),
      take: () => {
        done = true;
        return { streak: 3 };
      },
    },
  );
  expect(byTestId('countdown').textContent).toContain('开抢');
  expect(byTestId('check-in').textContent).toContain('128 人');
  await press(byTestId('check-in'));
  expect(taken).toEqual([['checkin:do', {}]]);
  await vi.waitFor(() => expect(byTestId('checked-in').textContent).toContain('连续 3 场'));
  expect(document.querySelector('[data-testid="check-in"]')).toBeNull();
  await accessible();
});

it('a quiz: chosen, submitted once, the key and my place shown at the end', async () => {
  const { room, taken } = await show(
    { poll: { ...quiz, openedAt: new Date().toISOString() } },
    { answer: () => ({ json: { choices: null } }), take: () => ({ choices: [2] }) },
  );
  // It has only just begun and nothing else is open: it is there by itself.
  expect(byTestId<HTMLButtonElement>('poll-submit').disabled).toBe(true);
  await press(byTestId('poll-option-2').querySelector('input') as HTMLElement);
  await press(byTestId('poll-submit'));
  expect(taken).toEqual([['poll:answer', { pollId: quiz.id, choices: [2] }]]);
  expect(byTestId('poll-sheet').textContent).toContain('时间到后公布答案');
  expect(document.querySelector('[data-testid="poll-submit"]')).toBeNull();
  expect(byTestId('poll-sheet').querySelector('fieldset')?.disabled).toBe(true);
  await accessible();
  const leaders = [{ rank: 1, personId: room.get().selfId ?? '', name: '小*', right: 1, ms: 2_400 }];
  const poll: Poll = { ...quiz, state: 'closed', rightNo: 2, tally: [1, 3, 1], leaders };
  const frame = { seq: 11, at: at(0), events: [{ seq: 11, at: at(0), event: { kind: 'poll:closed' as const, poll } }] };
  await act(async () => room.dispatch({ type: 'frame', frame }));
  expect(byTestId('poll-option-2').textContent).toContain('正确答案');
  expect(byTestId('poll-option-2').textContent).toContain('60%');
  expect(byTestId('poll-sheet').textContent).toContain('答对了');
  expect(byTestId('quiz-leaders').textContent).toContain('你答对 1 题 · 2.4 秒');
  await accessible();
});

it('a quiz opens by itself for nobody who types, and not long after it began', async () => {
  const field = document.body.appendChild(document.createElement('input'));
  field.focus();
  const first = await show({ poll: { ...quiz, openedAt: new Date().toISOString() } });
  expect(document.querySelector('[data-testid="poll-sheet"]')).toBeNull();
  await first.unmount();
  field.remove();
  await show({ poll: { ...quiz, openedAt: at(-30) } });
  expect(document.querySelector('[data-testid="poll-sheet"]')).toBeNull();
});

it('a survey that may be changed: several choices, sent only when they differ', async () => {
  const poll: Poll = { ...quiz, kind: 'survey', multiple: true, changeable: true, closesAt: null, tally: [4, 1, 0] };
  const { taken } = await show({ poll }, { answer: () => ({ json: { choices: [1] } }), take: (_, payload) => payload });
  await press(byTestId('poll'));
  expect(document.querySelector('[data-testid="poll-submit"]')).toBeNull();
  await press(byTestId('poll-option-3').querySelector('input') as HTMLElement);
  await press(byTestId('poll-submit'));
  expect(taken).toEqual([['poll:answer', { pollId: poll.id, choices: [1, 3] }]]);
});

it('a chain: says that it is no order, takes my line, lets me withdraw, leads to the product', async () => {
  const mine = line(13, { personId: uuid(900), quantity: 1, note: '奶香' });
  const { taken } = await show(
    { chain },
    {
      answer: ({ path }) => ({
        json: path.includes('/mine') ? { line: null } : { items: [line(2), line(1)], nextCursor: null },
      }),
      take: (name) => ({
        line: name === 'chain:join' ? mine : { ...mine, state: 'withdrawn', version: 14 },
        people: 13,
        pieces: 31,
      }),
    },
  );
  expect(byTestId('chain').textContent).toContain('12 人 · 30 件');
  await press(byTestId('chain'));
  expect(byTestId('chain-sheet').textContent).toContain('不是订单');
  const numbers = () => [...byTestId('chain-lines').querySelectorAll('li')].map((item) => item.dataset.no);
  expect(numbers()).toEqual(['12', '11', '2', '1']);
  await type(byTestId('chain-form').querySelector('input') as HTMLInputElement, '奶香');
  await press(byTestId('chain-join'));
  expect(taken).toEqual([['chain:join', { chainId: chain.id, quantity: 1, note: '奶香' }]]);
  expect(numbers()[0]).toBe('13');
  await accessible();
  await press(byTestId('chain-withdraw'));
  expect(taken.at(-1)).toEqual(['chain:withdraw', { chainId: chain.id }]);
  expect(document.querySelector('[data-testid="chain-withdraw"]')).toBeNull();
  await press(byTestId('chain-buy'));
  expect(byTestId('flow').textContent).toBe('product');
});

it('what is shown is worked out: ends, shares, outcomes, lists', () => {
  const view = (seconds: number, more: Partial<RoomCountdown> = {}) =>
    countdownView({ ...countdown, endsAt: at(0), ...more }, NOW + seconds * 1_000);
  expect([view(-1), view(1), view(11), view(-1, { state: 'cancelled' })]).toEqual(['running', 'over', 'none', 'none']);
  expect(sharesOf({ tally: null, answers: 3 })).toBeNull();
  expect(sharesOf({ tally: [0, 0], answers: 0 })).toEqual([0, 0]);
  expect(sharesOf({ tally: [1, 3], answers: 4 })).toEqual([0.25, 0.75]);
  const closed: Poll = { ...quiz, state: 'closed', rightNo: 2 };
  expect([outcomeOf(closed, [2]), outcomeOf(closed, [1]), outcomeOf(closed, null)]).toEqual([
    'correct',
    'wrong',
    'missed',
  ]);
  const merged = mergeLines([line(1), line(2)], [line(2, { version: 9, quantity: 5 })], [line(2, { version: 3 })]);
  expect(merged.map(({ no, quantity }) => [no, quantity])).toEqual([
    [2, 5],
    [1, 2],
  ]);
});
