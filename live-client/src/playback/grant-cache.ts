import type { MediaGrant } from '@walnut-live/contracts';

/** A token that ends sooner than this is not used for a new connection. */
const MARGIN_MS = 10_000;

export interface GrantCache {
  /** The present grant while its token is good for a connection, otherwise a fresh one; one request at a time. */
  get(): Promise<MediaGrant>;
}

export function createGrantCache(fetchGrant: () => Promise<MediaGrant>, now: () => number = Date.now): GrantCache {
  let held: MediaGrant | null = null;
  let pending: Promise<MediaGrant> | null = null;
  return {
    get() {
      if (held && Date.parse(held.expiresAt) - now() > MARGIN_MS) return Promise.resolve(held);
      pending ??= fetchGrant()
        .then((grant) => {
          held = grant;
          return grant;
        })
        .finally(() => {
          pending = null;
        });
      return pending;
    },
  };
}
