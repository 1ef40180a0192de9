/** What a pre-sale costs, as its buyer sees it before there is an order. Pure; the server reckons the same. */
import type { PreSaleTerms } from '@walnut-live/contracts';

type Amounts = Pick<PreSaleTerms, 'priceFen' | 'depositFen' | 'worthFen'>;

/** One piece, deposit and balance. */
export const inAllFen = ({ priceFen, depositFen, worthFen }: Amounts): number => priceFen - worthFen + depositFen;

export interface Sums {
  readonly goodsFen: number;
  /** What the deposit takes off beyond itself. */
  readonly swellFen: number;
  readonly depositFen: number;
  /** Shipping in it, as far as it is known. */
  readonly balanceFen: number;
  readonly totalFen: number;
}
export const sumsOf = (terms: Amounts, quantity: number, shippingFen: number): Sums => {
  const totalFen = inAllFen(terms) * quantity + shippingFen;
  const depositFen = terms.depositFen * quantity;
  return {
    goodsFen: terms.priceFen * quantity,
    swellFen: (terms.worthFen - terms.depositFen) * quantity,
    ...{ depositFen, totalFen, balanceFen: totalFen - depositFen },
  };
};
