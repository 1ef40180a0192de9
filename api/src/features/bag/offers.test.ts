import { type BodyInputOf, getBag, openOffer, patchOffer } from '@walnut-live/contracts';
import { describe, expect, test } from 'vitest';
import { type FixtureRoom, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { CLOSE_ENDED_OFFERS } from './index.ts';
import { refuseCap, refusePrice } from './offers.policy.ts';

async function setUp() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const { milk } = brand.products;
  return {
    api,
    brand,
    sql,
    milk,
    open: (
      body: Partial<BodyInputOf<typeof openOffer>> = {},
      room: FixtureRoom = brand.rooms.a,
      as = brand.staff.a.guide,
    ) =>
      api.call(openOffer, {
        as,
        params: { id: room.id },
        body: { skuId: milk.sku.id, priceFen: 490, durationSeconds: 60, ...body },
      }),
    patch: (id: string, body: BodyInputOf<typeof patchOffer>, as = brand.staff.a.guide) =>
      api.call(patchOffer, { as, params: { id }, body }),
    events: async () =>
      (await sql<{ payload: { kind: string } }>`SELECT payload FROM outbox ORDER BY id`).map((row) => row.payload),
    versions: (offerId: string) =>
      sql<{ version: number; price_fen: bigint; superseded_at: Date | null; effective_from: Date }>`
        SELECT version, price_fen, superseded_at, effective_from FROM offer_versions WHERE offer_id = ${offerId} ORDER BY version`,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('S6', () => {
  test.each([
    [389n, 390n, 'below_price_floor'],
    [390n, 390n, undefined],
    [1n, null, undefined],
    [590n, null, undefined],
    [591n, null, 'invalid_request'],
  ])('an offer of %s fen with floor %s → %s', (priceFen, floorPriceFen, code) => {
    expect(refusePrice(priceFen, { priceFen: 590n, floorPriceFen })?.code).toBe(code);
  });

  test('a lower store offer is refused, when opened and when changed, and told the floor', async () => {
    await using t = await setUp();
    const refused = await t.open({ priceFen: 389 });
    expect(refused.problem).toMatchObject({ code: 'below_price_floor', facts: { floorPriceFen: 390 } });
    const offer = (await t.open({ priceFen: 390 })).body;
    expect((await t.patch(offer.id, { priceFen: 389 })).problem.code).toBe('below_price_floor');
    expect(await t.events()).toHaveLength(1);
  });
});

test('S4 every version keeps its terms and the moment it was superseded', async () => {
  await using t = await setUp();
  const opened = await t.open({ cap: 10, perPersonLimit: 2 });
  expect(opened.status).toBe(201);
  const offer = opened.body;
  t.api.clock.advanceSeconds(10);
  const changed = (await t.patch(offer.id, { priceFen: 450, cap: null })).body;
  expect(changed).toMatchObject({
    id: offer.id,
    version: 2,
    priceFen: 450,
    cap: null,
    perPersonLimit: 2,
    endsAt: offer.endsAt,
  });
  expect((await t.patch(offer.id, { priceFen: 450 })).body.version).toBe(2); // nothing new, no version
  const [first, second] = await t.versions(offer.id);
  expect(first).toMatchObject({ version: 1, price_fen: 490n });
  expect(first?.superseded_at).toEqual(second?.effective_from);
  expect(second).toMatchObject({ version: 2, price_fen: 450n, superseded_at: null });
  expect(await t.events()).toMatchObject([
    { kind: 'offer:opened', offer: { version: 1 }, visibleFrom: expect.stringMatching(/Z$/) },
    { kind: 'offer:changed', offer: { version: 2, priceFen: 450 } },
  ]);
});

describe('S5', () => {
  test.each([
    [null, 5, undefined],
    [5, 5, undefined],
    [4, 5, 'state_conflict'],
  ])('a cap of %s with %s taken → %s', (cap, taken, code) => {
    expect(refuseCap(cap, taken)?.code).toBe(code);
  });

  test('a cap cannot be lowered below what is taken', async () => {
    await using t = await setUp();
    const offer = (await t.open({ cap: 10 })).body;
    await t.sql`UPDATE offers SET taken = 6 WHERE id = ${offer.id}`;
    expect((await t.patch(offer.id, { cap: 5 })).problem).toMatchObject({
      code: 'state_conflict',
      facts: { taken: 6 },
    });
    expect((await t.patch(offer.id, { cap: 6 })).body).toMatchObject({ cap: 6, taken: 6 });
  });
});

test('one open offer per room and SKU, also when many open at once; an ended one gives way', async () => {
  await using t = await setUp();
  const answers = await Promise.all(Array.from({ length: 8 }, () => t.open()));
  expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(7).fill(409)]);
  expect((await t.open({}, t.brand.rooms.b, t.brand.staff.b.guide)).status).toBe(201);
  t.api.clock.advanceSeconds(61);
  expect((await t.open()).status).toBe(201);
  const kinds = (await t.events()).map((event) => event.kind);
  expect(kinds).toEqual(['offer:opened', 'offer:opened', 'offer:closed', 'offer:opened']);
});

test('the sweeper closes what has ended, once, also when two sweep together', async () => {
  await using t = await setUp();
  const offer = (await t.open()).body;
  const { jobs } = t.api.api.platform;
  await jobs.runNow(CLOSE_ENDED_OFFERS);
  expect(await t.events()).toHaveLength(1);
  t.api.clock.advanceSeconds(60);
  await Promise.all([jobs.runNow(CLOSE_ENDED_OFFERS), jobs.runNow(CLOSE_ENDED_OFFERS)]);
  expect(await t.events()).toMatchObject([{}, { kind: 'offer:closed', offerId: offer.id, skuId: t.milk.sku.id }]);
  const [version] = await t.versions(offer.id);
  expect(version?.superseded_at?.toISOString()).toBe(offer.endsAt);
  expect((await t.patch(offer.id, { priceFen: 480 })).problem.code).toBe('state_conflict');
  const bag = await t.api.ok(getBag, { params: { id: t.brand.rooms.a.id } });
  expect(bag.items.flatMap((item) => item.offers)).toEqual([]);
});

test('closing by hand; longer and shorter windows; an announced offer is in the bag before it starts', async () => {
  await using t = await setUp();
  const now = t.api.clock.now().getTime();
  const startsAt = new Date(now + 60_000).toISOString();
  const offer = (await t.open({ startsAt })).body;
  expect(offer).toMatchObject({ startsAt, endsAt: new Date(now + 120_000).toISOString() });
  const bag = await t.api.ok(getBag, { params: { id: t.brand.rooms.a.id } });
  expect(bag.items[0]?.offers).toMatchObject([{ id: offer.id, startsAt }]);
  const endsAt = new Date(now + 600_000).toISOString();
  expect((await t.patch(offer.id, { endsAt })).body).toMatchObject({ version: 2, endsAt });
  for (const wrong of [new Date(now - 1_000), new Date(now + 30_000), new Date(now + 31 * 86_400_000)]) {
    expect((await t.patch(offer.id, { endsAt: wrong.toISOString() })).status).toBe(400);
  }
  expect((await t.patch(offer.id, { state: 'closed' })).body.state).toBe('closed');
  expect((await t.patch(offer.id, { state: 'closed' })).problem.code).toBe('state_conflict');
  expect((await t.events()).at(-1)).toMatchObject({ kind: 'offer:closed', offerId: offer.id });
});

test('scope: another store’s offers do not exist, an assistant may not price, a SKU must be in the bag', async () => {
  await using t = await setUp();
  const { staff, rooms } = t.brand;
  const offer = (await t.open()).body;
  expect((await t.patch(offer.id, { priceFen: 480 }, staff.b.guide)).status).toBe(404);
  expect((await t.open({}, rooms.b)).status).toBe(404);
  expect(
    (await t.open({ skuId: t.brand.products.kernels.sku.id, priceFen: 3_000 }, rooms.a, staff.a.assistant)).status,
  ).toBe(403);
  expect((await t.open({}, rooms.scheduledA)).status).toBe(404); // its bag is empty
  const log = await t.sql`SELECT action FROM audit_log WHERE target = ${`offer:${offer.id}`}`;
  expect(log).toEqual([{ action: 'offer:opened' }]);
});
