import { errorStatus, routes } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { startTestApi } from '../testing/test-api.ts';

test('every route of the contracts is bound, and nothing else', async () => {
  await using api = await startTestApi();
  const bound = api.api.boundRoutes.map((route) => route.id);
  expect([...bound].sort()).toEqual(routes.map((route) => route.id).sort());
});

test('route ids, and methods with paths, are unique', () => {
  expect(new Set(routes.map((route) => route.id)).size).toBe(routes.length);
  const addresses = routes.map((route) => `${route.method} ${route.base ?? '/api/v1'}${route.path}`);
  expect(new Set(addresses).size).toBe(routes.length);
});

test.each(routes)('$id is whole: parameters, a reply or an empty status, known errors', (route) => {
  const named = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
  const params = route.params ? Object.keys((route.params as unknown as { shape: object }).shape) : [];
  expect(params.sort()).toEqual(named.sort());
  // A picture or a document is a reply without a schema.
  const isFile = route.produces !== undefined;
  expect(route.reply !== undefined || isFile || route.status === 204 || route.status === 302).toBe(true);
  if (route.consumes) expect(route.body).toBeUndefined();
  else if (['POST', 'PUT', 'PATCH'].includes(route.method)) expect(route.body).toBeDefined();
  else expect(route.body).toBeUndefined();
  for (const code of route.errors ?? []) expect(errorStatus).toHaveProperty(code);
});
