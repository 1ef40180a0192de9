/**
 * Bytes for many readers: one buffer, however many are being answered.
 *
 * Model: what is behind a key never changes, so what was read is kept, up to `cacheBytes`, least recently wanted first out. It
 * is read once for all who want it meanwhile, and little is read at a time: on its way from the database a file takes several
 * times its size. Absence is not kept.
 */
import { createGate } from '../../platform/gate.ts';

const READS_AT_ONCE = 2;
/** Different things that wait for their turn. */
const READS_IN_LINE = 200;

export interface Kept<T> {
  /** What is kept under the key, or what `read` brings. @throws AppError unavailable when too much is wanted at once */
  get(key: string, read: () => Promise<T | undefined>, readKey?: string): Promise<T | undefined>;
}

export function createKept<T extends { readonly content: Buffer }>({ cacheBytes }: { cacheBytes: number }): Kept<T> {
  const kept = new Map<string, T>();
  const reading = new Map<string, Promise<T | undefined>>();
  const gate = createGate(READS_AT_ONCE, READS_IN_LINE);
  let bytes = 0;

  function keep(key: string, one: T): void {
    if (kept.has(key) || one.content.length > cacheBytes) return;
    kept.set(key, one);
    bytes += one.content.length;
    for (const [oldest, { content }] of kept) {
      if (bytes <= cacheBytes) break;
      kept.delete(oldest);
      bytes -= content.length;
    }
  }

  return {
    async get(key, read, readKey = key) {
      const known = kept.get(key);
      if (known) {
        kept.delete(key);
        kept.set(key, known); // wanted last
        return known;
      }
      const running = reading.get(readKey);
      if (running) return running;
      const begun = gate(read)
        .then((one) => {
          if (one) keep(key, one);
          return one;
        })
        .finally(() => reading.delete(readKey));
      reading.set(readKey, begun);
      return begun;
    },
  };
}
