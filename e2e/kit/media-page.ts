/** Browser side of the media tests: publishes a pixel clock, watches, reads it back. See media-page-api.ts. */
import {
  createPlayback,
  type Playback,
  type Publication,
  publishStream,
  type Watching,
  watchSwitching,
} from '@walnut-live/live-client';
import type { MediaPageApi, MediaPageTarget, Picture } from './media-page-api.ts';
import { PIXEL_CLOCK_MODULO, type PixelClockCanvas, readPixelClock, startPixelClock } from './pixel-clock.ts';

declare global {
  interface Window {
    mediaPage: MediaPageApi;
    /** Given by a test that must act before anything it evaluates counts as a user's touch. */
    mediaPageReady?(): void;
    /** Given by the test: a fresh media token, with the host it is for if that is not the target's. */
    mintToken(right: 'publish' | 'watch', streamId: string): Promise<string | { token: string; url: string }>;
  }
}

interface Player {
  playback: Playback;
  video: HTMLVideoElement;
  history: string[];
}

interface Watcher {
  watching: Watching;
  video: HTMLVideoElement;
  history: string[];
}

/** Every peer connection of the page, for figures that the library does not tell. */
const testConnections: RTCPeerConnection[] = [];
const NativeConnection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends NativeConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    testConnections.push(this);
  }
};
Object.assign(window, { testConnections });

let publication: Publication | null = null;
let clock: PixelClockCanvas | null = null;
const players = new Map<string, Player>();
const watchers = new Map<string, Watcher>();

function endpoint(target: MediaPageTarget, right: 'publish' | 'watch') {
  return {
    url: target.url,
    ...(target.path !== undefined && { path: target.path }),
    token: () => window.mintToken(right, target.streamId),
  };
}

function watcher(name: string): Watcher {
  const found = watchers.get(name);
  if (!found) throw new Error(`nobody watches as ${name}`);
  return found;
}

function player(name: string): Player {
  const found = players.get(name);
  if (!found) throw new Error(`nobody plays as ${name}`);
  return found;
}

const videoOf = (name: string): HTMLVideoElement => (players.get(name) ?? watcher(name)).video;

export function newVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  document.body.append(video);
  return video;
}

export function readPicture(video: HTMLVideoElement): Picture | string {
  const reading = readPixelClock(video);
  if (!reading.ok) return reading.why;
  const now = Date.now() % PIXEL_CLOCK_MODULO;
  return { value: reading.value, ageMs: now - reading.value, width: video.videoWidth, height: video.videoHeight };
}

export async function waitForPicture(
  video: HTMLVideoElement,
  options: { afterMs?: number; timeoutMs: number },
): Promise<Picture & { tookMs: number }> {
  const startedAt = Date.now();
  const after = (options.afterMs ?? 0) % PIXEL_CLOCK_MODULO;
  let last: Picture | string = 'nothing read';
  while (Date.now() - startedAt < options.timeoutMs) {
    last = readPicture(video);
    if (typeof last !== 'string' && last.value > after) return { ...last, tookMs: Date.now() - startedAt };
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`no picture after ${options.timeoutMs} ms: ${JSON.stringify(last)}`);
}

window.mediaPage = {
  publish(target, options = {}) {
    clock = startPixelClock(options);
    publication = publishStream({
      ...endpoint(target, 'publish'),
      stream: clock.stream,
      ...(options.codecs && { codecs: options.codecs }),
    });
  },
  publishState: () => publication?.state ?? { status: 'closed' },
  publishStats() {
    if (!publication) throw new Error('not publishing');
    return publication.stats().then((stats) => ({ ...stats }));
  },
  async setMuted(kind, muted) {
    await publication?.setMuted(kind, muted);
  },
  stopPublishing() {
    publication?.close();
    clock?.stop();
    publication = null;
  },
  watch(target, name = 'viewer') {
    const video = newVideo();
    const watching = watchSwitching(endpoint(target, 'watch'));
    const history: string[] = [watching.state.status];
    watching.on('state', (state) => {
      history.push(state.status);
    });
    watching.on('stream', (stream) => {
      if (video.srcObject !== stream) video.srcObject = stream;
      video.play().catch(() => undefined);
    });
    watchers.set(name, { watching, video, history });
  },
  watchState: (name = 'viewer') => watcher(name).watching.state,
  watchHistory: (name = 'viewer') => watcher(name).history,
  watchStats: (name = 'viewer') =>
    watcher(name)
      .watching.stats()
      .then((stats) => ({ ...stats })),
  setQuality: (level, name = 'viewer') => watcher(name).watching.setQuality(level),
  stopWatching(name = 'viewer') {
    const { watching, video } = watcher(name);
    watching.close();
    video.remove();
    watchers.delete(name);
  },
  play(target, name = 'viewer', preference = 'auto') {
    const video = newVideo();
    const playback = createPlayback({
      video,
      preference,
      grant: async () => {
        const pass = await window.mintToken('watch', target.streamId);
        const { token, url } = typeof pass === 'string' ? { token: pass, url: target.url } : pass;
        return {
          streamId: target.streamId,
          right: 'watch' as const,
          token,
          expiresAt: new Date(Date.now() + 60_000).toISOString(),
          socketUrl: url,
          socketPath: target.path ?? '/socket.io',
          hlsUrl: `${url}/hls/${target.streamId}/master.m3u8`,
          iceServers: [],
        };
      },
    });
    const history: string[] = [];
    const note = (): void => {
      const entry = `${playback.state.mode}:${playback.state.status}`;
      if (history.at(-1) !== entry) history.push(entry);
    };
    note();
    playback.on('state', note);
    players.set(name, { playback, video, history });
  },
  playbackState: (name = 'viewer') => player(name).playback.state,
  playbackHistory: (name = 'viewer') => player(name).history,
  playbackFigures: (name = 'viewer') =>
    player(name)
      .playback.figures()
      .then((figures) => ({ ...figures })),
  stopPlaying(name = 'viewer') {
    const { playback, video } = player(name);
    playback.close();
    video.remove();
    players.delete(name);
  },
  setPreference: (preference, name = 'viewer') => player(name).playback.setPreference(preference),
  unmute: (name = 'viewer') => player(name).playback.unmute(),
  async worstAge({ name = 'viewer', durationMs }) {
    const endsAt = Date.now() + durationMs;
    let worst = 0;
    while (Date.now() < endsAt) {
      const now = readPicture(videoOf(name));
      if (typeof now !== 'string') worst = Math.max(worst, now.ageMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return worst;
  },
  picture: (name = 'viewer') => readPicture(videoOf(name)),
  waitForPicture: ({ name = 'viewer', ...options }) => waitForPicture(videoOf(name), options),
};

window.mediaPageReady?.();
