import { myMessages, placeOrder, putMessageSettings } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { createApi } from '../../compose.ts';
import type { Principal } from '../../platform/principal.ts';
import { giveCouponTo, makeCouponKind } from '../../testing/coupons.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { MESSAGES_JOB } from '../messages/index.ts';
import { COUPON_REMINDERS_JOB } from './index.ts';

const DAY_SECONDS = 86_400;

test('N2 three days before the end one message with its reason: not before, not twice, not for a used one, not for who does not want it', {
  timeout: 60_000,
}, async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { jobs, config } = api.api.platform;
  const kind = await makeCouponKind(api, brand, brand.stores.a);
  const short = await makeCouponKind(api, brand, brand.stores.a, { validDays: 3 });
  const [holder, buyer, quiet] = await Promise.all([makeConsumer(api), makeConsumer(api), makeConsumer(api)]);
  const coupon = await giveCouponTo(api, brand, kind, holder);
  await giveCouponTo(api, brand, short, holder);
  const used = await giveCouponTo(api, brand, kind, buyer);
  await giveCouponTo(api, brand, kind, quiet);
  await api.ok(putMessageSettings, { as: quiet, body: { topic: 'coupons', on: false } });
  const toldOf = async (as: Principal) => (await api.ok(myMessages, { as })).items;
  const turn = async () => {
    await jobs.runNow(COUPON_REMINDERS_JOB);
    await jobs.runNow(MESSAGES_JOB);
  };
  api.clock.advanceSeconds(26 * DAY_SECONDS);
  await turn();
  expect(await toldOf(holder)).toEqual([]);

  const lines = [shelfLine(brand.products.family)];
  const body = { roomId: brand.rooms.a.id, lines, address: TEST_ADDRESS, couponId: used.id };
  await api.ok(placeOrder, { as: buyer, body });
  api.clock.advanceSeconds(1.5 * DAY_SECONDS);
  const other = await createApi({ ...config, PORT: 0 }, { clock: api.clock });
  try {
    await Promise.all([jobs.runNow(COUPON_REMINDERS_JOB), other.platform.jobs.runNow(COUPON_REMINDERS_JOB)]);
  } finally {
    await other.close();
  }
  // Whatever the hour, the quiet ones are over by then.
  await jobs.runNow(MESSAGES_JOB);
  api.clock.advanceSeconds(DAY_SECONDS / 2);
  await turn();
  expect(await toldOf(holder)).toMatchObject([
    {
      kind: 'coupon_ends',
      why: 'coupon',
      content: { text: coupon.title, unitName: brand.stores.a.name, scheduledAt: coupon.expiresAt },
    },
  ]);
  expect(await toldOf(buyer)).toEqual([]);
  expect(await toldOf(quiet)).toEqual([]);
});
