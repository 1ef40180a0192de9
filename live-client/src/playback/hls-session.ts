/// <reference path="./hls-light.d.ts" />
/**
 * HLS into a video element: hls.js where Media Source Extensions exist, the browser's own player otherwise (Safari).
 *
 * Safety model of recovery: hls.js retries small things itself; a fatal media error is given its own recovery, then the
 * same with the other sound codec, then none (media-recovery.ts); every other fatal error ends the instance, and a new one
 * comes after a back-off that only a moving picture resets. So nothing here can turn into a loop against the server.
 *
 * Stall policy: the distance to the newest picture is the server's PART-HOLD-BACK; each stall makes it longer (hls.js does,
 * by STALL_STEP_SECONDS), and who is behind catches up by playing faster, which nobody hears.
 */
import type { MediaErrorCode } from '@walnut-live/contracts';
import type Hls from 'hls.js';
import type { ErrorData, LoadPolicy } from 'hls.js';
import { createBackoff } from '../media/backoff.ts';
import { createEmitter } from '../media/emitter.ts';
import { isPermanent } from '../media/permanent.ts';
import { catchUpRate } from './catch-up.ts';
import { createMediaRecovery } from './media-recovery.ts';

export type HlsState =
  | { status: 'loading' }
  | { status: 'playing' }
  /** The server says that the stream is not live. */
  | { status: 'waiting' }
  | { status: 'retrying' }
  | { status: 'failed'; reason: 'revoked' | 'refused' | 'unsupported' };

export interface HlsSession {
  readonly state: HlsState;
  /** Failures in a row since the last picture. */
  readonly failures: number;
  on(event: 'state', listener: (state: HlsState) => void): () => void;
  /** Wall clock (server's) of the picture on screen, epoch milliseconds. */
  playingAtMs(): number | null;
  bitrateBps(): number | null;
  goLive(): void;
  close(): void;
}

const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
/** Farther behind than this, playing faster would take too long: it jumps. */
const MAX_BEHIND_SECONDS = 8;
const CATCH_UP_EVERY_MS = 500;
/** Added to the distance from the newest picture at every stall. */
const STALL_STEP_SECONDS = 0.4;
/** Playing for this long proves that it works; only then a failure begins with the short back-off again. */
const PROVEN_MS = 10_000;
/** The native player says nothing when it is stuck. */
const NATIVE_STUCK_MS = 12_000;
/** While the stream is not live the master playlist is asked for at this pace. */
const WAITING_RETRY_MS = 3_000;

/** A refusal (4xx) is believed at once; a hiccup of the network is tried twice more. */
const PLAYLIST_POLICY: LoadPolicy = {
  default: {
    // The server answers the first master playlist when its packager has segments.
    maxTimeToFirstByteMs: 15_000,
    maxLoadTimeMs: 20_000,
    timeoutRetry: { maxNumRetry: 1, retryDelayMs: 500, maxRetryDelayMs: 2_000 },
    errorRetry: {
      maxNumRetry: 2,
      retryDelayMs: 500,
      maxRetryDelayMs: 2_000,
      shouldRetry: (config, retryCount, _isTimeout, response, retry) =>
        retry &&
        retryCount < (config?.maxNumRetry ?? 0) &&
        !((response?.code ?? 0) >= 400 && (response?.code ?? 0) < 500),
    },
  },
};

/** A part that is not there now is in another place of the next playlist: not waited for long. */
const MEDIA_POLICY: LoadPolicy = {
  default: {
    maxTimeToFirstByteMs: 5_000,
    maxLoadTimeMs: 15_000,
    timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
    errorRetry: { maxNumRetry: 3, retryDelayMs: 300, maxRetryDelayMs: 2_000 },
  },
};

export function isHlsSupported(): boolean {
  const hasMse = 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;
  return hasMse || document.createElement('video').canPlayType(NATIVE_TYPE) !== '';
}

export function openHls(input: {
  video: HTMLVideoElement;
  /** Master playlist with a fresh token. */
  masterUrl: () => Promise<string>;
}): HlsSession {
  const { video } = input;
  const events = createEmitter<{ state: HlsState }>();
  const backoff = createBackoff({ firstMs: 800, maxMs: 15_000 });
  let state: HlsState = { status: 'loading' };
  let hls: Hls | null = null;
  let native = false;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const mediaRecovery = createMediaRecovery();
  /** Since when this instance plays; null while it does not. */
  let playingSinceMs: number | null = null;
  let lastPictureAtMs = 0;
  let generation = 0;

  function setState(next: HlsState): void {
    if (closed || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    events.emit('state', state);
  }

  function drop(): void {
    generation += 1;
    playingSinceMs = null;
    if (hls && video.playbackRate !== 1) video.playbackRate = 1;
    hls?.destroy();
    hls = null;
    if (native) {
      video.removeAttribute('src');
      video.load();
    }
    native = false;
  }

  function fail(reason: Extract<HlsState, { status: 'failed' }>['reason']): void {
    clearTimeout(timer);
    drop();
    setState({ status: 'failed', reason });
  }

  function again(delayMs: number): void {
    drop();
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), delayMs);
  }

  /** What the server's refusal means; the body is our own error shape. */
  function refused(status: number, code: MediaErrorCode | null, isPlaylist = true): void {
    if (code === 'media_token_revoked') fail('revoked');
    else if (code === 'media_forbidden') fail('refused');
    else if (status === 404 && isPlaylist) {
      setState({ status: 'waiting' });
      again(WAITING_RETRY_MS * (0.75 + Math.random() / 2));
    } else {
      setState({ status: 'retrying' });
      again(backoff.nextMs());
    }
  }

  async function begin(): Promise<void> {
    generation += 1;
    const mine = generation;
    const current = (): boolean => !closed && mine === generation;
    let url: string;
    try {
      url = await input.masterUrl();
    } catch (error) {
      if (!current()) return;
      if (isPermanent(error)) fail('refused');
      else refused(0, null);
      return;
    }
    const { default: HlsClass } = await import('hls.js/light').catch(() => ({ default: null }));
    if (!current()) return;
    if (HlsClass?.isSupported()) beginHls(HlsClass, url, current);
    else if (video.canPlayType(NATIVE_TYPE) !== '') beginNative(url);
    else if (HlsClass === null)
      refused(0, null); // the script did not load: network, not browser
    else fail('unsupported');
  }

  function beginHls(HlsClass: typeof Hls, url: string, current: () => boolean): void {
    const instance = new HlsClass({
      // The distance from the newest picture is PART-HOLD-BACK of the playlist.
      lowLatencyMode: true,
      liveSyncOnStallIncrease: STALL_STEP_SECONDS,
      // catch-up.ts does it.
      maxLiveSyncPlaybackRate: 1,
      backBufferLength: 20,
      maxBufferLength: 10,
      manifestLoadPolicy: PLAYLIST_POLICY,
      playlistLoadPolicy: PLAYLIST_POLICY,
      fragLoadPolicy: MEDIA_POLICY,
    });
    hls = instance;
    instance.on(HlsClass.Events.ERROR, (_event, data) => {
      if (!data.fatal || !current()) return;
      if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR) {
        const step = mediaRecovery.failed(Date.now());
        if (step === 'swap-audio-and-recover') instance.swapAudioCodec();
        if (step !== 'restart') {
          instance.recoverMediaError();
          return;
        }
      }
      const isPlaylist =
        data.details === HlsClass.ErrorDetails.MANIFEST_LOAD_ERROR ||
        data.details === HlsClass.ErrorDetails.LEVEL_LOAD_ERROR;
      refused(data.response?.code ?? 0, codeOf(data), isPlaylist);
    });
    instance.attachMedia(video);
    instance.loadSource(url);
  }

  function beginNative(url: string): void {
    native = true;
    video.src = url;
    video.load();
  }

  const onPicture = (): void => {
    if (!hls && !native) return;
    lastPictureAtMs = Date.now();
    playingSinceMs ??= lastPictureAtMs;
    if (lastPictureAtMs - playingSinceMs >= PROVEN_MS) backoff.reset();
    setState({ status: 'playing' });
  };
  const onStall = (): void => {
    playingSinceMs = null;
  };
  const onNativeError = (): void => {
    // The native player does not tell the HTTP status: ask again at the back-off's pace.
    if (native) refused(0, null);
  };
  video.addEventListener('playing', onPicture);
  video.addEventListener('timeupdate', onPicture);
  video.addEventListener('error', onNativeError);
  video.addEventListener('waiting', onStall);
  const pace = setInterval(() => {
    if (native && !video.paused && lastPictureAtMs > 0 && Date.now() - lastPictureAtMs > NATIVE_STUCK_MS) {
      lastPictureAtMs = Date.now();
      refused(0, null);
    }
    if (!hls || video.paused || hls.targetLatency === null) return;
    const { latency, targetLatency, liveSyncPosition } = hls;
    // hls.js could jump by itself, but only with a distance of ours in place of the server's.
    if (latency - targetLatency > MAX_BEHIND_SECONDS && liveSyncPosition !== null && video.readyState > 0) {
      video.currentTime = liveSyncPosition;
      return;
    }
    const rate = catchUpRate({
      latencySeconds: latency,
      targetSeconds: targetLatency,
      bufferSeconds: bufferedAhead(video),
      rate: video.playbackRate,
    });
    if (rate !== video.playbackRate) video.playbackRate = rate;
  }, CATCH_UP_EVERY_MS);
  void begin();

  return {
    get state() {
      return state;
    },
    get failures() {
      return backoff.failures;
    },
    on: events.on,
    playingAtMs() {
      if (native) return nativeDateOf(video);
      const date = hls?.playingDate ?? null;
      return date ? date.getTime() : null;
    },
    bitrateBps: () => hls?.levels[Math.max(0, hls.currentLevel)]?.bitrate ?? null,
    goLive() {
      const target =
        hls?.liveSyncPosition ??
        (native && video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : null);
      if (target !== null && target !== undefined) video.currentTime = target;
    },
    close() {
      if (closed) return;
      clearTimeout(timer);
      clearInterval(pace);
      drop();
      closed = true;
      events.clear();
      video.removeEventListener('playing', onPicture);
      video.removeEventListener('timeupdate', onPicture);
      video.removeEventListener('error', onNativeError);
      video.removeEventListener('waiting', onStall);
    },
  };
}

function bufferedAhead(video: HTMLVideoElement): number {
  for (let index = 0; index < video.buffered.length; index += 1) {
    const end = video.buffered.end(index);
    if (video.buffered.start(index) <= video.currentTime && video.currentTime <= end) return end - video.currentTime;
  }
  return 0;
}

/** Safari tells the EXT-X-PROGRAM-DATE-TIME of time zero. */
function nativeDateOf(video: HTMLVideoElement & { getStartDate?(): Date }): number | null {
  const startsAtMs = video.getStartDate?.().getTime() ?? Number.NaN;
  return Number.isFinite(startsAtMs) ? startsAtMs + video.currentTime * 1000 : null;
}

/** The server answers errors as `{ error: { code } }`; hls.js keeps the text of a failed playlist. */
function codeOf(data: ErrorData): MediaErrorCode | null {
  const details: unknown = data.networkDetails;
  const isText = details instanceof XMLHttpRequest && (details.responseType === '' || details.responseType === 'text');
  const text = isText ? details.responseText : null;
  if (!text) return null;
  try {
    const body: { error?: { code?: MediaErrorCode } } = JSON.parse(text);
    return body.error?.code ?? null;
  } catch {
    return null;
  }
}
