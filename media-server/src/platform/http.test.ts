import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createApp } from './http.ts';
import { createLogger } from './logger.ts';

it.each([
  [{ isFit: true, isReady: true }, 200, 200],
  // Draining: alive, and newcomers are to go elsewhere.
  [{ isFit: true, isReady: false }, 200, 503],
  // No worker lives.
  [{ isFit: false, isReady: false }, 503, 503],
])('health and readiness tell the truth: %j', async ({ isFit, isReady }, healthz, readyz) => {
  const app = createApp({
    log: createLogger('silent'),
    metrics: { registry: new Registry(), request: () => {}, hlsRequest: () => {}, arrival: () => {} },
    isReady: () => isReady,
    health: () => ({ isFit, workers: isFit ? 2 : 0 }),
    routers: [],
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const health = await fetch(`${url}/healthz`);
    expect(health.status).toBe(healthz);
    expect(await health.json()).toEqual({ status: isFit ? 'ok' : 'failing', workers: isFit ? 2 : 0 });
    expect((await fetch(`${url}/readyz`)).status).toBe(readyz);
  } finally {
    server.close();
  }
});
