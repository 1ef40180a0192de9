/**
 * The way of a wish to buy: told "no" at once while the SKU is known to be sold out; placed with others when it is a plain one;
 * else placed alone. The stored answer of an earlier request comes before all of it (rule M3).
 */
import type { OrderView } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { createGate } from '../../platform/gate.ts';
import { hashOfRequest, type StoredAnswer, withIdempotencyKey } from '../../platform/idempotency.ts';
import { askKeys, type KeyedWish } from '../../platform/idempotency-many.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import type { PlaceRequest } from './order-parts.ts';
import type { OrdersDeps } from './orders.service.ts';
import type { Placing } from './placing.ts';
import { createSoldOut } from './sold-out.ts';
import { createTogether, isPlain, type OrderWish } from './together.ts';

export type TakingOrders = ReturnType<typeof createTakingOrders>;

const CREATED = 201;
/** More who wait to be placed one by one are told to try again. */
const ALONE_WAITING = 5_000;
/** Keys of those who are told "no", asked at once. */
const KEYS = { waitMs: 4, maxItems: 500, maxPending: 20_000 };

export function createTakingOrders(
  deps: OrdersDeps & {
    db: Db;
    clock: Clock;
    log: Logger;
    route: string;
    place: Placing['place'];
    /** Orders that are placed one by one, at the same time: the others of the pool do everything else. */
    aloneAtOnce: number;
  },
) {
  const { db, clock, route, place, tracing } = deps;
  const soldOut = createSoldOut({ elapsedMs: () => performance.now() });
  const keys = createMicroBatch<KeyedWish, StoredAnswer | AppError | undefined>({
    ...KEYS,
    async run(wishes) {
      return askKeys(db.sql, route, wishes);
    },
  });
  const gate = createGate(deps.aloneAtOnce, ALONE_WAITING);
  /** The last order of each person that is on its way: they wait for one another anyway, but not with a connection in hand. */
  const lastOf = new Map<string, Promise<unknown>>();
  const underWay = new Set<Promise<unknown>>();

  function alone(wish: OrderWish): Promise<StoredAnswer> {
    const { personId } = wish;
    const before = lastOf.get(personId) ?? Promise.resolve();
    const placed = before
      .catch(() => undefined)
      .then(() =>
        gate(() =>
          tracing.span('orders.transaction', () =>
            withIdempotencyKey({ db, clock }, { ...wish, route }, async (tx) => ({
              status: CREATED,
              reply: await place(tx, wish, wish.body),
            })),
          ),
        ),
      );
    lastOf.set(personId, placed);
    underWay.add(placed);
    return placed.finally(() => {
      underWay.delete(placed);
      if (lastOf.get(personId) === placed) lastOf.delete(personId);
    });
  }
  const together = createTogether({ ...deps, soldOut, placeAlone: alone });

  /** Why each piece of a plain wish is gone, if that is known without asking. */
  function earlyNo({ roomId, lines }: PlaceRequest): AppError | undefined {
    const [line] = lines;
    if (!line) return undefined;
    const { skuId, offerId = null } = line;
    const reason = soldOut.ask({ roomId, skuId, offerId });
    return reason && new AppError(reason, { facts: { skuId } });
  }

  return {
    /** @throws AppError what placing refuses, request_in_flight, idempotency_key_reused, unavailable */
    async take(wish: OrderWish): Promise<{ reply: OrderView; replayed: boolean }> {
      const answer = await tracing.span('orders.place', () => (isPlain(wish.body) ? takePlain(wish) : alone(wish)));
      return { reply: answer.reply as OrderView, replayed: answer.replayed };
    },
    /** Finishes what was accepted. */
    async close(): Promise<void> {
      await together.close();
      await Promise.allSettled(underWay);
      await keys.close();
    },
  };

  async function takePlain(wish: OrderWish): Promise<StoredAnswer> {
    const { personId, key, body } = wish;
    let hash: string | undefined;
    const keyed: KeyedWish = {
      personId,
      key,
      // Whoever is told "no" under a new key needs none.
      get requestHash() {
        hash ??= hashOfRequest(wish.request);
        return hash;
      },
    };
    const refusal = earlyNo(body);
    if (!refusal) return together.place({ wish, keyed, traceparent: tracing.here() });
    const settled = await keys.add(keyed);
    if (settled && !(settled instanceof AppError)) return settled;
    throw settled ?? refusal;
  }
}
