/**
 * A store's things do not exist for another store: every route that names something by its path, or by an org unit, × staff of
 * store A on things of store B, and a customer on another customer's. A new route with parameters fails the first test
 * until it says here what belongs to store B (or why it belongs to nobody).
 */
import { may, type Route, routes } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { belongsToNobody } from './nobodys-routes.ts';
import { gateOf, send } from './requests.ts';
import { type ThingsOfB, targets } from './scope-targets.ts';
import { makeThingsOfB } from './things-of-b.ts';

let api: TestApi;
let b: ThingsOfB;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  b = await makeThingsOfB(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const isNarrow = (route: Route) => targets[route.id] !== undefined;
const ask = (route: Route, as: Principal) => {
  const { params = {}, query, body } = targets[route.id]?.(b) ?? {};
  return send(api, route, {
    params,
    as,
    ...(query ? { query } : {}),
    body: body ? JSON.stringify(body) : undefined,
  });
};

test('every route that names something says here whose it is', () => {
  const named = routes.filter((route) => route.params && !belongsToNobody.has(route.id)).map((route) => route.id);
  expect(named.filter((id) => !targets[id])).toEqual([]);
  expect(Object.keys(targets).filter((id) => !routes.some((route) => route.id === id))).toEqual([]);
});

test.each(routes.filter(isNarrow))(
  '$id: nothing of store B for staff of store A or of another channel',
  async (route) => {
    const { staff } = b.brand;
    for (const as of [staff.a.guide, staff.a.manager, staff.a.assistant, staff.channelNorth, staff.c.manager]) {
      const { status, text } = await ask(route, as);
      const told = `${as.name} on ${route.id}: ${status}`;
      // Whoever the gate lets in is told that there is nothing; a permission nobody has is a plain no.
      expect(status, told).toBe(gateOf(route.access, as) === 'open' ? 404 : 403);
      expect(text, told).not.toContain(b.brand.rooms.b.title);
    }
  },
);

const ofCustomers = routes.filter(
  ({ id, access }) =>
    targets[id] && (access === 'consumer' || (typeof access === 'object' && 'consumerOrStaff' in access)),
);
test.each(ofCustomers)('$id: nothing of one customer for another', async (route) => {
  const { status, text } = await ask(route, b.brand.consumers.bella);
  expect([403, 404]).toContain(status);
  expect(text).not.toContain('安然');
});

// Last, because now things happen: the same requests are good ones, or the refusals above would prove nothing.
test.each(Object.keys(targets).flatMap((id) => routes.filter((route) => route.id === id)))(
  '$id: the same request by HQ (or the customer) is let in',
  async (route) => {
    const as = route.access === 'consumer' ? b.brand.consumers.anna : b.brand.staff.admin;
    const { status, text, problem } = await ask(route, as);
    expect([400, 401, 403, 404, 422], text).not.toContain(status);
    // There is no media server here: whoever is told so was let in.
    if (problem.code !== 'unavailable') expect(status, text).toBeLessThan(500);
  },
);

/** Lists that a store's manager may read at all. */
const lists = routes.filter(
  ({ method, params, query, access }) =>
    method === 'GET' &&
    !params &&
    (query?.safeParse({}).success ?? true) && // what must name something is asked above
    typeof access === 'object' &&
    !('secret' in access) &&
    may('store_manager', 'staff' in access ? access.staff : access.consumerOrStaff),
);
test.each(lists)('$id: lists nothing of store B for store A', async (route) => {
  const { stores, rooms, staff } = b.brand;
  const answer = await send(api, route, { params: {}, as: staff.a.manager });
  expect(answer.status).toBe(200);
  for (const sign of [stores.b.id, stores.b.path, stores.b.name, rooms.b.id, b.orderId]) {
    expect(answer.text).not.toContain(sign);
  }
});
