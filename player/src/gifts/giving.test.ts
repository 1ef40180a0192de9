import type { GiftView } from '@walnut-live/contracts';
import { ApiError } from '@walnut-live/live-client/http';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { uuid } from '../testing/fixtures.tsx';
import { createGiving, type Giving, lastBurst } from './giving.ts';

const walnut: GiftView = {
  ...{ id: uuid(1), name: '小核桃', nameEn: 'Little walnut', pictureUrl: '/pictures/gift-walnut.svg' },
  ...{ effect: 'small', priceCoins: 1, active: true },
};
const basket: GiftView = { ...walnut, id: uuid(2), priceCoins: 100 };

type Call = { path: string; key: string | undefined; body: { quantity: number; comboId: string } };
let now = 1_000_000;
let calls: Call[];
let refuse: ((call: Call) => ApiError | null) | null;
let release: (() => void)[];
let refused: unknown[];
let giving: Giving;

const flush = () => vi.waitFor(() => expect(giving.get().sending).toBeNull(), { timeout: 5_000 });
beforeEach(() => {
  calls = [];
  refuse = null;
  release = [];
  refused = [];
  let id = 0;
  giving = createGiving({
    roomId: uuid(9),
    nowMs: () => now,
    newId: () => `id-${++id}`,
    onReceipt: () => undefined,
    onRefused: (error) => refused.push(error),
    api: {
      call: (async (route: { path: string }, args: { body: Call['body']; idempotencyKey?: string; params: object }) => {
        const call: Call = { path: route.path, key: args.idempotencyKey, body: args.body };
        calls.push(call);
        const failure = refuse?.(call);
        if (failure) throw failure;
        await new Promise<void>((resolve) => release.push(resolve));
        const { quantity, comboId } = args.body;
        const given = {
          id: `given-${calls.length}`,
          coins: quantity ?? 1,
          comboId,
          takeBackUntil: new Date(now + 10_000).toISOString(),
        };
        return { given, coins: 50 };
      }) as never,
    },
  });
});
const answer = async () => {
  await vi.waitFor(() => expect(release.length).toBeGreaterThan(0));
  release.shift()?.();
};

describe('taps', () => {
  it('that wait become one gift of more pieces, in the same burst', async () => {
    for (let tap = 0; tap < 5; tap += 1) giving.give({ gift: walnut, quantity: 1 });
    await answer();
    await answer();
    await flush();
    expect(calls.map(({ body }) => body.quantity)).toEqual([1, 4]);
    expect(new Set(calls.map(({ body }) => body.comboId)).size).toBe(1);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(2);
    expect(giving.get()).toMatchObject({ coins: 50, cooling: [{ quantity: 1 }, { quantity: 4 }] });
  });

  it('on another gift, or after a pause, are another burst', async () => {
    giving.give({ gift: walnut, quantity: 1 });
    giving.give({ gift: basket, quantity: 1 });
    await answer();
    await answer();
    await flush();
    now += 5_000;
    giving.give({ gift: basket, quantity: 1 });
    await answer();
    await flush();
    expect(new Set(calls.map(({ body }) => body.comboId)).size).toBe(3);
  });

  it('whose answer was lost are asked again under the same key', async () => {
    let lost = 2;
    refuse = () => (lost-- > 0 ? new ApiError({ code: 'offline', status: 0 }) : null);
    giving.give({ gift: walnut, quantity: 3 });
    await vi.waitFor(() => expect(release.length).toBe(1), { timeout: 5_000 });
    await answer();
    await flush();
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
  });

  it('that are refused end the queue and are told once', async () => {
    refuse = () => new ApiError({ code: 'insufficient_coins', status: 409 });
    giving.give({ gift: walnut, quantity: 1 });
    giving.give({ gift: walnut, quantity: 1 });
    giving.give({ gift: basket, quantity: 1 });
    await flush();
    expect(calls).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'insufficient_coins' }]);
  });
});

describe('taking back', () => {
  it('takes the whole last burst, and nothing that is no longer cooling', async () => {
    giving.give({ gift: walnut, quantity: 2 });
    await answer();
    await flush();
    now += 8_000;
    giving.give({ gift: walnut, quantity: 1 });
    await answer();
    await flush();
    expect(lastBurst(giving.get().cooling, now)).toHaveLength(1);
    now += 3_000;
    const back = giving.takeBack();
    await answer();
    expect(await back).toBe(1);
    expect(calls.filter(({ path }) => path.endsWith('take-back'))).toHaveLength(1);
    expect(lastBurst(giving.get().cooling, now)).toEqual([]);
    expect(await giving.takeBack()).toBe(0);
  });

  it('too late is told', async () => {
    giving.give({ gift: walnut, quantity: 1 });
    await answer();
    await flush();
    refuse = () => new ApiError({ code: 'too_late', status: 409 });
    await expect(giving.takeBack()).rejects.toMatchObject({ code: 'too_late' });
    expect(giving.get()).toMatchObject({ cooling: [], takingBack: false });
  });
});
