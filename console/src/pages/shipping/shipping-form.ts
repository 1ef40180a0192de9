/** Shipping terms as they are typed. Yuan are decimal text all the way to whole fen (rule M1). Pure. */
import type { ShippingFee, ShippingTerms } from '@walnut-live/contracts';
import { fenOf, yuanOf } from '../catalogue/product-form.ts';

export type FeeValues = {
  by: ShippingFee['by'];
  /** Yuan: the flat fee, or that of the first so many. */
  fee: string | null;
  /** Pieces or grams. */
  first?: number | null | undefined;
  next?: number | null | undefined;
  nextFee?: string | null | undefined;
  /** Yuan; empty: nothing travels free. */
  freeFrom?: string | null;
};
export type TermsValues = {
  /** False: the terms of the unit above hold. */
  own: boolean;
  zones: { name: string; provinces: string[]; fee: FeeValues }[];
  excluded: string[];
  /** False: nothing is sent outside the zones. */
  elsewhere: boolean;
  other: FeeValues;
  pickup: boolean;
  reason: string;
};

export const newFee: FeeValues = { by: 'flat', fee: '8.00', first: 1, next: 1, nextFee: '2.00', freeFrom: null };

const feeValues = (fee: ShippingFee): FeeValues => ({
  by: fee.by,
  fee: yuanOf(fee.by === 'flat' ? fee.feeFen : fee.firstFen),
  first: fee.by === 'flat' ? newFee.first : fee.first,
  next: fee.by === 'flat' ? newFee.next : fee.next,
  nextFee: fee.by === 'flat' ? newFee.nextFee : yuanOf(fee.nextFen),
  freeFrom: yuanOf(fee.freeFromFen),
});

const feeOf = ({ by, fee, first, next, nextFee, freeFrom }: FeeValues): ShippingFee => {
  const freeFromFen = fenOf(freeFrom);
  return by === 'flat'
    ? { by, feeFen: fenOf(fee) ?? 0, freeFromFen }
    : {
        ...{ by, first: first ?? 1, firstFen: fenOf(fee) ?? 0, next: next ?? 1, nextFen: fenOf(nextFee) ?? 0 },
        freeFromFen,
      };
};

/** What is edited: the unit's own terms, or what holds there as a beginning. */
export const toValues = (terms: ShippingTerms, own: boolean): TermsValues => ({
  own,
  zones: terms.zones.map(({ name, provinces, fee }) => ({ name, provinces: [...provinces], fee: feeValues(fee) })),
  excluded: [...terms.excluded],
  elsewhere: terms.other !== null,
  other: terms.other ? feeValues(terms.other) : newFee,
  pickup: terms.pickup,
  reason: '',
});

/** Null: the unit gives its own terms up. */
export const toTerms = ({ own, zones, excluded, elsewhere, other, pickup }: TermsValues): ShippingTerms | null =>
  own
    ? {
        zones: zones.map(({ name, provinces, fee }) => ({ name: name.trim(), provinces, fee: feeOf(fee) })),
        excluded,
        other: elsewhere ? feeOf(other) : null,
        pickup,
      }
    : null;

/** Provinces that another zone or the exclusion has taken; `zone` is the one that chooses, null: the exclusion does. */
export const takenBy = (values: Pick<TermsValues, 'zones' | 'excluded'>, zone: number | null): Set<string> =>
  new Set([
    ...values.zones.flatMap((one, n) => (n === zone ? [] : (one?.provinces ?? []))),
    ...(zone === null ? [] : (values.excluded ?? [])),
  ]);
