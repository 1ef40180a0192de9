/** The tracks an origin offers: at most one per kind. Shared by whatever publishes (browser, encoder) and watches. */
import type { MediaKind, StreamTrack } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createSignal } from '../platform/closing.ts';

export interface TrackTable {
  set(producer: types.Producer): void;
  /** Takes the producer out if it is still the one of its kind. */
  remove(producer: types.Producer): void;
  /** Something about a track changed that listeners should see (pause). */
  touch(): void;
  producers(): types.Producer[];
  list(): StreamTrack[];
  onChange(listener: () => void): () => void;
}

export function createTrackTable(): TrackTable {
  const byKind = new Map<MediaKind, types.Producer>();
  const changed = createSignal<void>();
  const producers = (): types.Producer[] => [...byKind.values()].filter((producer) => !producer.closed);
  return {
    set(producer) {
      byKind.set(producer.kind, producer);
      changed.emit();
    },
    remove(producer) {
      if (byKind.get(producer.kind) !== producer) return;
      byKind.delete(producer.kind);
      changed.emit();
    },
    touch: () => changed.emit(),
    producers,
    list: () => producers().map(({ kind, id, paused }) => ({ kind, producerId: id, paused })),
    onChange: (listener) => changed.subscribe(listener),
  };
}
