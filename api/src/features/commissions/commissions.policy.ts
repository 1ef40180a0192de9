/**
 * What a credited person earns (rules K1, K2, K4): pure arithmetic in whole fen.
 *
 * Who earns: the person the order is credited to, by share link (the sharer, whoever they are), as owner guide, as room guide
 * or by a ruling; nobody when the credit stayed with a store or HQ, or when the buyer is that person. Level two, where it is
 * switched on, is who brought that person, and nobody further. Basis of an item: what was paid for it after discounts, without
 * shipping, minus what was refunded. The entries of one person, item and level (a group) always sum to floor(basis now × rate),
 * or to the fixed amount for every piece that was kept, and never to more than the basis; so whatever happens posts the
 * difference to that.
 */
import type { CreditReason } from '@walnut-live/contracts';
import { type EntryState, isHandedOut, type Standing } from './commission-states.policy.ts';

const BPS = 10_000n;
const earning: ReadonlySet<CreditReason> = new Set(['share_link', 'owner_guide', 'room_guide', 'hq_ruling']);

export interface Item {
  readonly itemId: string;
  /** Paid for the item after discounts. */
  readonly amountFen: bigint;
  /** Refunded of it so far. */
  readonly refundedFen: bigint;
  readonly pieces: number;
  /** Pieces that were refunded so far. */
  readonly piecesBack: number;
}
/** A share of the basis, or so much for every piece; never both. */
export interface Rate {
  readonly bps: number;
  readonly fixedFen: bigint | null;
}

export function earns(
  credit: { reason: CreditReason; personId: string | null },
  buyer: { selves: ReadonlySet<string>; selfPurchaseCommission: boolean },
): credit is { reason: CreditReason; personId: string } {
  if (credit.personId === null || !earning.has(credit.reason)) return false;
  return buyer.selfPurchaseCommission || !buyer.selves.has(credit.personId);
}

export const basisOf = (item: Pick<Item, 'amountFen' | 'refundedFen'>): bigint => item.amountFen - item.refundedFen;
/** Floors; the basis is never negative. */
export const commissionFor = (basisFen: bigint, bps: number): bigint => (basisFen * BigInt(bps)) / BPS;
export const pays = (rate: Rate): boolean => rate.bps > 0 || rate.fixedFen !== null;

/** What an item is worth to its beneficiary now. */
export function dueFor(item: Item, rate: Rate): bigint {
  const basisFen = basisOf(item);
  if (rate.fixedFen === null) return commissionFor(basisFen, rate.bps);
  const fixedFen = rate.fixedFen * BigInt(Math.max(0, item.pieces - item.piecesBack));
  return fixedFen < basisFen ? fixedFen : basisFen;
}

export interface Posted {
  readonly basisFen: bigint;
  readonly amountFen: bigint;
  readonly state: EntryState;
  readonly settleableAt: Date | null;
  readonly heldReason: string;
}
export interface Change {
  readonly basisFen: bigint;
  readonly amountFen: bigint;
  readonly state: EntryState;
  readonly settleableAt: Date | null;
  readonly heldReason: string;
  /** Nothing is left and nothing was handed out: all entries of the group are reversed with this one. */
  readonly reverses: boolean;
}
/**
 * The entry that brings a group from what was posted to what is due; null when it says so already. It goes where its group
 * is; against what was handed out, and more than what is open of the group covers, it is settleable at once, so that the next
 * settlement offsets it (rule K4).
 */
export function bringTo(
  due: { readonly basisFen: bigint; readonly dueFen: bigint },
  posted: readonly Posted[],
  standing: Standing,
  at: Date,
): Change | null {
  const { basisFen, dueFen } = due;
  const amountFen = dueFen - posted.reduce((sum, entry) => sum + entry.amountFen, 0n);
  if (amountFen === 0n && posted.at(-1)?.basisFen === basisFen) return null;
  if (posted.length === 0 && basisFen === 0n) return null;
  const live = posted.filter(({ state }) => state !== 'reversed');
  const open = live.find((entry) => !isHandedOut(entry.state) && entry.amountFen >= 0n);
  const change = { basisFen, amountFen, heldReason: '', reverses: false };
  if (live.some(({ state }) => isHandedOut(state))) {
    // What is open beside it; a claw-back of before stands by itself.
    const left = live.reduce((sum, one) => (one.state === open?.state ? sum + one.amountFen : sum), amountFen);
    if (open && (amountFen >= 0n || left >= 0n)) return { ...change, ...whereIs(open) };
    return amountFen > 0n ? { ...change, ...standing } : { ...change, state: 'settleable', settleableAt: at };
  }
  if (basisFen === 0n) return { ...change, state: 'reversed', settleableAt: null, reverses: true };
  return open ? { ...change, ...whereIs(open) } : { ...change, ...standing };
}
/**
 * An entry against what was handed out, claimable now: nothing may delay getting the money back (rule K4). One that what is open
 * beside it covers goes where that goes, as in `bringTo`; the database asks the same by `commission_is_uncovered`.
 */
export const isClawBack = (entry: Posted, group: readonly Posted[]): boolean =>
  entry.state === 'settleable' &&
  entry.amountFen < 0n &&
  group.some(({ state }) => isHandedOut(state)) &&
  group.reduce((sum, one) => (one.state === entry.state ? sum + one.amountFen : sum), 0n) < 0n;
const whereIs = ({ state, settleableAt, heldReason }: Posted) => ({ state, settleableAt, heldReason });
