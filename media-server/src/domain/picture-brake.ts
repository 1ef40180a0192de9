/**
 * How much picture a viewer's network is trusted with: a cap on the simulcast layer, below which the worker's own bandwidth
 * estimate chooses. Pure; time is passed in.
 *
 * Why a second opinion: the estimate halves about once a second, so a fall from plenty to 400 kbit/s would freeze the
 * picture for some seconds, and its probes overshoot on a link that lets bursts through, so the picture would climb to what
 * cannot last and freeze again. The loss that the receiver reports tells of a collapse first; what repeats is held longer.
 *
 * Model: a collapse caps at the floor at once, a step down by the estimate caps where it went. A cap is lifted by one layer
 * after `holdMs` without complaint, and by the next ones faster. A fall soon after a lift doubles `holdMs` for the next
 * time; a long calm forgets it.
 */

/** mediasoup's score of a consumer, 0 to 10, from the receiver reports; repaired loss hardly lowers it. */
const COLLAPSE_SCORE = 5;
/** Enough to try the next layer. */
const CALM_SCORE = 9;
const FIRST_HOLD_MS = 6_000;
const LONGEST_HOLD_MS = 24_000;
/** A fall within this time after a lift was its fault. */
const PROBATION_MS = 12_000;
/** After so long without a fall the next hold is a first one again. */
const FORGIVE_MS = 60_000;

export interface PictureBrake {
  readonly floor: number;
  readonly top: number;
  /** Highest layer that may be sent; −1 is sound alone. */
  readonly cap: number;
  readonly holdMs: number;
  /** When the cap is to be lifted by one; null while it is at the top. */
  readonly liftAtMs: number | null;
  readonly liftedAtMs: number | null;
  readonly fellAtMs: number | null;
}

/** A stream of one layer has only the sound to fall back on; of several, the lowest is left to the estimate to drop. */
export function releasedBrake(layers: number): PictureBrake {
  const top = Math.max(1, layers) - 1;
  return {
    floor: top === 0 ? -1 : 0,
    top,
    cap: top,
    holdMs: FIRST_HOLD_MS,
    liftAtMs: null,
    liftedAtMs: null,
    fellAtMs: null,
  };
}

function fallTo(brake: PictureBrake, cap: number, nowMs: number): PictureBrake {
  const isRelapse = brake.liftedAtMs !== null && nowMs - brake.liftedAtMs < PROBATION_MS;
  const isForgiven = brake.fellAtMs === null || nowMs - brake.fellAtMs >= FORGIVE_MS;
  const holdMs = isRelapse ? Math.min(LONGEST_HOLD_MS, brake.holdMs * 2) : isForgiven ? FIRST_HOLD_MS : brake.holdMs;
  return { ...brake, cap, holdMs, liftAtMs: nowMs + holdMs, liftedAtMs: null, fellAtMs: nowMs };
}

/** The receiver has reported what it got. */
export function onReceiverScore(brake: PictureBrake, score: number, nowMs: number): PictureBrake {
  if (score <= COLLAPSE_SCORE) {
    if (brake.cap > brake.floor) return fallTo(brake, brake.floor, nowMs);
    // Nothing is left to take away; wait until it is over.
    return brake.liftAtMs === null ? brake : { ...brake, liftAtMs: nowMs + brake.holdMs };
  }
  if (score < CALM_SCORE && brake.liftAtMs !== null) {
    return { ...brake, liftAtMs: Math.max(brake.liftAtMs, nowMs + FIRST_HOLD_MS / 2) };
  }
  return brake;
}

/** The estimate has stepped down to this layer although the publisher still sends better ones. */
export function onEstimateFell(brake: PictureBrake, layer: number, nowMs: number): PictureBrake {
  return layer < brake.cap ? fallTo(brake, Math.max(layer, brake.floor), nowMs) : brake;
}

/** The hold is over. */
export function onHoldOver(brake: PictureBrake, nowMs: number): PictureBrake {
  if (brake.liftAtMs === null || nowMs < brake.liftAtMs) return brake;
  const cap = brake.cap + 1;
  return { ...brake, cap, liftedAtMs: nowMs, liftAtMs: cap < brake.top ? nowMs + FIRST_HOLD_MS : null };
}
