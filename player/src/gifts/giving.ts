import { type GiftReceipt, type GiftView, sendGift, takeGiftBack } from '@walnut-live/contracts';
import { type Api, isDefinite } from '@walnut-live/live-client/http';
import { createStore, type Store } from '@walnut-live/live-client/room';

/*
 * Gifts on their way from one person to one room.
 *
 * Model: taps go into a short queue; one request is under way at a time, and taps on the same gift that wait become one gift
 * of more pieces. Taps on one gift within COMBO_MS of one another are a burst. Invariants: a gift has one idempotency key
 * until the server has decided, so a lost answer never gives twice; a refusal empties the queue (who has no coins for this
 * one has none for the next); what can be taken back is known by the server's time.
 */

/** Longer than this between two taps, and a new burst begins. */
const COMBO_MS = 4_000;
/** Different gifts that wait; more taps are ignored, as nobody taps so fast on purpose. */
const QUEUE_LIMIT = 4;
const RETRY_MS = 1_000;
/** Attempts without a decision until we give up and say so. */
const TRIES = 12;

export type Wish = { gift: GiftView; quantity: number };
export type Cooling = { id: string; comboId: string; gift: GiftView; quantity: number; coins: number; untilMs: number };
export type GivingState = {
  /** Under way, its followers included. */
  sending: Wish | null;
  /** Given and may still be taken back, oldest first. */
  cooling: readonly Cooling[];
  /** As the last answer said; null before the first. */
  coins: number | null;
  takingBack: boolean;
};

export type Giving = Store<GivingState> & {
  give: (wish: Wish) => void;
  /** Takes the last burst back as far as it is still cooling. Resolves with the coins that returned. */
  takeBack: () => Promise<number>;
  close: () => void;
};

export type GivingOptions = {
  api: Pick<Api, 'call'>;
  roomId: string;
  /** Server time in epoch milliseconds. */
  nowMs: () => number;
  newId: () => string;
  onReceipt: (receipt: GiftReceipt) => void;
  onRefused: (error: unknown, wish: Wish) => void;
};

/** The burst that can be taken back now. */
export const lastBurst = (cooling: readonly Cooling[], nowMs: number): readonly Cooling[] => {
  const live = cooling.filter(({ untilMs }) => untilMs > nowMs);
  const comboId = live.at(-1)?.comboId;
  return live.filter((given) => given.comboId === comboId);
};

export const createGiving = ({ api, roomId, nowMs, newId, onReceipt, onRefused }: GivingOptions): Giving => {
  const store = createStore<GivingState>({ sending: null, cooling: [], coins: null, takingBack: false });
  let queue: Wish[] = [];
  let combo = { giftId: '', id: '', lastTapMs: 0 };
  let closed = false;
  let running = false;

  const patch = (change: Partial<GivingState>): void => store.set({ ...store.get(), ...change });
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const comboFor = (giftId: string): string => {
    const now = nowMs();
    const goes = combo.giftId === giftId && now - combo.lastTapMs < COMBO_MS;
    combo = { giftId, id: goes ? combo.id : newId(), lastTapMs: now };
    return combo.id;
  };

  /** Asks until the server has decided, under one key. */
  const decided = async <T>(ask: (idempotencyKey: string) => Promise<T>): Promise<T> => {
    const key = newId();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await ask(key);
      } catch (error) {
        if (closed || isDefinite(error) || attempt >= TRIES) throw error;
        await wait(RETRY_MS);
      }
    }
  };

  const giveOne = async ({ gift, quantity }: Wish): Promise<void> => {
    const comboId = comboFor(gift.id);
    const body = { giftId: gift.id, quantity, comboId, seenPriceCoins: gift.priceCoins };
    const receipt = await decided((idempotencyKey) =>
      api.call(sendGift, { params: { id: roomId }, body, idempotencyKey }),
    );
    combo = { ...combo, lastTapMs: nowMs() };
    const { given } = receipt;
    const cooling = store.get().cooling.filter(({ untilMs }) => untilMs > nowMs());
    const untilMs = Date.parse(given.takeBackUntil);
    const fresh = { id: given.id, comboId, gift, quantity, coins: given.coins, untilMs };
    patch({ coins: receipt.coins, cooling: [...cooling, fresh] });
    onReceipt(receipt);
  };

  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    for (let wish = queue.shift(); wish && !closed; wish = queue.shift()) {
      patch({ sending: wish });
      try {
        await giveOne(wish);
      } catch (error) {
        queue = [];
        if (!closed) onRefused(error, wish);
      }
    }
    running = false;
    patch({ sending: null });
  };

  return {
    get: store.get,
    subscribe: store.subscribe,
    select: store.select,
    give: ({ gift, quantity }) => {
      if (closed) return;
      // A tap while the one before is under way goes on with its burst, however long the way is.
      if (running && combo.giftId === gift.id) combo = { ...combo, lastTapMs: nowMs() };
      const last = queue.at(-1);
      if (last?.gift.id === gift.id && last.gift.priceCoins === gift.priceCoins) {
        queue = [...queue.slice(0, -1), { gift, quantity: Math.min(99, last.quantity + quantity) }];
      } else if (queue.length < QUEUE_LIMIT) queue = [...queue, { gift, quantity }];
      void run();
    },
    takeBack: async () => {
      const burst = lastBurst(store.get().cooling, nowMs());
      if (burst.length === 0 || store.get().takingBack) return 0;
      patch({ takingBack: true });
      let returned = 0;
      let failure: unknown;
      // The newest first: it is the one that can be taken back longest, so the oldest may be too late and the rest is not.
      for (const given of [...burst].reverse()) {
        try {
          const { coins } = await decided((idempotencyKey) =>
            api.call(takeGiftBack, { params: { id: given.id }, body: {}, idempotencyKey }),
          );
          returned += given.coins;
          patch({ coins });
        } catch (error) {
          failure = error;
        }
        patch({ cooling: store.get().cooling.filter(({ id }) => id !== given.id) });
      }
      combo = { giftId: '', id: '', lastTapMs: 0 };
      patch({ takingBack: false });
      if (returned === 0 && failure !== undefined) throw failure;
      return returned;
    },
    close: () => {
      closed = true;
      queue = [];
    },
  };
};
