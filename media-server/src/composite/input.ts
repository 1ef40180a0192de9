/**
 * One person of a composite: their stream, decoded while it is there.
 *
 * Model: at most one *current* run (tap → relay → decoder → playout) that is shown and one *next* that will replace it as
 * soon as it has something to show; so a tile changes its size, or a camera its tracks, without a gap. A run ends with
 * its tap or its decoder; while the stream is live another follows after a back-off. A picture that stops although it is
 * not paused (a lost camera) leaves the sound alone, until packets of it come again. Invariants: a run that is over gives
 * nothing; no picture is shown for longer than STALE_SECONDS after its last new frame; after `close` no process, tap,
 * relay or timer is left.
 */
import type { MediaKind } from '@walnut-live/contracts';
import type { FfmpegRun } from '../hls/ffmpeg.ts';
import { openRelay } from '../hls/relay.ts';
import { sdpOf } from '../hls/sdp.ts';
import { type Closing, createClosing } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import { frameBytes } from './canvas.ts';
import { startDecoder } from './decoder.ts';
import type { Size } from './layout.ts';
import { createPlayout, type Playout } from './playout.ts';

const SETTLE_MS = 250;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 4_000;
const CHECK_MS = 250;
/** Until the first frame a key frame is asked for this often; afterwards a decoder only needs one after a loss. */
const FIRST_KEY_FRAME_EVERY_MS = 1_000;
const KEY_FRAME_EVERY_MS = 4_000;
/** A picture that stands still for this long is not there. */
const STALE_SECONDS = 1.5;
/** A run that gives nothing for this long is replaced. */
const SILENT_MS = 4_000;
/** Starting a decoder on a busy host. */
const FIRST_OUTPUT_MS = 10_000;
const LOOPBACK = '127.0.0.1';

export interface Shown {
  picture: Buffer | null;
  size: Size;
  sound: Int16Array | null;
}

export interface CompositeInput {
  readonly streamId: string;
  /** The tile's size; another one starts another decoder. */
  resize(size: Size): void;
  streamChanged(): void;
  /** What belongs to this moment; called once a frame. @param nowSeconds evenly spaced */
  at(nowSeconds: number): Shown;
  readonly hasPicture: boolean;
  readonly pids: number[];
  close(reason: string): void;
}

interface Run {
  key: string;
  size: Size;
  playout: Playout;
  ffmpeg: FfmpegRun | null;
  end: (why: string) => void;
  framesSeen: number;
  freshAtSeconds: number;
}

export function createCompositeInput(deps: {
  streamId: string;
  size: Size;
  stream: () => Stream | undefined;
  takePorts: () => Promise<number>;
  ffmpegBin: string;
  log: Logger;
  now: () => number;
}): CompositeInput {
  const { streamId, now } = deps;
  const log = deps.log.child({ input: streamId });
  const closing = createClosing();
  let size = deps.size;
  let current: Run | null = null;
  let next: Run | null = null;
  let timer: NodeJS.Timeout | null = null;
  let failures = 0;
  /** The camera is lost though not paused: its packets are waited for. */
  let withoutPicture = false;
  let hasPicture = false;

  function usable(): MediaKind[] {
    const stream = deps.stream();
    if (stream?.status.state !== 'live') return [];
    return stream.tracks().flatMap(({ kind, paused }) => (paused ? [] : [kind]));
  }
  const keyNow = (): string => {
    const stream = deps.stream();
    const tracks = stream?.tracks().flatMap(({ producerId, paused }) => (paused ? [] : [producerId])) ?? [];
    return [...tracks.sort(), withoutPicture, size.width, size.height].join();
  };

  function plan(delayMs: number): void {
    if (closing.closed) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      void start();
    }, delayMs);
  }
  function planAfterFailure(): void {
    failures += 1;
    plan(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 6)));
  }

  async function start(): Promise<void> {
    const key = keyNow();
    if (closing.closed || usable().length === 0 || (next ?? current)?.key === key) return;
    next?.end('overtaken');
    const stream = deps.stream();
    if (!stream) return;
    const own = createClosing();
    try {
      await open(key, stream, own);
    } catch (error) {
      log.warn({ err: error }, 'input of the composite did not start');
      own.close('not-started');
    }
  }

  async function open(key: string, stream: Stream, own: Closing): Promise<void> {
    const runSize = size;
    let lastOutputMs = now();
    let hasOutput = false;
    const kinds = usable().filter((kind) => kind !== 'video' || !withoutPicture);
    const hasVideo = kinds.includes('video');
    const hasSound = kinds.includes('audio');
    const run: Run = {
      key,
      size: runSize,
      playout: createPlayout({
        pictureBytes: hasVideo ? frameBytes(runSize) : null,
        hasSound,
      }),
      ffmpeg: null,
      end: own.close,
      framesSeen: 0,
      freshAtSeconds: 0,
    };
    next = run;
    own.onClose((why) => {
      if (next === run) next = null;
      if (current === run) current = null;
      log.info({ why }, 'input of the composite ended');
      const isReplaced = why === 'overtaken' || why === 'replaced';
      if (!closing.closed && !isReplaced && usable().length > 0) planAfterFailure();
    });
    const relay = await openRelay({
      now,
      // The decoder follows another size by itself.
      onPictureChanged: () => undefined,
      onOther: () => {
        if (!withoutPicture || own.closed) return;
        withoutPicture = false;
        plan(0);
      },
    });
    own.onClose((why) => relay.close(why));
    const tap = await stream.openTap({
      firstPort: relay.port,
      maxLayer: null,
      events: {
        onBroken: (why) => {
          if (why !== 'layer-dropped' && why !== 'layer-raised') own.close(why);
        },
      },
    });
    own.onClose((why) => tap.close(why));
    if (own.closed) return;
    const tracks = tap.tracks.filter((track) => kinds.includes(track.kind));
    relay.expect(tracks);
    const output = (push: () => void): void => {
      if (own.closed) return;
      push();
      lastOutputMs = now();
      if (!hasOutput && (!hasVideo || run.playout.frames > 0) && (!hasSound || run.playout.samples > 0)) {
        hasOutput = true;
        shows(run);
      }
    };
    const ffmpeg = startDecoder({
      bin: deps.ffmpegBin,
      decoding: { picture: hasVideo ? runSize : null, sound: hasSound },
      log,
      onPicture: (chunk) => output(() => run.playout.pushPicture(chunk, now() / 1000)),
      onSound: (chunk) => output(() => run.playout.pushSound(chunk, now() / 1000)),
      onExit: (why) => own.close(`ffmpeg: ${why}`),
    });
    run.ffmpeg = ffmpeg;
    own.onClose(() => ffmpeg.kill());
    let askedMs = now();
    let frames = 0;
    let newFrameMs = now();
    const check = setInterval(() => {
      if (run.playout.frames !== frames) newFrameMs = now();
      frames = run.playout.frames;
      if (now() - askedMs > (frames === 0 ? FIRST_KEY_FRAME_EVERY_MS : KEY_FRAME_EVERY_MS)) {
        askedMs = now();
        tap.requestKeyFrame();
      }
      const patienceMs = hasOutput ? SILENT_MS : FIRST_OUTPUT_MS;
      if (hasVideo && hasSound && now() - newFrameMs > patienceMs) {
        withoutPicture = true;
        own.close('picture-lost');
      } else if (now() - lastOutputMs > patienceMs) own.close('silent');
    }, CHECK_MS);
    own.onClose(() => clearInterval(check));
    const ports = await deps.takePorts();
    const portOf = (kind: MediaKind): number => ports + (kind === 'video' ? 0 : 2);
    if (closing.closed) own.close('closed');
    if (own.closed) return;
    await tap.start();
    relay.beginning.then(
      async ({ parameterSets }) => {
        const described = tracks.map((track) => ({ ...track, ip: LOOPBACK, port: portOf(track.kind) }));
        ffmpeg.describe(sdpOf(described, parameterSets));
        await ffmpeg.listening(described.map((track) => track.port));
        relay.flow({ video: portOf('video'), audio: portOf('audio') });
      },
      () => undefined,
    );
  }

  /** The run has something to show: it takes the place of the one before it. */
  function shows(run: Run): void {
    if (next !== run) return;
    failures = 0;
    const before = current;
    [current, next] = [run, null];
    before?.end('replaced');
    if (run.key !== keyNow()) plan(0);
  }

  closing.onClose((why) => {
    if (timer) clearTimeout(timer);
    next?.end(why);
    current?.end(why);
  });
  plan(0);

  return {
    streamId,
    resize(wanted) {
      if (wanted.width === size.width && wanted.height === size.height) return;
      size = wanted;
      plan(0);
    },
    streamChanged() {
      const kinds = usable();
      if (kinds.length === 0) {
        withoutPicture = false;
        next?.end('stream-not-live');
        current?.end('stream-not-live');
      } else if ((next ?? current)?.key !== keyNow()) {
        // Its tracks are other ones: what it shows is over, unless only one was paused or added.
        plan(SETTLE_MS);
      }
    },
    at(nowSeconds) {
      const run = current;
      if (!run) {
        hasPicture = false;
        return { picture: null, size, sound: null };
      }
      const { picture, sound } = run.playout.at(nowSeconds);
      if (run.playout.frames !== run.framesSeen) {
        run.framesSeen = run.playout.frames;
        run.freshAtSeconds = nowSeconds;
      }
      hasPicture = picture !== null && nowSeconds - run.freshAtSeconds < STALE_SECONDS;
      return { picture: hasPicture ? picture : null, size: run.size, sound };
    },
    get hasPicture() {
      return hasPicture;
    },
    get pids() {
      return [current, next].flatMap((run) => run?.ffmpeg?.pid ?? []);
    },
    close: closing.close,
  };
}
