// @vitest-environment jsdom
import type { Coupon, CouponQuote } from '@walnut-live/contracts';
import { act, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ApiAnswer,
  type ApiCall,
  bagItem,
  byTestId,
  press,
  renderInRoom,
  testRoom,
  type,
  uuid,
} from '../testing/fixtures.tsx';
import { Checkout } from './checkout.tsx';
import { usePurchase } from './purchase-provider.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const address = {
  recipient: '张小满',
  phone: '13800001234',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  street: '文三路 90 号',
};
let unmount: (() => Promise<void>) | null = null;
beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
});

/** The checkout as the panel would show it, and where the flow goes from there. */
const Shell = (): ReactNode => {
  const { flow, checkout } = usePurchase();
  return (
    <>
      <button
        type="button"
        data-testid="start"
        onClick={() => checkout({ productId: uuid(10), skuId: uuid(20), quantity: 1 })}
      />
      <output data-testid="flow">{flow?.step === 'cashier' ? `cashier ${flow.paymentId}` : (flow?.step ?? '')}</output>
      {flow?.step === 'checkout' && <Checkout flow={flow} />}
    </>
  );
};

const placed: ApiAnswer = {
  status: 201,
  json: { id: uuid(300), state: 'pending_payment', payment: { id: uuid(400) } },
};
const paying: ApiAnswer = {
  json: {
    paymentId: uuid(400),
    provider: 'sandbox',
    amountFen: 1,
    cashierUrl: '/pay/x',
    expiresAt: '2026-11-22T12:15:00.000Z',
  },
};
const problem = (code: string, facts: object = {}): ApiAnswer => ({
  status: 409,
  json: { code, status: 409, requestId: 'r', facts },
});

const isCoupons = (call: ApiCall) => call.path.startsWith('/coupons');
const coupon = (no: number, offFen: number, minSpendFen: number, more: Partial<Coupon> = {}): Coupon => ({
  ...{ id: uuid(no), kindId: uuid(no + 1), title: '满减', offFen, minSpendFen, newcomersOnly: false, source: 'drop' },
  ...{ usage: 'order', stacking: 'alone', stackGroup: 'store', code: null },
  orgUnit: { id: uuid(2), kind: 'store', path: 'hq.east.s1', name: '一店' },
  ...{ state: 'held', orderId: null, usedAt: null, claimedAt: '2026-11-01T00:00:00.000Z' },
  expiresAt: '2099-01-01T00:00:00.000Z',
  ...more,
});

const open = async (
  answers: ApiAnswer[],
  options: { withAddress?: boolean; coupons?: Coupon[]; quote?: Partial<CouponQuote> } = {},
) => {
  if (options.withAddress ?? true) localStorage.setItem('walnut-live.address', JSON.stringify(address));
  const answer = (call: ApiCall): ApiAnswer =>
    call.path === '/coupons/quote'
      ? { json: { goodsFen: 0, discountFen: 0, shippingFen: null, couponIds: [], coupons: [], ...options.quote } }
      : isCoupons(call)
        ? { json: { items: call.path.startsWith('/coupons/') ? [] : (options.coupons ?? []), nextCursor: null } }
        : call.path === '/orders'
          ? (answers.shift() ?? placed)
          : paying;
  const rendered = await renderInRoom(<Shell />, { room: testRoom(bagItem()), answer });
  unmount = rendered.unmount;
  await press(byTestId('start'));
  return rendered;
};
const settle = (): Promise<void> => act(async () => void (await new Promise((resolve) => setTimeout(resolve, 0))));
/** What the order costs is asked for first; the button waits for it. */
const waitForButton = (disabled: boolean): Promise<void> =>
  vi.waitFor(async () => {
    await settle();
    expect(byTestId<HTMLButtonElement>('place-order').disabled).toBe(disabled);
  });
const place = async (): Promise<void> => {
  await waitForButton(false);
  await press(byTestId('place-order'));
  await settle();
};
/** The room around it reads this and that. */
/** A quote changes nothing, and comes when nobody has typed for a moment: before a slow machine looks, or after. */
const changes = (calls: ApiCall[]) => calls.filter((call) => call.method !== 'GET' && !call.path.endsWith('/quote'));
const orders = (calls: ApiCall[]) => calls.filter((call) => call.path === '/orders');

describe('checkout', () => {
  it('orders what the screen shows (rule S4), shipping included, and goes on to the cashier', async () => {
    const { calls } = await open([placed]);
    expect(byTestId('checkout').textContent).toContain('¥8.00');
    expect(document.querySelector('.pl-total')?.textContent).toContain('¥47.90');
    await place();
    expect(orders(calls)[0]?.body).toMatchObject({
      roomId: uuid(1),
      lines: [{ skuId: uuid(20), quantity: 1, seenPriceFen: 3_990, offerId: uuid(50), offerVersion: 1 }],
      address,
    });
    expect(changes(calls).every((call) => call.key !== null)).toBe(true);
    expect(byTestId('flow').textContent).toBe(`cashier ${uuid(400)}`);
  });

  it('asks again at the new price and then orders by it, under a new key', async () => {
    const { calls } = await open([
      problem('price_changed', { priceFen: 4_490, offerId: uuid(50), offerVersion: 2 }),
      placed,
    ]);
    await place();
    expect(byTestId('refusal').textContent).toBe('价格已从 ¥39.90 变为 ¥44.90，确认后请重新提交');
    expect(byTestId('place-order').textContent).toBe('按新价格提交');
    await place();
    const [first, second] = orders(calls);
    expect(second?.body).toMatchObject({ lines: [{ seenPriceFen: 4_490, offerId: uuid(50), offerVersion: 2 }] });
    expect(second?.key).not.toBe(first?.key);
  });

  it.each([
    ['offer_sold_out', 'offer_over', '¥54.90'],
    ['out_of_stock', 'out_of_stock', '售罄'],
    ['limit_exceeded', 'limit_exceeded', '限购'],
  ])('%s is said in human words', async (code, kind, words) => {
    await open([problem(code)]);
    await place();
    expect(byTestId('refusal').dataset.kind).toBe(kind);
    expect(byTestId('refusal').textContent).toContain(words);
    await waitForButton(kind === 'out_of_stock');
  });

  it('M3: a lost answer is asked for again under the same key, whatever the screen shows by then', async () => {
    const { calls, room } = await open(['offline', placed]);
    await place();
    expect(byTestId('refusal').textContent).toContain('不会重复下单');
    await act(async () =>
      room.dispatch({
        type: 'bag',
        bag: { roomId: uuid(1), pinnedProductId: null, items: [bagItem({ offers: [] })] },
      }),
    );
    await place();
    const [first, second] = orders(calls);
    expect(second).toEqual(first);
    expect(byTestId('flow').textContent).toContain('cashier');
  });

  it('M3: after a reload the order under way is resolved before anything else', async () => {
    const { calls } = await open(['offline']);
    await place();
    await unmount?.();
    document.body.replaceChildren();
    const answer = (call: ApiCall): ApiAnswer =>
      isCoupons(call) ? { json: { items: [], nextCursor: null } } : call.path === '/orders' ? placed : paying;
    const reloaded = await renderInRoom(<Shell />, { room: testRoom(bagItem()), answer });
    unmount = reloaded.unmount;
    await settle();
    expect(orders(reloaded.calls)).toEqual(orders(calls));
    expect(byTestId('flow').textContent).toContain('cashier');
  });

  it('names the fields that are wrong and keeps what was typed across a reload', async () => {
    const { calls } = await open([], { withAddress: false });
    await type(byTestId<HTMLInputElement>('address-recipient'), '张小满');
    await type(byTestId<HTMLInputElement>('address-phone'), '123');
    await place();
    expect(changes(calls)).toEqual([]);
    expect(document.querySelector('[role="alert"]')?.textContent).toBe('请检查：手机号、省份、城市、区县、详细地址');
    expect(JSON.parse(localStorage.getItem('walnut-live.address') ?? '{}')).toMatchObject({ recipient: '张小满' });
  });

  it('takes the coupon that saves most by itself, shows the saving, and orders with it', async () => {
    const { calls } = await open([placed], {
      coupons: [coupon(510, 300, 1_000), coupon(520, 1_000, 3_900), coupon(530, 9_000, 90_000)],
    });
    await settle();
    expect(byTestId('coupon-line').dataset.chosen).toBe(uuid(520));
    expect(byTestId('discount').textContent).toBe('−¥10.00');
    expect(document.querySelector('.pl-total')?.textContent).toContain('¥37.90');
    await place();
    expect(orders(calls)[0]?.body).toMatchObject({ couponIds: [uuid(520)], lines: [{ seenPriceFen: 3_990 }] });
  });

  it('another coupon can be chosen, one that does not fit cannot, and it can be left out', async () => {
    const { calls } = await open([placed], {
      coupons: [coupon(510, 300, 1_000), coupon(520, 1_000, 3_900), coupon(530, 9_000, 90_000)],
    });
    await settle();
    await press(byTestId('coupon-open'));
    const option = (no: number) => document.querySelector<HTMLInputElement>(`input[value="${uuid(no)}"]`);
    expect([510, 520, 530].map((no) => option(no)?.disabled)).toEqual([false, false, true]);
    await press(option(510) as HTMLInputElement);
    expect(byTestId('discount').textContent).toBe('−¥3.00');
    await press(byTestId('coupon-none'));
    expect(document.querySelector('[data-testid="discount"]')).toBeNull();
    await place();
    expect(orders(calls)[0]?.body).not.toHaveProperty('couponIds');
  });

  it('several that go together are chosen by themselves; one that stands alone puts the others aside', async () => {
    const stacked = { stacking: 'with_others' } as const;
    const { calls } = await open([placed], {
      coupons: [
        coupon(510, 500, 1_000, stacked),
        coupon(520, 300, 1_000, { ...stacked, stackGroup: 'brand' }),
        coupon(530, 700, 1_000),
      ],
    });
    await settle();
    expect(byTestId('discount').textContent).toBe('−¥8.00');
    await press(byTestId('coupon-open'));
    const option = (no: number) => document.querySelector<HTMLInputElement>(`input[value="${uuid(no)}"]`);
    const checked = () => [510, 520, 530].filter((no) => option(no)?.checked);
    expect(checked()).toEqual([510, 520]);
    await press(option(530) as HTMLInputElement);
    expect(checked()).toEqual([530]);
    await press(option(520) as HTMLInputElement);
    await press(option(510) as HTMLInputElement);
    expect(checked()).toEqual([510, 520]);
    await place();
    expect(new Set((orders(calls)[0]?.body as { couponIds?: string[] } | undefined)?.couponIds)).toEqual(
      new Set([uuid(510), uuid(520)]),
    );
  });

  it('S6: one that the server would not take for the lowest price is not chosen, and says why', async () => {
    const dear = coupon(510, 1_000, 2_000);
    await open([], {
      coupons: [dear, coupon(520, 300, 1_000)],
      quote: { coupons: [{ id: dear.id, coupon: dear, tookFen: null, reason: 'price_floor', facts: {} }] },
    });
    await vi.waitFor(async () => {
      await settle();
      expect(byTestId('discount').textContent).toBe('−¥3.00');
    });
    await press(byTestId('coupon-open'));
    const option = document.querySelector<HTMLInputElement>(`input[value="${dear.id}"]`);
    expect(option?.disabled).toBe(true);
    expect(option?.closest('label')?.textContent).toContain('最低售价');
  });

  it('S10: a coupon that another order used is said, and the next best one is there for the next tap', async () => {
    const coupons = [coupon(510, 300, 1_000), coupon(520, 1_000, 3_900)];
    const { calls } = await open([problem('coupon_not_usable', { reason: 'used' }), placed], { coupons });
    await settle();
    coupons.pop();
    await place();
    await settle();
    expect(byTestId('refusal').textContent).toContain('被另一个订单用掉了');
    expect(byTestId('coupon-line').dataset.chosen).toBe(uuid(510));
    await place();
    const [first, second] = orders(calls);
    expect(second?.body).toMatchObject({ couponIds: [uuid(510)] });
    expect(second?.key).not.toBe(first?.key);
  });
});
