/**
 * A refund of an order that was paid in parts (rule S8): pure. A refund belongs to one payment, so what is asked for becomes one
 * refund of each payment it needs, the latest payment first, and always the same ones: items in their order, then shipping. The
 * pieces of an item that is split go with its first part.
 */
import type { RefundLine, RefundPlan } from './refund-plan.policy.ts';

export interface RefundablePayment {
  readonly id: string;
  /** Captured and not asked back yet. */
  readonly leftFen: bigint;
}
export type RefundShare = { readonly paymentId: string } & Pick<RefundPlan, 'lines' | 'shippingFen' | 'amountFen'>;

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Undefined when the payments have less than is asked for. */
export function splitRefund(plan: RefundPlan, payments: readonly RefundablePayment[]): RefundShare[] | undefined {
  const lines = [...plan.lines];
  let { shippingFen } = plan;
  let owedFen = plan.amountFen;
  const shares: RefundShare[] = [];
  for (const payment of payments) {
    if (owedFen === 0n) break;
    if (payment.leftFen <= 0n) continue;
    const amountFen = least(owedFen, payment.leftFen);
    let room = amountFen;
    const own: RefundLine[] = [];
    while (lines.length > 0) {
      const line = lines[0] as RefundLine;
      if (line.amountFen > room) {
        if (room > 0n) own.push({ ...line, amountFen: room });
        // What is left of it is money alone.
        if (room > 0n) lines[0] = { ...line, amountFen: line.amountFen - room, pieces: 0, withdrawn: 0 };
        room = 0n;
        break;
      }
      own.push(line);
      room -= line.amountFen;
      lines.shift();
    }
    shares.push({ paymentId: payment.id, lines: own, shippingFen: room, amountFen });
    shippingFen -= room;
    owedFen -= amountFen;
  }
  return owedFen === 0n && shippingFen === 0n && lines.length === 0 ? shares : undefined;
}
