/**
 * A tap gives a stream as plain RTP to a local program (the HLS packager). One plain transport carries all tracks: the
 * sound's sender reports then come with the picture's, every second and not every five.
 */
import type { MediaKind } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { TrackTable } from './tracks.ts';

const TAP_IP = '127.0.0.1';

export interface TapTrack {
  kind: MediaKind;
  producerId: string;
  mimeType: string;
  payloadType: number;
  clockRate: number;
  channels: number | undefined;
  ssrc: number;
}

export interface Tap {
  readonly tracks: TapTrack[];
  /** Packets start to flow. */
  start(): Promise<void>;
  requestKeyFrame(): void;
  close(reason: string): void;
}

/** `layer-dropped`: the publisher does not send the best layer any more. `layer-raised`: it does again. */
export type TapEnd = 'track-ended' | 'transport-closed' | 'layer-dropped' | 'layer-raised';

export interface TapEvents {
  /** A track ended, the worker died or the picture changed its layer: what was tapped is not what comes now. */
  onBroken(why: TapEnd): void;
}

export async function openTap(input: {
  router: types.Router;
  tracks: TrackTable;
  portRange: { min: number; max: number };
  /** Where the receiver listens, for all tracks and for RTP and RTCP alike (RFC 5761). */
  firstPort: number;
  /** Highest simulcast layer to take; null = the best there is. */
  maxLayer: number | null;
  events: TapEvents;
}): Promise<Tap> {
  const closing = createClosing();
  const consumers: types.Consumer[] = [];
  const broken = (why: TapEnd): void => {
    if (!closing.closed) input.events.onBroken(why);
  };

  async function tapTrack(transport: types.PlainTransport, producer: types.Producer): Promise<TapTrack> {
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: plainCapabilities(input.router),
      paused: true,
      enableRtx: false,
    });
    if (consumer.type === 'simulcast' && input.maxLayer !== null) {
      await consumer.setPreferredLayers({ spatialLayer: input.maxLayer });
    }
    consumers.push(consumer);
    consumer.on('producerclose', () => broken('track-ended'));
    consumer.on('transportclose', () => broken('transport-closed'));
    let layer: number | undefined;
    consumer.on('layerschange', (layers) => {
      // Another layer has another size: a copied track cannot go on in the same file. A re-encoded one can.
      if (!layers || consumer.rtpParameters.codecs[0]?.mimeType.toLowerCase() !== 'video/h264') return;
      const before = layer;
      layer = layers.spatialLayer;
      if (before !== undefined && before !== layer) broken(layer < before ? 'layer-dropped' : 'layer-raised');
    });
    const codec = consumer.rtpParameters.codecs[0]!;
    return {
      kind: producer.kind,
      producerId: producer.id,
      mimeType: codec.mimeType,
      payloadType: codec.payloadType,
      clockRate: codec.clockRate,
      channels: codec.channels,
      ssrc: consumer.rtpParameters.encodings?.[0]?.ssrc ?? 0,
    };
  }

  try {
    const producers = input.tracks.producers();
    if (producers.length === 0) throw mediaFailure('media_stream_not_live');
    const transport = await input.router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: TAP_IP, portRange: input.portRange },
      rtcpMux: true,
      comedia: false,
    });
    closing.onClose(() => transport.close());
    await transport.connect({ ip: TAP_IP, port: input.firstPort });
    const tracks = await Promise.all(producers.map((producer) => tapTrack(transport, producer)));
    return {
      tracks,
      async start() {
        await Promise.all(consumers.map((consumer) => consumer.resume()));
      },
      requestKeyFrame() {
        for (const consumer of consumers) {
          if (consumer.kind === 'video' && !consumer.closed) consumer.requestKeyFrame().catch(() => undefined);
        }
      },
      close: closing.close,
    };
  } catch (error) {
    closing.close('not-opened');
    throw error;
  }
}

/**
 * What a program without congestion control receives. No header extensions: with them mediasoup would estimate a
 * bandwidth that nobody reports, send probing packets of a foreign SSRC and take the layers away.
 */
function plainCapabilities(router: types.Router): types.RtpCapabilities {
  const codecs = (router.rtpCapabilities.codecs ?? []).filter(
    (codec) => !codec.mimeType.toLowerCase().endsWith('/rtx'),
  );
  return { codecs, headerExtensions: [] };
}
