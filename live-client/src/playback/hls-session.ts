/// <reference path="./hls-light.d.ts" />
/**
 * HLS into a video element: hls.js where Media Source Extensions exist, the browser's own player otherwise (Safari).
 *
 * Safety model of recovery: hls.js retries small things itself; every fatal error ends the instance, and a new one comes
 * after a back-off that only a picture resets. A media error is first given hls.js's own recovery, at most once in ten
 * seconds. So nothing here can turn into a loop against the server.
 */
import type { MediaErrorCode } from '@walnut-live/contracts';
import type Hls from 'hls.js';
import type { ErrorData, LoadPolicy } from 'hls.js';
import { createBackoff } from '../media/backoff.ts';
import { createEmitter } from '../media/emitter.ts';
import { isPermanent } from '../media/permanent.ts';

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
const RECOVER_MEDIA_EVERY_MS = 10_000;
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
  let mediaRecoveredAtMs = 0;
  let generation = 0;

  function setState(next: HlsState): void {
    if (closed || JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    events.emit('state', state);
  }

  function drop(): void {
    generation += 1;
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
      lowLatencyMode: false,
      liveSyncDurationCount: 3,
      liveMaxLatencyDurationCount: 10,
      // A viewer who fell behind catches up unnoticed.
      maxLiveSyncPlaybackRate: 1.1,
      backBufferLength: 20,
      maxBufferLength: 10,
      manifestLoadPolicy: PLAYLIST_POLICY,
      playlistLoadPolicy: PLAYLIST_POLICY,
    });
    hls = instance;
    instance.on(HlsClass.Events.ERROR, (_event, data) => {
      if (!data.fatal || !current()) return;
      if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR && Date.now() - mediaRecoveredAtMs > RECOVER_MEDIA_EVERY_MS) {
        mediaRecoveredAtMs = Date.now();
        instance.recoverMediaError();
        return;
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
    backoff.reset();
    setState({ status: 'playing' });
  };
  const onNativeError = (): void => {
    // The native player does not tell the HTTP status: ask again at the back-off's pace.
    if (native) refused(0, null);
  };
  video.addEventListener('playing', onPicture);
  video.addEventListener('timeupdate', onPicture);
  video.addEventListener('error', onNativeError);
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
      drop();
      closed = true;
      events.clear();
      video.removeEventListener('playing', onPicture);
      video.removeEventListener('timeupdate', onPicture);
      video.removeEventListener('error', onNativeError);
    },
  };
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
