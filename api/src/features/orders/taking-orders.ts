/**
 * The way of a wish to buy: told "no" at once while the SKU is known to be sold out; placed with others when it is a plain one;
 * else placed alone. The stored answer of an earlier request comes before all of it (rule M3).
 */
import type { OrderView } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { hashOfRequest, type StoredAnswer, withIdempotencyKey } from '../../platform/idempotency.ts';
import { askKeys, type KeyedWish, nameOfWish } from '../../platform/idempotency-many.ts';
import { createMicroBatch } from '../../platform/micro-batch.ts';
import type { OrdersDeps } from './orders.service.ts';
import type { PlaceRequest, Placing } from './placing.ts';
import { createSoldOut } from './sold-out.ts';
import { createTogether, isPlain, type OrderWish } from './together.ts';

export type TakingOrders = ReturnType<typeof createTakingOrders>;

const CREATED = 201;
/** Keys of those who are told "no", asked at once. */
const KEYS = { waitMs: 1, maxItems: 500, maxPending: 20_000 };

export function createTakingOrders(
  deps: OrdersDeps & { db: Db; clock: Clock; route: string; place: Placing['place'] },
) {
  const { db, clock, route, place } = deps;
  const soldOut = createSoldOut({ elapsedMs: () => performance.now() });
  const keys = createMicroBatch<KeyedWish, StoredAnswer | AppError | undefined>({
    ...KEYS,
    async run(wishes) {
      const settled = await askKeys(db.sql, route, wishes);
      return wishes.map((wish) => settled.get(nameOfWish(wish)));
    },
  });
  const alone = (wish: OrderWish): Promise<StoredAnswer> =>
    withIdempotencyKey({ db, clock }, { ...wish, route }, async (tx) => ({
      status: CREATED,
      reply: await place(tx, wish, wish.body),
    }));
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
      const answer = isPlain(wish.body) ? await takePlain(wish) : await alone(wish);
      return { reply: answer.reply as OrderView, replayed: answer.replayed };
    },
    /** Finishes what was accepted. */
    async close(): Promise<void> {
      await together.close();
      await keys.close();
    },
  };

  async function takePlain(wish: OrderWish): Promise<StoredAnswer> {
    const { personId, key, body } = wish;
    const keyed = { personId, key, requestHash: hashOfRequest(wish.request) };
    const refusal = earlyNo(body);
    if (!refusal) return together.place({ wish, keyed });
    const settled = await keys.add(keyed);
    if (settled && !(settled instanceof AppError)) return settled;
    throw settled ?? refusal;
  }
}
