/**
 * Makes one picture and one sound of up to four streams and publishes them as a stream of their own.
 *
 * Model: inputs (input.ts) → canvas and mixer, 30 times a second → encoder → ingest of the composite's stream. The canvas
 * is what never stops: an input that comes, goes or stands still changes what its tile shows (PLACEHOLDER) and nothing
 * else. A frame and the samples of its time are one *moment*; moments are never split, so picture and sound keep their
 * distance also when the encoder is too slow and moments are left out. Encoders that die are followed by others after a
 * back-off; the ingest then notices a new encoder by itself, which is a discontinuity for viewers. Invariants: at most
 * MAX_WAITING frames are in memory; after `close` no process, port, tap or timer is left.
 */
import { type CompositeOrder, RtpIngest } from '@walnut-live/contracts';
import type { FfmpegRun } from '../hls/ffmpeg.ts';
import { type Closing, createClosing } from '../platform/closing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Stream } from '../streams/stream.ts';
import { BACKGROUND, draw, fill, frameBytes, PLACEHOLDER } from './canvas.ts';
import { startEncoder } from './encoder.ts';
import { type CompositeInput, createCompositeInput } from './input.ts';
import { canvasOf, layoutOf, type Rect } from './layout.ts';
import { FRAMES_PER_SECOND, SAMPLES_PER_FRAME } from './playout.ts';
import { createSoundMixer } from './sound-mixer.ts';

const FRAME_MS = 1_000 / FRAMES_PER_SECOND;
/** Frames on their way to the encoder. */
const MAX_WAITING = 12;
/** A process that stood still for longer does not make up for it. */
const MAX_BEHIND_MS = 500;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 8_000;
/** An encoder that ran this long was a good one. */
const GOOD_RUN_MS = 10_000;

export interface Compositor {
  /** Another arrangement, other people, somebody muted. The orientation stays. */
  update(order: CompositeOrder): void;
  streamChanged(stream: Stream): void;
  inputs(): Array<{ streamId: string; hasPicture: boolean }>;
  readonly encoderPid: number | undefined;
  readonly pids: number[];
  /** Moments made and left out since the beginning. */
  readonly moments: { made: number; skipped: number };
  close(reason: string): void;
}

export function createCompositor(deps: {
  target: Stream;
  order: CompositeOrder;
  streamOf: (streamId: string) => Stream | undefined;
  takePorts: () => Promise<number>;
  ffmpegBin: string;
  videoKbps: number;
  log: Logger;
  now: () => number;
}): Compositor {
  const { target, now } = deps;
  const log = deps.log.child({ streamId: target.id, part: 'composite' });
  const closing = createClosing();
  const { orientation } = deps.order;
  const size = canvasOf(orientation);
  const people = new Map<string, CompositeInput>();
  let order: CompositeOrder = deps.order;
  let tiles: Array<{ input: CompositeInput; rect: Rect; muted: boolean }> = [];
  let encoder: FfmpegRun | null = null;
  let encoding: Closing | null = null;
  let startTimer: NodeJS.Timeout | null = null;
  let failures = 0;
  const moments = { made: 0, skipped: 0 };
  const spare: Buffer[] = [];
  let frames = 0;
  let mixer = createSoundMixer(SAMPLES_PER_FRAME);
  /** Drawn, waiting for its sound, which the mixer gives a moment later. */
  let held: Buffer | null = null;

  function update(wanted: CompositeOrder): void {
    order = wanted;
    const rects = layoutOf(wanted.inputs.length, orientation);
    for (const [streamId, input] of people) {
      if (wanted.inputs.some((one) => one.streamId === streamId)) continue;
      people.delete(streamId);
      input.close('left');
    }
    tiles = wanted.inputs.map(({ streamId, muted }, index) => {
      const rect = rects[index]!;
      const known = people.get(streamId);
      known?.resize(rect);
      const input =
        known ??
        createCompositeInput({
          ...{ streamId, size: rect, takePorts: deps.takePorts, ffmpegBin: deps.ffmpegBin, log, now },
          stream: () => deps.streamOf(streamId),
        });
      people.set(streamId, input);
      return { input, rect, muted };
    });
  }

  // ── encoder ─────────────────────────────────────────────────────────────

  function planEncoder(delayMs: number): void {
    if (closing.closed) return;
    startTimer = setTimeout(() => void openEncoder(), delayMs);
  }

  async function openEncoder(): Promise<void> {
    try {
      const ingest = await target.openIngest();
      if (closing.closed) {
        void target.closeIngest();
        return;
      }
      runEncoder(RtpIngest.parse(ingest));
    } catch (error) {
      log.warn({ err: error }, 'composite has no ingest');
      encoderFailed();
    }
  }

  function encoderFailed(): void {
    failures += 1;
    planEncoder(Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(failures - 1, 6)));
  }

  function runEncoder(ingest: RtpIngest): void {
    const own = createClosing();
    const beginsAtMs = Math.ceil(now());
    const started = startEncoder({
      ...{ orientation, ingest, beginsAtMs, videoKbps: deps.videoKbps, bin: deps.ffmpegBin, log },
      onExit: (why) => own.close(why),
    });
    encoder = started;
    encoding = own;
    mixer = createSoundMixer(SAMPLES_PER_FRAME);
    held = null;
    log.info({ pid: started.pid }, 'composite runs');
    let moment = 0;
    const clock = setInterval(() => {
      const dueMs = (): number => beginsAtMs + moment * FRAME_MS;
      if (now() - dueMs() > MAX_BEHIND_MS) {
        const skipped = Math.floor((now() - dueMs()) / FRAME_MS);
        moments.skipped += skipped;
        moment += skipped;
      }
      for (; dueMs() <= now() && !own.closed; moment += 1) makeMoment(started, dueMs() / 1000);
    }, FRAME_MS / 3);
    own.onClose((why) => {
      clearInterval(clock);
      started.kill();
      if (encoder === started) encoder = null;
      // What was on its way to it will not be given back.
      frames = spare.length;
      log.info({ why }, 'composite encoder ended');
      if (closing.closed) return;
      if (now() - beginsAtMs > GOOD_RUN_MS) failures = 0;
      encoderFailed();
    });
  }

  // ── moments ─────────────────────────────────────────────────────────────

  function takeFrame(): Buffer | null {
    const known = spare.pop();
    if (known) return known;
    if (frames >= MAX_WAITING) return null;
    frames += 1;
    const made = Buffer.allocUnsafe(frameBytes(size));
    fill(made, size, { x: 0, y: 0, ...size }, BACKGROUND);
    return made;
  }

  function makeMoment(to: FfmpegRun, atSeconds: number): void {
    // Inputs go on in any case: their buffers are for the moment only.
    const shown = tiles.map((tile) => ({ ...tile, ...tile.input.at(atSeconds), tile: tile.rect }));
    const frame = takeFrame();
    if (!frame) {
      moments.skipped += 1;
      return;
    }
    if (isRearranged(frame)) fill(frame, size, { x: 0, y: 0, ...size }, BACKGROUND);
    for (const { tile, picture, size: pictureSize } of shown) {
      if (picture) draw(frame, size, tile, picture, pictureSize);
      else fill(frame, size, tile, PLACEHOLDER);
    }
    const sound = mixer.push(shown.flatMap((one) => (one.muted || !one.sound ? [] : [one.sound])));
    const ready = held;
    held = frame;
    if (!ready) return;
    moments.made += 1;
    to.pipes.video.write(ready, (error) => {
      if (!error && encoder === to) spare.push(ready);
    });
    to.pipes.audio.write(Buffer.from(sound.buffer));
  }

  /** Which arrangement a frame was drawn with: the gaps have to be painted anew when it was another one. */
  const drawnWith = new WeakMap<Buffer, unknown>();
  function isRearranged(frame: Buffer): boolean {
    const before = drawnWith.get(frame);
    drawnWith.set(frame, tiles);
    return before !== tiles;
  }

  update(order);
  planEncoder(0);
  closing.onClose((why) => {
    if (startTimer) clearTimeout(startTimer);
    encoding?.close(why);
    for (const input of people.values()) input.close(why);
    people.clear();
    tiles = [];
    target.closeIngest().catch((error: unknown) => log.warn({ err: error }, 'ingest of the composite not closed'));
  });

  return {
    update,
    streamChanged(stream) {
      people.get(stream.id)?.streamChanged();
    },
    inputs: () => tiles.map(({ input }) => ({ streamId: input.streamId, hasPicture: input.hasPicture })),
    get encoderPid() {
      return encoder?.pid;
    },
    get pids() {
      return [encoder?.pid, ...[...people.values()].flatMap((input) => input.pids)].flatMap((pid) => pid ?? []);
    },
    moments,
    close: closing.close,
  };
}
