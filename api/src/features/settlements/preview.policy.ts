/** What a run would do for each person, and a name for all its figures: pure. */
import { createHash } from 'node:crypto';
import type { PayoutHindrance } from '@walnut-live/contracts';

export interface StorePart {
  readonly storeId: string;
  readonly positiveFen: bigint;
  readonly negativeFen: bigint;
  readonly entries: number;
}
export interface Due {
  readonly personId: string;
  readonly kind: string;
  readonly stores: readonly StorePart[];
  readonly heldFen: bigint;
  /** What adds to the sum, where it was asked for: what a claim may take. */
  readonly partIds: readonly string[];
}
export interface Figures {
  readonly outcome: 'pay' | 'carried';
  readonly reason: PayoutHindrance | null;
  readonly entries: number;
  readonly positiveFen: bigint;
  readonly negativeFen: bigint;
  readonly grossFen: bigint;
  readonly withheldFen: bigint;
  readonly netFen: bigint;
}
export interface PreviewLine extends Figures, Due {}

/** In the order in which a claim finds out: nobody to pay, nothing to pay, too little, a name missing. */
export function previewLine(
  due: Due,
  given: {
    minimumFen: bigint;
    realNameFromFen: bigint;
    hasAccount: boolean;
    hasName: boolean;
    withholding: (grossFen: bigint) => bigint;
  },
): PreviewLine {
  const sum = (of: (part: StorePart) => bigint) => due.stores.reduce((total, part) => total + of(part), 0n);
  const positiveFen = sum((part) => part.positiveFen);
  const negativeFen = sum((part) => part.negativeFen);
  const grossFen = positiveFen + negativeFen;
  const entries = due.stores.reduce((total, part) => total + part.entries, 0);
  const base = { ...due, entries, positiveFen, negativeFen, grossFen };
  const carried = (reason: PayoutHindrance): PreviewLine => ({
    ...{ ...base, outcome: 'carried', reason, withheldFen: 0n, netFen: 0n },
  });
  if (!given.hasAccount) return carried('no_account');
  if (grossFen <= 0n) return carried('not_positive');
  if (grossFen < given.minimumFen) return carried('below_minimum');
  const withheldFen = given.withholding(grossFen);
  const netFen = grossFen - withheldFen;
  if (netFen >= given.realNameFromFen && !given.hasName) return carried('real_name_needed');
  return { ...base, outcome: 'pay', reason: null, withheldFen, netFen };
}

/** What figures are reckoned with beside what people earned. */
export interface Basis {
  /** Version of the terms: minimum, real names, tax. */
  readonly terms: number;
  /** Month in China with whose payments the tax is worked out: a preview of another one is stale. */
  readonly taxMonth: string;
  /** Of the stores that have one of their own. */
  readonly modes: readonly { readonly storeId: string; readonly mode: string; readonly hqShareBps: number }[];
}

/**
 * The same figures, in whatever order they were read, have the same name; nobody's can change without it, and neither can what
 * they were reckoned with.
 */
export function hashOf(lines: readonly PreviewLine[], basis: Basis): string {
  const told = lines.map((line) => {
    const stores = line.stores.map(
      ({ storeId, positiveFen, negativeFen, entries }) => `${storeId}:${positiveFen}:${negativeFen}:${entries}`,
    );
    return [line.personId, line.outcome, line.reason ?? '', line.withheldFen, line.netFen, ...stores.sort()].join('|');
  });
  const modes = basis.modes.map(({ storeId, mode, hqShareBps }) => `${storeId}:${mode}:${hqShareBps}`);
  const all = [`terms ${basis.terms}`, `month ${basis.taxMonth}`, modes.sort().join('|'), ...told.sort()];
  return createHash('sha256').update(all.join('\n')).digest('hex');
}
