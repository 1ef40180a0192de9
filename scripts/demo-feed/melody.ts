/**
 * A gentle melody for the demo programme: plucked notes of a pentatonic scale, computed, the same every time. Notes that
 * ring past the end ring on at the beginning, so the loop has no seam.
 */

const SAMPLE_RATE_HZ = 48_000;
const BEATS_PER_SECOND = 1.6;
/** A major pentatonic in Hz, from A3. */
const SCALE_HZ = [220, 246.94, 277.18, 329.63, 369.99, 440, 493.88, 554.37, 659.26];
/** Steps of the scale, one per beat; -1 rests. */
const TUNE = [5, 7, 8, -1, 7, 5, 4, -1, 3, 4, 5, 3, 1, -1, 2, -1, 3, 5, 7, -1, 6, 5, 3, -1, 4, 3, 1, 2, 0, -1, -1, -1];
const BASS = [0, 3, 1, 4, 0, 3, 1, 0];
const TAIL_SECONDS = 3.2;
const PEAK = 0.5;

interface Note {
  atSeconds: number;
  hz: number;
  loudness: number;
  /** -1 left to 1 right. */
  pan: number;
}

/** A 16-bit stereo WAV file of the given length in seconds. */
export function melodyWav(seconds: number): Buffer {
  const frames = Math.round(seconds * SAMPLE_RATE_HZ);
  const mix = new Float32Array(frames * 2);
  for (const note of notes(seconds)) pluck(mix, frames, note);
  let peak = 0;
  for (const sample of mix) peak = Math.max(peak, Math.abs(sample));
  const samples = Int16Array.from(mix, (sample) => Math.round((sample / peak) * PEAK * 32_767));
  return Buffer.concat([header(samples.byteLength), Buffer.from(samples.buffer)]);
}

function notes(seconds: number): Note[] {
  const beats = Math.floor(seconds * BEATS_PER_SECOND);
  return Array.from({ length: beats }, (_, beat): Note[] => {
    const atSeconds = beat / BEATS_PER_SECOND;
    const step = TUNE[beat % TUNE.length] ?? -1;
    const bass = beat % 4 === 0 ? SCALE_HZ[BASS[(beat / 4) % BASS.length] ?? 0] : undefined;
    const high = SCALE_HZ[step];
    return [
      ...(high ? [{ atSeconds, hz: high, loudness: 1, pan: Math.sin(beat) * 0.35 }] : []),
      ...(bass ? [{ atSeconds, hz: bass / 2, loudness: 0.8, pan: 0 }] : []),
    ];
  }).flat();
}

/** Adds a decaying tone with a few overtones, which die sooner the higher they are. */
function pluck(mix: Float32Array, frames: number, { atSeconds, hz, loudness, pan }: Note): void {
  const first = Math.round(atSeconds * SAMPLE_RATE_HZ);
  const count = Math.round(TAIL_SECONDS * SAMPLE_RATE_HZ);
  const left = Math.cos(((pan + 1) * Math.PI) / 4);
  const right = Math.sin(((pan + 1) * Math.PI) / 4);
  for (let i = 0; i < count; i++) {
    const t = i / SAMPLE_RATE_HZ;
    const attack = Math.min(1, t / 0.008);
    const fadeOut = 1 - i / count;
    let value = 0;
    for (let overtone = 1; overtone <= 4; overtone++) {
      value += (Math.sin(2 * Math.PI * hz * overtone * t) * Math.exp(-t * (1.4 + overtone * 0.9))) / overtone ** 1.7;
    }
    const at = ((first + i) % frames) * 2;
    const sample = value * attack * fadeOut * loudness;
    mix[at] = (mix[at] ?? 0) + sample * left;
    mix[at + 1] = (mix[at + 1] ?? 0) + sample * right;
  }
}

function header(dataBytes: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'ascii');
  head.writeUInt32LE(36 + dataBytes, 4);
  head.write('WAVEfmt ', 8, 'ascii');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(2, 22);
  head.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  head.writeUInt32LE(SAMPLE_RATE_HZ * 4, 28);
  head.writeUInt16LE(4, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'ascii');
  head.writeUInt32LE(dataBytes, 40);
  return head;
}
