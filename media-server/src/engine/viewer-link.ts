/** A browser that watches: one WebRtcTransport on an audience seat, one consumer per track, created paused. */
import type {
  DtlsParameters,
  IceParameters,
  MediaConsumer,
  MediaKind,
  QualityLevel,
  RtpCapabilities,
  TransportOptions,
} from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { AudienceSeat } from './audience.ts';
import { withoutEstimate } from './estimate.ts';
import { type NumberedPipes, numberedSeat, type PayloadTypes } from './payload-types.ts';
import { capPicture, type PictureCap } from './picture-cap.ts';
import type { TrackTable } from './tracks.ts';
import { type LinkState, openWebRtcLink } from './webrtc.ts';

/** A viewer whose network died is noticed by ICE after ten seconds; this much later its place is free again. */
const RETURN_MS = 4_000;
/** So long may the first connection take: a phone tries UDP, then TCP, then a relay. */
const ARRIVAL_MS = 15_000;

export interface ViewerLink {
  readonly workerId: string;
  readonly options: TransportOptions;
  readonly routerRtpCapabilities: RtpCapabilities;
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
  /**
   * Consumers for all tracks that are not consumed yet, paused. `mids` names the media sections of an offer.
   * @throws MediaFailure media_codec_unsupported when the browser can decode none of them
   */
  consume(rtpCapabilities: RtpCapabilities, mids?: Partial<Record<MediaKind, string>>): Promise<MediaConsumer[]>;
  resume(consumerIds: string[]): Promise<void>;
  setQuality(level: QualityLevel): Promise<void>;
  close(reason: string): void;
}

export interface ViewerLinkEvents {
  onState(state: LinkState): void;
  /** The worker or the router is gone; the link is closed already. */
  onLost(): void;
  /** `soundOnly`: their network is too weak for the picture, which is tried again later. */
  onLayer(layer: number | null, layers: number, soundOnly: boolean): void;
  /** What the receiver's offer calls our codecs; without it the receiver takes our numbers. */
  payloadTypes?: PayloadTypes;
}

/** @throws MediaFailure media_over_capacity when there are too many different offers, media_worker_lost */
export async function openViewerLink(input: {
  seat: AudienceSeat;
  tracks: TrackTable;
  events: ViewerLinkEvents;
  numbered: NumberedPipes;
}): Promise<ViewerLink> {
  const { tracks, events } = input;
  const seat = await numberedSeat({
    seat: input.seat,
    tracks,
    wanted: events.payloadTypes,
    pipes: input.numbered,
  });
  const closing = createClosing();
  closing.onClose(() => seat.release());
  const openedAtMs = performance.now();
  let hasArrived = false;
  /** Runs while nothing is heard from the viewer: not yet, or not any more. */
  let silence: NodeJS.Timeout | undefined;
  const expectWithin = (ms: number): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      if (!closing.closed) events.onState('closed');
    }, ms);
    silence.unref();
  };
  closing.onClose(() => clearTimeout(silence));
  const link = await openWebRtcLink({
    worker: seat.worker,
    router: seat.router,
    direction: 'watch',
    onState: (state) => {
      if (closing.closed) return;
      if (state === 'connected') {
        clearTimeout(silence);
        if (!hasArrived) seat.worker.onArrival((performance.now() - openedAtMs) / 1_000);
        hasArrived = true;
      }
      if (state === 'disconnected') expectWithin(RETURN_MS);
      events.onState(state);
    },
  }).catch((cause: unknown) => {
    closing.close('not-opened');
    throw mediaFailure('media_worker_lost', undefined, cause);
  });
  expectWithin(ARRIVAL_MS);
  seat.worker.load.viewers += 1;
  const consumers = new Map<string, types.Consumer>();
  /** Track of the origin by consumer: on this seat's router it may have another id. */
  const sources = new Map<string, string>();
  const caps = new Map<string, PictureCap>();
  /** Consumers that the viewer has asked to run. */
  const awaited = new Set<string>();
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
    consumer.type === 'simulcast' ? layerCount(tracks, sources.get(consumer.id)) : 1;

  async function consumeTrack(
    producer: types.Producer,
    rtpCapabilities: RtpCapabilities,
    mid: string | undefined,
  ): Promise<MediaConsumer | null> {
    const producerId = await seat.bring(producer.id);
    if (producerId === null) return null;
    const given = rtpCapabilities as types.RtpCapabilities;
    const hasLayers = tracks.producers().some(({ id }) => layerCount(tracks, id) > 1);
    const capabilities = hasLayers ? given : withoutEstimate(given);
    if (!seat.router.canConsume({ producerId, rtpCapabilities: capabilities })) return null;
    const consumer = await link.transport.consume({
      producerId,
      rtpCapabilities: capabilities,
      paused: true,
      ...(mid !== undefined && { mid }),
    });
    if (closing.closed) throw mediaFailure('media_session_unknown');
    consumers.set(consumer.id, consumer);
    sources.set(consumer.id, producer.id);
    consumer.observer.on('close', () => {
      consumers.delete(consumer.id);
      sources.delete(consumer.id);
      caps.delete(consumer.id);
      awaited.delete(consumer.id);
    });
    if (consumer.kind === 'video') await capVideo(consumer);
    return {
      id: consumer.id,
      producerId: producer.id,
      kind: consumer.kind,
      rtpParameters: consumer.rtpParameters as MediaConsumer['rtpParameters'],
      layers: layersOf(consumer),
    };
  }

  async function capVideo(consumer: types.Consumer): Promise<void> {
    const layers = layersOf(consumer);
    const cap = capPicture({
      consumer,
      layers,
      wanted: () => wantedLayer(layers),
      onChange: () => void applyCap(consumer).catch(() => undefined), // it has just been closed
    });
    caps.set(consumer.id, cap);
    if (consumer.type !== 'simulcast') return;
    consumer.on('layerschange', (current) => {
      // Not even the lowest fits, although it is sent.
      const isTooWeak = current === undefined && !consumer.paused && consumer.score.producerScore > 0;
      events.onLayer(current?.spatialLayer ?? null, layers, isTooWeak);
    });
    await applyCap(consumer);
  }

  const wantedLayer = (layers: number): number =>
    quality === 'low' ? 0 : quality === 'medium' ? Math.floor((layers - 1) / 2) : layers - 1;

  async function applyCap(consumer: types.Consumer): Promise<void> {
    const highest = caps.get(consumer.id)?.layer ?? 0;
    if (consumer.type === 'simulcast') {
      await consumer.setPreferredLayers({ spatialLayer: Math.min(highest, wantedLayer(layersOf(consumer))) });
      return;
    }
    const isHeldBack = highest < 0;
    if (isHeldBack) await consumer.pause();
    else if (awaited.has(consumer.id)) await consumer.resume();
    events.onLayer(isHeldBack ? null : 0, 1, isHeldBack);
  }

  return {
    workerId: seat.worker.id,
    options: link.options,
    routerRtpCapabilities: seat.router.rtpCapabilities as RtpCapabilities,
    connect: link.connect,
    restartIce: link.restartIce,
    async consume(rtpCapabilities, mids = {}) {
      const wanted = tracks.producers();
      const taken = new Set(sources.values());
      const fresh = wanted.filter((producer) => !taken.has(producer.id));
      // A producer may close between the list and its turn (publisher reconnects): the next `stream:state` brings it.
      const results = await Promise.all(
        fresh.map((producer) =>
          consumeTrack(producer, rtpCapabilities, mids[producer.kind]).catch((error: unknown) => {
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
      await Promise.all(
        consumerIds.map((id) => {
          const consumer = consumers.get(id);
          if (!consumer) return undefined;
          awaited.add(id);
          return (caps.get(id)?.layer ?? 0) < 0 ? undefined : consumer.resume();
        }),
      );
    },
    async setQuality(level) {
      quality = level;
      for (const cap of caps.values()) cap.forgetLayer();
      for (const consumer of consumers.values()) if (consumer.type === 'simulcast') await applyCap(consumer);
    },
    close: closing.close,
  };
}

function layerCount(tracks: TrackTable, producerId: string | undefined): number {
  const producer = tracks.producers().find((candidate) => candidate.id === producerId);
  return Math.max(1, producer?.rtpParameters.encodings?.length ?? 1);
}
