/** The terms as their form has them: yuan and percent, as people say them. */
import type { BodyInputOf, putSettlementTerms } from '@walnut-live/contracts';
import type { Terms } from './terms-page.tsx';

const FEN = 100;
const BPS_PER_PERCENT = 100;

export type TermsValues = {
  minimum: number;
  dayCap: number;
  dayTransfers: number;
  realName: number;
  appliesTo: Terms['withholding']['appliesTo'];
  exempt: number;
  deductUntil: number;
  deduct: number;
  deductPercent: number;
  bands: { over: number; percent: number; quick: number }[];
  reason: string;
};

export const valuesOf = ({ withholding, ...terms }: Terms): TermsValues => ({
  minimum: terms.minimumFen / FEN,
  dayCap: terms.dayCapFen / FEN,
  dayTransfers: terms.dayTransfers,
  realName: terms.realNameFromFen / FEN,
  appliesTo: withholding.appliesTo,
  exempt: withholding.exemptFen / FEN,
  deductUntil: withholding.deductUntilFen / FEN,
  deduct: withholding.deductFen / FEN,
  deductPercent: withholding.deductBps / BPS_PER_PERCENT,
  bands: withholding.bands.map(({ overFen, bps, quickFen }) => ({
    over: overFen / FEN,
    percent: bps / BPS_PER_PERCENT,
    quick: quickFen / FEN,
  })),
  reason: '',
});

const fen = (yuan: number): number => Math.round(yuan * FEN);
const bps = (percent: number): number => Math.round(percent * BPS_PER_PERCENT);

/** `seenVersion`: of the terms that the form began with. */
export const termsOf = (values: TermsValues, seenVersion: number): BodyInputOf<typeof putSettlementTerms> => ({
  minimumFen: fen(values.minimum),
  dayCapFen: fen(values.dayCap),
  dayTransfers: values.dayTransfers,
  realNameFromFen: fen(values.realName),
  withholding: {
    appliesTo: values.appliesTo,
    exemptFen: fen(values.exempt),
    deductUntilFen: fen(values.deductUntil),
    deductFen: fen(values.deduct),
    deductBps: bps(values.deductPercent),
    bands: values.bands.map((band) => ({ overFen: fen(band.over), bps: bps(band.percent), quickFen: fen(band.quick) })),
  },
  reason: values.reason.trim(),
  seenVersion,
});

/** The server takes the last band that is below what is taxable: they begin at nothing and rise. */
export const areRising = (bands: TermsValues['bands']): boolean =>
  bands[0]?.over === 0 && bands.every(({ over }, at) => at === 0 || over > (bands[at - 1]?.over ?? 0));
