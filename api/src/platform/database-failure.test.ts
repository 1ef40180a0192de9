import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/testing/database.ts';
import { createDb } from './db.ts';
import { toAckError, toAppError, toProblem } from './errors.ts';

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it worked'),
    (error: unknown) => toAppError(error),
  );

test('a database under pressure or away is `unavailable`, with a time to come back', async () => {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, poolSize: 2, onError: () => {} });
  try {
    const states = ['55P03', '57014', '57P01', '57P03', '53300', '53200', '08006', '40001'];
    for (const state of states) {
      const raise = `DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '${state}'; END $$`;
      expect(await failureOf(db.pool.query(raise)), state).toMatchObject({ code: 'unavailable' });
    }
    const slow = db.transaction(async (tx) => {
      await tx`SET LOCAL statement_timeout = 20`;
      await tx`SELECT pg_sleep(5)`;
    });
    const failure = await failureOf(slow);
    expect(toProblem(failure, 'request-1')).toMatchObject({ status: 503, retryAfterSeconds: 2 });
    expect(toAckError(failure)).toEqual({ code: 'unavailable', facts: { retryAfterMs: 2_000 } });

    const ended = db.transaction(async (tx) => {
      const [own] = await tx<{ pid: number }>`SELECT pg_backend_pid() AS pid`;
      await db.sql`SELECT pg_terminate_backend(${own?.pid ?? 0})`;
      await tx`SELECT 1`;
    });
    expect(await failureOf(ended)).toMatchObject({ code: 'unavailable' });
  } finally {
    await db.close();
    await database.drop();
  }
});

test('nobody listens, or whoever listens says nothing', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const timed = createDb({
    url: `postgresql://x@127.0.0.1:${port}/x?connect_timeout=1`,
    poolSize: 1,
    onError: () => {},
  });
  silent.once('connection', (socket) => socket.destroy());
  expect(await failureOf(timed.sql`SELECT 1`)).toMatchObject({ code: 'unavailable' });
  await new Promise((resolve) => silent.close(resolve));
  expect(await failureOf(timed.sql`SELECT 1`)).toMatchObject({ code: 'unavailable' });
  await timed.close();
  expect(toAppError(new Error('timeout exceeded when trying to connect'))).toMatchObject({ code: 'unavailable' });
});

test('a value that no column takes is the request’s mistake; a mistake of ours stays one', async () => {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, poolSize: 1, onError: () => {} });
  try {
    for (const work of [
      db.sql`SELECT ${2 ** 31}::int`,
      db.sql`SELECT ${'a\0b'}::text`,
      db.sql`SELECT ${'not a uuid'}::uuid`,
      db.prisma.product.findFirst({ where: { id: 'not a uuid' } }),
    ])
      expect(await failureOf(work)).toMatchObject({ code: 'invalid_request' });
    expect(await failureOf(db.sql`SELECT * FROM nowhere`)).toMatchObject({ code: 'internal' });
    expect(toAppError(new Error('a mistake'))).toMatchObject({ code: 'internal' });
    expect(await db.prisma.product.findFirst({ where: { id: randomUUID() } })).toBeNull();
  } finally {
    await db.close();
    await database.drop();
  }
});
