/**
 * Who may ask for another look at a credit, until when, and what a ruling makes of it (rules A3–A5): pure decisions.
 *
 * Parties are those who were considered (sharers by their clicks, the guide who owns the customer, the guide of the room) and the
 * managers of the stores concerned; never the buyer. A party asks once about each answer: the decision made with the order, or the
 * last ruling that changed it.
 */
import type { CreditAppealRole, CreditReason, StaffRole } from '@walnut-live/contracts';
import type { CreditWhy } from './credits.policy.ts';

export const APPEAL_DAYS = 30;
const DAY_MS = 86_400_000;
export const appealUntil = (answeredAt: Date): Date => new Date(answeredAt.getTime() + APPEAL_DAYS * DAY_MS);

export interface Parties {
  /** The buyer and every guest they were. */
  readonly buyerIds: ReadonlySet<string>;
  /** As they are now. */
  readonly considered: readonly { readonly reason: CreditReason; readonly personId: string | null }[];
  readonly creditedId: string | null;
  readonly ownerGuideId: string | null;
  /** Of the order, of the customer's owner, and of whom it is credited to. */
  readonly unitPaths: ReadonlySet<string>;
}
export function roleOf(
  who: {
    readonly personId: string;
    readonly staff?: { readonly role: StaffRole; readonly orgPath: string } | undefined;
  },
  parties: Parties,
): CreditAppealRole | null {
  const { personId, staff } = who;
  if (parties.buyerIds.has(personId)) return null;
  const as = (reason: CreditReason) =>
    parties.considered.some((one) => one.reason === reason && one.personId === personId);
  if (as('share_link')) return 'sharer';
  if (as('owner_guide') || parties.ownerGuideId === personId) return 'owner_guide';
  if (as('room_guide')) return 'room_guide';
  if (staff?.role === 'store_manager' && parties.unitPaths.has(staff.orgPath)) return 'store_manager';
  return parties.creditedId === personId ? 'sharer' : null;
}

export interface Version {
  readonly version: number;
  readonly personId: string | null;
  readonly reason: CreditReason;
  readonly at: Date;
}
/** The version that first said what stands now: later ones only upheld it. */
export function answerOf(versions: readonly Version[]): Version {
  const [first, ...later] = [...versions].sort((a, b) => a.version - b.version);
  if (!first) throw new Error('credit: an order without a credit');
  return later.reduce(
    (answer, next) => (next.personId === answer.personId && next.reason === answer.reason ? answer : next),
    first,
  );
}
export function mayAppeal(facts: {
  readonly role: CreditAppealRole | null;
  readonly paid: boolean;
  readonly answer: Pick<Version, 'version' | 'at'>;
  /** The versions that this party has asked about. */
  readonly asked: readonly number[];
  readonly now: Date;
}): 'yes' | 'not_a_party' | 'not_a_sale' | 'asked_already' | 'too_late' {
  if (facts.role === null) return 'not_a_party';
  if (!facts.paid) return 'not_a_sale';
  if (facts.asked.some((version) => version >= facts.answer.version)) return 'asked_already';
  return facts.now > appealUntil(facts.answer.at) ? 'too_late' : 'yes';
}

export interface Traced {
  readonly reason: CreditReason;
  readonly won: boolean;
  readonly why: CreditWhy;
  readonly personId: string | null;
  readonly touchId: string | null;
  readonly at: string | null;
  readonly channel: string | null;
}
/** The reasoning once headquarters has given the credit to `personId`: the ruling stands above all that was considered. */
export function traceOfRuling(considered: readonly Traced[], ruled: { personId: string | null; at: Date }): Traced[] {
  const ruling: Traced = {
    ...{ reason: 'hq_ruling', won: true, why: 'won', personId: ruled.personId, touchId: null },
    ...{ at: ruled.at.toISOString(), channel: null },
  };
  const others = considered
    .filter(({ reason }) => reason !== 'hq_ruling')
    .map((one) => (one.won ? { ...one, won: false, why: 'outranked' as const } : one));
  return [ruling, ...others];
}
/** The click by which somebody comes to a credit, the newest; a ruling for a person without any stands on no touch. */
export const touchOf = (considered: readonly Traced[], personId: string | null): string | null =>
  considered.find((one) => one.reason === 'share_link' && one.personId === personId && personId !== null)?.touchId ??
  null;
