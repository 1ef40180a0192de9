/** Browser side of a validation: hls.js with nothing of ours around it plays a playlist and tells all it does and minds. */
import Hls from 'hls.js';
import type { HlsJsPage, HlsJsReport } from './hlsjs-page-api.ts';

declare global {
  interface Window {
    hlsJs: HlsJsPage;
  }
}

let hls: Hls | null = null;
let video: HTMLVideoElement | null = null;
let seen: Pick<HlsJsReport, 'errors' | 'parts' | 'segments' | 'hints' | 'reloads' | 'discontinuities' | 'frames'>;
let lastFrameAtMs = 0;
let longestStandMs = 0;

const nameOf = (url: string): string => new URL(url, 'http://any/').pathname.split('/').at(-1) ?? '';

function countFrames(element: HTMLVideoElement): void {
  element.requestVideoFrameCallback((now) => {
    if (lastFrameAtMs > 0) longestStandMs = Math.max(longestStandMs, now - lastFrameAtMs);
    lastFrameAtMs = now;
    seen.frames += 1;
    if (video === element) countFrames(element);
  });
}

window.hlsJs = {
  play(url, lowLatency) {
    hls?.destroy();
    video?.remove();
    seen = { errors: [], parts: [], segments: [], hints: [], reloads: [], discontinuities: [], frames: 0 };
    const instance = new Hls({ lowLatencyMode: lowLatency, enableWorker: true });
    const element = document.createElement('video');
    element.muted = true;
    element.autoplay = true;
    document.body.append(element);
    [hls, video, lastFrameAtMs, longestStandMs] = [instance, element, 0, 0];
    countFrames(element);
    instance.on(Hls.Events.ERROR, (_event, { details, fatal, error }) => {
      seen.errors.push({ details, fatal, why: error.message });
    });
    instance.on(Hls.Events.FRAG_LOADED, (_event, { frag, part }) => {
      if (part) seen.parts.push(nameOf(part.url));
      else if (frag.sn !== 'initSegment') seen.segments.push(nameOf(frag.url));
    });
    instance.on(Hls.Events.FRAG_BUFFERED, (_event, { frag }) => {
      if (frag.sn !== 'initSegment' && seen.discontinuities.at(-1) !== frag.cc) seen.discontinuities.push(frag.cc);
    });
    instance.on(Hls.Events.LEVEL_LOADED, (_event, { details, deliveryDirectives }) => {
      const hint = details.preloadHint?.URI;
      if (hint !== undefined && seen.hints.at(-1) !== nameOf(hint)) seen.hints.push(nameOf(hint));
      if (deliveryDirectives) seen.reloads.push(`${deliveryDirectives.msn}.${deliveryDirectives.part}`);
    });
    instance.attachMedia(element);
    instance.loadSource(url);
  },
  mark() {
    longestStandMs = 0;
  },
  report() {
    const details = hls?.latestLevelDetails;
    const standsMs = lastFrameAtMs > 0 ? performance.now() - lastFrameAtMs : 0;
    return {
      ...seen,
      partHoldBack: details?.partHoldBack ?? Number.NaN,
      holdBack: details?.holdBack ?? Number.NaN,
      targetLatency: hls?.targetLatency ?? null,
      latency: hls?.latency ?? Number.NaN,
      playing: video !== null && !video.paused && video.readyState > 2,
      longestStandMs: Math.round(Math.max(longestStandMs, standsMs)),
    };
  },
};
