import { isDefinite } from './api-error.ts';

/*
 * Actions whose outcome is not known yet, each with its idempotency key (rule M3), kept in a storage that survives a
 * reload (sessionStorage). One per kind (`order`, `pay:<orderId>` …).
 *
 * Invariants
 * - The same kind with the same payload keeps its key until the server has decided; so a reload or a lost answer never
 *   orders twice.
 * - Another payload is another attempt and gets a new key.
 * - Records older than a day are forgotten: the server forgets keys too.
 */

const MAX_AGE_MS = 24 * 60 * 60 * 1_000;
const PREFIX = 'walnut-live.pending.';

/** The part of `Storage` that is used; it may throw (private mode) and then memory takes over. */
export type ActionStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export type PendingAction<Payload = unknown> = { key: string; payload: Payload; atMs: number };

export type PendingActionsDeps = { storage: ActionStorage; newKey?: () => string; now?: () => number };

export type PendingActions = ReturnType<typeof createPendingActions>;

/** JSON with sorted keys, so that the order of properties does not make another attempt. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** A random id also where `crypto.randomUUID` is missing: insecure origins (a LAN address over HTTP) and old browsers. */
export const randomId = (): string => {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

export const createPendingActions = ({ storage, newKey = randomId, now = Date.now }: PendingActionsDeps) => {
  const memory = new Map<string, string>();

  const read = (kind: string): string | null => {
    try {
      return storage.getItem(PREFIX + kind) ?? memory.get(kind) ?? null;
    } catch {
      return memory.get(kind) ?? null;
    }
  };

  const peek = <Payload = unknown>(kind: string): PendingAction<Payload> | null => {
    const text = read(kind);
    if (!text) return null;
    try {
      const action = JSON.parse(text) as PendingAction<Payload>;
      return typeof action.key === 'string' && now() - action.atMs < MAX_AGE_MS ? action : null;
    } catch {
      return null;
    }
  };

  /** The action under way if it is the same one, else a new one with a new key. */
  const begin = <Payload>(kind: string, payload: Payload): PendingAction<Payload> => {
    const known = peek<Payload>(kind);
    if (known && canonical(known.payload) === canonical(payload)) return known;
    const action: PendingAction<Payload> = { key: newKey(), payload, atMs: now() };
    const text = JSON.stringify(action);
    memory.set(kind, text);
    try {
      storage.setItem(PREFIX + kind, text);
    } catch {
      // Private mode or full: the key still holds for this page.
    }
    return action;
  };

  const finish = (kind: string): void => {
    memory.delete(kind);
    try {
      storage.removeItem(PREFIX + kind);
    } catch {
      // Nothing was stored then.
    }
  };

  /** Runs `act` under the action's key and forgets it once the server has decided, well or badly. */
  const run = async <Payload, Result>(
    kind: string,
    payload: Payload,
    act: (idempotencyKey: string) => Promise<Result>,
  ): Promise<Result> => {
    const { key } = begin(kind, payload);
    try {
      const result = await act(key);
      finish(kind);
      return result;
    } catch (error) {
      if (isDefinite(error)) finish(kind);
      throw error;
    }
  };

  return { peek, begin, finish, run };
};
