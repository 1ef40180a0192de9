// @vitest-environment jsdom
import { findMessageProblems } from '@walnut-live/ui';
import { afterEach, expect, it } from 'vitest';
import { all, click, createDesk, write } from '../../testing/desk.tsx';
import { areRising, termsOf, valuesOf } from './terms-form.ts';
import { termsI18n } from './terms-messages.ts';
import TermsPage, { type Terms } from './terms-page.tsx';

const desk = createDesk();
afterEach(desk.leave);
const terms: Terms = {
  ...{ version: 3, minimumFen: 100, dayCapFen: 2_000_000, dayTransfers: 10, realNameFromFen: 200_000 },
  ...{ effectiveFrom: '2026-11-01T00:00:00.000Z', reason: '首版' },
  withholding: {
    ...{ appliesTo: 'consumers', exemptFen: 80_000, deductUntilFen: 400_000, deductFen: 80_000, deductBps: 2_000 },
    bands: [
      { overFen: 0, bps: 2_000, quickFen: 0 },
      { overFen: 2_000_000, bps: 3_000, quickFen: 200_000 },
    ],
  },
};
const { version: seenVersion, effectiveFrom: _e, ...shown } = terms;
const asIs = { ...shown, seenVersion };

it('every text is there in both languages, with the same parameters', () => {
  expect(findMessageProblems(termsI18n.messages)).toEqual([]);
});

it('what people say in yuan and percent is the same fen and basis points', () => {
  expect(termsOf({ ...valuesOf(terms), reason: ' 首版 ' }, 3)).toEqual(asIs);
  expect(termsOf({ ...valuesOf(terms), minimum: 0.29, deductPercent: 1.15 }, 3)).toMatchObject({
    ...{ minimumFen: 29, withholding: { deductBps: 115 } },
  });
});

it.each([
  [[0], true],
  [[0, 10, 20], true],
  [[1, 10], false],
  [[0, 10, 10], false],
  [[], false],
])('bands over %j rise from nothing: %s', (overs, are) => {
  expect(areRising(overs.map((over) => ({ over, percent: 20, quick: 0 })))).toBe(are);
});

it('terms are put anew as a whole, with a reason; who may only read changes none', async () => {
  const answers = { 'settlement-terms.get': () => terms, 'settlement-terms.put': () => terms };
  await desk.show(<TermsPage />, answers);
  await desk.shown('第 3 版');
  await click('terms-change');
  await click('terms-submit');
  await desk.shown('请写明原因');
  expect(desk.sent()).toEqual([]);
  await write('terms-reason', '首版');
  await click('terms-submit');
  await desk.until(() =>
    expect(desk.sent()).toEqual([['settlement-terms.put', expect.objectContaining({ body: asIs })]]),
  );
  await desk.leave();
  await desk.show(<TermsPage />, answers, { role: 'hq_analyst' });
  await desk.shown('第 3 版');
  expect(all('terms-change')).toEqual([]);
});
