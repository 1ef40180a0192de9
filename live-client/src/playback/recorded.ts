/// <reference path="./hls-light.d.ts" />
/**
 * A recording into a video element: hls.js where Media Source Extensions exist, the browser's own player otherwise. The
 * page's own controls play, pause and seek the element.
 *
 * A network failure is tried again after a growing pause and from the same place; a decoder that stumbles is recovered once
 * per PROVEN_MS. Only a refusal ends it: then the page asks for a fresh grant.
 */
import type Hls from 'hls.js';
import { createBackoff } from '../media/backoff.ts';

const NATIVE_TYPE = 'application/vnd.apple.mpegurl';
const PROVEN_MS = 10_000;
/** Ahead of the playhead, seconds: enough for a lift, not for a phone's memory. */
const BUFFER_SECONDS = 30;

export type RecordedFailure = 'refused' | 'unsupported';

export function openRecorded(input: {
  video: HTMLVideoElement;
  /** Master playlist with a fresh token. */
  masterUrl: () => Promise<string>;
  onFailure: (why: RecordedFailure) => void;
}): { close(): void } {
  const { video, onFailure } = input;
  const backoff = createBackoff({ firstMs: 800, maxMs: 15_000 });
  let hls: Hls | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let recoveredAtMs = Number.NEGATIVE_INFINITY;
  let closed = false;

  function again(): void {
    hls?.destroy();
    hls = null;
    clearTimeout(timer);
    timer = setTimeout(() => void begin(), backoff.nextMs());
  }

  async function begin(): Promise<void> {
    const at = video.currentTime;
    const url = await input.masterUrl().catch(() => null);
    if (closed) return;
    if (url === null) return again();
    const { default: HlsClass } = await import('hls.js/light').catch(() => ({ default: null }));
    if (closed) return;
    if (!HlsClass) return again();
    if (!HlsClass.isSupported()) {
      if (video.canPlayType(NATIVE_TYPE) === '') return onFailure('unsupported');
      video.src = url;
      return;
    }
    const instance = new HlsClass({ startPosition: at > 0 ? at : -1, maxBufferLength: BUFFER_SECONDS });
    hls = instance;
    instance.on(HlsClass.Events.FRAG_BUFFERED, () => backoff.reset());
    instance.on(HlsClass.Events.ERROR, (_event, data) => {
      if (!data.fatal || closed || hls !== instance) return;
      const status = data.response?.code ?? 0;
      if (status >= 400 && status < 500) {
        instance.destroy();
        onFailure('refused');
      } else if (data.type === HlsClass.ErrorTypes.MEDIA_ERROR && performance.now() - recoveredAtMs > PROVEN_MS) {
        recoveredAtMs = performance.now();
        instance.recoverMediaError();
      } else again();
    });
    instance.loadSource(url);
    instance.attachMedia(video);
  }
  void begin();

  return {
    close() {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      hls?.destroy();
      hls = null;
      video.removeAttribute('src');
      video.load();
    },
  };
}
