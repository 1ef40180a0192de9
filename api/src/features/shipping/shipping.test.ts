import {
  type Address,
  addAddress,
  type BodyInputOf,
  changeAddress,
  changeOrderAddress,
  findPickup,
  getBag,
  getOrder,
  getShippingRule,
  listAddresses,
  MAX_ADDRESSES,
  placeOrder,
  putShippingRule,
  putSkuWeight,
  quoteShipping,
  redeemPickup,
  refundOrder,
  removeAddress,
  type ShippingTerms,
  shipOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { expectBooksRight, payFor, shelfLine, stateOf, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
let buyer: Principal;
const home: Address = { ...TEST_ADDRESS, regionCode: '330112' };
const urumqi: Address = {
  ...TEST_ADDRESS,
  province: '新疆维吾尔自治区',
  city: '乌鲁木齐市',
  district: '天山区',
  regionCode: '650102',
};
const terms: ShippingTerms = {
  zones: [
    {
      ...{ name: '偏远', provinces: ['650000'] },
      fee: { by: 'weight', first: 1_000, firstFen: 1_500, next: 1_000, nextFen: 800, freeFromFen: null },
    },
  ],
  excluded: ['540000'],
  other: { by: 'flat', feeFen: 600, freeFromFen: 4_900 },
  pickup: true,
};

beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  buyer = await makeConsumer(api, '林小桃');
  const as = brand.staff.admin;
  const params = { orgUnitId: brand.channels.east.id };
  await api.ok(putShippingRule, { as, params, body: { terms, version: 0, reason: '开通' } });
  await api.ok(putSkuWeight, { as, params: { id: brand.products.milk.sku.id }, body: { grams: 900 } });
});
afterAll(async () => {
  await expectBooksRight(api);
  await api[Symbol.asyncDispose]();
});

type Wish = BodyInputOf<typeof placeOrder>;
const tryOrder = (wish: Partial<Wish>, quantity = 2, room = brand.rooms.a) =>
  api.call(placeOrder, {
    as: buyer,
    body: { roomId: room.id, lines: [shelfLine(brand.products.milk, quantity)], ...wish } as Wish,
  });
const quote = (
  to: { province: string; regionCode?: string | undefined } | undefined,
  quantity = 2,
  room = brand.rooms.a,
) =>
  api.ok(quoteShipping, {
    as: buyer,
    body: {
      roomId: room.id,
      lines: [{ skuId: brand.products.milk.sku.id, quantity }],
      goodsFen: quantity * brand.products.milk.sku.priceFen,
      ...(to ? { to: { province: to.province, ...(to.regionCode ? { regionCode: to.regionCode } : {}) } } : {}),
    },
  });
const ruleOf = (unit: { id: string }, as: Principal = brand.staff.admin) =>
  api.call(getShippingRule, { as, params: { orgUnitId: unit.id } });

describe('shipping rules', () => {
  it('the terms of the nearest unit hold below it, and only there', async () => {
    expect((await ruleOf(brand.stores.a)).body).toMatchObject({
      own: null,
      from: { id: brand.channels.east.id },
      version: 0,
    });
    expect((await ruleOf(brand.stores.c)).body).toMatchObject({
      own: null,
      from: null,
      effective: { other: { feeFen: 800 } },
    });
    expect((await ruleOf(brand.stores.b, brand.staff.a.manager)).status).toBe(404);
  });

  it('a room announces the terms of its store, and the default where nobody has set any', async () => {
    const announced = async (room: { id: string }) => (await api.ok(getBag, { params: { id: room.id } })).shipping;
    expect(await announced(brand.rooms.a)).toEqual({ feeFen: 600, freeFromFen: 4_900 });
    expect(await announced(brand.rooms.hq)).toEqual({ feeFen: 800, freeFromFen: 5_900 });
    const [as, params] = [brand.staff.admin, { orgUnitId: brand.stores.b.id }];
    const nothingFree: ShippingTerms = { ...terms, other: { by: 'flat', feeFen: 600, freeFromFen: null } };
    await api.ok(putShippingRule, { as, params, body: { terms: nothingFree, version: 0, reason: '换季' } });
    expect(await announced(brand.rooms.b)).toBeUndefined();
    await api.ok(putShippingRule, { as, params, body: { terms: null, version: 1, reason: '恢复' } });
    expect(await announced(brand.rooms.b)).toEqual({ feeFen: 600, freeFromFen: 4_900 });
  });

  it('S7 of two who set them from the same version one is told', async () => {
    const as = brand.staff.d.manager;
    const params = { orgUnitId: brand.stores.d.id };
    const set = () => api.call(putShippingRule, { as, params, body: { terms, version: 0, reason: '促销' } });
    const answers = await Promise.all([set(), set()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await api.ok(putShippingRule, { as, params, body: { terms: null, version: 1, reason: '结束' } });
    expect((await ruleOf(brand.stores.d)).body).toMatchObject({ own: null, from: null, version: 2 });
    const upwards = { as, params: { orgUnitId: brand.hq.id }, body: { terms, version: 0, reason: '越权' } };
    expect((await api.call(putShippingRule, upwards)).status).toBe(404);
  });

  it.each([
    ['near by', home, 2, 600],
    ['far away, by weight', urumqi, 2, 2_300],
    ['by the name alone', { ...TEST_ADDRESS, province: '新疆' }, 1, 1_500],
    ['free from the threshold on', home, 9, 0],
  ])('what is quoted is what is charged: %s', async (_what, address, quantity, fen) => {
    const quoted = await quote(address, quantity);
    expect(quoted.shippingFen).toBe(fen);
    const order = await tryOrder({ address, seenShippingFen: fen }, quantity);
    expect(order.body).toMatchObject({ shippingFen: fen, totalFen: quantity * 590 + fen });
  });

  it('S4 who saw another fee is asked again, who lives where nothing is sent is told so, and nothing is held', async () => {
    expect((await tryOrder({ address: home, seenShippingFen: 0 })).problem).toMatchObject({
      code: 'price_changed',
      facts: { shippingFen: 600 },
    });
    const lhasa = { ...TEST_ADDRESS, province: '西藏自治区', city: '拉萨市', district: '城关区', regionCode: '540102' };
    expect((await quote(lhasa)).shippingFen).toBeNull();
    expect((await tryOrder({ address: lhasa })).problem.code).toBe('not_delivered_there');
    expect((await tryOrder({ address: { ...home, regionCode: '650102' } })).problem.code).toBe('invalid_request');
    expect((await tryOrder({})).problem.code).toBe('invalid_request');
  });

  it('orders placed together pay what each address costs', async () => {
    const people = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => makeConsumer(api, `顾客${n}`)));
    const wants = [home, urumqi, { ...TEST_ADDRESS, province: '西藏' }];
    const answers = await Promise.all(
      people.map((as, n) =>
        api.call(placeOrder, {
          as,
          body: { roomId: brand.rooms.a.id, lines: [shelfLine(brand.products.milk)], address: wants[n % 3] ?? home },
        }),
      ),
    );
    expect(answers.map(({ status, body }) => (status === 201 ? body.shippingFen : status))).toEqual([
      ...[600, 1_500, 409, 600, 1_500, 409],
    ]);
  });
});

describe('fetched from the store', () => {
  const pickup = { recipient: '林小桃', phone: '13912345678' };
  const paid = async () => {
    const order = (await tryOrder({ pickup, seenShippingFen: 0 })).body;
    await payFor(api, buyer, order.id);
    return api.ok(getOrder, { as: buyer, params: { id: order.id } });
  };
  const redeem = (code: string, as: Principal = brand.staff.a.manager) =>
    api.call(redeemPickup, { as, params: { code }, body: {} });

  it('S7 by a code that staff of the store redeem once', async () => {
    const order = await paid();
    expect(order).toMatchObject({ shippingFen: 0, delivery: { way: 'pickup', pickup: { place: '测试路 1 号' } } });
    const code = order.delivery?.pickup?.code ?? '';
    expect(code).toMatch(/^\d{10}$/);
    const manager = brand.staff.a.manager;
    expect((await redeem(code, brand.staff.b.manager)).status).toBe(404);
    const shown = await api.ok(findPickup, { as: manager, params: { code } });
    expect(shown).toMatchObject({ id: order.id, delivery: { pickup: { code: null } } });
    const byParcel = { as: manager, params: { id: order.id }, body: { trackingNo: 'SF1' } };
    expect((await api.call(shipOrder, byParcel)).problem.code).toBe('state_conflict');
    const answers = await Promise.all([redeem(code), redeem(code, brand.staff.admin)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const after = await api.ok(getOrder, { as: buyer, params: { id: order.id } });
    expect(after).toMatchObject({ state: 'received', delivery: { pickup: { code: null } } });
    expect(after.history.map(({ event }) => event).slice(-2)).toEqual(['ship', 'receive']);
  });

  it('S7 the code of a refunded order fetches nothing', async () => {
    const order = await paid();
    await api.ok(refundOrder, { as: buyer, params: { id: order.id }, body: { reason: '不想要了' } });
    expect((await redeem(order.delivery?.pickup?.code ?? '')).problem.code).toBe('state_conflict');
  });

  it('is not to be had where the terms say nothing of it', async () => {
    expect((await quote(undefined, 2, brand.rooms.hq)).pickup).toBeNull();
    expect(
      (await tryOrder({ pickup, lines: [shelfLine(brand.products.family)] }, 1, brand.rooms.hq)).problem.code,
    ).toBe('not_delivered_there');
  });
});

describe('the address of a paid order', () => {
  const change = (id: string, address: Address, as = buyer) =>
    api.call(changeOrderAddress, { as, params: { id }, body: { address } });
  it('is changed once, by its buyer, before anything left, and not to where it costs more', async () => {
    const order = (await tryOrder({ address: home })).body;
    const moved = { ...home, street: '新家路 2 号' };
    expect((await change(order.id, moved)).problem.code).toBe('state_conflict');
    await payFor(api, buyer, order.id);
    expect((await change(order.id, moved, brand.consumers.bella)).status).toBe(404);
    expect((await change(order.id, urumqi)).problem).toMatchObject({
      code: 'price_changed',
      facts: { shippingFen: 2_300 },
    });
    const answers = await Promise.all([
      change(order.id, moved),
      change(order.id, { ...home, street: '另一条路 3 号' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const [row] = await api.api.platform.db.sql<{ street: string }>`
      SELECT before ->> 'street' AS street FROM order_address_changes WHERE order_id = ${order.id}`;
    expect(row?.street).toBe(home.street);
    const late = (await tryOrder({ address: home })).body;
    await payFor(api, buyer, late.id);
    await api.ok(shipOrder, { as: brand.staff.a.manager, params: { id: late.id }, body: { trackingNo: 'SF2' } });
    expect((await change(late.id, moved)).problem.code).toBe('state_conflict');
    expect(await stateOf(api, late.id)).toBe('shipped');
  });
});

describe('Z6 the address book', () => {
  const wish = { recipient: '林小桃', phone: '13912345678', street: '山核桃路 8 号', regionCode: '330112' };
  const book = async (as: Principal) => (await api.ok(listAddresses, { as })).items;

  it('is its person’s own; the names follow from the code; there is one default', async () => {
    const [mine, other] = await Promise.all([makeConsumer(api), makeConsumer(api)]);
    const first = await api.ok(addAddress, { as: mine, body: wish });
    expect(first).toMatchObject({
      isDefault: true,
      address: { province: '浙江省', city: '杭州市', district: '临安区' },
    });
    const second = await api.ok(addAddress, { as: mine, body: { ...wish, street: '二', isDefault: true } });
    expect((await book(mine)).map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [second.id, true],
      [first.id, false],
    ]);
    for (const bad of [{ regionCode: '330000' }, { phone: '12345678901' }, { phone: '1391234567' }])
      expect((await api.call(addAddress, { as: mine, body: { ...wish, ...bad } })).status).toBe(400);
    expect((await api.call(changeAddress, { as: other, params: { id: first.id }, body: wish })).status).toBe(404);
    expect((await api.call(removeAddress, { as: other, params: { id: first.id } })).status).toBe(404);
    await api.ok(changeAddress, { as: mine, params: { id: first.id }, body: { ...wish, street: '三' } });
    await api.ok(removeAddress, { as: mine, params: { id: second.id } });
    expect(await book(mine)).toMatchObject([{ id: first.id, isDefault: true, address: { street: '三' } }]);
    expect(await book(other)).toEqual([]);
  });

  it('many at once keep its bounds', async () => {
    const person = await makeConsumer(api);
    const wishes = Array.from({ length: MAX_ADDRESSES + 3 }, (_, n) => ({
      ...wish,
      street: `${n} 号`,
      isDefault: true,
    }));
    const answers = await Promise.all(wishes.map((body) => api.call(addAddress, { as: person, body })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(MAX_ADDRESSES);
    const kept = await book(person);
    expect(kept.filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });

  it('of a guest goes with them into their account', async () => {
    const [guest, person] = await Promise.all([makeGuest(api), makeConsumer(api)]);
    await api.ok(addAddress, { as: guest, body: { ...wish, street: '客' } });
    await api.ok(addAddress, { as: person, body: { ...wish, street: '主' } });
    const { createAddresses } = await import('../addresses/index.ts');
    const { db, clock, random } = api.api.platform;
    const addresses = createAddresses({ bind: () => undefined, db, clock, random });
    await db.transaction((tx) => addresses.onGuestBecamePerson(tx, guest.personId, person.personId));
    expect((await book(person)).map(({ address, isDefault }) => [address.street, isDefault])).toEqual([
      ['主', true],
      ['客', false],
    ]);
  });
});
