import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { receiveOrder } from '@walnut-live/contracts';
import express from 'express';
import { expect, test } from 'vitest';
import { seedBrand } from '../testing/fixtures.ts';
import { startTestApi } from '../testing/test-api.ts';
import { toAppError } from './errors.ts';
import { createHttp } from './http.ts';

test('a reply of an idempotent route that breaks its contract undoes what the route did', async () => {
  await using api = await startTestApi();
  const { consumers, stores, rooms } = await seedBrand(api);
  const { db, tokens, clock } = api.api.platform;
  const { router, bind } = createHttp({ db, tokens, clock, checkReplies: true });
  bind(receiveOrder, async ({ tx }) => {
    await tx`UPDATE org_units SET name = 'changed' WHERE id = ${stores.a.id}`;
    return { wrong: true } as never;
  });
  const app = express().use(router);
  app.use(
    ((error, _req, res, _next) => void res.status(500).send(toAppError(error).code)) as express.ErrorRequestHandler,
  );
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const answer = await fetch(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/orders/${rooms.a.id}/receive`,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await api.token(consumers.anna)}`,
        'idempotency-key': 'key-of-the-test',
      },
    },
  );
  server.closeAllConnections();
  server.close();
  expect(await answer.text()).toBe('internal');
  const [unit] = await db.sql<{ name: string }>`SELECT name FROM org_units WHERE id = ${stores.a.id}`;
  expect(unit?.name).not.toBe('changed');
  expect(await db.sql`SELECT 1 FROM idempotency_keys`).toEqual([]);
});
