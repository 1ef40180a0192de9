/**
 * Watching with one video element: runs the policy of decide.ts and carries it out.
 *
 * Model: `realtime` and `smooth` are the two transports, each running or null; `showing` says which one the element
 * plays. `step` takes a snapshot, asks `decide` and applies the difference; it runs after every event and twice a second.
 * Invariants: the element shows exactly one transport; a transport that is not wanted is closed, not paused; after
 * `close` nothing runs and the element is empty.
 */
import type { MediaGrant, QualityLevel } from '@walnut-live/contracts';
import { createEmitter } from '../media/emitter.ts';
import {
  type MediaFailureReason,
  type SwitchingWatch,
  type WatchState,
  type WatchStats,
  watchSwitching,
} from '../media/index.ts';
import { isPermanent } from '../media/permanent.ts';
import { createAutoplay } from './autoplay.ts';
import { decide, type PlaybackSnapshot } from './decide.ts';
import { realtimeFigures, smoothFigures } from './figures.ts';
import { createGrantCache } from './grant-cache.ts';
import { type HlsSession, isHlsSupported, openHls } from './hls-session.ts';
import { createQualityJudge } from './quality-judge.ts';
import { createRealtimeProgress, onPresentedFrame, type RealtimeProgress } from './realtime-progress.ts';
import { createSmoothPreparation } from './smooth-preparation.ts';
import { createSwitches, watchOptionsOf } from './switch-stream.ts';
import type { Playback, PlaybackMode, PlaybackOptions, PlaybackPreference, PlaybackState } from './types.ts';

const STEP_MS = 500;
/** After this long by WebRTC earlier failures are forgiven. */
const FORGIVEN_AFTER_MS = 60_000;
const ALL_LEVELS: QualityLevel[] = ['auto', 'low', 'medium', 'high'];

/** Starts to play at once. See {@link PlaybackState} for what to show when. */
export function createPlayback(options: PlaybackOptions): Playback {
  const { video } = options;
  const serverNowMs = options.serverNowMs ?? Date.now;
  const events = createEmitter<{ state: PlaybackState }>();
  const grants = createGrantCache(options.grant);
  const realtimeSupported = 'RTCPeerConnection' in globalThis;
  const smoothSupported = isHlsSupported();
  let preference: PlaybackPreference = options.preference ?? 'auto';
  let showing: PlaybackMode = preference === 'smooth' || !realtimeSupported ? 'smooth' : 'realtime';
  let realtime: { watching: SwitchingWatch; progress: RealtimeProgress } | null = null;
  let opening = false;
  let realtimeFailure: MediaFailureReason | null = null;
  let smooth: HlsSession | null = null;
  let fallback: PlaybackSnapshot['fallback'] = { reason: null, count: 0, atMs: 0, jitter: Math.random() };
  const preparation = createSmoothPreparation(masterUrl);
  let stopped: MediaFailureReason | 'ended' | null = null;
  let level: QualityLevel = 'auto';
  const autoplay = createAutoplay({
    video,
    startWithSound: options.startWithSound ?? false,
    onChange: () => publish(),
  });
  let everPlayed = false;
  /** HLS on screen stands still since then. */
  let stalledSinceMs: number | null = null;
  let closed = false;
  const switches = createSwitches();
  const judge = createQualityJudge();
  /** Of the last sample: a second reader must not take samples of its own, rates are measured between them. */
  let latestStats: WatchStats | null = null;
  video.autoplay = true;
  video.playsInline = true;

  // ── the element ─────────────────────────────────────────────────────────

  const { tryToPlay } = autoplay;

  function showRealtime(): void {
    if (!realtime) return;
    if (video.srcObject !== realtime.watching.stream) {
      video.srcObject = realtime.watching.stream;
      void tryToPlay();
    }
  }

  const isDrawing = (): boolean => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.paused;

  // ── transports ──────────────────────────────────────────────────────────

  async function startRealtime(): Promise<void> {
    if (realtime || opening) return;
    opening = true;
    let grant: MediaGrant;
    try {
      grant = await grants.get();
    } catch (error) {
      opening = false;
      if (isPermanent(error)) stop('refused');
      return; // the next step tries again
    }
    opening = false;
    if (closed || realtime || stopped) return;
    realtimeFailure = null;
    const watching = watchSwitching(watchOptionsOf(grant, grants));
    const own = { watching, progress: createRealtimeProgress(Date.now()) };
    realtime = own;
    judge.reset();
    latestStats = null;
    watching.on('state', (next) => {
      if (realtime !== own) return;
      noteProgress();
      if (next.status === 'failed') realtimeFailure = next.reason;
      if (next.status === 'ended') stop('ended');
      else step();
    });
    watching.on('stream', () => {
      if (showing === 'realtime') showRealtime();
    });
    watching.on('tracks', () => {
      if (realtime === own) noteProgress();
      publish();
    });
    if (level !== 'auto') void watching.setQuality(level);
    step();
  }

  function noteProgress(): void {
    if (!realtime) return;
    const { watching, progress } = realtime;
    const expectsPicture =
      !watching.soundOnly && watching.tracks.some((track) => track.kind === 'video' && !track.paused);
    // What was poor was the picture; the sound that is left gets a fair hearing.
    if (watching.soundOnly) judge.reset();
    progress.state(watching.state.status, expectsPicture, Date.now());
  }

  function stopRealtime(): void {
    const old = realtime;
    realtime = null;
    old?.watching.close();
  }

  function startSmooth(): void {
    if (smooth) return;
    // The element can hold one source only, and HLS needs it from the start.
    video.srcObject = null;
    const session = openHls({ video, masterUrl });
    smooth = session;
    session.on('state', (next) => {
      if (smooth !== session) return;
      if (next.status === 'failed') stop(next.reason);
      else step();
    });
    void tryToPlay();
  }

  async function masterUrl(): Promise<string> {
    const grant = await grants.get();
    const separator = grant.hlsUrl.includes('?') ? '&' : '?';
    return `${grant.hlsUrl}${separator}token=${encodeURIComponent(grant.token)}`;
  }

  function stopSmooth(): void {
    const old = smooth;
    smooth = null;
    if (old) preparation.forget();
    old?.close();
  }

  /** Both transports go over to the stream that `grant` now answers for; one that had ended begins anew. */
  async function switchStream(atMs: number): Promise<void> {
    grants.forget();
    switches.begin(
      smooth ? atMs : null,
      () => smooth?.playingAtMs() ?? null,
      () => {
        stopSmooth();
        step();
      },
    );
    if (stopped === 'ended') stopped = null;
    const isNewest = switches.turn();
    const watching = realtime?.watching;
    const grant = watching && (await switches.untilGranted(grants.get, isNewest));
    if (grant && isNewest() && realtime?.watching === watching) watching.switchTo(watchOptionsOf(grant, grants));
    step();
  }

  function stop(why: MediaFailureReason | 'ended'): void {
    if (stopped) return;
    stopped = why;
    stopRealtime();
    stopSmooth();
    publish();
  }

  // ── policy ──────────────────────────────────────────────────────────────

  function snapshot(): PlaybackSnapshot {
    return {
      nowMs: Date.now(),
      preference,
      showing,
      realtime: {
        supported: realtimeSupported,
        running: realtime !== null,
        status: realtime?.watching.state.status ?? 'off',
        failure: realtimeFailure,
        tryingSinceMs: realtime?.progress.tryingSinceMs ?? null,
        playingSinceMs: realtime?.progress.playingSinceMs ?? null,
        hasPlayed: realtime?.progress.hasPlayed ?? false,
        poorSinceMs: judge.poorSinceMs,
      },
      smooth: { supported: smoothSupported, prepared: preparation.prepared, stalledSinceMs },
      fallback,
    };
  }

  const playedForMs = (): number => {
    const sinceMs = realtime?.progress.playingSinceMs ?? null;
    return sinceMs === null ? 0 : Date.now() - sinceMs;
  };

  function step(): void {
    if (closed || stopped) return;
    const standsStill = smooth !== null && !video.paused && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
    stalledSinceMs = standsStill ? (stalledSinceMs ?? Date.now()) : null;
    const decision = decide(snapshot());
    if (decision.stop) {
      stop(decision.stop);
      return;
    }
    if (decision.giveUp) {
      fallback = { reason: decision.giveUp, count: fallback.count + 1, atMs: Date.now(), jitter: Math.random() };
    } else if (decision.show === 'smooth' && preference === 'smooth') {
      fallback = { ...fallback, reason: 'chosen' };
    } else if (showing === 'realtime' && playedForMs() > FORGIVEN_AFTER_MS) {
      fallback = { ...fallback, reason: null, count: 0 };
    }
    const switched = decision.show !== showing;
    showing = decision.show;
    if (!decision.runRealtime) stopRealtime();
    if (!decision.runSmooth) stopSmooth();
    if (decision.prepareSmooth && !smooth) void preparation.ask();
    if (decision.runRealtime) void startRealtime();
    if (decision.runSmooth) startSmooth();
    if (switched && showing === 'realtime') showRealtime();
    publish();
  }

  function statusNow(): PlaybackState['status'] {
    if (stopped) return stopped === 'ended' ? 'ended' : 'failed';
    if (autoplay.blocked) return 'blocked';
    const drawing = isDrawing();
    if (showing === 'smooth') {
      if (smooth?.state.status === 'waiting') return 'idle';
      if (drawing) return 'playing';
      return everPlayed ? 'stalled' : 'connecting';
    }
    const watch: WatchState = realtime?.watching.state ?? { status: 'connecting' };
    if (watch.status === 'waiting') return watch.stream;
    if (watch.status === 'playing' && drawing) return 'playing';
    return everPlayed ? 'stalled' : 'connecting';
  }

  function stateNow(): PlaybackState {
    const status = statusNow();
    if (status === 'playing') everPlayed = true;
    const tracks = realtime?.watching.tracks ?? [];
    const paused = (kind: string): boolean => tracks.some((track) => track.kind === kind && track.paused);
    return {
      status,
      mode: showing,
      fallbackReason: showing === 'smooth' ? fallback.reason : null,
      failure: stopped === 'ended' ? null : stopped,
      needsGesture: status === 'playing' && video.muted,
      muted: video.muted,
      hasVideo:
        showing === 'smooth'
          ? video.videoWidth > 0
          : tracks.some((track) => track.kind === 'video') && !paused('video'),
      // A host who has switched the camera off keeps nothing back.
      soundOnly: showing === 'realtime' && (realtime?.watching.soundOnly ?? false) && !paused('video'),
      hasAudio: showing === 'smooth' ? true : tracks.some((track) => track.kind === 'audio') && !paused('audio'),
    };
  }

  let state: PlaybackState = stateNow();
  function publish(): void {
    if (closed) return;
    const next = stateNow();
    if (JSON.stringify(next) === JSON.stringify(state)) return;
    state = next;
    events.emit('state', state);
  }

  const timer = setInterval(() => {
    const watching = realtime?.watching;
    if (watching?.state.status === 'playing' && (showing === 'realtime' || realtime?.progress.awaitsFrame)) {
      watching.stats().then(
        (stats) => {
          // A late answer of a connection that was replaced says nothing about the present one.
          if (realtime?.watching !== watching) return;
          if (stats.framesPerSecond) realtime.progress.drew(Date.now());
          if (showing !== 'realtime') return;
          latestStats = stats;
          judge.add(stats, Date.now());
        },
        () => undefined,
      );
    }
    step();
  }, STEP_MS);
  const stopCounting = onPresentedFrame(video, () => {
    if (showing === 'realtime') realtime?.progress.drew(Date.now());
  });
  const onData = (): void => {
    // A source that came late: the first attempt to play had nothing to play yet.
    if (video.paused && !autoplay.blocked && !stopped) void tryToPlay();
  };
  video.addEventListener('loadeddata', onData);
  const elementEvents = ['playing', 'waiting', 'pause', 'resize', 'volumechange', 'loadeddata'] as const;
  for (const name of elementEvents) video.addEventListener(name, publish);
  step();

  return {
    get state() {
      return state;
    },
    on: events.on,
    figures: async () =>
      showing === 'smooth' ? smoothFigures(video, smooth, serverNowMs()) : realtimeFigures(video, latestStats),
    get levels() {
      return showing === 'realtime' && (realtime?.watching.layers ?? 1) > 1 ? ALL_LEVELS : ALL_LEVELS.slice(0, 1);
    },
    get level() {
      return level;
    },
    setLevel(next) {
      level = next;
      void realtime?.watching.setQuality(next).catch(() => undefined);
      publish();
    },
    setPreference(next) {
      preference = next;
      // A choice counts now, not after the next trial is due.
      if (next !== 'smooth' && fallback.reason !== 'unsupported')
        fallback = { ...fallback, reason: null, count: 0, atMs: 0 };
      step();
    },
    play: autoplay.play,
    unmute: autoplay.unmute,
    mute: autoplay.mute,
    switchStream: (atMs) => void switchStream(atMs),
    goLive() {
      smooth?.goLive();
      void tryToPlay();
    },
    retry() {
      if (!stopped || closed) return;
      stopped = null;
      realtimeFailure = null;
      fallback = { reason: null, count: 0, atMs: 0, jitter: Math.random() };
      showing = preference === 'smooth' || !realtimeSupported ? 'smooth' : 'realtime';
      step();
    },
    close() {
      if (closed) return;
      clearInterval(timer);
      stopCounting();
      switches.close();
      autoplay.close();
      video.removeEventListener('loadeddata', onData);
      for (const name of elementEvents) video.removeEventListener(name, publish);
      stopRealtime();
      stopSmooth();
      closed = true;
      video.srcObject = null;
      events.clear();
    },
  };
}
