/** The tax of a payment is that of the month in which it is paid, on every page and in the export. */
import {
  approveSettlement,
  createSettlement,
  exportWithholding,
  getSettlement,
  listPayouts,
  listSettlementLines,
  paySettlement,
  previewSettlement,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { addDays, chinaDayOf, chinaDayStart } from '../../platform/china-day.policy.ts';
import { makeConsumer, makeStaff, seedBrand } from '../../testing/fixtures.ts';
import { postEntry } from '../../testing/settlements.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { PAYOUTS_JOB } from '../payouts/index.ts';
import { auditSettlements, SETTLEMENTS_JOB } from './index.ts';

const HOUR_MS = 3_600_000;
const monthAfter = (month: string) => addDays(`${month}-01`, 31).slice(0, 7);

it('a run that is previewed, approved or paid across the end of a month is taxed with the month in which it is paid', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const other = await makeStaff(api, 'hq_finance', brand.hq, '总部财务二');
  const person = await makeConsumer(api);
  const { finance } = brand.staff;
  const first = chinaDayOf(api.clock.now()).slice(0, 7);
  const [second, third] = [monthAfter(first), monthAfter(monthAfter(first))];
  const endOf = (month: string) => new Date(chinaDayStart(`${monthAfter(month)}-01`).getTime() - 12 * HOUR_MS);
  const beginOf = (month: string) => new Date(chinaDayStart(`${month}-01`).getTime() + HOUR_MS);
  // 700 yuan twice in a month are taxed, once they are not: 800 are exempt.
  const earn = () =>
    postEntry(api.api.platform, {
      ...{ personId: person.personId, store: brand.stores.a, amountFen: 70_000n },
      at: new Date(api.clock.now().getTime() - HOUR_MS),
    });
  const run = async () =>
    (await api.ok(createSettlement, { as: finance, body: { title: '结算', orgUnitId: brand.stores.a.id } })).id;
  const preview = async (id: string) => {
    const made = (await api.ok(previewSettlement, { as: finance, params: { id }, body: {} })).preview;
    return { month: made?.taxMonth, withheldFen: made?.sums.withheldFen, hash: made?.hash ?? '' };
  };
  const approve = (id: string, hash: string) =>
    api.call(approveSettlement, { as: other, params: { id }, body: { hash, reason: '已核对' } });
  const pay = async (id: string) => {
    await api.ok(paySettlement, { as: other, params: { id }, body: { reason: '打款' } });
    for (const job of [SETTLEMENTS_JOB, PAYOUTS_JOB]) await api.api.platform.jobs.runNow(job);
    const [bill] = (await api.ok(listPayouts, { as: finance, query: { runId: id } })).items;
    const accept = { params: { id: bill?.id ?? '' }, body: { outcome: 'succeeded' as const } };
    await api.ok(settleSandboxPayout, { as: person, ...accept });
    const [line] = (await api.ok(listSettlementLines, { as: finance, params: { id } })).items;
    return { month: line?.taxMonth, withheldFen: line?.withheldFen };
  };
  /** What the export says of the person: income and tax, paid and under way. */
  const declared = async (month: string) => {
    const { body } = await api.call(exportWithholding, { as: finance, query: { month } });
    const cells = String(body)
      .split(/\r?\n/)
      .find((row) => row.includes(person.personId))
      ?.split(',')
      .map((cell) => Number(cell));
    return cells ? [(cells[5] ?? 0) + (cells[7] ?? 0), (cells[6] ?? 0) + (cells[8] ?? 0)] : undefined;
  };

  api.clock.set(endOf(first));
  await earn();
  const paid = await run();
  expect((await approve(paid, (await preview(paid)).hash)).status).toBe(200);
  expect(await pay(paid)).toEqual({ month: first, withheldFen: 0 });

  // Previewed in one month, approved and paid in the next.
  await earn();
  const later = await run();
  const early = await preview(later);
  expect(early).toMatchObject({ month: first, withheldFen: 12_000 });
  api.clock.set(beginOf(second));
  expect((await approve(later, early.hash)).problem.facts).toEqual({ reason: 'preview_stale' });
  const anew = await preview(later);
  expect(anew).toMatchObject({ month: second, withheldFen: 0 });
  expect((await approve(later, anew.hash)).status).toBe(200);
  expect(await pay(later)).toEqual({ month: second, withheldFen: 0 });

  // Approved in one month, paid in the next: what it says of the tax was of the month before.
  api.clock.set(endOf(second));
  await earn();
  const last = await run();
  const seen = await preview(last);
  expect(seen).toMatchObject({ month: second, withheldFen: 12_000 });
  expect((await approve(last, seen.hash)).status).toBe(200);
  api.clock.set(beginOf(third));
  const [due] = (await api.ok(listSettlementLines, { as: finance, params: { id: last } })).items;
  expect([due?.state, due?.taxMonth]).toEqual(['due', null]);
  expect(await pay(last)).toEqual({ month: third, withheldFen: 0 });
  expect((await api.ok(getSettlement, { as: finance, params: { id: last } })).preview?.taxMonth).toBe(second);
  const [bill] = (await api.ok(listPayouts, { as: finance, query: { runId: last } })).items;
  expect([bill?.grossFen, bill?.withheldFen]).toEqual([70_000, 0]);
  for (const month of [first, second, third]) expect(await declared(month), month).toEqual([70_000, 0]);
  expect(await auditSettlements(api.api.platform.db)).toEqual([]);
});

it('two months of the same figures are two bases: a preview of another month is stale though no sum changed', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const other = await makeStaff(api, 'hq_finance', brand.hq, '总部财务二');
  const person = await makeConsumer(api);
  const at = new Date(api.clock.now().getTime() - HOUR_MS);
  await postEntry(api.api.platform, { personId: person.personId, store: brand.stores.a, amountFen: 5_000n, at });
  const as = brand.staff.finance;
  const { id } = await api.ok(createSettlement, { as, body: { title: '结算', orgUnitId: brand.stores.a.id } });
  const { preview } = await api.ok(previewSettlement, { as, params: { id }, body: {} });
  const next = monthAfter(chinaDayOf(api.clock.now()).slice(0, 7));
  api.clock.set(new Date(chinaDayStart(`${next}-01`).getTime() + HOUR_MS));
  const body = { hash: preview?.hash ?? '', reason: '已核对' };
  const answer = await api.call(approveSettlement, { as: other, params: { id }, body });
  expect(answer.problem.facts).toEqual({ reason: 'preview_stale' });
});
