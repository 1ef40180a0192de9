/**
 * What a credited person earns (rules K1, K2, K4, K5): pure arithmetic in whole fen.
 *
 * Who earns: the person the order is credited to, by share link (the sharer, whoever they are), as owner guide or as room
 * guide; nobody when the credit stayed with a store or HQ, or when the buyer is that person. Level one only: level two is
 * off. Basis of an item: what was paid for it after discounts, without shipping, minus what was refunded. The entries of an
 * item always sum to floor(basis now × rate), so a refund posts the difference to that, at the rate the first entry was
 * made with.
 */
import type { CommissionState, CreditReason } from '@walnut-live/contracts';
import type { z } from 'zod';

export type EntryState = z.infer<typeof CommissionState>;

const BPS = 10_000n;
const earning: ReadonlySet<CreditReason> = new Set(['share_link', 'owner_guide', 'room_guide', 'hq_ruling']);
/** What has been handed out cannot be taken back by a state; the negative entry is offset later (rule K4). */
const handedOut: ReadonlySet<EntryState> = new Set(['claimed', 'paid']);

export interface Item {
  readonly itemId: string;
  /** Paid for the item after discounts. */
  readonly amountFen: bigint;
  /** Refunded of it so far. */
  readonly refundedFen: bigint;
}

export function earns(
  credit: { reason: CreditReason; personId: string | null },
  buyer: { selves: ReadonlySet<string>; selfPurchaseCommission: boolean },
): credit is { reason: CreditReason; personId: string } {
  if (credit.personId === null || !earning.has(credit.reason)) return false;
  return buyer.selfPurchaseCommission || !buyer.selves.has(credit.personId);
}

export const basisOf = (item: Item): bigint => item.amountFen - item.refundedFen;
/** Floors; the basis is never negative. */
export const commissionFor = (basisFen: bigint, bps: number): bigint => (basisFen * BigInt(bps)) / BPS;

export interface Posted {
  readonly amountFen: bigint;
  readonly bps: number;
  readonly state: EntryState;
}
export interface Adjustment {
  readonly basisFen: bigint;
  readonly bps: number;
  /** Zero or negative. */
  readonly amountFen: bigint;
  readonly state: EntryState;
  /** Entries of the item that are reversed with it. */
  readonly reversesItem: boolean;
}
/** The entry a refund posts for an item, given what was posted so far; null when there was no commission on it. */
export function adjust(item: Item, posted: readonly Posted[]): Adjustment | null {
  const first = posted[0];
  if (!first) return null;
  const basisFen = basisOf(item);
  const sum = posted.reduce((total, entry) => total + entry.amountFen, 0n);
  const amountFen = commissionFor(basisFen, first.bps) - sum;
  const reversesItem = basisFen === 0n && !posted.some((entry) => handedOut.has(entry.state));
  return { basisFen, bps: first.bps, amountFen, state: reversesItem ? 'reversed' : 'estimated', reversesItem };
}
