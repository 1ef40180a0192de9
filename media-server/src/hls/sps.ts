/** What a sequence parameter set of H.264 says about the picture (ITU-T H.264 §7.3.2.1). Pure. */
export interface PictureFormat {
  profile: number;
  width: number;
  height: number;
}

/** Profiles whose parameter set tells the chroma format. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const MAX_REFERENCE_CYCLE = 255;

/** `null` when it cannot be read; the caller then treats every difference of bytes as another picture. */
export function readSps(unit: Buffer): PictureFormat | null {
  try {
    return parse(unit);
  } catch {
    return null;
  }
}

function parse(unit: Buffer): PictureFormat {
  const bits = bitReader(withoutEmulation(unit.subarray(1)));
  const profile = bits.take(8);
  bits.take(16); // constraints, level
  bits.unsigned(); // id
  let chroma = 1;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.unsigned();
    if (chroma === 3) bits.take(1);
    bits.unsigned();
    bits.unsigned();
    bits.take(1);
    if (bits.take(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.unsigned(); // frame number length
  const order = bits.unsigned();
  if (order === 0) bits.unsigned();
  else if (order === 1) {
    bits.take(1);
    bits.signed();
    bits.signed();
    const count = bits.unsigned();
    if (count > MAX_REFERENCE_CYCLE) throw new Error('impossible cycle');
    for (let i = 0; i < count; i += 1) bits.signed();
  }
  bits.unsigned(); // reference frames
  bits.take(1);
  const columns = bits.unsigned() + 1;
  const rows = bits.unsigned() + 1;
  const framesOnly = bits.take(1);
  if (framesOnly === 0) bits.take(1);
  bits.take(1);
  const isCropped = bits.take(1) === 1;
  const crop = (): number => (isCropped ? bits.unsigned() : 0);
  const across = crop() + crop();
  const down = crop() + crop();
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = (chroma === 1 ? 2 : 1) * (2 - framesOnly);
  return {
    profile,
    width: columns * 16 - across * unitX,
    height: rows * 16 * (2 - framesOnly) - down * unitY,
  };
}

/** An encoder puts 03 after 00 00 so that no start code appears inside. */
function withoutEmulation(data: Buffer): Buffer {
  const out: number[] = [];
  let zeros = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out.push(byte);
  }
  return Buffer.from(out);
}

interface Bits {
  take(count: number): number;
  /** Exp-Golomb code. */
  unsigned(): number;
  signed(): number;
}

function bitReader(data: Buffer): Bits {
  let at = 0;
  const bit = (): number => {
    const byte = data[at >> 3];
    if (byte === undefined) throw new Error('too short');
    const value = (byte >> (7 - (at & 7))) & 1;
    at += 1;
    return value;
  };
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i += 1) value = value * 2 + bit();
    return value;
  };
  const unsigned = (): number => {
    let zeros = 0;
    while (bit() === 0) {
      zeros += 1;
      if (zeros > 32) throw new Error('impossible code');
    }
    return 2 ** zeros - 1 + take(zeros);
  };
  return {
    take,
    unsigned,
    signed() {
      const code = unsigned();
      return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
    },
  };
}

function skipScalingLists(bits: Bits, lists: number): void {
  for (let list = 0; list < lists; list += 1) {
    if (bits.take(1) === 0) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size; i += 1) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      if (next !== 0) last = next;
    }
  }
}
