/** What arrives wrong is answered by problem details: every route with a body × every way to be wrong. */
import { type Access, type Route, rolePermissions, routes, staffRoles } from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Principal } from '../platform/principal.ts';
import { type Brand, seedBrand } from '../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { everybody, type RawAnswer, send } from './requests.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

/** Somebody whom the route lets in. */
function insider(access: Access): Principal | undefined {
  const people = everybody(brand);
  if (access === 'public') return undefined;
  if (typeof access === 'string') return people.consumer;
  if (!('staff' in access)) return people.consumer;
  return people[staffRoles.find((role) => rolePermissions[role].includes(access.staff)) ?? 'hq_admin'];
}
function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.problem.code }).toEqual({ status, code });
  expect(answer.contentType).toContain('application/problem+json');
  expect(answer.problem).toMatchObject({ status, requestId: expect.stringMatching(/^[\w-]{8,64}$/) });
}
const fieldsOf = (route: Route) => {
  const schema = z.toJSONSchema(route.body as z.ZodType, { io: 'input', unrepresentable: 'any' });
  return Object.keys(schema.properties ?? {});
};

describe.each(routes.filter((route) => route.body))('$id', (route) => {
  const to = (body: string, headers: Record<string, string> = {}) =>
    send(api, route, { as: insider(route.access), body, headers });

  test('refuses an unknown field', async () => {
    const answer = await to('{"__unknown":1}');
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.problem.issues?.map(({ issue }) => issue)).toContain('unrecognized_keys');
  });

  test('refuses every field of a wrong type, and names it', async () => {
    for (const field of fieldsOf(route)) {
      for (const wrong of [{ wrong: { deep: [] } }, [[{}]]]) {
        const answer = await to(JSON.stringify({ [field]: wrong }));
        expectProblem(answer, 400, 'invalid_request');
        const paths = answer.problem.issues?.map(({ path }) => path) ?? [];
        expect(paths.some((path) => path === `/${field}` || path.startsWith(`/${field}/`))).toBe(true);
      }
    }
  });

  test('refuses what is no object', async () => {
    for (const body of ['[]', '[{}]', '"text"', '1', 'null']) {
      const answer = await to(body);
      expectProblem(answer, 400, 'invalid_request');
    }
  });

  test('refuses malformed JSON, a foreign content type and 1 MB', async () => {
    expectProblem(await to('{"a":'), 400, 'invalid_request');
    expectProblem(await to('{}', { 'content-type': 'text/plain' }), 415, 'unsupported_media_type');
    expectProblem(
      await to('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported_media_type',
    );
    expectProblem(await to(JSON.stringify({ padding: 'x'.repeat(1_048_576) })), 413, 'body_too_large');
  });
});

test('a body that comes in pieces is held to the same type and size', async () => {
  const piecewise = (type: string, text: string) =>
    fetch(`${api.url}/api/v1/auth/guest`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: new Blob([text]).stream(),
      duplex: 'half',
    } as RequestInit);
  expect((await piecewise('text/plain', '{}')).status).toBe(415);
  expect((await piecewise('application/json', JSON.stringify('x'.repeat(100_000)))).status).toBe(413);
  expect((await piecewise('application/json', '{}')).status).toBe(200);
});

/** A link that somebody was given leads somewhere whatever hangs on it (rule A6). */
const takesAnyQuery = new Set(['share-links.follow']);
describe.each(routes.filter((route) => route.query && !takesAnyQuery.has(route.id)))('$id', (route) => {
  test('refuses unknown and wrong query parameters', async () => {
    const as = insider(route.access);
    expectProblem(await send(api, route, { as, query: 'unknown=1' }), 400, 'invalid_request');
    const fields = Object.keys(z.toJSONSchema(route.query as z.ZodType, { io: 'input' }).properties ?? {});
    if (fields.includes('limit')) {
      for (const limit of ['0', '101', 'many', '1.5']) {
        expectProblem(await send(api, route, { as, query: `limit=${limit}` }), 400, 'invalid_request');
      }
    }
    if (fields.includes('cursor')) {
      for (const cursor of ['made-up', Buffer.from('["2026-01-01T00:00:00Z"]').toString('base64url')]) {
        expectProblem(await send(api, route, { as, query: `cursor=${cursor}` }), 400, 'invalid_request');
      }
    }
  });
});

const withIds = routes.filter((route) => route.params && route.base === undefined);
test.each(withIds)('$id refuses ids that are none', async (route) => {
  for (const id of ['1', 'not-a-uuid', "'%20OR%201=1--", '%00', '..%2f..%2fetc%2fpasswd', '%E0%A4%A']) {
    const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
    const params = Object.fromEntries(names.map((name) => [name, id]));
    const answer = await send(api, route, {
      as: insider(route.access),
      params,
      body: route.body ? '{}' : undefined,
    });
    expectProblem(answer, 400, 'invalid_request');
  }
});
