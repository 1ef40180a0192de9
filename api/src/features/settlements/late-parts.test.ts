/** K8: a run pays what was settleable when it was approved; what becomes settleable later belongs to the next one. */
import {
  approveSettlement,
  createSettlement,
  listPayouts,
  listSettlementLines,
  paySettlement,
  previewSettlement,
  requestPayout,
  retrySettlementLine,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { auditLedger, createLedger } from '../../ledger/index.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { type Brand, makeConsumer, makeStaff, seedBrand, type Unit } from '../../testing/fixtures.ts';
import { type PostedEntry, postEntry } from '../../testing/settlements.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
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

const HOUR_MS = 3_600_000;
const earn = (
  person: Principal,
  amountFen: number,
  store: Unit,
  more: { ageMs?: number; state?: 'estimated'; against?: PostedEntry } = {},
) => {
  const { ageMs = HOUR_MS, ...rest } = more;
  const at = new Date(api.clock.now().getTime() - ageMs);
  return postEntry(api.api.platform, { personId: person.personId, store, amountFen: BigInt(amountFen), at, ...rest });
};
const turn = async () => {
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
  await api.api.platform.jobs.runNow(PAYOUTS_JOB);
  await api.api.platform.jobs.runNow(SETTLEMENTS_JOB);
};
async function approved(unit: Unit, meanwhile: () => Promise<unknown> = async () => undefined): Promise<string> {
  const finance = brand.staff.finance;
  const { id } = await api.ok(createSettlement, { as: finance, body: { title: '结算', orgUnitId: unit.id } });
  const { preview } = await api.ok(previewSettlement, { as: finance, params: { id }, body: {} });
  await meanwhile();
  await api.ok(approveSettlement, { as: other, params: { id }, body: { hash: preview?.hash ?? '', reason: '已核对' } });
  return id;
}
const pay = async (id: string) => {
  await api.ok(paySettlement, { as: other, params: { id }, body: { reason: '打款' } });
  await turn();
};
const lineOf = async (id: string, person: Principal) =>
  (await api.ok(listSettlementLines, { as: other, params: { id } })).items.find(
    (line) => line.person.id === person.personId,
  );
const brief = (line: Awaited<ReturnType<typeof lineOf>>) => [
  line?.state,
  line?.approvedFen,
  line?.grossFen,
  line?.reason,
];
const told = async (id: string, person: Principal, outcome: 'succeeded' | 'failed') => {
  await turn();
  const { items } = await api.ok(listPayouts, { as: other, query: { runId: id } });
  const bill = items.find((one) => one.person.id === person.personId && one.endedAt === null);
  await api.ok(settleSandboxPayout, { as: person, params: { id: bill?.id ?? '' }, body: { outcome } });
  await turn();
};
/** A dispute or a look at the order held it up beyond its freeze; its moment stays. */
const thawLate = async (ids: readonly string[]) => {
  const { sql } = api.api.platform.db;
  const moment = new Date(api.clock.now().getTime() - 48 * HOUR_MS);
  await sql`UPDATE commission_entries SET state = 'frozen', settleable_at = ${moment} WHERE id = ANY(${ids}::uuid[])`;
  await sql`UPDATE commission_entries SET state = 'settleable' WHERE id = ANY(${ids}::uuid[])`;
};

it('K8 an entry thawed late blocks nobody: the run pays what was approved, also when it is paid anew; the next run has the rest', async () => {
  const store = brand.stores.a;
  const person = await makeConsumer(api);
  await earn(person, 9_000, store);
  const late = await earn(person, 4_000, store, { state: 'estimated', ageMs: 72 * HOUR_MS });
  const id = await approved(store);
  await thawLate([late.id]);
  await pay(id);
  expect(brief(await lineOf(id, person))).toEqual(['claimed', 9_000, 9_000, null]);
  await told(id, person, 'failed');
  const line = await lineOf(id, person);
  expect(line?.state).toBe('returned');
  const params = { id, lineId: line?.id ?? '' };
  const retried = await api.ok(retrySettlementLine, { as: other, params, body: { reason: '账户已更正' } });
  expect(retried).toMatchObject({ state: 'claimed', grossFen: 9_000 });
  await told(id, person, 'succeeded');
  const next = await approved(store);
  await pay(next);
  expect(brief(await lineOf(next, person))).toEqual(['claimed', 4_000, 4_000, null]);
  await told(next, person, 'succeeded');
});

it('K6 K8 a bonus that stops waiting after approval is of the next run', async () => {
  const store = brand.stores.b;
  const { db } = api.api.platform;
  const [person, buyer] = [await makeConsumer(api), await makeConsumer(api)];
  const orders = createAttributedOrders(api);
  await visit(api, person, buyer, brand.rooms.b.id);
  await orders.pay(await orders.place(buyer, brand.rooms.b, [20_000]));
  await earn(person, 9_000, store);
  const bonusId = crypto.randomUUID();
  const at = api.clock.now();
  await db.transaction(async (tx) => {
    await tx`INSERT INTO commission_bonuses (id, beneficiary_id, store_id, org_path, period, no, net_fen, tier, bps, amount_fen, rule_version, state, at)
      SELECT ${bonusId}, ${person.personId}, ${store.id}, ${store.path}, to_char(paid_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM'), 1,
        20000, 1, 1000, 2000, 1, 'settleable', ${at} FROM orders WHERE person_id = ${buyer.personId}`;
    await createLedger(api.api.platform).postTransfer(tx, {
      ...{ kind: 'commission_bonus', ref: bonusId, at },
      entries: [
        { account: { kind: 'commission_expense', owner: store.id }, amountFen: 2_000n },
        { account: { kind: 'commission_payable', owner: person.personId }, amountFen: -2_000n },
      ],
    });
  });
  api.clock.advanceSeconds(60);
  const id = await approved(store);
  // The sale it waited for is settleable now, and its commission with it.
  const sale = await db.sql<{ id: string }>`
    SELECT id FROM commission_entries WHERE beneficiary_id = ${person.personId} AND state = 'estimated'`;
  expect(sale).toHaveLength(1);
  await thawLate(sale.map((entry) => entry.id));
  await pay(id);
  expect(brief(await lineOf(id, person))).toEqual(['claimed', 9_000, 9_000, null]);
  await told(id, person, 'succeeded');
  const next = await approved(store);
  const [left] = await db.sql<{ fen: bigint }>`SELECT sum(amount_fen)::bigint AS fen FROM commission_parts
    WHERE beneficiary_id = ${person.personId} AND state = 'settleable'`;
  await pay(next);
  expect((await lineOf(next, person))?.grossFen).toBe(Number(left?.fen));
  expect(left?.fen).toBeGreaterThan(2_000n);
  await told(next, person, 'succeeded');
});

it('K4 K8 what was offset elsewhere meanwhile: parts that fit the approved sum are paid; where none does, it says so', async () => {
  const { c, d } = brand.stores;
  const [some, none] = [await makeConsumer(api), await makeConsumer(api)];
  const ids: string[] = [];
  for (const [person, parts] of [
    [some, [6_000, 4_000]],
    [none, [10_000]],
  ] as const) {
    for (const [i, amount] of parts.entries()) await earn(person, amount, c, { ageMs: (5 - i) * HOUR_MS });
    const against = await earn(person, 5_000, d, { ageMs: 9 * HOUR_MS });
    await earn(person, -3_000, d, { ageMs: 9 * HOUR_MS, against });
  }
  const run = await approved(c);
  ids.push(run);
  // Another run of the other store takes what is against them.
  const beside = await approved(d);
  await pay(beside);
  expect((await lineOf(beside, some))?.grossFen).toBe(2_000);
  await pay(run);
  expect(brief(await lineOf(run, some))).toEqual(['claimed', 7_000, 6_000, null]);
  expect(brief(await lineOf(run, none))).toEqual(['carried', 7_000, 0, 'more_than_approved']);
  for (const person of [some, none]) await told(beside, person, 'succeeded');
  await told(run, some, 'succeeded');
  // What was carried is theirs: they take it themselves.
  expect(await api.ok(requestPayout, { as: none, body: {} })).toMatchObject({ grossFen: 10_000 });
  await turn();
});
