/**
 * Numbers that move with every tap are told to a room at most once in a while.
 *
 * Model: whoever changes something marks it; the timer tells what was marked since. What could not be told is marked again.
 * Invariants: one entry for each thing that moved, so the memory is bounded by what is open; `read` looks at the database, so
 * it does not matter on which node something moved or how often.
 */
import type { RoomEvent } from '@walnut-live/contracts';
import type { Logger } from '../../platform/logger.ts';

/** The room hears a number at most this often from each node. */
const TELL_EVERY_MS = 1_000;

export function createNews(deps: {
  log: Logger;
  append: (roomId: string, event: RoomEvent) => Promise<unknown>;
  /** What to tell now; undefined: there is nothing to tell any more. */
  read: (id: string) => Promise<RoomEvent | undefined>;
}) {
  const { log, append, read } = deps;
  const moved = new Map<string, string>();

  async function tell(): Promise<void> {
    const told = [...moved];
    moved.clear();
    for (const [id, roomId] of told) {
      try {
        const event = await read(id);
        if (event) await append(roomId, event);
      } catch (error) {
        moved.set(id, roomId);
        log.warn({ err: error, id }, 'activities: count not told yet');
      }
    }
  }
  const timer = setInterval(() => void tell(), TELL_EVERY_MS);
  timer.unref();

  return {
    /** Something of `id` has changed, and is committed. */
    mark: (id: string, roomId: string): void => void moved.set(id, roomId),
    stop: (): void => clearInterval(timer),
  };
}
