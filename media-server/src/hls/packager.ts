/**
 * Packages one stream while somebody needs it: tap → relay → ffmpeg → window.
 *
 * Model: at most one *run* (tap, relay, ffmpeg) at a time. A run ends when the publisher reconnects, its tracks change,
 * the picture's size or layer changes, the worker dies or ffmpeg exits; while the stream is live another one follows after a
 * back-off, and the window marks the discontinuity. Invariants: `close` leaves no process and no tap, and neither does a run
 * that could not begin; a run's late output is ignored; runs that changes of the picture end follow each other at
 * once only so often.
 */
import { randomBytes } from 'node:crypto';
import type { MediaKind } from '@walnut-live/contracts';
import { type Closing, createClosing } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import { type FfmpegRun, startFfmpeg } from './ffmpeg.ts';
import { createTrackJoiner } from './joiner.ts';
import { createLayerChoice } from './layer-choice.ts';
import { openRelay } from './relay.ts';
import { sdpOf } from './sdp.ts';
import { createSegmentWindow, type SegmentWindow } from './window.ts';

/** Tracks of one publication arrive one after the other; a run starts when they have settled. */
const SETTLE_MS = 250;
/**
 * A lone track has this long, from when the stream became live, to be joined by the other kind: a run without sound would
 * be the beginning of the recording, and cost the viewers of HLS a discontinuity.
 */
const ALONE_MS = 1_500;
/** What another host publishes is packaged there as soon as its viewers have been sent there. */
const RELAYED_SETTLE_MS = 2_000;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 4_000;
/** A publisher whose picture changes all the time does not get a new ffmpeg for each change at once. */
const CHANGES = 3;
const CHANGES_WITHIN_MS = 10_000;
const CHANGE_DELAY_MS = 2_000;
const KEY_FRAME_CHECK_MS = 250;
/** One segment's length: longer without a key frame and one is asked for. */
const KEY_FRAME_INTERVAL_MS = 950;
/** A run without any output for this long is replaced. */
const STALL_MS = 8_000;
const LOOPBACK = '127.0.0.1';
/** Requests that wait at once; behind a cache there are a handful, without one as many as viewers. */
const MAX_WAITERS = 5_000;

export interface Packager {
  readonly window: SegmentWindow;
  /** Resolves true when at least this many segments were made, false after the time-out or when it is closed. */
  ready(segments: number, timeoutMs: number): Promise<boolean>;
  /**
   * Resolves true as soon as the condition holds (asked at every change of the window), false after the time-out, when
   * `gone` is aborted or when the packager is closed. @throws MediaFailure media_over_capacity when too many wait
   */
  until(isTrue: () => boolean, timeoutMs: number, gone?: AbortSignal): Promise<boolean>;
  /** Stream's state or tracks changed. */
  streamChanged(): void;
  readonly running: boolean;
  /** Somebody waits for something right now. */
  readonly awaited: boolean;
  readonly pid: number | undefined;
  close(reason: string): void;
}

export function createPackager(deps: {
  stream: Stream;
  takePorts: () => Promise<number>;
  /** Asks for one of the few places for re-encoding; returns its release, or null when all are taken. */
  takeTranscoder: () => (() => void) | null;
  ffmpegBin: string;
  firstDiscontinuity: number;
  log: Logger;
  now: () => number;
}): Packager {
  const { stream, now } = deps;
  const log = deps.log.child({ streamId: stream.id, part: 'hls' });
  const closing = createClosing();
  const waiters = new Set<() => void>();
  const window = createSegmentWindow({ now, firstDiscontinuity: deps.firstDiscontinuity });
  window.onSegment(() => {
    failures = 0;
  });
  window.onChange(wakeAll);
  const layerChoice = createLayerChoice();
  let failures = 0;
  let current: { tracks: string; end: (why: string) => void; ffmpeg: FfmpegRun | null } | null = null;
  let startTimer: NodeJS.Timeout | null = null;
  let starting = false;
  let changedAtMs: number[] = [];

  function wakeAll(): void {
    for (const wake of [...waiters]) wake();
  }

  function until(isTrue: () => boolean, timeoutMs: number, gone?: AbortSignal): Promise<boolean> {
    if (isTrue()) return Promise.resolve(true);
    if (waiters.size >= MAX_WAITERS) return Promise.reject(mediaFailure('media_over_capacity'));
    return new Promise((resolve) => {
      const settle = (result: boolean): void => {
        clearTimeout(timer);
        waiters.delete(wake);
        gone?.removeEventListener('abort', leave);
        resolve(result);
      };
      const wake = (): void => {
        if (isTrue()) settle(true);
        else if (closing.closed) settle(false);
      };
      const leave = (): void => settle(false);
      const timer = setTimeout(leave, timeoutMs);
      waiters.add(wake);
      gone?.addEventListener('abort', leave);
    });
  }

  const trackKey = (): string =>
    stream
      .tracks()
      .map((track) => track.producerId)
      .sort()
      .join();

  /** How long the next run waits for a second kind of track. */
  function missingKindMs(): number {
    if (new Set(stream.tracks().map(({ kind }) => kind)).size > 1) return 0;
    return Math.max(0, stream.status.sinceMs + ALONE_MS - now());
  }

  function plan(afterMs: number): void {
    if (closing.closed) return;
    const delayMs = Math.max(afterMs, missingKindMs());
    if (startTimer) clearTimeout(startTimer);
    startTimer = setTimeout(() => {
      startTimer = null;
      void start();
    }, delayMs);
  }

  function planAfterFailure(): void {
    failures += 1;
    plan(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 6)));
  }

  /** Another layer or size is no failure: the next run may begin at once. */
  function planAfterChange(): void {
    changedAtMs = [...changedAtMs.filter((atMs) => now() - atMs < CHANGES_WITHIN_MS), now()].slice(-CHANGES - 1);
    plan(changedAtMs.length > CHANGES ? CHANGE_DELAY_MS : 0);
  }

  async function start(): Promise<void> {
    if (closing.closed || current || stream.status.state !== 'live') return;
    // The one that begins has ended already and is about to find out.
    if (starting) return plan(BACKOFF_FIRST_MS);
    starting = true;
    const own = createClosing();
    own.onClose((why) => {
      log.info({ why }, 'packager run ended');
      if (closing.closed || stream.status.state !== 'live') return;
      if (why === 'layer-raised' || why === 'layer-dropped' || why === 'picture-changed') planAfterChange();
      else planAfterFailure();
    });
    try {
      await run(own);
    } catch (error) {
      log.warn({ err: error }, 'packager did not start');
      own.close('not-started');
    } finally {
      starting = false;
    }
  }

  /** Whatever it has taken is given back when `own` closes. */
  async function run(own: Closing): Promise<void> {
    const id = randomBytes(8).toString('hex');
    const tracks = trackKey();
    const relay = await openRelay({
      now,
      onPictureChanged: (from, to) => {
        log.info({ from, to }, 'picture changed');
        own.close('picture-changed');
      },
    });
    own.onClose((why) => relay.close(why));
    const tap = await stream.openTap({
      firstPort: relay.port,
      maxLayer: layerChoice.maxLayer(now()),
      events: {
        onBroken: (why) => {
          if (why === 'layer-dropped') layerChoice.dropped(now());
          own.close(why);
        },
      },
    });
    own.onClose((why) => tap.close(why));
    if (closing.closed) own.close('closed');
    if (own.closed) return;
    relay.expect(tap.tracks);
    const video = tap.tracks.find((track) => track.kind === 'video');
    const mode = !video ? 'none' : video.mimeType.toLowerCase() === 'video/h264' ? 'copy' : 'transcode';
    if (mode === 'transcode') {
      const release = deps.takeTranscoder();
      if (!release) {
        log.warn('every place for re-encoding is taken');
        own.close('no-transcoder');
        return;
      }
      own.onClose(release);
    }
    let lastOutputAtMs = now();
    const joiner = createTrackJoiner(
      tap.tracks.map((track) => track.kind),
      {
        onInit: (data) => window.beginRun(id, data),
        onFragment: (kind, data) => window.addFragment(id, kind, data),
      },
    );
    const ffmpeg = startFfmpeg({
      bin: deps.ffmpegBin,
      video: mode,
      audio: tap.tracks.some((track) => track.kind === 'audio'),
      log,
      onData: (kind, chunk) => {
        if (own.closed) return;
        lastOutputAtMs = now();
        try {
          joiner.write(kind, chunk);
        } catch (error) {
          log.error({ err: error }, 'packager output cannot be read');
          own.close('bad-output');
        }
      },
      onExit: (why) => own.close(`ffmpeg: ${why}`),
    });
    own.onClose(() => ffmpeg.kill());
    const entry = { tracks, end: own.close, ffmpeg };
    current = entry;
    const keyFrames = setInterval(() => {
      const last = window.lastKeyFrameAtMs ?? 0;
      if (now() - last > KEY_FRAME_INTERVAL_MS) tap.requestKeyFrame();
      if (now() - lastOutputAtMs > STALL_MS) own.close('stalled');
    }, KEY_FRAME_CHECK_MS);
    own.onClose(() => {
      clearInterval(keyFrames);
      window.endRun(id);
      if (current === entry) current = null;
    });
    log.info({ mode, pid: ffmpeg.pid }, 'packager run started');
    const ports = await deps.takePorts();
    const portOf = (kind: MediaKind): number => ports + (kind === 'video' ? 0 : 2);
    if (closing.closed) own.close('closed');
    if (own.closed) return;
    await tap.start();
    relay.beginning
      .then(async ({ parameterSets }) => {
        const described = tap.tracks.map((track) => ({ ...track, ip: LOOPBACK, port: portOf(track.kind) }));
        ffmpeg.describe(sdpOf(described, parameterSets));
        await ffmpeg.listening(described.map((track) => track.port));
        lastOutputAtMs = now();
        relay.flow({ video: portOf('video'), audio: portOf('audio') });
        log.debug('packager run flows');
      })
      .catch((error: unknown) => {
        log.warn({ err: error }, 'packager run has no beginning');
        own.close('no-beginning');
      });
  }

  closing.onClose((why) => {
    if (startTimer) clearTimeout(startTimer);
    current?.end(why);
    wakeAll();
  });
  plan(0);

  return {
    window,
    ready: (segments, timeoutMs) => until(() => window.totalSegments >= segments, timeoutMs),
    until,
    streamChanged() {
      if (stream.status.state !== 'live') {
        current?.end('stream-not-live');
        return;
      }
      if (current && current.tracks !== trackKey()) current.end('tracks-changed');
      if (!current) plan(stream.isRelayed ? RELAYED_SETTLE_MS : SETTLE_MS);
      wakeAll();
    },
    get running() {
      return current !== null;
    },
    get awaited() {
      return waiters.size > 0;
    },
    get pid() {
      return current?.ffmpeg?.pid;
    },
    close: closing.close,
  };
}
