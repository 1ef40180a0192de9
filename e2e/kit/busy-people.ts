/** Shoppers without a browser who talk, like and buy all the time, and remember everything they were promised. */
import { randomUUID } from 'node:crypto';
import { type BodyInputOf, type OrderView, payOrder, placeOrder, settleSandbox } from '@walnut-live/contracts';
import { expect } from 'vitest';
import { type Api, isApiError } from '../../live-client/src/http/index.ts';
import type { RoomSession } from '../../live-client/src/room/index.ts';
import { waitUntil } from '../../scripts/processes.ts';
import { withDatabase } from './audit.ts';
import { consumer, enterRoom } from './online-person.ts';
import { homeAddress } from './people.ts';

/** What one viewer may say is 5 messages in 10 s; what gathers while the api is away comes on top and may be refused. */
const CHAT_EVERY_MS = 3_000;
const LIKE_EVERY_MS = 300;
const ORDER_EVERY_MS = 1_500;
const TRY_AGAIN_MS = 200;
export const CAUGHT_UP_TIMEOUT_MS = 60_000;

/** One person at work, and everything they were promised. */
export interface BusyPerson {
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

export async function startBusyPerson(
  origin: string,
  index: number,
  roomId: string,
  line: NonNullable<OrderBody['lines']>[number],
): Promise<BusyPerson> {
  const name = `客人${index}`;
  const api = await consumer(origin, name);
  const session = await enterRoom(api, roomId);
  let stopping = false;
  const timers: NodeJS.Timeout[] = [];
  const sent = new Set<string>();
  const worker: BusyPerson = {
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
      if (session.get().paused) return; // as the composer
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
export async function everybodyGetsOn(workers: readonly BusyPerson[], more: number): Promise<void> {
  const goals = workers.map(({ said, orders }) => ({ said: said.size + more, orders: orders.length + more }));
  const gotOn = () =>
    workers.every(({ said, orders }, index) => {
      const goal = goals[index];
      return goal !== undefined && said.size >= goal.said && orders.length >= goal.orders;
    });
  await waitUntil(`everybody gets ${more} more answers`, 120_000, gotOn).catch((error: unknown) => {
    const stand = workers.map(({ name, said, refused, orders, unexpected }) => [
      `${name}: ${said.size} said, ${refused.size} refused, ${orders.length} orders`,
      ...unexpected.map(String).slice(0, 3),
    ]);
    throw new Error(stand.flat().join('\n'), { cause: error });
  });
}

/**
 * Waits for every answer, then compares: what they were told is in the database, exactly once, and nothing else is. Answers
 * with the ids of the room's messages in order, and its likes. They must have stopped.
 */
export async function auditPromises(
  databaseUrl: string,
  roomId: string,
  workers: readonly BusyPerson[],
): Promise<{ ids: string[]; taps: number }> {
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
    `${said.length} messages (${refused} more refused as too many), ${orders.length} orders, ${taps} likes by ${workers.length} people`,
  );
  expect(workers.flatMap(({ unexpected }) => unexpected)).toEqual([]);
  expect(workers.map(({ seqFell }) => seqFell)).not.toContain(true);

  // The same key once more is the same order.
  for (const worker of workers) {
    const last = worker.orders.at(-1);
    if (!last) throw new Error(`${worker.name} has no order`);
    const again = await worker.api.call(placeOrder, { body: last.body, idempotencyKey: last.key });
    expect(again.id).toBe(last.order.id);
  }

  return withDatabase(databaseUrl, async ({ sql }) => {
    const paid = orders.filter((made) => made.paid).map(({ order }) => order.id);
    await waitUntil('every approved payment has arrived', CAUGHT_UP_TIMEOUT_MS, async () => {
      const [row] = await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM orders WHERE id = ANY(${paid}::uuid[]) AND state = 'paid'`;
      return row?.count === paid.length;
    });
    const inDatabase = await sql<{ id: string }>`SELECT id FROM orders WHERE room_id = ${roomId}`;
    expect(inDatabase.map(({ id }) => id).sort()).toEqual(orders.map(({ order }) => order.id).sort());

    // What everybody's log says, and what everybody sees.
    const chat = await sql<{ id: string; personId: string }>`
        SELECT event->'message'->>'messageId' AS id, event->'message'->>'personId' AS "personId" FROM room_events WHERE room_id = ${roomId} AND kind = 'chat:sent' ORDER BY seq`;
    const ids = chat.map(({ id }) => id);
    const persons = new Set(workers.map(({ api }) => api.me()?.id));
    const theirs = chat.filter(({ personId }) => persons.has(personId));
    expect(theirs.map(({ id }) => id.split(':').at(-1)).sort()).toEqual([...said].sort());
    const bubbles = async () =>
      (
        await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM room_events WHERE room_id = ${roomId} AND kind = 'order:paid'`
      )[0]?.count;
    await waitUntil('every purchase is told', CAUGHT_UP_TIMEOUT_MS, async () => (await bubbles()) === paid.length);
    const [{ likes } = { likes: -1 }] = await sql<{ likes: number }>`
        SELECT likes_of(${roomId})::int AS likes`;
    expect(likes).toBe(taps);

    return { ids, taps };
  });
}
