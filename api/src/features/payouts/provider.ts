/**
 * What the shop needs of somebody who transfers money to people (rule K8). A bill keeps its number over every retry: by it a
 * transfer is made once, however often it is asked for.
 */
import type { PaymentProviderName } from '@walnut-live/contracts';

export interface Payout {
  /** Ours, at most 32 letters and digits. */
  readonly billNo: string;
  readonly amountFen: bigint;
  /** Who receives it, as the provider knows people. */
  readonly openId: string;
  /** Checked by the provider against its own; it asks for it from 2,000 yuan on. */
  readonly realName?: string | undefined;
  /** What the receiver reads, at most 32 characters. */
  readonly remark: string;
  /** When the bill was written here, before its provider heard of it. */
  readonly createdAt: Date;
}
/**
 * `none`: the provider was never told of it. `waiting`: the receiver has to accept it. `moving`: nothing to do but to ask
 * again. The others are ends: of `failed` and `cancelled` nothing was transferred, and the number is spent.
 */
export type PayoutState = 'none' | 'moving' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
export interface PayoutStatus {
  readonly state: PayoutState;
  /** Number that the provider gave it. */
  readonly providerRef: string | null;
  /** For the provider's own page or bridge, where the receiver accepts it. */
  readonly acceptance: string | null;
  readonly failReason: string | null;
}
/** A callback that is proven to come from the provider. */
export interface PayoutNotification {
  readonly id: string;
  readonly billNo: string;
  readonly amountFen: bigint;
  readonly status: PayoutStatus;
}
export const isPayoutOver = ({ state }: Pick<PayoutStatus, 'state'>): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';

/** Refused, and asking again changes nothing: the same number with other terms, or terms that cannot be. */
export class PayoutRefused extends Error {
  readonly code: string;
  constructor(code: string, cause?: unknown) {
    super(`payout refused: ${code}`, { cause });
    this.name = 'PayoutRefused';
    this.code = code;
  }
}

/** A call that throws anything but PayoutRefused has an unknown outcome: ask by the number. */
export interface PayoutProvider {
  /** @throws PayoutRefused */
  create(payout: Payout): Promise<PayoutStatus>;
  /** `createdAt`: when the bill was written here. Throws while (or when) "unknown to me" proves nothing. */
  query(billNo: string, createdAt: Date): Promise<PayoutStatus>;
  /** As long as the receiver has not accepted it. Answers what the bill is now: `succeeded` when they were faster. */
  cancel(billNo: string, createdAt: Date): Promise<PayoutStatus>;
  /** Null: genuine, and nothing to book. @throws AppError unauthenticated unless signed over exactly these bytes, and fresh */
  verifyNotification(header: (name: string) => string | undefined, rawBody: Buffer): Promise<PayoutNotification | null>;
}
export type PayoutProviders = { readonly sandbox: PayoutProvider } & Readonly<
  Partial<Record<Exclude<PaymentProviderName, 'sandbox'>, PayoutProvider>>
>;
