import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../scripts/testing/database.ts';
import { systemRandom } from '../platform/clock.ts';
import { createDb, type Db } from '../platform/db.ts';
import { auditLedger, createLedger, LedgerRuleError, type Leg, type Transfer } from './index.ts';
import { accountKey, accountsInLockOrder, chainEntries, checkTransfer } from './ledger.policy.ts';

const MAX_FEN = 10n ** 12n;
const at = new Date('2026-11-22T00:00:00Z');
const leg = (owner: string, amountFen: bigint, kind: Leg['account']['kind'] = 'store_sales'): Leg => ({
  account: { kind, owner },
  amountFen,
});
const transfer = (ref: string, ...entries: Leg[]): Transfer => ({ kind: 'test', ref, at, entries });

/** Random legs that sum to zero. */
const legs = fc
  .array(
    fc.record({ owner: fc.constantFrom('a', 'b', 'c', 'd'), amount: fc.bigInt({ min: -MAX_FEN, max: MAX_FEN }) }),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.filter((part) => part.amount !== 0n))
  .map((parts) => {
    const sum = parts.reduce((total, part) => total + part.amount, 0n);
    const all = parts.map((part) => leg(part.owner, part.amount));
    return sum === 0n ? all : [...all, leg('provider', -sum, 'provider_clearing')];
  })
  .filter((entries) => entries.length >= 2);

describe('M2 rules of a transfer', () => {
  it.each([
    ['one entry', transfer('r', leg('a', 1n))],
    ['no entry', transfer('r')],
    ['an entry of zero', transfer('r', leg('a', 0n), leg('b', 0n))],
    ['a sum that is not zero', transfer('r', leg('a', 5n), leg('b', -4n))],
    ['an account without an owner', transfer('r', leg('', 5n), leg('b', -5n))],
    ['no ref', transfer('', leg('a', 5n), leg('b', -5n))],
  ])('M2 refuses %s', (_what, wrong) => {
    expect(() => checkTransfer(wrong)).toThrow(LedgerRuleError);
  });

  it('M2 accounts are locked in one order, each once', () => {
    const entries = [leg('b', 1n), leg('a', 1n), leg('b', 1n), leg('z', -3n, 'provider_clearing')];
    expect(accountsInLockOrder(entries).map((a) => a.owner)).toEqual(['z', 'a', 'b']);
    expect(accountsInLockOrder(entries.toReversed())).toEqual(accountsInLockOrder(entries));
  });

  it('M2 entries chain: each starts where the one before ended', () => {
    fc.assert(
      fc.property(legs, fc.bigInt({ min: -1000n, max: 1000n }), (entries, opening) => {
        const states = new Map(
          accountsInLockOrder(entries).map((account) => [
            accountKey(account),
            { id: accountKey(account), balanceFen: opening, entryCount: 7n },
          ]),
        );
        const chained = chainEntries(states, entries);
        for (const state of chained.after) {
          const own = chained.entries.filter((entry) => entry.accountId === state.id);
          let balance = opening;
          own.forEach((entry, n) => {
            expect(entry.previousFen).toBe(balance);
            balance += entry.amountFen;
            expect(entry.currentFen).toBe(balance);
            expect(entry.accountSeq).toBe(8n + BigInt(n));
          });
          expect(state.balanceFen).toBe(balance);
          expect(state.entryCount).toBe(7n + BigInt(own.length));
        }
      }),
    );
  });
});

describe('M2 in PostgreSQL', () => {
  let database: TestDatabase;
  let db: Db;
  const ledger = createLedger({ random: systemRandom });
  const post = (t: Transfer) => db.transaction((tx) => ledger.postTransfer(tx, t));
  const balances = async () => {
    const rows = await db.sql<{
      kind: 'store_sales';
      owner: string;
      balance_fen: bigint;
    }>`SELECT kind, owner, balance_fen FROM ledger_accounts`;
    return new Map(rows.map((row) => [accountKey(row), row.balance_fen]));
  };
  beforeAll(async () => {
    database = await createTestDatabase();
    db = createDb({ url: database.url, poolSize: 10, onError: () => {} });
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
  });

  it('M2 random transfers, many at a time, agree with a simple sum per account', async () => {
    const model = await balances();
    let ref = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(legs, { minLength: 1, maxLength: 12 }), async (batch) => {
        const transfers = batch.map((entries) => transfer(`p${ref++}`, ...entries));
        const answers = await Promise.all(transfers.map(post));
        expect(answers.every((answer) => answer.posted)).toBe(true);
        for (const entry of batch.flat()) {
          const key = accountKey(entry.account);
          model.set(key, (model.get(key) ?? 0n) + entry.amountFen);
        }
        expect(await balances()).toEqual(model);
      }),
      { numRuns: 20 },
    );
    expect(await auditLedger(db)).toMatchObject({ ok: true, problems: [] });
  });

  it('M2 the same fact moves money once, also when asked ten times at once', async () => {
    const once = transfer('once', leg('a', 300n), leg('b', -300n));
    const before = (await balances()).get(accountKey(leg('a', 1n).account)) ?? 0n;
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(once)));
    expect(answers.filter((answer) => answer.posted)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.transferId)).size).toBe(1);
    expect((await balances()).get(accountKey(leg('a', 1n).account))).toBe(before + 300n);
    await expect(post(transfer('once', leg('a', 301n), leg('b', -301n)))).rejects.toThrow(LedgerRuleError);
  });

  it('M2 the database itself refuses entries that do not sum to zero, and changes of entries', async () => {
    await expect(
      db.transaction(async (tx) => {
        const [row] = await tx<{ id: string }>`
          INSERT INTO ledger_transfers (id, kind, ref, at) VALUES (${systemRandom.id()}, 'test', 'lopsided', ${at}) RETURNING id`;
        await tx`INSERT INTO ledger_entries (transfer_id, account_id, amount_fen, previous_fen, current_fen, account_seq, at)
          SELECT ${row?.id}::uuid, id, 5, balance_fen, balance_fen + 5, entry_count + 1, ${at} FROM ledger_accounts LIMIT 1`;
      }),
    ).rejects.toThrow(/sum to zero/);
    await expect(db.sql`UPDATE ledger_entries SET amount_fen = amount_fen + 1`).rejects.toThrow(/append-only/);
    await expect(db.sql`DELETE FROM ledger_entries`).rejects.toThrow(/append-only/);
  });

  it('M2 the auditor sees a balance that is not the replay of its entries', async () => {
    await db.sql`UPDATE ledger_accounts SET balance_fen = balance_fen + 1 WHERE owner = 'a'`;
    const audit = await auditLedger(db);
    expect(audit.ok).toBe(false);
    expect(audit.problems.join('\n')).toMatch(/account store_sales a: balance/);
    await db.sql`UPDATE ledger_accounts SET balance_fen = balance_fen - 1 WHERE owner = 'a'`;
    expect((await auditLedger(db)).ok).toBe(true);
  });
});
