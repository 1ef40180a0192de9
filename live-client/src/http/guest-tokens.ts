/*
 * Who the guest of a page without cookies is: a token that names a guest to this page's site and is nobody else's key (rule A7).
 * It is kept in the browser, so that a reload or another tab is the same person, or in this page's memory alone.
 *
 * Invariants
 * - Whoever holds a token keeps it, whatever other tabs store meanwhile: nobody changes who they are while they watch.
 * - Of several who have none, one asks for a guest at a time, and the others find theirs.
 */

export type GuestTokens = {
  /** The guest's token; null when this browser has no guest yet. */
  get: () => string | null;
  /** Null forgets it. */
  set: (token: string | null) => void;
  /** Runs a task alone among all who keep the same guest. */
  alone: <T>(task: () => Promise<T>) => Promise<T>;
};

export type GuestTokensOptions = {
  /** Origin of the product; each has its own guest. */
  product: string;
  /** `page`: nothing is kept in the browser, and what was kept there is taken away. Default `browser`. */
  lasts?: 'browser' | 'page' | undefined;
};

const PREFIX = 'walnut-live.guest:';
/** What may be one of ours; the page's own scripts can write anything there. */
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST = 1_000;

/** What no storage keeps. */
const inThisPage = new Map<string, string>();
const turns = new Map<string, Promise<unknown>>();

/** Storage may be forbidden (private mode, blocked); then the page's memory has to do. */
const stored = <T>(use: (storage: Storage) => T): T | null => {
  try {
    return use(globalThis.localStorage);
  } catch {
    return null;
  }
};

export const createGuestTokens = ({ product, lasts = 'browser' }: GuestTokensOptions): GuestTokens => {
  const key = PREFIX + product;
  const inBrowser = lasts === 'browser';
  let held: string | null = null;
  const keep = (storage: Storage, token: string | null): void =>
    token === null ? storage.removeItem(key) : storage.setItem(key, token);
  if (!inBrowser) stored((storage) => keep(storage, null));

  const find = (): string | null => {
    const found = (inBrowser ? stored((storage) => storage.getItem(key)) : null) ?? inThisPage.get(key) ?? null;
    return found !== null && found.length <= LONGEST && TOKEN.test(found) ? found : null;
  };
  return {
    get: () => {
      held ??= find();
      return held;
    },
    set: (token) => {
      held = token;
      const isKept = inBrowser && stored((storage) => keep(storage, token)) !== null;
      if (token === null || isKept) inThisPage.delete(key);
      else inThisPage.set(key, token);
    },
    alone: (task) => {
      const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
      if (inBrowser && locks) return locks.request(key, task) as ReturnType<typeof task>;
      const mine = (turns.get(key) ?? Promise.resolve()).then(task, task);
      turns.set(key, mine);
      return mine;
    },
  };
};
