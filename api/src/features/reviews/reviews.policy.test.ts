import { OrderState, ReviewState } from '@walnut-live/contracts';
import { describe, expect, it } from 'vitest';
import { isAlive, mayReview, refuseClaim } from './reviews.policy.ts';

const at = new Date('2026-11-22T12:00:00Z');
const after = (seconds: number) => new Date(at.getTime() + seconds * 1_000);
const campaign = { startsAt: after(-60), endsAt: after(60), stoppedAt: null, total: 2, taken: 1 };
const goods = { kept: true, caseOpen: false };
const right = { orderState: 'received', ...goods, review: 'approved', prizeOrder: null, campaign, at } as const;
type Facts = Parameters<typeof refuseClaim>[0];

describe('who may review', () => {
  it.each(
    OrderState.options.flatMap((state) =>
      [undefined, ...ReviewState.options].map((review) => [state, review] as const),
    ),
  )('an order that is %s, with a review that is %s', (state, review) => {
    const may = state === 'received' && (review === undefined || review === 'refused');
    expect(mayReview({ state, isPrize: false }, review)).toBe(may);
    expect(mayReview({ state, isPrize: true }, review)).toBe(false);
  });
});

describe('who gets a prize', () => {
  it.each<[string, Partial<Facts>, string | undefined]>([
    ['the right one', {}, undefined],
    ['one that is refunded', { orderState: 'refunded' }, 'not_received'],
    ['one that is being refunded', { orderState: 'refunding' }, 'not_received'],
    ['one whose goods all went back', { kept: false }, 'returned'],
    ['one that is argued about', { caseOpen: true }, 'case_open'],
    ['no review', { review: undefined }, 'no_review'],
    ['one nobody looked at', { review: 'pending' }, 'not_approved'],
    ['a refused one', { review: 'refused' }, 'not_approved'],
    ['its last moment', { campaign: { ...campaign, endsAt: after(0.001) } }, undefined],
    ['over', { campaign: { ...campaign, endsAt: at } }, 'campaign_over'],
    ['too early', { campaign: { ...campaign, startsAt: after(1) } }, 'campaign_over'],
    ['stopped', { campaign: { ...campaign, stoppedAt: at } }, 'campaign_over'],
    ['all gone', { campaign: { ...campaign, taken: 2 } }, 'all_claimed'],
  ])('%s', (_, change, refusal) => expect(refuseClaim({ ...right, ...change })).toBe(refusal));

  it.each(OrderState.options.flatMap((state) => [false, true].map((sent) => ({ state, sent }))))(
    'a prize whose order is $state, sent: $sent',
    (prizeOrder) => {
      const { state, sent } = prizeOrder;
      const dead = ['cancelled', 'expired'].includes(state) || (state === 'refunded' && !sent);
      expect(isAlive(prizeOrder)).toBe(!dead);
      expect(refuseClaim({ ...right, prizeOrder })).toBe(dead ? undefined : 'claimed');
    },
  );
});
