import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  cancelOrder,
  changeWebhook,
  createWebhook,
  type DomainEvent,
  deleteWebhook,
  listEvents,
  listWebhookDeliveries,
  placeOrder,
  replayWebhookDelivery,
  rotateWebhookSecret,
  testWebhook,
} from '@walnut-live/contracts';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApi } from '../../compose.ts';
import { createDb } from '../../platform/db.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { makeWebhook } from '../../testing/webhooks.ts';
import { NUMBERING_JOB, WEBHOOKS_JOB } from './index.ts';

interface Got {
  headers: IncomingHttpHeaders;
  body: string;
}
/** Another system. */
async function startReceiver() {
  const got: Got[] = [];
  const answers: { status: number; headers?: Record<string, string> }[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    got.push({ headers: req.headers, body });
    const { status, headers = {} } = answers.shift() ?? { status: 204 };
    res.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { got, answers, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}
async function start() {
  const api = await startTestApi({ WEBHOOKS_ALLOW_PRIVATE: '1' });
  onTestFinished(() => api[Symbol.asyncDispose]());
  const brand = await seedBrand(api);
  return { api, brand, receiver: await startReceiver() };
}
const turn = async ({ api }: TestApi) => {
  await api.platform.jobs.runNow(NUMBERING_JOB);
  await api.platform.jobs.runNow(WEBHOOKS_JOB);
  await api.webhooks.idle();
};
const place = (api: TestApi, { rooms, products, consumers }: Brand) => {
  const { sku } = products.milk;
  const lines = [{ skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen }];
  return api.ok(placeOrder, { body: { roomId: rooms.a.id, lines, address: TEST_ADDRESS }, as: consumers.anna });
};
const typesOf = (got: readonly Got[]) => got.map(({ body }) => (JSON.parse(body) as DomainEvent).type);

test('an order’s facts arrive in their order, signed, at the endpoints of its store and those above, and nowhere else', async () => {
  const { api, brand, receiver } = await start();
  const elsewhere = await startReceiver();
  const { staff, rooms } = brand;
  const hq = await api.ok(createWebhook, {
    body: { orgUnitId: rooms.a.orgUnit.id, url: receiver.url, types: ['order.placed', 'order.cancelled'] },
    as: staff.admin,
  });
  await api.ok(createWebhook, { body: { orgUnitId: rooms.b.orgUnit.id, url: elsewhere.url }, as: staff.admin });
  const order = await place(api, brand);
  await api.ok(cancelOrder, { params: { id: order.id }, body: {}, as: brand.consumers.anna });
  await turn(api);
  expect(typesOf(receiver.got)).toEqual(['order.placed', 'order.cancelled']);
  expect(elsewhere.got).toEqual([]);
  const [first] = receiver.got;
  const verified = new Webhook(hq.secret).verify(first?.body ?? '', first?.headers as Record<string, string>);
  expect(verified).toMatchObject({
    ...{ id: first?.headers['webhook-id'], type: 'order.placed' },
    data: { orderId: order.id, orderNo: order.orderNo, totalFen: order.totalFen, state: 'pending_payment' },
  });
  expect(first?.body).not.toMatch(/1[3-9]\d{9}|文三路/);
  await turn(api);
  expect(receiver.got).toHaveLength(2);
});

test('what fails is sent again later, under the same id and signed anew; a person may send it again by hand', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const hook = await api.ok(createWebhook, {
    body: { orgUnitId: rooms.a.orgUnit.id, url: receiver.url, types: ['order.placed'] },
    as: staff.admin,
  });
  const log = async () => (await api.ok(listWebhookDeliveries, { params: { id: hook.id }, as: staff.admin })).items;
  receiver.answers.push({ status: 500 }, { status: 302, headers: { location: 'http://127.0.0.1:1/' } });
  await place(api, brand);
  await turn(api);
  expect((await log())[0]).toMatchObject({ state: 'pending', attempts: 1, lastStatus: 500, lastError: 'answered 500' });
  await turn(api);
  expect(receiver.got).toHaveLength(1); // not due yet
  api.clock.advanceSeconds(6);
  await turn(api);
  expect((await log())[0]).toMatchObject({ attempts: 2, lastStatus: 302 }); // followed nowhere
  api.clock.advanceSeconds(400);
  await turn(api);
  expect((await log())[0]).toMatchObject({ state: 'delivered', attempts: 3, lastStatus: 204 });
  expect(new Set(receiver.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(new Set(receiver.got.map(({ headers }) => headers['webhook-signature'])).size).toBe(3);
  const [delivered] = await log();
  const params = { id: delivered?.id ?? '' };
  expect(await api.ok(replayWebhookDelivery, { params, body: {}, as: staff.admin })).toMatchObject({
    state: 'pending',
  });
  await turn(api);
  expect(receiver.got).toHaveLength(4);
});

test('after ten attempts a message is over; who answers 410, or nothing for five days, is switched off and can be switched on', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const body = { orgUnitId: rooms.a.orgUnit.id, url: receiver.url };
  const hook = await api.ok(createWebhook, { body, as: staff.admin });
  const params = { id: hook.id };
  const say = () => api.ok(testWebhook, { params, body: {}, as: staff.admin });
  const state = async () => {
    const [row] = await api.api.platform.db.sql<{ state: string; reason: string | null }>`
      SELECT state, disabled_reason AS reason FROM webhook_endpoints WHERE id = ${hook.id}`;
    return row;
  };
  receiver.answers.push(...Array.from({ length: 10 }, () => ({ status: 503, headers: { 'retry-after': '86400' } })));
  await say();
  for (let day = 0; day < 10; day += 1) {
    await turn(api);
    api.clock.advanceSeconds(90_000);
    if (day === 3) expect(await state()).toEqual({ state: 'active', reason: null });
  }
  expect(await state()).toEqual({ state: 'disabled', reason: 'failing' });
  expect((await api.call(testWebhook, { params, body: {}, as: staff.admin })).problem.code).toBe('state_conflict');
  await api.ok(changeWebhook, { params, body: { state: 'active' }, as: staff.admin });
  receiver.answers.length = 0;
  await turn(api); // what waited goes on
  receiver.answers.push({ status: 410 });
  await say();
  await turn(api);
  expect(await state()).toEqual({ state: 'disabled', reason: 'gone' });
});

test('a secret that is changed signs beside the one before for a day', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const body = { orgUnitId: rooms.a.orgUnit.id, url: receiver.url };
  const hook = await api.ok(createWebhook, { body, as: staff.admin });
  const params = { id: hook.id };
  const { secret } = await api.ok(rotateWebhookSecret, { params, body: {}, as: staff.admin });
  expect(secret).not.toBe(hook.secret);
  // A third one would end the first one's day.
  const third = await api.call(rotateWebhookSecret, { params, body: {}, as: staff.admin });
  expect(third.problem.code).toBe('state_conflict');
  const signatures = async () => {
    await api.ok(testWebhook, { params, body: {}, as: staff.admin });
    await turn(api);
    return String(receiver.got.at(-1)?.headers['webhook-signature']).split(' ');
  };
  expect(await signatures()).toHaveLength(2);
  const { headers, body: text } = receiver.got[0] ?? { headers: {}, body: '' };
  for (const known of [hook.secret, secret]) new Webhook(known).verify(text, headers as Record<string, string>);
  api.clock.advanceSeconds(86_401);
  expect(await signatures()).toHaveLength(1);
});

test('an address that is not public, not https, or carries a password is refused, also when a name leads to it', async () => {
  const api = await startTestApi();
  onTestFinished(() => api[Symbol.asyncDispose]());
  const { staff, rooms } = await seedBrand(api);
  const attempt = (url: string) =>
    api.call(createWebhook, { body: { orgUnitId: rooms.a.orgUnit.id, url }, as: staff.admin });
  for (const [url, issue] of [
    ['http://example.com/hook', 'https_only'],
    ['https://127.0.0.1/hook', 'not_public'],
    ['https://[::1]/hook', 'not_public'],
    ['https://0x7f000001/hook', 'not_public'],
    ['https://169.254.169.254/latest/meta-data', 'not_public'],
    ['https://localhost/hook', 'not_public'],
    ['https://db.internal/hook', 'not_public'],
    ['https://me:secret@example.com/hook', 'credentials'],
  ] as const) {
    expect((await attempt(url)).problem.issues, url).toEqual([{ path: '/url', issue }]);
  }
  expect((await attempt('ftp://example.com')).status).toBe(400);
  // A name that passes and leads inside: found out where the connection is made.
  const hook = await api.ok(createWebhook, {
    body: { orgUnitId: rooms.a.orgUnit.id, url: 'https://hook.example/' },
    as: staff.admin,
  });
  await api.api.platform.db.sql`UPDATE webhook_endpoints SET url = 'https://ip6-localhost/' WHERE id = ${hook.id}`;
  await api.ok(testWebhook, { params: { id: hook.id }, body: {}, as: staff.admin });
  await turn(api);
  const { items } = await api.ok(listWebhookDeliveries, { params: { id: hook.id }, as: staff.admin });
  expect(items[0]).toMatchObject({ state: 'pending', attempts: 1, lastStatus: null });
  expect(['not a public address', 'ENOTFOUND', 'EAI_AGAIN']).toContain(items[0]?.lastError);
});

test('into the brand’s own network only an administrator leads; a program’s own address stays out of it where it is called', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const at = (url: string) => ({ orgUnitId: rooms.a.orgUnit.id, url });
  for (const [url, issue] of [
    [receiver.url, 'https_only'],
    [receiver.url.replace('http:', 'https:'), 'not_public'],
  ] as const) {
    const refused = await api.call(createWebhook, { body: at(url), as: staff.integrator });
    expect([refused.status, refused.problem.issues]).toEqual([400, [{ path: '/url', issue }]]);
  }
  const its = await api.ok(createWebhook, { body: at('https://hook.example/'), as: staff.integrator });
  const params = { id: its.id };
  // Neither of them moves it inside later.
  for (const as of [staff.integrator, staff.admin])
    expect((await api.call(changeWebhook, { params, body: { url: receiver.url }, as })).status).toBe(400);
  await api.api.platform.db.sql`UPDATE webhook_endpoints SET url = ${receiver.url} WHERE id = ${its.id}`;
  await api.ok(testWebhook, { params, body: {}, as: staff.integrator });
  await turn(api);
  expect(receiver.got).toEqual([]);
  const { items } = await api.ok(listWebhookDeliveries, { params, as: staff.integrator });
  expect(items[0]).toMatchObject({ attempts: 1, lastStatus: null, lastError: 'not a public address' });
});

test('a program changes, rotates, tests, replays and deletes only what it made; an administrator everything', async () => {
  const { api, brand } = await start();
  const { staff, rooms } = brand;
  const body = { orgUnitId: rooms.a.orgUnit.id, url: 'https://hook.example/' };
  const { webhookId, deliveryId } = await makeWebhook(api, rooms.a.orgUnit, staff.admin);
  const attempts = (id: string, as: Principal) => [
    () => api.call(changeWebhook, { params: { id }, body: { description: 'x' }, as }),
    () => api.call(testWebhook, { params: { id }, body: {}, as }),
    () => api.call(rotateWebhookSecret, { params: { id }, body: {}, as }),
    () => api.call(deleteWebhook, { params: { id }, as }),
  ];
  const replay = () => api.call(replayWebhookDelivery, { params: { id: deliveryId }, body: {}, as: staff.integrator });
  for (const attempt of [...attempts(webhookId, staff.integrator), replay])
    expect((await attempt()).problem).toMatchObject({ code: 'forbidden', facts: { reason: 'made_by_somebody_else' } });
  const seen = await api.ok(listWebhookDeliveries, { params: { id: webhookId }, as: staff.integrator });
  expect(seen.items).toHaveLength(1);
  for (const as of [staff.integrator, staff.admin]) {
    const its = await api.ok(createWebhook, { body, as: staff.integrator });
    for (const attempt of attempts(its.id, as)) expect((await attempt()).status).toBeLessThan(300);
  }
});

test('whoever reads facts from a cursor misses none, also of transactions that end late, and sees none of other stores', async () => {
  const { api, brand } = await start();
  const { staff, rooms } = brand;
  const slow = createDb({ url: api.api.platform.config.DATABASE_URL, poolSize: 1, onError: () => {} });
  onTestFinished(() => slow.close());
  const write = (sql: typeof slow.sql, no: number) => sql`INSERT INTO domain_events (type, org_path, data, at)
    VALUES ('order.paid', ${rooms.a.orgUnit.path}, ${JSON.stringify({ no })}::jsonb, ${api.clock.now()})`;
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let isWritten: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    isWritten = resolve;
  });
  const late = slow.transaction(async (tx) => {
    await write(tx, 1);
    isWritten();
    await held;
  });
  await begun;
  await write(api.api.platform.db.sql, 2);
  await turn(api);
  const seen: unknown[] = [];
  let cursor: string | undefined;
  const readOn = async () => {
    const page = await api.ok(listEvents, { query: { limit: 1, ...(cursor ? { cursor } : {}) }, as: staff.admin });
    cursor = page.nextCursor;
    seen.push(...page.items.map(({ data }) => data.no));
    return page.hasMore;
  };
  while (await readOn());
  letGo();
  await late;
  await turn(api);
  while (await readOn());
  expect(seen.filter((no) => no !== undefined)).toEqual([2, 1]);
  expect((await api.call(listEvents, { query: { cursor: 'x' }, as: staff.admin })).status).toBe(400);
});

test('deleted, it sends nothing more; its log stays', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const body = { orgUnitId: rooms.a.orgUnit.id, url: receiver.url };
  const hook = await api.ok(createWebhook, { body, as: staff.admin });
  const params = { id: hook.id };
  await api.ok(testWebhook, { params, body: {}, as: staff.admin });
  for (let again = 0; again < 2; again += 1) {
    expect((await api.call(deleteWebhook, { params, as: staff.admin })).status).toBe(204);
  }
  await turn(api);
  expect(receiver.got).toEqual([]);
  const { items } = await api.ok(listWebhookDeliveries, { params, as: staff.admin });
  expect(items).toMatchObject([{ state: 'failed', lastError: 'endpoint deleted' }]);
});

test('a receiver that is switched off, or never answers, keeps nobody waiting', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const make = (url: string) =>
    api.ok(createWebhook, { body: { orgUnitId: rooms.a.orgUnit.id, url, types: ['order.placed'] }, as: staff.admin });
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void silent.closeAllConnections());
  onTestFinished(() => void silent.close());
  await make(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/`);
  for (let n = 0; n < 6; n += 1) {
    const off = await make(receiver.url);
    await api.ok(testWebhook, { params: { id: off.id }, body: {}, as: staff.admin });
    await api.ok(changeWebhook, { params: { id: off.id }, body: { state: 'disabled' }, as: staff.admin });
  }
  await make(receiver.url);
  const { jobs } = api.api.platform;
  for (let order = 1; order <= 3; order += 1) {
    const placed = await place(api, brand);
    await api.ok(cancelOrder, { params: { id: placed.id }, body: {}, as: brand.consumers.anna });
    await jobs.runNow(NUMBERING_JOB);
    await jobs.runNow(WEBHOOKS_JOB);
    await vi.waitFor(() => expect(receiver.got).toHaveLength(order), { timeout: 5_000 });
  }
});

test('two nodes send the messages of an endpoint in their order', async () => {
  const { api, brand, receiver } = await start();
  const { staff, rooms } = brand;
  const { platform } = api.api;
  const second = await createApi({ ...platform.config, PORT: 0 }, { clock: api.clock });
  onTestFinished(() => second.close());
  const hook = await api.ok(createWebhook, {
    body: { orgUnitId: rooms.a.orgUnit.id, url: receiver.url, types: ['order.paid'] },
    as: staff.admin,
  });
  await platform.db.sql`INSERT INTO domain_events (type, org_path, data, at)
    SELECT 'order.paid', ${rooms.a.orgUnit.path}, jsonb_build_object('no', n), ${api.clock.now()} FROM generate_series(1, 40) AS n`;
  await platform.jobs.runNow(NUMBERING_JOB);
  for (const node of [api.api, second, api.api, second]) await node.platform.jobs.runNow(WEBHOOKS_JOB);
  await Promise.all([api.api.webhooks.idle(), second.webhooks.idle()]);
  const numbers = receiver.got.map(({ body }) => (JSON.parse(body) as { data: { no: number } }).data.no);
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  expect(hook.state).toBe('active');
});
