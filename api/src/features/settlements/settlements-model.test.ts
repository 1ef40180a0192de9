/**
 * Random entries, refunds, runs and withdrawals, with a process that dies and a provider whose answers get lost, held against a
 * model of a few lines: what was earned, and what a provider says it transferred. Rules K4, K8, M2.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../scripts/testing/database.ts';
import { auditLedger, createLedger } from '../../ledger/index.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createDb, type Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { makeConsumer, makeStaff, makeUnit } from '../../testing/fixtures.ts';
import { type PostedEntry, postEntry, testClaims } from '../../testing/settlements.ts';
import { createTestClock } from '../../testing/test-api.ts';
import { auditCommissions } from '../commissions/index.ts';
import { createPayoutEngine, createSandboxPayouts, type PayoutProvider } from '../payouts/index.ts';
import { createPayer } from './payer.ts';
import * as runRows from './runs.repository.ts';
import { createSettlementsService } from './settlements.service.ts';
import { auditSettlements } from './settlements-audit.ts';

class Died extends Error {}
/** Of a turn that goes on behind what fails, too. */
const hasDied = (error: unknown): boolean =>
  error instanceof Died || (error instanceof AggregateError && error.errors.every(hasDied));
/** Numbers for one run of the world, the same for the same seed. */
function chances(seed: number) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    next,
    below: (n: number) => Math.floor(next() * n),
    of: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  };
}

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDb({ url: database.url, poolSize: 6, onError: () => undefined });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

async function world(seed: number) {
  const dice = chances(seed);
  const clock = createTestClock();
  const seeded = { api: { platform: { db } }, clock };
  const tag = `s${seed}`;
  const [known] = await db.sql<{ id: string; path: string }>`SELECT id, path FROM org_units WHERE kind = 'hq'`;
  const hq = known
    ? { ...known, kind: 'hq' as const, name: 'hq' }
    : await makeUnit(seeded, 'hq', 'hq', 'hq', undefined);
  const stores = [
    await makeUnit(seeded, 'store', `hq.${tag}.a`, 'a', hq),
    await makeUnit(seeded, 'store', `hq.${tag}.b`, 'b', hq),
  ];
  const channel = await makeUnit(seeded, 'channel', `hq.${tag}`, tag, hq);
  const staff: StaffPrincipal[] = [
    await makeStaff(seeded, 'hq_finance', hq, 'one'),
    await makeStaff(seeded, 'hq_finance', hq, 'two'),
  ];
  const people: Principal[] = [];
  for (let n = 0; n < 3; n++) people.push(await makeConsumer(seeded));
  // However much comes together: a name that is missing would leave it where it is.
  await db.sql`INSERT INTO payout_accounts (person_id, real_name, updated_at)
    SELECT id, '林小桃', now() FROM unnest(${people.map(({ personId }) => personId)}::uuid[]) AS p (id)`;

  let trouble = true;
  const mayDie = (share: number) => {
    if (trouble && dice.next() < share) throw new Died('the process died');
  };
  const sandbox = createSandboxPayouts({ db, clock });
  /** Calls get lost on their way there, and answers on their way back. */
  const lossy: PayoutProvider = {
    async create(payout) {
      mayDie(0.15);
      const status = await sandbox.create(payout);
      mayDie(0.25);
      return status;
    },
    async query(billNo, createdAt) {
      mayDie(0.1);
      return sandbox.query(billNo, createdAt);
    },
    async cancel(billNo, createdAt) {
      mayDie(0.1);
      const status = await sandbox.cancel(billNo, createdAt);
      mayDie(0.2);
      return status;
    },
    verifyNotification: sandbox.verifyNotification,
  };
  const log = createLogger('silent', 'test');
  const ledger = createLedger({ random: systemRandom });
  const base = { db, clock, random: systemRandom, log, ledger };
  const faultAt = () => mayDie(0.12);
  const payouts = createPayoutEngine({
    ...{ ...base, providers: { sandbox: lossy }, claims: testClaims, openIdOf: undefined, sandbox: true, faultAt },
  });
  const payer = createPayer({ ...base, claimLine: payouts.claimLine, faultAt });
  const service = createSettlementsService({
    ...base,
    payouts,
    payer,
  });

  /** The model: what was earned, and the most that was ever owed in all. */
  const earned = new Map(people.map(({ personId }) => [personId, 0n]));
  const peak = new Map(earned);
  const open: PostedEntry[] = [];
  const add = (personId: string, fen: bigint) => {
    const sum = (earned.get(personId) ?? 0n) + fen;
    earned.set(personId, sum);
    if (sum > (peak.get(personId) ?? 0n)) peak.set(personId, sum);
  };
  /** What an outsider counts: gross of what the provider says it transferred. */
  async function transferred(personId: string): Promise<bigint> {
    const [row] = await db.sql<{ fen: bigint }>`
      SELECT coalesce(sum(t.amount_fen + b.withheld_fen), 0)::bigint AS fen FROM sandbox_transfers t JOIN payout_bills b ON b.bill_no = t.bill_no
      WHERE t.state = 'succeeded' AND t.openid = ${personId}`;
    return row?.fen ?? 0n;
  }
  const quietly = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      if (!hasDied(error) && !(error instanceof AppError)) throw error;
    }
  };
  const waiting = () =>
    db.sql<{
      billNo: string;
    }>`SELECT bill_no AS "billNo" FROM sandbox_transfers WHERE state = 'waiting' AND openid = ANY(${people.map(({ personId }) => personId)}) ORDER BY bill_no`;

  async function prepareRun(): Promise<void> {
    const [maker, approver] = dice.next() < 0.5 ? [staff[0], staff[1]] : [staff[1], staff[0]];
    if (!maker || !approver) return;
    const unit = dice.of([channel, ...stores]);
    const id = await db.transaction((tx) => service.create(tx, maker, { title: 'run', orgUnitId: unit.id }));
    await service.preview(maker, id);
    const [run] = await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1);
    // Sometimes something happens between the two: then it is refused, and previewed anew.
    if (dice.next() < 0.2) await act.earn();
    const approve = () =>
      db.transaction((tx) => service.approve(tx, approver, id, { hash: run?.previewHash ?? '', reason: 'looked at' }));
    await approve();
    await db.transaction((tx) => service.pay(tx, approver, id, 'go'));
  }
  const act = {
    async earn() {
      const { personId } = dice.of(people);
      const amountFen = BigInt(1 + dice.below(60_000));
      open.push(await postEntry(base, { personId, store: dice.of(stores), amountFen, at: clock.now() }));
      add(personId, amountFen);
    },
    async refund() {
      if (open.length === 0) return;
      const [entry] = open.splice(dice.below(open.length), 1);
      if (!entry) return;
      const amountFen = -(1n + BigInt(dice.below(Number(entry.amountFen))));
      // Wherever it is taken back: the debt is the person's.
      await postEntry(base, {
        personId: entry.personId,
        store: dice.of(stores),
        amountFen,
        at: clock.now(),
        against: entry,
      });
      add(entry.personId, amountFen);
    },
    withdraw: () =>
      quietly(async () => {
        const person = dice.of(people);
        const one = () => db.transaction((tx) => payouts.withdrawals.request(tx, person, { source: 'commission' }));
        const answers = await Promise.allSettled(dice.next() < 0.5 ? [one(), one()] : [one()]);
        expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
        for (const answer of answers)
          if (answer.status === 'rejected' && !(answer.reason instanceof AppError)) throw answer.reason;
      }),
    run: () => quietly(prepareRun),
    async tick() {
      await quietly(() => payer.runDue());
      await quietly(() => payouts.bills.runDue());
    },
    async receive() {
      for (const { billNo } of await waiting())
        if (dice.next() < 0.6) await sandbox.settle(billNo, dice.next() < 0.75 ? 'succeeded' : 'failed');
    },
    cancel: () =>
      quietly(async () => {
        const [bill] = await db.sql<{
          id: string;
        }>`SELECT id FROM payout_bills WHERE ended_at IS NULL AND person_id = ANY(${people.map(({ personId }) => personId)}::uuid[])
          ORDER BY bill_no LIMIT 1`;
        if (bill) await payouts.bills.cancel(bill.id, staff[0]?.personId ?? '', 'changed our mind');
      }),
    async later() {
      clock.advanceSeconds(dice.of([30, 600, 7_200]));
    },
  };
  return {
    ...{
      act,
      dice,
      people,
      payouts,
      payer,
      service,
      sandbox,
      clock,
      earned,
      peak,
      transferred,
      channel,
      staff,
      waiting,
    },
    endTrouble: () => {
      trouble = false;
    },
  };
}

const ACTS = [
  'earn',
  'earn',
  'earn',
  'refund',
  'withdraw',
  'run',
  'tick',
  'tick',
  'receive',
  'cancel',
  'later',
] as const;
const ROUNDS = 45;

describe('whatever happens in whatever order', () => {
  it('K4 K8 M2 nobody is paid twice or more than they earned, and what is left is paid by the next run', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
        const w = await world(seed + runs++);
        for (let n = 0; n < ROUNDS; n++) {
          await w.act[w.dice.of(ACTS)]();
          for (const { personId } of w.people)
            expect((await w.transferred(personId)) <= (w.peak.get(personId) ?? 0n), `round ${n}`).toBe(true);
        }
        // Somebody starts the process again, and everybody accepts what is theirs.
        w.endTrouble();
        const settle = async () => {
          for (let turn = 0; turn < 8; turn++) {
            w.clock.advanceSeconds(3_600);
            await w.payer.runDue();
            await w.payouts.bills.runDue();
            for (const { billNo } of await w.waiting()) await w.sandbox.settle(billNo, 'succeeded');
          }
        };
        await settle();
        const ids = w.people.map(({ personId }) => personId);
        const [left] = await db.sql<{
          open: bigint;
        }>`SELECT count(*) AS open FROM payout_bills WHERE ended_at IS NULL AND person_id = ANY(${ids}::uuid[])`;
        expect(left?.open).toBe(0n);

        const [maker, approver] = w.staff;
        if (!maker || !approver) throw new Error('no staff');
        const id = await db.transaction((tx) =>
          w.service.create(tx, maker, { title: 'the rest', orgUnitId: w.channel.id }),
        );
        await w.service.preview(maker, id);
        const [run] = await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1);
        await db.transaction((tx) =>
          w.service.approve(tx, approver, id, { hash: run?.previewHash ?? '', reason: 'looked at' }),
        );
        await db.transaction((tx) => w.service.pay(tx, approver, id, 'go'));
        await settle();
        for (const personId of ids) {
          const rest = (w.earned.get(personId) ?? 0n) - (await w.transferred(personId));
          expect(rest < 100n, `rest of ${personId} is ${rest}`).toBe(true);
        }
        expect((await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1))[0]?.state).toBe('paid');
        expect(await auditSettlements(db)).toEqual([]);
        expect((await auditLedger(db)).problems).toEqual([]);
      }),
      { numRuns: 4 },
    );
    expect((await auditCommissions(db)).filter((said) => said.startsWith('person'))).toEqual([]);
    const bills = await db.sql<{
      state: string;
      n: bigint;
    }>`SELECT state, count(*) AS n FROM payout_bills GROUP BY state`;
    // The world was one in which things went wrong: bills failed or were cancelled, and still nobody lost anything.
    const states = new Set(bills.map(({ state }) => state));
    expect(states).toContain('succeeded');
    expect(states.has('failed') || states.has('cancelled')).toBe(true);
  }, 120_000);

  it('K8 a process that dies at each step in turn goes on where it stopped, and pays once', async () => {
    const clock = createTestClock();
    const seeded = { api: { platform: { db } }, clock };
    const [hq] = await db.sql<{ id: string; path: string }>`SELECT id, path FROM org_units WHERE kind = 'hq'`;
    if (!hq) throw new Error('no headquarters');
    const unit = { ...hq, kind: 'hq' as const, name: 'hq' };
    const store = await makeUnit(seeded, 'store', 'hq.steps', 'steps', unit);
    const [maker, approver] = [
      await makeStaff(seeded, 'hq_finance', unit, 'm'),
      await makeStaff(seeded, 'hq_admin', unit, 'a'),
    ];
    const person = await makeConsumer(seeded);
    const sandbox = createSandboxPayouts({ db, clock });
    const base = {
      db,
      clock,
      random: systemRandom,
      log: createLogger('silent', 'test'),
      ledger: createLedger({ random: systemRandom }),
    };
    await postEntry(base, { personId: person.personId, store, amountFen: 5_000n, at: clock.now() });

    /** A new process each time, which dies where it is told to, once. */
    const died: string[] = [];
    const process = (dieAt: string) => {
      let lives = true;
      const faultAt = (point: string) => {
        if (!lives || point !== dieAt) return;
        lives = false;
        died.push(point);
        throw new Died(point);
      };
      const payouts = createPayoutEngine({
        ...{ ...base, providers: { sandbox }, claims: testClaims, openIdOf: undefined, sandbox: true, faultAt },
      });
      const payer = createPayer({ ...base, claimLine: payouts.claimLine, faultAt });
      const service = createSettlementsService({
        ...base,
        payouts,
        payer,
      });
      return { payouts, payer, service };
    };
    const { service } = process('');
    const id = await db.transaction((tx) => service.create(tx, maker, { title: 'steps', orgUnitId: store.id }));
    await service.preview(maker, id);
    const [run] = await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1);
    await db.transaction((tx) =>
      service.approve(tx, approver, id, { hash: run?.previewHash ?? '', reason: 'looked at' }),
    );
    await db.transaction((tx) => service.pay(tx, maker, id, 'go'));
    const points = ['line locked', 'line claimed', 'turn taken', 'provider spoke', 'answer booked', 'run finished'];
    for (const point of points) {
      const p = process(point);
      clock.advanceSeconds(120);
      const dead = (work: Promise<void>) =>
        work.catch((error: unknown) => {
          if (!hasDied(error)) throw error;
        });
      await dead(p.payer.runDue());
      await dead(p.payouts.bills.runDue());
      const [bill] = await db.sql<{
        billNo: string;
        state: string;
      }>`SELECT bill_no AS "billNo", state FROM payout_bills WHERE run_id = ${id}`;
      // What dies with its answer is asked about by the next.
      if (point === 'answer booked' && bill) {
        await sandbox.settle(bill.billNo, 'succeeded');
        clock.advanceSeconds(600);
        await process('').payouts.bills.runDue();
      }
    }
    expect(died).toEqual(points);
    const state = async () => (await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1))[0];
    expect(await state()).toMatchObject({ state: 'paid', progress: { paid: 1, paidFen: 5_000 } });
    const paid = await db.sql`SELECT 1 FROM sandbox_transfers WHERE openid = ${person.personId}`;
    const numbers = await db.sql`SELECT DISTINCT bill_no FROM payout_bills WHERE run_id = ${id}`;
    expect([paid.length, numbers.length]).toEqual([1, 1]);
    // Again changes nothing.
    await process('').payer.runDue();
    await process('').payouts.bills.runDue();
    expect(await auditSettlements(db)).toEqual([]);
    expect((await db.sql`SELECT 1 FROM sandbox_transfers WHERE openid = ${person.personId}`).length).toBe(1);
  });
});
