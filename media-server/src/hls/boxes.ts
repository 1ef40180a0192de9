/**
 * Reads just enough of fragmented MP4 (ISO/IEC 14496-12) to cut ffmpeg's output into an initialisation segment and
 * fragments and to take the frames out of them. Pure; sizes are checked because the input is a byte stream.
 */
import type { MediaKind } from '@walnut-live/contracts';

export interface TrackInfo {
  id: number;
  timescale: number;
  /** Default sample duration, size and flags (trex). */
  defaults: SampleDefaults;
}

export interface InitInfo {
  /** For the CODECS attribute, the picture's first: `avc1.42e01f`, `mp4a.40.2`. */
  codecs: string[];
  width: number | null;
  height: number | null;
  video: TrackInfo | null;
  audio: TrackInfo | null;
}

/** One coded frame. Times are in the track's timescale. */
export interface Sample {
  kind: MediaKind;
  decodeTime: number;
  duration: number;
  /** Presentation time minus decode time. */
  offset: number;
  isKey: boolean;
  data: Buffer;
}

interface SampleDefaults {
  duration: number;
  size: number;
  flags: number;
}

interface Box {
  type: string;
  /** Of the payload. */
  start: number;
  end: number;
}

const HEADER = 8;
const NON_SYNC_SAMPLE = 0x10000;
const SOUND_TRACK_ID = 2;

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
  const info: InitInfo = { codecs: [], width: null, height: null, video: null, audio: null };
  const mvex = find(data, ['mvex'], moov);
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
    const id = data.readUInt32BE(track.start + (data[track.start] === 1 ? 20 : 12));
    const trex = (mvex ? all(data, 'trex', mvex) : []).find((box) => data.readUInt32BE(box.start + 4) === id);
    info[isVideo ? 'video' : 'audio'] = {
      id,
      timescale: data.readUInt32BE(header.start + (data[header.start] === 1 ? 20 : 12)),
      defaults: {
        duration: trex ? data.readUInt32BE(trex.start + 12) : 0,
        size: trex ? data.readUInt32BE(trex.start + 16) : 0,
        flags: trex ? data.readUInt32BE(trex.start + 20) : 0,
      },
    };
  }
  if (!info.video && !info.audio) throw new Error('no track');
  return info;
}

/**
 * One initialisation segment of two that have one track each. The picture's track keeps its id; the sound's becomes
 * SOUND_TRACK_ID. @throws Error when either is no initialisation segment
 */
export function joinInits(video: Buffer, audio: Buffer): Buffer {
  const part = (data: Buffer, path: string[]): Buffer => {
    const box = find(data, path, { start: 0, end: data.length });
    if (!box) throw new Error(`no ${path.join('/')}`);
    return Buffer.from(data.subarray(box.start - HEADER, box.end));
  };
  const soundTrack = part(audio, ['moov', 'trak']);
  const tkhd = find(soundTrack, ['trak', 'tkhd'], { start: 0, end: soundTrack.length });
  const soundDefaults = part(audio, ['moov', 'mvex', 'trex']);
  if (!tkhd) throw new Error('no tkhd');
  soundTrack.writeUInt32BE(SOUND_TRACK_ID, tkhd.start + (soundTrack[tkhd.start] === 1 ? 20 : 12));
  soundDefaults.writeUInt32BE(SOUND_TRACK_ID, HEADER + 4);
  return Buffer.concat([
    part(video, ['ftyp']),
    writeBox(
      'moov',
      part(video, ['moov', 'mvhd']),
      part(video, ['moov', 'trak']),
      soundTrack,
      writeBox('mvex', part(video, ['moov', 'mvex', 'trex']), soundDefaults),
    ),
  ]);
}

export function writeBox(type: string, ...parts: Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, HEADER);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(size);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, ...parts], size);
}

function codecOf(data: Buffer, entry: Box): string {
  if (entry.type === 'avc1') {
    // 78 bytes of visual sample entry come before its boxes.
    const avcC = find(data, ['avcC'], { start: entry.start + 78, end: entry.end });
    if (avcC) return `avc1.${[1, 2, 3].map((offset) => hex(data[avcC.start + offset] ?? 0)).join('')}`;
  }
  return entry.type === 'mp4a' ? 'mp4a.40.2' : entry.type;
}

/** Every frame of a `moof` and its `mdat` of one track. Frames that lie outside of the data are left out. */
export function readSamples(data: Buffer, kind: MediaKind, track: TrackInfo): Sample[] {
  const moof = find(data, ['moof'], { start: 0, end: data.length });
  if (!moof) return [];
  return all(data, 'traf', moof).flatMap((traf) => {
    const tfhd = find(data, ['tfhd'], traf);
    const tfdt = find(data, ['tfdt'], traf);
    if (!tfhd || !tfdt) return [];
    const defaults = readTrackHeader(data, tfhd, track.defaults);
    // Signed: the sound of an encoder begins before zero.
    let decodeTime =
      data[tfdt.start] === 1 ? Number(data.readBigInt64BE(tfdt.start + 4)) : data.readUInt32BE(tfdt.start + 4);
    const samples: Sample[] = [];
    for (const trun of all(data, 'trun', traf)) {
      for (const sample of readRun(data, trun, moof.start - HEADER, defaults)) {
        samples.push({ kind, decodeTime, ...sample, isKey: kind === 'audio' || sample.isKey });
        decodeTime += sample.duration;
      }
    }
    return samples;
  });
}

function readTrackHeader(data: Buffer, tfhd: Box, track: SampleDefaults): SampleDefaults {
  const present = data.readUInt32BE(tfhd.start) & 0xffffff;
  const defaults = { ...track };
  let at = tfhd.start + 8;
  const next = (): number => {
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  if (present & 0x01) at += 8; // base data offset
  if (present & 0x02) at += 4; // sample description index
  if (present & 0x08) defaults.duration = next();
  if (present & 0x10) defaults.size = next();
  if (present & 0x20) defaults.flags = next();
  return defaults;
}

type RunSample = Omit<Sample, 'kind' | 'decodeTime'>;

function* readRun(data: Buffer, trun: Box, moofStart: number, defaults: SampleDefaults): Generator<RunSample> {
  const present = data.readUInt32BE(trun.start) & 0xffffff;
  const count = data.readUInt32BE(trun.start + 4);
  let at = trun.start + 8;
  const next = (): number => {
    at += 4;
    return data.readUInt32BE(at - 4);
  };
  let from = moofStart + (present & 0x01 ? next() : 0);
  const firstFlags = present & 0x04 ? next() : null;
  const bytesPerSample = [0x100, 0x200, 0x400, 0x800].filter((bit) => present & bit).length * 4;
  for (let index = 0; index < count && at + bytesPerSample <= trun.end; index += 1) {
    const duration = present & 0x100 ? next() : defaults.duration;
    const size = present & 0x200 ? next() : defaults.size;
    const ownFlags = present & 0x400 ? next() : defaults.flags;
    const flags = index === 0 && firstFlags !== null ? firstFlags : ownFlags;
    const offset = present & 0x800 ? next() | 0 : 0;
    if (from + size > data.length) return;
    yield { duration, offset, isKey: (flags & NON_SYNC_SAMPLE) === 0, data: data.subarray(from, from + size) };
    from += size;
  }
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
