/**
 * Which streams of this host are fed by another host: those that somebody watches here while their origin is elsewhere.
 *
 * Invariants: at most one relay per stream object; a relay without watchers is closed after LINGER_MS; a stream whose
 * origin moved away while somebody publishes it here gets a relay too, and the publisher gives way to it: at once, or when
 * the other host has something for the viewers of HLS.
 */
import { createClosing } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import type { ClusterLinks } from './links.ts';
import type { Membership } from './membership.ts';
import { createRelay, type Relay } from './relay.ts';

const LINGER_MS = 10_000;
/**
 * Viewers of HLS are packaged for here until the stream's new host, which begins with the first picture there, has more than
 * they have in hand: its ffmpeg's start, a first segment and three seconds.
 */
export const HANDOVER_MS = 5_000;
/** The origin is announced when it changes; this often it is looked up all the same. */
const BEATS_PER_LOOKUP = 5;

export interface Relays {
  readonly count: number;
  close(): void;
}

export function createRelays(deps: {
  streams: Streams;
  membership: Membership;
  links: ClusterLinks;
  log: Logger;
  /** Viewers of HLS are still to be sent after a stream that moves away. */
  keepsForHls: (streamId: string) => boolean;
  lingerMs?: number;
}): Relays {
  const { streams, membership } = deps;
  const lingerMs = deps.lingerMs ?? LINGER_MS;
  const relays = new Map<string, { stream: Stream; relay: Relay; linger: NodeJS.Timeout | undefined }>();
  const closing = createClosing();
  let beats = 0;

  function drop(streamId: string, reason: string): void {
    const entry = relays.get(streamId);
    if (!entry) return;
    relays.delete(streamId);
    clearTimeout(entry.linger);
    entry.relay.close(reason);
  }

  function begin(stream: Stream): Relay {
    const relay = createRelay({
      ...deps,
      stream,
      handoverMs: deps.keepsForHls(stream.id) ? HANDOVER_MS : 0,
      onEnd: () => {
        if (relays.get(stream.id)?.relay === relay) relays.delete(stream.id);
      },
    });
    relays.set(stream.id, { stream, relay, linger: undefined });
    return relay;
  }

  function look(stream: Stream): void {
    if (closing.closed) return;
    const entry = relays.get(stream.id);
    if (entry && entry.stream !== stream) drop(stream.id, 'stream-replaced');
    const known = relays.get(stream.id);
    if (stream.watchers > 0) {
      if (known) {
        clearTimeout(known.linger);
        known.linger = undefined;
      } else if (!stream.isLocal && !membership.isOrigin(stream.id)) begin(stream).follow(null);
    } else if (known && !stream.isLocal) {
      known.linger ??= setTimeout(() => drop(stream.id, 'nobody-watches'), lingerMs).unref();
    }
  }

  closing.onClose(streams.onPeers(look));
  closing.onClose(
    streams.onChange((stream) => {
      // Whoever publishes no picture any more gives viewers of HLS nothing to stay for.
      if (!stream.isLocal || stream.status.state !== 'live') relays.get(stream.id)?.relay.handOver();
      // A stream that ended here may go on elsewhere.
      if (!relays.has(stream.id) && stream.status.state === 'idle') look(stream);
    }),
  );
  closing.onClose(
    membership.onOrigin((streamId, claim) => {
      const stream = streams.get(streamId);
      if (!stream || !claim) return;
      const relay = relays.get(streamId)?.relay ?? (stream.watchers > 0 || stream.isLocal ? begin(stream) : undefined);
      relay?.follow(claim);
      look(stream);
    }),
  );
  closing.onClose(
    membership.onBeat(() => {
      beats += 1;
      if (beats % BEATS_PER_LOOKUP !== 0) return;
      for (const { relay } of relays.values()) if (!relay.isFed) relay.follow(null);
    }),
  );
  closing.onClose((why) => {
    for (const streamId of [...relays.keys()]) drop(streamId, why);
  });

  return {
    get count() {
      return relays.size;
    },
    close: () => closing.close('server-closed'),
  };
}
