/** The decisions about a gift, without a database: who may give what (G1), which period counts it, and whose it is in the end (M4). */
import type { ErrorCode, GiftNotice, RoomState } from '@walnut-live/contracts';
import type { z } from 'zod';

export interface GiftTerms {
  readonly version: number;
  readonly coolingSeconds: number;
  readonly perGiftCapCoins: number;
  readonly dayCapCoins: number;
  readonly monthCapCoins: number;
  readonly brandBps: number;
  readonly storeBps: number;
  readonly guideBps: number;
}

/** What is known when somebody wants to give. */
export interface GivingFacts {
  readonly roomState: RoomState;
  readonly banned: boolean;
  readonly giftActive: boolean;
  readonly priceCoins: number;
  readonly balanceCoins: bigint;
  readonly usedTodayCoins: bigint;
  readonly usedThisMonthCoins: bigint;
}
export interface Wish {
  readonly quantity: number;
  readonly seenPriceCoins: number;
}
export interface Refusal {
  readonly code: ErrorCode;
  readonly facts?: Record<string, unknown>;
}
export type CapName = 'gift' | 'day' | 'month';

export const capReached = (cap: CapName, capCoins: number, usedCoins: bigint): Refusal => ({
  code: 'gift_cap_reached',
  facts: { cap, capCoins, usedCoins: Number(usedCoins) },
});

/** An early no, before anything is written; the conditional statements behind it decide among rivals. */
export function refuseGiving(facts: GivingFacts, wish: Wish, terms: GiftTerms): Refusal | undefined {
  if (facts.banned) return { code: 'banned' };
  if (facts.roomState !== 'live') return { code: 'room_not_live' };
  if (!facts.giftActive) return { code: 'gone' };
  if (wish.seenPriceCoins !== facts.priceCoins)
    return { code: 'price_changed', facts: { priceCoins: facts.priceCoins } };
  const coins = BigInt(wish.quantity) * BigInt(facts.priceCoins);
  if (coins > BigInt(terms.perGiftCapCoins)) return capReached('gift', terms.perGiftCapCoins, 0n);
  if (facts.usedTodayCoins + coins > BigInt(terms.dayCapCoins))
    return capReached('day', terms.dayCapCoins, facts.usedTodayCoins);
  if (facts.usedThisMonthCoins + coins > BigInt(terms.monthCapCoins))
    return capReached('month', terms.monthCapCoins, facts.usedThisMonthCoins);
  if (coins > facts.balanceCoins)
    return {
      code: 'insufficient_coins',
      facts: { neededCoins: Number(coins), balanceCoins: Number(facts.balanceCoins) },
    };
  return undefined;
}

/** Where the brand and its customers are; China has one time and no summer. */
const CHINA_OFFSET_MS = 8 * 3_600_000;
/** The day and the month of a moment as caps count them: `d2026-11-22`, `m2026-11`. */
export function periodsOf(at: Date): { day: string; month: string } {
  const here = new Date(at.getTime() + CHINA_OFFSET_MS).toISOString();
  return { day: `d${here.slice(0, 10)}`, month: `m${here.slice(0, 7)}` };
}

/** Told once, by the gift that reaches half of a cap; the month's half is the graver news. */
export function noticeOf(
  usedAfter: { day: bigint; month: bigint },
  coins: bigint,
  terms: Pick<GiftTerms, 'dayCapCoins' | 'monthCapCoins'>,
): z.infer<typeof GiftNotice> | null {
  const passes = (after: bigint, cap: number) => after * 2n >= BigInt(cap) && (after - coins) * 2n < BigInt(cap);
  if (passes(usedAfter.month, terms.monthCapCoins)) return 'month_half';
  return passes(usedAfter.day, terms.dayCapCoins) ? 'day_half' : null;
}

export interface Shares {
  readonly brandFen: bigint;
  readonly storeFen: bigint;
  readonly guideFen: bigint;
}
const WHOLE_BPS = 10_000n;

/** What is wrong with a new policy as a whole. */
export function faultsOf(terms: Omit<GiftTerms, 'version'>): readonly ('shares_not_whole' | 'caps_not_ascending')[] {
  const isWhole = BigInt(terms.brandBps + terms.storeBps + terms.guideBps) === WHOLE_BPS;
  const ascends = terms.perGiftCapCoins <= terms.dayCapCoins && terms.dayCapCoins <= terms.monthCapCoins;
  return [...(isWhole ? [] : ['shares_not_whole' as const]), ...(ascends ? [] : ['caps_not_ascending' as const])];
}

/**
 * Rule M4: each share is floored, what is left goes fen by fen to those who lost most by it (equal losses: brand, then store,
 * then guide), so that the shares always sum to the amount.
 */
export function shareOf(amountFen: bigint, terms: Pick<GiftTerms, 'brandBps' | 'storeBps' | 'guideBps'>): Shares {
  const parts = [terms.brandBps, terms.storeBps, terms.guideBps].map((bps, place) => {
    const exact = amountFen * BigInt(bps);
    return { place, fen: exact / WHOLE_BPS, rest: exact % WHOLE_BPS };
  });
  let left = amountFen - parts.reduce((sum, { fen }) => sum + fen, 0n);
  const byLoss = [...parts].sort((a, b) => (a.rest === b.rest ? a.place - b.place : a.rest < b.rest ? 1 : -1));
  for (const part of byLoss) {
    if (left === 0n) break;
    part.fen += 1n;
    left -= 1n;
  }
  const [brand, store, guide] = parts;
  return { brandFen: brand?.fen ?? 0n, storeFen: store?.fen ?? 0n, guideFen: guide?.fen ?? 0n };
}
