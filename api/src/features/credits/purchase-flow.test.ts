/** From a friend's link to the fen: the whole walk over HTTP, with the sandbox's own callbacks. */
import {
  getOrder,
  myEarnings,
  myShares,
  orderCredit,
  payOrder,
  placeOrder,
  refundOrder,
  reportInviters,
  settleSandbox,
} from '@walnut-live/contracts';
import { expect, test, vi } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

const address = {
  recipient: '测试收件人',
  phone: '13900000000',
  province: '浙江省',
  city: '杭州市',
  district: '上城区',
  street: '测试路 1 号',
};

test('A3 A4 K1 K4 link → order → payment → commission → refund, exact to the fen', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { anna, bella } = brand.consumers;
  const { sku } = brand.products.family;
  await visit(api, bella, anna, brand.rooms.a.id);
  const order = await api.ok(placeOrder, {
    as: anna,
    body: { roomId: brand.rooms.a.id, lines: [{ skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen }], address },
  });
  expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: bella.personId } });

  const { paymentId } = await api.ok(payOrder, { as: anna, params: { id: order.id }, body: { provider: 'sandbox' } });
  await api.ok(settleSandbox, { as: anna, params: { paymentId }, body: { outcome: 'captured' } });
  const reaches = (state: string) =>
    vi.waitFor(async () => expect((await api.ok(getOrder, { as: anna, params: { id: order.id } })).state).toBe(state), {
      timeout: 10_000,
    });
  await reaches('paid');
  const earned = Math.floor(sku.priceFen / 10);
  const inviter = async () => (await api.ok(reportInviters, { as: brand.staff.admin })).items[0];
  expect(await inviter()).toMatchObject({
    inviter: { id: bella.personId },
    visitors: 1,
    newCustomers: 1,
    orders: 1,
    gmvFen: order.totalFen,
    refundedFen: 0,
    commissionFen: earned,
  });
  expect(await api.ok(myShares, { as: bella })).toMatchObject({
    orders: 1,
    estimatedFen: earned,
    links: [{ orders: 1 }],
  });

  await api.ok(refundOrder, { as: brand.staff.a.manager, params: { id: order.id }, body: { reason: '顾客要求' } });
  await reaches('refunded');
  expect(await inviter()).toMatchObject({
    orders: 1,
    gmvFen: order.totalFen,
    refundedFen: order.totalFen,
    commissionFen: 0,
  });
  const { byState } = await api.ok(myEarnings, { as: bella });
  expect(byState).toEqual([{ state: 'reversed', amountFen: 0 }]);
  const { commission } = await api.ok(orderCredit, { as: brand.staff.admin, params: { id: order.id } });
  expect(commission.map((entry) => [entry.event, entry.amountFen, entry.state])).toEqual([
    ['paid', earned, 'reversed'],
    ['refunded', -earned, 'reversed'],
  ]);
  expect(await auditLedger(api.api.platform.db)).toMatchObject({ ok: true, problems: [] });
});
