/**
 * How a stream of another host is fed into one of ours. The port is the publisher only once it has a picture to give: until
 * then whoever publishes here goes on.
 */
import type { StreamFact } from '../domain/stream-state.ts';
import type { Origin, PipeInlet } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Publisher, RelayPublisher } from './publication.ts';

export interface RelayEvents {
  /** A local publisher took its place, or the stream was closed here. */
  onReplaced: () => void;
  /** The worker of its inlet died. */
  onLost: () => void;
}

export interface RelayPort {
  /** Not yet what viewers see: `use` makes it that. */
  openInlet(onFlow: (flowing: boolean) => void): Promise<PipeInlet>;
  /** From now on this inlet is the publication; the one before it, or a local publisher, gives way. */
  use(inlet: PipeInlet): void;
  /** What the origin says, or what its loss means. */
  live(): void;
  interrupted(reason: Extract<StreamFact, { type: 'media-lost' }>['reason']): void;
  ended(reason: Extract<StreamFact, { type: 'ended' }>['reason']): void;
  /** A local publisher gives way although there is nothing in its place yet. */
  yieldLocal(): void;
  /** Takes the relay away, and with it what it fed. Idempotent. */
  close(): void;
}

export function createRelayPort(
  events: RelayEvents,
  stream: {
    publisher(): Publisher | null;
    ensureOrigin(): Promise<Origin>;
    take(relay: RelayPublisher): void;
    leave(relay: RelayPublisher): void;
    happened(fact: StreamFact): void;
  },
): RelayPort {
  const own: RelayPublisher = { kind: 'relay', link: null, ...events };
  let closed = false;
  const isOn = (): boolean => !closed && stream.publisher() === own;

  return {
    async openInlet(onFlow) {
      if (closed) throw mediaFailure('media_session_unknown');
      return (await stream.ensureOrigin()).openPipeInlet({ onFlow });
    },
    use(inlet) {
      if (closed) return inlet.close('overtaken');
      stream.take(own);
      const before = own.link;
      own.link = inlet;
      if (before !== inlet) before?.close('replaced');
    },
    live() {
      if (isOn() && own.link) stream.happened({ type: 'media-flows' });
    },
    interrupted(reason) {
      if (isOn()) stream.happened({ type: 'media-lost', reason });
    },
    ended(reason) {
      if (isOn()) stream.happened({ type: 'ended', reason });
    },
    yieldLocal() {
      if (closed || isOn()) return;
      stream.take(own);
      stream.happened({ type: 'media-lost', reason: 'publisher_replaced' });
    },
    close() {
      if (closed) return;
      closed = true;
      // Replaced by a local publisher, whose first picture it is still waited with: the stream closes the inlet then.
      if (stream.publisher() !== own) return;
      own.link?.close('relay-closed');
      own.link = null;
      stream.leave(own);
    },
  };
}
