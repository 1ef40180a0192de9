import { getCommissionRules, listCommissions, myEarnings } from '@walnut-live/contracts';
import { describe, expect, it, test } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeConsumer, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { entryTransitions } from './commission-states.policy.ts';
import { auditCommissions, COMMISSION_THAW_JOB, claim, markPaid, unclaim } from './index.ts';

async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { sql } = api.api.platform.db;
  return {
    api,
    brand,
    db: api.api.platform.db,
    audit: async () => [
      ...(await auditCommissions(api.api.platform.db)),
      ...(await auditLedger(api.api.platform.db)).problems,
    ],
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
      id: string;
      event: string;
      state: string;
      amount_fen: bigint;
      basis_fen: bigint;
      beneficiary_id: string;
      rule_version: number;
    }>`
      SELECT * FROM commission_entries ORDER BY seq`,
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

const DAY = 86_400;

describe('what becomes of an entry', () => {
  /** An order of a hundred yuan by Bella's link, received, its freeze over, and looked at. */
  async function settleable(on: Awaited<ReturnType<typeof scene>>, amounts: readonly number[] = [10_000]) {
    const { api, brand, anna, bella, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, amounts);
    await orders.pay(order);
    await orders.receive(order);
    await sql`UPDATE commission_checks SET checked_at = due_at`;
    api.clock.advanceSeconds(15 * DAY + 60);
    await api.api.platform.jobs.runNow(COMMISSION_THAW_JOB);
    return order;
  }
  const states = async (on: Awaited<ReturnType<typeof scene>>) =>
    (await on.entries()).map(({ state, amount_fen }) => `${state} ${amount_fen}`);

  it('K3 received: frozen for 15 days, then settleable, but not while a case is open or it was not looked at', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, orders, sql } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, [10_000]);
    await orders.pay(order);
    await orders.receive(order);
    await orders.receive(order);
    expect(await states(on)).toEqual(['frozen 1000']);
    const thaw = async () => {
      await api.api.platform.jobs.runNow(COMMISSION_THAW_JOB);
      return states(on);
    };
    api.clock.advanceSeconds(15 * DAY - 60);
    expect(await thaw()).toEqual(['frozen 1000']);
    api.clock.advanceSeconds(120);
    expect(await thaw()).toEqual(['frozen 1000']); // nobody looked at it yet
    await sql`UPDATE commission_checks SET checked_at = due_at`;
    await sql`UPDATE order_items SET refunding_fen = 1 WHERE order_id = ${order.id}`;
    expect(await thaw()).toEqual(['frozen 1000']); // money is on its way back
    await sql`UPDATE order_items SET refunding_fen = 0 WHERE order_id = ${order.id}`;
    expect(await thaw()).toEqual(['settleable 1000']);
    const steps = await sql`SELECT from_state, to_state, event FROM commission_transitions ORDER BY id`;
    expect(steps.map(({ from_state, event, to_state }) => [from_state, event, to_state])).toEqual([
      [null, 'posted', 'estimated'],
      ['estimated', 'receive', 'frozen'],
      ['frozen', 'thaw', 'settleable'],
    ]);
    expect(await on.audit()).toEqual([]);
  });

  it('K3 K4 K8 claimed, given back, claimed again and paid; a refund after that is offset by the next claim', async () => {
    await using on = await scene();
    const { api, bella, orders, db } = on;
    const order = await settleable(on, [10_000, 2_000]);
    const take = (lineId: string, upTo = api.clock.now(), storePath: string | null = null) =>
      db.transaction((tx) =>
        claim(tx, { lineId, beneficiaryId: bella.personId, storePath, upTo, at: api.clock.now() }),
      );
    const [first, second, third] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    expect(await take(first, undefined, 'hq.north')).toMatchObject({ entries: [], sumFen: 0n });
    expect(await take(first, new Date(api.clock.now().getTime() - DAY * 1_000))).toMatchObject({ entries: [] });
    expect(await take(first, undefined, 'hq.east')).toMatchObject({ sumFen: 1_200n, carriedFen: 0n });
    expect(await db.transaction((tx) => unclaim(tx, { lineId: first, at: api.clock.now() }))).toBe(2);
    // Two settlements at once: one has it all, the other nothing.
    const both = await Promise.all([take(second), take(third)]);
    expect(both.map(({ sumFen }) => sumFen).toSorted()).toEqual([0n, 1_200n]);
    const won = both[0]?.sumFen === 1_200n ? second : third;
    const pay = () => db.transaction((tx) => markPaid(tx, { lineId: won, at: api.clock.now() }));
    expect([await pay(), await pay()]).toEqual([2, 0]);
    expect(await db.transaction((tx) => unclaim(tx, { lineId: won, at: api.clock.now() }))).toBe(0);
    await orders.refund(order, [4_000, 0]);
    expect(await states(on)).toEqual(['paid 1000', 'paid 200', 'settleable -400']);
    expect(await take(first)).toEqual({ entries: [], sumFen: 0n, carriedFen: -400n, isCut: false }); // carried forward
    await settleable(on, [5_000]);
    expect(await take(first)).toMatchObject({ sumFen: 100n });
    expect(await on.balance('commission_payable', bella.personId)).toBe(-1_300n);
    expect(await on.audit()).toEqual([]);
  });

  it('K4 K8 a refund and a claim at once: whoever is first, the sums are right and nothing is claimed too much in the end', async () => {
    await using on = await scene();
    const { api, bella, orders, db } = on;
    for (let round = 0; round < 4; round += 1) {
      const order = await settleable(on);
      const at = api.clock.now();
      const [claimed] = await Promise.all([
        db.transaction((tx) =>
          claim(tx, {
            lineId: crypto.randomUUID(),
            beneficiaryId: bella.personId,
            storePath: null,
            upTo: new Date(at.getTime() + 60_000),
            at,
          }),
        ),
        orders.refund(order, [3_000]),
        orders.refund(order, [2_000]),
      ]);
      const left = await on.sql<{
        fen: bigint;
      }>`SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM commission_entries WHERE state = 'settleable'`;
      const all = await on.sql<{
        fen: bigint;
      }>`SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM commission_entries WHERE state = 'claimed'`;
      expect((all[0]?.fen ?? 0n) + (left[0]?.fen ?? 0n)).toBe(500n * BigInt(round + 1));
      expect(claimed.sumFen).toBeGreaterThan(0n);
      expect(await on.audit()).toEqual([]);
    }
  });

  it('K3 the database holds the same table of steps as the policy', async () => {
    await using on = await scene();
    const { sql } = on;
    await settleable(on);
    const all = Object.keys(entryTransitions) as (keyof typeof entryTransitions)[];
    const [entry] = await on.entries();
    await sql`ALTER TABLE commission_entries DROP CONSTRAINT commission_entries_held, DROP CONSTRAINT commission_entries_line`;
    for (const from of all)
      for (const to of all.filter((state) => state !== from)) {
        await sql`ALTER TABLE commission_entries DISABLE TRIGGER commission_entries_facts`;
        await sql`UPDATE commission_entries SET state = ${from} WHERE id = ${entry?.id}`;
        await sql`ALTER TABLE commission_entries ENABLE TRIGGER commission_entries_facts`;
        const done = await sql`UPDATE commission_entries SET state = ${to} WHERE id = ${entry?.id}`.then(
          () => true,
          () => false,
        );
        expect([from, to, done]).toEqual([from, to, Object.values(entryTransitions[from]).includes(to)]);
      }
  });
});

describe('a ruling credits the order to somebody else', () => {
  it('K4 A3 before and after payout, with refunds in between, back again, and told twice', async () => {
    await using on = await scene();
    const { api, brand, anna, bella, chris, orders, sql, db } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a, [10_000, 999]);
    await orders.pay(order);
    await orders.refund(order, [1_000, 0]);
    const rule = async (personId: string | null) => {
      const rulingId = crypto.randomUUID();
      await orders.credit(order, personId, rulingId);
      await db.transaction((tx) =>
        orders.commissions.onCreditRuled(tx, { orderId: order.id, rulingId, at: api.clock.now() }),
      );
      expect(await on.audit()).toEqual([]);
    };
    const owed = async () => [
      await on.balance('commission_payable', bella.personId),
      await on.balance('commission_payable', chris.personId),
    ];
    expect(await owed()).toEqual([-999n, 0n]);
    await rule(chris.personId);
    expect(await owed()).toEqual([0n, -999n]);
    await orders.receive(order);
    await sql`UPDATE commission_checks SET checked_at = due_at`;
    api.clock.advanceSeconds(15 * DAY + 60);
    await api.api.platform.jobs.runNow(COMMISSION_THAW_JOB);
    const lineId = crypto.randomUUID();
    const at = api.clock.now();
    await db.transaction((tx) => claim(tx, { lineId, beneficiaryId: chris.personId, storePath: null, upTo: at, at }));
    await db.transaction((tx) => markPaid(tx, { lineId, at }));
    await rule(bella.personId); // back again: what Chris was paid stands against Chris
    expect(await owed()).toEqual([-999n, 0n]);
    const of = async (personId: string) =>
      (await on.entries())
        .filter(({ beneficiary_id }) => beneficiary_id === personId)
        .map(({ event, amount_fen, state }) => `${event} ${amount_fen} ${state}`);
    expect((await of(chris.personId)).toSorted()).toEqual([
      'ruled -900 settleable',
      'ruled -99 settleable',
      'ruled 900 paid',
      'ruled 99 paid',
    ]);
    expect((await of(bella.personId)).filter((entry) => entry.endsWith('frozen')).toSorted()).toEqual([
      'ruled 900 frozen',
      'ruled 99 frozen',
    ]);
    await orders.refund(order, [9_000, 0]);
    expect(await owed()).toEqual([-99n, 0n]);
    await rule(null); // a store earns nothing
    expect(await owed()).toEqual([0n, 0n]);
  });

  it('A4 K1 an order that was never paid has nothing to move', async () => {
    await using on = await scene();
    const { api, anna, bella, brand, orders, db } = on;
    await visit(api, bella, anna, brand.rooms.a.id);
    const order = await orders.place(anna, brand.rooms.a);
    await db.transaction((tx) =>
      orders.commissions.onCreditRuled(tx, { orderId: order.id, rulingId: crypto.randomUUID(), at: api.clock.now() }),
    );
    expect(await on.entries()).toEqual([]);
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
    bonuses: [],
    byState: [],
    items: [],
    nextCursor: null,
  });
});
