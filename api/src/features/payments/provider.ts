/** What the shop needs of a payment provider. A provider is another party: it has its own books, may be late, and tells twice. */

export interface Charge {
  readonly paymentId: string;
  readonly orderNo: string;
  readonly amountFen: bigint;
  readonly expiresAt: Date;
}
/** `none`: the provider was never told about it. */
export type ChargeState = 'none' | 'open' | 'captured' | 'failed' | 'closed';
export type RefundOutcome = 'succeeded' | 'processing' | 'failed';

/** A callback that is proven to come from the provider. */
export interface ProviderNotification {
  /** Unique per notification; a repeated one is the same fact. */
  readonly id: string;
  readonly type: 'payment.captured' | 'payment.failed' | 'refund.succeeded' | 'refund.failed';
  readonly paymentId: string;
  readonly refundNo: string | null;
  readonly amountFen: bigint;
  readonly occurredAt: Date;
}

/** All calls are idempotent by their number and safe to repeat; a call that throws has an unknown outcome. */
export interface PaymentProvider {
  /** Registers the charge and answers where the payer approves it. */
  prepare(charge: Charge): Promise<{ state: ChargeState; cashierUrl: string }>;
  query(paymentId: string): Promise<ChargeState>;
  /** After an answer of `closed` the charge cannot be captured any more; `captured` means the payer was faster. */
  close(paymentId: string): Promise<ChargeState>;
  /** Rule S8: the same `refundNo` refunds once, however often asked. */
  refund(refund: { refundNo: string; paymentId: string; amountFen: bigint }): Promise<RefundOutcome>;
  /** Throws `unauthenticated` unless the signature over exactly these bytes is right and fresh. */
  verifyNotification(header: (name: string) => string | undefined, rawBody: Buffer): ProviderNotification;
}

/** Names of providers as they stand in paths and rows. */
export type ProviderName = 'sandbox';
export type Providers = Readonly<Record<ProviderName, PaymentProvider>>;
