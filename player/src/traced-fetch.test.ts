import { expect, test, vi } from 'vitest';
import { createTracedFetch } from './traced-fetch.ts';

const ORDERS = '/api/v1/orders';
const PAYMENT = '0190a1b2-0000-7000-8000-000000000001';
const start = (id: string): string => `/api/v1/payments/${id}/start`;

/** What was asked, and with which traceparent. */
function browser(reply: () => Response = () => Response.json({ payment: { id: PAYMENT } })) {
  const sent: { path: string; traceparent: string | null; key: string | null }[] = [];
  const fetched = vi.fn(async (input: unknown, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    sent.push({ path: String(input), traceparent: headers.get('traceparent'), key: headers.get('idempotency-key') });
    return reply();
  });
  const fetch = createTracedFetch(fetched);
  const traces = () => sent.map(({ traceparent }) => traceparent?.slice(3, 35));
  const post = (path: string) => fetch(path, { method: 'POST', headers: new Headers({ 'idempotency-key': 'k1' }) });
  return { sent, fetch, post, traces };
}

test('an order begins a trace, and its payment goes on in it, each tap a span of its own', async () => {
  const { sent, post, traces } = browser();
  expect(await (await post(ORDERS)).json()).toEqual({ payment: { id: PAYMENT } });
  await post(start(PAYMENT));
  await post(`/api/v1/payments/sandbox/${PAYMENT}/settle`);
  for (const { traceparent, key } of sent) {
    expect(traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(key).toBe('k1');
  }
  expect(new Set(traces()).size).toBe(1);
  expect(new Set(sent.map(({ traceparent }) => traceparent)).size).toBe(3);
});

test('another order, and the payment of another one, are other traces', async () => {
  const { fetch, post, traces } = browser();
  await post(ORDERS);
  await post(start('0190a1b2-0000-7000-8000-00000000000f'));
  await fetch(ORDERS);
  await post(ORDERS);
  await post(start(PAYMENT));
  const [first, otherPayment, list, second, payment] = traces();
  expect(new Set([first, otherPayment, list, second]).size).toBe(4);
  expect(payment).toBe(second);
});

test('an order that was refused leaves no trace to go on in; an answer that cannot be read breaks nothing', async () => {
  for (const reply of [() => new Response('{}', { status: 409 }), () => new Response('<html>')]) {
    const { post, traces } = browser(reply);
    await post(ORDERS);
    await post(start(PAYMENT));
    expect(new Set(traces()).size).toBe(2);
  }
});

test('nothing else carries one', async () => {
  const { fetch, sent } = browser();
  for (const path of [
    '/api/v1/rooms/1/join',
    '/pictures/orders/x.svg',
    '/api/v1/ordersome',
    'https://other.example/orders',
  ])
    await fetch(path);
  expect(sent.map(({ traceparent }) => traceparent)).toEqual([null, null, null, null]);
});
