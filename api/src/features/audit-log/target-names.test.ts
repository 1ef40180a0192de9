/** What the log's things are called: by the tables as they are, and a customer's name only for who may read it (rule Z6). */
import { randomUUID } from 'node:crypto';
import { listAudit } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { namedKinds, namesOf } from './target-names.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql: TestApi['api']['platform']['db']['sql'] = (...args) => api.api.platform.db.sql(...args);

it('every kind is looked up in a table that has it; what is gone or unknown has no name', async () => {
  const rows = namedKinds.map((kind) => ({ actorId: null, target: `${kind}:${randomUUID()}` }));
  const names = await namesOf(sql, brand.staff.admin.staff, rows);
  expect(rows.map(({ target }) => names.target(target))).toEqual(rows.map(() => null));
  const odd = ['retention:replays', 'audit', 'order:1', `nothing:${randomUUID()}`, 'constructor:x'];
  const none = await namesOf(
    sql,
    brand.staff.admin.staff,
    odd.map((target) => ({ actorId: null, target })),
  );
  expect(odd.map((target) => none.target(target))).toEqual(odd.map(() => null));
});

it('Z6 things by their name, people as the reader may see them, masked for who may not read them', async () => {
  const customer = await makeConsumer(api, '王小明');
  const { stores, products, staff } = brand;
  const targets = [`person:${customer.personId}`, `product:${products.milk.id}`, `sku:${products.milk.sku.id}`];
  for (const target of [...targets, `org_unit:${stores.a.id}`, `staff:${staff.a.guide.personId}`])
    await sql`INSERT INTO audit_log (id, actor_id, action, target, org_path, reason, detail, at)
      VALUES (${randomUUID()}, ${customer.personId}, 'test:named', ${target}, ${stores.a.path}, '', '{}', now())`;
  const { items } = await api.ok(listAudit, { as: staff.admin, query: { action: 'test:named' } });
  expect(new Map(items.map(({ target, targetName }) => [target.split(':')[0], targetName]))).toEqual(
    new Map([
      ['person', '王小明'],
      ['product', '核桃乳 240ml'],
      ['sku', expect.stringContaining('核桃乳 240ml · ')],
      ['org_unit', stores.a.name],
      ['staff', staff.a.guide.name],
    ]),
  );
  expect(items.every(({ actor }) => actor?.name === '王小明')).toBe(true);
  // Nobody's customer yet: a channel reads no name in full.
  const masked = await namesOf(sql, staff.channelEast.staff, [
    { actorId: customer.personId, target: targets[0] ?? '' },
  ]);
  expect(masked.target(targets[0] ?? '')).toBe('王*');
  expect(masked.person(customer.personId)).toBe('王*');
});
