/** One trace from a tap to the ledger, over real HTTP and PostgreSQL, as a collector gets it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { getOrder, payOrder, placeOrder, settleSandbox } from '@walnut-live/contracts';
import { expect, it, onTestFinished } from 'vitest';
import { ORDER_HOOKS_JOB } from './features/order-hooks/index.ts';
import { REPORTS_JOB } from './features/reports/index.ts';
import type { Principal } from './platform/principal.ts';
import {
  type FixtureProduct,
  type FixtureRoom,
  makeProduct,
  makeRoom,
  makeStock,
  seedBrand,
} from './testing/fixtures.ts';
import { type SeenSpan, startOtlpReceiver } from './testing/otlp-receiver.ts';
import { eventually, expectBooksRight, shelfLine, TEST_ADDRESS, waitForState } from './testing/shop.ts';
import { startTestApi, type TestApi } from './testing/test-api.ts';
import { visit } from './testing/visits.ts';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
/** What the player sends with a tap. */
function tap(traceId = hex(16)) {
  const spanId = hex(8);
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-01` } };
}
/** Every name and value that could say who somebody is. */
const PERSONAL = [TEST_ADDRESS.recipient, TEST_ADDRESS.phone, TEST_ADDRESS.street, 'Bearer ', '?'];

async function shop(config: Record<string, string>, log: string[] = []) {
  const api = await startTestApi(config, { logTo: { write: (line: string) => void log.push(line) } });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const brand = await seedBrand(api);
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 100);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  return { api, product, room, sharer: brand.consumers.anna, buyer: brand.consumers.bella };
}
const order = (
  api: TestApi,
  { as, room, product, headers = {} }: { as: Principal; room: FixtureRoom; product: FixtureProduct; headers?: object },
) =>
  api.call(placeOrder, {
    ...{ as, key: randomUUID(), headers: { ...headers } },
    body: { roomId: room.id, lines: [shelfLine(product)], address: TEST_ADDRESS },
  });

it('one trace follows a tap through HTTP, the order, the callback and what follows, to the ledger', async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(collector.close);
  const log: string[] = [];
  const { api, product, room, sharer, buyer } = await shop(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=walnut%20live',
      OTEL_SERVICE_NAME: 'shop-api',
      LOG_LEVEL: 'debug',
    },
    log,
  );
  await visit(api, sharer, buyer, room.id);
  const first = tap();
  const placed = await order(api, { as: buyer, room, product, headers: first.headers });
  expect(placed.status).toBe(201);
  const second = tap(first.traceId);
  const { paymentId } = await api.ok(payOrder, {
    ...{ as: buyer, params: { id: placed.body.id }, headers: second.headers },
    body: { provider: 'sandbox' },
  });
  const third = tap(first.traceId);
  await api.ok(settleSandbox, {
    ...{ as: buyer, params: { paymentId }, headers: third.headers },
    body: { outcome: 'captured' },
  });
  await waitForState(api, placed.body.id, 'paid');
  await api.api.platform.outbox.drain();
  for (const job of [ORDER_HOOKS_JOB, REPORTS_JOB]) await api.api.platform.jobs.runNow(job);

  const named = (name: string, kind?: string): SeenSpan => {
    const found = collector
      .of(first.traceId)
      .filter((span) => span.name === name && (kind === undefined || span.facts['walnut.kind'] === kind));
    expect(
      found.map(() => name),
      `${name} ${kind ?? ''}`,
    ).toEqual([name]);
    return found[0] as SeenSpan;
  };
  /** From the tap down. */
  const wayTo = (span: SeenSpan): string[] => {
    const above = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return [...(above ? wayTo(above) : []), span.name];
  };
  await eventually(async () => {
    for (const name of ['order-hooks.tell', 'POST /api/v1/payments/sandbox/:paymentId/settle']) named(name);
    expect(collector.of(first.traceId).some(({ name }) => name === 'reports.roll-up')).toBe(true);
  });

  const http = named('POST /api/v1/orders');
  expect(http).toMatchObject({ parentSpanId: first.spanId, kind: 2, failed: false });
  expect(http.facts).toEqual({
    ...{ 'http.request.method': 'POST', 'http.route': '/api/v1/orders', 'http.response.status_code': 201 },
    'walnut.request_id': placed.headers.get('x-request-id'),
  });
  expect(named('POST /api/v1/orders/:id/pay').parentSpanId).toBe(second.spanId);
  expect(named('POST /api/v1/payments/sandbox/:paymentId/settle').parentSpanId).toBe(third.spanId);
  expect(wayTo(named('payments.provider', 'prepare'))).toEqual(['POST /api/v1/orders/:id/pay', 'payments.provider']);

  const toOrder = ['POST /api/v1/orders', 'orders.place', 'orders.transaction'];
  const toMoney = [...toOrder, 'payments.captured'];
  const captured = named('payments.captured');
  expect(wayTo(captured)).toEqual(toMoney);
  // The callback is the provider's request, a trace of its own; it is what the capture is linked to.
  const notified = collector.spans.find(({ name }) => name === 'POST /api/v1/payments/:provider/notify');
  expect(notified?.traceId).not.toBe(first.traceId);
  expect(captured.links).toEqual([notified?.spanId]);
  expect(wayTo(named('ledger.transfer', 'order_paid'))).toEqual([...toMoney, 'ledger.transfer']);
  expect(wayTo(named('ledger.transfer', 'commission_earned'))).toEqual([
    ...toMoney,
    'commissions.enter',
    'ledger.transfer',
  ]);
  expect(wayTo(named('room-log.append', 'stock:changed'))).toEqual([...toOrder, 'outbox.publish', 'room-log.append']);
  expect(wayTo(named('room-log.append', 'order:paid'))).toEqual([...toMoney, 'outbox.publish', 'room-log.append']);
  expect(wayTo(named('order-hooks.tell'))).toEqual([...toMoney, 'order-hooks.tell']);
  const rolledUp = collector.of(first.traceId).filter(({ name }) => name === 'reports.roll-up');
  expect(rolledUp.map(wayTo)).toContainEqual([...toMoney, 'reports.roll-up']);

  // What is in the books is what the trace says.
  const [entry] = await api.api.platform.db
    .sql`SELECT 1 FROM ledger_transfers WHERE kind = 'order_paid' AND ref = ${paymentId}`;
  expect(entry).toBeDefined();
  await expectBooksRight(api);

  expect(collector.services).toEqual(new Set(['shop-api']));
  expect(collector.posts.map(({ path }) => path)).toContain('/v1/traces');
  expect(collector.posts[0]?.headers['x-tenant']).toBe('walnut live');
  const sent = collector.posts.map(({ text }) => text).join('\n');
  for (const word of [...PERSONAL, buyer.personId, sharer.personId, placed.body.id, paymentId, await api.token(buyer)])
    expect(sent).not.toContain(word);

  // The log says which trace a line belongs to, and nothing where there is none.
  const lines = log.map((line) => JSON.parse(line) as { msg: string; traceId?: string; path?: string });
  expect(lines.find(({ msg, path }) => msg === 'answered' && path === '/api/v1/orders')?.traceId).toBe(first.traceId);
  expect(lines.some(({ traceId }) => traceId === undefined)).toBe(true);
});

it('orders that are placed together keep their own traces, also through what they share', async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(collector.close);
  const { api, product, room, sharer, buyer } = await shop({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const taps = [tap(), tap(), tap(), tap()];
  const people = [buyer, sharer, buyer, sharer];
  const answers = await Promise.all(
    taps.map(({ headers }, n) => order(api, { as: people[n] as Principal, room, product, headers })),
  );
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  const { sql } = api.api.platform.db;
  await eventually(async () => {
    for (const [n, { traceId }] of taps.entries()) {
      const transaction = collector.of(traceId).find(({ name }) => name === 'orders.transaction');
      const [payment] = await sql<{ traceparent: string }>`
        SELECT traceparent FROM payments WHERE order_id = ${answers[n]?.body.id}`;
      expect(payment?.traceparent).toBe(`00-${traceId}-${transaction?.spanId}-01`);
    }
  });
});

it('a traceparent that is none, or of a caller who will not be recorded, is not believed', async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(collector.close);
  const { api, buyer } = await shop({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const id = randomUUID();
  const zeros = '0'.repeat(32);
  const good = tap();
  const given = [
    ...['', 'x', '00', `00-${zeros}-${good.spanId}-01`, `00-${good.traceId}-${'0'.repeat(16)}-01`],
    ...[`ff-${good.traceId}-${good.spanId}-01`, `00-${good.traceId.toUpperCase()}-${good.spanId}-01`],
    ...[`00-${good.traceId}-${good.spanId}-01-more`, `00-${good.traceId}-${good.spanId}-01, x`, 'a'.repeat(8_000)],
  ];
  for (const traceparent of given)
    expect((await api.call(getOrder, { as: buyer, params: { id }, headers: { traceparent } })).status).toBe(404);
  // Not recorded by whoever sent it: that is for us to say.
  const unsampled = tap();
  const headers = { traceparent: unsampled.headers.traceparent.replace(/1$/, '0') };
  await api.call(getOrder, { as: buyer, params: { id }, headers });
  await eventually(async () => expect(collector.of(unsampled.traceId)).toHaveLength(1));
  const seen = collector.spans.filter(({ name }) => name === 'GET /api/v1/orders/:id');
  expect(seen).toHaveLength(given.length + 1);
  expect(collector.of(good.traceId)).toEqual([]);
  expect(new Set(seen.map(({ traceId }) => traceId)).size).toBe(seen.length);
  expect(seen.filter(({ parentSpanId }) => parentSpanId)).toHaveLength(1);
});

it('nothing is stored or sent of traces the sampler leaves out', async () => {
  const collector = await startOtlpReceiver();
  onTestFinished(collector.close);
  const { api, product, room, buyer } = await shop({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0',
  });
  const { body } = await order(api, { as: buyer, room, product, headers: tap().headers });
  await api.api.close();
  expect(collector.posts).toEqual([]);
  expect(body.state).toBe('pending_payment');
});

it('a collector that is away, or takes and never answers, slows and breaks nothing, and is told of once', async () => {
  const silent = await startOtlpReceiver('never');
  onTestFinished(silent.close);
  for (const endpoint of ['http://127.0.0.1:9', silent.url]) {
    const log: string[] = [];
    const { api, product, room, buyer } = await shop({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, LOG_LEVEL: 'warn' }, log);
    for (let n = 0; n < 5; n++)
      expect((await order(api, { as: buyer, room, product, headers: tap().headers })).status).toBe(201);
    const said = () => log.filter((line) => line.includes('the collector does not take them'));
    await eventually(async () => expect(said()).toHaveLength(1));
    expect((await order(api, { as: buyer, room, product, headers: tap().headers })).status).toBe(201);
    const began = performance.now();
    await api.api.close();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(said()).toHaveLength(1);
  }
}, 120_000);

it('is off by default: a traceparent is not looked at, and none is stored', async () => {
  const { api, product, room, buyer } = await shop({});
  const { body } = await order(api, { as: buyer, room, product, headers: tap().headers });
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT traceparent FROM payments WHERE order_id = ${body.id}`).toEqual([{ traceparent: null }]);
  expect(await sql`SELECT 1 FROM outbox WHERE traceparent IS NOT NULL`).toEqual([]);
});
