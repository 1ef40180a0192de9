/** Quietest level the meter shows, dBFS. */
const FLOOR_DB = -60;

/** Loudness of one block of samples (−1 … 1) on a scale 0 … 1 that is linear in decibels, as ears are. */
export const levelOf = (samples: Float32Array): number => {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const rms = Math.sqrt(sum / samples.length);
  if (rms <= 0) return 0;
  const db = 20 * Math.log10(rms);
  return Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
};

/** Rises at once, falls slowly, so that speech is readable as a bar. */
export const fallSlowly = (shown: number, now: number): number => (now >= shown ? now : shown * 0.86 + now * 0.14);

/** Above this somebody speaks. */
export const SPEECH_LEVEL = 0.35;
