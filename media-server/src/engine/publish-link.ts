/** A browser's publication: one WebRtcTransport with at most one producer per kind. */
import type {
  DtlsParameters,
  IceParameters,
  MediaKind,
  PublisherTrackStats,
  RtpParameters,
  TransportOptions,
} from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import { monitorFlow } from './flow.ts';
import { trackStats } from './stats.ts';
import type { TrackTable } from './tracks.ts';
import { type LinkState, openWebRtcLink } from './webrtc.ts';
import type { EngineWorker } from './workers.ts';

/** A publisher is asked for a key frame at most this often, however many viewers join (PLI storms). */
export const KEY_FRAME_REQUEST_DELAY_MS = 1_000;
const MAX_LAYERS = 3;

export interface PublishLink {
  readonly options: TransportOptions;
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
  /** Starts a track; a second one of the same kind replaces the first. @throws MediaFailure media_payload_invalid */
  produce(kind: MediaKind, rtpParameters: RtpParameters, paused: boolean): Promise<string>;
  pause(kind: MediaKind, paused: boolean): Promise<void>;
  readonly flowing: boolean;
  stats(): Promise<PublisherTrackStats[]>;
  close(reason: string): void;
}

export interface PublishLinkEvents {
  onState(state: LinkState): void;
  onFlow(flowing: boolean): void;
  onScore(kind: MediaKind, score: number): void;
}

export async function openPublishLink(input: {
  worker: EngineWorker;
  router: types.Router;
  tracks: TrackTable;
  events: PublishLinkEvents;
}): Promise<PublishLink> {
  const { tracks, events } = input;
  const closing = createClosing();
  const link = await openWebRtcLink({
    worker: input.worker,
    router: input.router,
    direction: 'publish',
    onState: (state) => {
      if (!closing.closed) events.onState(state);
    },
  });
  const producers = new Map<MediaKind, types.Producer>();
  const flow = monitorFlow({ producers: () => [...producers.values()], onChange: events.onFlow });
  closing.onClose(() => {
    flow.stop();
    for (const producer of producers.values()) tracks.remove(producer);
    link.transport.close();
  });

  return {
    options: link.options,
    connect: link.connect,
    restartIce: link.restartIce,
    async produce(kind, rtpParameters, paused) {
      if ((rtpParameters.encodings?.length ?? 1) > MAX_LAYERS) throw mediaFailure('media_payload_invalid');
      let producer: types.Producer;
      try {
        producer = await link.transport.produce({
          kind,
          rtpParameters: rtpParameters as types.RtpParameters,
          paused,
          ...(kind === 'video' && { keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS }),
        });
      } catch (cause) {
        if (link.transport.closed) throw mediaFailure('media_session_unknown', undefined, cause);
        throw mediaFailure('media_payload_invalid', { why: 'rtp-parameters-refused' }, cause);
      }
      if (closing.closed) throw mediaFailure('media_session_unknown');
      producer.on('score', (scores) => {
        if (scores.length > 0) events.onScore(kind, Math.max(...scores.map((entry) => entry.score)));
      });
      const previous = producers.get(kind);
      producers.set(kind, producer);
      tracks.set(producer);
      previous?.close();
      return producer.id;
    },
    async pause(kind, paused) {
      const producer = producers.get(kind);
      if (!producer || producer.closed) throw mediaFailure('media_session_unknown');
      await (paused ? producer.pause() : producer.resume());
      tracks.touch();
    },
    get flowing() {
      return flow.flowing;
    },
    stats: () => trackStats([...producers.values()]),
    close: closing.close,
  };
}
