/**
 * Measures the way up before a live: publishes the real camera for some seconds to a stream that nobody watches.
 *
 * The browser's estimate of the uplink grows while it sends, so the verdict is about its best sample; loss and round trip
 * are judged by their last ones. `judgeUplink` is pure.
 */
import { publishStream } from './moving-publish.ts';
import type { MediaEndpoint, MediaFailureReason, PublishStats } from './types.ts';

/** Chromium's estimate reaches 2.5 Mbit/s in three to five seconds. */
const TEST_MS = 6_000;
const SAMPLE_MS = 500;
/** Without a media path for this long there is none. */
const CONNECT_MS = 12_000;

/** All three layers fit (about 2.4 Mbit/s). */
export const UPLINK_EXCELLENT_BPS = 2_200_000;
/** 360 lines fit, 720 do so at times. */
export const UPLINK_GOOD_BPS = 900_000;
/** Loss and round trip that spoil a live whatever the bandwidth. */
const POOR_LOSS = 0.08;
const FAIR_LOSS = 0.02;
const POOR_RTT_MS = 500;
const FAIR_RTT_MS = 250;

export type UplinkLevel = 'excellent' | 'good' | 'poor' | 'failed';

export interface UplinkResult {
  level: UplinkLevel;
  /** Why it failed; null otherwise. */
  failure: MediaFailureReason | 'aborted' | null;
  /** Best estimate of what the way up carries, bits per second; null if the browser does not say. */
  availableBps: number | null;
  roundTripMs: number | null;
  /** 0 to 1. */
  lossRatio: number | null;
}

type Measured = Pick<UplinkResult, 'availableBps' | 'roundTripMs' | 'lossRatio'>;

export function judgeUplink({ availableBps, roundTripMs, lossRatio }: Measured): UplinkLevel {
  if (availableBps === null) return 'failed';
  const loss = lossRatio ?? 0;
  const delayMs = roundTripMs ?? 0;
  if (availableBps < UPLINK_GOOD_BPS || loss >= POOR_LOSS || delayMs >= POOR_RTT_MS) return 'poor';
  if (availableBps < UPLINK_EXCELLENT_BPS || loss >= FAIR_LOSS || delayMs >= FAIR_RTT_MS) return 'good';
  return 'excellent';
}

/** Later samples take the place of earlier ones; the best bandwidth stays. */
export function addSample(measured: Measured, stats: PublishStats): Measured {
  const bandwidths = [measured.availableBps, stats.availableBps].filter((value) => value !== null);
  return {
    availableBps: bandwidths.length > 0 ? Math.max(...bandwidths) : null,
    roundTripMs: stats.roundTripMs ?? measured.roundTripMs,
    lossRatio: stats.lossRatio ?? measured.lossRatio,
  };
}

/** Never rejects; the tracks of `stream` are used and left open. */
export function testUplink(
  options: MediaEndpoint & {
    stream: MediaStream;
    signal?: AbortSignal;
    /** 0 to 1. */
    onProgress?: (share: number) => void;
  },
): Promise<UplinkResult> {
  const { stream, signal, onProgress, ...endpoint } = options;
  let measured: Measured = { availableBps: null, roundTripMs: null, lossRatio: null };
  return new Promise((resolve) => {
    const publication = publishStream({ ...endpoint, stream });
    const startedAtMs = Date.now();
    let liveSinceMs: number | null = null;
    let done = false;
    const finish = (failure: UplinkResult['failure']): void => {
      if (done) return;
      done = true;
      clearInterval(timer);
      undo();
      signal?.removeEventListener('abort', abort);
      publication.close();
      resolve({ ...measured, failure, level: failure === null ? judgeUplink(measured) : 'failed' });
    };
    const abort = (): void => finish('aborted');
    const undo = publication.on('state', (state) => {
      if (state.status === 'failed') finish(state.reason);
      else if (state.status === 'live') liveSinceMs ??= Date.now();
    });
    const timer = setInterval(() => {
      if (liveSinceMs === null) {
        if (Date.now() - startedAtMs > CONNECT_MS) finish('unreachable');
        return;
      }
      const share = Math.min(1, (Date.now() - liveSinceMs) / TEST_MS);
      onProgress?.(share);
      publication.stats().then(
        (stats) => {
          if (done) return;
          measured = addSample(measured, stats);
          if (share >= 1) finish(null);
        },
        () => undefined, // the connection is being rebuilt: the next sample tells
      );
    }, SAMPLE_MS);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
  });
}
