/**
 * An integrator with a terminal: an administrator makes an account for the program and a webhook's receiver in the console; then
 * nothing but what the documents name. The OpenAPI document, a sign-in, facts pushed and verified by a library that nobody here
 * wrote, the same facts read by a cursor, a CSV; what the role may not do is refused; switched off, the program is out.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { openPlace } from '../kit/console-menu.ts';
import { homeAddress } from '../kit/people.ts';
import { walkSet } from '../kit/walk.ts';

const PATIENCE_MS = 240_000;
const PASSWORD = 'walnut-orders-2026';
const USERNAME = 'erp-orders';
const document = readFileSync(join(ROOT, 'docs/16-webhooks.md'), 'utf8');

const walk = walkSet({
  walk: 'integrator',
  atDesk: ['console'],
  stepTimeoutMs: 120_000,
  begin: async () => ({ env: { WEBHOOKS_ALLOW_PRIVATE: '1' } }),
});
const { good, staffToken, buyerToken } = walk;

interface Got {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}
/** The brand's own system: is busy the first time, as real ones are, and answers 204 afterwards. */
let receiver: Server;
const got: Got[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      got.push({ id: headers['webhook-id'] ?? '', type: JSON.parse(body).type, body, headers });
      response.writeHead(got.length === 1 ? 503 : 204).end();
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
});
afterAll(() => new Promise((closed) => receiver.close(closed)));

/** A documented path, called like `curl` would. */
async function ask(token: string | null, path: string, method = 'GET', body?: object): Promise<Response> {
  return fetch(`${walk.product.origin}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}
const signIn = (): Promise<Response> =>
  ask(null, '/api/v1/auth/staff', 'POST', { username: USERNAME, password: PASSWORD });

async function buys(): Promise<string> {
  const guide = await staffToken('hangzhou-guide');
  const goods = (await good(guide, 'GET', '/products?limit=50')).items[0];
  const room = await good(guide, 'POST', '/rooms', { title: '新核桃上市', productIds: [goods.id] });
  await good(guide, 'POST', `/rooms/${room.id}/start`, {});
  const buyer = await buyerToken('13900000401', '田小麦');
  const [sku] = goods.skus;
  const lines = [{ skuId: sku.id, quantity: 2, seenPriceFen: sku.priceFen }];
  const { id } = await good(buyer, 'POST', '/orders', { roomId: room.id, address: homeAddress, lines });
  const { paymentId } = await good(buyer, 'POST', `/orders/${id}/pay`, { provider: 'sandbox' });
  await good(buyer, 'POST', `/payments/sandbox/${paymentId}/settle`, { outcome: 'captured' });
  return id;
}

test('from an account for the program to every fact, and out again', { timeout: 1_200_000 }, async () => {
  const { origin, demoPassword } = walk.product;
  for (const path of ['/api/v1/auth/staff', '/api/v1/orders', '/api/v1/events', '/api/v1/reports/inviters?format=csv'])
    expect(document, path).toContain(path);

  // The administrator, in the console: an account for the program, with a code to hand on.
  const admin = await walk.walker({ app: 'console', device: 'desk', name: 'admin' });
  const { page } = admin;
  const id = (name: string) => page.getByTestId(name);
  const signsIn = async (username: string, password: string): Promise<void> => {
    await id('sign-in-username').fill(username);
    await id('sign-in-password').fill(password);
    await id('sign-in-submit').click();
    await id('account-menu').waitFor();
  };
  await page.goto(`${origin}/console/`);
  await signsIn('hq-admin', demoPassword);
  await openPlace(page, '/staff');
  await id('account-new').click();
  await id('account-name').fill('ERP 订单');
  await id('account-role').click();
  // The last of the list, below its edge.
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option').first().waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await id('account-role').getByText('对接程序').waitFor();
  await id('account-unit').click();
  await page
    .locator('.ant-select-dropdown:visible .ant-select-item-option')
    .filter({ hasText: '总部' })
    .first()
    .click();
  await id('account-username').fill(USERNAME);
  await admin.see('account', id('account-submit'));
  await id('account-submit').click();
  const code = (await id('account-code-shown').innerText()).match(/[A-Z0-9]{12}/)?.[0] ?? '';
  expect(code).toHaveLength(12);

  // The integrator sets a password with it; the administrator names the receiver. The secret is shown once.
  const one = await walk.walker({ app: 'console', device: 'desk', lang: 'en', name: 'integrator' });
  const desk = one.page;
  const its = (name: string) => desk.getByTestId(name);
  await desk.goto(`${origin}/console/`);
  await its('sign-in-code').click();
  await its('code-username').fill(USERNAME);
  await its('code-code').fill(code);
  await its('code-password').fill(PASSWORD);
  await one.see('code', its('code-password'));
  await its('code-password').press('Enter');
  await its('code-code').waitFor({ state: 'detached' });
  await its('sign-in-username').fill(USERNAME);
  await its('sign-in-password').fill(PASSWORD);
  await its('sign-in-submit').click();
  await its('account-menu').waitFor();
  await one.see('first-place', desk.locator('main h1'));
  await openPlace(desk, '/webhooks');
  await one.see('webhooks', its('webhook-new'));
  // Into the brand's own network only the administrator leads.
  await page.locator('.ant-modal-close').click();
  await openPlace(page, '/webhooks');
  await id('webhook-new').click();
  await id('webhook-url').fill(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/walnut`);
  await admin.see('webhook-new', id('webhook-save'));
  await admin.tapTwice(id('webhook-save'));
  await id('webhook-secret').waitFor();
  await admin.see('secret', id('webhook-secret'), { wayOut: false });
  const secret = (await id('webhook-secret').innerText()).trim();
  await page.getByRole('button', { name: '已保存' }).click();
  await admin.reload('the address stays', id('webhook-row'));
  expect(await id('webhook-row').count()).toBe(1);
  expect(await page.locator('main').innerText()).not.toContain(secret);
  await id('webhook-more').click();
  await page.getByRole('menuitem', { name: '发送测试' }).click();
  const verifier = new Webhook(secret);
  await waitUntil('the test arrived', PATIENCE_MS, () => got.some(({ type }) => type === 'webhook.test'));

  // The terminal: what can be called is told, and a sign-in is all it takes.
  const api = (await (await ask(null, '/api/v1/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, object>;
  };
  expect(api.openapi).toMatch(/^3\.1/);
  for (const path of ['/auth/staff', '/orders', '/events', '/webhooks', '/reports/inviters'])
    expect(
      Object.keys(api.paths).some((known) => known.endsWith(path)),
      path,
    ).toBe(true);
  expect(await (await ask(null, '/docs')).text()).toContain('openapi.json');
  const { accessToken: token, expiresInSeconds } = (await (await signIn()).json()) as {
    accessToken: string;
    expiresInSeconds: number;
  };
  expect(expiresInSeconds).toBe(600);

  // A customer buys: the fact is pushed, under the same id after a failure, and any library verifies it.
  const orderId = await buys();
  const paid = (): Got | undefined => got.find(({ type, body }) => type === 'order.paid' && body.includes(orderId));
  await waitUntil('order.paid is pushed', PATIENCE_MS, () => paid() !== undefined);
  for (const { body, headers } of got) expect(() => verifier.verify(body, headers)).not.toThrow();
  const [first] = got;
  expect(() => verifier.verify((first?.body ?? '').replace('webhook', 'other'), first?.headers ?? {})).toThrow();
  await waitUntil(
    'what met a busy receiver came again',
    PATIENCE_MS,
    () => got.filter((it) => it.id === first?.id).length > 1,
  );
  await its('webhook-log').click();
  await one.see('log', its('delivery-row'));

  // The same facts by the cursor: from the beginning, and nothing twice.
  interface Page {
    items: { id: string; type: string; data: { orderId?: string } }[];
    nextCursor: string;
    hasMore: boolean;
  }
  const events: Page['items'] = [];
  let cursor = '';
  for (let more = true; more; ) {
    const read = (await (await ask(token, `/api/v1/events?limit=2${cursor && `&cursor=${cursor}`}`)).json()) as Page;
    events.push(...read.items);
    [cursor, more] = [read.nextCursor, read.hasMore];
  }
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  const facts = events.filter(({ data }) => data.orderId === orderId).map(({ type }) => type);
  expect(facts).toEqual(['order.placed', 'order.paid']);
  expect(events.some((event) => event.id === JSON.parse(paid()?.body ?? '{}').id)).toBe(true);
  const later = (await (await ask(token, `/api/v1/events?cursor=${cursor}`)).json()) as Page;
  expect([later.items, later.nextCursor]).toEqual([[], cursor]);

  // The order by its id, without a phone; the table as a file.
  const order = await (await ask(token, `/api/v1/orders/${orderId}`)).text();
  expect(order).toContain('"state":"paid"');
  expect(order).not.toContain(homeAddress.phone);
  const csv = await ask(token, '/api/v1/reports/inviters?format=csv');
  expect(csv.headers.get('content-type')).toContain('text/csv');
  expect((await csv.text()).split('\n').length).toBeGreaterThan(1);

  // It changes nothing and reads no more than its role: told as problem details with an id to ask about.
  for (const [method, path] of [
    ['GET', '/api/v1/audit'],
    ['GET', '/api/v1/payments'],
    ['PATCH', `/api/v1/rooms/${orderId}`],
    ['POST', `/api/v1/orders/${orderId}/ship`],
  ] as const) {
    const refused = await ask(token, path, method, method === 'GET' ? undefined : {});
    expect(refused.status, path).toBe(403);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(((await refused.json()) as { requestId: string }).requestId, path).toBeTruthy();
  }
  expect((await ask(null, '/api/v1/events')).status).toBe(401);

  // Switched off by the administrator, it signs in no more.
  await openPlace(page, '/staff');
  await id('staff-row').filter({ hasText: USERNAME }).getByTestId('account').click();
  await id('account-off').click();
  await id('reason').fill('更换对接系统');
  await id('reason-submit').click();
  await id('reason').waitFor({ state: 'detached' });
  await waitUntil('the sign-in is refused', PATIENCE_MS, async () => (await signIn()).status === 401);
  // Names of facts are what a program is sent, in every language; one of them is a key of the screen as well.
  expect(walk.stumbles([/shows a message key: order\.placed$/])).toEqual([]);
});
