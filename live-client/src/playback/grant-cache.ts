import type { MediaGrant } from '@walnut-live/contracts';

/** A token that ends sooner than this is not used for a new connection. */
const MARGIN_MS = 10_000;

export interface GrantCache {
  /** The present grant while its token is good for a connection, otherwise a fresh one; one request at a time. */
  get(): Promise<MediaGrant>;
  /** The next one is asked for anew: the room shows another stream. A request under way is not believed any more. */
  forget(): void;
}

export function createGrantCache(fetchGrant: () => Promise<MediaGrant>, now: () => number = Date.now): GrantCache {
  let held: MediaGrant | null = null;
  let pending: Promise<MediaGrant> | null = null;
  return {
    get() {
      if (held && Date.parse(held.expiresAt) - now() > MARGIN_MS) return Promise.resolve(held);
      if (pending) return pending;
      const asked: Promise<MediaGrant> = fetchGrant()
        .then((grant) => {
          if (pending === asked) held = grant;
          return grant;
        })
        .finally(() => {
          if (pending === asked) pending = null;
        });
      pending = asked;
      return asked;
    },
    forget() {
      held = null;
      pending = null;
    },
  };
}
