// @vitest-environment jsdom
import type { Stage } from '@walnut-live/contracts';
import axe from 'axe-core';
import { act, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import { bagItem, byTestId, guest, offer, press, renderInRoom, testRoom, type, uuid } from '../testing/fixtures.tsx';
import { BagList } from './bag-list.tsx';
import { BottomBar } from './bottom-bar.tsx';
import { Chat } from './chat.tsx';
import { HeartLayer } from './hearts.tsx';
import { PausedNote } from './paused-note.tsx';
import { PinnedCard } from './pinned-card.tsx';
import { StageChips } from './stage-chip.tsx';
import { linkedProduct, useLinkedProduct } from './use-linked-product.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
beforeEach(() => {
  sessionStorage.clear();
  document.title = 'room';
  document.documentElement.lang = 'zh-CN';
  window.matchMedia = (() => ({
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  })) as never;
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
});
const show = async (...args: Parameters<typeof renderInRoom>) => {
  const rendered = await renderInRoom(...args);
  unmount = rendered.unmount;
  return rendered;
};

/** The room as one comes to it by a link. */
const Opens = ({ search }: { search: string }): ReactNode => {
  useLinkedProduct(linkedProduct(search));
  const { back } = usePurchase();
  return <button type="button" data-testid="close" onClick={back} />;
};

/** Says where the purchase stands. */
const FlowProbe = (): ReactNode => {
  const { flow } = usePurchase();
  return <output data-testid="flow">{flow ? `${flow.step}` : ''}</output>;
};

describe('whose picture it is', () => {
  const showing = (more: Partial<Stage> = {}): Stage => ({
    version: 1,
    shows: 'own',
    streamId: uuid(4),
    since: '2026-11-22T12:00:00.000Z',
    relay: null,
    cutIn: null,
    cohosts: [],
    ...more,
  });
  const relay = { title: '工厂直播', unitKind: 'hq', unitName: '总部', state: 'live' } as const;
  const cohosts = [{ seatId: uuid(60), name: '小梅', unitName: '二店', streamId: uuid(61), muted: false }];

  it.each<[string, Stage, 'realtime' | 'smooth', string]>([
    ['the store’s own says nothing', showing(), 'realtime', ''],
    ['headquarters’ programme', showing({ shows: 'relay', relay }), 'realtime', '总部转播'],
    [
      'a channel’s programme',
      showing({ shows: 'relay', relay: { ...relay, unitKind: 'channel', unitName: '华东渠道' } }),
      'realtime',
      '转播 · 华东渠道',
    ],
    ['the store’s guide in its place', showing({ shows: 'cut_in', relay }), 'realtime', '本店插播'],
    [
      'Z7 a generated picture, relayed',
      showing({ shows: 'relay', relay, aiPicture: true }),
      'realtime',
      'AI 生成画面 总部转播',
    ],
    ['co-hosts who are all there', showing({ cohosts }), 'realtime', ''],
    ['co-hosts in one picture by HLS', showing({ cohosts }), 'smooth', '连麦中 · 流畅模式为合成画面，繁忙时仅显示主播'],
  ])('%s', async (_, stage, mode, text) => {
    const { host } = await show(<StageChips showing={stage} mode={mode} />);
    expect(host.textContent?.trim()).toBe(text);
  });
});

describe('pinned card', () => {
  it('shows the live price, strikes the lowest deal of seven days (Z4) and counts what is left', async () => {
    await show(<PinnedCard />);
    const card = byTestId('pinned-card');
    expect(card.textContent).toContain('现价 ¥39.90');
    expect(card.textContent).toContain('原价 ¥54.90');
    expect(card.textContent).toContain('仅剩 6 件');
    expect(card.querySelector('[role="timer"]')).not.toBeNull();
  });

  it('sells out in place: the same elements, the button says so and is disabled', async () => {
    const { room } = await show(<PinnedCard />);
    const before = byTestId('pinned-card').querySelectorAll('*').length;
    await act(async () =>
      room.dispatch({
        type: 'frame',
        frame: {
          seq: 11,
          at: '2026-11-22T12:00:01.000Z',
          events: [
            {
              seq: 11,
              at: '2026-11-22T12:00:01.000Z',
              event: { kind: 'stock:changed', skuId: uuid(20), available: 0, offerId: uuid(50), taken: 10 },
            },
          ],
        },
      }),
    );
    expect(byTestId<HTMLButtonElement>('buy').disabled).toBe(true);
    expect(byTestId('buy').textContent).toBe('已售罄');
    expect(byTestId('pinned-card').querySelectorAll('*').length).toBe(before);
  });

  it('one tap leads a consumer to the checkout when there is nothing to choose', async () => {
    await show(
      <>
        <PinnedCard />
        <FlowProbe />
      </>,
    );
    await press(byTestId('buy'));
    expect(byTestId('flow').textContent).toBe('checkout');
  });

  it('with several SKUs it leads to the product', async () => {
    const item = bagItem();
    const [sku] = item.product.skus;
    if (!sku) throw new Error('fixture');
    const two = { ...item, product: { ...item.product, skus: [sku, { ...sku, id: uuid(21), name: '燕麦味' }] } };
    await show(
      <>
        <PinnedCard />
        <FlowProbe />
      </>,
      { room: testRoom(two) },
    );
    await press(byTestId('buy'));
    expect(byTestId('flow').textContent).toBe('product');
  });

  it('a product that the address names opens once; one that is not in the bag does not', async () => {
    const item = bagItem();
    const seen = async (search: string) => {
      await show(
        <>
          <Opens search={search} />
          <FlowProbe />
        </>,
        { room: testRoom(item) },
      );
      const first = byTestId('flow').textContent;
      await press(byTestId('close'));
      const then = byTestId('flow').textContent;
      await unmount?.();
      return [first, then];
    };
    expect(await seen(`?via=x&product=${item.product.id}`)).toEqual(['product', '']);
    expect(await seen(`?product=${uuid(99)}`)).toEqual(['', '']);
    expect(await seen('')).toEqual(['', '']);
  });

  it('an offer that ended is not shown', async () => {
    const past = offer({ endsAt: new Date(Date.now() - 1_000).toISOString() });
    await show(<PinnedCard />, { room: testRoom(bagItem({ offers: [past] })) });
    expect(byTestId('pinned-card').textContent).toContain('¥54.90');
    expect(byTestId('pinned-card').querySelector('[role="timer"]')).toBeNull();
  });
});

describe('chat', () => {
  const message = (no: number) => ({
    messageId: `m${no}`,
    personId: uuid(100 + no),
    name: `观众${no}`,
    role: 'viewer' as const,
    text: `<b>消息${no}</b>`,
    at: '2026-11-22T12:00:00.000Z',
  });
  const say = (room: ReturnType<typeof testRoom>, ...numbers: number[]): Promise<void> =>
    act(async () => {
      for (const no of numbers) room.dispatch({ type: 'chat:accepted', clientMessageId: '', message: message(no) });
    });

  it('is a polite log, and what people write stays text', async () => {
    const { room } = await show(<Chat />);
    await say(room, 1);
    const log = byTestId('chat-log');
    expect([log.getAttribute('role'), log.getAttribute('aria-live')]).toEqual(['log', 'polite']);
    expect(log.textContent).toContain('<b>消息1</b>');
    expect(log.querySelector('b')).toBeNull();
  });

  it('counts what came while one reads further up, and leads back to the end', async () => {
    const { room } = await show(<Chat />);
    await say(room, 1, 2);
    const log = byTestId('chat-log');
    Object.defineProperties(log, { scrollHeight: { value: 900 }, clientHeight: { value: 200 } });
    log.scrollTop = 100;
    await act(async () => void log.dispatchEvent(new Event('scroll')));
    await say(room, 3, 4, 5);
    const pill = document.querySelector<HTMLButtonElement>('.pl-unread');
    expect(pill?.textContent).toContain('3 条新消息');
    if (pill) await press(pill);
    expect(document.querySelector('.pl-unread')).toBeNull();
    expect(log.scrollTop).toBe(900);
  });

  it('an own message that failed can be sent again', async () => {
    const { room } = await show(<Chat />);
    const item = {
      clientMessageId: uuid(700),
      text: '多少钱',
      name: '小林',
      personId: uuid(900),
      at: '2026-11-22T12:00:00.000Z',
      state: 'failed' as const,
      code: 'rate_limited' as const,
      echoed: false,
    };
    await act(async () => room.dispatch({ type: 'chat:queued', item }));
    const retry = document.querySelector<HTMLButtonElement>('.pl-line-retry');
    if (retry) await press(retry);
    expect(room.asked).toEqual([['retry', uuid(700)]]);
  });
});

describe('bottom bar', () => {
  const bar = (
    <>
      <HeartLayer />
      <BottomBar onBag={() => undefined} onShare={() => undefined} />
    </>
  );

  it('sends what a consumer types and likes on a tap', async () => {
    const { room } = await show(bar);
    await type(byTestId<HTMLInputElement>('chat-input'), '多少钱');
    await press(byTestId('chat-send'));
    await press(byTestId('like'));
    expect(room.asked).toEqual([
      ['chat', '多少钱'],
      ['like', 1],
    ]);
    expect(byTestId<HTMLInputElement>('chat-input').value).toBe('');
  });

  it('asks a guest to sign in first, and then sends what was typed', async () => {
    const { room } = await show(bar, { me: guest });
    await type(byTestId<HTMLInputElement>('chat-input'), '多少钱');
    await press(byTestId('chat-send'));
    await act(async () => void (await import('../app/sign-in-sheet.tsx')));
    expect(room.asked).toEqual([]);
    await type(byTestId<HTMLInputElement>('sign-in-phone'), '13800000001');
    await press(byTestId('sign-in-submit'));
    await vi.waitFor(() => expect(room.asked).toEqual([['chat', '多少钱']]));
    expect(document.querySelector('[data-testid="sign-in-phone"]')).toBeNull();
  });

  it('a muted person sees why the field is closed', async () => {
    const { room } = await show(bar);
    await act(async () =>
      room.dispatch({
        type: 'frame',
        frame: {
          seq: 11,
          at: '2026-11-22T12:00:01.000Z',
          events: [
            {
              seq: 11,
              at: '2026-11-22T12:00:01.000Z',
              event: { kind: 'viewer:muted', personId: uuid(900), until: null },
            },
          ],
        },
      }),
    );
    const input = byTestId<HTMLInputElement>('chat-input');
    expect([input.disabled, input.placeholder]).toEqual([true, '你已被禁言']);
  });
});

it('card, chat, bar and bag are accessible (axe; contrast is checked in a browser)', async () => {
  await show(
    <>
      <h1>直播间</h1>
      <PinnedCard />
      <Chat />
      <BottomBar onBag={() => undefined} onShare={() => undefined} />
      <BagList />
    </>,
  );
  const { violations } = await axe.run(document.body, { rules: { 'color-contrast': { enabled: false } } });
  expect(
    violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' ')}`),
  ).toEqual([]);
});

describe('a paused room', () => {
  it('says so, keeps what was typed and sends it only when the room goes on', async () => {
    const { room } = await show(
      <>
        <PausedNote />
        <BottomBar onBag={() => undefined} onShare={() => undefined} />
      </>,
    );
    const input = byTestId('chat-input') as HTMLInputElement;
    const say = (paused: boolean) =>
      act(async () => room.dispatch({ type: 'connection', connection: { state: 'online' }, paused }));
    const said = () => room.asked.filter(([name]) => name === 'chat');
    expect(document.querySelector('[data-testid="room-paused"]')).toBeNull();
    await type(input, '还有货吗');
    await say(true);
    expect(byTestId('room-paused').textContent).toBe('互动暂停片刻，马上回来。观看、下单照常');
    expect((byTestId('chat-send') as HTMLButtonElement).disabled).toBe(true);
    await act(async () => input.form?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })));
    expect(said()).toEqual([]);
    expect(input.value).toBe('还有货吗');
    await press(byTestId('like'));
    expect(room.asked.at(-1)?.[0]).toBe('like');
    await say(false);
    expect(document.querySelector('[data-testid="room-paused"]')).toBeNull();
    await press(byTestId('chat-send'));
    expect(said()).toEqual([['chat', '还有货吗']]);
    expect(input.value).toBe('');
  });
});
