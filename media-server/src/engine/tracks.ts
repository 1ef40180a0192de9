/**
 * The tracks an origin offers: at most one per kind. Shared by whatever publishes (browser, encoder, pipe) and watches.
 *
 * Publishers follow each other with an overlap; the newest open producer of a kind is the one that is offered, and when it
 * goes, the one below it is offered again.
 */
import type { MediaKind, StreamTrack } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createSignal } from '../platform/closing.ts';

export interface TrackTable {
  set(producer: types.Producer): void;
  /** Takes the producer out, whether it is offered or not. */
  remove(producer: types.Producer): void;
  /** Something about a track changed that listeners should see (pause). */
  touch(): void;
  producers(): types.Producer[];
  list(): StreamTrack[];
  onChange(listener: () => void): () => void;
}

export function createTrackTable(): TrackTable {
  /** Oldest first. */
  const byKind = new Map<MediaKind, types.Producer[]>();
  const changed = createSignal<void>();
  const openOf = (kind: MediaKind): types.Producer[] => (byKind.get(kind) ?? []).filter(({ closed }) => !closed);
  const producers = (): types.Producer[] => [...byKind.keys()].flatMap((kind) => openOf(kind).slice(-1));
  return {
    set(producer) {
      byKind.set(producer.kind, [...openOf(producer.kind).filter((other) => other !== producer), producer]);
      changed.emit();
    },
    remove(producer) {
      const all = byKind.get(producer.kind) ?? [];
      if (!all.includes(producer)) return;
      const wasOffered = all.at(-1) === producer;
      const rest = all.filter((other) => other !== producer && !other.closed);
      if (rest.length > 0) byKind.set(producer.kind, rest);
      else byKind.delete(producer.kind);
      if (wasOffered) changed.emit();
    },
    touch: () => changed.emit(),
    producers,
    list: () => producers().map(({ kind, id, paused }) => ({ kind, producerId: id, paused })),
    onChange: (listener) => changed.subscribe(listener),
  };
}
