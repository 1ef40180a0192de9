/**
 * Reconciliation: what a provider's bill of a day says, held against our payments and refunds.
 *
 * Model: one run for a provider and a day in China. The bill is fetched outside of any transaction; then, in one transaction,
 * its lines replace what was read before of that day, and differences are written down, kept, or found gone. So a run can be
 * repeated at any time and changes nothing when nothing changed. Money that the bill shows and our books lack is asked about
 * first and booked as a callback would be; only what remains is a difference. Two processes at one day: one of them runs.
 */
import {
  type Difference,
  fenToWire,
  listDifferences,
  listReconciliationRuns,
  type ReconciliationRun,
  resolveDifference,
  runReconciliation,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import { chinaDayEnd, chinaDayOf } from '../../platform/china-day.policy.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import {
  type Asking,
  type Bill,
  type BillLine,
  type PaymentProvider,
  type ProviderName,
  type Providers,
  queryAllAt,
} from '../payments/index.ts';
import { differencesOf, type Found, oddLine } from './matching.policy.ts';
import * as rows from './reconciliation.repository.ts';
import { dueDays, lastReadyDay, tryAgainAt } from './schedule.policy.ts';

export const RECONCILIATION_JOB = 'reconciliation';
const LOOK_EVERY_MS = 5 * 60_000;
/** Payments that a bill shows and our books lack, asked about in one run. */
const MOST_ASKED = 50;
const LONGEST_ERROR = 300;

export function createReconciliation(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  jobs: Jobs;
  providers: Providers;
  /** Asks the provider what became of a payment, and books it. */
  askPayment: Asking['askNow'];
  /** Whether the sandbox is in use: without it nobody looks at its bills. */
  sandbox: boolean;
}) {
  const { bind, db, clock, random, log, providers } = deps;

  const inUse = (): ProviderName[] =>
    (Object.keys(providers) as ProviderName[]).filter((name) => name !== 'sandbox' || deps.sandbox);

  /** @throws AppError not_found, too_early, request_in_flight, provider_unavailable */
  async function run(name: ProviderName, day: string): Promise<void> {
    const provider = inUse().includes(name) ? providers[name] : undefined;
    if (!provider) throw new AppError('not_found');
    if (day > lastReadyDay(clock.now()))
      throw new AppError('too_early', { facts: { lastDay: lastReadyDay(clock.now()) } });
    try {
      const bill = await provider.bill(day);
      if (bill === 'not_ready') throw new Error('the bill is not made yet');
      const unasked = await askAboutUnbooked(name, provider, day, bill.lines);
      await db.transaction((tx) => match(tx, { name, provider, day, ...bill, isWhole: unasked === 0 }));
      if (unasked > 0) throw new Error(`${unasked} payments of the bill are not asked about yet`);
    } catch (error) {
      if (error instanceof AppError && error.code === 'request_in_flight') throw error;
      log.error({ err: error, provider: name, day }, 'a bill could not be held against the books, will be tried again');
      const said = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR);
      const at = clock.now();
      await rows.noteRun(db.sql, {
        ...{ id: random.id(), provider: name, day, at, state: 'failed', error: said },
        nextTryAt: (attempts) => tryAgainAt(at, attempts),
      });
      throw new AppError('provider_unavailable', { detail: 'bill', retryAfterSeconds: 60 }, error);
    }
  }

  /**
   * Rule S3: money that came and was never told is booked (or goes back) before it is called a difference. Some at once, the
   * others by the asking job. Answers how many remain: the day is not done before all were asked about since it ended.
   */
  async function askAboutUnbooked(
    name: ProviderName,
    provider: PaymentProvider,
    day: string,
    bill: readonly BillLine[],
  ): Promise<number> {
    const ours = await db.transaction((tx) => rows.ourRowsOf(tx, name, bill, provider.numberOf));
    const captured = new Set(bill.flatMap(({ state, number }) => (state === 'captured' ? [number] : [])));
    const unbooked = ours.payment.filter(({ isBooked, number }) => !isBooked && captured.has(number));
    const notAsked = () =>
      rows.notAskedSince(
        db.sql,
        unbooked.map(({ paymentId }) => paymentId),
        chinaDayEnd(day),
      );
    for (const paymentId of (await notAsked()).slice(0, MOST_ASKED)) {
      await deps.askPayment(paymentId).catch((error: unknown) => {
        log.warn({ err: error, paymentId }, 'a payment in a bill could not be asked about');
      });
    }
    const left = await notAsked();
    if (left.length > 0) await queryAllAt(db.sql, left, clock.now());
    return left.length;
  }

  async function match(
    tx: Tx,
    {
      name,
      provider,
      day,
      lines: bill,
      odd,
      isWhole,
    }: Exclude<Bill, 'not_ready'> & { name: ProviderName; provider: PaymentProvider; day: string; isWhole: boolean },
  ): Promise<void> {
    if (!(await rows.tryLockDay(tx, name, day))) throw new AppError('request_in_flight', { retryAfterSeconds: 5 });
    const at = clock.now();
    await rows.keepBill(tx, name, day, bill);
    const agreed = differencesOf({
      bill,
      ours: await rows.ourRowsOf(tx, name, bill, provider.numberOf),
      notInBills: await rows.notInBills(tx, name, day, provider.numberOf),
    });
    for (const one of odd) log.error({ provider: name, day, ...one }, 'a line of a bill could not be read');
    const found: Found[] = [...agreed, ...odd.map((one) => oddLine(day, one))];
    const named = found.map((one) => ({ ...one, id: random.id() }));
    await rows.keepDifferences(tx, { provider: name, day, found: named, at });
    await rows.endGone(tx, { provider: name, day, found, bill, at });
    if (!isWhole) return;
    const sum = (kind: BillLine['kind'], state: BillLine['state']) => {
      const lines = bill.filter((line) => line.kind === kind && line.state === state);
      return { count: lines.length, fen: lines.reduce((total, { amountFen }) => total + amountFen, 0n) };
    };
    const [paid, back] = [sum('payment', 'captured'), sum('refund', 'refund_succeeded')];
    const sums = { payments: paid.count, paymentsFen: paid.fen, refunds: back.count, refundsFen: back.fen };
    await rows.noteRun(tx, { id: random.id(), provider: name, day, at, state: 'done', sums });
    if (found.length > 0)
      log.error({ provider: name, day, differences: found.length }, 'bill and books do not agree: somebody must look');
  }

  /** Every day that is over and has no finished run, the oldest first. One that fails is tried again later. */
  async function runDue(): Promise<void> {
    for (const name of inUse()) {
      const first = await rows.firstStartedAt(db.sql, name);
      if (!first) continue;
      const now = clock.now();
      const done = await rows.settledDays(db.sql, name, now);
      for (const day of dueDays({ now, firstDay: chinaDayOf(first), done }))
        await run(name, day).catch(() => undefined);
    }
  }

  // ── routes ────────────────────────────────────────────────────────────────────────────────────────────────────────

  const shownRun = ({ open, resolved, ...row }: rows.RunRow): ReconciliationRun => ({
    ...row,
    differences: { open, resolved },
    paymentsFen: fenToWire(row.paymentsFen),
    refundsFen: fenToWire(row.refundsFen),
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    nextTryAt: row.nextTryAt?.toISOString() ?? null,
  });
  const side = (fen: bigint | null, state: string | null) =>
    fen === null || state === null ? null : { amountFen: fenToWire(fen), state };
  const shownDifference = ({ ourFen, ourState, theirFen, theirState, ...row }: rows.DifferenceRow): Difference => ({
    ...row,
    ours: side(ourFen, ourState),
    theirs: side(theirFen, theirState),
    foundAt: row.foundAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
  });

  bind(listReconciliationRuns, async ({ query: { limit, ...filter } }) => ({
    items: (await rows.readRuns(db.sql, filter, limit)).map(shownRun),
    providers: inUse(),
  }));
  bind(runReconciliation, async ({ body: { provider, day } }) => {
    await run(provider, day);
    const [row] = await rows.readRuns(db.sql, { provider, day }, 1);
    if (!row) throw new AppError('not_found');
    return shownRun(row);
  });
  bind(listDifferences, async ({ query: { cursor, limit, ...filter } }) => {
    const page = { after: decodeTimeCursor(cursor), limit: limit + 1 };
    const { rows: shown, nextCursor } = cutPage(await rows.readDifferences(db.sql, filter, page), limit, (last) =>
      encodeTimeCursor({ at: last.foundAt, id: last.id }),
    );
    return { items: shown.map(shownDifference), nextCursor };
  });
  bind(resolveDifference, ({ params: { id }, body, principal }) =>
    db.transaction(async (tx) => {
      const one = { after: undefined, limit: 1 };
      const [known] = await rows.readDifferences(tx, { id }, one);
      if (!known) throw new AppError('not_found');
      const { personId: by, staff } = principal;
      if (!(await rows.endByHand(tx, id, { ...body, by, at: clock.now() })))
        throw new AppError('state_conflict', { facts: { state: 'resolved' } });
      await writeAudit(tx, deps, {
        ...{ actorId: by, action: 'difference:resolved', target: `difference:${id}`, orgPath: staff.orgPath },
        reason: body.reason,
        detail: { resolution: body.resolution, provider: known.provider, number: known.number, kind: known.kind },
      });
      const [row] = await rows.readDifferences(tx, { id }, one);
      if (!row) throw new AppError('not_found');
      return shownDifference(row);
    }),
  );

  deps.jobs.every(RECONCILIATION_JOB, LOOK_EVERY_MS, runDue);
  return { run, runDue };
}
