import type { CreditExplanation, PersonRef } from '@walnut-live/contracts';
import type { z } from 'zod';

type Person = z.output<typeof PersonRef>;
export type Step =
  | { kind: 'bound'; at: string; store: string }
  | { kind: 'click'; at: string; who: string | null; won: boolean; channel: string | null }
  | { kind: 'placed'; at: string }
  | { kind: 'paid'; at: string; fen: number }
  | { kind: 'appeal'; at: string; who: string }
  | { kind: 'ruling'; at: string };

/** At one moment a click comes before the order it led to, and that before its payment. */
const ranks = ['bound', 'click', 'placed', 'paid', 'appeal', 'ruling'];

/** Everything that has a time in the story of a credit, the earliest first. */
export function timelineOf(credit: {
  considered: readonly Pick<CreditExplanation['considered'][number], 'reason' | 'won' | 'at' | 'channel' | 'person'>[];
  order: Pick<CreditExplanation['order'], 'placedAt' | 'paidAt' | 'paidFen'>;
  owner: { store: { name: string }; boundAt: string } | null;
  versions: readonly { version: number; at: string }[];
  appeals: readonly { at: string; by: Person }[];
}): Step[] {
  const { order, owner } = credit;
  const steps: Step[] = [
    ...(owner ? [{ kind: 'bound' as const, at: owner.boundAt, store: owner.store.name }] : []),
    ...credit.considered.flatMap(({ reason, at, won, channel, person }) =>
      reason === 'share_link' && at !== null
        ? [{ kind: 'click' as const, at, who: person?.name ?? null, won, channel }]
        : [],
    ),
    { kind: 'placed', at: order.placedAt },
    ...(order.paidAt === null ? [] : [{ kind: 'paid' as const, at: order.paidAt, fen: order.paidFen }]),
    ...credit.appeals.map(({ at, by }) => ({ kind: 'appeal' as const, at, who: by.name })),
    ...credit.versions.filter(({ version }) => version > 1).map(({ at }) => ({ kind: 'ruling' as const, at })),
  ];
  return steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || ranks.indexOf(a.kind) - ranks.indexOf(b.kind));
}
