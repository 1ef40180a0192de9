/** A settlement run of one store that pays, for the tables of routes; and what they ask of it. */
import {
  approveSettlement,
  createSettlement,
  listPayouts,
  listSettlementLines,
  listStoreStatements,
  paySettlement,
  previewSettlement,
} from '@walnut-live/contracts';
import { PAYOUTS_JOB } from '../features/payouts/index.ts';
import { SETTLEMENTS_JOB } from '../features/settlements/index.ts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, Unit } from './fixtures.ts';
import { postEntry } from './settlements.ts';
import type { TestApi } from './test-api.ts';

const HOUR_MS = 3_600_000;

export interface Settled {
  readonly settlement: { runId: string; lineId: string; hash: string; billId: string; statementId: string };
}
export async function makeSettlement(api: TestApi, brand: Brand, store: Unit, person: Principal): Promise<Settled> {
  const { db, random, jobs } = api.api.platform;
  const { finance, admin } = brand.staff;
  const at = new Date(api.clock.now().getTime() - HOUR_MS);
  await postEntry({ db, random }, { personId: person.personId, store, amountFen: 5_000n, at });
  const body = { title: '本月结算', orgUnitId: store.id };
  const { id } = await api.ok(createSettlement, { as: finance, body });
  const params = { id };
  const { preview } = await api.ok(previewSettlement, { as: finance, params, body: {} });
  const hash = preview?.hash ?? '';
  await api.ok(approveSettlement, { as: admin, params, body: { hash, reason: '已核对' } });
  await api.ok(paySettlement, { as: finance, params, body: { reason: '打款' } });
  await jobs.runNow(SETTLEMENTS_JOB);
  await jobs.runNow(PAYOUTS_JOB);
  const [line] = (await api.ok(listSettlementLines, { as: finance, params })).items;
  const [bill] = (await api.ok(listPayouts, { as: finance, query: { runId: id } })).items;
  const [statement] = (await api.ok(listStoreStatements, { as: finance, query: { runId: id } })).items;
  if (!line || !bill || !statement) throw new Error('the run made no line, bill or statement');
  return { settlement: { runId: id, lineId: line.id, hash, billId: bill.id, statementId: statement.id } };
}

type Targets = Record<
  string,
  (b: Settled & { brand: Brand }) => { params?: Record<string, string>; query?: string; body?: object }
>;
const ofRun = ({ settlement }: Settled) => ({ id: settlement.runId });
const ofStatement = ({ settlement }: Settled) => ({ id: settlement.statementId });
export const settlementTargets: Targets = {
  'settlements.create': ({ brand }) => ({ body: { title: '结算', orgUnitId: brand.stores.b.id } }),
  'settlements.get': (b) => ({ params: ofRun(b) }),
  'settlements.preview': (b) => ({ params: ofRun(b), body: {} }),
  'settlements.preview.read': (b) => ({ params: ofRun(b) }),
  'settlements.approve': (b) => ({ params: ofRun(b), body: { hash: b.settlement.hash, reason: '已核对' } }),
  'settlements.pay': (b) => ({ params: ofRun(b), body: { reason: '打款' } }),
  'settlements.cancel': (b) => ({ params: ofRun(b), body: { reason: '重来' } }),
  'settlements.lines': (b) => ({ params: ofRun(b) }),
  'settlements.lines.retry': (b) => ({
    params: { ...ofRun(b), lineId: b.settlement.lineId },
    body: { reason: '账户已更正' },
  }),
  'payouts.sandbox.settle': ({ settlement }) => ({ params: { id: settlement.billId }, body: { outcome: 'succeeded' } }),
  'store-statements.list': ({ brand }) => ({ query: `orgUnitId=${brand.stores.b.id}` }),
  'store-statements.get': (b) => ({ params: ofStatement(b) }),
  'store-statements.settle': (b) => ({ params: ofStatement(b), body: { reference: 'B20261123', reason: '已转账' } }),
  'settlement-modes.put': ({ brand }) => ({
    params: { id: brand.stores.b.id },
    body: { mode: 'hq_collects', hqShareBps: 0, reason: '合同' },
  }),
};
/** Of the whole brand, for finance of headquarters alone. */
export const settlementsOfNobody = ['payouts.cancel', 'payout-differences.resolve'] as const;
