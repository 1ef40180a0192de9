import {
  contactNext,
  decodeNetworkLayout,
  indexOfPerson,
  listContacts,
  myNetwork,
  networkChain,
  networkChildren,
  networkDiagnosis,
  networkKeyPeople,
  networkLayout,
  networkPath,
  networkPerson,
  networkRoots,
  networkSearch,
  personIdAt,
  writeContact,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { createInviteForest } from '../../testing/invite-forest.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

const DAY_SECONDS = 86_400;
let api: TestApi;
let brand: Brand;
let forest: ReturnType<typeof createInviteForest>;
/** Came by a link of the guide of store A; brought four to store A and one to store B. */
let lin: Principal;
let ofA: string[];
let ofB: string;
/** Below `ofA[0]`: a chain of sixty, in store A. */
let chain: string[];
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  forest = createInviteForest(api);
  lin = await makeConsumer(api, '林小桃');
  expect((await visit(api, brand.staff.a.guide, lin, brand.rooms.a.id)).status).toBe(302);
  ofA = await forest.people(4, 'consumer', '安小然');
  [ofB] = (await forest.people(1, 'consumer', '白小露')) as [string];
  chain = await forest.people(60, 'guest', '访客');
  await forest.bring(lin.personId, ofA, brand.rooms.a);
  await forest.bring(lin.personId, [ofB], brand.rooms.b);
  await forest.chain([ofA[0] as string, ...chain], brand.rooms.a);
  await forest.paidOrder(ofA[1] as string, brand.rooms.a, 10_000);
  const back = await forest.paidOrder(ofA[1] as string, brand.rooms.a, 5_000);
  await forest.refund(back, 2_000);
  await forest.paidOrder(ofB, brand.rooms.b, 70_000);
  await forest.follow();
});
afterAll(() => api[Symbol.asyncDispose]());

test('A5 headquarters see the whole tree, a store what its own rooms brought and sold', async () => {
  const { admin } = brand.staff;
  const [root] = (await api.ok(networkRoots, { as: admin })).items;
  expect(root).toMatchObject({
    person: { id: brand.staff.a.guide.personId },
    role: 'staff',
    below: { people: 66, fresh: 66, orders: 3, gmvFen: 85_000, refundedFen: 2_000 },
  });
  const whole = await api.ok(networkPerson, { as: admin, params: { id: lin.personId } });
  expect(whole).toMatchObject({
    person: { name: '林小桃' },
    inviter: { id: brand.staff.a.guide.personId },
    below: { people: 65, gmvFen: 85_000 },
  });
  expect(whole.levels.slice(0, 2)).toMatchObject([
    { level: 1, people: 5 },
    { level: 2, people: 1 },
  ]);
  expect(whole.levels).toHaveLength(61);

  const asA = await api.ok(networkPerson, { as: brand.staff.a.manager, params: { id: lin.personId } });
  expect(asA).toMatchObject({ below: { people: 64, orders: 2, gmvFen: 15_000, refundedFen: 2_000 } });
  const asB = await api.ok(networkPerson, { as: brand.staff.b.manager, params: { id: lin.personId } });
  // Whom store B knows only as one above its customer.
  expect(asB).toMatchObject({ person: { name: '林*' }, store: null, below: { people: 1, orders: 1, gmvFen: 70_000 } });
  expect((await api.call(networkPerson, { as: brand.staff.c.manager, params: { id: lin.personId } })).status).toBe(404);
});

test('A5 those whom somebody brought come page by page, the best first, each store its own', async () => {
  const params = { id: lin.personId };
  const all: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await api.ok(networkChildren, {
      as: brand.staff.admin,
      params,
      query: { limit: 2, sort: 'people', ...(cursor ? { cursor } : {}) },
    });
    all.push(...page.items.map(({ person }) => person.id));
    cursor = page.nextCursor;
  } while (cursor);
  expect(all[0]).toBe(ofA[0]);
  expect([...all].sort()).toEqual([...ofA, ofB].sort());
  const asB = await api.ok(networkChildren, { as: brand.staff.b.manager, params });
  expect(asB.items.map(({ person, own }) => [person.id, own.gmvFen])).toEqual([[ofB, 70_000]]);
});

test('A5 the chain above one of the deepest is whole, and the shortest way leads over it', async () => {
  const deepest = chain.at(-1) as string;
  const above = await api.ok(networkChain, { as: brand.staff.admin, params: { id: deepest } });
  const ids = above.items.map(({ person }) => person.id);
  expect(ids).toEqual([...chain.slice(0, -1).reverse(), ofA[0], lin.personId, brand.staff.a.guide.personId]);
  expect(above.more).toBe(false);
  const way = await api.ok(networkPath, {
    as: brand.staff.a.manager,
    query: { from: brand.staff.a.guide.personId, to: chain[1] as string },
  });
  expect(way.shortest).toBe(true);
  expect(way.steps.map(({ person, tie }) => [person.id, tie])).toEqual([
    [brand.staff.a.guide.personId, null],
    // Whose customer she is is known as well as who brought her: one step either way.
    [lin.personId, expect.stringMatching(/^(?:brought|guide_of)$/)],
    [ofA[0], 'brought'],
    [chain[0], 'brought'],
    [chain[1], 'brought'],
  ]);
  const none = await api.ok(networkPath, { as: brand.staff.admin, query: { to: deepest } });
  expect(none).toEqual({ steps: [], shortest: true });
  expect((await api.call(networkPath, { as: brand.staff.b.manager, query: { to: deepest } })).status).toBe(404);
});

test('a diagnosis counts depth, growth, bringers and the largest branch, and says what to do', async () => {
  const whole = await api.ok(networkDiagnosis, { as: brand.staff.admin });
  expect(whole).toMatchObject({
    people: 66,
    depth: 62,
    growth: { last30Days: 66, previous30Days: 0 },
    bringers: 61,
    largestBranch: 66,
  });
  expect(whole.advice.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['depends_on_one', 'growth_up', 'few_orders']),
  );
  const below = await api.ok(networkDiagnosis, { as: brand.staff.a.manager, query: { personId: lin.personId } });
  expect(below).toMatchObject({ people: 64, depth: 61, largestBranch: 61, orders: 2 });
  const empty = await api.ok(networkDiagnosis, { as: brand.staff.c.manager });
  expect(empty).toMatchObject({ people: 0, depth: 0, advice: [{ code: 'begin' }] });
  expect((await api.call(networkDiagnosis, { as: brand.staff.a.manager, query: { orgPath: 'hq' } })).status).toBe(404);
});

test('key people: who brought most, and who buys and could bring', async () => {
  const ids = async (as: Principal, by: 'brought' | 'could_bring') =>
    (await api.ok(networkKeyPeople, { as, query: { by, sort: 'people', limit: 3 } })).items.map(
      ({ person }) => person.id,
    );
  expect(await ids(brand.staff.admin, 'brought')).toEqual([brand.staff.a.guide.personId, lin.personId, ofA[0]]);
  expect(await ids(brand.staff.b.manager, 'brought')).toHaveLength(2);
  expect(await ids(brand.staff.a.manager, 'could_bring')).toEqual([ofA[1]]);
  expect(await ids(brand.staff.b.manager, 'could_bring')).toEqual([]);
});

test('Z6 people are found by the names that the asker may read, and by no other', async () => {
  const found = async (as: Principal, q: string) =>
    (await api.ok(networkSearch, { as, query: { q } })).items.map(({ person }) => person.id);
  expect(await found(brand.staff.admin, '小桃')).toEqual([lin.personId]);
  expect(await found(brand.staff.admin, '小露')).toEqual([ofB]);
  expect(await found(brand.staff.a.manager, '小桃')).toEqual([lin.personId]);
  // Store B knows her as one above its customer, by her first character; the other bought in store B.
  expect(await found(brand.staff.b.manager, '小桃')).toEqual([]);
  expect(await found(brand.staff.b.manager, '林')).toEqual([]);
  expect(await found(brand.staff.b.manager, '小露')).toEqual([ofB]);
  expect(await found(brand.staff.a.manager, '小露')).toEqual([]);
  expect((await api.call(networkSearch, { as: brand.staff.a.guide, query: { q: '小桃' } })).status).toBe(403);
  const elsewhere = { q: '林', orgPath: brand.stores.b.path };
  expect((await api.call(networkSearch, { as: brand.staff.a.manager, query: elsewhere })).status).toBe(404);
});

test('the picture has everybody of the scope below whoever brought them, and no names', async () => {
  const picture = async (as: Principal, query = '') => {
    const response = await fetch(`${api.url}/api/v1/invite-graph/layout${query}`, {
      headers: { authorization: `Bearer ${await api.token(as)}` },
    });
    expect(response.headers.get('content-type')).toContain('octet-stream');
    return decodeNetworkLayout(await response.arrayBuffer());
  };
  expect(networkLayout.produces).toContain('application/octet-stream');
  const whole = await picture(brand.staff.admin);
  expect(whole.count).toBe(67);
  const ids = Array.from({ length: whole.count }, (_, index) => personIdAt(whole, index));
  expect(ids[0]).toBe(brand.staff.a.guide.personId);
  expect(indexOfPerson(whole, ofB)).toBe(ids.indexOf(ofB));
  expect(indexOfPerson(whole, brand.staff.b.guide.personId)).toBe(-1);
  expect(whole.inviter[ids.indexOf(ofB)]).toBe(ids.indexOf(lin.personId));
  expect(Array.from(whole.inviter).filter((inviter) => inviter === -1)).toHaveLength(1);
  // Whoever is left out stands at the end of a branch.
  const some = await picture(brand.staff.admin, '?people=10');
  expect(some.count).toBe(10);
  expect(Array.from(some.inviter).filter((inviter) => inviter === -1)).toHaveLength(1);
  const asB = await picture(brand.staff.b.manager);
  expect(Array.from({ length: asB.count }, (_, index) => personIdAt(asB, index)).sort()).toEqual(
    [brand.staff.a.guide.personId, lin.personId, ofB].sort(),
  );
});

test('Z6 contacts: a guide speaks with their own customers, what was written is seen by those above, phones are masked', async () => {
  const { guide, secondGuide, manager } = brand.staff.a;
  const params = { id: lin.personId };
  const suggested = await api.ok(contactNext, { as: guide });
  expect(suggested.items.map(({ person, reasons }) => [person.id, reasons.map(({ code }) => code)])).toContainEqual([
    lin.personId,
    expect.arrayContaining(['rising']),
  ]);
  // Their own customers by name, whom they look after; nobody else's.
  expect(suggested.items.find(({ person }) => person.id === lin.personId)?.person.name).toBe('林小桃');
  expect((await api.ok(contactNext, { as: secondGuide })).items).toEqual([]);

  const nextAt = new Date(api.clock.now().getTime() + 2 * DAY_SECONDS * 1000).toISOString();
  const body = { way: 'phone' as const, note: '想再要两箱，电话 13912345678', nextAt };
  const written = await api.call(writeContact, { as: guide, params, body, key: 'contact-of-lin-0001' });
  expect(written.status).toBe(201);
  const again = await api.call(writeContact, { as: guide, params, body, key: 'contact-of-lin-0001' });
  expect(again.body).toEqual(written.body);
  const seen = await api.ok(listContacts, { as: manager, params });
  expect(seen.items).toMatchObject([
    { way: 'phone', note: '想再要两箱，电话 139****5678', nextAt, by: { id: guide.personId } },
  ]);
  expect((await api.ok(contactNext, { as: guide })).items.map(({ person }) => person.id)).not.toContain(lin.personId);
  for (const as of [secondGuide, brand.staff.b.manager, brand.staff.b.guide]) {
    expect((await api.call(writeContact, { as, params, body })).status).toBe(404);
    expect((await api.call(listContacts, { as, params })).status).toBe(404);
  }
  expect(
    (await api.call(writeContact, { as: guide, params, body: { ...body, nextAt: '2020-01-01T00:00:00Z' } })).status,
  ).toBe(400);

  api.clock.advanceSeconds(3 * DAY_SECONDS);
  const [first] = (await api.ok(contactNext, { as: manager })).items;
  expect(first).toMatchObject({
    person: { id: lin.personId },
    reasons: expect.arrayContaining([{ code: 'promised', facts: { daysLate: 1 } }]),
  });
});

test('K2 Z6 a sharer sees two steps, first characters, and nobody’s purchases', async () => {
  const mine = await api.ok(myNetwork, { as: lin, query: { limit: 3 } });
  expect(mine).toMatchObject({ brought: 5, broughtByThem: 1 });
  expect(mine.items).toHaveLength(3);
  const rest = await api.ok(myNetwork, { as: lin, query: { cursor: mine.nextCursor ?? '' } });
  expect([...mine.items, ...rest.items].map(({ name }) => name).sort()).toEqual(['安*', '安*', '安*', '安*', '白*']);
  expect(await api.ok(myNetwork, { as: await makeGuest(api) })).toEqual({
    brought: 0,
    broughtByThem: 0,
    active: 0,
    items: [],
    nextCursor: null,
  });
});

test('Z6 no phone is in any answer', async () => {
  const as = brand.staff.admin;
  const params = { id: lin.personId };
  const answers = [
    await api.ok(networkRoots, { as }),
    await api.ok(networkPerson, { as, params }),
    await api.ok(networkChildren, { as, params }),
    await api.ok(networkChain, { as, params: { id: chain[0] as string } }),
    await api.ok(networkKeyPeople, { as }),
    await api.ok(contactNext, { as }),
    await api.ok(listContacts, { as, params }),
    await api.ok(myNetwork, { as: lin }),
  ];
  expect(JSON.stringify(answers)).not.toMatch(/(?<!\d)1[3-9]\d{9}(?!\d)/);
});
