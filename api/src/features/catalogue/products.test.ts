/** Options, drafts, codes, floors: what a product's writing refuses, and what a raised floor does to offers that run. */
import {
  closeBundle,
  createProduct,
  getProduct,
  listFlaggedOffers,
  listProducts,
  openBundle,
  openOffer,
  patchOffer,
  patchProduct,
  putBag,
  stopGroupCampaign,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Brand, makeOffer, makeProduct, makeRoom, makeStock, seedBrand } from '../../testing/fixtures.ts';
import { makeGroupCampaign } from '../../testing/group-buys.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { mayBecome, optionFaultOf } from './catalogue.policy.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const TASTES = [
  { name: '口味', values: ['原味', '奶香'] },
  { name: '规格', values: ['200g', '500g'] },
];
const sku = (optionValues: string[], active = true) => ({ optionValues, active });
const MIX = {
  title: '每日核桃',
  subtitle: '',
  description: '',
  pictures: ['/pictures/none.svg', '/pictures/walnut-gift-box.svg'],
  role: 'main' as const,
  options: TASTES,
  skus: [
    { name: '原味 200g', priceFen: 3_900, optionValues: ['原味', '200g'] },
    { name: '奶香 500g', priceFen: 8_900, optionValues: ['奶香', '500g'] },
  ],
};

test.each([
  ['no options, any names', [], [sku([]), sku([])], undefined],
  ['every combination once', TASTES, [sku(['原味', '200g']), sku(['原味', '500g'])], undefined],
  ['the same one twice', TASTES, [sku(['原味', '200g']), sku(['原味', '200g'])], 'combination_twice'],
  ['the same one, but no longer sold', TASTES, [sku(['原味', '200g'], false), sku(['原味', '200g'])], undefined],
  ['a value nobody listed', TASTES, [sku(['酸辣', '200g'])], 'value_unknown'],
  ['a value too few', TASTES, [sku(['原味'])], 'values_missing'],
  ['values without options', [], [sku(['原味'])], 'values_missing'],
  [
    'an option twice',
    [
      { name: '口味', values: ['a'] },
      { name: '口味', values: ['b'] },
    ],
    [],
    'option_twice',
  ],
  ['a value twice', [{ name: '口味', values: ['a', 'a'] }], [], 'value_twice'],
])('options: %s', (_what, options, skus, fault) => {
  expect(optionFaultOf(options, skus)?.fault).toBe(fault);
});

test.each([
  ['draft', 'on_sale', true],
  ['draft', 'off_sale', true],
  ['on_sale', 'off_sale', true],
  ['off_sale', 'on_sale', true],
  ['on_sale', 'draft', false],
  ['off_sale', 'draft', false],
] as const)('a product that is %s may become %s: %s', (from, to, allowed) => {
  expect(mayBecome(from, to)).toBe(allowed);
});

test('a gallery and options come back as they were given; a wrong matrix is refused by its line', async () => {
  const { admin } = brand.staff;
  const made = await api.ok(createProduct, { as: admin, body: MIX });
  const seen = await api.ok(getProduct, { params: { id: made.id } });
  expect(seen).toMatchObject({
    pictureUrl: '/pictures/none.svg',
    pictures: MIX.pictures,
    options: TASTES,
    skus: [{ optionValues: ['原味', '200g'] }, { optionValues: ['奶香', '500g'] }],
  });
  const twice = await api.call(patchProduct, {
    as: admin,
    params: { id: made.id },
    body: { skus: [{ name: '又一个', priceFen: 3_900, optionValues: ['奶香', '500g'] }] },
  });
  expect(twice.problem.issues).toEqual([{ path: '/skus/0/optionValues', issue: 'combination_twice' }]);
  const fewer = await api.call(patchProduct, { as: admin, params: { id: made.id }, body: { options: [] } });
  expect(fewer.problem.issues).toEqual([{ path: '/options', issue: 'values_missing' }]);
  const main = await api.ok(patchProduct, {
    as: admin,
    params: { id: made.id },
    body: { pictureUrl: '/pictures/other.svg' },
  });
  expect(main.pictures).toEqual(['/pictures/other.svg', '/pictures/walnut-gift-box.svg']);
});

test('a draft is seen by staff only, is in no bag, and is none again once it was on sale', async () => {
  const { admin, a } = brand.staff;
  const draft = await api.ok(createProduct, { as: admin, body: { ...MIX, title: '还没定', status: 'draft' } });
  expect((await api.call(getProduct, { params: { id: draft.id } })).status).toBe(404);
  expect((await api.ok(getProduct, { as: a.guide, params: { id: draft.id } })).status).toBe('draft');
  const listed = await api.ok(listProducts, { as: admin, query: { status: 'draft' } });
  expect(listed.items.map(({ id }) => id)).toEqual([draft.id]);
  const toBag = () =>
    api.call(putBag, { as: a.guide, params: { id: brand.rooms.scheduledA.id }, body: { productIds: [draft.id] } });
  expect((await toBag()).status).toBe(404);
  await api.ok(patchProduct, { as: admin, params: { id: draft.id }, body: { status: 'on_sale' } });
  expect((await toBag()).status).toBe(200);
  const back = await api.call(patchProduct, { as: admin, params: { id: draft.id }, body: { status: 'draft' } });
  expect(back.problem.code).toBe('state_conflict');
});

test('a code names one SKU; the same one again is a conflict that says where', async () => {
  const { admin } = brand.staff;
  const coded = { ...MIX, code: 'MIX-1', options: [], skus: [{ name: '装', priceFen: 100, code: 'MIX-1-A' }] };
  const made = await api.ok(createProduct, { as: admin, body: coded });
  const again = await api.call(createProduct, { as: admin, body: { ...coded, code: 'MIX-2' } });
  expect(again.problem).toMatchObject({ code: 'conflict', issues: [{ path: '/code', issue: 'code_taken' }] });
  const found = await api.ok(listProducts, { as: admin, query: { search: 'MIX-1-A' } });
  expect(found.items.map(({ id }) => id)).toEqual([made.id]);
  expect(await api.ok(getProduct, { params: { id: made.id } })).not.toHaveProperty('code');
});

describe('S6', () => {
  const floorOf = (skuId: string, name: string, priceFen: number, floorPriceFen: number | null) => ({
    skus: [{ id: skuId, name, priceFen, floorPriceFen }],
  });

  test('a shelf price below the floor is refused, whichever of the two is moved', async () => {
    const milk = await makeProduct(api, '低价乳', { priceFen: 590, floorPriceFen: 390 });
    const patch = (priceFen: number, floor: number | null) =>
      api.call(patchProduct, {
        as: brand.staff.admin,
        params: { id: milk.id },
        body: floorOf(milk.sku.id, '标准装', priceFen, floor),
      });
    for (const answer of [await patch(389, 390), await patch(590, 591)])
      expect(answer.problem.issues).toEqual([{ path: '/skus/0/floorPriceFen', issue: 'floor_above_price' }]);
    expect((await patch(390, 390)).status).toBe(200);
  });

  test('a floor raised under an offer that runs flags it and changes nothing; the next change must respect it', async () => {
    const { staff, rooms } = brand;
    const { milk } = brand.products;
    const offer = await makeOffer(api, rooms.a, milk.sku.id, { priceFen: 420 });
    const other = await makeOffer(api, rooms.b, milk.sku.id, { priceFen: 560 });
    await api.ok(patchProduct, {
      as: staff.operations,
      params: { id: milk.id },
      body: floorOf(milk.sku.id, '标准装', 590, 500),
    });
    const flagged = await api.ok(listFlaggedOffers, { as: staff.admin, query: {} });
    expect(flagged.items).toMatchObject([{ offerId: offer.id, priceFen: 420, floorPriceFen: 500 }]);
    expect((await api.ok(listFlaggedOffers, { as: staff.b.manager, query: {} })).items).toEqual([]);
    const { sql } = api.api.platform.db;
    expect(await sql`SELECT price_fen, state FROM offers WHERE id = ${offer.id}`).toEqual([
      { price_fen: 420n, state: 'open' },
    ]);
    expect(await sql`SELECT target, org_path FROM audit_log WHERE action = 'offer:below_floor'`).toEqual([
      { target: `offer:${offer.id}`, org_path: rooms.a.orgUnit.path },
    ]);
    const longer = { endsAt: new Date(api.clock.now().getTime() + 7_200_000).toISOString() };
    const patch = (body: object) =>
      api.call(patchOffer, { as: staff.a.guide, params: { id: offer.id }, body: body as never });
    expect((await patch(longer)).problem.code).toBe('below_price_floor');
    expect((await patch({ priceFen: 500 })).status).toBe(200);
    expect((await api.ok(listFlaggedOffers, { as: staff.admin, query: {} })).items).toEqual([]);
    for (const { id } of [offer, other])
      await api.ok(patchOffer, { as: staff.admin, params: { id }, body: { state: 'closed' } });
  });

  test('a floor flags whatever sells below it: bundles, groups and gifts too, also before they begin', async () => {
    const { staff, stores } = brand;
    const admin = staff.admin;
    const one = await makeProduct(api, '一', { priceFen: 2_000 });
    const two = await makeProduct(api, '二', { priceFen: 1_000 });
    for (const { sku } of [one, two]) await makeStock(api, sku.id, stores.a, 10);
    const room = await makeRoom(api, { orgUnit: stores.a, host: staff.a.guide, products: [one, two] });
    const params = { id: room.id };
    const parts = [{ skuId: one.sku.id }, { skuId: two.sku.id, quantity: 2 }];
    const startsAt = new Date(api.clock.now().getTime() + 600_000).toISOString();
    const bundle = await api.ok(openBundle, {
      ...{ as: staff.a.guide, params },
      body: { title: '组合', priceFen: 3_000, durationSeconds: 600, startsAt, parts },
    });
    const campaign = await makeGroupCampaign(api, brand, stores.a, { skuId: one.sku.id, priceFen: 1_500 });
    const offer = await api.ok(openOffer, {
      ...{ as: staff.a.guide, params },
      body: { skuId: one.sku.id, priceFen: 1_900, durationSeconds: 600, gift: { skuId: two.sku.id, per: 1, cap: 5 } },
    });
    const flagged = async (as = admin) =>
      (await api.ok(listFlaggedOffers, { as, query: {} })).items.map((row) => [
        row.kind,
        row.offerId,
        row.floorPriceFen,
      ]);
    const raise = ({ id, sku }: typeof one, priceFen: number, floorPriceFen: number) =>
      api.ok(patchProduct, { as: admin, params: { id }, body: floorOf(sku.id, '标准装', priceFen, floorPriceFen) });
    expect(await flagged()).toEqual([]);
    // A bundle of 30 yuan may hold 15 + 2 × 7.
    await raise(two, 1_000, 700);
    expect(await flagged()).toEqual([['gift', offer.id, 700]]);
    await raise(one, 2_000, 1_501);
    expect(await flagged()).toEqual([
      ['gift', offer.id, 700],
      ['group', campaign.id, 1_501],
    ]);
    await raise(one, 2_000, 1_601);
    expect(await flagged(staff.a.manager)).toEqual([
      ['gift', offer.id, 700],
      ['bundle', bundle.id, 3_001],
      ['group', campaign.id, 1_601],
    ]);
    expect(await flagged(staff.b.manager)).toEqual([]);
    const noted = await api.api.platform.db.sql<{ target: string }>`
      SELECT target FROM audit_log WHERE action = 'offer:below_floor' AND target NOT LIKE 'offer:%' ORDER BY target`;
    expect(noted.map(({ target }) => target)).toEqual([
      `bundle:${bundle.id}`,
      `group_campaign:${campaign.id}`,
      `group_campaign:${campaign.id}`,
    ]);
    await api.ok(patchOffer, { as: admin, params: { id: offer.id }, body: { state: 'closed' } });
    await api.ok(closeBundle, { as: admin, params: { id: bundle.id }, body: {} });
    await api.ok(stopGroupCampaign, { as: admin, params: { id: campaign.id }, body: { reason: '结束' } });
    expect(await flagged()).toEqual([]);
  });

  test('an offer and a rising floor at once: the offer is refused or flagged, never neither', async () => {
    const { staff, rooms } = brand;
    const { family } = brand.products;
    const raise = (floor: number) =>
      api.call(patchProduct, {
        as: staff.admin,
        params: { id: family.id },
        body: floorOf(family.sku.id, '标准装', 11_900, floor),
      });
    for (let round = 0; round < 8; round++) {
      await raise(8_900);
      const [opened] = await Promise.all([
        api.call(openOffer, {
          as: staff.a.guide,
          params: { id: rooms.a.id },
          body: { skuId: family.sku.id, priceFen: 9_000, durationSeconds: 600 },
        }),
        raise(9_500),
      ]);
      const flagged = (await api.ok(listFlaggedOffers, { as: staff.admin, query: {} })).items;
      if (opened.status === 201) {
        expect(flagged.map(({ offerId }) => offerId)).toEqual([opened.body.id]);
        await api.ok(patchOffer, { as: staff.admin, params: { id: opened.body.id }, body: { state: 'closed' } });
      } else {
        expect(opened.problem.code).toBe('below_price_floor');
        expect(flagged).toEqual([]);
      }
    }
  });
});
