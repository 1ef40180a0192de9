/**
 * Income tax withheld from what people are paid for introducing others: arithmetic of a rule that stands in the terms as data.
 *
 * Payments of one calendar month (of China) are one income: each withholds what is due on the month so far, less what the
 * month withheld before. So the split of an income into payments changes nothing, to the fen.
 */
import type { WithholdingRule } from '@walnut-live/contracts';

const BPS = 10_000n;

/** Due on this much income of one month; never negative, never more than the income. */
export function taxOn(rule: WithholdingRule, incomeFen: bigint): bigint {
  if (rule.appliesTo === 'nobody' || incomeFen <= BigInt(rule.exemptFen)) return 0n;
  const isSmall = incomeFen <= BigInt(rule.deductUntilFen);
  const deduction = isSmall ? BigInt(rule.deductFen) : (incomeFen * BigInt(rule.deductBps)) / BPS;
  const taxable = incomeFen - deduction;
  if (taxable <= 0n) return 0n;
  const band = rule.bands.findLast(({ overFen }) => taxable > BigInt(overFen));
  if (!band) return 0n;
  const tax = (taxable * BigInt(band.bps)) / BPS - BigInt(band.quickFen);
  return tax < 0n ? 0n : tax > incomeFen ? incomeFen : tax;
}

export interface MonthSoFar {
  readonly grossFen: bigint;
  readonly withheldFen: bigint;
}
/** Of the next payment. What the month withheld too much (its rule was changed) is not given back by a payment. */
export function withholdingFor(rule: WithholdingRule, kind: string, grossFen: bigint, month: MonthSoFar): bigint {
  // Staff are paid by payroll, which taxes their commission with their wages.
  if (kind === 'staff') return 0n;
  const due = taxOn(rule, month.grossFen + grossFen) - month.withheldFen;
  // Something always arrives: the rest is due with the month's next payment.
  const most = grossFen - 1n;
  return due < 0n ? 0n : due > most ? most : due;
}

/** What makes a rule usable: its bands rise. */
export const isSound = (rule: WithholdingRule): boolean =>
  rule.bands[0]?.overFen === 0 &&
  rule.bands.every((band, i) => {
    const before = rule.bands[i - 1];
    return before === undefined || (band.overFen > before.overFen && band.bps >= before.bps);
  });
