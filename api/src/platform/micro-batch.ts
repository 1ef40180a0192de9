/**
 * Group commit: callers hand in one item each and wait; what arrives within a few milliseconds is done by one statement.
 *
 * Model: pending items → at most one batch in flight → every caller gets its own result, or the batch's error.
 * Invariants: items are done in the order in which they were added; at most `maxPending` wait (more are refused as
 * `unavailable`); after `close` nothing is accepted and everything accepted has been answered.
 */
import { AppError } from './errors.ts';
import { aside } from './tracing.ts';

export interface MicroBatch<Item, Result> {
  /** @throws AppError unavailable (too many wait, or closed), or whatever `run` threw */
  add(item: Item): Promise<Result>;
  /** Finishes what was accepted. */
  close(): Promise<void>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createMicroBatch<Item, Result>(deps: {
  /** How long the first item of a batch waits for company. */
  waitMs: number;
  maxItems: number;
  maxPending: number;
  /** Results in the order of the items. */
  run: (items: readonly Item[]) => Promise<readonly Result[]>;
}): MicroBatch<Item, Result> {
  const { waitMs, maxItems, maxPending, run } = deps;
  let pending: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** Cleared in the same breath in which nothing is found pending, so that no item falls between two runs. */
  let busy = false;
  let running: Promise<void> = Promise.resolve();
  let closed = false;

  async function runBatches(): Promise<void> {
    busy = true;
    while (pending.length > 0) {
      const batch = pending.slice(0, maxItems);
      pending = pending.slice(maxItems);
      try {
        const results = await run(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => void resolve(results[index] as Result));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    busy = false;
  }

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (!busy) running = aside(runBatches);
    return running;
  }

  return {
    add(item) {
      if (closed || pending.length >= maxPending) return Promise.reject(new AppError('unavailable'));
      return new Promise((resolve, reject) => {
        pending.push({ item, resolve, reject });
        if (busy) return; // taken by the batch after this one
        timer ??= setTimeout(start, waitMs);
      });
    },
    async close() {
      closed = true;
      await start();
    },
  };
}
