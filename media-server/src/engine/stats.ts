import type { PublisherTrackStats } from '@walnut-live/contracts';
import type { types } from 'mediasoup';

/** `fraction lost` of a receiver report counts in 256ths (RFC 3550 §6.4.1). */
const FRACTION_OF = 256;

/** Reception of each producer, its simulcast layers summed. Before the first packet everything is unknown: null. */
export function trackStats(producers: types.Producer[]): Promise<PublisherTrackStats[]> {
  return Promise.all(
    producers
      .filter((producer) => !producer.closed)
      .map(async (producer) => {
        const layers = await producer.getStats().catch(() => []);
        const roundTrips = layers.flatMap((layer) => (layer.roundTripTime === undefined ? [] : [layer.roundTripTime]));
        const clockRate = producer.rtpParameters.codecs[0]?.clockRate ?? 1;
        const known = layers.length > 0;
        return {
          kind: producer.kind,
          mimeType: producer.rtpParameters.codecs[0]?.mimeType ?? 'unknown',
          paused: producer.paused,
          bitrateBps: known ? layers.reduce((sum, layer) => sum + layer.bitrate, 0) : null,
          packetsLost: known ? layers.reduce((sum, layer) => sum + layer.packetsLost, 0) : null,
          lossRatio: known ? Math.max(...layers.map((layer) => layer.fractionLost)) / FRACTION_OF : null,
          roundTripMs: roundTrips.length > 0 ? Math.max(...roundTrips) : null,
          jitterMs: known ? (Math.max(...layers.map((layer) => layer.jitter)) / clockRate) * 1000 : null,
          score: producer.score.length > 0 ? Math.max(...producer.score.map((entry) => entry.score)) : null,
          layers: Math.max(1, producer.rtpParameters.encodings?.length ?? 1),
          keyFrameRequests: known ? layers.reduce((sum, layer) => sum + layer.pliCount + layer.firCount, 0) : null,
        };
      }),
  );
}
