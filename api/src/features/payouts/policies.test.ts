import type { WithholdingRule } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askAgainAt, billNoOf, billSteps, isOver, isStuck, waitedTooLong } from './bills.policy.ts';
import { isSound, taxOn, withholdingFor } from './withholding.policy.ts';

/** Individual labour income, as it stands in the first terms. */
const rule: WithholdingRule = {
  ...{ appliesTo: 'consumers', exemptFen: 80_000, deductUntilFen: 400_000, deductFen: 80_000, deductBps: 2_000 },
  bands: [
    { overFen: 0, bps: 2_000, quickFen: 0 },
    { overFen: 2_000_000, bps: 3_000, quickFen: 200_000 },
    { overFen: 5_000_000, bps: 4_000, quickFen: 700_000 },
  ],
};

describe('income tax withheld', () => {
  it.each([
    [80_000n, 0n],
    [80_001n, 0n], // a fifth of one fen
    [100_000n, 4_000n],
    [400_000n, 64_000n],
    [500_000n, 80_000n],
    [3_000_000n, 520_000n],
    [10_000_000n, 2_500_000n],
  ])('of %s fen in a month is %s', (income, tax) => {
    expect(taxOn(rule, income)).toBe(tax);
    expect(withholdingFor(rule, 'consumer', income, { grossFen: 0n, withheldFen: 0n })).toBe(tax);
    expect(withholdingFor(rule, 'staff', income, { grossFen: 0n, withheldFen: 0n })).toBe(0n);
    expect(taxOn({ ...rule, appliesTo: 'nobody' }, income)).toBe(0n);
  });

  it('is the same however a month’s income is split, and something always arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 100n, max: 3_000_000n }), { minLength: 1, maxLength: 8 }), (parts) => {
        let month = { grossFen: 0n, withheldFen: 0n };
        for (const part of parts) {
          const withheldFen = withholdingFor(rule, 'consumer', part, month);
          expect(withheldFen >= 0n && withheldFen < part).toBe(true);
          month = { grossFen: month.grossFen + part, withheldFen: month.withheldFen + withheldFen };
        }
        const due = taxOn(rule, month.grossFen);
        expect(month.withheldFen <= due).toBe(true);
        // What a small payment could not bear is due with the next.
        const settled = withholdingFor(rule, 'consumer', 100_000_000n, month);
        expect(month.withheldFen + settled).toBe(taxOn(rule, month.grossFen + 100_000_000n));
      }),
    );
  });

  it('a rule whose bands do not rise is none', () => {
    expect(isSound(rule)).toBe(true);
    expect(isSound({ ...rule, bands: rule.bands.toReversed() })).toBe(false);
    expect(isSound({ ...rule, bands: rule.bands.slice(1) })).toBe(false);
  });
});

describe('bills', () => {
  it('S7 K8 nothing follows an end', () => {
    for (const [state, next] of Object.entries(billSteps)) {
      expect(isOver(state as keyof typeof billSteps)).toBe(next.length === 0);
      expect(next).not.toContain('created');
    }
    expect(billSteps.waiting).toContain('moving');
  });
  it('K8 a number is letters and digits, at most 32, and another for every id', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        const no = billNoOf(id);
        expect(no).toMatch(/^[A-Z0-9]{1,32}$/);
        expect(no.length).toBe(billNoOf('00000000-0000-7000-8000-000000000000').length);
        seen.add(no);
      }),
    );
    expect(seen.size).toBeGreaterThan(90);
    expect(billNoOf('ffffffff-ffff-ffff-ffff-ffffffffffff')).not.toBe(billNoOf('ffffffff-ffff-ffff-ffff-fffffffffffe'));
  });
  it('is asked about less and less often, and is not forgotten', () => {
    const now = new Date('2026-11-22T00:00:00Z');
    const pauses = Array.from({ length: 40 }, (_, n) => askAgainAt(now, 'moving', n).getTime() - now.getTime());
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect([pauses[0], pauses.at(-1)]).toEqual([5_000, 1_800_000]);
    expect(askAgainAt(now, 'waiting', 0).getTime() - now.getTime()).toBe(60_000);
    const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
    expect([waitedTooLong(ago(2), now), waitedTooLong(ago(3), now)]).toEqual([false, true]);
    expect([isStuck(ago(6), now), isStuck(ago(7), now)]).toEqual([false, true]);
  });
});
