/**
 * The Redis of the rooms is restarted, and then is away for 30 s, while people talk, like, buy and watch. Rooms pause and say
 * so in the player and in the studio, in both languages; orders are placed and paid all the time; everything goes on by
 * itself. Afterwards: what was acknowledged is there exactly once, what was refused is not.
 */
import { randomUUID } from 'node:crypto';
import { adjustStock, createRoom, listProducts, pinProduct, startRoom } from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { zh as studioZh } from '../../broadcaster/src/i18n/zh.ts';
import { en as playerEn } from '../../player/src/i18n/en.ts';
import { zh as playerZh } from '../../player/src/i18n/zh.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { startTestRedis, type TestRedis } from '../../scripts/testing/redis.ts';
import { auditBooks } from '../kit/audit.ts';
import {
  auditPromises,
  type BusyPerson,
  CAUGHT_UP_TIMEOUT_MS,
  everybodyGetsOn,
  startBusyPerson,
} from '../kit/busy-people.ts';
import { launchChromium } from '../kit/chromium.ts';
import { isOnline, staffMember } from '../kit/online-person.ts';
import { newPerson, type Person, reads, signInToChat, signInToStudio } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';

const FOLDER = 'redis-away';
const PEOPLE = 6;
const AWAY_MS = 30_000;
const NOTICED_WITHIN_MS = 15_000;
const GUIDE = 'hangzhou-guide';
const DESK = { width: 1440, height: 900 };
const LOCALES = ['zh-CN', 'en-US'] as const;

let redis: TestRedis;
let product: TestProduct;
let browser: Browser;

beforeAll(async () => {
  redis = await startTestRedis();
  [product, browser] = await Promise.all([startTestProduct({ apiEnv: { REDIS_URL: redis.url } }), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
  await redis?.kill();
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const isPaused = ({ session }: BusyPerson): boolean => session.get().paused;
const seesPause = ({ page }: Person, isThere: boolean) =>
  page
    .getByTestId('room-paused')
    .first()
    .waitFor({ state: isThere ? 'visible' : 'hidden', timeout: CAUGHT_UP_TIMEOUT_MS });

test('rooms pause and say so, orders go on, and nothing acknowledged is lost', { timeout: 600_000 }, async () => {
  const guide = await staffMember(product.origin, GUIDE, product.demoPassword);
  const { items } = await guide.call(listProducts, {});
  const pinned = items.find(({ skus }) => skus.length === 1);
  const sku = pinned?.skus[0];
  if (!pinned || !sku) throw new Error('the demo brand has no simple product');
  const room = await guide.call(createRoom, { body: { title: '网络小憩也不丢单', productIds: [pinned.id] } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });
  await guide.call(pinProduct, { params: { id: room.id }, body: { productId: pinned.id } });
  // Enough for however long a crowded machine takes.
  const manager = await staffMember(product.origin, 'hangzhou-manager', product.demoPassword);
  await manager.call(adjustStock, {
    params: { id: sku.id },
    body: { orgUnitId: room.orgUnit.id, delta: 5_000, reason: '演练备货' },
    idempotencyKey: randomUUID(),
  });
  const line = { skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen };

  // Two who watch, in both languages, and the guide in the studio.
  const watchers = await Promise.all(
    LOCALES.map(async (locale) => {
      const person = await newPerson(browser, { folder: FOLDER, locale });
      await person.page.goto(`${product.origin}/r/${room.id}`);
      await person.page.getByTestId('pinned-card').waitFor({ timeout: 60_000 });
      return { locale, person, texts: locale === 'zh-CN' ? playerZh : playerEn };
    }),
  );
  const studio = await newPerson(browser, { folder: FOLDER, viewport: DESK });
  await signInToStudio(studio, product.origin, GUIDE, product.demoPassword);
  await studio.page.goto(`${product.origin}/studio/rooms/${room.id}/live`);
  const [zhWatcher] = watchers;
  if (!zhWatcher) throw new Error('nobody watches');
  await signInToChat(zhWatcher.person, '13700004321', '小满');
  const input = zhWatcher.person.page.getByTestId('chat-input');

  const workers = await Promise.all(
    Array.from({ length: PEOPLE }, (_, index) => startBusyPerson(product.origin, index + 1, room.id, line)),
  );
  const orderCount = () => workers.reduce((sum, { orders }) => sum + orders.length, 0);
  const paidCount = () => workers.reduce((sum, { orders }) => sum + orders.filter(({ paid }) => paid).length, 0);
  const figures: Record<string, number> = {};
  const since = (name: string, fromMs: number) => {
    figures[name] = Math.round(performance.now() - fromMs);
  };
  try {
    await everybodyGetsOn(workers, 2);

    // ── restarted: comes back at once, and empty ────────────────────────────────────────────────────────────────────
    const restartedMs = performance.now();
    await redis.restart();
    await everybodyGetsOn(workers, 2);
    since('restart: everybody has two more answers after', restartedMs);
    await waitUntil('nobody is paused', CAUGHT_UP_TIMEOUT_MS, () => !workers.some(isPaused));

    // ── away for 30 s ────────────────────────────────────────────────────────────────────────────────────────────────
    await input.fill('这款还有现货吗');
    const killedMs = performance.now();
    await redis.kill();
    await waitUntil('everybody is told', NOTICED_WITHIN_MS, () => workers.every(isPaused));
    since('away: everybody is told after', killedMs);
    const [ordersBefore, paidBefore] = [orderCount(), paidCount()];
    for (const { locale, person, texts } of watchers) {
      await seesPause(person, true);
      expect(await person.page.getByTestId('room-paused').textContent()).toBe(texts['paused.note']);
      await person.shot(`player-${locale}-390`);
      await person.page.setViewportSize(DESK);
      await person.shot(`player-${locale}-1440`);
    }
    expect(await input.inputValue()).toBe('这款还有现货吗');
    expect(await zhWatcher.person.page.getByTestId('chat-send').isDisabled()).toBe(true);
    await seesPause(studio, true);
    expect(await studio.page.getByTestId('room-paused').textContent()).toBe(studioZh['paused.note']);
    await studio.shot('studio-zh-CN-1440');
    await studio.page.setViewportSize({ width: 390, height: 844 });
    await studio.shot('studio-zh-CN-390');
    await sleep(Math.max(0, AWAY_MS - (performance.now() - killedMs)));
    expect(workers.every(isPaused)).toBe(true);
    expect(workers.every(({ session }) => isOnline(session))).toBe(true);
    figures['away: orders placed'] = orderCount() - ordersBefore;
    figures['away: orders paid'] = paidCount() - paidBefore;
    expect(figures['away: orders placed']).toBeGreaterThanOrEqual(PEOPLE);
    expect(figures['away: orders paid']).toBeGreaterThanOrEqual(PEOPLE / 2);

    const backMs = performance.now();
    await redis.restart();
    await waitUntil('nobody is paused', CAUGHT_UP_TIMEOUT_MS, () => !workers.some(isPaused));
    since('back: nobody is paused after', backMs);
    for (const { person } of watchers) await seesPause(person, false);
    await seesPause(studio, false);
    // What was typed goes out with one tap.
    await zhWatcher.person.page.getByTestId('chat-send').click();
    for (const { person } of watchers) await reads(person, '这款还有现货吗');
    await everybodyGetsOn(workers, 2);
    await Promise.all(workers.map((worker) => worker.stop()));
    // A message that was on its way when the pause began waited for its end.
    expect(workers.map(({ refused }) => refused.size)).toEqual(workers.map(() => 0));
    const { ids, taps } = await auditPromises(product.databaseUrl, room.id, workers);
    await waitUntil('everybody has the same number of likes', CAUGHT_UP_TIMEOUT_MS, () =>
      workers.every(({ session }) => session.get().likes === taps),
    );
    for (const { session } of workers) {
      const shown = session.get().chat.map(({ messageId }) => messageId);
      expect(new Set(shown).size).toBe(shown.length);
      expect(shown.filter((id) => !ids.includes(id))).toEqual([]);
      expect(shown).toContain(ids.at(-1));
    }
    expect(await auditBooks(product.databaseUrl)).toEqual([]);
    console.info(JSON.stringify(figures, null, 2));
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const { session } of workers) session.close();
  }
});
