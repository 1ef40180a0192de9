/** Crowds, shelves and counts for the race suite. The map from known mistakes to attacks: known-mistakes.test.ts. */
import { randomUUID } from 'node:crypto';
import { type BodyInputOf, type OrderView, placeOrder } from '@walnut-live/contracts';
import { expect, vi } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import {
  type Brand,
  type FixtureProduct,
  type FixtureRoom,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
} from '../testing/fixtures.ts';
import { TEST_ADDRESS } from '../testing/shop.ts';
import type { Answer, TestApi } from '../testing/test-api.ts';

/** Starts all before any of them is answered. */
export const atOnce = <Result>(count: number, work: (n: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

/** Consumers, made by one statement. */
export async function crowd(api: TestApi, size: number): Promise<Principal[]> {
  const rows = await api.api.platform.db.sql<{ id: string }>`
    INSERT INTO people (id, kind, name, created_at)
    SELECT gen_random_uuid(), 'consumer', '顾客' || n, ${api.clock.now()} FROM generate_series(1, ${size}::int) n RETURNING id`;
  return rows.map(({ id }) => ({ personId: id, kind: 'consumer', name: '顾客' }));
}
export async function somebody(api: TestApi): Promise<Principal> {
  const [person] = await crowd(api, 1);
  if (!person) throw new Error('nobody');
  return person;
}

/**
 * Starts the work while somebody holds the SKU's row, so that rivals who come meanwhile meet behind it, in one transaction
 * or in a queue for the row; then lets go.
 */
export async function behind<Result>(
  api: TestApi,
  skuId: string,
  first: () => Promise<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  const { db } = api.api.platform;
  const started = await db.transaction(async (tx) => {
    await tx`SELECT 1 FROM stocks WHERE sku_id = ${skuId} FOR UPDATE`;
    const leading = first();
    await vi.waitFor(
      async () => {
        const waiting = await db.sql`SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE stocks%'`;
        expect(waiting.length).toBeGreaterThan(0);
      },
      { timeout: 15_000, interval: 10 },
    );
    const working = work();
    // What was sent before these answers came is at the door by now.
    for (let n = 0; n < 5; n++) await (await fetch(`${api.url}/readyz`)).arrayBuffer();
    return { leading, working };
  });
  await started.leading;
  return started.working;
}

/** How often what was answered: `ok`, or the code of the refusal (of a coupon: its reason). */
export function tally(
  answers: readonly { status: number; problem: { code?: string; facts?: Record<string, unknown> | undefined } }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, problem } of answers) {
    const refusal = problem.code === 'coupon_not_usable' ? String(problem.facts?.reason) : problem.code;
    const name = status < 300 ? 'ok' : (refusal ?? String(status));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
export const won = <T extends { status: number }>(answers: readonly T[]): T[] =>
  answers.filter(({ status }) => status < 300);
/** Nothing was answered but this. */
export const expectOnly = (answers: Parameters<typeof tally>[0], ...names: string[]): void =>
  expect(Object.keys(tally(answers)).filter((name) => !names.includes(name))).toEqual([]);

/** A product of its own with so many pieces at store A. */
export async function goods(api: TestApi, brand: Brand, pieces: number, priceFen = 9_900) {
  const product = await makeProduct(api, `核桃 ${randomUUID().slice(0, 8)}`, { priceFen });
  await makeStock(api, product.sku.id, brand.stores.a, pieces);
  return { product, stock: () => readStock(api, product.sku.id, brand.stores.a) };
}
/** The same in a live room of its own. */
export async function shelf(api: TestApi, brand: Brand, pieces: number, priceFen?: number) {
  const { product, stock } = await goods(api, brand, pieces, priceFen);
  return { product, stock, room: await roomOf(api, brand, product) };
}
export const roomOf = (api: TestApi, brand: Brand, ...products: FixtureProduct[]): Promise<FixtureRoom> =>
  makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products });

type Order = BodyInputOf<typeof placeOrder>;
/** An order of any kind, delivered to the test's address. */
export const buy = (
  api: TestApi,
  as: Principal,
  room: { readonly id: string },
  order: Omit<Order, 'roomId' | 'address'>,
  key: string = randomUUID(),
): Promise<Answer<OrderView>> =>
  api.call(placeOrder, { as, key, body: { roomId: room.id, address: TEST_ADDRESS, ...order } });

/** Rows of the test's database. */
export const rowsOf =
  (api: TestApi) =>
  <Row extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>): Promise<Row[]> =>
    api.api.platform.db.sql<Row>(...args);
/** Transactions that PostgreSQL killed because they waited in a circle (rule S2). */
export async function deadlocks(api: TestApi): Promise<number> {
  const [row] = await rowsOf(api)<{ n: number }>`
    SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()`;
  return row?.n ?? 0;
}
