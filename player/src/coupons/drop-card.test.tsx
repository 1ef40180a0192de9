// @vitest-environment jsdom
import type { CouponDrop } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, expect, it } from 'vitest';
import {
  type ApiAnswer,
  type ApiCall,
  byTestId,
  press,
  ROOM,
  renderInRoom,
  testRoom,
  uuid,
} from '../testing/fixtures.tsx';
import { CouponDropCard } from './drop-card.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
  sessionStorage.clear();
});

const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();
const drop = (more: Partial<CouponDrop> = {}): CouponDrop => ({
  ...{
    id: uuid(60),
    roomId: ROOM,
    kindId: uuid(61),
    state: 'running',
    title: '满 50 减 20',
    offFen: 2_000,
    minSpendFen: 5_000,
  },
  ...{ validDays: 30, newcomersOnly: false, count: 100, taken: 40, startsAt: at(-5), endsAt: at(60), endedAt: null },
  ...more,
});
const nothing: ApiAnswer = { json: { coupon: null } };
const show = async (grab: ApiAnswer, given: Partial<CouponDrop> = {}) => {
  const room = testRoom();
  const answer = (call: ApiCall): ApiAnswer => (call.method === 'POST' ? grab : nothing);
  room.dispatch({
    type: 'frame',
    frame: {
      seq: 11,
      at: at(0),
      events: [{ seq: 11, at: at(0), event: { kind: 'coupon-drop:started', couponDrop: drop(given) } }],
    },
  });
  const rendered = await renderInRoom(<CouponDropCard />, { room, answer });
  unmount = rendered.unmount;
  return { ...rendered, room };
};
const state = () => byTestId('coupon-drop').dataset.state;

it('waits for its time, by the server’s clock, and then tells how many are left', async () => {
  const { room } = await show(nothing, { startsAt: at(30) });
  expect([state(), byTestId<HTMLButtonElement>('grab-coupon').disabled]).toEqual(['lead', true]);
  await act(async () =>
    room.dispatch({
      type: 'frame',
      frame: {
        seq: 12,
        at: at(0),
        events: [{ seq: 12, at: at(0), event: { kind: 'coupon-drop:started', couponDrop: drop({ taken: 97 }) } }],
      },
    }),
  );
  expect(byTestId('coupon-drop').textContent).toContain('还剩 3 张');
});

it('one tap, one key: got it, and it cannot be tapped again', async () => {
  const { calls } = await show({ json: { coupon: { id: uuid(70) }, outcome: 'got' } });
  await press(byTestId('grab-coupon'));
  await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 0))));
  expect(state()).toBe('got');
  expect(byTestId('coupon-drop').textContent).toContain('抢到了');
  expect(document.querySelector('[data-testid="grab-coupon"]')).toBeNull();
  const grabs = calls.filter(({ method }) => method === 'POST');
  expect(grabs.map(({ path, key }) => [path, key !== null])).toEqual([[`/coupon-drops/${uuid(60)}/grab`, true]]);
});

it.each([
  ['gone', '券抢完了'],
  ['limit_reached', '已经领过'],
  ['not_newcomer', '新客专享'],
])('%s is said in human words', async (outcome, words) => {
  await show({ json: { coupon: null, outcome } });
  await press(byTestId('grab-coupon'));
  await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 0))));
  expect(byTestId('coupon-drop').textContent).toContain(words);
});

it('a lost answer is asked for again under the same key', async () => {
  const { calls } = await show('offline');
  await press(byTestId('grab-coupon'));
  await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 0))));
  await press(byTestId('grab-coupon'));
  await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 0))));
  const keys = calls.filter(({ method }) => method === 'POST').map(({ key }) => key);
  expect(keys.length).toBeGreaterThan(1);
  expect(new Set(keys).size).toBe(1);
});
