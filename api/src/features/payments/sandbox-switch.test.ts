import { notifyPayment, payOrder, sandboxSignIn, settleSandbox } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { loadConfig } from '../../config.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { place, shelfLine } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('where the sandbox is switched off, nobody becomes anybody and nothing is paid with nothing', async () => {
  await using api = await startTestApi({ SANDBOX: '0' });
  const { consumers, rooms, products } = await seedBrand(api);
  const as = consumers.anna;
  const gone = { status: 404, problem: { code: 'not_found' } };
  expect(await api.call(sandboxSignIn, { body: { phone: '13800000001' } })).toMatchObject(gone);
  const order = await place(api, as, rooms.a, [shelfLine(products.milk)]);
  const paymentId = order.payment?.id ?? '';
  expect(await api.call(payOrder, { as, params: { id: order.id }, body: { provider: 'sandbox' } })).toMatchObject(gone);
  const params = { paymentId };
  expect(await api.call(settleSandbox, { as, params, body: { outcome: 'captured' } })).toMatchObject(gone);
  const notification = {
    id: 'evt_1',
    type: 'payment.captured',
    paymentId,
    refundNo: null,
    amountFen: 1,
    occurredAt: new Date().toISOString(),
  } as const;
  // Refused before its signature is looked at, which would answer 401.
  expect(await api.call(notifyPayment, { params: { provider: 'sandbox' }, body: notification })).toMatchObject(gone);
});

test('the sandbox is off unless somebody switches it on', async () => {
  await using api = await startTestApi();
  const { SANDBOX: _on, ICE_SERVERS: _parsed, OTEL_EXPORTER_OTLP_HEADERS: _too, ...config } = api.api.platform.config;
  const environment = Object.entries(config).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, typeof value === 'boolean' ? String(Number(value)) : String(value)]],
  );
  expect(loadConfig(Object.fromEntries(environment)).SANDBOX).toBe(false);
});
