/**
 * Bills against books: pure.
 *
 * A line of a bill is held against our row of its number, whatever day that row is of: a payment told a moment after midnight
 * is in the bill of the day before. What moved money here on the day of the bill and stands in no bill of that day or before is
 * missing there.
 */
import type { DifferenceKind } from '@walnut-live/contracts';

/** A line of a provider's bill. */
export interface BillLine {
  readonly kind: 'payment' | 'refund';
  readonly number: string;
  readonly amountFen: bigint;
  readonly state: 'captured' | 'refund_succeeded' | 'refund_processing' | 'refund_failed' | 'revoked';
}

/** Our side of a number. Of a payment `amountFen` is what was captured, or what it asks for when nothing was. */
export interface OurRow {
  readonly number: string;
  readonly paymentId: string;
  readonly amountFen: bigint;
  readonly state: 'pending' | 'captured' | 'closed' | 'failed' | 'requested' | 'processing' | 'succeeded';
  /** Whether its money moved here. */
  readonly isBooked: boolean;
}
export interface Found {
  readonly subject: BillLine['kind'];
  readonly number: string;
  readonly kind: DifferenceKind;
  readonly paymentId: string | null;
  readonly ours: { readonly amountFen: bigint; readonly state: string } | null;
  readonly theirs: { readonly amountFen: bigint; readonly state: string } | null;
}

/** Money of which nobody can say more: somebody must look at the line. */
export const oddLine = (day: string, odd: { line: number; number: string | null }): Found => ({
  ...{ subject: 'payment', number: odd.number ?? `${day} #${odd.line}`, kind: 'missing_here', paymentId: null },
  ours: null,
  theirs: { amountFen: 0n, state: 'unreadable' },
});

const keyOf = (subject: string, number: string): string => `${subject} ${number}`;
/** A refund under way is no difference: neither side says that money has moved. */
const isMoneyMoved = ({ state }: BillLine): boolean => state === 'captured' || state === 'refund_succeeded';

export function differencesOf(given: {
  bill: readonly BillLine[];
  /** Our rows of the numbers in the bill. */
  ours: Readonly<Record<BillLine['kind'], readonly OurRow[]>>;
  /** What moved money here on that day and stands in no bill. */
  notInBills: Readonly<Record<BillLine['kind'], readonly OurRow[]>>;
}): Found[] {
  const ours = new Map(
    (['payment', 'refund'] as const).flatMap((kind) => given.ours[kind].map((row) => [keyOf(kind, row.number), row])),
  );
  const found: Found[] = [];
  for (const line of given.bill) {
    const row = ours.get(keyOf(line.kind, line.number));
    const kind = differenceOf(line, row);
    if (kind) found.push(described(line.kind, line.number, kind, row, line));
  }
  for (const subject of ['payment', 'refund'] as const)
    for (const row of given.notInBills[subject])
      found.push(described(subject, row.number, 'missing_there', row, undefined));
  return found;
}

function differenceOf(line: BillLine, row: OurRow | undefined): DifferenceKind | null {
  if (!row) return isMoneyMoved(line) ? 'missing_here' : null;
  if (row.amountFen !== line.amountFen) return 'amount_differs';
  if (isMoneyMoved(line)) return row.isBooked ? null : 'state_differs';
  if (line.state === 'refund_processing') return null;
  return row.isBooked ? 'state_differs' : null;
}

const described = (
  subject: BillLine['kind'],
  number: string,
  kind: DifferenceKind,
  row: OurRow | undefined,
  line: BillLine | undefined,
): Found => ({
  ...{ subject, number, kind, paymentId: row?.paymentId ?? null },
  ours: row ? { amountFen: row.amountFen, state: row.state } : null,
  theirs: line ? { amountFen: line.amountFen, state: line.state } : null,
});
