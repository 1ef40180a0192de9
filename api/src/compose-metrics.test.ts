import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../../scripts/testing/database.ts';
import { AUDIT_JOB, createReadiness } from './compose-metrics.ts';
import { createDb } from './platform/db.ts';
import { seedBrand } from './testing/fixtures.ts';
import { startTestApi } from './testing/test-api.ts';

const READY_WITHIN_MS = 2_400; // what the containers' health checks wait

type TestApi = Awaited<ReturnType<typeof startTestApi>>;
const scrape = async ({ url }: TestApi): Promise<string> => (await fetch(`${url}/metrics`)).text();
const seriesOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
};

test('work that waits is told with its age', async () => {
  await using api = await startTestApi();
  const { db, clock, jobs } = api.api.platform;
  const calm = await scrape(api);
  for (const name of [
    'outbox_oldest_seconds',
    'payment_questions_overdue_seconds',
    'webhook_deliveries_overdue_seconds',
  ])
    expect(seriesOf(calm, name)).toBe(0);
  expect(seriesOf(calm, 'api_ready{check="database"}')).toBe(1);
  expect(seriesOf(calm, 'api_ready{check="roomLog"}')).toBe(1);
  expect(seriesOf(calm, `job_interval_seconds{job="${AUDIT_JOB}"}`)).toBe(6 * 3_600);

  // A topic that no subscriber of rooms knows would be published too, so the publisher is kept away by its own lock.
  const holder = await db.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('SELECT pg_advisory_xact_lock(5150001)');
    const longAgo = new Date(clock.now().getTime() - 90_000);
    await db.sql`INSERT INTO outbox (topic, payload, created_at) VALUES ('room', '{}'::jsonb, ${longAgo})`;
    const late = seriesOf(await scrape(api), 'outbox_oldest_seconds') ?? 0;
    expect(late).toBeGreaterThanOrEqual(89);
    expect(late).toBeLessThan(200);
    await db.sql`DELETE FROM outbox WHERE room_id IS NULL`;
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }

  await jobs.runNow(AUDIT_JOB);
  const agreed = await scrape(api);
  expect(seriesOf(agreed, 'books_differences')).toBe(0);
  expect(seriesOf(agreed, 'books_audited_timestamp_seconds')).toBeGreaterThan(0);
});

test('the auditor’s differences are told', async () => {
  await using api = await startTestApi();
  const { db, jobs } = api.api.platform;
  await seedBrand(api);
  const [stock] = await db.sql<{ sku_id: string }>`SELECT sku_id FROM stocks WHERE on_hand > reserved LIMIT 1`;
  if (!stock) throw new Error('no stock');
  await db.sql`UPDATE stocks SET reserved = reserved + 1 WHERE sku_id = ${stock.sku_id} AND on_hand > reserved`;
  await jobs.runNow(AUDIT_JOB);
  expect(seriesOf(await scrape(api), 'books_differences')).toBeGreaterThan(0);
});

test('an orderly end does not wait for the auditor', async () => {
  await using api = await startTestApi();
  const { jobs, config } = api.api.platform;
  const other = createDb({ url: config.DATABASE_URL, poolSize: 2, onError: () => undefined });
  const holder = await other.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query('LOCK TABLE ledger_transfers IN ACCESS EXCLUSIVE MODE');
    const turn = jobs.runNow(AUDIT_JOB);
    await vi.waitFor(async () => {
      const waiting = await other.sql`SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'`;
      expect(waiting).toHaveLength(1);
    });
    const from = performance.now();
    await api.api.close();
    expect(performance.now() - from).toBeLessThan(3_500); // a statement waits 5 s for a lock
    await turn;
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
    await other.close();
  }
});

/** A way to the database that can stand still, as a host does whose network is gone. */
async function slowRoad(databaseUrl: string) {
  const target = new URL(databaseUrl);
  const pairs: [Socket, Socket][] = [];
  let isStill = false;
  const server = createServer((near) => {
    const far = connectTcp(Number(target.port), target.hostname);
    pairs.push([near, far]);
    near.on('data', (piece) => void (isStill || far.write(piece)));
    far.on('data', (piece) => void (isStill || near.write(piece)));
    for (const [one, other] of [[near, far] as const, [far, near] as const]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(databaseUrl);
  url.port = String(address.port);
  return {
    url: url.href,
    stand(still: boolean) {
      isStill = still;
      if (!still) for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
    close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
    },
  };
}

test('a database that does not answer makes the process unready in time, and its return ready', {
  timeout: 60_000,
}, async () => {
  const database = await createTestDatabase();
  const road = await slowRoad(database.url);
  const api = await startTestApi({ DATABASE_URL: road.url, DATABASE_WAIT_MS: '5000' });
  try {
    expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
    road.stand(true);
    const began = performance.now();
    const reply = await fetch(`${api.url}/readyz`);
    expect(performance.now() - began).toBeLessThan(READY_WITHIN_MS);
    expect(reply.status).toBe(503);
    expect(await reply.json()).toMatchObject({ ready: false, checks: { database: false, open: true } });
    // Alive all the same: starting it again would mend nothing.
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    const told = await scrape(api);
    expect(seriesOf(told, 'api_ready{check="database"}')).toBe(0);
    expect(seriesOf(told, 'outbox_oldest_seconds')).toBeUndefined();
    road.stand(false);
    await vi.waitFor(async () => expect((await fetch(`${api.url}/readyz`)).status).toBe(200), { timeout: 20_000 });
    await vi.waitFor(async () => expect(seriesOf(await scrape(api), 'outbox_oldest_seconds')).toBe(0), {
      timeout: 20_000,
    });
  } finally {
    await api[Symbol.asyncDispose]();
    road.close();
    await database.drop();
  }
});

test('a process that is told to end says so before it is gone', async () => {
  await using api = await startTestApi();
  const { db } = api.api.platform;
  const ready = createReadiness({ db, hasRoomLog: () => true, isClosing: () => false });
  expect(await ready()).toEqual({ ready: true, checks: { database: true, roomLog: true, open: true } });
  const closing = createReadiness({ db, hasRoomLog: () => true, isClosing: () => true });
  expect(await closing()).toMatchObject({ ready: false, checks: { database: true, open: false } });
  // Rooms are paused, orders are not: it stays in line, and says it.
  const paused = createReadiness({ db, hasRoomLog: () => false, isClosing: () => false });
  expect(await paused()).toEqual({ ready: true, checks: { database: true, roomLog: false, open: true } });
});
