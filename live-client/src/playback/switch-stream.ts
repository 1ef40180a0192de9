/** Going over to another stream of the same room: the parts of it that are about time and tokens. */
import type { MediaGrant } from '@walnut-live/contracts';
import { grantedEndpoint } from '../media/granted-endpoint.ts';
import type { WatchOptions } from '../media/index.ts';
import { isPermanent } from '../media/permanent.ts';
import type { GrantCache } from './grant-cache.ts';

/** HLS that falls further and further behind changes its source at this time at the latest. */
const LONGEST_WAIT_MS = 12_000;
const LOOK_EVERY_MS = 200;
/** A picture that stands still for this long comes no nearer: its stream is over. */
const STALL_MS = 1_200;
/** The room may have moved on before we heard of it. */
const GRANT_RETRY_MS = 500;

/** One session's way in: its tokens are for its own stream, also when the room shows another one by then. */
export function watchOptionsOf(grant: MediaGrant, grants: GrantCache): WatchOptions {
  return {
    ...grantedEndpoint(grant, async (ask) => {
      if (ask?.moved) grants.forget();
      const fresh = await grants.get();
      if (fresh.streamId !== grant.streamId) throw new Error('the room shows another stream');
      return fresh;
    }),
    // The policy loses patience first; it decides what comes next.
    maxConnectFailures: 2,
  };
}

/**
 * Changes in a row: only the newest counts, and a viewer who is behind (HLS) makes it when they get to its moment, so that
 * nobody sees the new picture before the old one has ended for them.
 */
export function createSwitches() {
  let turn = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  return {
    /** `atMs` null: nothing plays by HLS. */
    begin(atMs: number | null, playingAtMs: () => number | null, arrived: () => void): void {
      turn += 1;
      clearInterval(timer);
      if (atMs === null) return;
      const until = Date.now() + LONGEST_WAIT_MS;
      let seen = { pictureAtMs: Number.NEGATIVE_INFINITY, atMs: Date.now() };
      const isThere = (): boolean => {
        const pictureAtMs = playingAtMs();
        if (pictureAtMs === null || pictureAtMs >= atMs || Date.now() >= until) return true;
        if (pictureAtMs !== seen.pictureAtMs) seen = { pictureAtMs, atMs: Date.now() };
        return Date.now() - seen.atMs >= STALL_MS;
      };
      if (isThere()) {
        arrived();
        return;
      }
      timer = setInterval(() => {
        if (!isThere()) return;
        clearInterval(timer);
        arrived();
      }, LOOK_EVERY_MS);
    },
    /** Says later whether the change that has just begun is still the newest. */
    turn(): () => boolean {
      const mine = turn;
      return () => mine === turn;
    },
    /** The first grant that is given; null when a newer change has come. */
    async untilGranted(get: () => Promise<MediaGrant>, isNewest: () => boolean): Promise<MediaGrant | null> {
      while (isNewest()) {
        try {
          return await get();
        } catch (error) {
          if (isPermanent(error)) return null;
          await new Promise((resolve) => setTimeout(resolve, GRANT_RETRY_MS));
        }
      }
      return null;
    },
    close(): void {
      turn += 1;
      clearInterval(timer);
    },
  };
}
