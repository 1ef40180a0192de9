import { getCommissionRules, listCommissions, myEarnings } from '@walnut-live/contracts';
import { describe, expect, it, test } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';

async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  return {
    api,
    brand,
    ...brand.consumers,
    sql,
    orders: createAttributedOrders(api),
    balance: async (kind: string, owner: string) =>
      (
        await sql<{
          fen: bigint;
        }>`SELECT balance_fen AS fen FROM ledger_accounts WHERE kind = ${kind} AND owner = ${owner}`
      )[0]?.fen ?? 0n,
    entries: () => sql<{
      event: string;
      state: string;
      amount_fen: bigint;
      basis_fen: bigint;
      beneficiary_id: string;
      rule_version: number;
    }>`
      SELECT * FROM commission_entries ORDER BY at, id`,
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

describe('commission of an order', () => {
  it('K1 paid: an estimated entry per item and the same sum owed by the store', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, [11_900, 599, 9]);
    expect(await on.entries()).toEqual([]); // an order that is not paid earns nothing
    await orders.pay(order);
    await orders.pay(order); // told again: nothing changes
    const entries = await on.entries();
    expect(entries.map((entry) => entry.amount_fen)).toEqual([1_190n, 59n, 0n]);
    expect(entries.every((entry) => entry.state === 'estimated' && entry.beneficiary_id === bella.personId)).toBe(true);
    expect(await on.balance('commission_payable', bella.personId)).toBe(-1_249n);
    expect(await on.balance('commission_expense', brand.stores.a.id)).toBe(1_249n);
  });

  it('K1 K4 partial refunds in any order, then the rest: reversed to the fen, once', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, [999, 501]);
    await orders.pay(order);
    expect(await on.balance('commission_payable', bella.personId)).toBe(-149n);
    const refundId = crypto.randomUUID();
    await orders.refund(order, [333, 0], refundId);
    expect(await on.balance('commission_payable', bella.personId)).toBe(-116n); // floor(666×10 %) + floor(501×10 %)
    await orders.refund(order, [0, 0], refundId); // told again
    await orders.refund(order, [0, 1]);
    expect(await on.balance('commission_payable', bella.personId)).toBe(-116n);
    const before = await on.entries();
    expect(before.every((entry) => entry.state === 'estimated')).toBe(true);
    await orders.refund(order, [666, 500]);
    expect(await on.balance('commission_payable', bella.personId)).toBe(0n);
    expect(await on.balance('commission_expense', brand.stores.a.id)).toBe(0n);
    const after = await on.entries();
    expect(after.reduce((sum, entry) => sum + entry.amount_fen, 0n)).toBe(0n);
    expect(new Set(after.map((entry) => entry.state))).toEqual(new Set(['reversed']));
    const audit = await auditLedger(api.api.platform.db);
    expect(audit).toMatchObject({ ok: true });
    await expect(sql`UPDATE commission_entries SET amount_fen = 1`).rejects.toThrow('keep their facts');
  });

  it('K1 guides earn as owner or host; a store and HQ earn nothing; nobody earns on themselves', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, orders, sql } = on;
    await orders.pay(await orders.place(anna, brand.rooms.a));
    expect((await on.entries()).map((entry) => entry.beneficiary_id)).toEqual([brand.staff.a.guide.personId]);
    await sql`UPDATE staff_accounts SET active = false`;
    await orders.pay(await orders.place(bella, brand.rooms.b));
    expect(await on.entries()).toHaveLength(1);

    const guest = await makeGuest(api);
    await visit(api, guest, chris, brand.rooms.b.id);
    const order = await orders.place(chris, brand.rooms.b);
    expect(order.credit.inviter?.id).toBe(guest.personId);
    await sql`UPDATE people SET merged_into = ${chris.personId} WHERE id = ${guest.personId}`; // it was Chris all along
    await orders.pay(order);
    expect(await on.entries()).toHaveLength(1);
  });

  it('K5 an entry keeps the rule it was made by; its refund uses that rate', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, [10_000]);
    await orders.pay(order);
    await sql`INSERT INTO commission_rules VALUES (2, 2000, 0, ${api.clock.now()})`;
    expect(await api.ok(getCommissionRules, { as: brand.staff.finance })).toMatchObject({
      version: 2,
      levelOneBps: 2_000,
    });
    await orders.refund(order, [5_000]);
    expect((await on.entries()).map((entry) => [entry.amount_fen, entry.rule_version])).toEqual([
      [1_000n, 1],
      [-500n, 1],
    ]);
    await sql`INSERT INTO commission_rules VALUES (3, 0, 0, ${api.clock.now()})`;
    await orders.pay(await orders.place(anna, brand.rooms.b));
    expect(await on.entries()).toHaveLength(2);
  });
});

test('GET /commissions: scope, filters, pages, names and CSV', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, orders } = on;
  for (const [room, buyer] of [
    [brand.rooms.a, anna],
    [brand.rooms.a, chris],
    [brand.rooms.b, anna],
  ] as const) {
    api.clock.advanceSeconds(61);
    await visit(api, bella, buyer, room.id);
    await orders.pay(await orders.place(buyer, room, [10_000, 20_000]));
  }
  const { admin, a, b, channelNorth, analyst } = brand.staff;
  const list = (as: typeof anna, query: object = {}) => api.ok(listCommissions, { as, query });
  expect((await list(admin)).items).toHaveLength(6);
  expect((await list(a.manager)).items).toHaveLength(4);
  expect((await list(channelNorth)).items).toEqual([]);
  expect((await list(analyst, { beneficiaryId: bella.personId, state: 'estimated' })).items).toHaveLength(6);
  expect((await list(analyst, { state: 'reversed' })).items).toEqual([]);
  expect((await list(b.manager)).items[0]?.beneficiary.name).toBe('贝*');
  expect((await list(admin)).items[0]?.beneficiary.name).toBe('贝贝');
  expect((await api.call(listCommissions, { as: a.guide })).status).toBe(403);

  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(admin, { limit: 4, ...(cursor ? { cursor } : {}) });
    seen.push(...page.items.map((entry) => entry.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(new Set(seen).size).toBe(6);

  const csv = await api.call(listCommissions, { as: a.manager, query: { format: 'csv' } });
  expect(csv.headers.get('content-type')).toContain('text/csv');
  expect(String(csv.body).trim().split('\r\n')).toHaveLength(5);
});

test('GET /me/earnings: what I earned by state, with what I earned as a guest', async () => {
  await using on = await scene();
  const { api, brand, anna, bella, chris, orders, sql } = on;
  const guest = await makeGuest(api);
  await visit(api, guest, anna, brand.rooms.a.id);
  await orders.pay(await orders.place(anna, brand.rooms.a));
  await sql`UPDATE people SET merged_into = ${bella.personId} WHERE id = ${guest.personId}`;
  await visit(api, bella, chris, brand.rooms.a.id);
  const refunded = await orders.place(chris, brand.rooms.a, [500]);
  await orders.pay(refunded);
  await orders.refund(refunded, [500]);
  const mine = await api.ok(myEarnings, { as: bella });
  expect(mine.byState).toEqual([
    { state: 'estimated', amountFen: 1_000 },
    { state: 'reversed', amountFen: 0 },
  ]);
  expect(mine.items.map((entry) => [entry.event, entry.amountFen, entry.state]).toSorted()).toEqual([
    ['paid', 1_000, 'estimated'],
    ['paid', 50, 'reversed'],
    ['refunded', -50, 'reversed'],
  ]);
  expect(await api.ok(myEarnings, { as: await makeConsumer(api) })).toEqual({
    byState: [],
    items: [],
    nextCursor: null,
  });
});
