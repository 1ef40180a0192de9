/** What a store and headquarters owe each other for a period: pure arithmetic in whole fen. */
import type { SettlementMode } from '@walnut-live/contracts';
import type { Leg } from '../../ledger/index.ts';

export interface StoreFigures {
  readonly orders: number;
  readonly paidFen: bigint;
  readonly shippingFen: bigint;
  readonly refunds: number;
  readonly refundedFen: bigint;
  readonly shippingRefundedFen: bigint;
  /** What people earned on the store's orders, less what was taken back, in the period. */
  readonly commissionFen: bigint;
}
const BPS = 10_000n;

export function statementOf(figures: StoreFigures, terms: { mode: SettlementMode; hqShareBps: number }) {
  const netFen = figures.paidFen - figures.refundedFen;
  const goodsFen = netFen - (figures.shippingFen - figures.shippingRefundedFen);
  // Rounded towards nothing, so that a share given back is never more than was taken.
  const hqShareFen = (goodsFen * BigInt(terms.hqShareBps)) / BPS;
  const collectedFen = terms.mode === 'store_collects' ? netFen : 0n;
  return { netFen, hqShareFen, collectedFen, dueFen: netFen - collectedFen - figures.commissionFen - hqShareFen };
}

/** The same as a transfer; none when nothing moves. */
export function statementLegs(
  storeId: string,
  figures: StoreFigures,
  { netFen, hqShareFen, collectedFen, dueFen }: ReturnType<typeof statementOf>,
): Leg[] {
  const legs: Leg[] = [
    { account: { kind: 'store_settled', owner: storeId }, amountFen: netFen - figures.commissionFen },
    { account: { kind: 'store_collected', owner: storeId }, amountFen: -collectedFen },
    { account: { kind: 'hq_share', owner: storeId }, amountFen: -hqShareFen },
    { account: { kind: 'store_settlement', owner: storeId }, amountFen: -dueFen },
  ];
  return legs.filter(({ amountFen }) => amountFen !== 0n);
}
