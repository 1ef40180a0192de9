/** Steps of buying over HTTP, shared by the tests of orders, payments and refunds. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { type OrderView, payOrder, placeOrder, settleSandbox } from '@walnut-live/contracts';
import { expect, vi } from 'vitest';
import { auditAfterSales } from '../features/after-sales/index.ts';
import { auditCoupons } from '../features/coupons/index.ts';
import { auditGroupBuys } from '../features/group-buys/index.ts';
import { auditOrders } from '../features/orders/index.ts';
import { auditPoints } from '../features/points/index.ts';
import { auditPreSales } from '../features/pre-sales/index.ts';
import { auditLedger } from '../ledger/index.ts';
import type { Principal } from '../platform/principal.ts';
import type { FixtureProduct, FixtureRoom } from './fixtures.ts';
import type { Answer, TestApi } from './test-api.ts';

export const TEST_ADDRESS = {
  recipient: '林小桃',
  phone: '13912345678',
  province: '浙江省',
  city: '杭州市',
  district: '临安区',
  street: '山核桃路 8 号',
} as const;

export interface TestLine {
  skuId: string;
  quantity: number;
  seenPriceFen: number;
  offerId?: string;
  offerVersion?: number;
}
export const shelfLine = (product: FixtureProduct, quantity = 1): TestLine => ({
  skuId: product.sku.id,
  quantity,
  seenPriceFen: product.sku.priceFen,
});
export const offerLine = (
  product: FixtureProduct,
  offer: { id: string; version: number; priceFen: number },
  quantity = 1,
): TestLine => ({
  skuId: product.sku.id,
  quantity,
  seenPriceFen: offer.priceFen,
  offerId: offer.id,
  offerVersion: offer.version,
});

export function tryPlace(
  api: TestApi,
  buyer: Principal,
  room: FixtureRoom,
  lines: TestLine[],
  key: string = randomUUID(),
): Promise<Answer<OrderView>> {
  return api.call(placeOrder, { as: buyer, key, body: { roomId: room.id, lines, address: TEST_ADDRESS } });
}

export async function place(api: TestApi, buyer: Principal, room: FixtureRoom, lines: TestLine[]): Promise<OrderView> {
  const answer = await tryPlace(api, buyer, room, lines);
  if (answer.status !== 201) throw new Error(`orders.place answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export const startPaying = (api: TestApi, buyer: Principal, orderId: string) =>
  api.ok(payOrder, { as: buyer, params: { id: orderId }, body: { provider: 'sandbox' } });

/** Goes to the cashier and approves; the callback may still be on its way. */
export async function approve(api: TestApi, buyer: Principal, orderId: string): Promise<string> {
  const { paymentId } = await startPaying(api, buyer, orderId);
  await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
  return paymentId;
}

/** Waits until the expectations hold; patient, as test machines are busy. */
export const eventually = (holds: () => Promise<void>) => vi.waitFor(holds, { timeout: 15_000, interval: 10 });
export const waitForState = (api: TestApi, orderId: string, state: OrderView['state']): Promise<void> =>
  eventually(async () => expect(await stateOf(api, orderId)).toBe(state));
export async function stateOf(api: TestApi, orderId: string): Promise<string | undefined> {
  const [row] = await api.api.platform.db.sql<{ state: string }>`SELECT state FROM orders WHERE id = ${orderId}`;
  return row?.state;
}

/** Pays and waits for the callback to have arrived. */
export async function payFor(api: TestApi, buyer: Principal, orderId: string): Promise<string> {
  const paymentId = await approve(api, buyer, orderId);
  await waitForState(api, orderId, 'paid');
  return paymentId;
}

/** A callback as the sandbox would sign it, or not quite. */
export async function callback(
  api: TestApi,
  body: Record<string, unknown>,
  bend: { secret?: string; at?: Date; nonce?: string; sent?: string } = {},
): Promise<{ status: number; body: { code?: string } }> {
  const raw = JSON.stringify(body);
  const timestamp = String(Math.floor((bend.at ?? api.clock.now()).getTime() / 1000));
  const nonce = bend.nonce ?? randomBytes(16).toString('hex');
  const secret = bend.secret ?? api.api.platform.config.SANDBOX_PAYMENT_SECRET;
  const response = await fetch(`${api.url}/api/v1/payments/sandbox/notify`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-sandbox-timestamp': timestamp,
      'x-sandbox-nonce': nonce,
      'x-sandbox-signature': createHmac('sha256', secret).update(`${timestamp}.${nonce}.${raw}`).digest('hex'),
    },
    body: bend.sent ?? raw,
  });
  return { status: response.status, body: (await response.json()) as { code?: string } };
}
export const capturedBody = (api: TestApi, paymentId: string, amountFen: number, id: string = randomUUID()) => ({
  id: `evt_${id}`,
  type: 'payment.captured',
  paymentId,
  refundNo: null,
  amountFen,
  occurredAt: api.clock.now().toISOString(),
});

/** Nothing is lost, held twice or out of balance, anywhere. */
export async function expectBooksRight(api: TestApi): Promise<void> {
  const { db } = api.api.platform;
  expect(await auditOrders(db)).toEqual([]);
  expect(await auditAfterSales(db)).toEqual([]);
  expect(await auditCoupons(db)).toEqual([]);
  expect(await auditGroupBuys(db)).toEqual([]);
  expect(await auditPoints(db)).toEqual([]);
  expect(await auditPreSales(db)).toEqual([]);
  expect((await auditLedger(db)).problems).toEqual([]);
}
