/** Cases that nobody ends, and cases of orders that left in part; every test ends with all books agreeing. */
import {
  type AfterSaleView,
  type BodyInputOf,
  decideAfterSale,
  escalateAfterSale,
  getAfterSale,
  inspectAfterSale,
  receiveOrder,
  refundOrder,
  replaceAfterSale,
  requestAfterSale,
  sendBackAfterSale,
  shipOrder,
  shipParcel,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import {
  type Brand,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { eventually, expectBooksRight, payFor, place, shelfLine, stateOf } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { AUTO_RECEIVE_JOB } from '../orders/index.ts';
import { AFTER_SALES_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const HOUR = 3_600;
const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const manager = () => brand.staff.a.manager;

/** Three bags, at 20 yuan unless said otherwise, paid; sent and received as far as it is asked for. */
async function bought(upTo: 'paid' | 'shipped' | 'received' = 'paid', priceFen = 2_000) {
  const product = await makeProduct(api, '核桃仁', { priceFen });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api);
  const order = await place(api, buyer, room, [shelfLine(product, 3)]);
  await payFor(api, buyer, order.id);
  const params = { id: order.id };
  if (upTo !== 'paid') await api.ok(shipOrder, { as: manager(), params, body: { trackingNo: 'SF1001' } });
  if (upTo === 'received') await api.ok(receiveOrder, { as: buyer, params, body: {} });
  const itemId = order.items[0]?.id ?? '';
  type Body = BodyInputOf<typeof requestAfterSale>;
  return {
    ...{ buyer, order, itemId, orderId: order.id },
    stock: async () => (await readStock(api, product.sku.id, brand.stores.a))?.onHand,
    ask: (body: Partial<Body> = {}) =>
      api.call(requestAfterSale, {
        ...{ as: buyer, params },
        body: { kind: 'refund_only', reason: 'damaged', items: [{ itemId, quantity: 1 }], ...body },
      }),
  };
}
const decide = (as: Principal, id: string, body: Partial<BodyInputOf<typeof decideAfterSale>> = {}) =>
  api.call(decideAfterSale, { as, params: { id }, body: { approve: true, note: '核实无误', ...body } });
const seen = (as: Principal, id: string): Promise<AfterSaleView> => api.ok(getAfterSale, { as, params: { id } });
const waitFor = (as: Principal, id: string, state: AfterSaleView['state']) =>
  eventually(async () => expect((await seen(as, id)).state).toBe(state));
const _events = async (as: Principal, id: string) => (await seen(as, id)).history.map((step) => step.event);

describe('what has no end of its own', () => {
  const runs = async (days: number) => {
    api.clock.advanceSeconds(days * 24 * HOUR + 1);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
  };
  const exchanged = async () => {
    const one = await bought('shipped');
    const { body } = await one.ask({ kind: 'exchange' });
    const params = { id: body.id };
    await decide(manager(), body.id, { returnTo: '杭州湖滨店' });
    await api.ok(sendBackAfterSale, { as: one.buyer, params, body: { carrier: '中通', trackingNo: 'ZT9' } });
    await api.ok(inspectAfterSale, { as: manager(), params, body: { accepted: true, note: '可以换' } });
    return { ...one, id: body.id };
  };

  it('a no that nobody takes to headquarters stands after seven days, and the order goes on', async () => {
    const { buyer, orderId, ask } = await bought('shipped');
    const { body } = await ask();
    await decide(manager(), body.id, { approve: false });
    expect((await seen(buyer, body.id)).deadlineAt).not.toBeNull();
    await runs(7);
    expect(await seen(buyer, body.id)).toMatchObject({ state: 'refused', closedAt: expect.any(String), may: [] });
    const late = { as: buyer, params: { id: body.id }, body: { note: '我不同意' } };
    expect((await api.call(escalateAfterSale, late)).status).toBe(409);
    api.clock.advanceSeconds(api.api.platform.config.AUTO_RECEIVE_DAYS * 24 * HOUR);
    await api.api.platform.jobs.runNow(AUTO_RECEIVE_JOB);
    expect(await stateOf(api, orderId)).toBe('received');
  });

  it('other pieces that nobody sends: headquarters give the money back instead', async () => {
    const { buyer, orderId, id } = await exchanged();
    await runs(7);
    expect((await seen(buyer, id)).state).toBe('escalated');
    expect((await decide(manager(), id, { asRefund: true })).status).toBe(403);
    expect((await decide(brand.staff.finance, id, { asRefund: true })).body).toMatchObject({
      ...{ kind: 'return_and_refund', state: 'refunding', amountFen: 2_000 },
    });
    await waitFor(buyer, id, 'refunded');
    expect(await rows`SELECT refunded_fen FROM orders WHERE id = ${orderId}`).toEqual([{ refunded_fen: 2_000n }]);
    expect(await rows`SELECT withdrawn, refunded_pieces FROM order_items WHERE order_id = ${orderId}`).toEqual([
      { withdrawn: 0, refunded_pieces: 1 },
    ]);
    await expectBooksRight(api);
  });

  it('other pieces are not sent for pieces that were refunded meanwhile', async () => {
    const { orderId, itemId, id } = await exchanged();
    await api.ok(refundOrder, {
      ...{ as: manager(), params: { id: orderId } },
      body: { reason: '协商退款', items: [{ itemId, quantity: 3, amountFen: 100 }] },
    });
    const replace = { as: manager(), params: { id }, body: { trackingNo: 'SF2009' } };
    expect((await api.call(replaceAfterSale, replace)).problem.facts).toEqual({ reason: 'too_many_pieces' });
    await expectBooksRight(api);
  });
});

describe('an order that left in part', () => {
  const partly = async () => {
    const one = await bought();
    await api.ok(shipParcel, {
      ...{ as: manager(), params: { id: one.orderId } },
      body: { carrier: 'sf', trackingNo: 'SF3001', items: [{ orderItemId: one.itemId, quantity: 1 }] },
    });
    const counts = async () =>
      (
        await rows<{ withdrawn: number; refunded: number }>`
          SELECT withdrawn, refunded_pieces AS refunded FROM order_items WHERE id = ${one.itemId}`
      )[0];
    return { ...one, counts };
  };

  it('a piece that arrived broken is refunded, and those that have not left are still sent', async () => {
    const { buyer, ask, counts } = await partly();
    const { body } = await ask({ reason: 'damaged' });
    api.clock.advanceSeconds(49 * HOUR);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    expect((await seen(buyer, body.id)).state).toBe('escalated');
    await decide(brand.staff.finance, body.id);
    await waitFor(buyer, body.id, 'refunded');
    expect(await counts()).toEqual({ withdrawn: 0, refunded: 1 });
    await expectBooksRight(api);
  });

  it('a piece that was sent comes back once', async () => {
    const { buyer, ask, counts } = await partly();
    const { body } = await ask({ kind: 'return_and_refund', reason: 'quality' });
    const again = async () => (await ask({ kind: 'return_and_refund', reason: 'quality' })).problem.facts;
    expect(await again()).toEqual({ reason: 'too_many_pieces' });
    await decide(manager(), body.id, { returnTo: '杭州湖滨店' });
    const params = { id: body.id };
    await api.ok(sendBackAfterSale, { as: buyer, params, body: { carrier: '顺丰', trackingNo: 'SF3002' } });
    await api.ok(inspectAfterSale, { as: manager(), params, body: { accepted: true, note: '收到' } });
    await waitFor(buyer, body.id, 'refunded');
    expect(await again()).toEqual({ reason: 'too_many_pieces' });
    expect(await counts()).toEqual({ withdrawn: 0, refunded: 1 });
    await expectBooksRight(api);
  });

  it('the shipping fee does not go back for one piece because nobody answered', async () => {
    const [part, whole] = [await bought('paid', 1_000), await bought('paid', 1_000)];
    const shippingFen = part.order.shippingFen;
    expect(shippingFen).toBeGreaterThan(0);
    const one = (await part.ask({ shippingFen })).body;
    const all = (await whole.ask({ shippingFen, items: [{ itemId: whole.itemId, quantity: 3 }] })).body;
    api.clock.advanceSeconds(49 * HOUR);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    expect((await seen(manager(), one.id)).state).toBe('escalated');
    await waitFor(manager(), all.id, 'refunded');
    await expectBooksRight(api);
  });
});
