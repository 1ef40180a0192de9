import { pieceShareFen } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bringTo, commissionFor, type Posted } from '../commissions/commissions.policy.ts';
import { allocateDiscount } from './orders.policy.ts';
import {
  leftOf,
  planRefund,
  type RefundableItem,
  type RefundableOrder,
  type RefundPlan,
  refundedEvent,
  refusedEvent,
  restOf,
  shippingLeft,
  type WantedRefund,
} from './refund-plan.policy.ts';

const item = (over: Partial<RefundableItem> = {}): RefundableItem => ({
  ...{ id: 'a', quantity: 3, amountFen: 1_000n, refundedFen: 0n, refundingFen: 0n },
  ...{ refundedPieces: 0, withdrawn: 0, sent: 0 },
  ...over,
});
const order = (items: RefundableItem[], over: Partial<RefundableOrder> = {}): RefundableOrder => ({
  paidFen: items.reduce((sum, one) => sum + one.amountFen, 800n),
  ...{ shippingFen: 800n, shippingRefundedFen: 0n, shippingRefundingFen: 0n, items },
  ...over,
});
const ask = (pieces: number, amountFen?: bigint, shippingFen = 0n): WantedRefund => ({
  items: [{ itemId: 'a', pieces, amountFen }],
  shippingFen,
});

describe('S8 what a refund is of', () => {
  it('S8 pieces are worth their exact share: the last one takes the fen that is left over', () => {
    expect([0, 1, 2].map((before) => pieceShareFen({ amountFen: 1_000n, quantity: 3 }, before, 1))).toEqual([
      333n,
      333n,
      334n,
    ]);
    expect(planRefund(order([item({ refundedPieces: 2, refundedFen: 666n, withdrawn: 2 })]), ask(1))).toMatchObject({
      amountFen: 334n,
      isRest: false,
      lines: [{ withdrawn: 1 }],
    });
  });

  it.each([
    ['another item', { items: [{ itemId: 'b', pieces: 1 }], shippingFen: 0n }, 'not_found'],
    ['an item twice', { items: [...ask(1).items, ...ask(1).items], shippingFen: 0n }, 'twice'],
    ['nothing', { items: [], shippingFen: 0n }, 'nothing'],
    ['no fen of a piece', ask(1, 0n), 'nothing'],
    ['more pieces than are left', ask(3), 'too_many_pieces'],
    ['fewer than none', ask(-1), 'too_many_pieces'],
    ['more fen than the item has left', ask(0, 901n), 'too_much'],
    ['a negative amount', ask(0, -1n), 'too_much'],
    ['more than is left of the shipping fee', ask(0, 1n, 301n), 'too_much'],
    ['a negative shipping fee', ask(0, 1n, -1n), 'too_much'],
  ] as const)('S8 refuses %s', (_, wanted, refusal) => {
    const spent = order([item({ refundedPieces: 1, refundingFen: 100n })], { shippingRefundedFen: 500n });
    expect(planRefund(spent, wanted)).toBe(refusal);
  });

  it('S8 a price reduction takes no piece out; a later piece is worth at most what is left', () => {
    expect(planRefund(order([item()]), ask(0, 900n))).toMatchObject({ lines: [{ pieces: 0, withdrawn: 0 }] });
    expect(planRefund(order([item({ refundedFen: 900n })]), ask(1))).toMatchObject({ amountFen: 100n });
  });

  it('S8 pieces in the house are taken out first; pieces that were sent are not', () => {
    const partly = order([item({ sent: 2 })]);
    expect(planRefund(partly, ask(2))).toMatchObject({ lines: [{ pieces: 2, withdrawn: 1 }] });
    expect(planRefund(partly, { items: [{ itemId: 'a', pieces: 2, ofSent: true }], shippingFen: 0n })).toMatchObject({
      lines: [{ pieces: 2, withdrawn: 0 }],
    });
  });

  it('S8 a refund that leaves nothing takes out whatever is still in the house', () => {
    const two = order([item(), item({ id: 'b', refundedFen: 1_000n })]);
    expect(planRefund(two, { items: [{ itemId: 'a', pieces: 0, amountFen: 1_000n }], shippingFen: 800n })).toEqual({
      ...{ amountFen: 1_800n, shippingFen: 800n, isRest: true },
      lines: [
        { itemId: 'a', amountFen: 1_000n, pieces: 3, withdrawn: 3 },
        { itemId: 'b', amountFen: 0n, pieces: 3, withdrawn: 3 },
      ],
    });
  });

  it('a gift goes back with the pieces it came with, the last one with the last piece', () => {
    const withGift = (refundedPieces: number, given: number) =>
      order([
        item({ refundedPieces, withdrawn: refundedPieces, refundedFen: BigInt(refundedPieces * 333) }),
        item({ ...{ id: 'g', giftOf: 'a', quantity: 2, amountFen: 0n }, refundedPieces: given, withdrawn: given }),
      ]);
    const gifts = (refundable: RefundableOrder, pieces: number) => {
      const plan = planRefund(refundable, ask(pieces));
      return typeof plan === 'string' ? plan : plan.lines.find(({ itemId }) => itemId === 'g');
    };
    expect(gifts(withGift(0, 0), 1)).toBeUndefined();
    expect(gifts(withGift(0, 0), 2)).toEqual({ itemId: 'g', amountFen: 0n, pieces: 1, withdrawn: 1 });
    expect(gifts(withGift(2, 1), 1)).toEqual({ itemId: 'g', amountFen: 0n, pieces: 1, withdrawn: 1 });
  });

  it('as many gifts go back as the kept pieces would not have brought, whatever was given', () => {
    const withGift = (given: number, sent = 0) =>
      order([
        item({ quantity: 5, sent }),
        item({ ...{ id: 'g', giftOf: 'a', giftPer: 2, quantity: given, amountFen: 0n, sent: sent > 0 ? given : 0 } }),
      ]);
    const back = (given: number, pieces: number) => {
      const plan = planRefund(withGift(given), ask(pieces));
      return typeof plan === 'string' ? plan : (plan.lines.find(({ itemId }) => itemId === 'g')?.pieces ?? 0);
    };
    expect([1, 2, 3, 4, 5].map((pieces) => back(2, pieces))).toEqual([0, 1, 1, 2, 2]);
    // Only one was left when it was bought: three kept pieces bring it still.
    expect([1, 2, 3, 4, 5].map((pieces) => back(1, pieces))).toEqual([0, 0, 0, 1, 1]);
    const named = { items: [...ask(2).items, { itemId: 'g', pieces: 5, ofSent: true }], shippingFen: 0n };
    expect(planRefund(withGift(2, 5), named)).toMatchObject({
      lines: [{ itemId: 'a' }, { itemId: 'g', pieces: 2, withdrawn: 0 }],
    });
  });

  it('S7 what the end of a refund does to its order', () => {
    const at = new Date();
    const where = { shippedAt: at, receivedAt: null };
    expect([refundedEvent(0n), refundedEvent(1n)]).toEqual(['finish_refund', 'refund_part']);
    expect(refusedEvent({ state: 'refunding', ...where })).toBe('resume_shipped');
    expect(refusedEvent({ state: 'shipped', ...where })).toBe('refund_part_failed');
  });
});

/** One order by the rules, and a second book of it that knows nothing of them. */
const basket = fc.record({
  items: fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 5 }), unit: fc.integer({ min: 1, max: 99_999 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  discountBps: fc.integer({ min: 0, max: 9_999 }),
  shippingFen: fc.constantFrom<bigint>(0n, 800n),
  bps: fc.integer({ min: 0, max: 10_000 }),
});
const deed = fc.record({
  which: fc.nat(3),
  pieces: fc.nat(3),
  part: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  shipping: fc.nat(900),
  rest: fc.integer({ min: 0, max: 9 }),
  /** Which of the refunds under way ends then, and how. */
  ends: fc.nat(2),
  fails: fc.integer({ min: 0, max: 4 }),
});

describe('S8 K1 M4 any schedule of partial refunds', () => {
  it('S8 K1 sums are exact, nothing is given back twice, commission is floor(basis × rate) at every moment', () => {
    fc.assert(
      fc.property(basket, fc.array(deed, { minLength: 1, maxLength: 14 }), (terms, deeds) => {
        const gross = terms.items.map(({ quantity, unit }) => BigInt(quantity * unit));
        const total = gross.reduce((sum, fen) => sum + fen, 0n);
        const shares = allocateDiscount((total * BigInt(terms.discountBps)) / 10_000n, gross);
        let state = order(
          terms.items.map(({ quantity }, n) =>
            item({ id: `${n}`, quantity, amountFen: (gross[n] ?? 0n) - (shares[n] ?? 0n) }),
          ),
          { shippingFen: terms.shippingFen },
        );
        const paidFen = state.items.reduce((sum, one) => sum + one.amountFen, BigInt(terms.shippingFen));
        const estimated = { state: 'estimated' as const, settleableAt: null, heldReason: '' };
        const posted: Posted[][] = state.items.map((one) => [
          { ...estimated, basisFen: one.amountFen, amountFen: commissionFor(one.amountFen, terms.bps) },
        ]);
        const under: RefundPlan[] = [];
        let paidBack = 0n;
        const change = (plan: RefundPlan, how: 'hold' | 'settle' | 'release') => {
          const sign = how === 'hold' ? 1n : -1n;
          const count = how === 'hold' ? 1 : how === 'release' ? -1 : 0;
          state = {
            ...state,
            shippingRefundingFen: state.shippingRefundingFen + sign * plan.shippingFen,
            shippingRefundedFen: state.shippingRefundedFen + (how === 'settle' ? plan.shippingFen : 0n),
            items: state.items.map((one) => {
              const line = plan.lines.find(({ itemId }) => itemId === one.id);
              if (!line) return one;
              return {
                ...one,
                refundingFen: one.refundingFen + sign * line.amountFen,
                refundedFen: one.refundedFen + (how === 'settle' ? line.amountFen : 0n),
                refundedPieces: one.refundedPieces + count * line.pieces,
                withdrawn: one.withdrawn + count * line.withdrawn,
              };
            }),
          };
        };
        for (const { which, pieces, part, shipping, rest, ends, fails } of deeds) {
          const target = state.items[which % state.items.length] ?? item();
          const named = part === undefined ? undefined : BigInt(Math.floor(part * Number(target.amountFen)));
          const plan = planRefund(
            state,
            rest === 0
              ? restOf(state)
              : { items: [{ itemId: target.id, pieces, amountFen: named }], shippingFen: BigInt(shipping % 300) },
          );
          if (typeof plan !== 'string') {
            expect(plan.lines.reduce((sum, line) => sum + line.amountFen, plan.shippingFen)).toBe(plan.amountFen);
            change(plan, 'hold');
            under.push(plan);
            const left = state.items.reduce((sum, one) => sum + leftOf(one), shippingLeft(state));
            expect(plan.isRest).toBe(left === 0n);
          }
          const ended = under.splice(ends, 1)[0];
          if (ended) {
            change(ended, fails === 0 ? 'release' : 'settle');
            if (fails !== 0) paidBack += ended.amountFen;
          }
          for (const [n, one] of state.items.entries()) {
            const entries = posted[n] ?? [];
            const basisFen = one.amountFen - one.refundedFen;
            const due = { basisFen, dueFen: commissionFor(basisFen, terms.bps) };
            const entry = bringTo(due, entries, estimated, new Date(0));
            if (entry) entries.push({ ...entry, ...estimated });
            expect(entries.reduce((sum, { amountFen }) => sum + amountFen, 0n)).toBe(
              commissionFor(one.amountFen - one.refundedFen, terms.bps),
            );
            expect(leftOf(one) >= 0n && one.refundingFen >= 0n).toBe(true);
            expect(one.withdrawn <= one.quantity && one.refundedPieces <= one.quantity).toBe(true);
            expect(one.withdrawn <= one.refundedPieces).toBe(true);
          }
          const told = state.items.reduce((sum, one) => sum + one.refundedFen, state.shippingRefundedFen);
          expect(told).toBe(paidBack);
          expect(paidBack <= paidFen).toBe(true);
        }
        for (const plan of under.splice(0)) {
          change(plan, 'settle');
          paidBack += plan.amountFen;
        }
        const last = planRefund(state, restOf(state));
        if (typeof last !== 'string') paidBack += last.amountFen;
        expect(paidBack).toBe(paidFen);
      }),
      { numRuns: 300 },
    );
  });
});
