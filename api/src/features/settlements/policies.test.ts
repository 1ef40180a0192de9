import type { PayoutHindrance } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Due, hashOf, previewLine } from './preview.policy.ts';
import { mayStep, prepared, runSteps } from './runs.policy.ts';
import { statementLegs, statementOf } from './statement.policy.ts';

const part = (storeId: string, positiveFen: bigint, negativeFen = 0n) => ({
  ...{ storeId, positiveFen, negativeFen, entries: 1 },
});
const due = (stores: Due['stores']): Due => ({ personId: 'p', kind: 'consumer', stores, heldFen: 7n, partIds: [] });
const terms = {
  ...{ minimumFen: 100n, realNameFromFen: 200_000n, hasAccount: true, hasName: false },
  withholding: (gross: bigint) => gross / 10n,
};

describe('what a run would do for a person', () => {
  it.each<[string, Due['stores'], Partial<typeof terms>, PayoutHindrance | null]>([
    ['pays', [part('a', 1_000n)], {}, null],
    ['offsets what was taken back, also in another store (K4)', [part('a', 1_000n), part('b', 0n, -900n)], {}, null],
    ['carries a debt forward (K4)', [part('a', 1_000n, -1_001n)], {}, 'not_positive'],
    ['carries nothing forward', [part('a', 1_000n, -1_000n)], {}, 'not_positive'],
    ['carries less than the minimum forward', [part('a', 99n)], {}, 'below_minimum'],
    ['cannot pay who has no account', [part('a', 1_000n)], { hasAccount: false }, 'no_account'],
    ['asks for the name from where it is needed', [part('a', 222_223n)], {}, 'real_name_needed'],
    ['pays with the name', [part('a', 222_223n)], { hasName: true }, null],
  ])('%s', (_name, stores, given, reason) => {
    const line = previewLine(due(stores), { ...terms, ...given });
    expect([line.outcome, line.reason]).toEqual([reason === null ? 'pay' : 'carried', reason]);
    expect(line.grossFen).toBe(line.positiveFen + line.negativeFen);
    expect(line.heldFen).toBe(7n); // left out of every sum
    if (reason === null) expect(line.netFen + line.withheldFen).toBe(line.grossFen);
    else expect([line.netFen, line.withheldFen]).toEqual([0n, 0n]);
  });

  it('its hash knows every figure and no order', () => {
    const line = (personId: string, stores: Due['stores']) => previewLine({ ...due(stores), personId }, terms);
    const lines = [line('p1', [part('a', 500n), part('b', 700n, -1n)]), line('p2', [part('a', 50n)])];
    const mode = { storeId: 'a', mode: 'hq_collects', hqShareBps: 500 };
    const basis = { taxMonth: '2026-11', terms: 1, modes: [mode] };
    const hash = hashOf(lines, basis);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf([line('p2', [part('a', 50n)]), line('p1', [part('b', 700n, -1n), part('a', 500n)])], basis)).toBe(
      hash,
    );
    expect(hashOf([line('p1', [part('a', 501n), part('b', 699n, -1n)]), line('p2', [part('a', 50n)])], basis)).not.toBe(
      hash,
    );
    expect(hashOf([line('p1', [part('a', 500n), part('b', 700n, -1n)]), line('p2', [part('a', 49n)])], basis)).not.toBe(
      hash,
    );
    expect(hashOf(lines.slice(0, 1), basis)).not.toBe(hash);
    // What they were reckoned with belongs to them.
    expect(hashOf(lines, { ...basis, terms: 2 })).not.toBe(hash);
    expect(hashOf(lines, { ...basis, taxMonth: '2026-12' })).not.toBe(hash);
    expect(hashOf(lines, { ...basis, modes: [] })).not.toBe(hash);
    expect(hashOf(lines, { ...basis, modes: [{ ...mode, hqShareBps: 501 }] })).not.toBe(hash);
  });
});

describe('a store’s account', () => {
  it('every fen is somebody’s: what was paid is commission, share and what is settled', () => {
    const fen = fc.bigInt({ min: 0n, max: 10_000_000n });
    fc.assert(
      fc.property(
        fen,
        fen,
        fen,
        fc.bigInt({ min: -1_000_000n, max: 1_000_000n }),
        fc.integer({ min: 0, max: 10_000 }),
        (paid, shipping, refunded, commission, bps) => {
          const figures = {
            ...{ orders: 1, refunds: 1, paidFen: paid + shipping, shippingFen: shipping, refundedFen: refunded },
            ...{ shippingRefundedFen: 0n, commissionFen: commission },
          };
          const hq = statementOf(figures, { mode: 'hq_collects', hqShareBps: bps });
          const store = statementOf(figures, { mode: 'store_collects', hqShareBps: bps });
          expect(hq.dueFen + commission + hq.hqShareFen).toBe(paid + shipping - refunded);
          expect(store.dueFen + commission + store.hqShareFen).toBe(0n);
          // Who collected changes who pays whom, and nothing else.
          expect(hq.dueFen - store.dueFen).toBe(paid + shipping - refunded);
          for (const account of [hq, store])
            expect(statementLegs('s', figures, account).reduce((sum, leg) => sum + leg.amountFen, 0n)).toBe(0n);
        },
      ),
    );
  });
  it('a share is of goods, and what goes back never more than was taken', () => {
    const sold = {
      orders: 1,
      paidFen: 10_999n,
      shippingFen: 1_000n,
      refunds: 0,
      refundedFen: 0n,
      shippingRefundedFen: 0n,
    };
    const took = statementOf({ ...sold, commissionFen: 0n }, { mode: 'hq_collects', hqShareBps: 333 }).hqShareFen;
    expect(took).toBe(332n);
    const back = {
      orders: 0,
      paidFen: 0n,
      shippingFen: 0n,
      refunds: 1,
      refundedFen: 10_999n,
      shippingRefundedFen: 1_000n,
    };
    const gave = statementOf({ ...back, commissionFen: 0n }, { mode: 'hq_collects', hqShareBps: 333 }).hqShareFen;
    expect(took + gave).toBe(0n);
  });
});

describe('steps of a run', () => {
  it('S7 nothing is approved without a preview, paid without approval, or cancelled while it pays', () => {
    expect(mayStep('draft', 'approve')).toBe(false);
    expect(mayStep('previewed', 'pay')).toBe(false);
    expect(mayStep('approved', 'preview')).toBe(false);
    expect(mayStep('paying', 'cancel')).toBe(false);
    for (const step of Object.keys(runSteps) as (keyof typeof runSteps)[])
      for (const end of ['paid', 'cancelled'] as const) expect(mayStep(end, step)).toBe(false);
  });
  it('two-person rule: neither who made it nor who previewed it', () => {
    const run = { createdById: 'a', previewedById: 'b' };
    expect(['a', 'b', 'c'].map((id) => prepared(run, id))).toEqual([true, true, false]);
  });
});
