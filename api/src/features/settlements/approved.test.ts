/** What was approved is what is paid: terms and modes that change meanwhile, and who may say yes to what. */
import {
  approveSettlement,
  createSettlement,
  getSettlement,
  getSettlementTerms,
  listPayouts,
  listSettlementLines,
  listStoreStatements,
  paySettlement,
  previewSettlement,
  putSettlementMode,
  putSettlementTerms,
  requestPayout,
  retrySettlementLine,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { type Brand, makeConsumer, makeStaff, seedBrand, type Unit } from '../../testing/fixtures.ts';
import { postEntry } from '../../testing/settlements.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { PAYOUTS_JOB } from '../payouts/index.ts';
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

const earn = (person: Principal, amountFen: number, store: Unit) =>
  postEntry(api.api.platform, {
    ...{ personId: person.personId, store, amountFen: BigInt(amountFen) },
    at: new Date(api.clock.now().getTime() - 3_600_000),
  });
const turn = async () => {
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
  await api.api.platform.jobs.runNow(PAYOUTS_JOB);
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
};
/** Everybody is withheld this share of everything from then on. */
const setTax = async (bps: number, more: { minimumFen?: number } = {}) =>
  api.ok(putSettlementTerms, {
    as: other,
    body: {
      ...{ minimumFen: 100, dayCapFen: 2_000_000, dayTransfers: 10, realNameFromFen: 200_000, reason: '新规' },
      seenVersion: (await api.ok(getSettlementTerms, { as: other })).version,
      withholding: {
        ...{ appliesTo: 'consumers', exemptFen: 0, deductUntilFen: 0, deductFen: 0, deductBps: 0 },
        bands: [{ overFen: 0, bps, quickFen: 0 }],
      },
      ...more,
    },
  });
const setMode = (unit: Unit, mode: 'hq_collects' | 'store_collects', hqShareBps: number) =>
  api.ok(putSettlementMode, { as: other, params: { id: unit.id }, body: { mode, hqShareBps, reason: '合同' } });
async function draft(unit: Unit) {
  const { id } = await api.ok(createSettlement, {
    as: brand.staff.finance,
    body: { title: '结算', orgUnitId: unit.id },
  });
  return id;
}
const preview = async (id: string) =>
  (await api.ok(previewSettlement, { as: brand.staff.finance, params: { id }, body: {} })).preview;
const approve = (id: string, hash = '', as: StaffPrincipal = other) =>
  api.call(approveSettlement, { as, params: { id }, body: { hash, reason: '已核对' } });
const pay = async (id: string) => {
  await api.ok(paySettlement, { as: other, params: { id }, body: { reason: '打款' } });
  await turn();
};

describe('terms and modes', () => {
  it('that changed since the preview make it stale, also when no sum did', async () => {
    const person = await makeConsumer(api);
    await earn(person, 9_000, brand.stores.a);
    const id = await draft(brand.stores.a);
    const first = await preview(id);
    await setTax(0);
    expect((await approve(id, first?.hash)).problem.facts).toEqual({ reason: 'preview_stale' });
    const second = await preview(id);
    expect(second?.sums).toEqual(first?.sums);
    await setMode(brand.stores.a, 'store_collects', 300);
    expect((await approve(id, second?.hash)).problem.facts).toEqual({ reason: 'preview_stale' });
    const third = await preview(id);
    // Another's mode is no matter of this run.
    await setMode(brand.stores.d, 'store_collects', 300);
    expect((await approve(id, third?.hash)).status).toBe(200);
  });

  it('K8 that change after approval change nothing of the run: sums, tax, statements; withdrawals go by the new ones', async () => {
    const store = brand.stores.b;
    const orders = createAttributedOrders(api);
    const [buyer, person, later] = [await makeConsumer(api), await makeConsumer(api), await makeConsumer(api)];
    await orders.pay(await orders.place(buyer, brand.rooms.b, [20_000]));
    await earn(person, 10_000, store);
    await setTax(1_000);
    await setMode(store, 'hq_collects', 500);
    api.clock.advanceSeconds(600);
    const id = await draft(store);
    const shown = await preview(id);
    const net = shown?.sums.netFen ?? 0;
    expect(shown?.sums).toMatchObject({ withheldFen: (shown?.sums.grossFen ?? 0) / 10 });
    const approved = await approve(id, shown?.hash);
    const { version } = approved.body.terms ?? { version: 0 };
    expect(approved.body.terms).toEqual({ version, inForce: version });

    await setTax(5_000, { minimumFen: 50_000 });
    await setMode(store, 'store_collects', 2_000);
    await pay(id);
    const params = { id };
    expect((await api.ok(getSettlement, { as: other, params })).terms).toEqual({ version, inForce: version + 1 });
    const bills = (await api.ok(listPayouts, { as: other, query: { runId: id } })).items;
    expect(bills.reduce((sum, bill) => sum + bill.netFen, 0)).toBe(net);
    const mine = bills.find((bill) => bill.person.id === person.personId);
    expect(mine).toMatchObject({ grossFen: 10_000, withheldFen: 1_000, netFen: 9_000 });
    const [statement] = (await api.ok(listStoreStatements, { as: other, query: { runId: id } })).items;
    expect(statement).toMatchObject({ mode: 'hq_collects', hqShareBps: 500, hqShareFen: 1_000 });

    // Given back by the provider and paid anew, it is still what was approved.
    await api.ok(settleSandboxPayout, { as: person, params: { id: mine?.id ?? '' }, body: { outcome: 'failed' } });
    const lines = (await api.ok(listSettlementLines, { as: other, params })).items;
    const lineId = lines.find((line) => line.person.id === person.personId)?.id ?? '';
    const retried = await api.ok(retrySettlementLine, {
      ...{ as: other, params: { id, lineId }, body: { reason: '账户已更正' } },
    });
    expect(retried).toMatchObject({ state: 'claimed', withheldFen: 1_000, netFen: 9_000 });

    await earn(later, 60_000, store);
    const withdrawal = await api.ok(requestPayout, { as: later, body: {} });
    expect(withdrawal).toMatchObject({ grossFen: 60_000, withheldFen: 30_000 });
    await turn();

    const { sql } = api.api.platform.db;
    await expect(sql`UPDATE settlement_runs SET terms_version = terms_version + 1 WHERE id = ${id}`).rejects.toThrow(
      'keeps what it was approved with',
    );
  });
});

describe('whose line it is', () => {
  it('who is paid by a run does not approve it, past HTTP neither; a third person does', async () => {
    const store = brand.stores.c;
    const paid = await makeStaff(api, 'hq_finance', brand.hq, '总部财务三');
    const third = await makeStaff(api, 'hq_finance', brand.hq, '总部财务四');
    await earn(paid, 80_000, store);
    const id = await draft(store);
    const hash = (await preview(id))?.hash;
    const own = await approve(id, hash, paid);
    expect([own.status, own.problem.facts]).toEqual([403, { reason: 'own_line' }]);
    expect((await api.ok(getSettlement, { as: other, params: { id } })).state).toBe('previewed');
    await expect(
      api.api.platform.db.transaction(async (tx) => {
        await tx`INSERT INTO settlement_lines (id, run_id, person_id, source, state, approved_fen, created_at)
          VALUES (gen_random_uuid(), ${id}, ${paid.personId}, 'commission', 'due', 80000, now())`;
        await tx`UPDATE settlement_runs SET state = 'approved', approved_by = ${paid.personId}, approved_at = now(), terms_version = 1
          WHERE id = ${id}`;
      }),
    ).rejects.toThrow('does not approve it');
    expect((await approve(id, hash, third)).status).toBe(200);

    // Nor do they have it paid anew when it came back.
    await pay(id);
    const [bill] = (await api.ok(listPayouts, { as: other, query: { runId: id } })).items;
    await api.ok(settleSandboxPayout, { as: paid, params: { id: bill?.id ?? '' }, body: { outcome: 'failed' } });
    const [line] = (await api.ok(listSettlementLines, { as: other, params: { id } })).items;
    const retry = { params: { id, lineId: line?.id ?? '' }, body: { reason: '账户已更正' } };
    const self = await api.call(retrySettlementLine, { as: paid, ...retry });
    expect([self.status, self.problem.facts]).toEqual([403, { reason: 'own_line' }]);
    expect((await api.call(retrySettlementLine, { as: third, ...retry })).status).toBe(200);
    await turn();
  });
});

describe('whose line it is by another account', () => {
  it('staff whose consumer account is paid (the same phone) neither approve nor retry, past HTTP neither', async () => {
    const store = brand.stores.c;
    const { sql } = api.api.platform.db;
    const consumer = await makeConsumer(api);
    const paid = await makeStaff(api, 'hq_finance', brand.hq, '总部财务五');
    await sql`UPDATE people SET phone = (SELECT phone FROM people WHERE id = ${consumer.personId}) WHERE id = ${paid.personId}`;
    await earn(consumer, 80_000, store);
    const id = await draft(store);
    const hash = (await preview(id))?.hash;
    const own = await approve(id, hash, paid);
    expect([own.status, own.problem.facts]).toEqual([403, { reason: 'own_line' }]);
    await expect(
      api.api.platform.db.transaction(async (tx) => {
        await tx`INSERT INTO settlement_lines (id, run_id, person_id, source, state, approved_fen, created_at)
          VALUES (gen_random_uuid(), ${id}, ${consumer.personId}, 'commission', 'due', 80000, now())`;
        await tx`UPDATE settlement_runs SET state = 'approved', approved_by = ${paid.personId}, approved_at = now(), terms_version = 1
          WHERE id = ${id}`;
      }),
    ).rejects.toThrow('does not approve it');
    expect((await approve(id, hash)).status).toBe(200);
    await pay(id);
    const bills = (await api.ok(listPayouts, { as: other, query: { runId: id } })).items;
    const bill = bills.find(({ person }) => person.id === consumer.personId);
    await api.ok(settleSandboxPayout, { as: consumer, params: { id: bill?.id ?? '' }, body: { outcome: 'failed' } });
    const lines = (await api.ok(listSettlementLines, { as: other, params: { id } })).items;
    const lineId = lines.find(({ person }) => person.id === consumer.personId)?.id ?? '';
    const retry = { params: { id, lineId }, body: { reason: '账户已更正' } };
    expect((await api.call(retrySettlementLine, { as: paid, ...retry })).problem.facts).toEqual({ reason: 'own_line' });
    expect((await api.call(retrySettlementLine, { as: other, ...retry })).status).toBe(200);
    await turn();
  });
});

describe('lines', () => {
  it('K8 one that cannot be claimed waits by itself; those behind it and other runs are paid and end', async () => {
    const { sql } = api.api.platform.db;
    const [stuck, fine, elsewhere] = [await makeConsumer(api), await makeConsumer(api), await makeConsumer(api)];
    const runs: string[] = [];
    await sql`CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.state = 'claimed' AND NEW.approved_fen = 61234 THEN RAISE EXCEPTION 'stuck'; END IF; RETURN NEW; END $$`;
    await sql`CREATE TRIGGER stuck BEFORE UPDATE ON settlement_lines FOR EACH ROW EXECUTE FUNCTION stuck()`;
    for (const [store, people] of [
      [brand.stores.a, [stuck, fine]],
      [brand.stores.d, [elsewhere]],
    ] as const) {
      for (const person of people) await earn(person, person === stuck ? 61_234 : 60_000, store);
      const id = await draft(store);
      expect((await approve(id, (await preview(id))?.hash)).status).toBe(200);
      await api.ok(paySettlement, { as: other, params: { id }, body: { reason: '打款' } });
      runs.push(id);
    }
    const work = () => api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
    const stateOf = async (id: string) => (await api.ok(getSettlement, { as: other, params: { id } })).state;
    const lines = async () =>
      sql`SELECT state, failures, retry_at > ${api.clock.now()} AS waits, problem FROM settlement_lines WHERE person_id = ${stuck.personId}`;
    try {
      // Paying has begun it already, and it failed: it is not tried again at once, and nobody waits for it.
      await work().catch(() => undefined);
      await api.api.platform.jobs.runNow(PAYOUTS_JOB);
      for (const who of [fine, elsewhere]) {
        const bills = (await api.ok(listPayouts, { as: other, query: {} })).items;
        const bill = bills.find(({ person }) => person.id === who.personId);
        await api.ok(settleSandboxPayout, { as: who, params: { id: bill?.id ?? '' }, body: { outcome: 'succeeded' } });
      }
      await api.api.platform.jobs.runNow(PAYOUTS_JOB);
      await work();
      expect([await stateOf(runs[0] ?? ''), await stateOf(runs[1] ?? '')]).toEqual(['paying', 'paid']);
      expect(await lines()).toMatchObject([{ state: 'due', failures: 1, waits: true, problem: 'stuck' }]);
      api.clock.advanceSeconds(61);
      await work().catch(() => undefined);
      expect(await lines()).toMatchObject([{ failures: 2, waits: true }]);
    } finally {
      await sql`DROP TRIGGER stuck ON settlement_lines`;
    }
    api.clock.advanceSeconds(121);
    await turn();
    expect(await lines()).toMatchObject([{ state: 'claimed' }]);
  });
});

describe('beside the new schema', () => {
  it('a process of before that approves without naming the terms gets those in force', async () => {
    const { sql } = api.api.platform.db;
    await setTax(700);
    const id = await draft(brand.stores.c);
    await preview(id);
    const [run] =
      await sql`UPDATE settlement_runs SET state = 'approved', approved_by = ${other.personId}, approved_at = ${api.clock.now()}
      WHERE id = ${id} RETURNING terms_version = (SELECT max(version) FROM settlement_terms) AS newest`;
    expect(run).toEqual({ newest: true });
    await sql`INSERT INTO settlement_run_events (run_id, from_state, to_state, event, actor_id, reason, at)
      VALUES (${id}, 'previewed', 'approved', 'approve', ${other.personId}, '', ${api.clock.now()})`;
  });
});
