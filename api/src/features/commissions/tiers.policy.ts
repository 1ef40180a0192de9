/** Tiers and bonuses of a month (rule K6): pure. A month is one in China, by the day an order was paid; sales are net of refunds. */
import { chinaDayStart } from '../../platform/china-day.policy.ts';
import { commissionFor } from './commissions.policy.ts';

const LONGEST_WAIT_DAYS = 45;

export interface Tier {
  readonly minNetFen: number;
  readonly bonusBps: number;
}
export interface StoreNet {
  readonly storeId: string;
  readonly orgPath: string;
  readonly netFen: bigint;
}
/** 1 for the first; 0 = none reached. */
export const tierOf = (tiers: readonly Tier[], netFen: bigint): number =>
  tiers.findLastIndex(({ minNetFen }) => netFen >= BigInt(minNetFen)) + 1;

/** `2026-01` → `2025-12` */
export function monthBefore(month: string): string {
  const [year = 0, no = 0] = month.split('-').map(Number);
  return no === 1 ? `${year - 1}-12` : `${year}-${String(no - 1).padStart(2, '0')}`;
}
export function monthAfter(month: string): string {
  const [year = 0, no = 0] = month.split('-').map(Number);
  return no === 12 ? `${year + 1}-01` : `${year}-${String(no + 1).padStart(2, '0')}`;
}

/** As commission_bonuses_waiting says it: no bonus of a month waits for its sales after that (K3). */
export const waitsUntil = (month: string): Date =>
  new Date(chinaDayStart(`${monthAfter(month)}-01`).getTime() + LONGEST_WAIT_DAYS * 86_400_000);

export interface BonusDue extends StoreNet {
  readonly tier: number;
  readonly bps: number;
  readonly dueFen: bigint;
}
/** The tier is reached by all sales of the month; each store bears the bonus of its own, floored. */
export function bonusOf(tiers: readonly Tier[], stores: readonly StoreNet[]): BonusDue[] {
  const tier = tierOf(
    tiers,
    stores.reduce((sum, { netFen }) => sum + netFen, 0n),
  );
  const bps = tiers[tier - 1]?.bonusBps ?? 0;
  return stores.map((store) => ({ ...store, tier, bps, dueFen: commissionFor(store.netFen, bps) }));
}

export interface MonthStanding {
  readonly netFen: bigint;
  readonly tier: number;
  readonly bonusBps: number;
  /** What the month would add if it ended now. */
  readonly bonusFen: bigint;
  readonly next: {
    readonly tier: number;
    readonly minNetFen: number;
    readonly missingFen: bigint;
    readonly bonusBps: number;
  } | null;
}
export function standingIn(tiers: readonly Tier[], stores: readonly StoreNet[]): MonthStanding {
  const netFen = stores.reduce((sum, store) => sum + store.netFen, 0n);
  const tier = tierOf(tiers, netFen);
  const ahead = tiers[tier];
  return {
    ...{ netFen, tier, bonusBps: tiers[tier - 1]?.bonusBps ?? 0 },
    bonusFen: bonusOf(tiers, stores).reduce((sum, { dueFen }) => sum + dueFen, 0n),
    next: ahead ? { ...ahead, tier: tier + 1, missingFen: BigInt(ahead.minNetFen) - netFen } : null,
  };
}
/** Of the tiers of several versions those that give the month most, as it stands and then at the highest step; of equals the last. */
export function bestTiers(versions: readonly (readonly Tier[])[], stores: readonly StoreNet[]): readonly Tier[] {
  const top = BigInt(Math.max(0, ...versions.flat().map(({ minNetFen }) => minNetFen)));
  const rank = (tiers: readonly Tier[]) => [
    standingIn(tiers, stores).bonusFen,
    commissionFor(top, tiers[tierOf(tiers, top) - 1]?.bonusBps ?? 0),
  ];
  let best: { tiers: readonly Tier[]; rank: readonly bigint[] } | undefined;
  for (const tiers of versions) {
    const mine = rank(tiers);
    const differs = mine.findIndex((one, at) => one !== best?.rank[at]);
    if (!best || differs === -1 || (mine[differs] ?? 0n) > (best.rank[differs] ?? 0n)) best = { tiers, rank: mine };
  }
  return best?.tiers ?? [];
}
