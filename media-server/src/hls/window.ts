/**
 * The sliding window of one stream: what the media playlist lists and what is still in memory.
 *
 * Model: a *run* is one ffmpeg process with its own initialisation segment and clock; a segment belongs to a run. A new
 * run makes a discontinuity. Invariants: sequence numbers only grow; the playlist never lists what cannot be fetched; a
 * segment stays fetchable for a while after it left the playlist (RFC 8216 §6.2.2); memory is bounded by the window.
 */
import { createSignal } from '../platform/closing.ts';
import { type FragmentInfo, type InitInfo, readFragment, readInit } from './boxes.ts';
import type { PlaylistSegment } from './playlists.ts';

/** A segment ends at the first key frame after this. */
const SEGMENT_MIN_SECONDS = 0.8;
/** Without a key frame it is cut anyway, so that no segment exceeds the target duration. */
const SEGMENT_MAX_SECONDS = 1.9;
const LISTED_SEGMENTS = 8;
/** Keeps sequence numbers short. */
const SEQUENCE_EPOCH_MS = Date.UTC(2026, 0, 1);
/** Fetchable though not listed any more. */
const EXTRA_SEGMENTS = 8;

interface Run {
  id: string;
  init: Buffer;
  info: InitInfo;
  /** Wall clock of media time zero of this run. */
  epochMs: number | null;
  segments: number;
}

interface StoredSegment extends PlaylistSegment {
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

interface OpenSegment {
  run: Run;
  parts: Buffer[];
  startTime: number;
  startsWithKey: boolean;
}

export interface SegmentWindow {
  /** A new run begins with its initialisation segment. */
  beginRun(id: string, init: Buffer): void;
  addFragment(runId: string, data: Buffer): void;
  /** The run's process is gone; what it left unfinished is dropped. */
  endRun(runId: string): void;
  /** When the last key frame arrived. */
  readonly lastKeyFrameAtMs: number | null;
  listed(): PlaylistSegment[];
  mediaSequence(): number;
  discontinuitySequence(): number;
  /** What the window after this one has to begin with, so that a player never sees the number fall. */
  nextDiscontinuity(): number;
  readonly totalSegments: number;
  /** Of the newest run: for the master playlist. */
  format(): { info: InitInfo; peakBps: number; averageBps: number } | null;
  file(runId: string, name: string): Buffer | undefined;
  /** Called for every segment that is finished from now on; returns its undo. */
  onSegment(listener: (segment: FinishedSegment) => void): () => void;
}

export function createSegmentWindow(deps: {
  now: () => number;
  /** Keep it small: hls.js walks through an array of this length at every reload of the playlist. */
  firstDiscontinuity: number;
}): SegmentWindow {
  const runs = new Map<string, Run>();
  const segments: StoredSegment[] = [];
  const finished = createSignal<FinishedSegment>();
  let open: OpenSegment | null = null;
  // Begins ahead of any earlier window of the stream (segments are never shorter than half a second), so that a player
  // that was away while the packager was stopped never sees numbers go back.
  const firstSequence = Math.floor((deps.now() - SEQUENCE_EPOCH_MS) / 500);
  let nextSequence = firstSequence;
  let droppedDiscontinuities = deps.firstDiscontinuity;
  let pendingDiscontinuity = false;
  let lastKeyFrameAtMs: number | null = null;

  function closeSegment(endTime: number): void {
    const done = open;
    open = null;
    if (!done) return;
    const { run } = done;
    const durationSeconds = (endTime - done.startTime) / run.info.mainTimescale;
    const atMs = (run.epochMs ?? deps.now()) + (done.startTime / run.info.mainTimescale) * 1000;
    const segment: StoredSegment = {
      sequence: nextSequence,
      uri: `${run.id}/${run.segments}.m4s`,
      mapUri: `${run.id}/init.mp4`,
      durationSeconds,
      startsAtMs: atMs,
      discontinuity: pendingDiscontinuity,
      startsWithKey: done.startsWithKey,
      data: Buffer.concat(done.parts),
      run,
    };
    segments.push(segment);
    run.segments += 1;
    nextSequence += 1;
    pendingDiscontinuity = false;
    while (segments.length > LISTED_SEGMENTS + EXTRA_SEGMENTS) {
      if (segments.shift()?.discontinuity) droppedDiscontinuities += 1;
    }
    for (const [id, known] of runs) {
      const inUse = known === run || segments.some((segment) => segment.run === known);
      if (!inUse) runs.delete(id);
    }
    const { codecs, width, height } = run.info;
    const { data, discontinuity } = segment;
    finished.emit({
      runId: run.id,
      init: run.init,
      data,
      durationSeconds,
      startsAtMs: atMs,
      discontinuity,
      codecs,
      width,
      height,
    });
  }

  function needsCut(current: OpenSegment, fragment: FragmentInfo, startTime: number): boolean {
    const seconds = (startTime - current.startTime) / current.run.info.mainTimescale;
    const nextSeconds = seconds + fragment.duration / current.run.info.mainTimescale;
    return (fragment.isKey && seconds >= SEGMENT_MIN_SECONDS) || nextSeconds > SEGMENT_MAX_SECONDS;
  }

  const listed = (): StoredSegment[] => segments.slice(-LISTED_SEGMENTS);

  return {
    beginRun(id, init) {
      open = null;
      pendingDiscontinuity = segments.length > 0;
      runs.set(id, { id, init, info: readInit(init), epochMs: null, segments: 0 });
    },
    addFragment(runId, data) {
      const run = runs.get(runId);
      if (!run) return;
      const fragment = readFragment(data, run.info);
      if (fragment.startTime === null) {
        open?.parts.push(data); // only the other track
        return;
      }
      const { startTime } = fragment;
      const { mainTimescale } = run.info;
      if (fragment.isKey) lastKeyFrameAtMs = deps.now();
      run.epochMs ??= deps.now() - ((startTime + fragment.duration) / mainTimescale) * 1000;
      if (open?.run !== run) open = null;
      if (open && needsCut(open, fragment, startTime)) closeSegment(startTime);
      if (!open) {
        // The first segment of a run has to begin with a picture.
        if (run.segments === 0 && !fragment.isKey) return;
        open = { run, parts: [], startTime, startsWithKey: fragment.isKey };
      }
      open.parts.push(data);
    },
    endRun(runId) {
      if (open?.run.id === runId) open = null;
    },
    get lastKeyFrameAtMs() {
      return lastKeyFrameAtMs;
    },
    listed,
    mediaSequence: () => listed()[0]?.sequence ?? nextSequence,
    discontinuitySequence() {
      // Counted over everything that ever left the list; what was dropped from memory is remembered as a number.
      const first = listed()[0]?.sequence ?? nextSequence;
      return (
        droppedDiscontinuities + segments.filter((segment) => segment.sequence < first && segment.discontinuity).length
      );
    },
    nextDiscontinuity: () => droppedDiscontinuities + segments.filter((segment) => segment.discontinuity).length + 1,
    get totalSegments() {
      return nextSequence - firstSequence;
    },
    format() {
      const newest = segments.at(-1);
      if (!newest) return null;
      const same = listed().filter((segment) => segment.run === newest.run);
      const rates = same.map((segment) => (segment.data.length * 8) / segment.durationSeconds);
      const seconds = same.reduce((sum, segment) => sum + segment.durationSeconds, 0);
      const bytes = same.reduce((sum, segment) => sum + segment.data.length, 0);
      return {
        info: newest.run.info,
        peakBps: Math.max(...rates),
        averageBps: (bytes * 8) / seconds,
      };
    },
    file(runId, name) {
      if (name === 'init.mp4') return runs.get(runId)?.init;
      return segments.find((segment) => segment.uri === `${runId}/${name}`)?.data;
    },
    onSegment: finished.subscribe,
  };
}
