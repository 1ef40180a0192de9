/** A local encoder that sends plain RTP (the demo feed, later OBS through other gateways): two plain transports. */
import { randomInt } from 'node:crypto';
import type { MediaKind, PublisherTrackStats, RtpIngest } from '@walnut-live/contracts';
import type { types } from 'mediasoup';
import { createClosing } from '../platform/closing.ts';
import { ingestCodecs } from './codecs.ts';
import { monitorFlow } from './flow.ts';
import { trackStats } from './stats.ts';
import type { TrackTable } from './tracks.ts';

/** Only programs on this host may send plain RTP: it is not authenticated. */
const INGEST_IP = '127.0.0.1';

export interface IngestLink {
  readonly address: RtpIngest;
  readonly flowing: boolean;
  stats(): Promise<PublisherTrackStats[]>;
  close(reason: string): void;
}

/** Ports and SSRCs are chosen once, so that a running encoder can go on after everything here was rebuilt. */
export function chooseIngestAddress(firstPort: number): RtpIngest {
  const track = (kind: MediaKind, port: number): RtpIngest['video'] => ({
    port,
    rtcpPort: port + 1,
    payloadType: ingestCodecs[kind].payloadType,
    ssrc: randomInt(1, 0x7fffffff),
  });
  return { ip: INGEST_IP, video: track('video', firstPort), audio: track('audio', firstPort + 2) };
}

export async function openIngestLink(input: {
  router: types.Router;
  tracks: TrackTable;
  address: RtpIngest;
  onFlow: (flowing: boolean) => void;
}): Promise<IngestLink> {
  const { router, tracks, address } = input;
  const closing = createClosing();
  const producers: types.Producer[] = [];

  async function openTrack(kind: MediaKind): Promise<void> {
    const { port, rtcpPort, payloadType, ssrc } = address[kind];
    const { codec } = ingestCodecs[kind];
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: address.ip, port },
      rtcpListenInfo: { protocol: 'udp', ip: address.ip, port: rtcpPort },
      // Two ports and not rtcpMux: ffmpeg sends its sender reports to port+1, and A/V sync needs them.
      rtcpMux: false,
      comedia: true,
    });
    closing.onClose(() => transport.close());
    const producer = await transport.produce({
      kind,
      rtpParameters: {
        codecs: [
          {
            mimeType: codec.mimeType,
            clockRate: codec.clockRate,
            payloadType,
            ...(codec.channels !== undefined && { channels: codec.channels }),
            ...(codec.parameters !== undefined && { parameters: codec.parameters }),
          },
        ],
        encodings: [{ ssrc }],
        // One name for both: receivers synchronise tracks by it.
        rtcp: { cname: `ingest-${address.video.ssrc}` },
      },
    });
    producers.push(producer);
  }

  try {
    await Promise.all([openTrack('video'), openTrack('audio')]);
  } catch (error) {
    closing.close('not-opened');
    throw error;
  }
  // Announced only when packets come: an encoder may send the picture alone.
  const flow = monitorFlow({
    producers: () => producers,
    onChange: (flowing) => {
      if (flowing) for (const producer of producers) tracks.set(producer);
      input.onFlow(flowing);
    },
  });
  closing.onClose(() => {
    flow.stop();
    for (const producer of producers) tracks.remove(producer);
  });

  return {
    address,
    get flowing() {
      return flow.flowing;
    },
    stats: () => trackStats(producers),
    close: closing.close,
  };
}
