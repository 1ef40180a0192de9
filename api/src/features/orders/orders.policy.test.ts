import { OrderState } from '@walnut-live/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskName } from '../../platform/masks.policy.ts';
import {
  allocateDiscount,
  FREE_SHIPPING_FROM_FEN,
  maskAddress,
  mayRefund,
  nextState,
  type OrderEvent,
  orderEvents,
  orderNo,
  resumeEvent,
  SHIPPING_FEN,
  shippingFen,
} from './orders.policy.ts';

/** Rule S7, written down a second time: every event that may happen, and where it leads. */
const allowed = new Map<string, OrderState>([
  ['pending_payment pay_deposit', 'deposit_paid'],
  ['pending_payment pay', 'paid'],
  ['pending_payment cancel', 'cancelled'],
  ['pending_payment expire', 'expired'],
  ['deposit_paid pay', 'paid'],
  ['deposit_paid cancel', 'cancelled'],
  ['deposit_paid lapse', 'expired'],
  ['deposit_paid forfeit', 'forfeited'],
  ['paid ship', 'shipped'],
  ['paid request_refund', 'refunding'],
  ['shipped receive', 'received'],
  ['shipped request_refund', 'refunding'],
  ['received request_refund', 'refunding'],
  // Of a part: the order stays where it is, so that the rest can be sent.
  ['paid refund_part', 'paid'],
  ['shipped refund_part', 'shipped'],
  ['received refund_part', 'received'],
  ['refunding refund_part', 'refunding'],
  ['paid refund_part_failed', 'paid'],
  ['shipped refund_part_failed', 'shipped'],
  ['received refund_part_failed', 'received'],
  ['refunding finish_refund', 'refunded'],
  ['refunding resume_paid', 'paid'],
  ['refunding resume_shipped', 'shipped'],
  ['refunding resume_received', 'received'],
]);
const everyPair = OrderState.options.flatMap((state) => orderEvents.map((event) => [state, event] as const));

describe('S7 the life of an order', () => {
  it.each(everyPair)('S7 %s + %s', (state: OrderState, event: OrderEvent) => {
    expect(nextState(state, event)).toBe(allowed.get(`${state} ${event}`));
  });

  it.each([
    ['buyer', 'paid', true],
    ['buyer', 'shipped', false],
    ['buyer', 'received', false],
    ['buyer', 'pending_payment', false],
    ['staff', 'paid', true],
    ['staff', 'shipped', true],
    ['staff', 'received', true],
    ['staff', 'pending_payment', false],
    ['staff', 'refunding', false],
    ['staff', 'refunded', false],
  ] as const)('S7 a %s may refund an order that is %s: %s', (by, state, may) => {
    expect(mayRefund(by, state)).toBe(may);
  });

  it('S7 a refund that the provider refuses puts the order back where it was', () => {
    const at = new Date();
    expect(resumeEvent({ shippedAt: null, receivedAt: null })).toBe('resume_paid');
    expect(resumeEvent({ shippedAt: at, receivedAt: null })).toBe('resume_shipped');
    expect(resumeEvent({ shippedAt: at, receivedAt: at })).toBe('resume_received');
  });
});

describe('M4 allocation of a discount', () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 });

  it('M4 shares sum to the discount, none exceeds its item, and each is within one fen of its proportion', () => {
    fc.assert(
      fc.property(amounts, fc.double({ min: 0, max: 1, noNaN: true }), (parts, portion) => {
        const total = parts.reduce((sum, part) => sum + part, 0n);
        const discount = (total * BigInt(Math.floor(portion * 1e6))) / 1_000_000n;
        const shares = allocateDiscount(discount, parts);
        expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(discount);
        shares.forEach((share, i) => {
          const part = parts[i] ?? 0n;
          expect(share >= 0n && share <= part).toBe(true);
          if (total > 0n) {
            const exact = discount * part;
            expect(share * total >= exact - total && share * total <= exact + total).toBe(true);
          }
        });
      }),
    );
  });

  it('M4 the largest remainder gets the fen that is left, the earlier item when equal', () => {
    expect(
      allocateDiscount(
        100n,
        [1n, 1n, 1n].map((n) => n * 100n),
      ),
    ).toEqual([34n, 33n, 33n]);
    expect(allocateDiscount(10n, [199n, 101n])).toEqual([7n, 3n]);
    expect(allocateDiscount(1n, [1n, 2n])).toEqual([0n, 1n]);
  });

  it('M4 a discount is neither negative nor larger than the goods', () => {
    expect(() => allocateDiscount(-1n, [5n])).toThrow(RangeError);
    expect(() => allocateDiscount(6n, [5n])).toThrow(RangeError);
  });
});

describe('the small rules', () => {
  it('shipping is free from 59 yuan, else 8 yuan', () => {
    expect(shippingFen(FREE_SHIPPING_FROM_FEN - 1n)).toBe(SHIPPING_FEN);
    expect(shippingFen(FREE_SHIPPING_FROM_FEN)).toBe(0n);
    expect([FREE_SHIPPING_FROM_FEN, SHIPPING_FEN]).toEqual([5_900n, 800n]);
  });

  it('Z6 names and addresses are masked', () => {
    expect(maskName('林小桃')).toBe('林*');
    expect(maskName('𠮷田')).toBe('𠮷*');
    expect(maskName('')).toBe('*');
    const address = {
      recipient: '林小桃',
      phone: '13912345678',
      province: '浙江省',
      city: '杭州市',
      district: '临安区',
      street: '山核桃路 8 号',
    };
    expect(maskAddress(address)).toEqual({ ...address, recipient: '林*', phone: '139****5678', street: '****' });
  });

  it('order numbers carry the day in China and do not meet', () => {
    const at = new Date('2026-11-21T16:00:00Z');
    expect(orderNo(1n, at)).toMatch(/^WL261122\d{8}$/);
    const numbers = new Set(Array.from({ length: 20_000 }, (_, n) => orderNo(BigInt(n), at)));
    expect(numbers.size).toBe(20_000);
  });
});
