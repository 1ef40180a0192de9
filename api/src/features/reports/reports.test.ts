import { reportInviters, reportRoom, reportStores } from '@walnut-live/contracts';
import { describe, expect, it, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

/** Bella brings three people (one of them twice, as a guest first) into store A; a guide of B brings one; all of it in 2 hours. */
async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  const orders = createAttributedOrders(api);
  const { anna, bella, chris } = brand.consumers;
  const dora = await makeConsumer(api, '朵拉');
  const guest = await makeGuest(api);
  const from = api.clock.now().toISOString();
  api.clock.advanceSeconds(1);
  for (const visitor of [anna, chris, guest, bella]) await visit(api, bella, visitor, brand.rooms.a.id);
  await api.api.platform.db.transaction(async (tx) => {
    await tx`UPDATE people SET merged_into = ${anna.personId} WHERE id = ${guest.personId}`;
    await orders.bindings.onGuestBecamePerson(tx, guest.personId, anna.personId);
  });
  await visit(api, brand.staff.b.guide, dora, brand.rooms.b.id);
  const big = await orders.place(anna, brand.rooms.a, [30_000]);
  const small = await orders.place(chris, brand.rooms.a, [10_000]);
  await orders.place(dora, brand.rooms.b, [77_700]); // never paid: no sale (A7)
  for (const order of [big, small]) await orders.pay(order);
  await orders.refund(small, [10_000]);
  api.clock.advanceSeconds(3_600);
  const middle = api.clock.now().toISOString();
  api.clock.advanceSeconds(3_600);
  const late = await orders.place(dora, brand.rooms.b, [5_000]);
  await orders.pay(late);
  return {
    api,
    brand,
    anna,
    bella,
    dora,
    from,
    middle,
    sql,
    report: (as: Principal, query: object = {}) => api.ok(reportInviters, { as, query }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('inviters', () => {
  it('A7 people are counted once, unpaid orders are no sales, refunds stand beside GMV, commission is net', async () => {
    await using on = await scene();
    const { brand, bella } = on;
    const { items, totals, nextCursor } = await on.report(brand.staff.admin);
    expect(items.map((row) => ({ ...row, inviter: row.inviter.name, orgUnit: row.orgUnit?.path }))).toEqual([
      {
        inviter: '贝贝',
        role: 'consumer',
        orgUnit: undefined,
        visitors: 2,
        newCustomers: 2,
        orders: 2,
        gmvFen: 40_000,
        refundedFen: 10_000,
        commissionFen: 3_000,
        conversionBps: 10_000,
      },
      {
        inviter: brand.staff.b.guide.name,
        role: 'guide',
        orgUnit: brand.stores.b.path,
        visitors: 1,
        newCustomers: 1,
        orders: 1,
        gmvFen: 5_000,
        refundedFen: 0,
        commissionFen: 500,
        conversionBps: 10_000,
      },
    ]);
    expect(items[0]?.inviter.id).toBe(bella.personId);
    expect(totals).toEqual({
      visitors: 3,
      newCustomers: 3,
      orders: 3,
      gmvFen: 45_000,
      refundedFen: 10_000,
      commissionFen: 3_500,
    });
    expect(nextCursor).toBeNull();
  });

  it('totals count a visitor of two inviters once', async () => {
    await using on = await scene();
    await visit(on.api, on.brand.staff.a.guide, on.dora, on.brand.rooms.a.id);
    const { items, totals } = await on.report(on.brand.staff.admin);
    expect(items.reduce((sum, row) => sum + row.visitors, 0)).toBe(4);
    expect(totals.visitors).toBe(3);
  });

  it('a store sees the inviters of its own orders; names of other stores’ customers are masked', async () => {
    await using on = await scene();
    const { api, brand } = on;
    const { a, b, channelEast, channelNorth } = brand.staff;
    const names = async (as: Principal, query: object = {}) =>
      (await on.report(as, query)).items.map((row) => row.inviter.name);
    expect(await names(a.manager)).toEqual(['贝*']); // Bella is nobody's customer yet
    expect(await names(b.manager)).toEqual([b.guide.name]);
    expect(await names(channelEast)).toHaveLength(2);
    expect(await names(channelNorth)).toEqual([]);
    await visit(api, a.guide, on.bella, brand.rooms.a.id);
    expect(await names(a.manager, { sort: 'gmv' })).toEqual(['贝贝', a.guide.name]);
    expect(await names(brand.staff.admin, { orgUnitId: brand.stores.b.id })).toEqual([b.guide.name]);
    expect((await api.call(reportInviters, { as: a.manager, query: { orgUnitId: brand.stores.b.id } })).status).toBe(
      404,
    );
    expect((await api.call(reportInviters, { as: a.guide })).status).toBe(403);
  });

  it('range, room, search, order, pages and CSV', async () => {
    await using on = await scene();
    const { api, brand } = on;
    const { admin, b } = brand.staff;
    const names = async (query: object) => (await on.report(admin, query)).items.map((row) => row.inviter.name);
    expect(await names({ to: on.middle, sort: 'visitors' })).toEqual(['贝贝', b.guide.name]);
    expect((await on.report(admin, { to: on.middle })).totals).toMatchObject({ orders: 2, gmvFen: 40_000 });
    expect((await on.report(admin, { from: on.middle })).totals).toEqual({
      visitors: 0,
      newCustomers: 0,
      orders: 1,
      gmvFen: 5_000,
      refundedFen: 0,
      commissionFen: 500,
    });
    expect((await on.report(admin, { to: on.from })).items).toEqual([]);
    expect(await names({ roomId: brand.rooms.b.id })).toEqual([b.guide.name]);
    expect(await names({ search: '贝' })).toEqual(['贝贝']);
    expect((await on.report(admin, { search: '贝' })).totals.gmvFen).toBe(40_000);
    expect(await names({ search: '%' })).toEqual([]);
    expect(await names({ inviterId: on.bella.personId })).toEqual(['贝贝']);

    for (const sort of ['gmv', 'visitors', 'orders', 'commission'] as const) {
      const first = await on.report(admin, { sort, limit: 1 });
      const second = await on.report(admin, { sort, limit: 1, cursor: first.nextCursor });
      expect([...first.items, ...second.items].map((row) => row.inviter.name)).toEqual(['贝贝', b.guide.name]);
      expect(second.totals).toEqual(first.totals);
      expect(second.nextCursor).toBeNull();
    }
    const { nextCursor } = await on.report(admin, { limit: 1 });
    const wrong = await api.call(reportInviters, { as: admin, query: { sort: 'orders', cursor: nextCursor ?? '' } });
    expect(wrong.problem).toMatchObject({ status: 400, issues: [{ path: '/cursor' }] });

    const csv = await api.call(reportInviters, { as: admin, query: { format: 'csv' } });
    const lines = String(csv.body).trim().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('贝贝,consumer,,,2,2,2,40000,10000,3000,10000');
  });
});

test('stores: every store of the scope with its own figures', async () => {
  await using on = await scene();
  const { api, brand, sql } = on;
  const at = api.clock.now();
  for (const person of [on.anna, on.bella, brand.staff.a.guide]) {
    await sql`INSERT INTO room_visits VALUES (${brand.rooms.a.id}, ${person.personId}, ${at}, ${at})`;
  }
  const { items } = await api.ok(reportStores, { as: brand.staff.admin });
  expect(items).toHaveLength(5); // four stores, and HQ with a room of its own
  expect(items[0]).toMatchObject({
    orgUnit: { path: brand.stores.a.path },
    rooms: 1,
    liveNow: 1,
    visitors: 2,
    newCustomers: 2,
    orders: 2,
    gmvFen: 40_000,
    refundedFen: 10_000,
  });
  const late = await api.ok(reportStores, { as: brand.staff.b.manager, query: { from: on.middle } });
  expect(late.items).toMatchObject([
    { orgUnit: { path: brand.stores.b.path }, orders: 1, gmvFen: 5_000, newCustomers: 0 },
  ]);
  const csv = await api.call(reportStores, { as: brand.staff.admin, query: { format: 'csv' } });
  expect(String(csv.body)).toContain(`${brand.stores.a.path},${brand.stores.a.name},1,1,2,2,2,40000,10000`);
});

test('one room: people, orders, inviters; another store’s room does not exist', async () => {
  await using on = await scene();
  const { api, brand } = on;
  const report = (as: Principal) => api.call(reportRoom, { params: { id: brand.rooms.a.id }, as });
  expect((await report(brand.staff.a.manager)).body).toMatchObject({
    orders: 2,
    buyers: 2,
    gmvFen: 40_000,
    refundedFen: 10_000,
    inviters: [{ orders: 2, visitors: 2, gmvFen: 40_000 }],
  });
  expect((await report(brand.staff.b.manager)).status).toBe(404);
  expect((await report(brand.staff.a.guide)).status).toBe(403);
});
