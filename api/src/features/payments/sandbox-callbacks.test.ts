import { settleSandbox } from '@walnut-live/contracts';
import { expect, it } from 'vitest';
import { SANDBOX_DELIVERY_JOB } from '../../compose-selling.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import {
  eventually,
  expectBooksRight,
  place,
  shelfLine,
  startPaying,
  stateOf,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { ASKING_JOB, askPauseSeconds } from './index.ts';
import { DELAYED_SECONDS } from './sandbox-provider.ts';

it('S3 the payer of a demonstration chooses what becomes of the callback, and every choice ends paid', async () => {
  await using api = await startTestApi();
  const { rooms, products } = await seedBrand(api);
  const { jobs, db } = api.api.platform;
  const pay = async (callback: 'delayed' | 'twice' | 'lost' | 'never') => {
    const buyer = await makeConsumer(api);
    const order = await place(api, buyer, rooms.a, [shelfLine(products.milk)]);
    const { paymentId } = await startPaying(api, buyer, order.id);
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured', callback } });
    return { id: order.id, paymentId };
  };
  const attempts = async (paymentId: string) =>
    (await db.sql<{ n: number }>`SELECT attempts AS n FROM sandbox_deliveries WHERE payment_id = ${paymentId}`)[0]?.n;

  const twice = await pay('twice');
  await waitForState(api, twice.id, 'paid');
  expect(await attempts(twice.paymentId)).toBe(1);

  const lost = await pay('lost');
  await eventually(async () => expect(await attempts(lost.paymentId)).toBe(1));
  expect(await stateOf(api, lost.id)).toBe('pending_payment');
  api.clock.advanceSeconds(6);
  await jobs.runNow(SANDBOX_DELIVERY_JOB);
  await waitForState(api, lost.id, 'paid');

  const late = await pay('delayed');
  await jobs.runNow(SANDBOX_DELIVERY_JOB);
  expect(await attempts(late.paymentId)).toBe(0);
  api.clock.advanceSeconds(DELAYED_SECONDS + 1);
  await jobs.runNow(SANDBOX_DELIVERY_JOB);
  await waitForState(api, late.id, 'paid');

  const never = await pay('never');
  expect(await attempts(never.paymentId)).toBeUndefined();
  api.clock.advanceSeconds(askPauseSeconds(0) + 1);
  await jobs.runNow(ASKING_JOB);
  await waitForState(api, never.id, 'paid');
  expect(await attempts(never.paymentId)).toBeUndefined();
  await expectBooksRight(api);
});
