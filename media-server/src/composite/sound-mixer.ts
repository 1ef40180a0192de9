/**
 * Adds the sounds of several people without clipping: a limiter that looks one block ahead.
 *
 * Invariant: within a block the gain moves in a straight line between two values of which neither lets the block's loudest
 * sample leave 16 bits, so nothing is ever cut off; the price is one block of delay. Gain comes back slowly.
 */

/** A little under full scale: Opus may overshoot. */
const CEILING = 32_000;
/** Full gain is back after about a second of blocks of 33 ms. */
const RECOVERY_PER_BLOCK = 1.03;

export interface SoundMixer {
  /** Takes the sounds of this block and gives the mixture of the block before; both interleaved stereo of one length. */
  push(sounds: Int16Array[]): Int16Array;
}

export function createSoundMixer(samplesPerBlock: number): SoundMixer {
  let held = new Int32Array(samplesPerBlock);
  let heldCeiling = 1;
  let gain = 1;
  return {
    push(sounds) {
      const sum = new Int32Array(samplesPerBlock);
      for (const sound of sounds) {
        const length = Math.min(sound.length, samplesPerBlock);
        for (let at = 0; at < length; at += 1) sum[at] = (sum[at] ?? 0) + (sound[at] ?? 0);
      }
      let peak = 0;
      for (const value of sum) peak = Math.max(peak, Math.abs(value));
      const ceiling = peak > CEILING ? CEILING / peak : 1;
      const next = Math.min(heldCeiling, ceiling, gain * RECOVERY_PER_BLOCK);
      const mixed = new Int16Array(samplesPerBlock);
      for (let at = 0; at < samplesPerBlock; at += 1) {
        mixed[at] = Math.round((held[at] ?? 0) * (gain + ((next - gain) * at) / samplesPerBlock));
      }
      [held, heldCeiling, gain] = [sum, ceiling, next];
      return mixed;
    },
  };
}
