/** What the shop needs of a payment provider. A provider is another party: it has its own books, may be late, and tells twice. */
import type { PaymentProviderName } from '@walnut-live/contracts';
import type { BillLine, OddLine } from './bill-line.policy.ts';

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
  /** As in a ChargeAnswer. */
  readonly amountFen: bigint | null;
  readonly cashierUrl: string;
  /** For WeChat's own bridge (JSAPI). */
  readonly bridge?: Readonly<Record<string, string>>;
  /** To be shown as a QR code (Native). */
  readonly codeUrl?: string;
}
/** `none`: the provider was never told about it. `refunded`: it was paid, and given back in part or whole since then. */
export type ChargeState = 'none' | 'open' | 'captured' | 'refunded' | 'failed' | 'closed';
/** What a provider says of a charge; its amount wherever money has moved. */
export interface ChargeAnswer {
  readonly state: ChargeState;
  readonly amountFen: bigint | null;
}
export interface RefundAnswer {
  readonly outcome: 'succeeded' | 'processing' | 'failed';
  /** In the provider's own words. */
  readonly said: string;
}

/** The provider answered for a charge that is not the one it was asked about: of another merchant, app, currency or number. */
export class ForeignCharge extends Error {
  readonly what: 'merchant' | 'app' | 'currency' | 'number';
  readonly answer: ChargeAnswer;
  constructor(what: ForeignCharge['what'], answer: ChargeAnswer) {
    super(`the provider told of a charge of another ${what}`);
    this.name = 'ForeignCharge';
    this.what = what;
    this.answer = answer;
  }
}
/**
 * A charge was not registered, and the same again would not be either. `number_spent`: another number may be, once this one is
 * closed. `not_allowed`: not in this way, by a mistake in the configuration or in what was asked for.
 */
export class ChargeRefused extends Error {
  readonly why: 'number_spent' | 'not_allowed';
  constructor(why: ChargeRefused['why'], cause: unknown) {
    super(`a charge was refused: ${why}`, { cause });
    this.name = 'ChargeRefused';
    this.why = why;
  }
}

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

export type { BillLine, OddLine };
/** `not_ready`: the provider still makes it; ask again later. A day without trade has a bill without lines. */
export type Bill = { readonly lines: readonly BillLine[]; readonly odd: readonly OddLine[] } | 'not_ready';

/** All calls are idempotent by their number and safe to repeat; a call that throws has an unknown outcome. */
export interface PaymentProvider {
  /** Registers the charge and answers where the payer approves it. @throws ChargeRefused, ForeignCharge */
  prepare(charge: Charge): Promise<Cashier>;
  /** @throws ForeignCharge */
  query(paymentId: string): Promise<ChargeAnswer>;
  /**
   * After an answer of `closed` the charge cannot be captured any more; `captured` means the payer was faster.
   * @throws ForeignCharge
   */
  close(paymentId: string): Promise<ChargeAnswer>;
  /** Rule S8: the same `refundNo` refunds once, however often asked. */
  refund(refund: {
    refundNo: string;
    paymentId: string;
    amountFen: bigint;
    /** Of the whole charge. */
    totalFen: bigint;
    /** The provider may know of it: it is asked about before it is asked for. */
    isRepeated: boolean;
  }): Promise<RefundAnswer>;
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
