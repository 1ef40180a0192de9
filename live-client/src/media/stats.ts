/** Turns RTCStatsReports into the figures we show. Rates need two samples; until then they are null. */
import type { LayerNow, PublishLayerStats, PublishStats, WatchStats } from './types.ts';

type Entry = Record<string, unknown> & { id: string; type: string; timestamp: number };

function entries(report: RTCStatsReport): Entry[] {
  const list: Entry[] = [];
  report.forEach((value: Entry) => {
    list.push(value);
  });
  return list;
}

function numberOf(entry: Entry | undefined, key: string): number | null {
  const value = entry?.[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function textOf(entry: Entry | undefined, key: string): string | null {
  const value = entry?.[key];
  return typeof value === 'string' ? value : null;
}

const sum = (values: Array<number | null>): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((total, value) => total + value, 0) : null;
};

/** Remembers counters between two samples. */
export interface RateMeter {
  /** Growth of a counter per second since the last call with this key. */
  perSecond(key: string, value: number | null, atMs: number): number | null;
  /** Growth since the last call with this key. */
  growth(key: string, value: number | null): number | null;
}

export function createRateMeter(): RateMeter {
  const last = new Map<string, { value: number; atMs: number }>();
  function previous(key: string, value: number, atMs: number): { value: number; atMs: number } | undefined {
    const found = last.get(key);
    last.set(key, { value, atMs });
    // A counter that went back belongs to a new sender.
    return found && value >= found.value ? found : undefined;
  }
  return {
    perSecond(key, value, atMs) {
      if (value === null) return null;
      const before = previous(key, value, atMs);
      if (!before || atMs <= before.atMs) return null;
      return ((value - before.value) * 1000) / (atMs - before.atMs);
    },
    growth(key, value) {
      if (value === null) return null;
      const before = previous(key, value, 0);
      return before ? value - before.value : null;
    },
  };
}

function selectedPair(list: Entry[]): Entry | undefined {
  const transport = list.find((entry) => entry.type === 'transport');
  const pairId = transport?.selectedCandidatePairId;
  return (
    list.find((entry) => entry.type === 'candidate-pair' && entry.id === pairId) ??
    list.find((entry) => entry.type === 'candidate-pair' && entry.nominated === true)
  );
}

export function publishStats(report: RTCStatsReport, meter: RateMeter, score: PublishStats['score']): PublishStats {
  const list = entries(report);
  const outbound = list.filter((entry) => entry.type === 'outbound-rtp');
  const video = outbound.filter((entry) => entry.kind === 'video');
  const layers: PublishLayerStats[] = video.map((entry) => {
    const bytesPerSecond = meter.perSecond(`out:${entry.id}`, numberOf(entry, 'bytesSent'), entry.timestamp);
    return {
      rid: textOf(entry, 'rid'),
      width: numberOf(entry, 'frameWidth'),
      height: numberOf(entry, 'frameHeight'),
      framesPerSecond: numberOf(entry, 'framesPerSecond'),
      bitrateBps: bytesPerSecond === null ? null : bytesPerSecond * 8,
    };
  });
  const audioRates = outbound
    .filter((entry) => entry.kind === 'audio')
    .map((entry) => {
      const bytesPerSecond = meter.perSecond(`out:${entry.id}`, numberOf(entry, 'bytesSent'), entry.timestamp);
      return bytesPerSecond === null ? null : bytesPerSecond * 8;
    });
  const rates = layers.map((layer) => layer.framesPerSecond).filter((value) => value !== null);
  const reasons = video.map((entry) => textOf(entry, 'qualityLimitationReason')).filter((value) => value !== null);
  const limitation =
    reasons.length === 0
      ? null
      : ((['cpu', 'bandwidth', 'other'] as const).find((reason) => reasons.includes(reason)) ?? 'none');
  const remotes = list.filter((entry) => entry.type === 'remote-inbound-rtp');
  const losses = remotes.map((entry) => numberOf(entry, 'fractionLost')).filter((value) => value !== null);
  const pair = selectedPair(list);
  const roundTrip = numberOf(pair, 'currentRoundTripTime') ?? numberOf(remotes[0], 'roundTripTime');
  const codecId = video[0]?.codecId;
  return {
    bitrateBps: sum([...layers.map((layer) => layer.bitrateBps), ...audioRates]),
    availableBps: numberOf(pair, 'availableOutgoingBitrate'),
    framesPerSecond: rates.length > 0 ? Math.max(...rates) : null,
    roundTripMs: roundTrip === null ? null : roundTrip * 1000,
    lossRatio: losses.length > 0 ? Math.max(...losses) : null,
    limitation,
    codec: textOf(
      list.find((entry) => entry.id === codecId),
      'mimeType',
    ),
    layers,
    score,
  };
}

export function watchStats(report: RTCStatsReport, meter: RateMeter, layer: LayerNow): WatchStats {
  const list = entries(report);
  // mediasoup's bandwidth probe arrives as a video track of its own, which plays nothing.
  const inbound = list.filter((entry) => entry.type === 'inbound-rtp' && textOf(entry, 'mid') !== 'probator');
  const video = inbound.find((entry) => entry.kind === 'video');
  const rates = inbound.map((entry) =>
    meter.perSecond(`in:${entry.id}`, numberOf(entry, 'bytesReceived'), entry.timestamp),
  );
  const bytesPerSecond = sum(rates);
  const lost = meter.growth('lost', sum(inbound.map((entry) => numberOf(entry, 'packetsLost'))));
  const received = meter.growth('received', sum(inbound.map((entry) => numberOf(entry, 'packetsReceived'))));
  const expected = lost === null || received === null ? null : lost + received;
  const delaySeconds = meter.growth('delay', numberOf(video, 'jitterBufferDelay'));
  const emitted = meter.growth('emitted', numberOf(video, 'jitterBufferEmittedCount'));
  const roundTrip = numberOf(selectedPair(list), 'currentRoundTripTime');
  return {
    bitrateBps: bytesPerSecond === null ? null : bytesPerSecond * 8,
    framesPerSecond: numberOf(video, 'framesPerSecond'),
    width: numberOf(video, 'frameWidth'),
    height: numberOf(video, 'frameHeight'),
    roundTripMs: roundTrip === null ? null : roundTrip * 1000,
    lossRatio: expected === null || lost === null ? null : expected > 0 ? lost / expected : 0,
    playoutDelayMs: delaySeconds === null || !emitted ? null : (delaySeconds / emitted) * 1000,
    freezeCount: numberOf(video, 'freezeCount'),
    ...layer,
  };
}
