/**
 * Keeps wanted streams packaged and hands their finished segments to their tracks.
 *
 * Model: a *wanted* stream, and the composite that stands for it while co-hosts are there, is held (hls/packagers.hold) whenever it is live; the hold ends when nobody wants it any more or
 * the stream object has been replaced. Invariants: one hold and one track per stream, however many rooms show it; what another
 * host carries is that host's to keep; a refused
 * hold (every packager taken) is tried again at every sweep; nothing here can fail the live.
 */
import type { Packagers } from '../hls/packagers.ts';
import type { Logger } from '../platform/logger.ts';
import type { Storage } from '../storage/index.ts';
import type { Stream } from '../streams/stream.ts';
import type { Streams } from '../streams/streams.ts';
import { layout } from './layout.ts';
import { createTrack, type Track, type TrackReport } from './track.ts';

const SWEEP_MS = 1_000;

export interface Recorder {
  /** From now on exactly these streams are recorded. */
  want(streamIds: ReadonlySet<string>): void;
  wants(streamId: string): boolean;
  /** Segments of this host reach up to this moment of the clock. */
  hasKept(streamId: string, untilMs: number): boolean;
  /** Everything up to this moment of the clock is stored, or nothing more will come. */
  isCovered(streamId: string, untilMs: number): boolean;
  /** Segments that wait for the storage, of all streams. */
  readonly waiting: number;
  close(): Promise<void>;
}

interface Held {
  stream: Stream;
  release: () => void;
}
/** On the way down the last segments get this long. */
const CLOSE_LIMIT_MS = 3_000;

export function createRecorder(deps: {
  storage: Storage;
  streams: Pick<Streams, 'get' | 'onChange'>;
  packagers: Pick<Packagers, 'hold' | 'peek'>;
  /** The composite that stands for a stream now. */
  compositeOf: (streamId: string) => string | null;
  log: Logger;
  now: () => number;
  report: TrackReport;
}): Recorder {
  const { streams, packagers, log } = deps;
  let wanted: ReadonlySet<string> = new Set();
  const held = new Map<string, Held>();
  const tracks = new Map<string, Track>();
  /** Composites whose stream knows of them in the storage, by composite. */
  const named = new Map<string, string>();

  function trackOf(streamId: string): Track {
    const track = tracks.get(streamId) ?? createTrack({ ...deps, streamId });
    tracks.set(streamId, track);
    return track;
  }

  function drop(streamId: string): void {
    held.get(streamId)?.release();
    held.delete(streamId);
  }

  function hold(streamId: string): void {
    const stream = streams.get(streamId);
    const current = held.get(streamId);
    if (current && current.stream === stream) return;
    if (current && stream) drop(streamId);
    if (stream?.status.state !== 'live' || !stream.isLocal) return;
    const undos: (() => void)[] = [];
    try {
      const track = trackOf(streamId);
      const release = packagers.hold(stream, ({ window }) => undos.push(window.onSegment(track.add)));
      held.set(streamId, {
        stream,
        release() {
          release();
          for (const undo of undos) undo();
        },
      });
      log.info({ streamId }, 'recording: stream is kept');
    } catch (error) {
      for (const undo of undos) undo();
      log.warn({ err: error, streamId }, 'recording: no packager for this stream yet');
    }
  }

  /** Streams with the composites that stand for them. */
  function all(): Set<string> {
    const found = new Set(wanted);
    for (const streamId of wanted) {
      const compositeId = deps.compositeOf(streamId);
      if (compositeId === null || !streams.get(streamId)?.isLocal) continue;
      found.add(compositeId);
      name(streamId, compositeId);
    }
    return found;
  }
  function name(streamId: string, compositeId: string): void {
    if (named.get(compositeId) === streamId) return;
    named.set(compositeId, streamId);
    deps.storage.put(layout.composite(streamId, compositeId), Buffer.alloc(0)).catch((error: unknown) => {
      named.delete(compositeId); // at the next sweep again
      log.warn({ err: error, streamId, compositeId }, 'recording: a composite could not be noted');
    });
  }

  function sweep(): void {
    const kept = all();
    for (const streamId of [...held.keys()]) if (!kept.has(streamId)) drop(streamId);
    for (const streamId of kept) hold(streamId);
    for (const [streamId, track] of tracks) {
      if (kept.has(streamId) || track.waiting > 0) continue;
      track.close();
      tracks.delete(streamId);
    }
    for (const compositeId of named.keys()) if (!kept.has(compositeId)) named.delete(compositeId);
  }

  const stopListening = streams.onChange(({ id }) => {
    if (wanted.has(id) || held.has(id)) hold(id);
  });
  const sweeper = setInterval(sweep, SWEEP_MS);
  sweeper.unref();

  return {
    want(streamIds) {
      wanted = new Set(streamIds);
      sweep();
    },
    wants: (streamId) => wanted.has(streamId),
    hasKept: (streamId, untilMs) => isOwnCovered(streamId, untilMs) && isCompositeCovered(streamId, untilMs),
    isCovered: (streamId, untilMs) =>
      (isOwnCovered(streamId, untilMs) || isOver(streamId)) && isCompositeCovered(streamId, untilMs),
    get waiting() {
      return [...tracks.values()].reduce((sum, track) => sum + track.waiting, 0);
    },
    async close() {
      clearInterval(sweeper);
      stopListening();
      for (const streamId of [...held.keys()]) drop(streamId);
      await Promise.all([...tracks.values()].map((track) => track.settled(CLOSE_LIMIT_MS)));
      for (const track of tracks.values()) track.close();
      tracks.clear();
    },
  };

  function isOwnCovered(streamId: string, untilMs: number): boolean {
    return (tracks.get(streamId)?.coveredUntilMs ?? 0) >= untilMs;
  }
  /** An ended stream's last segment comes when its packager's run has ended. */
  function isOver(streamId: string): boolean {
    const state = streams.get(streamId)?.status.state ?? 'idle';
    return state === 'idle' && !packagers.peek(streamId)?.running && (tracks.get(streamId)?.waiting ?? 0) === 0;
  }
  function isCompositeCovered(streamId: string, untilMs: number): boolean {
    const compositeId = deps.compositeOf(streamId);
    if (compositeId === null || !tracks.has(compositeId)) return true;
    return isOwnCovered(compositeId, untilMs) || isOver(compositeId);
  }
}
