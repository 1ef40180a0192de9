/** What is measured of the picture on screen, in either mode. Unknown is null. */
import type { WatchStats } from '../media/index.ts';
import type { HlsSession } from './hls-session.ts';
import type { PlaybackFigures } from './types.ts';

function sizeOf(video: HTMLVideoElement): Pick<PlaybackFigures, 'width' | 'height'> {
  return { width: video.videoWidth || null, height: video.videoHeight || null };
}

export function smoothFigures(
  video: HTMLVideoElement,
  session: HlsSession | null,
  serverNowMs: number,
): PlaybackFigures {
  const atMs = session?.playingAtMs() ?? null;
  return {
    ...sizeOf(video),
    mode: 'smooth',
    latencyMs: atMs === null ? null : Math.max(0, serverNowMs - atMs),
    bitrateBps: session?.bitrateBps() ?? null,
    framesPerSecond: null,
    lossRatio: null,
    roundTripMs: null,
  };
}

/** `stats`: the last sample. Rates are measured between samples, so only one place may take them. */
export function realtimeFigures(video: HTMLVideoElement, stats: WatchStats | null): PlaybackFigures {
  const delayMs = stats?.playoutDelayMs ?? null;
  return {
    ...sizeOf(video),
    mode: 'realtime',
    latencyMs: delayMs === null ? null : delayMs + (stats?.roundTripMs ?? 0),
    bitrateBps: stats?.bitrateBps ?? null,
    framesPerSecond: stats?.framesPerSecond ?? null,
    lossRatio: stats?.lossRatio ?? null,
    roundTripMs: stats?.roundTripMs ?? null,
  };
}
