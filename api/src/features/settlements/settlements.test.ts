/** Settlement over HTTP, by rule ids; every test ends with all books agreeing. */
import {
  approveSettlement,
  cancelSettlement,
  createSettlement,
  exportWithholding,
  getSettlement,
  getStoreStatement,
  listPayoutDifferences,
  listPayouts,
  listSettlementLines,
  listSettlements,
  listStoreStatements,
  myPayouts,
  paySettlement,
  previewSettlement,
  putPayoutAccount,
  putSettlementMode,
  putSettlementTerms,
  readSettlementPreview,
  reconcilePayouts,
  requestPayout,
  retrySettlementLine,
  settleSandboxPayout,
  settleStoreStatement,
} from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { type Brand, makeConsumer, makeStaff, seedBrand, type Unit } from '../../testing/fixtures.ts';
import { postEntry } from '../../testing/settlements.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { PAYOUT_CHECKS_JOB, PAYOUTS_JOB } from '../payouts/index.ts';
import { auditSettlements, SETTLEMENTS_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
let other: StaffPrincipal;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  other = await makeStaff(api, 'hq_finance', brand.hq, '总部财务二');
});
afterAll(() => api[Symbol.asyncDispose]());
afterEach(async () => {
  expect(await auditSettlements(api.api.platform.db)).toEqual([]);
  expect((await auditLedger(api.api.platform.db)).problems).toEqual([]);
});

const HOUR_MS = 3_600_000;
const earn = (person: Principal, amountFen: number, more: Partial<Parameters<typeof postEntry>[1]> = {}) =>
  postEntry(api.api.platform, {
    ...{ personId: person.personId, store: brand.stores.a, amountFen: BigInt(amountFen) },
    ...{ at: new Date(api.clock.now().getTime() - HOUR_MS), ...more },
  });
const turn = async () => {
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
  await api.api.platform.jobs.runNow(PAYOUTS_JOB);
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
};
async function previewed(unit: Unit, as: StaffPrincipal = brand.staff.finance) {
  const { id } = await api.ok(createSettlement, { as, body: { title: '结算', orgUnitId: unit.id } });
  const run = await api.ok(previewSettlement, { as, params: { id }, body: {} });
  return { id, hash: run.preview?.hash ?? '', sums: run.preview?.sums };
}
const approve = (run: { id: string; hash: string }, as: StaffPrincipal = other) =>
  api.call(approveSettlement, { as, params: { id: run.id }, body: { hash: run.hash, reason: '已核对' } });
async function paying(unit: Unit) {
  const run = await previewed(unit);
  expect((await approve(run)).status).toBe(200);
  await api.ok(paySettlement, { as: other, params: { id: run.id }, body: { reason: '打款' } });
  await turn();
  return run;
}
const billsOf = async (runId: string) => (await api.ok(listPayouts, { as: other, query: { runId } })).items;
const accept = (id: string, as: Principal, outcome: 'succeeded' | 'failed' = 'succeeded') =>
  api.ok(settleSandboxPayout, { as, params: { id }, body: { outcome } });

describe('a run', () => {
  it('K4 K8 is previewed, approved by a second person, paid, and offsets what is refunded afterwards', async () => {
    const { finance, admin } = brand.staff;
    const [rich, poor] = [await makeConsumer(api, '林小桃'), await makeConsumer(api, '小额')];
    const unit = brand.stores.a;
    const entry = await earn(rich, 9_000);
    await earn(rich, 1_000, { state: 'held' });
    await earn(poor, 99);
    const run = await previewed(unit);
    expect(run.sums).toMatchObject({ people: 2, payPeople: 1, grossFen: 9_000, carriedFen: 99, heldFen: 1_000 });
    const params = { id: run.id };

    // Two-person rule: neither over HTTP nor past it.
    const self = await approve(run, finance);
    expect([self.status, self.problem.facts]).toEqual([403, { reason: 'two_people' }]);
    const { sql } = api.api.platform.db;
    await expect(
      sql`UPDATE settlement_runs SET state = 'approved', approved_by = created_by, approved_at = now(), terms_version = 1 WHERE id = ${run.id}`,
    ).rejects.toThrow('settlement_runs_two_people');

    // Something was earned meanwhile: refused, and the next preview says what changed.
    await earn(rich, 500);
    expect((await approve(run)).problem.facts).toEqual({ reason: 'preview_stale' });
    await api.ok(previewSettlement, { as: finance, params, body: {} });
    expect((await approve(run)).problem.facts).toEqual({ reason: 'another_preview' });
    const preview = await api.ok(readSettlementPreview, { as: finance, params, query: { limit: 1 } });
    expect(preview.items).toMatchObject([
      { person: { name: '林小桃' }, change: 'changed', grossFen: 9_500, heldFen: 1_000, before: { grossFen: 9_000 } },
    ]);
    const rest = await api.ok(readSettlementPreview, {
      as: finance,
      params,
      query: { cursor: preview.nextCursor ?? '' },
    });
    expect(rest.items).toMatchObject([{ change: 'same', outcome: 'carried', reason: 'below_minimum' }]);
    const hash = (await api.ok(getSettlement, { as: finance, params })).preview?.hash ?? '';
    expect((await approve({ id: run.id, hash })).status).toBe(200);
    expect((await approve({ id: run.id, hash })).problem.facts).toMatchObject({ reason: 'state' });
    // Nothing is claimed before somebody pays.
    expect(await sql`SELECT 1 FROM commission_entries WHERE state = 'claimed'`).toEqual([]);

    await api.ok(paySettlement, { as: admin, params, body: { reason: '打款' } });
    await turn();
    const [bill] = await billsOf(run.id);
    expect(bill).toMatchObject({ state: 'waiting', netFen: 9_500, withheldFen: 0, kind: 'settlement' });
    expect((await accept(bill?.id ?? '', rich)).state).toBe('succeeded');
    await turn();
    await turn();
    const done = await api.ok(getSettlement, { as: finance, params });
    expect(done).toMatchObject({ state: 'paid', progress: { paid: 1, paidFen: 9_500 } });
    expect(done.events.map(({ event }) => event)).toEqual(['create', 'preview', 'preview', 'approve', 'pay', 'finish']);

    // K4: refunded after it was paid; nothing paid is edited, the next runs offset it.
    await earn(rich, -4_000, { against: entry });
    expect((await previewed(unit)).sums).toMatchObject({ payPeople: 0, carriedFen: -3_901 });
    await earn(rich, 10_000);
    const next = await paying(unit);
    const [second] = await billsOf(next.id);
    expect(second).toMatchObject({ netFen: 6_000 });
    await accept(second?.id ?? '', rich);
    await turn();
    const [paid] = await sql<{ state: string; amountFen: bigint }>`
      SELECT state, amount_fen AS "amountFen" FROM commission_entries WHERE id = ${entry.id}`;
    expect(paid).toEqual({ state: 'paid', amountFen: 9_000n });
  });

  it('K8 a bill that failed gives its entries back; another number pays them, once', async () => {
    const person = await makeConsumer(api);
    const unit = brand.stores.c;
    await earn(person, 5_000, { store: unit });
    const run = await paying(unit);
    const [first] = await billsOf(run.id);
    await accept(first?.id ?? '', person, 'failed');
    await turn();
    const params = { id: run.id };
    expect((await api.ok(getSettlement, { as: other, params })).state).toBe('closed');
    const [line] = (await api.ok(listSettlementLines, { as: other, params })).items;
    expect(line).toMatchObject({ state: 'returned', reason: 'RECEIVER_UNREACHABLE' });
    const retry = { as: other, params: { ...params, lineId: line?.id ?? '' }, body: { reason: '账户已更正' } };
    expect((await api.ok(retrySettlementLine, retry)).state).toBe('claimed');
    expect((await api.call(retrySettlementLine, retry)).problem.facts).toMatchObject({ state: 'claimed' });
    await turn();
    const bills = await billsOf(run.id);
    expect(new Set(bills.map(({ billNo }) => billNo)).size).toBe(2);
    const open = bills.find(({ state }) => state === 'waiting');
    // Taken back by staff before it was accepted, it is anybody's again: here its owner's.
    await accept(open?.id ?? '', person);
    await turn();
    expect((await api.ok(getSettlement, { as: other, params })).state).toBe('paid');
    expect((await api.call(requestPayout, { as: person, body: {} })).problem.facts).toEqual({ reason: 'not_positive' });
    const asked = await api.ok(reconcilePayouts, { as: other, body: { runId: run.id } });
    expect(asked).toMatchObject({ asked: 2, unanswered: 0, openDifferences: 0 });
  });

  it('K8 what its provider says otherwise after its end is shown to finance', async () => {
    const person = await makeConsumer(api);
    await earn(person, 700, { store: brand.stores.d });
    const run = await paying(brand.stores.d);
    const [bill] = await billsOf(run.id);
    await accept(bill?.id ?? '', person);
    await api.api.platform.db.sql`UPDATE sandbox_transfers SET state = 'failed' WHERE bill_no = ${bill?.billNo}`;
    api.clock.advanceSeconds(2 * 3_600);
    await api.api.platform.jobs.runNow(PAYOUT_CHECKS_JOB);
    const { items } = await api.ok(listPayoutDifferences, { as: other, query: { state: 'open' } });
    expect(items).toMatchObject([{ kind: 'state_differs', ours: { state: 'succeeded' }, theirs: { state: 'failed' } }]);
  });

  it('cancelled it pays nothing; up to a moment that has not come there is none', async () => {
    const { finance } = brand.staff;
    const run = await previewed(brand.stores.b);
    await api.ok(cancelSettlement, { as: finance, params: { id: run.id }, body: { reason: '重来' } });
    expect((await approve(run)).problem.facts).toMatchObject({ state: 'cancelled' });
    const upTo = new Date(api.clock.now().getTime() + HOUR_MS).toISOString();
    const early = await api.call(createSettlement, { as: finance, body: { title: '早', upTo } });
    expect(early.problem.code).toBe('too_early');
  });
});

describe('a withdrawal', () => {
  it('K8 of two at once one claims; a day has a cap; large ones need a name', async () => {
    const person = await makeConsumer(api);
    const [hq] = [brand.stores.b];
    await earn(person, 3_000, { store: hq });
    const answers = await Promise.all([1, 2, 3].map(() => api.call(requestPayout, { as: person, body: {} })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    await turn();
    const { items, withdrawable } = await api.ok(myPayouts, { as: person });
    expect(items).toMatchObject([{ state: 'waiting', netFen: 3_000, acceptance: { provider: 'sandbox' } }]);
    expect(withdrawable[0]).toMatchObject({ balanceFen: 0, hindrance: 'not_positive' });
    expect(
      (
        await api.call(settleSandboxPayout, {
          as: brand.consumers.bella,
          params: { id: items[0]?.id ?? '' },
          body: { outcome: 'succeeded' },
        })
      ).status,
    ).toBe(404);
    await accept(items[0]?.id ?? '', person);

    // More than a day allows: the oldest first, and the rest another day.
    for (const n of [1, 2, 3])
      await earn(person, 900_000, { at: new Date(api.clock.now().getTime() - n * HOUR_MS), store: hq });
    const [offer] = (await api.ok(myPayouts, { as: person })).withdrawable;
    expect(offer).toMatchObject({ balanceFen: 2_700_000, grossFen: 1_800_000, hindrance: 'real_name_needed' });
    expect((await api.call(requestPayout, { as: person, body: {} })).problem.facts).toEqual({
      reason: 'real_name_needed',
    });
    await api.ok(putPayoutAccount, { as: person, body: { realName: '林小桃' } });
    const stale = await api.call(requestPayout, { as: person, body: { expectedFen: 1 } });
    expect(stale.problem.facts).toMatchObject({ reason: 'changed', netFen: offer?.netFen });
    const large = await api.ok(requestPayout, { as: person, body: { expectedFen: offer?.netFen ?? 0 } });
    // 18,030 yuan of the month: a fifth is deducted, of the rest a fifth is withheld.
    expect(large).toMatchObject({ grossFen: 1_800_000, withheldFen: 288_480 });
    expect((await api.ok(myPayouts, { as: person })).withdrawable[0]?.hindrance).toBe('day_cap');
    await turn();
    await accept(large.id, person);

    const month = new Date(api.clock.now().getTime() + 8 * HOUR_MS).toISOString().slice(0, 7);
    const csv = await api.ok(exportWithholding, { as: other, query: { month } });
    expect(csv).toContain('林小桃');
    expect(csv).toContain(',1803000,288480,');
    const [audited] = await api.api.platform.db.sql<{
      target: string;
    }>`SELECT target FROM audit_log WHERE target = 'withholding'`;
    expect(audited).toBeDefined();
  });

  it('guests have no account; terms are versions, and a rule that is none is refused', async () => {
    await earn(brand.guest, 5_000);
    expect((await api.call(requestPayout, { as: brand.guest, body: {} })).problem.facts).toEqual({
      reason: 'no_account',
    });
    const terms = {
      ...{ minimumFen: 100, dayCapFen: 2_000_000, dayTransfers: 10, realNameFromFen: 200_000 },
      ...{ reason: '按合同', seenVersion: 1 },
      withholding: { appliesTo: 'nobody', exemptFen: 0, deductUntilFen: 0, deductFen: 0, deductBps: 0 } as const,
    };
    const rising = [{ overFen: 0, bps: 2_000, quickFen: 0 }];
    const wrong = { ...terms, withholding: { ...terms.withholding, bands: [{ overFen: 1, bps: 1, quickFen: 0 }] } };
    expect((await api.call(putSettlementTerms, { as: other, body: wrong })).status).toBe(400);
    const right = { ...terms, withholding: { ...terms.withholding, bands: rising } };
    expect((await api.ok(putSettlementTerms, { as: other, body: right })).version).toBe(2);
    // Whoever looked at the first does not overwrite the second unseen.
    const late = await api.call(putSettlementTerms, { as: other, body: right });
    expect(late.problem).toMatchObject({ code: 'state_conflict', facts: { version: 2 } });
  });
});

describe('stores', () => {
  it('see what their orders earned and their own accounts, and nothing else; every movement stands in one account', async () => {
    const { staff, stores, rooms } = brand;
    await api.ok(putSettlementMode, {
      ...{ as: other, params: { id: stores.b.id }, body: { mode: 'store_collects', hqShareBps: 500, reason: '合同' } },
    });
    const orders = createAttributedOrders(api);
    const [buyer, sharer] = [await makeConsumer(api), await makeConsumer(api)];
    await visit(api, buyer, sharer, rooms.b.id);
    const order = await orders.place(buyer, rooms.b, [20_000]);
    await orders.pay(order);
    await earn(sharer, 800, { store: stores.b });
    await earn(sharer, 300, { store: stores.a });
    api.clock.advanceSeconds(600);
    const run = await paying(brand.channels.east);
    const params = { id: run.id };
    const mine = await api.ok(listSettlementLines, { as: staff.b.manager, params });
    const own = mine.items.find(({ person }) => person.id === sharer.personId);
    expect(own).toMatchObject({
      grossFen: null,
      netFen: null,
      stores: [{ amountFen: 800, store: { id: stores.b.id } }],
    });
    expect(JSON.stringify(mine)).not.toContain(stores.a.id);
    expect((await api.ok(listSettlements, { as: staff.c.manager })).items.map(({ id }) => id)).not.toContain(run.id);
    expect((await api.call(getSettlement, { as: staff.c.manager, params })).status).toBe(404);
    expect((await api.call(readSettlementPreview, { as: staff.b.manager, params })).status).toBe(403);

    const { items } = await api.ok(listStoreStatements, { as: staff.b.manager });
    const statement = items.find(({ runId }) => runId === run.id);
    // The store took the money: it owes the commission of the period and five percent of the goods.
    expect(statement).toMatchObject({ mode: 'store_collects', orders: 1, paidFen: 20_000, hqShareFen: 1_000 });
    expect(statement?.dueFen).toBe(-(statement?.commissionFen ?? 0) - 1_000);
    const { items: rows } = await api.ok(getStoreStatement, {
      as: staff.b.manager,
      params: { id: statement?.id ?? '' },
      query: { limit: 100 },
    });
    const sum = (kind: string) => rows.reduce((total, row) => total + (row.kind === kind ? row.amountFen : 0), 0);
    expect([sum('order'), sum('commission')]).toEqual([20_000, -(statement?.commissionFen ?? 0)]);
    const settle = {
      as: other,
      params: { id: statement?.id ?? '' },
      body: { reference: 'B20261123', reason: '已到账' },
    };
    expect((await api.ok(settleStoreStatement, settle)).state).toBe('settled');
    expect((await api.call(settleStoreStatement, settle)).problem.facts).toMatchObject({ reason: 'state' });

    api.clock.advanceSeconds(600);
    await orders.pay(await orders.place(buyer, rooms.b, [7_000]));
    api.clock.advanceSeconds(600);
    const later = await previewed(stores.b);
    expect((await approve(later)).status).toBe(200);
    const [next] = (await api.ok(listStoreStatements, { as: staff.b.manager, query: { runId: later.id } })).items;
    expect(next).toMatchObject({ since: statement?.until, orders: 1, paidFen: 7_000 });
  });
});
