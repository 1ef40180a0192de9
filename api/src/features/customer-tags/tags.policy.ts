/** Rules of tags over what was counted (rule N3), and the life of a KOC proposal (rules N4, S7): pure. */
import type { KocState, TagCondition, TagFact } from '@walnut-live/contracts';

/** Under which a count is kept: one metric over one number of days is counted once, whatever rules ask for it. */
export const countKey = ({ metric, days }: Pick<TagCondition, 'metric' | 'days'>): string => `${metric}:${days}`;

/** What was counted, one for one with the conditions; nothing counted is 0. */
export const factsOf = (conditions: readonly TagCondition[], counts: ReadonlyMap<string, number>): TagFact[] =>
  conditions.map((condition) => ({ ...condition, counted: counts.get(countKey(condition)) ?? 0 }));

export const holds = ({ op, value, counted }: TagFact): boolean =>
  op === 'at_least' ? counted >= value : counted <= value;

/** The facts when all conditions hold; undefined otherwise. */
export function whyTagged(
  conditions: readonly TagCondition[],
  counts: ReadonlyMap<string, number>,
): TagFact[] | undefined {
  const facts = factsOf(conditions, counts);
  return facts.every(holds) ? facts : undefined;
}

export const kocEvents = ['accept', 'decline', 'lapse'] as const;
export type KocEvent = (typeof kocEvents)[number];
/** Rule S7: the whole state machine of a proposal. Nothing becomes a KOC without `accept`, which a person does. */
export const kocTransitions: Readonly<Record<KocState, Readonly<Partial<Record<KocEvent, KocState>>>>> = {
  proposed: { accept: 'accepted', decline: 'declined', lapse: 'lapsed' },
  accepted: {},
  declined: {},
  lapsed: {},
};

export interface KocFigures {
  readonly paidOrders: number;
  readonly broughtPeople: number;
  readonly broughtBuyers: number;
}
export const isCandidate = (
  figures: KocFigures,
  rule: Readonly<{ paidOrders: number; broughtBuyers: number }>,
): boolean => figures.paidOrders >= rule.paidOrders || figures.broughtBuyers >= rule.broughtBuyers;
