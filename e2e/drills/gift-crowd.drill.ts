import { expect, test } from 'vitest';
import { crowdGives } from '../../api/src/testing/gift-crowd.ts';

const GIFTS_EACH = 200;

test('G1 M2 100 people × 200 gifts with coins for eleven each', { timeout: 900_000 }, async () => {
  const tookMs = await crowdGives({ giftsEach: GIFTS_EACH, peopleAtOnce: 10, rivals: 20 });
  console.info(`${100 * GIFTS_EACH} gifts asked for in ${tookMs} ms`);
  expect(tookMs).toBeGreaterThan(0);
});
