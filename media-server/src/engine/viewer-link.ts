/** A browser that watches: one WebRtcTransport on an audience seat, one consumer per track, created paused. */
import type {
  DtlsParameters,
  IceParameters,
  MediaConsumer,
  QualityLevel,
  RtpCapabilities,
  TransportOptions,
} from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { AudienceSeat } from './audience.ts';
import type { TrackTable } from './tracks.ts';
import { type LinkState, openWebRtcLink } from './webrtc.ts';

export interface ViewerLink {
  readonly workerId: string;
  readonly options: TransportOptions;
  readonly routerRtpCapabilities: RtpCapabilities;
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
  /**
   * Consumers for all tracks that are not consumed yet, paused.
   * @throws MediaFailure media_codec_unsupported when the browser can decode none of them
   */
  consume(rtpCapabilities: RtpCapabilities): Promise<MediaConsumer[]>;
  resume(consumerIds: string[]): Promise<void>;
  setQuality(level: QualityLevel): Promise<void>;
  close(reason: string): void;
}

export interface ViewerLinkEvents {
  onState(state: LinkState): void;
  /** The worker or the router is gone; the link is closed already. */
  onLost(): void;
  onLayer(layer: number | null, layers: number): void;
}

export async function openViewerLink(input: {
  seat: AudienceSeat;
  tracks: TrackTable;
  events: ViewerLinkEvents;
}): Promise<ViewerLink> {
  const { seat, tracks, events } = input;
  const closing = createClosing();
  closing.onClose(() => seat.release());
  const link = await openWebRtcLink({
    worker: seat.worker,
    router: seat.router,
    direction: 'watch',
    onState: (state) => {
      if (!closing.closed) events.onState(state);
    },
  }).catch((cause: unknown) => {
    closing.close('not-opened');
    throw mediaFailure('media_worker_lost', undefined, cause);
  });
  seat.worker.load.viewers += 1;
  const consumers = new Map<string, types.Consumer>();
  let quality: QualityLevel = 'auto';
  closing.onClose(() => {
    seat.worker.load.viewers -= 1;
    link.transport.close();
  });
  link.transport.on('routerclose', () => {
    if (closing.closed) return;
    closing.close('router-closed');
    events.onLost();
  });

  const layersOf = (consumer: types.Consumer): number =>
    consumer.type === 'simulcast' ? layerCount(tracks, consumer.producerId) : 1;

  async function consumeTrack(
    producer: types.Producer,
    rtpCapabilities: RtpCapabilities,
  ): Promise<MediaConsumer | null> {
    await seat.bring(producer.id);
    const capabilities = rtpCapabilities as types.RtpCapabilities;
    if (!seat.router.canConsume({ producerId: producer.id, rtpCapabilities: capabilities })) return null;
    const consumer = await link.transport.consume({
      producerId: producer.id,
      rtpCapabilities: capabilities,
      paused: true,
    });
    if (closing.closed) throw mediaFailure('media_session_unknown');
    consumers.set(consumer.id, consumer);
    consumer.observer.on('close', () => consumers.delete(consumer.id));
    if (consumer.type === 'simulcast') {
      consumer.on('layerschange', (layers) => events.onLayer(layers?.spatialLayer ?? null, layersOf(consumer)));
      await applyQuality(consumer);
    }
    return {
      id: consumer.id,
      producerId: producer.id,
      kind: consumer.kind,
      rtpParameters: consumer.rtpParameters as MediaConsumer['rtpParameters'],
      layers: layersOf(consumer),
    };
  }

  async function applyQuality(consumer: types.Consumer): Promise<void> {
    const layers = layersOf(consumer);
    const spatialLayer = quality === 'low' ? 0 : quality === 'medium' ? Math.floor((layers - 1) / 2) : layers - 1;
    await consumer.setPreferredLayers({ spatialLayer });
  }

  return {
    workerId: seat.worker.id,
    options: link.options,
    routerRtpCapabilities: seat.router.rtpCapabilities as RtpCapabilities,
    connect: link.connect,
    restartIce: link.restartIce,
    async consume(rtpCapabilities) {
      const wanted = tracks.producers();
      const taken = new Set([...consumers.values()].map((consumer) => consumer.producerId));
      const fresh = wanted.filter((producer) => !taken.has(producer.id));
      // A producer may close between the list and its turn (publisher reconnects): the next `stream:state` brings it.
      const results = await Promise.all(
        fresh.map((producer) =>
          consumeTrack(producer, rtpCapabilities).catch((error: unknown) => {
            if (closing.closed) throw mediaFailure('media_session_unknown', undefined, error);
            if (producer.closed) return undefined;
            throw error;
          }),
        ),
      );
      if (fresh.length > 0 && results.every((result) => result === null)) throw mediaFailure('media_codec_unsupported');
      return results.filter((result) => result !== null && result !== undefined);
    },
    async resume(consumerIds) {
      await Promise.all(consumerIds.map((id) => consumers.get(id)?.resume()));
    },
    async setQuality(level) {
      quality = level;
      for (const consumer of consumers.values()) if (consumer.type === 'simulcast') await applyQuality(consumer);
    },
    close: closing.close,
  };
}

function layerCount(tracks: TrackTable, producerId: string): number {
  const producer = tracks.producers().find((candidate) => candidate.id === producerId);
  return Math.max(1, producer?.rtpParameters.encodings?.length ?? 1);
}
