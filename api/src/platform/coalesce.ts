/**
 * Work that is asked for more often than it is done: one run at a time, and once more if somebody asked meanwhile, since
 * the run under way may have looked before what they ask for was there.
 */
import { aside } from './tracing.ts';

export interface Coalesced {
  /** Resolves when a run that began after this call, or the last one before closing, is over. @throws what the run threw */
  (): Promise<void>;
  /** No further run; resolves when the one under way is over, whatever came of it. */
  close(): Promise<void>;
}

export function coalesce(run: () => Promise<void>): Coalesced {
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  function ask(): Promise<void> {
    if (running) {
      again = true;
      return running;
    }
    if (closed) return Promise.resolve();
    running = aside(async () => {
      try {
        do {
          again = false;
          await (async () => run())(); // so that one that throws at once is no exception
        } while (again && !closed);
      } finally {
        // In the same turn as the last look at `again`: nobody asks in between and is forgotten.
        running = undefined;
      }
    });
    return running;
  }

  return Object.assign(ask, {
    async close(): Promise<void> {
      closed = true;
      await running?.catch(() => undefined);
    },
  });
}
