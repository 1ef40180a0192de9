/**
 * Frames and samples of one input, given out at the composite's pace. Pure but for its memory.
 *
 * Model: the decoder gives frames of equal length and samples without gaps, both counted from the same zero, so a count is a
 * time. One offset maps the wall clock to that time for both, which keeps them in step whatever happens: what comes too late
 * moves the offset back, too much waiting moves it forward. Invariants: both buffers are bounded; a frame is
 * returned again until the next one is due.
 */
export const FRAMES_PER_SECOND = 30;
export const SAMPLE_RATE = 48_000;
const CHANNELS = 2;
export const SAMPLES_PER_FRAME = (SAMPLE_RATE / FRAMES_PER_SECOND) * CHANNELS;
/** Waiting before the first frame is shown: what arrives unevenly. */
const FIRST_DELAY_SECONDS = 0.1;
/** Beside what is missing: it will be late again. */
const LATE_STEP_SECONDS = 0.02;
/** More than this waiting during a whole window is given back. */
const MAX_SLACK_SECONDS = 0.25;
const SLACK_WINDOW_SECONDS = 5;
const MAX_FRAMES = 30;
const SOUND_SECONDS = 4;
/** Values of sound. */
const ROUNDING = 16;

export interface Moment {
  /** Valid until the next call. */
  picture: Buffer | null;
  /** SAMPLES_PER_FRAME values; null: nothing there. */
  sound: Int16Array | null;
}

export interface Playout {
  pushPicture(chunk: Buffer, nowSeconds: number): void;
  pushSound(chunk: Buffer, nowSeconds: number): void;
  /** What belongs to this moment; called once a frame. */
  at(nowSeconds: number): Moment;
  /** Frames that came so far. */
  readonly frames: number;
  readonly samples: number;
}

export function createPlayout(input: { pictureBytes: number | null; hasSound: boolean }): Playout {
  const { pictureBytes, hasSound } = input;
  let queue: Array<{ index: number; data: Buffer }> = [];
  const spare: Buffer[] = [];
  let shown: Buffer | null = null;
  let filling: Buffer | null = null;
  let filled = 0;
  let frames = 0;
  const ring = new Int16Array(SOUND_SECONDS * SAMPLE_RATE * CHANNELS);
  let values = 0;
  let half: number | null = null;
  /** Where the next sound begins if nothing moves. */
  let next = 0;
  /** Wall clock of media time zero. */
  let offset: number | null = null;
  let slack = Number.POSITIVE_INFINITY;
  let slackSince = 0;

  const begin = (nowSeconds: number): void => {
    if (offset === null) slackSince = nowSeconds;
    offset ??= nowSeconds + FIRST_DELAY_SECONDS;
  };

  function arrived(data: Buffer): void {
    queue.push({ index: frames, data });
    frames += 1;
    const dropped = queue.length > MAX_FRAMES ? queue.shift() : undefined;
    if (dropped) spare.push(dropped.data);
  }

  /** Moves the offset by what this moment has shown. */
  function adjust(nowSeconds: number, mediaSeconds: number): void {
    const until = hasSound ? values / CHANNELS / SAMPLE_RATE : frames / FRAMES_PER_SECOND;
    const ahead = until - mediaSeconds - 1 / FRAMES_PER_SECOND;
    slack = Math.min(slack, ahead);
    if (offset === null) return;
    if (ahead < 0) offset += LATE_STEP_SECONDS - ahead;
    else if (nowSeconds - slackSince > SLACK_WINDOW_SECONDS) {
      if (slack > MAX_SLACK_SECONDS) offset -= slack - FIRST_DELAY_SECONDS;
      slack = Number.POSITIVE_INFINITY;
      slackSince = nowSeconds;
    }
  }

  function pictureAt(mediaSeconds: number): Buffer | null {
    const due = Math.floor(mediaSeconds * FRAMES_PER_SECOND + 0.001);
    const waiting = queue.findIndex(({ index }) => index > due);
    const ready = waiting === -1 ? queue : queue.slice(0, waiting);
    queue = waiting === -1 ? [] : queue.slice(waiting);
    for (const { data } of ready) {
      if (shown) spare.push(shown);
      shown = data;
    }
    return shown;
  }

  function soundAt(mediaSeconds: number): Int16Array | null {
    const exact = Math.round(mediaSeconds * SAMPLE_RATE) * CHANNELS;
    // Rounding must not cut the sound: it goes on where it was unless the offset has moved.
    const from = Math.abs(exact - next) <= ROUNDING ? next : exact;
    next = from + SAMPLES_PER_FRAME;
    if (from < 0 || from + SAMPLES_PER_FRAME > values || from < values - ring.length) return null;
    const sound = new Int16Array(SAMPLES_PER_FRAME);
    for (let at = 0; at < SAMPLES_PER_FRAME; at += 1) sound[at] = ring[(from + at) % ring.length] ?? 0;
    return sound;
  }

  return {
    pushPicture(chunk, nowSeconds) {
      if (pictureBytes === null) return;
      begin(nowSeconds);
      for (let at = 0; at < chunk.length; ) {
        filling ??= spare.pop() ?? Buffer.allocUnsafe(pictureBytes);
        const taken = chunk.copy(filling, filled, at);
        at += taken;
        filled += taken;
        if (filled < pictureBytes) return;
        arrived(filling);
        filling = null;
        filled = 0;
      }
    },
    pushSound(chunk, nowSeconds) {
      begin(nowSeconds);
      let at = 0;
      if (half !== null && chunk.length > 0) {
        ring[values % ring.length] = ((((chunk[0] ?? 0) << 8) | half) << 16) >> 16;
        values += 1;
        at = 1;
        half = null;
      }
      for (; at + 1 < chunk.length; at += 2) {
        ring[values % ring.length] = chunk.readInt16LE(at);
        values += 1;
      }
      if (at < chunk.length) half = chunk[at] ?? 0;
    },
    at(nowSeconds) {
      if (offset === null || nowSeconds < offset) return { picture: null, sound: null };
      const mediaSeconds = nowSeconds - offset;
      const moment = {
        picture: pictureBytes === null ? null : pictureAt(mediaSeconds),
        sound: hasSound ? soundAt(mediaSeconds) : null,
      };
      adjust(nowSeconds, mediaSeconds);
      return moment;
    },
    get frames() {
      return frames;
    },
    get samples() {
      return values / CHANNELS;
    },
  };
}
