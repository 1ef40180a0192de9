import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RefundPlan } from './refund-plan.policy.ts';
import { splitRefund } from './refund-split.policy.ts';

const line = (itemId: string, amountFen: bigint, pieces = 1, withdrawn = 1) => ({
  itemId,
  amountFen,
  pieces,
  withdrawn,
});
const planOf = (lines: RefundPlan['lines'], shippingFen = 0n): RefundPlan => ({
  ...{ lines, shippingFen, isRest: false },
  amountFen: lines.reduce((sum, { amountFen }) => sum + amountFen, shippingFen),
});

it('S8 takes the latest payment first, and the rest from the one before; pieces stay with the first part of their item', () => {
  const payments = [
    { id: 'balance', leftFen: 8_000n },
    { id: 'deposit', leftFen: 2_000n },
  ];
  expect(splitRefund(planOf([line('a', 500n)]), payments)).toEqual([
    { paymentId: 'balance', lines: [line('a', 500n)], shippingFen: 0n, amountFen: 500n },
  ]);
  expect(splitRefund(planOf([line('a', 9_200n, 2, 2)], 800n), payments)).toEqual([
    { paymentId: 'balance', lines: [line('a', 8_000n, 2, 2)], shippingFen: 0n, amountFen: 8_000n },
    { paymentId: 'deposit', lines: [line('a', 1_200n, 0, 0)], shippingFen: 800n, amountFen: 2_000n },
  ]);
  expect(splitRefund(planOf([line('a', 10_001n)]), payments)).toBeUndefined();
});

it('S8 one payment has all of it: the plan as it is, gifts that are worth nothing included', () => {
  const plan = planOf([line('a', 100n), line('gift', 0n)], 50n);
  const { isRest: _isRest, ...rest } = plan;
  expect(splitRefund(plan, [{ id: 'p', leftFen: 150n }])).toEqual([{ paymentId: 'p', ...rest }]);
});

it('S8 M4 shares sum to the plan, per item, and none is more than its payment has', () => {
  const amounts = fc.array(fc.bigInt(0n, 5_000n), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      amounts,
      fc.bigInt(0n, 900n),
      fc.array(fc.bigInt(0n, 6_000n), { maxLength: 4 }),
      (fens, shipping, left) => {
        const plan = planOf(
          fens.map((fen, n) => line(`i${n}`, fen, n, n)),
          shipping,
        );
        if (plan.amountFen === 0n) return;
        const payments = left.map((leftFen, n) => ({ id: `p${n}`, leftFen }));
        const shares = splitRefund(plan, payments);
        if (left.reduce((sum, fen) => sum + fen, 0n) < plan.amountFen) {
          expect(shares).toBeUndefined();
          return;
        }
        const parts = shares ?? [];
        for (const share of parts) {
          expect(share.amountFen).toBeGreaterThan(0n);
          expect(share.amountFen).toBeLessThanOrEqual(payments.find(({ id }) => id === share.paymentId)?.leftFen ?? 0n);
          expect(share.lines.reduce((sum, { amountFen }) => sum + amountFen, share.shippingFen)).toBe(share.amountFen);
          expect(new Set(share.lines.map(({ itemId }) => itemId)).size).toBe(share.lines.length);
        }
        const sum = (pick: (share: (typeof parts)[number]) => bigint) =>
          parts.reduce((all, one) => all + pick(one), 0n);
        expect(sum(({ amountFen }) => amountFen)).toBe(plan.amountFen);
        expect(sum(({ shippingFen }) => shippingFen)).toBe(plan.shippingFen);
        for (const wanted of plan.lines) {
          const own = parts.flatMap(({ lines }) => lines).filter(({ itemId }) => itemId === wanted.itemId);
          expect(own.reduce((all, { amountFen }) => all + amountFen, 0n)).toBe(wanted.amountFen);
          expect(own.reduce((all, { pieces }) => all + pieces, 0)).toBe(wanted.pieces);
          expect(own.reduce((all, { withdrawn }) => all + withdrawn, 0)).toBe(wanted.withdrawn);
        }
      },
    ),
  );
});
