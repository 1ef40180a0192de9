import { findMessageProblems } from '@walnut-live/ui';
import { expect, it } from 'vitest';
import { attributionI18n } from './messages.ts';
import { timelineOf } from './timeline.ts';

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(attributionI18n.messages)).toEqual([]);
});

it('A3 what happened stands in its order: bond, clicks, order, payment, appeals, rulings', () => {
  const unit = { id: crypto.randomUUID(), kind: 'store', path: 'hq.a', name: '湖滨店' } as const;
  const person = (name: string) => ({ id: crypto.randomUUID(), name });
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 12, minute)).toISOString();
  const click = (minute: number, won: boolean) => ({
    ...{ reason: 'share_link' as const, won, why: won ? ('won' as const) : ('older_click' as const) },
    ...{ person: person('贝贝'), touchId: crypto.randomUUID(), at: at(minute), channel: 'copy' },
  });
  const kinds = timelineOf({
    considered: [click(9, true), click(3, false)],
    order: { placedAt: at(10), paidAt: at(11), paidFen: 100 },
    owner: { store: unit, boundAt: at(1) },
    versions: [
      { version: 1, at: at(10) },
      { version: 2, at: at(20) },
    ],
    appeals: [{ at: at(15), by: person('安然') }],
  }).map(({ kind }) => kind);
  expect(kinds).toEqual(['bound', 'click', 'click', 'placed', 'paid', 'appeal', 'ruling']);
});
