// @vitest-environment jsdom
/** A hasty finger changes nothing twice. */
import { createRoomSlot } from '@walnut-live/contracts';
import type { ReactNode } from 'react';
import { afterEach, expect, it } from 'vitest';
import { createDesk } from '../testing/desk.tsx';
import { useAction } from './use-call.ts';

const desk = createDesk();
afterEach(desk.leave);

type Slot = ReturnType<typeof useAction<typeof createRoomSlot>>;
let slot: Slot;
const Holder = (): ReactNode => {
  slot = useAction(createRoomSlot, []);
  return null;
};
const body = (title: string) => ({ body: { title } }) as unknown as Parameters<Slot['mutateAsync']>[0];

it('the same before its answer is sent once, and both have the answer; another one and a later one are sent', async () => {
  let answer = (_: object): void => undefined;
  let made = 0;
  const answers = {
    [createRoomSlot.id]: () => {
      made += 1;
      return new Promise<object>((resolve) => (answer = resolve));
    },
  };
  await desk.show(<Holder />, answers);
  const [first, second] = [slot.mutateAsync(body('工厂直播')), slot.mutateAsync(body('工厂直播'))];
  await expect.poll(() => made).toBe(1);
  answer({ id: 'a' });
  expect(await Promise.all([first, second])).toEqual([{ id: 'a' }, { id: 'a' }]);

  const later = slot.mutateAsync(body('工厂直播'));
  await expect.poll(() => made).toBe(2);
  const answerLater = answer;
  const other = slot.mutateAsync(body('样品直播'));
  await expect.poll(() => made).toBe(3);
  answerLater({ id: 'b' });
  answer({ id: 'c' });
  expect([await later, await other]).toEqual([{ id: 'b' }, { id: 'c' }]);
  expect(desk.sent().map(([, { body }]) => (body as { title: string }).title)).toEqual([
    '工厂直播',
    '工厂直播',
    '样品直播',
  ]);
});

it('on, off and on again are three, however slow the answers are', async () => {
  const waiting: ((reply: object) => void)[] = [];
  const answers = { [createRoomSlot.id]: () => new Promise<object>((resolve) => waiting.push(resolve)) };
  await desk.show(<Holder />, answers);
  const asked = ['开', '关', '开', '开'].map((title) => slot.mutateAsync(body(title)));
  await expect.poll(() => waiting.length).toBe(3);
  // An earlier one that ends forgets nothing of the latest.
  waiting[0]?.({ id: 'a' });
  await asked[0];
  asked.push(slot.mutateAsync(body('开')));
  waiting[1]?.({ id: 'b' });
  waiting[2]?.({ id: 'c' });
  expect((await Promise.all(asked)).map((reply) => (reply as { id: string }).id)).toEqual(['a', 'b', 'c', 'c', 'c']);
  expect(desk.sent().map(([, { body }]) => (body as { title: string }).title)).toEqual(['开', '关', '开']);
});

it('a refusal goes to both, and the next try is sent', async () => {
  let made = 0;
  await desk.show(<Holder />, {
    [createRoomSlot.id]: async () => {
      made += 1;
      if (made === 1) throw new Error('no');
      return { id: 'a' };
    },
  });
  const tries = [slot.mutateAsync(body('工厂直播')), slot.mutateAsync(body('工厂直播'))];
  expect((await Promise.allSettled(tries)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await slot.mutateAsync(body('工厂直播'))).toEqual({ id: 'a' });
  expect(made).toBe(2);
});
