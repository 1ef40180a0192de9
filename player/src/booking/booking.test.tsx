// @vitest-environment jsdom
import type { RoomBooking } from '@walnut-live/contracts';
import { findMessageProblems } from '@walnut-live/ui';
import { act } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type ApiAnswer, byTestId, press, ROOM, renderInRoom } from '../testing/fixtures.tsx';
import Booking from './booking.tsx';
import { bookingI18n } from './messages.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
beforeEach(() => void vi.spyOn(navigator, 'userAgent', 'get').mockReturnValue('MicroMessenger/8.0'));
afterEach(async () => {
  await unmount?.();
  unmount = null;
  vi.restoreAllMocks();
  document.body.replaceChildren();
});
const booking = (more: Partial<RoomBooking> = {}): ApiAnswer => ({
  json: { booked: true, people: 3, remindMinutes: 30, wechatUrl: null, ...more },
});
/** The client tries again by itself before it gives up. */
const until = (check: () => void): Promise<void> => act(() => vi.waitFor(check, { timeout: 15_000 }));
const show = async (answers: ApiAnswer[], path = '/') => {
  history.replaceState({ idx: 1 }, '', path);
  const leaveFor = vi.fn();
  const rendered = await renderInRoom(<Booking roomId={ROOM} leaveFor={leaveFor} />, {
    answer: () => answers[0] ?? 'offline',
  });
  unmount = rendered.unmount;
  await act(async () => undefined);
  return { ...rendered, leaveFor };
};

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(bookingI18n.messages)).toEqual([]);
});

it('a question that failed is said, and asked again by a tap', async () => {
  const answers: ApiAnswer[] = ['offline'];
  const { host } = await show(answers);
  const retry = () => host.querySelector<HTMLButtonElement>('[data-testid="booking-failed"] button');
  await until(() => expect(retry()).not.toBeNull());
  expect(host.querySelector('[aria-busy="true"]')).toBeNull();
  await press(retry() ?? host);
  await until(() => expect(retry()).not.toBeNull()); // still away
  answers.splice(0, 1, booking());
  await press(retry() ?? host);
  await until(() => expect(byTestId('booking').dataset.booked).toBe('true'));
});

it('the way to WeChat is fetched when it is taken, not when the page was opened', async () => {
  const stale = 'https://mp.weixin.qq.com/mp/subscribemsg?stale';
  const fresh = 'https://mp.weixin.qq.com/mp/subscribemsg?fresh';
  const answers = [booking({ wechatUrl: stale })];
  const { leaveFor } = await show(answers);
  answers.splice(0, 1, booking({ wechatUrl: fresh }));
  await press(byTestId('book-wechat'));
  await until(() => expect(leaveFor.mock.calls).toEqual([[fresh]]));
  answers.splice(0, 1, booking());
  // Said "yes" on another device meanwhile: there is nothing to ask any more.
  await press(byTestId('book-wechat'));
  await until(() => expect(document.querySelector('[data-testid="book-wechat"]')).toBeNull());
  expect(leaveFor).toHaveBeenCalledTimes(1);
});

it.each([
  ['wechat', '微信里提醒你'],
  ['here', '只在这里'],
  ['late', '再点一次'],
])('back from WeChat with %s: said on the page, and out of the address', async (told, words) => {
  await show([booking()], `/?told=${told}&x=1`);
  expect(byTestId('told').textContent).toContain(words);
  expect([location.search, history.state]).toEqual(['?x=1', { idx: 1 }]);
});

it('an address that somebody copied says nothing to whoever has not booked', async () => {
  await show([booking({ booked: false })], '/?told=wechat');
  expect(document.querySelector('[data-testid="told"]')).toBeNull();
});
