/**
 * Packages one stream while somebody needs it: tap → ffmpeg → segments.
 *
 * Model: at most one *run* (tap + ffmpeg) at a time. A run ends when the publisher reconnects, its tracks change, the
 * picture's layer changes, the worker dies or ffmpeg exits; while the stream is live another one follows after a
 * back-off, and the window marks the discontinuity. Invariants: `close` leaves no process and no tap; a run's late
 * output is ignored.
 */
import { randomBytes } from 'node:crypto';
import { createClosing } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import { createSplitter } from './boxes.ts';
import { type FfmpegRun, startFfmpeg } from './ffmpeg.ts';
import { createLayerChoice } from './layer-choice.ts';
import { sdpOf } from './sdp.ts';
import { createSegmentWindow, type SegmentWindow } from './window.ts';

/** Tracks of one publication arrive one after the other; a run starts when they have settled. */
const SETTLE_MS = 250;
const BACKOFF_FIRST_MS = 200;
const BACKOFF_MAX_MS = 4_000;
const KEY_FRAME_CHECK_MS = 250;
/** One segment's length: longer without a key frame and one is asked for. */
const KEY_FRAME_INTERVAL_MS = 950;
/** A run without any output for this long is replaced. */
const STALL_MS = 8_000;

export interface Packager {
  readonly window: SegmentWindow;
  /** Resolves true when at least this many segments were made, false after the time-out or when it is closed. */
  ready(segments: number, timeoutMs: number): Promise<boolean>;
  /** Stream's state or tracks changed. */
  streamChanged(): void;
  readonly running: boolean;
  /** Somebody waits for segments right now. */
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
    for (const wake of [...waiters]) wake();
  });
  const layerChoice = createLayerChoice();
  let failures = 0;
  let current: { tracks: string; end: (why: string) => void; ffmpeg: FfmpegRun | null } | null = null;
  let startTimer: NodeJS.Timeout | null = null;
  let starting = false;

  const trackKey = (): string =>
    stream
      .tracks()
      .map((track) => track.producerId)
      .sort()
      .join();

  function plan(delayMs: number): void {
    if (closing.closed) return;
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

  async function start(): Promise<void> {
    if (closing.closed || current || starting || stream.status.state !== 'live') return;
    starting = true;
    try {
      await run();
    } catch (error) {
      log.warn({ err: error }, 'packager did not start');
      planAfterFailure();
    } finally {
      starting = false;
    }
  }

  async function run(): Promise<void> {
    const own = createClosing();
    const id = randomBytes(8).toString('hex');
    const tracks = trackKey();
    const firstPort = await deps.takePorts();
    const tap = await stream.openTap({
      firstPort,
      maxLayer: layerChoice.maxLayer(now()),
      events: {
        onBroken: (why) => {
          if (why === 'layer-dropped') layerChoice.dropped(now());
          own.close(why);
        },
      },
    });
    own.onClose((why) => tap.close(why));
    const video = tap.tracks.find((track) => track.kind === 'video');
    const mode = !video ? 'none' : video.mimeType.toLowerCase() === 'video/h264' ? 'copy' : 'transcode';
    if (mode === 'transcode') {
      const release = deps.takeTranscoder();
      if (!release) {
        own.close('no-transcoder');
        log.warn('every place for re-encoding is taken');
        planAfterFailure();
        return;
      }
      own.onClose(release);
    }
    let lastOutputAtMs = now();
    const splitter = createSplitter({
      onInit: (data) => window.beginRun(id, data),
      onFragment: (data) => window.addFragment(id, data),
    });
    const ffmpeg = startFfmpeg({
      bin: deps.ffmpegBin,
      sdp: sdpOf(tap.tracks),
      video: mode,
      audio: tap.tracks.some((track) => track.kind === 'audio'),
      log,
      onData: (chunk) => {
        if (own.closed) return;
        lastOutputAtMs = now();
        try {
          splitter.write(chunk);
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
    own.onClose((why) => {
      clearInterval(keyFrames);
      window.endRun(id);
      if (current === entry) current = null;
      log.info({ why }, 'packager run ended');
      if (closing.closed || stream.status.state !== 'live') return;
      // Another layer is no failure: the next run may start at once.
      if (why === 'layer-raised' || why === 'layer-dropped') plan(0);
      else planAfterFailure();
    });
    log.info({ mode, pid: ffmpeg.pid }, 'packager run started');
    await ffmpeg.listening(tap.tracks[0]?.port ?? firstPort);
    if (closing.closed) return own.close('closed');
    if (!own.closed) await tap.start();
  }

  closing.onClose((why) => {
    if (startTimer) clearTimeout(startTimer);
    current?.end(why);
    for (const wake of [...waiters]) wake();
  });
  plan(0);

  return {
    window,
    ready(segments, timeoutMs) {
      if (window.totalSegments >= segments) return Promise.resolve(true);
      return new Promise((resolve) => {
        const settle = (result: boolean): void => {
          clearTimeout(timer);
          waiters.delete(wake);
          resolve(result);
        };
        const wake = (): void => {
          if (window.totalSegments >= segments) settle(true);
          else if (closing.closed) settle(false);
        };
        const timer = setTimeout(() => settle(false), timeoutMs);
        waiters.add(wake);
      });
    },
    streamChanged() {
      if (stream.status.state !== 'live') {
        current?.end('stream-not-live');
        return;
      }
      if (current && current.tracks !== trackKey()) current.end('tracks-changed');
      if (!current) plan(SETTLE_MS);
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
