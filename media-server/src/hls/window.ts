/**
 * The sliding window of one stream: what the media playlist lists and what is still in memory.
 *
 * Model: a *run* is one ffmpeg process with its own initialisation segment and clock; a segment belongs to a run and
 * consists of parts; the newest segment may still be open. A new run makes a discontinuity. Invariants: sequence numbers
 * only grow; the playlist never lists what cannot be fetched; what was published is never taken back (the parts of a run
 * that broke off become a shorter segment); a segment stays fetchable for a while after it left the playlist (RFC
 * 8216bis §6.2.2); file names cannot be guessed, so that who lost the playlist has lost the stream; memory is bounded.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { MediaKind } from '@walnut-live/contracts';
import { createSignal } from '../platform/closing.ts';
import { type InitInfo, readInit, readSamples } from './boxes.ts';
import { type CutPart, createPartCutter, type PartCutter } from './cutter.ts';
import { mediaPlaylist, type PlaylistPart, type PlaylistSegment } from './playlists.ts';
import { createWallClock, type WallClock } from './wall-clock.ts';

const LISTED_SEGMENTS = 8;
/** Fetchable though not listed any more. */
const EXTRA_SEGMENTS = 8;
/** Parts of the newest segments stay fetchable and, for three target durations (RFC 8216bis §6.2.2), listed. */
const SEGMENTS_WITH_PARTS = 8;
/** Keeps sequence numbers short. */
const SEQUENCE_EPOCH_MS = Date.UTC(2026, 0, 1);
/** No segment but a run's last is shorter, and runs are longer than that. */
const SHORTEST_SEGMENT_MS = 500;
const NAME_TAG_CHARACTERS = 12;
/** Times of a run begin here: an encoder's first sound lies before its zero, and files know no negative time. */
const RUN_BASE_SECONDS = 1;

interface Run {
  id: string;
  init: Buffer;
  info: InitInfo;
  cutter: PartCutter;
  clock: WallClock;
  /** Parts so far. */
  parts: number;
  segments: number;
}

interface StoredPart extends PlaylistPart {
  data: Buffer;
  frames: number;
}

interface StoredSegment extends PlaylistSegment {
  parts: StoredPart[];
  data: Buffer;
  run: Run;
}

/** One finished segment, for whoever keeps it (the recorder). `init` + the `data` of one run make a file that plays. */
export interface FinishedSegment {
  runId: string;
  init: Buffer;
  /** Whole fragments; never changed afterwards. */
  data: Buffer;
  durationSeconds: number;
  /** Wall clock of the server, epoch milliseconds. */
  startsAtMs: number;
  /** Another run, so another `init` and clock, than the segment before. */
  discontinuity: boolean;
  /** As in a CODECS attribute, the picture's first. */
  codecs: string[];
  width: number | null;
  height: number | null;
}

export interface WindowFormat {
  info: InitInfo;
  /** Of the dearest and of all listed segments, bits per second. */
  peakBps: number;
  averageBps: number;
  framesPerSecond: number | null;
}

export interface SegmentWindow {
  /** A new run begins with its initialisation segment. */
  beginRun(id: string, init: Buffer): void;
  /** Frames of one track of the run, as ffmpeg wrote them. */
  addFragment(runId: string, kind: MediaKind, data: Buffer): void;
  /** The run's process is gone. */
  endRun(runId: string): void;
  /** When the last key frame arrived. */
  readonly lastKeyFrameAtMs: number | null;
  readonly totalSegments: number;
  /** Whether the playlist reaches this segment, or this part of it. */
  reaches(sequence: number, part: number | null): boolean;
  /** Where the next part will be. */
  next(): { sequence: number; part: number };
  /** The media playlist as it is now; the same string until something changes. */
  playlist(): string;
  /** What the window after this one has to begin with, so that a player never sees the number fall. */
  nextDiscontinuity(): number;
  /** Of the newest run: for the master playlist. */
  format(): WindowFormat | null;
  file(runId: string, name: string): Buffer | undefined;
  /** It is the part that the playlist announces and that does not exist yet. */
  isHinted(runId: string, name: string): boolean;
  /** Called for every segment that is finished from now on; returns its undo. */
  onSegment(listener: (segment: FinishedSegment) => void): () => void;
  /** Called whenever the playlist has become another one; returns its undo. */
  onChange(listener: () => void): () => void;
}

export function createSegmentWindow(deps: {
  now: () => number;
  /** Keep it small: hls.js walks through an array of this length at every reload of the playlist. */
  firstDiscontinuity: number;
}): SegmentWindow {
  const secret = randomBytes(32);
  const segments: StoredSegment[] = [];
  const files = new Map<string, Buffer>();
  const finished = createSignal<FinishedSegment>();
  const changed = createSignal<void>();
  let run: Run | null = null;
  let open: StoredSegment | null = null;
  // Begins ahead of any earlier window of the stream, so that a player that was away while the packager was stopped never
  // sees numbers go back.
  const firstSequence = Math.floor((deps.now() - SEQUENCE_EPOCH_MS) / SHORTEST_SEGMENT_MS);
  let nextSequence = firstSequence;
  let droppedDiscontinuities = deps.firstDiscontinuity;
  let pendingDiscontinuity = false;
  let lastKeyFrameAtMs: number | null = null;
  let text: string | null = null;

  function nameOf(owner: Run, kind: 'part' | 'segment', index: number): string {
    const tag = createHmac('sha256', secret).update(`${owner.id} ${kind} ${index}`).digest('base64url');
    return `${kind === 'part' ? 'p' : 's'}${index}-${tag.slice(0, NAME_TAG_CHARACTERS)}.m4s`;
  }

  const partUri = (owner: Run, index: number): string => `${owner.id}/${nameOf(owner, 'part', index)}`;
  const listed = (): StoredSegment[] => segments.slice(-LISTED_SEGMENTS);
  const withParts = (): StoredSegment[] => segments.slice(-SEGMENTS_WITH_PARTS);

  function hasChanged(): void {
    text = null;
    changed.emit();
  }

  function addPart(owner: Run, cut: CutPart): void {
    if (cut.startsSegment || open?.run !== owner) {
      closeSegment();
      openSegment(owner, cut);
    }
    const current = open;
    if (!current) return;
    const part: StoredPart = {
      uri: partUri(owner, owner.parts),
      durationSeconds: cut.durationSeconds,
      independent: cut.independent,
      frames: cut.frames,
      data: cut.data,
    };
    owner.parts += 1;
    current.parts.push(part);
    current.durationSeconds += cut.durationSeconds;
    files.set(part.uri, part.data);
    hasChanged();
  }

  function openSegment(owner: Run, cut: CutPart): void {
    open = {
      sequence: nextSequence,
      uri: `${owner.id}/${nameOf(owner, 'segment', owner.segments)}`,
      mapUri: `${owner.id}/init.mp4`,
      durationSeconds: 0,
      startsAtMs: owner.clock.at(cut.startSeconds),
      discontinuity: pendingDiscontinuity,
      startsWithKey: cut.independent,
      parts: [],
      data: Buffer.alloc(0),
      run: owner,
    };
    owner.segments += 1;
    nextSequence += 1;
    pendingDiscontinuity = false;
  }

  function closeSegment(): void {
    const done = open;
    open = null;
    if (!done) return;
    // One copy of the bytes: the parts become views of the segment.
    done.data = Buffer.concat(done.parts.map((part) => part.data));
    let from = 0;
    for (const part of done.parts) {
      part.data = done.data.subarray(from, from + part.data.length);
      from += part.data.length;
      files.set(part.uri, part.data);
    }
    files.set(done.uri, done.data);
    files.set(done.mapUri, done.run.init);
    segments.push(done);
    forgetOld();
    const { run: owner, data, durationSeconds, startsAtMs, discontinuity } = done;
    const { codecs, width, height } = owner.info;
    finished.emit({
      ...{ runId: owner.id, init: owner.init, data, durationSeconds, startsAtMs, discontinuity },
      ...{ codecs, width, height },
    });
  }

  function forgetOld(): void {
    while (segments.length > LISTED_SEGMENTS + EXTRA_SEGMENTS) {
      const old = segments.shift()!;
      if (old.discontinuity) droppedDiscontinuities += 1;
      files.delete(old.uri);
      if (old.run !== run && !segments.some((segment) => segment.run === old.run)) files.delete(old.mapUri);
    }
    const recent = new Set(withParts());
    for (const segment of segments) {
      if (!recent.has(segment)) for (const part of segment.parts) files.delete(part.uri);
    }
  }

  function discontinuitySequence(): number {
    // Counted over everything that ever left the list; what was dropped from memory is remembered as a number.
    const first = listed()[0]?.sequence ?? open?.sequence ?? nextSequence;
    const before = segments.filter((segment) => segment.sequence < first && segment.discontinuity);
    return droppedDiscontinuities + before.length;
  }

  return {
    beginRun(id, init) {
      if (run) this.endRun(run.id);
      pendingDiscontinuity = segments.length > 0;
      const info = readInit(init);
      const own: Run = {
        ...{ id, init, info, parts: 0, segments: 0, clock: createWallClock() },
        cutter: createPartCutter(info, (part) => addPart(own, part)),
      };
      run = own;
      files.set(`${id}/init.mp4`, init);
    },
    addFragment(runId, kind, data) {
      const track = run?.info[kind];
      if (run?.id !== runId || !track) return;
      const nowMs = deps.now();
      const { info, cutter, clock } = run;
      const isLead = kind === 'video' || !info.video;
      for (const sample of readSamples(data, kind, track)) {
        sample.decodeTime += RUN_BASE_SECONDS * track.timescale;
        if (isLead) clock.arrived(sample.decodeTime / track.timescale, nowMs);
        if (isLead && sample.isKey) lastKeyFrameAtMs = nowMs;
        cutter.push(sample);
      }
    },
    endRun(runId) {
      if (run?.id !== runId) return;
      run.cutter.flush();
      const ended = run;
      run = null;
      closeSegment();
      if (!segments.some((segment) => segment.run === ended)) files.delete(`${ended.id}/init.mp4`);
      hasChanged();
    },
    get lastKeyFrameAtMs() {
      return lastKeyFrameAtMs;
    },
    get totalSegments() {
      return nextSequence - firstSequence - (open ? 1 : 0);
    },
    reaches(sequence, part) {
      const newest = segments.at(-1)?.sequence ?? firstSequence - 1;
      if (sequence <= newest) return true;
      return part !== null && open !== null && sequence === open.sequence && part < open.parts.length;
    },
    next: () => (open ? { sequence: open.sequence, part: open.parts.length } : { sequence: nextSequence, part: 0 }),
    playlist() {
      text ??= mediaPlaylist({
        segments: listed(),
        open,
        mediaSequence: listed()[0]?.sequence ?? open?.sequence ?? nextSequence,
        discontinuitySequence: discontinuitySequence(),
        nextPartUri: run && run.parts > 0 ? partUri(run, run.parts) : null,
      });
      return text;
    },
    nextDiscontinuity: () =>
      droppedDiscontinuities +
      segments.filter((segment) => segment.discontinuity).length +
      (open?.discontinuity ? 1 : 0) +
      1,
    format() {
      const newest = segments.at(-1);
      if (!newest) return null;
      const same = listed().filter((segment) => segment.run === newest.run);
      const seconds = same.reduce((sum, segment) => sum + segment.durationSeconds, 0);
      const bytes = same.reduce((sum, segment) => sum + segment.data.length, 0);
      const frames = same.reduce((sum, { parts }) => sum + parts.reduce((count, part) => count + part.frames, 0), 0);
      return {
        info: newest.run.info,
        peakBps: Math.max(...same.map((segment) => (segment.data.length * 8) / segment.durationSeconds)),
        averageBps: (bytes * 8) / seconds,
        framesPerSecond: newest.run.info.video ? frames / seconds : null,
      };
    },
    file: (runId, name) => files.get(`${runId}/${name}`),
    isHinted: (runId, name) => run?.id === runId && partUri(run, run.parts) === `${runId}/${name}`,
    onSegment: finished.subscribe,
    onChange: changed.subscribe,
  };
}
