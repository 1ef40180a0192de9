// @vitest-environment jsdom
import type { GroupBuy, GroupBuyTerms } from '@walnut-live/contracts';
import { act } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { usePurchase } from '../purchase/purchase-provider.tsx';
import {
  type ApiAnswer,
  type ApiCall,
  byTestId,
  press,
  ROOM,
  renderInRoom,
  type TestRoom,
  testRoom,
  uuid,
} from '../testing/fixtures.tsx';
import { GroupCheckout } from './group-checkout.tsx';
import GroupHint from './group-hint.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let unmount: (() => Promise<void>) | null = null;
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
  sessionStorage.clear();
  localStorage.clear();
});

const terms: GroupBuyTerms = {
  title: '三人团',
  product: { id: uuid(10), title: '核桃酥', pictureUrl: '/w.svg' },
  sku: { id: uuid(20), name: '8 枚' },
  ...{ priceFen: 2_690, shelfPriceFen: 2_990, size: 3, perPerson: 1 },
};
const address = {
  ...{ recipient: '周宁', phone: '13800000001', province: '浙江省', city: '杭州市', district: '西湖区' },
  street: '山核桃路 8 号',
};
const quoted = (shippingFen: number | null): ApiAnswer => ({
  json: {
    ...{ shippingFen, freeInFen: 1_000, freeFromFen: 3_690 },
    pickup: { place: '湖滨路 1 号', phone: '0571-1' },
  },
});
const placed: ApiAnswer = { status: 201, json: { id: uuid(300), payment: { id: uuid(400) }, groupBuy: null } };
const WAIT = { timeout: 10_000, interval: 20 };
/** The quote is asked for when nobody types any more; each look lets React catch up. */
const isShown = (text: string) =>
  vi.waitFor(async () => {
    await act(async () => undefined);
    expect(document.body.textContent).toContain(text);
  }, WAIT);

describe('ordering in a group', () => {
  const open = async (answers: { quotes: ApiAnswer[]; orders: ApiAnswer[] }) => {
    localStorage.setItem('walnut-live.address', JSON.stringify(address));
    const answer = ({ path }: ApiCall): ApiAnswer => {
      if (path === '/orders') return answers.orders.shift() ?? placed;
      const [quote] = answers.quotes;
      if (path !== '/shipping/quote' || !quote) return { status: 404, json: { code: 'not_found' } };
      if (answers.quotes.length > 1) answers.quotes.shift();
      return quote;
    };
    const onPlaced = vi.fn();
    const rendered = await renderInRoom(
      <GroupCheckout
        roomId={ROOM}
        wish={{ campaignId: uuid(900) }}
        terms={terms}
        onPlaced={onPlaced}
        onBack={() => undefined}
      />,
      { answer },
    );
    unmount = rendered.unmount;
    const orders = () => rendered.calls.filter(({ path }) => path === '/orders').map(({ body }) => body);
    const place = () => act(async () => byTestId('group-place').click());
    return { onPlaced, orders, place };
  };

  it('says what it costs to send, and orders by what it said', async () => {
    const { onPlaced, orders, place } = await open({ quotes: [quoted(600)], orders: [placed] });
    await isShown('¥32.90');
    expect(byTestId('group-shipping').textContent).toBe('¥6.00');
    await place();
    expect(orders()).toMatchObject([
      { address, seenShippingFen: 600, groupBuy: { campaignId: uuid(900) }, lines: [{ seenPriceFen: 2_690 }] },
    ]);
    expect(onPlaced).toHaveBeenCalledWith({ orderId: uuid(300), paymentId: uuid(400) });
  });

  it('another fee is told, asked for anew, and then ordered by', async () => {
    const changed: ApiAnswer = {
      status: 409,
      json: { code: 'price_changed', status: 409, requestId: 'r', facts: { shippingFen: 900 } },
    };
    const { onPlaced, orders, place } = await open({ quotes: [quoted(600), quoted(900)], orders: [changed, placed] });
    await isShown('¥32.90');
    await place();
    expect(byTestId('group-refusal').textContent).toContain('运费已变为 ¥9.00');
    expect(onPlaced).not.toHaveBeenCalled();
    await isShown('¥35.90');
    await place();
    expect(orders()[1]).toMatchObject({ seenShippingFen: 900 });
  });

  it('fetched from the store it costs nothing to send and needs no address', async () => {
    const { orders, place } = await open({ quotes: [quoted(600)], orders: [placed] });
    await isShown('到店自提');
    await press(byTestId('way-pickup'));
    expect(byTestId('group-total').textContent).toBe('¥26.90');
    await place();
    expect(orders()).toMatchObject([{ pickup: { recipient: '周宁', phone: '13800000001' }, seenShippingFen: 0 }]);
  });

  it('nothing is ordered to where nothing is sent', async () => {
    const { orders, place } = await open({ quotes: [quoted(null)], orders: [] });
    await isShown('暂不支持配送');
    await place();
    expect(orders()).toEqual([]);
  });
});

const Flow = () => <output data-testid="flow">{JSON.stringify(usePurchase().flow)}</output>;

describe('the hint over the picture', () => {
  const group = (no: number, more: Partial<GroupBuy> = {}): GroupBuy => ({
    ...terms,
    ...{ id: uuid(no), campaignId: uuid(900), roomId: ROOM, state: 'open', held: 2, paid: 1 },
    members: [{ name: '安*', opener: true }],
    ...{ openedAt: new Date().toISOString(), deadlineAt: '2099-01-01T00:00:00.000Z', endedAt: null },
    ...more,
  });
  const tell = (room: TestRoom, groupBuy: GroupBuy) => {
    const seq = room.get().seq + 1;
    const at = new Date().toISOString();
    const event = { kind: 'group-buy:opened', groupBuy } as const;
    return act(async () => room.dispatch({ type: 'frame', frame: { seq, at, events: [{ seq, at, event }] } }));
  };
  const show = async () => {
    const room = testRoom();
    const rendered = await renderInRoom(
      <>
        <GroupHint />
        <Flow />
      </>,
      { room },
    );
    unmount = rendered.unmount;
    return room;
  };
  const hint = () => document.querySelector('[data-testid="group-hint"]');

  it('says who opened a group and how many are missing, and leads to the product', async () => {
    const room = await show();
    expect(hint()).toBeNull();
    await tell(room, group(70));
    expect(hint()?.textContent).toContain('安* 开了团，还差 1 人');
    await press(byTestId('group-hint').querySelector('button') as HTMLElement);
    expect(byTestId('flow').textContent).toContain(`"productId":"${uuid(10)}"`);
    expect(hint()).toBeNull();
  });

  it('goes with the last seat, and for a while when it is closed', async () => {
    const room = await show();
    await tell(room, group(71));
    await tell(room, group(71, { held: 3 }));
    expect(hint()).toBeNull();
    await tell(room, group(72));
    expect(hint()).toBeNull();
  });

  it('can be closed; a product that is not in the bag is nothing to tap', async () => {
    const room = await show();
    await tell(room, group(73, { product: { ...terms.product, id: uuid(99) } }));
    expect(hint()).toBeNull();
    await tell(room, group(74));
    await press(byTestId('group-hint-hide'));
    expect(hint()).toBeNull();
    await tell(room, group(75));
    expect(hint()).toBeNull();
  });
});
