/** Writes one fragment of fragmented MP4: `moof` and `mdat` (ISO/IEC 14496-12 §8.8). Pure. */
import { type Sample, writeBox } from './boxes.ts';

export interface FragmentTrack {
  id: number;
  samples: Sample[];
}

const SAMPLE_FLAGS = { key: 0x02000000, other: 0x01010000 } as const;
/** tfhd: data offsets count from the start of the `moof`. */
const DEFAULT_BASE_IS_MOOF = 0x020000;
/** trun: data offset, and duration, size, flags and composition offset of every sample. */
const RUN_FIELDS = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800;
const BYTES_PER_SAMPLE = 16;
const MDAT_HEADER = 8;

function words(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    data.writeUInt32BE(value >>> 0, index * 4);
  });
  return data;
}

function trackFragment({ id, samples }: FragmentTrack, dataOffset: number): Buffer {
  const decodeTime = Buffer.alloc(12);
  decodeTime.writeUInt32BE(0x01000000); // version 1: 64 bits
  decodeTime.writeBigUInt64BE(BigInt(Math.max(0, samples[0]?.decodeTime ?? 0)), 4);
  const run = Buffer.alloc(12 + samples.length * BYTES_PER_SAMPLE);
  run.writeUInt32BE(0x01000000 | RUN_FIELDS); // version 1: signed composition offsets
  run.writeUInt32BE(samples.length, 4);
  run.writeUInt32BE(dataOffset, 8);
  samples.forEach((sample, index) => {
    const at = 12 + index * BYTES_PER_SAMPLE;
    run.writeUInt32BE(sample.duration, at);
    run.writeUInt32BE(sample.data.length, at + 4);
    run.writeUInt32BE(sample.isKey ? SAMPLE_FLAGS.key : SAMPLE_FLAGS.other, at + 8);
    run.writeInt32BE(sample.offset, at + 12);
  });
  return writeBox(
    'traf',
    writeBox('tfhd', words(DEFAULT_BASE_IS_MOOF, id)),
    writeBox('tfdt', decodeTime),
    writeBox('trun', run),
  );
}

/** @param sequence counts the fragments of a run, from 1 */
export function writeFragment(sequence: number, tracks: FragmentTrack[]): Buffer {
  const used = tracks.filter(({ samples }) => samples.length > 0);
  const build = (moofBytes: number): Buffer => {
    let offset = moofBytes + MDAT_HEADER;
    const fragments = used.map((track) => {
      const fragment = trackFragment(track, offset);
      offset += track.samples.reduce((sum, sample) => sum + sample.data.length, 0);
      return fragment;
    });
    return writeBox('moof', writeBox('mfhd', words(0, sequence)), ...fragments);
  };
  // Its size does not depend on the offsets in it.
  const moof = build(build(0).length);
  const data = used.flatMap(({ samples }) => samples.map((sample) => sample.data));
  const mdat = Buffer.alloc(MDAT_HEADER);
  mdat.writeUInt32BE(data.reduce((sum, part) => sum + part.length, MDAT_HEADER));
  mdat.write('mdat', 4, 'latin1');
  return Buffer.concat([moof, mdat, ...data]);
}
