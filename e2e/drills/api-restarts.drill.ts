/**
 * kill -9 of the api, twice, while people talk, like and buy. Afterwards: what was acknowledged is there exactly once, what was
 * refused is not there, likes are counted once, everybody came back by themselves.
 */
import { randomUUID } from 'node:crypto';
import {
  type BodyInputOf,
  createRoom,
  listProducts,
  type OrderView,
  payOrder,
  pinProduct,
  placeOrder,
  settleSandbox,
  startRoom,
} from '@walnut-live/contracts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, isApiError } from '../../live-client/src/http/index.ts';
import type { RoomSession } from '../../live-client/src/room/index.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { auditBooks, withDatabase } from '../kit/audit.ts';
import { launchChromium } from '../kit/chromium.ts';
import { consumer, enterRoom, isOnline, staffMember } from '../kit/online-person.ts';
import { homeAddress, newPerson } from '../kit/people.ts';
import { startTestProduct, type TestProduct } from '../kit/product.ts';
import { killAndAwaitReturn } from '../kit/restarts.ts';

const PEOPLE = 6;
/** What one viewer may say is 5 messages in 10 s; what gathers while the api is away comes on top and may be refused. */
const CHAT_EVERY_MS = 3_000;
const LIKE_EVERY_MS = 300;
const ORDER_EVERY_MS = 1_500;
const TRY_AGAIN_MS = 200;
const CAUGHT_UP_TIMEOUT_MS = 60_000;

let product: TestProduct;
let browser: Browser;

beforeAll(async () => {
  [product, browser] = await Promise.all([startTestProduct(), launchChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await product?.[Symbol.asyncDispose]();
});

/** One person at work, and everything they were promised. */
interface Worker {
  readonly name: string;
  readonly api: Api;
  readonly session: RoomSession;
  /** Own messages by their client's id, as far as they were acknowledged. */
  readonly said: Set<string>;
  /** Own messages that were refused as too many. */
  readonly refused: Set<string>;
  readonly orders: { key: string; order: OrderView; body: OrderBody; paid: boolean }[];
  taps: number;
  reconnects: number;
  seqFell: boolean;
  readonly unexpected: unknown[];
  stop(): Promise<void>;
}
type OrderBody = BodyInputOf<typeof placeOrder>;

/** Asks until there is an answer, always with the same key; a refusal is an answer too. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const definite = isApiError(error) && error.status >= 400 && error.status < 500 && error.status !== 429;
      if (definite && !isApiError(error, 'request_in_flight')) throw error;
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}

async function startWorker(index: number, roomId: string, line: OrderBody['lines'][number]): Promise<Worker> {
  const name = `客人${index}`;
  const api = await consumer(product.origin, name);
  const session = await enterRoom(api, roomId);
  let stopping = false;
  const timers: NodeJS.Timeout[] = [];
  const sent = new Set<string>();
  const worker: Worker = {
    name,
    api,
    session,
    said: new Set(),
    refused: new Set(),
    orders: [],
    taps: 0,
    reconnects: 0,
    seqFell: false,
    unexpected: [],
    async stop() {
      stopping = true;
      for (const timer of timers) clearInterval(timer);
      await buying;
    },
  };

  let before = session.get();
  session.subscribe(() => {
    const now = session.get();
    if (now.seq < before.seq) worker.seqFell = true;
    if (now.connection.state === 'reconnecting' && before.connection.state === 'online') worker.reconnects += 1;
    for (const id of sent) {
      const item = now.outbox.find((other) => other.clientMessageId === id);
      if (item?.state === 'sending') continue;
      sent.delete(id);
      if (!item) worker.said.add(id);
      else if (item.code === 'rate_limited') worker.refused.add(id);
      else worker.unexpected.push(`message not sent: ${item.code}`);
    }
    before = now;
  });
  let lines = 0;
  timers.push(
    setInterval(() => {
      const id = session.sendChat(`${name} 第 ${++lines} 句`);
      if (id) sent.add(id);
    }, CHAT_EVERY_MS),
    setInterval(() => {
      worker.taps += 1;
      session.like();
    }, LIKE_EVERY_MS),
  );

  async function buy(): Promise<void> {
    const key = randomUUID();
    const body: OrderBody = { roomId, lines: [line], address: homeAddress, remark: '' };
    const order = await untilAnswered(() => api.call(placeOrder, { body, idempotencyKey: key }));
    const made = { key, order, body, paid: false };
    worker.orders.push(made);
    if (worker.orders.length % 2 === 0) return;
    const payment = await untilAnswered(() =>
      api.call(payOrder, { params: { id: order.id }, body: { provider: 'sandbox' }, idempotencyKey: randomUUID() }),
    );
    await untilAnswered(() =>
      api
        .call(settleSandbox, { params: { paymentId: payment.paymentId }, body: { outcome: 'captured' } })
        .catch((error) => {
          // Approved before the api died: the cashier was not told, the provider knows.
          if (!isApiError(error, 'state_conflict')) throw error;
        }),
    );
    made.paid = true;
  }
  const buying = (async () => {
    while (!stopping) {
      const nextAt = Date.now() + ORDER_EVERY_MS;
      await buy().catch((error: unknown) => worker.unexpected.push(error));
      while (!stopping && Date.now() < nextAt) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return worker;
}

/** Everybody was told "yes" to `more` further messages and to as many orders. */
async function everybodyGetsOn(workers: readonly Worker[], more: number): Promise<void> {
  const goals = workers.map(({ said, orders }) => ({ said: said.size + more, orders: orders.length + more }));
  await waitUntil(`everybody gets ${more} more answers`, 120_000, () =>
    workers.every(({ said, orders }, index) => {
      const goal = goals[index];
      return goal !== undefined && said.size >= goal.said && orders.length >= goal.orders;
    }),
  );
}

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
    Array.from({ length: PEOPLE }, (_, index) => startWorker(index + 1, room.id, line)),
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
    await waitUntil('everything on its way has an answer', CAUGHT_UP_TIMEOUT_MS, () =>
      workers.every(({ session }) => {
        const { outbox, likesUnsent } = session.get();
        return likesUnsent === 0 && outbox.every(({ state }) => state === 'failed');
      }),
    );

    const said = workers.flatMap((worker) => [...worker.said]);
    const orders = workers.flatMap((worker) => worker.orders);
    const taps = workers.reduce((sum, worker) => sum + worker.taps, 0);
    const refused = workers.reduce((sum, worker) => sum + worker.refused.size, 0);
    console.info(
      `${said.length} messages (${refused} more refused as too many), ${orders.length} orders, ${taps} likes by ${PEOPLE} people`,
    );
    expect(workers.flatMap(({ unexpected }) => unexpected)).toEqual([]);
    expect(workers.map(({ seqFell }) => seqFell)).not.toContain(true);
    expect(workers.every(({ reconnects }) => reconnects >= 2)).toBe(true);

    // The same key once more is the same order.
    for (const worker of workers) {
      const last = worker.orders.at(-1);
      if (!last) throw new Error(`${worker.name} has no order`);
      const again = await worker.api.call(placeOrder, { body: last.body, idempotencyKey: last.key });
      expect(again.id).toBe(last.order.id);
    }

    await withDatabase(product.databaseUrl, async ({ sql }) => {
      const paid = orders.filter((made) => made.paid).map(({ order }) => order.id);
      await waitUntil('every approved payment has arrived', CAUGHT_UP_TIMEOUT_MS, async () => {
        const [row] = await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM orders WHERE id = ANY(${paid}::uuid[]) AND state = 'paid'`;
        return row?.count === paid.length;
      });
      const inDatabase = await sql<{ id: string }>`SELECT id FROM orders WHERE room_id = ${room.id}`;
      expect(inDatabase.map(({ id }) => id).sort()).toEqual(orders.map(({ order }) => order.id).sort());

      // What everybody's log says, and what everybody sees.
      const chat = await sql<{ id: string }>`
        SELECT event->'message'->>'messageId' AS id FROM room_events WHERE room_id = ${room.id} AND kind = 'chat:sent' ORDER BY seq`;
      const ids = chat.map(({ id }) => id);
      expect(ids.map((id) => id.split(':').at(-1)).sort()).toEqual([...said].sort());
      const bubbles = async () =>
        (
          await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM room_events WHERE room_id = ${room.id} AND kind = 'order:paid'`
        )[0]?.count;
      await waitUntil('every purchase is told', CAUGHT_UP_TIMEOUT_MS, async () => (await bubbles()) === paid.length);
      const [{ likes } = { likes: -1 }] = await sql<{ likes: number }>`
        SELECT likes_of(${room.id})::int AS likes`;
      expect(likes).toBe(taps);

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
    });

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
