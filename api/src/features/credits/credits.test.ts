import { orderCredit } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, makeStaff, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  return {
    api,
    brand,
    ...brand.consumers,
    sql: api.api.platform.db.sql,
    orders: createAttributedOrders(api),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('order credit', () => {
  it('A3 the last sharer earns the order; the next order of the room falls to the owner guide', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, orders } = on;
    await visit(api, brand.staff.b.guide, anna, brand.rooms.a.id); // binds Anna to store B and its guide
    api.clock.advanceSeconds(5);
    await visit(api, bella, anna, brand.rooms.a.id);
    api.clock.advanceSeconds(5);
    await visit(api, chris, anna, brand.rooms.b.id);
    const first = await orders.place(anna, brand.rooms.a);
    expect(first.credit).toMatchObject({ reason: 'share_link', inviter: { id: bella.personId, name: '贝贝' } });
    await orders.pay(first);
    api.clock.advanceSeconds(5);
    const second = await orders.place(anna, brand.rooms.a);
    expect(second.credit).toMatchObject({
      reason: 'owner_guide',
      inviter: { id: brand.staff.b.guide.personId },
      orgUnit: { path: brand.stores.b.path },
    });
    const why = await api.ok(orderCredit, { params: { id: second.id }, as: anna });
    expect(why.considered.map((one) => [one.reason, one.why, one.person?.name ?? null])).toEqual([
      ['hq_ruling', 'none', null],
      ['share_link', 'foreign_room', '陈晨'],
      ['share_link', 'closed_by_order', '贝贝'],
      ['share_link', 'closed_by_order', brand.staff.b.guide.name],
      ['owner_guide', 'won', brand.staff.b.guide.name],
      ['room_guide', 'outranked', brand.staff.a.guide.name],
      ['store', 'outranked', null],
      ['hq', 'outranked', null],
    ]);
    expect(why.ruleVersion).toBe(1);
  });

  it('A3 a cancelled order gives the click back; one in another room never took it', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    await orders.place(anna, brand.rooms.b);
    await orders.cancel(await orders.place(anna, brand.rooms.a));
    const order = await orders.place(anna, brand.rooms.a);
    expect(order.credit.reason).toBe('share_link');
  });

  it('A3 A7 an order that nobody pays takes the click from no sharer; a paid one does', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    api.clock.advanceSeconds(5);
    await orders.place(anna, brand.rooms.a); // left unpaid
    const bought = await orders.place(anna, brand.rooms.a);
    expect(bought.credit.reason).toBe('share_link');
    await orders.pay(bought);
    const next = await orders.place(anna, brand.rooms.a);
    expect(next.credit.reason).not.toBe('share_link');
  });

  it('A4 what was decided stays: later clicks, a ruling of time or a sharer who leaves change nothing', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a);
    await visit(api, chris, anna, brand.rooms.a.id);
    await sql`UPDATE people SET active = false WHERE id = ${bella.personId}`;
    await orders.pay(order);
    const why = await api.ok(orderCredit, { params: { id: order.id }, as: brand.staff.admin });
    expect(why.credit).toMatchObject({ reason: 'share_link', inviter: { id: bella.personId } });
    expect(why.commission).toMatchObject([{ beneficiary: { id: bella.personId }, amountFen: 1_000 }]);
    await expect(sql`UPDATE order_credits SET reason = 'hq' WHERE order_id = ${order.id}`).rejects.toThrow(
      'append-only',
    );
  });

  it('A5 nobody is credited for themselves, nor as the guest they were', async () => {
    await using on = await scene();
    const { api, brand, anna, orders, sql } = on;
    const guest = await makeGuest(api);
    await visit(api, anna, anna, brand.rooms.a.id);
    await visit(api, guest, anna, brand.rooms.a.id);
    await sql`UPDATE people SET merged_into = ${anna.personId} WHERE id = ${guest.personId}`;
    const order = await orders.place(anna, brand.rooms.a);
    expect(order.credit).toMatchObject({ reason: 'owner_guide', inviter: { id: brand.staff.a.guide.personId } });
    const why = await api.ok(orderCredit, { params: { id: order.id }, as: anna });
    expect(why.considered.filter((one) => one.reason === 'share_link').map((one) => one.why)).toEqual(['self', 'self']);
  });

  it('A3 touches of a guest count for the person they became, and the sharer is who they are now', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, sql } = on;
    const [visitor, sharer] = [await makeGuest(api), await makeGuest(api)];
    await visit(api, sharer, visitor, brand.rooms.a.id);
    await sql`UPDATE people SET merged_into = ${anna.personId} WHERE id = ${visitor.personId}`;
    await sql`UPDATE people SET merged_into = ${bella.personId} WHERE id = ${sharer.personId}`;
    const order = await orders.place(anna, brand.rooms.a);
    expect(order.credit).toMatchObject({ reason: 'share_link', inviter: { id: bella.personId, name: '贝贝' } });
  });

  it('A3 the window is the policy’s in force when the order is made', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    api.clock.advanceSeconds(86_401);
    expect((await orders.place(anna, brand.rooms.a)).credit.reason).not.toBe('share_link');
    await sql`INSERT INTO attribution_policies VALUES (2, 172800, 180, 365, false, ${new Date(api.clock.now().getTime() - 1000)})`;
    await visit(api, bella, anna, brand.rooms.b.id);
    api.clock.advanceSeconds(100_000);
    const order = await orders.place(anna, brand.rooms.b);
    expect(order.credit.reason).toBe('share_link');
    expect((await api.ok(orderCredit, { params: { id: order.id }, as: anna })).ruleVersion).toBe(2);
  });

  it('A3 an HQ room without an active host is HQ’s; a store room the store’s', async () => {
    await using on = await scene();
    const { brand, anna, orders, sql } = on;
    await sql`UPDATE staff_accounts SET active = false`;
    expect((await orders.place(anna, brand.rooms.hq)).credit).toMatchObject({
      reason: 'hq',
      inviter: null,
      orgUnit: { kind: 'hq' },
    });
    const bella = on.bella;
    expect((await orders.place(bella, brand.rooms.a)).credit).toMatchObject({
      reason: 'store',
      orgUnit: { path: brand.stores.a.path },
    });
  });

  it('the explanation: buyer and staff of the scope only, names by role, commission by permission', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a);
    await orders.pay(order);
    const read = (as: typeof anna) => api.call(orderCredit, { params: { id: order.id }, as });
    expect((await read(bella)).status).toBe(404);
    expect((await read(brand.staff.b.manager)).status).toBe(404);
    expect((await read(await makeConsumer(api))).status).toBe(404);
    expect((await read(brand.guest)).status).toBe(401);

    const byBuyer = (await read(anna)).body;
    expect(byBuyer).toMatchObject({ credit: { inviter: { name: '贝贝' } }, commission: [] });
    const byGuide = (await read(brand.staff.a.guide)).body;
    expect(byGuide).toMatchObject({ credit: { inviter: { name: '贝*' } }, commission: [] });
    const byManager = (await read(brand.staff.a.manager)).body;
    expect(byManager).toMatchObject({ commission: [{ amountFen: 1_000, bps: 1_000 }] });
    const stranger = await makeStaff(api, 'hq_analyst', brand.hq, '分析');
    expect((await read(stranger)).body).toMatchObject({ credit: { inviter: { name: '贝贝' } } });
  });
});
