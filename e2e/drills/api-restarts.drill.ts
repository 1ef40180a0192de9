/**
 * kill -9 of the api, twice, while people talk, like and buy. Afterwards: what was acknowledged is there exactly once, what was
 * refused is not there, likes are counted once, everybody came back by themselves.
 */
import { randomUUID } from 'node:crypto';
import { createRoom, listProducts, pinProduct, startRoom } from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../scripts/processes.ts';
import { auditBooks } from '../kit/audit.ts';
import { auditPromises, CAUGHT_UP_TIMEOUT_MS, everybodyGetsOn, startBusyPerson } from '../kit/busy-people.ts';
import { launchChromium } from '../kit/chromium.ts';
import { consumer, enterRoom, isOnline, staffMember } from '../kit/online-person.ts';
import { newPerson } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { killAndAwaitReturn } from '../kit/restarts.ts';

const PEOPLE = 6;

let product: TestProduct;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([startTestProduct(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

test('nothing acknowledged is lost and nothing counts twice when the api dies', { timeout: 400_000 }, async () => {
  const guide = await staffMember(product.origin, 'hangzhou-guide', product.demoPassword);
  const { items } = await guide.call(listProducts, {});
  const pinned = items.find(({ skus }) => skus.length === 1);
  const sku = pinned?.skus[0];
  if (!pinned || !sku) throw new Error('the demo brand has no simple product');
  const room = await guide.call(createRoom, { body: { title: '重启也不丢单', productIds: [pinned.id] } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });
  await guide.call(pinProduct, { params: { id: room.id }, body: { productId: pinned.id } });

  const line = { skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen };
  const watcher = await newPerson(browser, { folder: 'api-restarts' });
  await watcher.page.goto(`${product.origin}/r/${room.id}`);
  await watcher.page.getByTestId('pinned-card').waitFor({ timeout: 60_000 });
  const pageBorn = await watcher.page.evaluate(() => performance.timeOrigin);
  const workers = await Promise.all(
    Array.from({ length: PEOPLE }, (_, index) => startBusyPerson(product.origin, index + 1, room.id, line)),
  );
  const sessions = workers.map(({ session }) => session);

  try {
    await everybodyGetsOn(workers, 2);
    for (const time of ['first', 'second']) {
      const backMs = await killAndAwaitReturn(product, 'api');
      const killedAgo = Date.now();
      await waitUntil('everybody is back in the room', CAUGHT_UP_TIMEOUT_MS, () =>
        workers.every(({ session }) => isOnline(session)),
      );
      console.info(
        `${time} kill: the api answered again after ${backMs} ms, everybody was back in the room ${Date.now() - killedAgo} ms later`,
      );
      await everybodyGetsOn(workers, 2);
    }
    await Promise.all(workers.map((worker) => worker.stop()));
    const { ids, taps } = await auditPromises(product.databaseUrl, room.id, workers);
    expect(workers.every(({ reconnects }) => reconnects >= 2)).toBe(true);
    await waitUntil('everybody sees every message, once, and the same number of likes', CAUGHT_UP_TIMEOUT_MS, () =>
      workers.every(({ session }) => {
        const state = session.get();
        return state.chat.length === ids.length && state.likes === taps;
      }),
    );
    // Own messages stand where their sender saw them first, so the order is each person's own.
    for (const { session } of workers) {
      expect(
        session
          .get()
          .chat.map(({ messageId }) => messageId)
          .sort(),
      ).toEqual([...ids].sort());
    }

    // The browser was in the room all the time and goes on receiving, without a reload.
    const fresh = `大家都在吗 ${randomUUID().slice(0, 8)}`;
    const newcomer = await enterRoom(await consumer(product.origin, '刚来的'), room.id);
    sessions.push(newcomer);
    newcomer.sendChat(fresh);
    await watcher.shot('after-two-kills');
    await watcher.page.getByTestId('chat-line').filter({ hasText: fresh }).waitFor({ timeout: 30_000 });
    await watcher.page.waitForFunction(
      (count) => Number(document.querySelector('[data-testid="like-count"]')?.getAttribute('data-count')) === count,
      taps,
      { timeout: 30_000 },
    );
    expect(await watcher.page.evaluate(() => performance.timeOrigin)).toBe(pageBorn);

    expect(await auditBooks(product.databaseUrl)).toEqual([]);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const session of sessions) session.close();
  }
});
