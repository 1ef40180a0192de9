/** Holds one viewer's picture to what their network has lately carried; the rule is domain/picture-brake.ts. */
import type { types } from 'mediasoup';
import {
  onEstimateFell,
  onHoldOver,
  onReceiverScore,
  type PictureBrake,
  releasedBrake,
} from '../domain/picture-brake.ts';

export interface PictureCap {
  /** Highest layer that may be sent; −1: the picture is held back and only sound goes out. */
  readonly layer: number;
  /** The layer is about to change for another reason than the network. */
  forgetLayer(): void;
}

/** Calls `onChange` when the cap has changed. Ends with the consumer. */
export function capPicture(input: {
  consumer: types.Consumer;
  layers: number;
  /** Highest layer that the viewer asks for: less than that is not the network's doing. */
  wanted: () => number;
  onChange: () => void;
}): PictureCap {
  const { consumer } = input;
  let brake: PictureBrake = releasedBrake(input.layers);
  let timer: NodeJS.Timeout | undefined;
  let layer: number | null = null;

  function step(next: PictureBrake): void {
    if (next === brake) return;
    const changed = next.cap !== brake.cap;
    const moved = next.liftAtMs !== brake.liftAtMs;
    brake = next;
    if (moved) {
      clearTimeout(timer);
      timer = undefined;
      if (next.liftAtMs !== null) {
        timer = setTimeout(() => step(onHoldOver(brake, Date.now())), Math.max(0, next.liftAtMs - Date.now()) + 1);
        timer.unref();
      }
    }
    if (changed && !consumer.closed) input.onChange();
  }

  consumer.on('score', ({ score, producerScore }) => {
    // What the publisher does not send cannot be lost on the way to the viewer.
    if (producerScore > 0 && !consumer.paused) step(onReceiverScore(brake, score, Date.now()));
  });
  consumer.on('layerschange', (layers) => {
    const before = layer;
    layer = layers?.spatialLayer ?? null;
    if (before === null || layer === null || layer >= before || layer >= Math.min(input.wanted(), brake.cap)) return;
    const isNextThere = (consumer.score.producerScores[layer + 1] ?? 0) > 0;
    if (isNextThere) step(onEstimateFell(brake, layer, Date.now()));
  });
  consumer.observer.on('close', () => clearTimeout(timer));
  return {
    get layer() {
      return brake.cap;
    },
    forgetLayer() {
      layer = null;
    },
  };
}
