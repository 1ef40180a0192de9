/** The terms of a pre-sale (rule S6, the bound of earnest money), its windows and its reminders: pure. */
import { DEPOSIT_SHARE, type ErrorCode, isWithin, type PreSaleReason } from '@walnut-live/contracts';

const DAY_MS = 86_400_000;

export interface Amounts {
  readonly priceFen: bigint;
  readonly depositFen: bigint;
  /** What the deposit takes off the price. */
  readonly worthFen: bigint;
}
/** What one piece costs in all: the deposit and what is left of the price after what it counts as. */
export const paidInAll = ({ priceFen, depositFen, worthFen }: Amounts): bigint => priceFen - worthFen + depositFen;

export type TermsRefusal =
  | { readonly code: Extract<ErrorCode, 'below_price_floor'>; readonly facts: Record<string, number> }
  | { readonly code: Extract<ErrorCode, 'invalid_request'>; readonly issue: { path: string; issue: string } };
const wrong = (path: string, issue: string): TermsRefusal => ({ code: 'invalid_request', issue: { path, issue } });

/**
 * A deposit is at most a fifth of what is paid in all, which is neither below HQ's floor (S6) nor, before the deposit counts for
 * more than it is, above the shelf price; something is left for the balance.
 */
export function refuseAmounts(
  amounts: Amounts,
  sku: { readonly priceFen: bigint; readonly floorPriceFen: bigint | null },
): TermsRefusal | undefined {
  const { priceFen, depositFen, worthFen } = amounts;
  if (worthFen < depositFen) return wrong('/worthFen', 'below_deposit');
  if (worthFen >= priceFen) return wrong('/worthFen', 'not_below_price');
  if (priceFen > sku.priceFen) return wrong('/priceFen', 'above_shelf_price');
  const all = paidInAll(amounts);
  if (depositFen * BigInt(DEPOSIT_SHARE) > all) return wrong('/depositFen', 'above_a_fifth');
  if (sku.floorPriceFen !== null && all < sku.floorPriceFen)
    return { code: 'below_price_floor', facts: { floorPriceFen: Number(sku.floorPriceFen) } };
  return undefined;
}

export interface Windows {
  readonly startsAt: Date;
  readonly depositUntil: Date;
  readonly balanceFrom: Date;
  readonly balanceUntil: Date;
  readonly shipsBy: Date;
}
/** One window after the other, in a span that a buyer can be expected to wait. */
export function refuseWindows(
  { startsAt, depositUntil, balanceFrom, balanceUntil, shipsBy }: Windows,
  limits: { readonly days: number; readonly balanceMinutes: number; readonly shipDays: number },
): TermsRefusal | undefined {
  if (depositUntil <= startsAt) return wrong('/depositUntil', 'not_after_start');
  if (balanceFrom < depositUntil) return wrong('/balanceFrom', 'before_end_of_deposits');
  if (balanceUntil.getTime() - balanceFrom.getTime() < limits.balanceMinutes * 60_000)
    return wrong('/balanceUntil', 'window_too_short');
  if (shipsBy < balanceUntil) return wrong('/shipsBy', 'before_end_of_balances');
  if (shipsBy.getTime() - balanceUntil.getTime() > limits.shipDays * DAY_MS) return wrong('/shipsBy', 'too_late');
  if (balanceUntil.getTime() - startsAt.getTime() > limits.days * DAY_MS) return wrong('/balanceUntil', 'too_late');
  return undefined;
}

export interface CampaignFacts extends Windows {
  readonly orgPath: string;
  readonly stoppedAt: Date | null;
  readonly cap: number | null;
  readonly taken: number;
}
/** Why no deposit is taken in this room now; an early "no", the conditional statement has the last word. */
export function whyNoDeposit(
  campaign: CampaignFacts,
  order: { readonly roomPath: string; readonly quantity: number },
  now: Date,
): PreSaleReason | undefined {
  if (!isWithin(order.roomPath, campaign.orgPath)) return 'other_store';
  if (campaign.stoppedAt !== null) return 'stopped';
  if (now < campaign.startsAt) return 'not_started';
  if (now >= campaign.depositUntil) return 'ended';
  return campaign.cap !== null && campaign.taken + order.quantity > campaign.cap ? 'sold_out' : undefined;
}

/** Before the end of the balance; at most half of the window. */
const ENDS_SOON_MS = 3 * 3_600_000;
export type Reminder = 'balance_open' | 'balance_ends';

/** When a buyer is told that the time for the balance is nearly over. */
export function endsSoonAt({ balanceFrom, balanceUntil }: Pick<Windows, 'balanceFrom' | 'balanceUntil'>): Date {
  const half = (balanceUntil.getTime() - balanceFrom.getTime()) / 2;
  return new Date(balanceUntil.getTime() - Math.min(ENDS_SOON_MS, half));
}

/** What to say now to somebody who was told `told` things; of two that are due (nobody was there to tell the first) the later. */
export function reminderAt(
  windows: Pick<Windows, 'balanceFrom' | 'balanceUntil'>,
  now: Date,
): { readonly say: Reminder; readonly next: Date | null } | undefined {
  if (now < windows.balanceFrom || now >= windows.balanceUntil) return undefined;
  const soon = endsSoonAt(windows);
  return now >= soon ? { say: 'balance_ends', next: null } : { say: 'balance_open', next: soon };
}
