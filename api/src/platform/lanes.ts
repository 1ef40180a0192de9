/**
 * Micro-batches by name: what is about one thing (a room, a red packet) goes together, and what is about another does not wait
 * for it.
 *
 * Model: a name with somebody waiting has a lane, which goes when the last one was answered. After `close` nothing is accepted
 * and everything accepted has been answered.
 */
import { AppError } from './errors.ts';
import { createMicroBatch, type MicroBatch } from './micro-batch.ts';

export interface Lanes<Item, Result> {
  /** @throws AppError unavailable (too many wait, or closed), or whatever `run` threw */
  add(name: string, item: Item): Promise<Result>;
  /** Finishes what was accepted. */
  close(): Promise<void>;
}

export function createLanes<Item, Result>(deps: {
  waitMs: number;
  maxItems: number;
  /** Of one lane. */
  maxPending: number;
  run: (name: string, items: readonly Item[]) => Promise<readonly Result[]>;
}): Lanes<Item, Result> {
  const { run, ...sizes } = deps;
  const lanes = new Map<string, { batch: MicroBatch<Item, Result>; waiting: number }>();
  let closed = false;

  function laneOf(name: string) {
    const known = lanes.get(name);
    if (known) return known;
    const lane = { batch: createMicroBatch<Item, Result>({ ...sizes, run: (items) => run(name, items) }), waiting: 0 };
    lanes.set(name, lane);
    return lane;
  }

  return {
    async add(name, item) {
      if (closed) throw new AppError('unavailable');
      const lane = laneOf(name);
      lane.waiting++;
      return lane.batch.add(item).finally(() => {
        lane.waiting--;
        if (lane.waiting === 0 && lanes.get(name) === lane) lanes.delete(name);
      });
    },
    async close() {
      closed = true;
      await Promise.all([...lanes.values()].map(({ batch }) => batch.close()));
    },
  };
}
