import { isApiError } from '@walnut-live/live-client/http';
import type { SkuPrice } from '@walnut-live/live-client/room';

/** What one piece costs in this checkout, and under which offer: what the order line will say (rule S4). */
export type Terms = {
  priceFen: number;
  struckFen: number | null;
  offerId: string | null;
  offerVersion: number | null;
  /** End of the offer; null at the shelf price, or when only the server knows. */
  endsAt: string | null;
  soldOut: boolean;
  maxQuantity: number;
};

/** A refusal the buyer can do something about. `terms` are what the server would accept now. */
export type Refusal = {
  kind: 'price_changed' | 'offer_over' | 'out_of_stock' | 'limit_exceeded';
  seenFen: number;
  limit: number | null;
  terms: Pick<Terms, 'priceFen' | 'offerId' | 'offerVersion'> | null;
  /** The screen these terms correct; once the room itself shows something else, that is newer. */
  corrects: string;
};

const termsOfScreen = (price: SkuPrice): Terms => ({
  priceFen: price.priceFen,
  struckFen: price.struckFen,
  offerId: price.offer?.id ?? null,
  offerVersion: price.offer?.version ?? null,
  endsAt: price.offer?.endsAt ?? null,
  soldOut: price.soldOut,
  maxQuantity: price.maxQuantity,
});

const screenKey = (price: SkuPrice): string =>
  `${price.sku.id}:${price.priceFen}:${price.offer?.id ?? ''}:${price.offer?.version ?? ''}`;

const numberIn = (facts: Readonly<Record<string, unknown>>, ...names: string[]): number | null => {
  for (const name of names) {
    const value = facts[name];
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  }
  return null;
};

/** Reads an error of `orders.place`; null when it is none of those that ask the buyer again. */
export const refusalOf = (error: unknown, price: SkuPrice): Refusal | null => {
  if (!isApiError(error)) return null;
  const { facts } = error;
  const base = { seenFen: price.priceFen, limit: null, terms: null, corrects: screenKey(price) };
  const told = numberIn(facts, 'priceFen');
  const offerId = typeof facts.offerId === 'string' ? facts.offerId : null;
  const toldTerms = told === null ? null : { priceFen: told, offerId, offerVersion: numberIn(facts, 'offerVersion') };
  switch (error.code) {
    case 'price_changed':
      return { ...base, kind: 'price_changed', terms: toldTerms };
    case 'offer_not_open':
    case 'offer_sold_out':
      // Without better knowledge the shelf price is what is left.
      return {
        ...base,
        kind: 'offer_over',
        terms: toldTerms ?? { priceFen: price.sku.priceFen, offerId: null, offerVersion: null },
      };
    case 'out_of_stock':
      return { ...base, kind: 'out_of_stock' };
    case 'limit_exceeded':
      return { ...base, kind: 'limit_exceeded', limit: numberIn(facts, 'limit', 'perPersonLimit') };
    default:
      return null;
  }
};

/** The terms to show and to order by: the server's correction while it is news, else the room's. Pure. */
export const termsAfter = (price: SkuPrice, refusal: Refusal | null): Terms => {
  const screen = termsOfScreen(price);
  if (!refusal || refusal.corrects !== screenKey(price)) return screen;
  if (refusal.kind === 'out_of_stock') return { ...screen, soldOut: true };
  if (!refusal.terms) return screen;
  const sameOffer = refusal.terms.offerId !== null && refusal.terms.offerId === screen.offerId;
  return {
    ...screen,
    ...refusal.terms,
    struckFen: screen.struckFen !== null && screen.struckFen > refusal.terms.priceFen ? screen.struckFen : null,
    endsAt: sameOffer ? screen.endsAt : null,
    soldOut: false,
  };
};
