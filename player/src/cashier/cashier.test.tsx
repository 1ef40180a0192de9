// @vitest-environment jsdom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, type ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ApiAnswer, type ApiCall, byTestId, press, renderInRoom, testRoom, uuid } from '../testing/fixtures.tsx';
import { Cashier } from './cashier.tsx';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

const PAYMENT = uuid(400);
const NEXT = uuid(401);
const sandbox = { provider: 'sandbox', way: null, askUrl: null };
const wechat = (way: string, askUrl: string | null = null) => ({ provider: 'wechat', way, askUrl });

/** What the server knows; tests change it. */
let server: { slips: Record<string, object>; methods: object[]; start: ApiAnswer; order: string };
let unmount: (() => Promise<void>) | null = null;
const slip = (more: object = {}) => ({
  ...{
    id: PAYMENT,
    orderId: uuid(300),
    orderNo: 'WL1',
    topUp: null,
    amountFen: 5_490,
    state: 'pending',
    payee: '一店',
  },
  ...{ provider: null, way: null, followedBy: null, expiresAt: '2099-01-01T00:00:00.000Z' },
  ...more,
});
const started = (more: object = {}): ApiAnswer => ({
  json: {
    ...{
      paymentId: PAYMENT,
      amountFen: 5_490,
      expiresAt: '2099-01-01T00:00:00.000Z',
      provider: 'wechat',
      way: 'native',
    },
    ...{ cashierUrl: `/pay/${PAYMENT}`, bridge: null, codeUrl: null },
    ...more,
  },
});
beforeEach(() => {
  sessionStorage.clear();
  server = { slips: { [PAYMENT]: slip() }, methods: [sandbox], start: started(), order: 'pending_payment' };
});
afterEach(async () => {
  await unmount?.();
  unmount = null;
  document.body.replaceChildren();
  delete (window as { WeixinJSBridge?: unknown }).WeixinJSBridge;
});

const answer = ({ path, method }: ApiCall): ApiAnswer => {
  const id = /^\/payments\/([0-9a-f-]{36})/.exec(path)?.[1] ?? '';
  if (path.endsWith('/methods')) return { json: { items: server.methods } };
  if (path.endsWith('/start')) return server.start;
  if (path.endsWith('/settle')) return { json: { paymentId: PAYMENT, state: 'captured' } };
  if (path.startsWith('/orders/')) return { json: { id: uuid(300), state: server.order } };
  if (method === 'GET' && id !== '') return { json: server.slips[id] };
  return { json: {} };
};
const open = async (paid = vi.fn()) => {
  const rendered = await renderInRoom(cashier(paid), {
    room: testRoom(),
    answer,
  });
  unmount = rendered.unmount;
  await until(() => expect(document.body.textContent).toContain('一店'));
  await until(() => expect((byTestId('pay') as HTMLButtonElement).disabled).toBe(false));
  return { ...rendered, paid };
};
const until = (holds: () => void) =>
  vi.waitFor(
    async () => {
      await act(async () => void (await new Promise((resolve) => setTimeout(resolve, 20))));
      holds();
    },
    { timeout: 8_000, interval: 5 },
  );
const cashier = (paid: (orderId: string | null) => void): ReactNode => (
  <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
    <Cashier paymentId={PAYMENT} onPaid={paid} onLater={() => undefined} />
  </QueryClientProvider>
);
const sent = (calls: ApiCall[], end: string) => calls.filter(({ path }) => path.endsWith(end)).map(({ body }) => body);
const isThere = (id: string) => document.querySelector(`[data-testid="${id}"]`) !== null;

describe('the sandbox alone', () => {
  it('needs no choice; says what it is, begins, and carries how the callback shall arrive', async () => {
    const { calls, paid } = await open();
    expect(isThere('way-sandbox')).toBe(false);
    expect(document.querySelector('.pl-sandbox-banner')).not.toBeNull();
    await press((byTestId('callback-twice').querySelector('input') ?? document.body) as HTMLElement);
    await press(byTestId('pay'));
    await until(() => expect(sent(calls, '/settle')).toEqual([{ outcome: 'captured', callback: 'twice' }]));
    expect(sent(calls, '/start')).toEqual([{ provider: 'sandbox' }]);
    expect(paid).not.toHaveBeenCalled();
    server.slips[PAYMENT] = slip({ state: 'captured' });
    server.order = 'paid';
    await until(() => expect(paid).toHaveBeenCalledWith(uuid(300)));
  });

  it('declined, it can be paid again', async () => {
    await open();
    await press(byTestId('pay-decline'));
    await until(() => expect(document.querySelector('[role="alert"]')?.textContent).toContain('支付未成功'));
    server.slips[PAYMENT] = slip({ state: 'failed' });
    await until(() => expect((byTestId('pay') as HTMLButtonElement).disabled).toBe(false));
  });
});

describe('WeChat', () => {
  it('by a code: shown with its time, asked about, and changed for another way', async () => {
    server.methods = [wechat('native'), sandbox];
    server.start = started({ codeUrl: 'weixin://wxpay/bizpayurl?pr=abc' });
    const { paid } = await open();
    expect(isThere('way-native') && isThere('way-sandbox')).toBe(true);
    expect(document.querySelector('.pl-sandbox-banner')).toBeNull();
    await press(byTestId('pay'));
    await until(() => expect(isThere('pay-code')).toBe(true));
    await press(byTestId('pay-change'));
    expect(isThere('pay-code')).toBe(false);
    await press(byTestId('pay'));
    server.slips[PAYMENT] = slip({ state: 'captured', provider: 'wechat', way: 'native' });
    server.order = 'paid';
    await until(() => expect(paid).toHaveBeenCalledWith(uuid(300)));
  });

  it('a sheet that never calls back does not freeze the cashier: the server is asked, and another way can be chosen', async () => {
    server.methods = [wechat('jsapi'), sandbox];
    server.start = started({ way: 'jsapi', bridge: { appId: 'wx1', package: 'prepay_id=1' } });
    let late: (result: { err_msg: string }) => void = () => undefined;
    Object.assign(window, {
      WeixinJSBridge: { invoke: (_name: string, _args: object, done: typeof late) => (late = done) },
    });
    const { paid } = await open();
    await press(byTestId('pay'));
    await until(() => expect(isThere('pay-away')).toBe(true));
    await press(byTestId('pay-change'));
    await until(() => expect(isThere('way-sandbox')).toBe(true));
    await act(async () => late({ err_msg: 'get_brand_wcpay_request:fail' }));
    expect(document.querySelector('[role="alert"]')).toBeNull();
    await press(byTestId('pay'));
    await until(() => expect(isThere('pay-away')).toBe(true));
    server.slips[PAYMENT] = slip({ state: 'captured', provider: 'wechat', way: 'jsapi' });
    server.order = 'paid';
    await until(() => expect(paid).toHaveBeenCalledWith(uuid(300)));
  });

  it.each([
    ['cancel', '你取消了支付'],
    ['fail', '微信没能完成支付'],
  ])('its bridge answers %s: said, and nothing is lost', async (end, words) => {
    server.methods = [wechat('jsapi')];
    server.start = started({ way: 'jsapi', bridge: { appId: 'wx1', package: 'prepay_id=1' } });
    const invoked = vi.fn((_name, _args, done) => done({ err_msg: `get_brand_wcpay_request:${end}` }));
    Object.assign(window, { WeixinJSBridge: { invoke: invoked } });
    await open();
    await press(byTestId('pay'));
    await until(() => expect(document.querySelector('[role="alert"]')?.textContent).toContain(words));
    expect(invoked.mock.calls[0]?.[1]).toEqual({ appId: 'wx1', package: 'prepay_id=1' });
    expect((byTestId('pay') as HTMLButtonElement).disabled).toBe(false);
  });

  it('its bridge says it is paid: that is asked, not believed', async () => {
    server.methods = [wechat('jsapi')];
    server.start = started({ way: 'jsapi', bridge: { appId: 'wx1' } });
    const invoke = (_name: string, _args: object, done: (result: object) => void) =>
      done({ err_msg: 'get_brand_wcpay_request:ok' });
    Object.assign(window, { WeixinJSBridge: { invoke } });
    const { paid } = await open();
    await press(byTestId('pay'));
    await until(() => expect(isThere('pay-asking')).toBe(true));
    expect(paid).not.toHaveBeenCalled();
    server.slips[PAYMENT] = slip({ state: 'captured' });
    server.order = 'paid';
    await until(() => expect(paid).toHaveBeenCalledWith(uuid(300)));
  });

  it('back from its page in this tab: waits for the server, and can be opened again', async () => {
    sessionStorage.setItem('walnut-live.paying', PAYMENT);
    server.methods = [wechat('h5'), sandbox];
    const rendered = await renderInRoom(cashier(vi.fn()), {
      room: testRoom(),
      answer,
    });
    unmount = rendered.unmount;
    await until(() => expect(isThere('pay-away') && isThere('pay-change')).toBe(true));
    expect(sessionStorage.getItem('walnut-live.paying')).toBeNull();
  });
});

it('another way chosen on another device: this one goes on with the latest payment', async () => {
  const { calls } = await open();
  server.slips[NEXT] = slip({ id: NEXT, provider: 'wechat', way: 'h5' });
  server.slips[PAYMENT] = slip({ state: 'closed', followedBy: NEXT });
  server.start = { status: 409, json: { code: 'already_paid', status: 409, requestId: 'r' } };
  await press(byTestId('pay')); // asks, and learns
  await until(() => expect(calls.some(({ path }) => path === `/payments/${NEXT}`)).toBe(true));
});

it('closed for good it says so, and cannot be paid', async () => {
  server.slips[PAYMENT] = slip({ state: 'closed' });
  const rendered = await renderInRoom(cashier(vi.fn()), {
    room: testRoom(),
    answer,
  });
  unmount = rendered.unmount;
  await until(() => expect(document.querySelector('[role="alert"]')?.textContent).toContain('已关闭'));
  expect((byTestId('pay') as HTMLButtonElement).disabled).toBe(true);
});
