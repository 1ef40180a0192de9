/**
 * Streams that come here from a host that lives, and where their viewers of HLS are served meanwhile.
 *
 * Model: an arrival begins when a stream was taken over and ends when its former host lets go, or at the first beat that
 * shows that host gone or not draining any more. Invariant: at most one arrival per stream, the newest; one that is over
 * keeps nobody waiting.
 */
import type { Logger } from '../platform/logger.ts';
import type { ClusterLinks } from './links.ts';
import type { Membership } from './membership.ts';
import { isHeldBy, type OriginClaim } from './registry.ts';

/** Viewers are taken over this long before the former host lets go. */
const ARRIVED_BEFORE_MS = 500;

interface Arrival {
  former: OriginClaim;
  /** Public address of the former host; null: served here. */
  url: Promise<string | null>;
  end(): void;
}

export interface Arrivals {
  /** The stream was taken over from this claim's host, which is asked what its viewers of HLS need to go on here. */
  receive(former: OriginClaim): void;
  /** Public address of the host that still serves the stream's viewers; null: none. */
  servedAt(streamId: string): Promise<string | null>;
}

export function createArrivals(deps: {
  membership: Pick<Membership, 'nodes' | 'isConnected' | 'onBeat'>;
  links: Pick<ClusterLinks, 'to'>;
  /** Another host packages the stream; its numbers go up to here. */
  arrives: (streamId: string, nextDiscontinuity: number) => void;
  log: Logger;
  now: () => number;
}): Arrivals {
  const { membership, now } = deps;
  const arrivals = new Map<string, Arrival>();
  const hostOf = (former: OriginClaim) => membership.nodes().find((node) => isHeldBy(former, node));

  async function ask(former: OriginClaim): Promise<{ url: string; forMs: number } | null> {
    const { streamId } = former;
    const host = hostOf(former);
    if (!host) return null;
    const link = deps.links.to(host.controlUrl);
    // The former host counts from when it lost the stream, which was before it is asked.
    const askedAtMs = now();
    try {
      const { nextDiscontinuity, keepsMs } = await link.request('hls:numbers', { streamId });
      if (nextDiscontinuity === null) return null;
      deps.arrives(streamId, nextDiscontinuity);
      const forMs = keepsMs - ARRIVED_BEFORE_MS - (now() - askedAtMs);
      return forMs <= 0 || host.publicUrl === '' ? null : { url: host.publicUrl, forMs };
    } catch (error) {
      deps.log.debug({ err: error, streamId }, 'its former host does not answer');
      return null;
    } finally {
      link.release();
    }
  }

  membership.onBeat(() => {
    // While the registry is away nothing new is known of anybody.
    if (!membership.isConnected) return;
    for (const { former, end } of [...arrivals.values()]) if (hostOf(former)?.draining !== true) end();
  });

  return {
    receive(former) {
      const { streamId } = former;
      const url = Promise.withResolvers<string | null>();
      const arrival: Arrival = {
        former,
        url: url.promise,
        end() {
          url.resolve(null);
          if (arrivals.get(streamId) === arrival) arrivals.delete(streamId);
        },
      };
      arrivals.set(streamId, arrival);
      void ask(former).then((served) => {
        if (!served) return arrival.end();
        url.resolve(served.url);
        setTimeout(arrival.end, served.forMs).unref();
      });
    },
    servedAt: async (streamId) => (await arrivals.get(streamId)?.url) ?? null,
  };
}
