import { routes } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { validate } from './testing/openapi.ts';
import { startTestApi } from './testing/test-api.ts';

test('health, readiness, metrics and the OpenAPI document are served; unknown paths are problems', async () => {
  await using api = await startTestApi();
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${api.url}/readyz`)).json()).toMatchObject({ ready: true });
  expect(await (await fetch(`${api.url}/metrics`)).text()).toContain('http_request_seconds');
  const document = (await (await fetch(`${api.url}/api/v1/openapi.json`)).json()) as Record<string, unknown>;
  expect(await validate(document)).toEqual({ valid: true });
  expect(Object.values(document.paths as object).flatMap((path: object) => Object.keys(path))).toHaveLength(
    routes.length,
  );
  const missing = await fetch(`${api.url}/api/v1/nothing`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get('content-type')).toContain('application/problem+json');
  expect(await missing.json()).toMatchObject({ code: 'not_found', requestId: missing.headers.get('x-request-id') });
});

test('no route begins with a parameter: requests are led by the first part of their path', () => {
  for (const { base, path } of routes) expect(`${base ?? ''}${path}`).toMatch(/^\/[a-z]/);
});
