/** What the shop needs of a payment provider. A provider is another party: it has its own books, may be late, and tells twice. */
import type { PaymentProviderName } from '@walnut-live/contracts';
import type { BillLine } from './bill-line.policy.ts';

export interface Charge {
  readonly paymentId: string;
  readonly orderNo: string;
  readonly amountFen: bigint;
  readonly expiresAt: Date;
  /** How the payer pays, where the provider knows several ways. */
  readonly payer?: Payer | undefined;
}
/** Inside WeChat; in another browser of a phone, at this address; by a QR code that a phone scans. */
export type Payer =
  | { readonly way: 'jsapi'; readonly openId: string }
  | { readonly way: 'h5'; readonly address: string }
  | { readonly way: 'native' };
/** Where the payer approves a charge. */
export interface Cashier {
  readonly state: ChargeState;
  readonly cashierUrl: string;
  /** For WeChat's own bridge (JSAPI). */
  readonly bridge?: Readonly<Record<string, string>>;
  /** To be shown as a QR code (Native). */
  readonly codeUrl?: string;
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

export type { BillLine };
/** `not_ready`: the provider still makes it; ask again later. A day without trade has a bill without lines. */
export type Bill = readonly BillLine[] | 'not_ready';

/** All calls are idempotent by their number and safe to repeat; a call that throws has an unknown outcome. */
export interface PaymentProvider {
  /** Registers the charge and answers where the payer approves it. */
  prepare(charge: Charge): Promise<Cashier>;
  query(paymentId: string): Promise<ChargeState>;
  /** After an answer of `closed` the charge cannot be captured any more; `captured` means the payer was faster. */
  close(paymentId: string): Promise<ChargeState>;
  /** Rule S8: the same `refundNo` refunds once, however often asked. */
  refund(refund: {
    refundNo: string;
    paymentId: string;
    amountFen: bigint;
    /** Of the whole charge. */
    totalFen: bigint;
  }): Promise<RefundOutcome>;
  /** The number that the provider knows a payment by. */
  numberOf(paymentId: string): string;
  /** All that was traded on a day in China (`2026-11-22`) that is over. */
  bill(day: string): Promise<Bill>;
  /**
   * Null: genuine, and nothing to book. Throws `unauthenticated` unless the signature over exactly these bytes is right and
   * fresh.
   */
  verifyNotification(
    header: (name: string) => string | undefined,
    rawBody: Buffer,
  ): ProviderNotification | null | Promise<ProviderNotification | null>;
}

/** Names of providers as they stand in paths and rows. */
export type ProviderName = PaymentProviderName;
/** The sandbox is always there, as rows of its time may have to be closed; others are when they are configured. */
export type Providers = { readonly sandbox: PaymentProvider } & Readonly<
  Partial<Record<Exclude<ProviderName, 'sandbox'>, PaymentProvider>>
>;
