/**
 * How fast to play so that a viewer who fell behind comes back to the newest picture unnoticed. Pure.
 *
 * hls.js has such a rule, but it keeps a whole second of buffer, which is more than the distance that low latency aims at.
 */
export interface CatchUpInput {
  /** Distance from the newest picture and the distance that is wanted. */
  latencySeconds: number;
  targetSeconds: number;
  /** What is buffered ahead. */
  bufferSeconds: number;
  /** The rate now. */
  rate: number;
}

const GENTLE_RATE = 1.05;
const FAST_RATE = 1.1;
/** Behind by this much begins it … */
const BEGIN_SECONDS = 0.25;
/** … and this little ends it: two limits, so that the rate does not flutter. */
const END_SECONDS = 0.08;
const FAST_FROM_SECONDS = 1;
/** With less than this ahead the next hiccup of the network would be seen. */
const MIN_BUFFER_SECONDS = 0.45;

export function catchUpRate(input: CatchUpInput): number {
  const behind = input.latencySeconds - input.targetSeconds;
  if (input.bufferSeconds < MIN_BUFFER_SECONDS) return 1;
  if (behind < (input.rate > 1 ? END_SECONDS : BEGIN_SECONDS)) return 1;
  return behind >= FAST_FROM_SECONDS ? FAST_RATE : GENTLE_RATE;
}
