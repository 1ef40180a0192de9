/**
 * The recordings of rooms: what was ordered, what became of it.
 *
 * Model: an order is the whole truth about a room (its spans, whether it goes on) with a growing version; it is stored
 * before it counts. unknown → recording → processing → ready | empty; a deleted one is unknown again. Invariants: orders,
 * the finish and the deletion of one room never overlap (one line per room); a recording is finished when its last span
 * is stored or FINISH_LIMIT_MS are over; after a restart `active/` says where to go on; a stream's segments are deleted with
 * the last room that needs them, and never while they are recorded.
 *
 * With several hosts on one storage a room's recording has one *home*, which is ordered, finishes and deletes; the others
 * *help*: they are told the same order and keep what they carry of its streams; they forget one that has ended, or that is
 * not repeated.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  RecordingOrder,
  RecordingPiece,
  type RecordingRange,
  RecordingSpan,
  type RecordingView,
} from '@walnut-live/contracts';
import { z } from 'zod';
import { createSerial } from '../platform/closing.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Logger } from '../platform/logger.ts';
import type { Storage } from '../storage/index.ts';
import { collect, compositesOf } from './collect.ts';
import { fromLines, RecordedSegment, toLines } from './entries.ts';
import { layout } from './layout.ts';
import type { Recorder } from './recorder.ts';
import { inRange, piecesOf, totalBytes, totalMs } from './timeline.ts';

const FINISH_LIMIT_MS = 25_000;
const FINISH_CHECK_MS = 500;
/** So long another host may take to store the last segments of a stream that it carried. */
const HELP_SETTLES_MS = 6_000;
/** What is shown no longer is kept on for so long: its last segment is finished and stored after that moment. */
const AFTERMATH_MS = 4_000;
/** An order to help that is not repeated within this time has been forgotten by everybody else. */
const HELP_FOR_MS = 200_000;
/** Rooms that are live at once on all hosts, with room to spare. */
const MAX_HELPED = 2_000;
/** Lists of segments that stay in memory, a few megabytes each at most. */
const LISTS_KEPT = 4;
const RESUME_RETRY_MS = 2_000;
/** With several hosts on one storage another one may have been told that a room is taken back or deleted. */
const ROOM_KNOWN_MS = 10_000;
const ROOMS_KNOWN = 1_000;
const HOUR_MS = 3_600_000;

// What another version wrote is read too: unknown fields are passed over.
const Summary = z.object({
  ...{ durationMs: z.int(), bytes: z.int() },
  pieces: z.array(z.object(RecordingPiece.shape)),
  /** `<stream>/<run>` of the segments; null in records that were written before this was kept. */
  runs: z.nullable(z.array(z.string())).default(null),
});
const Recording = z.object({
  ...RecordingOrder.shape,
  spans: z.array(z.object(RecordingSpan.shape)).min(1),
  endedAtMs: z.nullable(z.number()),
  hidden: z.boolean().default(false),
  summary: z.nullable(Summary),
});
type Recording = z.infer<typeof Recording>;

const UNKNOWN: RecordingView = { state: 'unknown', durationMs: 0, bytes: 0, pieces: [] };

/** What whoever asks for a room's replay is told first; kept in memory for ROOM_KNOWN_MS. */
export interface ReplayRoom {
  state: 'shown' | 'hidden' | 'gone';
  /** May the finished recording have segments of this run of the stream? */
  has(streamId: string, run: string): boolean;
}
const NOTHING = { has: () => false };

export interface Recordings {
  order(roomId: string, order: RecordingOrder): Promise<RecordingView>;
  /** Another host is the home of this recording. Nothing happens where hosts share no storage. */
  help(roomId: string, order: RecordingOrder): void;
  view(roomId: string): Promise<RecordingView>;
  /** Idempotent. @throws MediaFailure media_stream_busy while it is recorded */
  remove(roomId: string): Promise<void>;
  /** Runs before anything is deleted, and is awaited. */
  onRemove(listener: (roomId: string) => Promise<void>): () => void;
  /** Segments of a finished recording, or of a part of it. @throws MediaFailure media_not_found */
  segments(roomId: string, range: RecordingRange | null): Promise<RecordedSegment[]>;
  /** Taken back, or shown again. @throws MediaFailure media_not_found */
  setHidden(roomId: string, hidden: boolean): Promise<RecordingView>;
  /** Right after at most ROOM_KNOWN_MS, on whatever host the room was taken back, shown again or deleted. */
  replayRoom(roomId: string): Promise<ReplayRoom>;
  /** Was there when it was last asked for: to ask again is no stranger's guess. */
  isFamiliar(roomId: string): boolean;
  /** Asks the storage, whatever is known here. */
  exists(roomId: string): Promise<boolean>;
  readonly active: number;
  close(): void;
}

export function createRecordings(deps: {
  storage: Storage;
  recorder: Recorder;
  log: Logger;
  now: () => number;
  limitHours: number;
  nodeId: string;
  /** Every host reads and writes this storage. */
  isShared: boolean;
}): Recordings {
  const { storage, recorder, log, now, nodeId } = deps;
  const helped = new Map<string, { order: RecordingOrder; untilMs: number }>();
  const active = new Map<string, Recording>();
  /** Rooms with something under way. */
  const lines = new Map<string, { serial: ReturnType<typeof createSerial>; length: number }>();
  /** Newest last. */
  const lists = new Map<string, RecordedSegment[]>();
  const gone = new AbortController();
  const removeListeners = new Set<(roomId: string) => Promise<void>>();
  /** Also rooms that do not exist, so that asking again costs nothing; the one read longest ago goes first. */
  const rooms = new Map<string, { room: Promise<ReplayRoom>; untilMs: number; isThere: boolean }>();

  function replayRoom(roomId: string): Promise<ReplayRoom> {
    const known = rooms.get(roomId);
    if (known && known.untilMs > now()) return known.room;
    const room = readRoom(roomId);
    const entry = { room, untilMs: now() + ROOM_KNOWN_MS, isThere: known?.isThere ?? false };
    rooms.delete(roomId);
    rooms.set(roomId, entry);
    for (const oldest of rooms.keys()) if (rooms.size > ROOMS_KNOWN) rooms.delete(oldest);
    room.then(
      ({ state }) => {
        entry.isThere = state !== 'gone';
      },
      () => {
        // The next one asks the storage again.
        entry.untilMs = 0;
      },
    );
    return room;
  }
  async function readRoom(roomId: string): Promise<ReplayRoom> {
    const recording = await read(roomId);
    if (!recording) {
      // Another host on this storage deleted it.
      lists.delete(roomId);
      return { state: 'gone', ...NOTHING };
    }
    const { hidden, summary, spans } = recording;
    const state = hidden ? 'hidden' : 'shown';
    if (!summary) return { state, ...NOTHING };
    const streams = new Set(spans.map((span) => span.streamId));
    const runs = summary.runs && new Set(summary.runs);
    return { state, has: (streamId, run) => runs?.has(`${streamId}/${run}`) ?? streams.has(streamId) };
  }

  function inLine<T>(roomId: string, job: () => Promise<T>): Promise<T> {
    const line = lines.get(roomId) ?? { serial: createSerial(), length: 0 };
    lines.set(roomId, line);
    line.length += 1;
    return line
      .serial(async () => {
        await resumed;
        return job();
      })
      .finally(() => {
        line.length -= 1;
        if (line.length === 0) lines.delete(roomId);
      });
  }

  async function read(roomId: string): Promise<Recording | null> {
    const known = active.get(roomId);
    if (known) return known;
    const data = await storage.get(layout.recording(roomId));
    return data ? parseRecording(roomId, data) : null;
  }
  /** What cannot be read is as if it were not there: the next order brings the whole truth again. */
  function parseRecording(roomId: string, data: Buffer): Recording | null {
    try {
      return Recording.parse(JSON.parse(data.toString('utf8')));
    } catch (error) {
      log.error({ err: error, roomId }, 'recording: its record cannot be read');
      return null;
    }
  }
  const write = (roomId: string, recording: Recording): Promise<void> =>
    storage.put(layout.recording(roomId), Buffer.from(JSON.stringify(recording)));

  /** What is shown now, unless the room has been live for longer than anybody watches. */
  function follow(): void {
    const wanted = new Set<string>();
    for (const { spans } of [...active.values(), ...[...helped.values()].map(({ order }) => order)]) {
      if (now() - (spans[0]?.fromMs ?? 0) >= deps.limitHours * HOUR_MS) continue;
      const recent = spans.filter(({ toMs }) => toMs === null || now() - toMs < AFTERMATH_MS);
      // The last one until it is finished: the segment of its last moment is still on its way.
      for (const { streamId } of [...recent, ...spans.slice(-1)]) wanted.add(streamId);
    }
    recorder.want(wanted);
  }

  function viewOf(recording: Recording | null): RecordingView {
    if (!recording) return UNKNOWN;
    const { summary, state } = recording;
    if (!summary) return { ...UNKNOWN, state: state === 'recording' ? 'recording' : 'processing' };
    const { durationMs, bytes, pieces } = summary;
    return { state: durationMs > 0 ? 'ready' : 'empty', durationMs, bytes, pieces };
  }

  async function finish(roomId: string, recording: Recording): Promise<void> {
    const segments = await collect(storage, recording.spans);
    await storage.put(layout.segments(roomId), toLines(segments));
    const summary = {
      ...{ durationMs: totalMs(segments), bytes: totalBytes(segments), pieces: piecesOf(segments) },
      runs: [...new Set(segments.map(({ streamId, run }) => `${streamId}/${run}`))],
    };
    await write(roomId, { ...recording, summary });
    await storage.delete(layout.activeRoom(nodeId, roomId));
    active.delete(roomId);
    lists.delete(roomId);
    rooms.delete(roomId);
    log.info({ roomId, durationMs: summary.durationMs, segments: segments.length }, 'recording: ready');
    follow();
  }

  function isOver(recording: Recording): boolean {
    const last = recording.spans.at(-1);
    if (recording.state !== 'ended' || !last) return false;
    const forMs = now() - (recording.endedAtMs ?? 0);
    if (forMs > FINISH_LIMIT_MS) return true;
    const untilMs = last.toMs ?? Number.POSITIVE_INFINITY;
    // Its own segments say so. That nothing more comes here does not: another host may have carried the end.
    if (deps.isShared && forMs < HELP_SETTLES_MS) return recorder.hasKept(last.streamId, untilMs);
    return recorder.isCovered(last.streamId, untilMs);
  }

  const finisher = setInterval(() => {
    for (const [roomId, { untilMs }] of helped) if (now() > untilMs) helped.delete(roomId);
    follow();
    for (const [roomId, recording] of active) {
      if (!isOver(recording)) continue;
      void inLine(roomId, async () => {
        const current = active.get(roomId);
        if (current && isOver(current)) await finish(roomId, current);
      }).catch((error: unknown) => log.error({ err: error, roomId }, 'recording: not finished yet'));
    }
  }, FINISH_CHECK_MS);
  finisher.unref();

  /** Until it has worked once nothing is finished or deleted: this process does not know yet what goes on. */
  const resumed = resume();
  async function resume(): Promise<void> {
    while (!gone.signal.aborted) {
      try {
        const prefix = layout.active(nodeId);
        for await (const key of storage.list(prefix)) {
          const roomId = key.slice(prefix.length);
          const recording = await read(roomId);
          if (recording) active.set(roomId, recording);
        }
        return follow();
      } catch (error) {
        log.error({ err: error }, 'recording: the storage cannot be read, trying again');
        await delay(RESUME_RETRY_MS, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  return {
    order: (roomId, order) =>
      inLine(roomId, async () => {
        const known = await read(roomId);
        if (known && known.version >= order.version) return viewOf(known);
        const endedAtMs = order.state === 'ended' ? (known?.endedAtMs ?? now()) : null;
        const recording: Recording = { ...order, endedAtMs, hidden: known?.hidden ?? false, summary: null };
        const before = new Set(known?.spans.map((span) => span.streamId));
        // First who needs the stream, then that it is recorded: a deletion in between finds the need.
        for (const { streamId } of order.spans) {
          if (!before.has(streamId)) await storage.put(layout.user(streamId, roomId), Buffer.alloc(0));
          before.add(streamId);
        }
        await write(roomId, recording);
        if (!active.has(roomId)) await storage.put(layout.activeRoom(nodeId, roomId), Buffer.alloc(0));
        helped.delete(roomId);
        active.set(roomId, recording);
        rooms.delete(roomId);
        follow();
        return viewOf(recording);
      }),

    help(roomId, order) {
      if (!deps.isShared || active.has(roomId)) return;
      const known = helped.get(roomId);
      if (known && known.order.version > order.version) return;
      helped.delete(roomId);
      helped.set(roomId, { order, untilMs: now() + (order.state === 'ended' ? HELP_SETTLES_MS : HELP_FOR_MS) });
      for (const oldest of helped.keys()) if (helped.size > MAX_HELPED) helped.delete(oldest);
      follow();
    },

    setHidden: (roomId, hidden) =>
      inLine(roomId, async () => {
        const known = await read(roomId);
        if (!known) throw mediaFailure('media_not_found');
        const recording = { ...known, hidden };
        await write(roomId, recording);
        if (active.has(roomId)) active.set(roomId, recording);
        rooms.delete(roomId);
        return viewOf(recording);
      }),

    replayRoom,
    isFamiliar: (roomId) => rooms.get(roomId)?.isThere ?? false,
    exists: async (roomId) => (await read(roomId)) !== null,

    view: async (roomId) => viewOf(await read(roomId)),

    remove: (roomId) =>
      inLine(roomId, async () => {
        if (active.has(roomId)) throw mediaFailure('media_stream_busy');
        const recording = await read(roomId);
        await Promise.all([...removeListeners].map((listener) => listener(roomId)));
        for (const streamId of new Set(recording?.spans.map((span) => span.streamId))) {
          await storage.delete(layout.user(streamId, roomId));
          const [user] = await firstOf(storage.list(layout.users(streamId)));
          if (user !== undefined || recorder.wants(streamId)) continue;
          for (const compositeId of await compositesOf(storage, streamId))
            await storage.deleteAll(layout.stream(compositeId));
          await storage.deleteAll(layout.stream(streamId));
        }
        await storage.deleteAll(layout.room(roomId));
        // A file that another host was storing: before this it is found here, after it that host finds the record gone.
        await storage.deleteAll(layout.room(roomId));
        rooms.delete(roomId);
        lists.delete(roomId);
        log.info({ roomId }, 'recording: deleted');
      }),

    onRemove(listener) {
      removeListeners.add(listener);
      return () => removeListeners.delete(listener);
    },

    async segments(roomId, range) {
      if ((await replayRoom(roomId)).state === 'gone') throw mediaFailure('media_not_found');
      let list = lists.get(roomId);
      if (!list) {
        const recording = await read(roomId);
        const data = recording?.summary ? await storage.get(layout.segments(roomId)) : null;
        if (!data) throw mediaFailure('media_not_found');
        list = fromLines(RecordedSegment, data);
      }
      lists.delete(roomId);
      lists.set(roomId, list);
      for (const oldest of lists.keys()) if (lists.size > LISTS_KEPT) lists.delete(oldest);
      const chosen = inRange(list, range);
      if (chosen.length === 0) throw mediaFailure('media_not_found');
      return chosen;
    },

    get active() {
      return active.size;
    },
    close() {
      clearInterval(finisher);
      gone.abort();
    },
  };
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  for await (const item of items) return [item];
  return [];
}
