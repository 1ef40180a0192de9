/** Tags with their why, and KOC proposals, over HTTP and a real database (rules N3, N4). */
import {
  changeTagRule,
  createTagRule,
  decideKocProposal,
  getCustomerTags,
  listCustomers,
  listKocProposals,
  listMarks,
  listTagRules,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { buy, refund } from '../../testing/members.ts';
import { shelfLine } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { auditTags, TAGS_JOB } from './index.ts';
import { createWatchBook } from './watch-book.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const turn = () => api.api.platform.jobs.runNow(TAGS_JOB);
const tagsOf = (person: Principal, as: Principal = brand.staff.operations) =>
  api.ok(getCustomerTags, { as, params: { id: person.personId } });
const due = (person: Principal) =>
  api.api.platform.db.sql`UPDATE customer_checks SET due_at = ${api.clock.now()} WHERE person_id = ${person.personId}`;

it('N3 time in rooms counts once whatever sockets, nodes and repeats; also what the guest saw before', async () => {
  const { db, log } = api.api.platform;
  const [person, guest] = [await makeConsumer(api), await makeGuest(api)];
  await db.sql`UPDATE people SET merged_into = ${person.personId} WHERE id = ${guest.personId}`;
  const books = [
    createWatchBook({ db, clock: api.clock, log }),
    createWatchBook({ db, clock: api.clock, log }),
  ] as const;
  const leave = books.map((book) => book.enter(brand.rooms.a.id, person.personId));
  api.clock.advanceSeconds(40 * 60);
  await Promise.all(books.map((book) => book.flush()));
  leave[0]?.();
  api.clock.advanceSeconds(10 * 60);
  leave[1]?.();
  const back = books[0].enter(brand.rooms.b.id, guest.personId);
  api.clock.advanceSeconds(11 * 60);
  back();
  await Promise.all(books.map((book) => book.close()));
  await due(person);
  await Promise.all([turn(), turn()]);
  const { items, checkedAt } = await tagsOf(person);
  expect(checkedAt).not.toBeNull();
  const watched = items.find(({ name }) => name === '常看直播');
  expect(watched).toMatchObject({
    ...{ ruleVersion: 1, endedAt: null },
    why: [{ metric: 'watched_minutes', op: 'at_least', value: 60, days: 30, counted: 61 }],
  });
  api.clock.advanceSeconds(40 * 86_400);
  await turn();
  expect((await tagsOf(person)).items.find(({ name }) => name === '常看直播')?.endedAt).not.toBeNull();
  expect(await auditTags(db)).toEqual([]);
});

it('N3 a rule of headquarters reaches everybody with its version; another version or its end too; a store makes none', async () => {
  const person = await makeConsumer(api);
  await buy(api, person, brand.rooms.a, [shelfLine(brand.products.milk)]);
  await turn();
  const conditions = [{ metric: 'bought' as const, op: 'at_least' as const, value: 1, days: 30 }];
  const body = { name: '新顾客', conditions, reason: '首单回访' };
  expect((await api.call(createTagRule, { as: brand.staff.a.manager, body })).status).toBe(403);
  const rule = await api.ok(createTagRule, { as: brand.staff.operations, body });
  await turn();
  const tag = async () => (await tagsOf(person, brand.staff.a.manager)).items.find(({ ruleId }) => ruleId === rule.id);
  expect(await tag()).toMatchObject({ name: '新顾客', ruleVersion: 1, why: [{ counted: 1, value: 1 }], endedAt: null });
  const picked = await api.ok(listCustomers, { as: brand.staff.a.manager, query: { ruleId: rule.id } });
  expect(picked.items.map(({ person: one }) => one.id)).toEqual([person.personId]);
  const [shown] = (await api.ok(listTagRules, { as: brand.staff.a.manager })).items.filter(({ id }) => id === rule.id);
  expect(shown).toMatchObject({ people: 1, conditions });
  const change = (version: number, active: boolean) =>
    api.call(changeTagRule, {
      as: brand.staff.operations,
      params: { id: rule.id },
      body: { ...body, name: '首单', version, active },
    });
  const both = await Promise.all([change(1, true), change(1, true)]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  api.clock.advanceSeconds(60);
  await turn();
  expect(await tag()).toMatchObject({ name: '首单', ruleVersion: 2, endedAt: null });
  expect((await change(2, false)).status).toBe(201);
  api.clock.advanceSeconds(60);
  await turn();
  expect((await tag())?.endedAt).not.toBeNull();
  expect(await auditTags(api.api.platform.db)).toEqual([]);
});

it('N4 figures propose, a person decides, once; refunds let a proposal lapse; nobody is marked by figures', async () => {
  const { sql } = api.api.platform.db;
  const [good, gone] = [await makeConsumer(api, '甲'), await makeConsumer(api, '乙')];
  const orders = [];
  for (const person of [good, gone])
    for (const _n of [1, 2, 3]) orders.push(await buy(api, person, brand.rooms.a, [shelfLine(brand.products.milk)]));
  for (const person of [good, gone])
    await sql`INSERT INTO owner_bindings (id, customer_id, store_id, reason, bound_at)
      VALUES (gen_random_uuid(), ${person.personId}, ${brand.stores.a.id}, 'first_order', ${api.clock.now()}) ON CONFLICT DO NOTHING`;
  for (const person of [good, gone]) await due(person);
  await turn();
  const open = async (as: Principal) =>
    (await api.ok(listKocProposals, { as, query: { state: 'proposed' } })).items.map(({ person }) => person.id);
  expect((await open(brand.staff.a.manager)).sort()).toEqual([good.personId, gone.personId].sort());
  expect(await open(brand.staff.b.manager)).toEqual([]);
  expect((await api.ok(listMarks, { as: brand.staff.operations })).items).toEqual([]);
  const last = orders.at(-1);
  if (last) await refund(api, brand, last);
  await due(gone);
  await turn();
  expect(await open(brand.staff.a.manager)).toEqual([good.personId]);
  const [proposal] = (await api.ok(listKocProposals, { as: brand.staff.a.manager, query: { state: 'proposed' } }))
    .items;
  const decide = (accept: boolean, as: Principal = brand.staff.a.manager) =>
    api.call(decideKocProposal, { as, params: { id: proposal?.id ?? '' }, body: { accept, reason: '常带邻居来' } });
  expect((await decide(true, brand.staff.b.manager)).status).toBe(404);
  expect((await decide(true, brand.staff.analyst)).status).toBe(403);
  const rivals = await Promise.all([decide(true), decide(false), decide(true), decide(false)]);
  expect(rivals.filter(({ status }) => status === 200)).toHaveLength(2);
  const [after] = (await api.ok(listKocProposals, { as: brand.staff.a.manager, query: {} })).items.filter(
    ({ id }) => id === proposal?.id,
  );
  const marks = (await api.ok(listMarks, { as: brand.staff.operations, query: { kind: 'koc' } })).items;
  expect(marks).toHaveLength(after?.state === 'accepted' ? 1 : 0);
  const audit = await sql`SELECT 1 FROM audit_log WHERE action = ${`koc-proposal:${after?.state}`}`;
  expect(audit).toHaveLength(1);
  await due(good);
  await turn();
  expect(await open(brand.staff.a.manager)).toEqual([]);
  expect(await auditTags(api.api.platform.db)).toEqual([]);
});
