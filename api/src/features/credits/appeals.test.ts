import {
  appealCredit,
  listCreditAppeals,
  myCredits,
  myMessages,
  orderCredit,
  refundOrder,
  ruleCredit,
  sharerCredit,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { payFor, place, shelfLine, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { auditCommissions } from '../commissions/index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

/** A paid order in store A's room that `winner` earned by the last click and `loser` lost by an earlier one. */
async function sale() {
  const { rooms, products } = brand;
  const [buyer, winner, loser] = [
    await makeConsumer(api, '买家'),
    await makeConsumer(api, '赢家'),
    await makeConsumer(api, '输家'),
  ];
  await visit(api, loser, buyer, rooms.a.id);
  api.clock.advanceSeconds(5);
  await visit(api, winner, buyer, rooms.a.id);
  const order = await place(api, buyer, rooms.a, [shelfLine(products.family)]);
  const params = { id: order.id };
  await payFor(api, buyer, order.id);
  return {
    ...{ order, params, buyer, winner, loser, earned: Math.floor(products.family.sku.priceFen / 10) },
    appeal: (as: Principal, text = '是我带来的') => api.call(appealCredit, { as, params, body: { text } }),
    rule: (body: { seenVersion: number; outcome: 'upheld' | 'changed'; personId?: string | null }, key?: string) =>
      api.call(ruleCredit, {
        ...{ as: brand.staff.admin, params, body: { ...body, reason: '核对了触点' } },
        ...(key === undefined ? {} : { key }),
      }),
    /** What each person is owed for this order. */
    owed: async () => {
      const rows = await api.api.platform.db.sql<{ id: string; fen: bigint }>`
        SELECT beneficiary_id AS id, sum(amount_fen)::bigint AS fen FROM commission_entries WHERE order_id = ${order.id} GROUP BY 1`;
      const of = ({ personId }: Principal) => Number(rows.find(({ id }) => id === personId)?.fen ?? 0n);
      return { winner: of(winner), loser: of(loser), all: rows.reduce((sum, { fen }) => sum + Number(fen), 0) };
    },
  };
}
const audited = async () => {
  expect(await auditLedger(api.api.platform.db)).toMatchObject({ ok: true, problems: [] });
  expect(await auditCommissions(api.api.platform.db)).toEqual([]);
};

it('A3 A4 K1 an appeal is ruled: the first decision stays, the credit and its commission move, all are told', async () => {
  const at = await sale();
  const { params, winner, loser, earned } = at;
  const { sql } = api.api.platform.db;
  const first = () => sql`SELECT * FROM order_credit_versions WHERE order_id = ${params.id} AND version = 1`;
  const [{ current: _, ...decision } = {}] = await first();

  expect((await at.appeal(at.buyer)).status).toBe(404);
  expect((await at.appeal(brand.consumers.chris)).status).toBe(404);
  expect((await at.appeal(brand.staff.b.manager)).status).toBe(404);
  expect(await at.appeal(loser)).toMatchObject({ status: 201, body: { role: 'sharer', state: 'open' } });
  expect(await at.appeal(loser)).toMatchObject({ status: 409, problem: { code: 'state_conflict' } });
  expect(await at.appeal(brand.staff.a.manager)).toMatchObject({ status: 201, body: { role: 'store_manager' } });
  expect((await api.ok(orderCredit, { as: brand.staff.a.guide, params })).appeals).toHaveLength(2);
  expect((await api.ok(orderCredit, { as: at.buyer, params })).appeals).toEqual([]);

  const key = crypto.randomUUID();
  const change = { seenVersion: 1, outcome: 'changed', personId: loser.personId } as const;
  const ruled = await at.rule(change, key);
  expect(ruled).toMatchObject({
    status: 201,
    body: {
      credit: { reason: 'hq_ruling', inviter: { id: loser.personId }, orgUnit: { id: brand.stores.a.id } },
      versions: [
        { version: 1, reason: 'share_link', inviter: { id: winner.personId }, ruling: null },
        { version: 2, reason: 'hq_ruling', inviter: { id: loser.personId }, ruling: { outcome: 'changed' } },
      ],
      appeals: [
        { state: 'changed', answer: '核对了触点' },
        { state: 'changed', answer: '核对了触点' },
      ],
    },
  });
  expect((await at.rule(change, key)).body).toEqual(ruled.body); // the same click twice
  expect(await at.rule(change)).toMatchObject({ status: 409, problem: { facts: { version: 2 } } });
  const [{ current: stands, ...kept } = {}] = await first();
  expect([stands, kept]).toEqual([false, decision]);
  expect(await at.owed()).toEqual({ winner: 0, loser: earned, all: earned });
  await audited();

  // The loser's page, the winner's page, their inboxes, the audit log.
  const page = await api.ok(sharerCredit, { as: loser, params });
  expect(page).toMatchObject({ mine: true, reason: 'hq_ruling', appeals: [{ answer: '核对了触点' }] });
  expect(page.considered.map(({ reason, why, mine }) => [reason, why, mine]).slice(0, 3)).toEqual([
    ['hq_ruling', 'won', true],
    ['share_link', 'outranked', false],
    ['share_link', 'older_click', true],
  ]);
  expect((await api.ok(myCredits, { as: winner, query: {} })).items).toMatchObject([{ mine: false, amountFen: 0 }]);
  await api.api.platform.jobs.runNow('messages-due');
  for (const [person, event] of [
    [winner, 'lost'],
    [loser, 'won'],
  ] as const) {
    const { items } = await api.ok(myMessages, { as: person, query: {} });
    expect(items.filter(({ kind }) => kind === 'credit_news')).toMatchObject([
      { why: 'shared', content: { credit: { orderId: params.id, event } } },
    ]);
  }
  const acts =
    await sql`SELECT actor_id, reason, detail FROM audit_log WHERE action = 'credit:ruled' AND target = ${`order:${params.id}`}`;
  expect(acts).toMatchObject([
    {
      ...{ actor_id: brand.staff.admin.personId, reason: '核对了触点' },
      detail: { from: winner.personId, to: loser.personId, appeals: 2 },
    },
  ]);

  // The winner asks about the new answer; it is upheld, moves nothing, and is not asked about again.
  expect((await at.appeal(winner)).status).toBe(201);
  expect(await at.rule({ seenVersion: 2, outcome: 'upheld' })).toMatchObject({
    body: { credit: { reason: 'hq_ruling', inviter: { id: loser.personId } }, versions: [{}, {}, { version: 3 }] },
  });
  expect(await at.appeal(winner)).toMatchObject({ status: 409, problem: { code: 'state_conflict' } });
  expect(await at.owed()).toEqual({ winner: 0, loser: earned, all: earned });

  // A refund takes back what stands now, from whom it stands with.
  await api.ok(refundOrder, { as: brand.staff.a.manager, params, body: { reason: '顾客要求' } });
  await waitForState(api, params.id, 'refunded');
  expect(await at.owed()).toEqual({ winner: 0, loser: 0, all: 0 });
  await audited();
});

it('A5 no ruling for the buyer, for the one who rules, for somebody who left; only headquarters rule', async () => {
  const at = await sale();
  const { staff } = brand;
  const left = await makeConsumer(api);
  await api.api.platform.db.sql`UPDATE people SET active = false WHERE id = ${left.personId}`;
  const to = async (personId: string | null | undefined, outcome: 'upheld' | 'changed' = 'changed') => {
    const { status, problem } = await at.rule({
      seenVersion: 1,
      outcome,
      ...(personId === undefined ? {} : { personId }),
    });
    return `${status} ${problem.code}`;
  };
  expect(await to(at.buyer.personId)).toBe('403 self_action');
  expect(await to(staff.admin.personId)).toBe('403 conflict_of_interest');
  for (const nobody of [left.personId, brand.guest.personId, crypto.randomUUID(), at.winner.personId, undefined])
    expect(await to(nobody)).toBe('400 invalid_request');
  expect(await to(at.loser.personId, 'upheld')).toBe('400 invalid_request');
  const body = { seenVersion: 1, outcome: 'changed', personId: at.loser.personId, reason: '越权' } as const;
  for (const as of [staff.a.manager, staff.channelEast, staff.finance, staff.analyst, staff.a.guide])
    expect((await api.call(ruleCredit, { as, params: at.params, body })).status).toBe(403);
  expect(await at.owed()).toMatchObject({ winner: at.earned, all: at.earned });
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT 1 FROM credit_rulings WHERE order_id = ${at.params.id}`).toEqual([]);

  // To nobody, to a guide of another store, and back to the first.
  expect(await at.rule({ seenVersion: 1, outcome: 'changed', personId: null })).toMatchObject({
    body: { credit: { reason: 'hq_ruling', inviter: null, orgUnit: { id: brand.stores.a.id } } },
  });
  expect(await at.owed()).toEqual({ winner: 0, loser: 0, all: 0 });
  const foreign = staff.c.guide;
  expect(await at.rule({ seenVersion: 2, outcome: 'changed', personId: foreign.personId })).toMatchObject({
    body: { credit: { inviter: { id: foreign.personId }, orgUnit: { id: brand.stores.c.id } } },
  });
  expect(await at.rule({ seenVersion: 3, outcome: 'changed', personId: at.winner.personId })).toMatchObject({
    body: { credit: { reason: 'hq_ruling', inviter: { id: at.winner.personId } } },
  });
  expect(await at.owed()).toEqual({ winner: at.earned, loser: 0, all: at.earned });
  await audited();
});

it('A5 nobody rules who bought, earns or asked, by whichever account; another of headquarters does', async () => {
  const { admin, operations } = brand.staff;
  const { sql } = api.api.platform.db;
  const body = { seenVersion: 1, outcome: 'upheld', reason: '核对了触点' } as const;
  const phoneOf = async ({ personId }: Principal, phone: string | null) =>
    void (await sql`UPDATE people SET phone = ${phone} WHERE id = ${personId}`);
  for (const [reason, whose] of [
    ['buyer', 'buyer'],
    ['beneficiary', 'winner'],
    ['appellant', 'loser'],
  ] as const) {
    const at = await sale();
    await at.appeal(at.loser);
    const { phone } =
      (await sql<{ phone: string }>`SELECT phone FROM people WHERE id = ${at[whose].personId}`)[0] ?? {};
    await phoneOf(admin, phone ?? null);
    const refused = await api.call(ruleCredit, { as: admin, params: at.params, body });
    expect([refused.status, refused.problem]).toMatchObject([403, { code: 'conflict_of_interest', facts: { reason } }]);
    expect((await api.ok(orderCredit, { as: admin, params: at.params })).mayRule).toBe(false);
    // Nor to an account of one's own.
    if (whose === 'loser') {
      const other = await sale();
      await phoneOf(other.loser, phone ?? null);
      const change = { ...body, outcome: 'changed', personId: other.loser.personId } as const;
      const own = await api.call(ruleCredit, { as: admin, params: other.params, body: change });
      expect(own.problem).toMatchObject({ code: 'conflict_of_interest', facts: { reason: 'receiver' } });
    }
    await phoneOf(admin, null);
    expect((await api.ok(orderCredit, { as: operations, params: at.params })).mayRule).toBe(true);
    expect((await api.call(ruleCredit, { as: operations, params: at.params, body })).status).toBe(201);
  }
  await audited();
});

it('K2 nobody rules an order to somebody they brought, by whichever account: level two would be theirs', async () => {
  const { admin, operations } = brand.staff;
  const { sql } = api.api.platform.db;
  const at = await sale();
  const mine = await makeConsumer(api, '管理员自己的号');
  await sql`INSERT INTO invite_edges (invitee_id, inviter_id, touch_id, at)
    VALUES (${at.loser.personId}, ${mine.personId}, ${crypto.randomUUID()}, ${api.clock.now()}) ON CONFLICT (invitee_id)
    DO UPDATE SET inviter_id = excluded.inviter_id`;
  await sql`UPDATE people SET phone = (SELECT phone FROM people WHERE id = ${mine.personId}) WHERE id = ${admin.personId}`;
  const body = { seenVersion: 1, outcome: 'changed', personId: at.loser.personId, reason: '核对了触点' } as const;
  const refused = await api.call(ruleCredit, { as: admin, params: at.params, body });
  expect([refused.status, refused.problem]).toMatchObject([
    403,
    { code: 'conflict_of_interest', facts: { reason: 'inviter' } },
  ]);
  await sql`UPDATE people SET phone = NULL WHERE id = ${admin.personId}`;
  expect((await api.call(ruleCredit, { as: operations, params: at.params, body })).status).toBe(201);
  await audited();
});

it('A4 of rival rulings one wins, and an appeal beside them is answered or refused, never lost', async () => {
  const at = await sale();
  const rivals = [at.loser.personId, null, brand.staff.a.guide.personId, brand.staff.b.guide.personId];
  const [appealed, ...ruled] = await Promise.all([
    at.appeal(at.loser),
    ...rivals.map((personId) => at.rule({ seenVersion: 1, outcome: 'changed', personId })),
  ]);
  expect(ruled.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  const { versions, appeals, credit } = await api.ok(orderCredit, { as: brand.staff.admin, params: at.params });
  expect(versions).toHaveLength(2);
  expect((await at.owed()).all).toBe(credit.inviter ? at.earned : 0);
  // Before the ruling: answered by it. After it: about what stands now, and open. Between: refused.
  expect([201, 404, 409]).toContain(appealed.status);
  expect(appeals.map(({ state }) => state)).toEqual(
    appealed.status !== 201 ? [] : [expect.stringMatching(/^(changed|open)$/)],
  );
  await audited();
});

it('A3 appeals end with the time for them; each desk lists its own', async () => {
  const [early, late] = [await sale(), await sale()];
  await early.appeal(early.loser, '请核对');
  await early.appeal(brand.staff.a.guide, '我的顾客');
  const list = async (as: Principal, query: { state?: 'open'; role?: 'sharer' } = { state: 'open' }) =>
    (await api.ok(listCreditAppeals, { as, query })).items.filter(({ orderId }) => orderId === early.order.id);
  expect(await list(brand.staff.admin)).toMatchObject([
    { role: 'owner_guide' },
    { role: 'sharer', by: { name: '输家' } },
  ]);
  expect(await list(brand.staff.a.guide, { role: 'sharer' })).toMatchObject([{ by: { name: '输*' } }]);
  expect([await list(brand.staff.a.manager), await list(brand.staff.channelEast)]).toMatchObject([
    [{}, {}],
    [{}, {}],
  ]);
  expect([await list(brand.staff.b.manager), await list(brand.staff.channelNorth)]).toEqual([[], []]);
  api.clock.advanceSeconds(31 * 86_400);
  expect(await late.appeal(late.loser)).toMatchObject({ status: 409, problem: { code: 'too_late' } });
  expect((await api.ok(sharerCredit, { as: late.loser, params: late.params })).mayAppeal).toBe(false);
});
