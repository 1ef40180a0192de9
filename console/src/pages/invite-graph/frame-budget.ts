/**
 * How much of the next picture may be drawn behind while one moves, told from how long frames take.
 *
 * Model: a slice of the picture takes from the same processor that moves what is on the screen. So a slice is drawn only after a frame
 * that was in time, it shrinks when the frame it was drawn in was late and grows slowly again; where no frame is ever in time, one in
 * PATIENCE draws all the same, or the picture would never be whole. At rest nobody feels a long frame. Pure: times are passed in.
 */

/** Of a screen of 60 Hz. */
const FRAME_MS = 17;
const LATE_MS = FRAME_MS * 1.5;
/** Two frames, with some patience: slower than this is felt. */
const SLOW_MS = 36;
/**
 * So many slow frames while one moves, and drawing all in each frame is too much for this machine. A quick one forgives a part of a
 * slow one: hands are slower than screens, so between two slow frames there may be some in which nothing moved.
 */
const SLOW_FRAMES = 4;
const FORGIVEN = 0.2;
/** Longer than this was no frame, but a page that was not looked at. */
const PAUSE_MS = 1_000;
/** Entries of a slice: at first and at most, and at least. */
const SLICE = 30_000;
const LEAST_SLICE = 1_000;
const SLICE_AT_REST = 80_000;
const PATIENCE = 6;
/** Fingers and wheels pause for a frame or two: it stands still when nothing moved for so long. */
const STILL_MS = 180;

export interface FrameBudget {
  /** A frame begins. `asked`: the one before asked for it, so that what lies between them is how long a frame takes. */
  begin(now: number, moved: boolean, asked: boolean): void;
  isMoving(): boolean;
  isTooSlow(): boolean;
  /** Entries that may be drawn behind in this frame; 0: none. Call it once a frame, and draw them. */
  take(): number;
}

export function createFrameBudget(): FrameBudget {
  let at = Number.NEGATIVE_INFINITY;
  let movedAt = Number.NEGATIVE_INFINITY;
  let slow = 0;
  let slice = SLICE;
  let isLate = false;
  let drew = false;
  let waited = 0;
  const isMoving = () => at - movedAt < STILL_MS;
  return {
    begin(now, moved, asked) {
      const took = asked ? now - at : 0;
      at = now;
      if (moved) movedAt = now;
      if (took <= 0 || took >= PAUSE_MS) return;
      if (isMoving()) slow = took > SLOW_MS ? slow + 1 : Math.max(0, slow - FORGIVEN);
      isLate = took > LATE_MS;
      if (drew) slice = isLate ? Math.max(LEAST_SLICE, slice / 1.25) : Math.min(SLICE, slice * 1.3);
      drew = false;
    },
    isMoving,
    isTooSlow: () => slow >= SLOW_FRAMES,
    take() {
      if (!isMoving()) return SLICE_AT_REST;
      if (isLate && ++waited < PATIENCE) return 0;
      waited = 0;
      drew = true;
      return Math.round(slice);
    },
  };
}
