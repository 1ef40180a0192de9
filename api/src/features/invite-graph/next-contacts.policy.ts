/** Whom to speak with next, by what is known of them; every reason carries the figures it comes from. Pure. */
import type { ContactReason } from '@walnut-live/contracts';

export interface ContactFacts {
  readonly people: number;
  readonly active: number;
  /** Brought within 30 days. */
  readonly fresh: number;
  readonly ownOrders: number;
  readonly joinedAt: Date | null;
  readonly lastSeenAt: Date | null;
  readonly lastContactAt: Date | null;
  readonly nextContactAt: Date | null;
}

const DAY_MS = 86_400_000;
/** Who was spoken with within so many days is left alone, unless it was promised. */
export const QUIET_DAYS = 7;
const RISING_FRESH = 3;
const BROUGHT_PEOPLE = 3;
const SILENT_DAYS = 14;
const BRANCH_PEOPLE = 10;
const COOL_BPS = 2_000;
const LOYAL_ORDERS = 2;
const NEWCOMER_DAYS = 7;

const weights: Record<ContactReason['code'], number> = {
  promised: 100,
  rising: 60,
  brought_and_silent: 50,
  branch_cools: 40,
  buys_and_shares_not: 30,
  newcomer: 10,
};
const daysSince = (at: Date, now: Date): number => Math.floor((now.getTime() - at.getTime()) / DAY_MS);

/** Empty: not now. */
export function reasonsToContact(facts: ContactFacts, now: Date): ContactReason[] {
  const { people, fresh, ownOrders, joinedAt, lastSeenAt, lastContactAt, nextContactAt } = facts;
  const isPromised = nextContactAt !== null && nextContactAt <= now;
  const isQuiet = lastContactAt !== null && daysSince(lastContactAt, now) < QUIET_DAYS;
  const waits = nextContactAt !== null && nextContactAt > now;
  if (!isPromised && (isQuiet || waits)) return [];
  const reasons: ContactReason[] = [];
  if (isPromised) reasons.push({ code: 'promised', facts: { daysLate: daysSince(nextContactAt, now) } });
  if (fresh >= RISING_FRESH) reasons.push({ code: 'rising', facts: { fresh } });
  const silentDays = lastSeenAt === null ? null : daysSince(lastSeenAt, now);
  if (people >= BROUGHT_PEOPLE && silentDays !== null && silentDays >= SILENT_DAYS)
    reasons.push({ code: 'brought_and_silent', facts: { people, silentDays } });
  const activeBps = people === 0 ? 0 : Math.floor((facts.active * 10_000) / people);
  if (people >= BRANCH_PEOPLE && activeBps < COOL_BPS)
    reasons.push({ code: 'branch_cools', facts: { people, activeBps } });
  if (ownOrders >= LOYAL_ORDERS && people === 0)
    reasons.push({ code: 'buys_and_shares_not', facts: { orders: ownOrders } });
  const age = joinedAt === null ? null : daysSince(joinedAt, now);
  if (age !== null && age < NEWCOMER_DAYS && ownOrders === 0 && people === 0)
    reasons.push({ code: 'newcomer', facts: { days: age } });
  return reasons;
}

/** Promises first, then who brings most. */
export const urgency = (reasons: readonly ContactReason[]): number =>
  reasons.reduce((sum, { code }) => sum + weights[code], 0);
