/**
 * Reads just enough of fragmented MP4 (ISO/IEC 14496-12) to cut ffmpeg's output into an initialisation segment and
 * fragments and to describe them. Pure; sizes are checked because the input is a byte stream.
 */
export interface InitInfo {
  /** For the CODECS attribute: `avc1.42e01f`, `mp4a.40.2`. */
  codecs: string[];
  width: number | null;
  height: number | null;
  /** Track whose times cut segments: the video, or the audio when there is none. */
  mainTrackId: number;
  mainTimescale: number;
  hasVideo: boolean;
  /** Default sample flags and duration of the main track (trex). */
  defaultDuration: number;
  defaultFlags: number;
}

export interface FragmentInfo {
  /** Decode time of the main track's first sample, in its timescale; null when the fragment has none of its samples. */
  startTime: number | null;
  /** Sum of the main track's sample durations, in its timescale. */
  duration: number;
  /** The main track's first sample is a key frame (always true for audio). */
  isKey: boolean;
}

interface Box {
  type: string;
  /** Of the payload. */
  start: number;
  end: number;
}

const HEADER = 8;
const NON_SYNC_SAMPLE = 0x10000;

function* boxesIn(data: Buffer, start = 0, end = data.length): Generator<Box> {
  let at = start;
  while (at + HEADER <= end) {
    const size = data.readUInt32BE(at);
    if (size < HEADER || at + size > end) return;
    yield { type: data.toString('latin1', at + 4, at + 8), start: at + HEADER, end: at + size };
    at += size;
  }
}

function find(data: Buffer, path: string[], within: { start: number; end: number }): Box | undefined {
  const [first, ...rest] = path;
  for (const box of boxesIn(data, within.start, within.end)) {
    if (box.type !== first) continue;
    if (rest.length === 0) return box;
    const inner = find(data, rest, box);
    if (inner) return inner;
  }
  return undefined;
}

function all(data: Buffer, type: string, within: { start: number; end: number }): Box[] {
  return [...boxesIn(data, within.start, within.end)].filter((box) => box.type === type);
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** @throws Error when it is not an initialisation segment with a track in it */
export function readInit(data: Buffer): InitInfo {
  const whole = { start: 0, end: data.length };
  const moov = find(data, ['moov'], whole);
  if (!moov) throw new Error('no moov box');
  const info: InitInfo = {
    codecs: [],
    width: null,
    height: null,
    mainTrackId: 0,
    mainTimescale: 1,
    hasVideo: false,
    defaultDuration: 0,
    defaultFlags: 0,
  };
  for (const trak of all(data, 'trak', moov)) {
    const handler = find(data, ['mdia', 'hdlr'], trak);
    const header = find(data, ['mdia', 'mdhd'], trak);
    const track = find(data, ['tkhd'], trak);
    const stsd = find(data, ['mdia', 'minf', 'stbl', 'stsd'], trak);
    if (!handler || !header || !track || !stsd) continue;
    const isVideo = data.toString('latin1', handler.start + 8, handler.start + 12) === 'vide';
    // The sample entry follows version, flags and entry count.
    const entry = [...boxesIn(data, stsd.start + 8, stsd.end)][0];
    if (entry) info.codecs[isVideo ? 'unshift' : 'push'](codecOf(data, entry));
    if (isVideo && entry) {
      info.width = data.readUInt16BE(entry.start + 24);
      info.height = data.readUInt16BE(entry.start + 26);
    }
    if (isVideo || !info.hasVideo) {
      info.mainTimescale = data.readUInt32BE(header.start + (data[header.start] === 1 ? 20 : 12));
      info.mainTrackId = data.readUInt32BE(track.start + (data[track.start] === 1 ? 20 : 12));
    }
    info.hasVideo ||= isVideo;
  }
  if (info.mainTrackId === 0) throw new Error('no track');
  const mvex = find(data, ['mvex'], moov);
  for (const trex of mvex ? all(data, 'trex', mvex) : []) {
    if (data.readUInt32BE(trex.start + 4) !== info.mainTrackId) continue;
    info.defaultDuration = data.readUInt32BE(trex.start + 12);
    info.defaultFlags = data.readUInt32BE(trex.start + 20);
  }
  return info;
}

function codecOf(data: Buffer, entry: Box): string {
  if (entry.type === 'avc1') {
    // 78 bytes of visual sample entry come before its boxes.
    const avcC = find(data, ['avcC'], { start: entry.start + 78, end: entry.end });
    if (avcC) return `avc1.${[1, 2, 3].map((offset) => hex(data[avcC.start + offset] ?? 0)).join('')}`;
  }
  return entry.type === 'mp4a' ? 'mp4a.40.2' : entry.type;
}

/** Describes one `moof` (with or without its `mdat`). */
export function readFragment(data: Buffer, init: InitInfo): FragmentInfo {
  const moof = find(data, ['moof'], { start: 0, end: data.length });
  const none: FragmentInfo = { startTime: null, duration: 0, isKey: false };
  if (!moof) return none;
  for (const traf of all(data, 'traf', moof)) {
    const tfhd = find(data, ['tfhd'], traf);
    if (!tfhd || data.readUInt32BE(tfhd.start + 4) !== init.mainTrackId) continue;
    const { defaultDuration, defaultFlags } = readTrackHeader(data, tfhd, init);
    const tfdt = find(data, ['tfdt'], traf);
    const startTime = tfdt
      ? data[tfdt.start] === 1
        ? Number(data.readBigUInt64BE(tfdt.start + 4))
        : data.readUInt32BE(tfdt.start + 4)
      : null;
    let duration = 0;
    let firstFlags: number | null = null;
    for (const trun of all(data, 'trun', traf)) {
      const run = readRun(data, trun, defaultDuration, defaultFlags);
      duration += run.duration;
      firstFlags ??= run.firstFlags;
    }
    if (firstFlags === null) return none;
    return { startTime, duration, isKey: !init.hasVideo || (firstFlags & NON_SYNC_SAMPLE) === 0 };
  }
  return none;
}

function readTrackHeader(data: Buffer, tfhd: Box, init: InitInfo): { defaultDuration: number; defaultFlags: number } {
  const flags = data.readUInt32BE(tfhd.start) & 0xffffff;
  let { defaultDuration, defaultFlags } = init;
  let at = tfhd.start + 8;
  if (flags & 0x01) at += 8; // base data offset
  if (flags & 0x02) at += 4; // sample description index
  if (flags & 0x08) {
    defaultDuration = data.readUInt32BE(at);
    at += 4;
  }
  if (flags & 0x10) at += 4; // default size
  if (flags & 0x20) defaultFlags = data.readUInt32BE(at);
  return { defaultDuration, defaultFlags };
}

function readRun(
  data: Buffer,
  trun: Box,
  defaultDuration: number,
  defaultFlags: number,
): { duration: number; firstFlags: number | null } {
  const flags = data.readUInt32BE(trun.start) & 0xffffff;
  const count = data.readUInt32BE(trun.start + 4);
  let at = trun.start + 8;
  if (flags & 0x01) at += 4; // data offset
  let firstFlags: number | null = count > 0 ? defaultFlags : null;
  if (flags & 0x04) {
    firstFlags = data.readUInt32BE(at);
    at += 4;
  }
  const perSample = [0x100, 0x200, 0x400, 0x800].filter((bit) => flags & bit).length * 4;
  let duration = 0;
  for (let sample = 0; sample < count && at + perSample <= trun.end; sample += 1) {
    duration += flags & 0x100 ? data.readUInt32BE(at) : defaultDuration;
    if (sample === 0 && flags & 0x400 && !(flags & 0x04)) {
      firstFlags = data.readUInt32BE(at + (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0));
    }
    at += perSample;
  }
  return { duration, firstFlags };
}

export interface Mp4Splitter {
  write(chunk: Buffer): void;
}

/** No box of a live stream is larger; more means that the stream is broken. */
const MAX_BOX_BYTES = 32 * 1024 * 1024;

/** Cuts a byte stream into ftyp+moov and moof+mdat pairs. @throws Error when a box cannot be real */
export function createSplitter(sink: { onInit(data: Buffer): void; onFragment(data: Buffer): void }): Mp4Splitter {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let wanted = HEADER;
  let ftyp: Buffer | null = null;
  let moof: Buffer | null = null;

  function boxDone(box: Buffer): void {
    const type = box.toString('latin1', 4, 8);
    if (type === 'ftyp') ftyp = box;
    else if (type === 'moov') sink.onInit(ftyp ? Buffer.concat([ftyp, box]) : box);
    else if (type === 'moof') moof = box;
    else if (type === 'mdat' && moof) {
      sink.onFragment(Buffer.concat([moof, box]));
      moof = null;
    }
  }

  return {
    write(chunk) {
      chunks.push(chunk);
      buffered += chunk.length;
      while (buffered >= wanted) {
        // Joined only when a whole box is there, so that a long one is not copied again and again.
        let data = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        while (data.length >= HEADER) {
          const size = data.readUInt32BE(0);
          if (size < HEADER || size > MAX_BOX_BYTES) throw new Error(`impossible box size ${size}`);
          wanted = size;
          if (data.length < size) break;
          boxDone(Buffer.from(data.subarray(0, size)));
          data = data.subarray(size);
          wanted = HEADER;
        }
        chunks = data.length > 0 ? [data] : [];
        buffered = data.length;
      }
    },
  };
}
