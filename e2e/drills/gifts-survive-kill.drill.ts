/**
 * kill -9 of the api, twice, while people give gifts and take some back. Afterwards every gift that was acknowledged has its
 * transfer and was shown once, what was taken back is off the screen, and nobody paid twice for an answer that was lost.
 */
import { randomUUID } from 'node:crypto';
import {
  checkAdult,
  createRoom,
  getWallet,
  listGifts,
  sendGift,
  settleSandbox,
  startRoom,
  takeGiftBack,
  topUpWallet,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomAdult } from '../../api/src/testing/gifts.ts';
import { type Api, isApiError, isDefinite } from '../../live-client/src/http/index.ts';
import type { RoomSession } from '../../live-client/src/room/index.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { consumer, enterRoom, isOnline, staffMember } from '../kit/online-person.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { killAndAwaitReturn } from '../kit/restarts.ts';

const PEOPLE = 5;
/** Given by each before, between and after the kills. */
const GIFTS_PER_STAGE = 6;
const PATIENCE_MS = 90_000;
const PAUSE_MS = 250;

let product: TestProduct;
beforeAll(async () => {
  product = await startTestProduct();
});
afterAll(() => product?.[Symbol.asyncDispose]());

/** As a client does: the same key until the server has decided. */
async function decided<T>(ask: (idempotencyKey: string) => Promise<T>): Promise<T> {
  const key = randomUUID();
  for (;;) {
    try {
      return await ask(key);
    } catch (error) {
      if (isDefinite(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

interface Giver {
  readonly api: Api;
  readonly session: RoomSession;
  readonly given: Set<string>;
  readonly takenBack: Set<string>;
  readonly unexpected: unknown[];
  stop(): Promise<void>;
}

async function startGiver(name: string, roomId: string, gift: { id: string; priceCoins: number }): Promise<Giver> {
  const api = await consumer(product.origin, name);
  await api.call(checkAdult, { body: { name: '林小桃', idNumber: randomAdult(), consentWording: 1 } });
  const bought = await decided((idempotencyKey) =>
    api.call(topUpWallet, { body: { packageId: 'yuan-198', provider: 'sandbox' }, idempotencyKey }),
  );
  await api.call(settleSandbox, { params: { paymentId: bought.paymentId }, body: { outcome: 'captured' } });
  await waitUntil('the coins are there', PATIENCE_MS, async () => {
    const { coins } = await api.call(getWallet, { query: {} });
    return coins === bought.coins;
  });
  const session = await enterRoom(api, roomId);
  const giver = { api, session, given: new Set<string>(), takenBack: new Set<string>(), unexpected: [] as unknown[] };
  let stopping = false;
  const giveOne = async (): Promise<void> => {
    const body = { giftId: gift.id, quantity: 1, seenPriceCoins: gift.priceCoins };
    const { given } = await decided((idempotencyKey) =>
      api.call(sendGift, { params: { id: roomId }, body, idempotencyKey }),
    );
    giver.given.add(given.id);
    if (giver.given.size % 3 !== 0) return;
    try {
      await decided((idempotencyKey) => api.call(takeGiftBack, { params: { id: given.id }, body: {}, idempotencyKey }));
      giver.takenBack.add(given.id);
    } catch (error) {
      // The api was away for longer than a gift cools.
      if (!isApiError(error, 'too_late')) throw error;
    }
  };
  const giving = (async () => {
    while (!stopping) {
      await giveOne().catch((error: unknown) => giver.unexpected.push(error));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return Object.assign(giver, {
    stop: async () => {
      stopping = true;
      await giving;
    },
  });
}

test('G1 nothing given is lost, shown twice or paid twice when the api dies', { timeout: 400_000 }, async () => {
  const guide = await staffMember(product.origin, 'hangzhou-guide', product.demoPassword);
  const room = await guide.call(createRoom, { body: { title: '礼物不丢' } });
  await guide.call(startRoom, { params: { id: room.id }, body: {} });
  const gift = (await guide.call(listGifts)).items[0];
  if (!gift) throw new Error('there are no gifts');
  const watcher = await enterRoom(await consumer(product.origin, '看客'), room.id);
  const seen: string[] = [];
  watcher.onEvent((event) => {
    if (event.kind === 'gift:sent') seen.push(event.gift.givenGiftId);
  });
  const givers = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => startGiver(`送礼人${i}`, room.id, gift)));
  const everybodyGives = (more: number): Promise<void> => {
    const goals = givers.map(({ given }) => given.size + more);
    return waitUntil(`everybody gives ${more} more`, PATIENCE_MS, () =>
      givers.every(({ given, unexpected }, at) => given.size >= (goals[at] ?? 0) || unexpected.length > 0),
    );
  };
  try {
    await everybodyGives(GIFTS_PER_STAGE);
    for (const time of ['first', 'second']) {
      const backMs = await killAndAwaitReturn(product, 'api');
      console.info(`${time} kill: the api answered again after ${backMs} ms`);
      await everybodyGives(GIFTS_PER_STAGE);
    }
    await Promise.all(givers.map((giver) => giver.stop()));
    expect(givers.flatMap(({ unexpected }) => unexpected)).toEqual([]);
    await waitUntil('everybody is in the room', PATIENCE_MS, () =>
      [watcher, ...givers.map(({ session }) => session)].every(isOnline),
    );

    const acknowledged = givers.flatMap(({ given }) => [...given]);
    const takenBack = givers.flatMap((giver) => [...giver.takenBack]);
    console.info(`${acknowledged.length} gifts acknowledged, ${takenBack.length} taken back, by ${PEOPLE} people`);
    await waitUntil('everything that was committed is told', PATIENCE_MS, async () => {
      const problems = await auditBooks(product.databaseUrl);
      return problems.length === 0;
    });
    await withDatabase(product.databaseUrl, async ({ sql }) => {
      const rows = await sql<{ id: string; state: string }>`
        SELECT id, state FROM given_gifts WHERE room_id = ${room.id}`;
      expect(rows.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());
      const back = rows.filter(({ state }) => state === 'taken_back').map(({ id }) => id);
      expect(back.sort()).toEqual([...takenBack].sort());
    });
    for (const { api, given, takenBack: back } of givers) {
      const { coins } = await api.call(getWallet, { query: {} });
      expect(coins).toBe(1_980 - (given.size - back.size) * gift.priceCoins);
    }
    // Whoever was in the room all the time, through both kills, was shown each one exactly once.
    await waitUntil('the watcher has seen everything', PATIENCE_MS, () => seen.length >= acknowledged.length);
    expect([...seen].sort()).toEqual([...acknowledged].sort());
  } finally {
    await Promise.all(givers.map((giver) => giver.stop()));
    for (const { session } of givers) session.close();
    watcher.close();
  }
});
