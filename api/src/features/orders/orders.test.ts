import { getOrder, OrderView, receiveOrder, refundOrder, shipOrder } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Brand, readStock, seedBrand } from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, place, shelfLine, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

describe('an order', () => {
  it('is placed, paid, shipped, received and refunded, with its history', async () => {
    const { anna } = brand.consumers;
    const { milk } = brand.products;
    const before = await readStock(api, milk.sku.id, brand.stores.a);
    const order = await place(api, anna, brand.rooms.a, [shelfLine(milk, 2)]);
    expect(OrderView.parse(order)).toEqual(order);
    expect(order).toMatchObject({ state: 'pending_payment', itemsFen: 1_180, shippingFen: 800, totalFen: 1_980 });
    expect(order.orderNo).toMatch(/^WL\d{14}$/);
    expect(order.payment).toMatchObject({ state: 'pending', amountFen: 1_980 });
    await payFor(api, anna, order.id);
    const params = { id: order.id };
    await api.ok(shipOrder, { as: brand.staff.a.manager, params, body: { trackingNo: 'SF1' } });
    await api.ok(receiveOrder, { as: anna, params, body: {} });
    await api.ok(refundOrder, { as: brand.staff.a.manager, params, body: { reason: '破损' } });
    await waitForState(api, order.id, 'refunded');
    const seen = await api.ok(getOrder, { as: anna, params });
    expect(seen.history.map((step) => step.event)).toEqual([
      'place',
      'pay',
      'ship',
      'receive',
      'request_refund',
      'finish_refund',
    ]);
    expect(seen).toMatchObject({ paidFen: 1_980, refundedFen: 1_980, trackingNo: 'SF1' });
    expect(seen.refunds).toMatchObject([{ state: 'succeeded', amountFen: 1_980 }]);
    expect(await readStock(api, milk.sku.id, brand.stores.a)).toEqual({
      onHand: (before?.onHand ?? 0) - 2,
      reserved: 0,
    });
    await expectBooksRight(api);
  });
});
