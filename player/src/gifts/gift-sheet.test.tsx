// @vitest-environment jsdom
import type { GiftReceipt } from '@walnut-live/contracts';
import axe from 'axe-core';
import { act } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetQueries } from '../app/query-host.tsx';
import { Chat } from '../room/chat.tsx';
import {
  type ApiAnswer,
  type ApiCall,
  byTestId,
  press,
  renderInRoom,
  testRoom,
  type,
  uuid,
} from '../testing/fixtures.tsx';
import { GiftLayer } from './gift-layer.tsx';
import GiftSheet from './gift-sheet.tsx';
import { GivingProvider, useGifts } from './giving-provider.tsx';
import { UndoBar } from './undo-bar.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
let reducedMotion = false;
beforeEach(() => {
  sessionStorage.clear();
  forgetQueries();
  document.title = 'room';
  document.documentElement.lang = 'zh-CN';
  reducedMotion = false;
  window.matchMedia = (() => ({
    matches: reducedMotion,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  })) as never;
  HTMLDialogElement.prototype.showModal ??= function showModal(this: HTMLDialogElement) {
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

const gift = {
  id: uuid(60),
  name: '小松鼠',
  nameEn: 'Squirrel',
  pictureUrl: '/pictures/gift-squirrel.svg',
  effect: 'small',
  priceCoins: 10,
  active: true,
};
const wallet = (coins: number, state: 'none' | 'adult' | 'minor' = 'adult') => ({
  ...{ coins, fenPerCoin: 10, coolingSeconds: 10, items: [], nextCursor: null },
  packages: [
    { id: 'yuan-6', priceFen: 600, coins: 60 },
    { id: 'yuan-30', priceFen: 3_000, coins: 300 },
  ],
  adult: { state, checkedAt: null, consentGivenAt: null },
  usage: { perGiftCapCoins: 200, day: { capCoins: 500, usedCoins: 260 }, month: { capCoins: 900, usedCoins: 260 } },
});
const receipt = (comboId: string, notice: GiftReceipt['notice'] = null): GiftReceipt => ({
  given: {
    ...{ id: uuid(61), roomId: uuid(1), giver: { id: uuid(900), name: '小林' }, quantity: 1, coins: 10, comboId },
    gift: { id: gift.id, name: gift.name, nameEn: gift.nameEn, pictureUrl: gift.pictureUrl, effect: 'small' },
    ...{ comboCount: 1, state: 'given' as const, at: new Date().toISOString() },
    takeBackUntil: new Date(Date.now() + 9_000).toISOString(),
  },
  coins: 50,
  usage: wallet(50).usage,
  notice,
});

/** The sheet with a room around it. */
const Opened = () => {
  const { setOpen, open } = useGifts();
  return (
    <>
      <button type="button" data-testid="open" onClick={() => setOpen(true)}>
        open
      </button>
      {open && <GiftSheet />}
      {!open && <UndoBar />}
    </>
  );
};
const show = async (answer: (call: ApiCall) => ApiAnswer | undefined) => {
  const rendered = await renderInRoom(
    <GivingProvider>
      <Opened />
    </GivingProvider>,
    { answer: (call) => answer(call) ?? (call.path === '/gifts' ? { json: { items: [gift] } } : { json: wallet(60) }) },
  );
  unmount = rendered.unmount;
  // The history entry of the sheet before may go only now, and would take this one with it.
  await eventually(async () => {
    if (!document.querySelector('dialog.pl-gift-sheet[open]')) await press(byTestId('open'));
    byTestId('gift-balance');
  });
  await eventually(() => expect(byTestId('gift-balance').textContent).not.toBe('—'));
  return rendered;
};
const eventually = (check: () => unknown) =>
  vi.waitFor(
    async () => {
      await act(async () => undefined);
      await check();
    },
    { timeout: 15_000 },
  );
const text = () => document.body.textContent ?? '';

describe('the gift sheet', () => {
  it('shows gifts, balance and what is used of the caps, marked from half on; axe is clean', async () => {
    await show(() => undefined);
    expect(byTestId('gift-card').textContent).toContain('小松鼠');
    expect(byTestId('gift-balance').textContent).toBe('60');
    expect(byTestId('gift-usage').dataset.half).toBe('true');
    expect(byTestId('gift-usage').textContent).toContain('260 / 500');
    const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
  });

  it('gives under a key, says what can be taken back and takes it back', async () => {
    const { calls } = await show((call) => {
      if (call.path.endsWith('/take-back'))
        return { json: { given: receipt('').given, coins: 60, usage: wallet(60).usage } };
      if (call.method === 'POST') return { status: 201, json: receipt((call.body as { comboId: string }).comboId) };
      return undefined;
    });
    await press(byTestId('gift-send'));
    await eventually(() => byTestId('gift-undo'));
    const sent = calls.find(({ method }) => method === 'POST');
    expect(sent).toMatchObject({
      path: `/rooms/${uuid(1)}/gifts`,
      body: { giftId: gift.id, quantity: 1, seenPriceCoins: 10 },
    });
    expect(sent?.key).toBeTruthy();
    expect(byTestId('gift-undo').textContent).toMatch(/送出 小松鼠 ×1撤回（\d+s）/);
    await press(byTestId('gift-take-back'));
    await eventually(() => expect(text()).toContain('已撤回，10 金币已退回'));
    expect(document.querySelector('[data-testid="gift-undo"]')).toBeNull();
  });

  it('who has not shown to be an adult gets the form first; the number is sent once and the gift is not', async () => {
    let state: 'none' | 'adult' = 'none';
    const { calls } = await show((call) => {
      if (call.path === '/me/adult-check') {
        state = 'adult';
        return { json: { state, checkedAt: null, consentGivenAt: null } };
      }
      if (call.path.startsWith('/wallet')) return { json: wallet(60, state) };
      return undefined;
    });
    await press(byTestId('gift-send'));
    await eventually(() => byTestId('adult-form'));
    await press(byTestId('adult-submit'));
    expect(text()).toContain('请输入真实姓名');
    await type(byTestId<HTMLInputElement>('adult-name'), '林小桃');
    await type(byTestId<HTMLInputElement>('adult-number'), '11010519491231002x');
    await press(byTestId('adult-submit'));
    expect(text()).toContain('请先勾选同意');
    await press(byTestId('adult-consent'));
    await press(byTestId('adult-submit'));
    await eventually(() => byTestId('gift-card'));
    const checks = calls.filter(({ path }) => path === '/me/adult-check');
    expect(checks.map(({ body }) => body)).toEqual([
      { name: '林小桃', idNumber: '11010519491231002X', consentWording: 1 },
    ]);
    expect(calls.some(({ path }) => path.endsWith('/gifts') && path !== '/gifts')).toBe(false);
  });

  it('too few coins lead to the shop, and from there to the cashier', async () => {
    const { calls } = await show((call) => {
      if (call.path.endsWith('/top-ups'))
        return {
          status: 201,
          json: {
            topUpId: uuid(70),
            coins: 300,
            paymentId: uuid(71),
            provider: 'sandbox',
            amountFen: 3_000,
            cashierUrl: '/pay/x',
            expiresAt: '2099-01-01T00:00:00.000Z',
          },
        };
      if (call.path.startsWith('/payments/'))
        return {
          json: {
            id: uuid(71),
            orderId: null,
            orderNo: 'CZ1',
            topUp: { id: uuid(70), coins: 300 },
            amountFen: 3_000,
            state: 'pending',
            payee: '总部',
            expiresAt: '2099-01-01T00:00:00.000Z',
          },
        };
      if (call.method === 'POST')
        return {
          status: 409,
          json: { code: 'insufficient_coins', status: 409, requestId: 'r', facts: { neededCoins: 100 } },
        };
      return undefined;
    });
    await press(byTestId('gift-send'));
    await eventually(() => byTestId('coins-buy'));
    await press(byTestId('coins-buy'));
    await eventually(() => byTestId('cashier'));
    expect(calls.find(({ path }) => path.endsWith('/top-ups'))).toMatchObject({ body: { packageId: 'yuan-30' } });
  });

  it('says which cap stands in the way, and when half of one is passed', async () => {
    let answers = 0;
    await show((call) => {
      if (call.method !== 'POST') return undefined;
      answers += 1;
      return answers === 1
        ? { status: 201, json: receipt((call.body as { comboId: string }).comboId, 'day_half') }
        : {
            status: 409,
            json: {
              code: 'gift_cap_reached',
              status: 409,
              requestId: 'r',
              facts: { cap: 'day', capCoins: 500, usedCoins: 500 },
            },
          };
    });
    await press(byTestId('gift-send'));
    await eventually(() => expect(text()).toContain('今日送礼已过限额一半'));
    await press(byTestId('gift-send'));
    await eventually(() => expect(text()).toContain('每日最多 500 金币'));
  });
});

describe('gifts in the room', () => {
  const shown = (more: object = {}) => ({
    ...{
      givenGiftId: uuid(61),
      giftId: gift.id,
      personId: uuid(5),
      name: '小雨',
      giftName: '核桃树',
      giftNameEn: 'Walnut tree',
    },
    ...{ pictureUrl: '/pictures/gift-tree.svg', effect: 'large' as const, quantity: 1, coins: 520, comboId: uuid(62) },
    ...{ comboCount: 1, at: new Date().toISOString(), ...more },
  });

  it('a large gift is large, and stands still for whoever asks for less motion', async () => {
    for (reducedMotion of [false, true]) {
      let tell: (event: never) => void = () => undefined;
      const room = Object.assign(testRoom(), {
        onEvent: (listener: (event: never) => void) => {
          tell = listener;
          return () => undefined;
        },
      });
      const rendered = await renderInRoom(<GiftLayer />, { room });
      await act(async () => tell({ kind: 'gift:sent', gift: shown() } as never));
      expect(byTestId('gift-lane').textContent).toContain('小雨送出 核桃树×1');
      expect(document.querySelectorAll('[data-testid="gift-large"]')).toHaveLength(reducedMotion ? 0 : 1);
      await act(async () =>
        tell({ kind: 'gift:taken-back', givenGiftId: uuid(61), comboId: uuid(62), quantity: 1 } as never),
      );
      expect(document.querySelectorAll('[data-testid="gift-lane"], [data-testid="gift-large"]')).toHaveLength(0);
      await rendered.unmount();
      document.body.replaceChildren();
    }
  });

  it('stands in the chat as one line per burst', async () => {
    const room = testRoom();
    const rendered = await renderInRoom(<Chat />, { room });
    unmount = rendered.unmount;
    const frame = (seq: number, event: object) =>
      act(async () =>
        room.dispatch({ type: 'frame', frame: { seq, at: '', events: [{ seq, at: '', event: event as never }] } }),
      );
    await frame(11, { kind: 'gift:sent', gift: shown() });
    await frame(12, { kind: 'gift:sent', gift: shown({ comboCount: 3 }) });
    expect([...document.querySelectorAll('[data-testid="gift-line"]')].map((line) => line.textContent)).toEqual([
      '小雨送出 核桃树×3',
    ]);
  });
});
