/**
 * Who gets through the gate of which route: every role × every route of the contracts, worked out from `access`. A new route
 * or role is in the table by being in the contracts.
 */
import { routes } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { everybody, gateOf, send } from './requests.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

test.each(routes)('$id opens to whom its access names, and to nobody else', async (route) => {
  for (const [who, principal] of Object.entries(everybody(brand))) {
    // Not a valid body: whoever gets through the gate stops at the next one and changes nothing.
    const body = route.body ? '{"unknown":true}' : undefined;
    const { status, problem } = await send(api, route, { as: principal, body });
    const expected = gateOf(route.access, principal);
    const told = `${who} on ${route.id}: ${status} ${problem.code ?? ''}`;
    if (expected === 'open') {
      expect([401, 403], told).not.toContain(status);
      expect(status, told).toBeLessThan(500);
    } else {
      expect(status, told).toBe(expected);
      expect(problem.requestId, told).toBeTruthy();
    }
  }
});

test.each(routes.filter((route) => route.access !== 'public'))('$id believes no made-up token', async (route) => {
  const body = route.body ? '{}' : undefined;
  const [head, claims] = (await api.token(brand.staff.admin)).split('.');
  for (const authorization of [`Bearer ${head}.${claims}.AAAA`, 'Bearer nonsense', 'Basic YTpi']) {
    const { status } = await send(api, route, { body, headers: { authorization } });
    expect(status).toBe(401);
  }
});
