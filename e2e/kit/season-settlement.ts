/**
 * A settlement run as two people at headquarters make it: prepared by one, approved by the other, paid, accepted by whoever
 * receives. On request the api is killed (kill -9) again and again while it pays.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  approveSettlement,
  createSettlement,
  getSettlement,
  listPayouts,
  paySettlement,
  previewSettlement,
  settleSandboxPayout,
} from '@walnut-live/contracts';
import { COMMISSION_CHECK_JOB, COMMISSION_THAW_JOB } from '../../api/src/features/commissions/index.ts';
import { PAYOUTS_JOB } from '../../api/src/features/payouts/index.ts';
import { SETTLEMENTS_JOB } from '../../api/src/features/settlements/index.ts';
import type { FaultWorld } from './fault-world.ts';
import { patient } from './patient-caller.ts';
import { eachOf } from './season-life.ts';
import type { SeasonBrand } from './season-world.ts';

const RETRY_SECONDS = 2;
const TURNS = 600;
const KILLS = 4;

export interface Settled {
  readonly runId: string;
  readonly upTo: number;
  readonly paidFen: bigint;
  readonly people: number;
  readonly carriedPeople: number;
  readonly kills: number;
}

export async function settle(
  world: FaultWorld,
  brand: SeasonBrand,
  title: string,
  withKills: boolean,
): Promise<Settled> {
  const { finance, admin } = brand;
  const { call, ok } = patient(world);
  const { sql } = world.api.platform.db;
  const count = async (rows: Promise<{ n: number }[]>): Promise<number> => (await rows)[0]?.n ?? 0;
  /** Jobs take turns until nothing of this is left. */
  async function until(what: string, left: () => Promise<number>, ...jobs: string[]): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      if ((await left()) === 0) return;
      await world.run(...jobs);
      // What failed waits before it is tried again.
      world.jump(RETRY_SECONDS);
    }
    throw new Error(`${await left()} ${what} left`);
  }
  await until(
    'orders that nobody looked at',
    () =>
      count(sql`SELECT count(*)::int AS n FROM commission_checks
      WHERE checked_at IS NULL AND due_at <= ${world.clock.now()}`),
    COMMISSION_CHECK_JOB,
  );
  await world.run(COMMISSION_THAW_JOB);

  const created = await ok(createSettlement, { as: finance, body: { title } });
  const params = { id: created.id };
  const previewed = await ok(previewSettlement, { as: finance, params, body: {} });
  const { preview } = previewed;
  if (!preview) throw new Error('there is no preview');
  const approval = { hash: preview.hash, reason: '核对无误' };
  const own = await call(approveSettlement, { as: finance, params, body: approval });
  if (own.status < 400) throw new Error('who prepared a run approved it');
  await ok(approveSettlement, { as: admin, params, body: approval });
  await ok(paySettlement, { as: finance, params, body: { reason: '按期结算' } });

  let kills = 0;
  const due = () =>
    count(sql`SELECT count(*)::int AS n FROM settlement_lines WHERE run_id = ${created.id} AND state = 'due'`);
  if (withKills) {
    for (; kills < KILLS && (await due()) > 0; kills++) {
      const before = await due();
      const turn = world.run(SETTLEMENTS_JOB, PAYOUTS_JOB);
      // In the middle of it: some lines are claimed, the rest is not.
      while ((await due()) === before && before > 0) await sleep(5);
      await world.kill('api');
      await turn;
    }
  }
  await until('lines to claim', due, SETTLEMENTS_JOB);
  const waitingBills = async (): Promise<string[]> =>
    (await sql<{ id: string }>`SELECT id FROM payout_bills WHERE state = 'waiting' ORDER BY id`).map(({ id }) => id);
  await until(
    'bills their provider was not told of',
    () => count(sql`SELECT count(*)::int AS n FROM payout_bills WHERE state IN ('created', 'moving')`),
    PAYOUTS_JOB,
  );
  await eachOf(await waitingBills(), async (id) => {
    await ok(settleSandboxPayout, { as: finance, params: { id }, body: { outcome: 'succeeded' } });
  });
  const isOpen = async (): Promise<number> => {
    const { state } = await ok(getSettlement, { as: finance, params });
    return state === 'paying' ? 1 : 0;
  };
  await until('run that pays', isOpen, PAYOUTS_JOB, SETTLEMENTS_JOB);

  const again = await call(paySettlement, { as: finance, params, body: { reason: '再付一次' } });
  if (again.status < 400) throw new Error('a run that was paid was paid again');
  await ok(listPayouts, { as: finance, query: { runId: created.id, limit: 10 } });
  const [sums] = await sql<{ paid: bigint; people: number }>`
    SELECT coalesce(sum(gross_fen), 0)::bigint AS paid, count(*)::int AS people FROM payout_bills
    WHERE run_id = ${created.id} AND state = 'succeeded'`;
  return {
    ...{ runId: created.id, upTo: new Date(created.upTo).getTime(), kills },
    ...{ paidFen: sums?.paid ?? 0n, people: sums?.people ?? 0, carriedPeople: preview.sums.carriedPeople },
  };
}
