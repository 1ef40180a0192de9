/** What is common to the bills of all providers. */

/** One line of a provider's bill of a day. */
export interface BillLine {
  readonly kind: 'payment' | 'refund';
  /** Our number, as the provider knows it: of the payment, or of the refund. */
  readonly number: string;
  readonly amountFen: bigint;
  readonly state: 'captured' | 'refund_succeeded' | 'refund_processing' | 'refund_failed' | 'revoked';
  readonly providerRef: string | null;
}
/** A line that could not be read: told as a difference, so that the others of its day are held against the books. */
export interface OddLine {
  /** From 1, as in the file. */
  readonly line: number;
  /** Of the payment or refund, as far as it could be read. */
  readonly number: string | null;
  readonly why: string;
}
