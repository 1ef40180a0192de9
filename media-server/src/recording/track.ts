/**
 * The recording of one stream: segments and their index, appended as they are finished.
 *
 * Model: the index is a row of parts of at most PART_LINES lines; the newest part is written anew (atomically) after every
 * segment, so it works on any storage and survives a kill at any moment. Two hosts may write at once while a stream moves:
 * each has parts of its own name, and who reads puts them in the order of the clock. Invariants: an entry is in the index only after
 * its segment is stored; one write at a time; what waits is bounded by MAX_WAITING segments, beyond that the newest are
 * lost (and counted), never the live; a storage that is full or away is tried again with the oldest one first.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FinishedSegment } from '../hls/window.ts';
import type { Logger } from '../platform/logger.ts';
import type { Storage } from '../storage/index.ts';
import { fromLines, IndexEntry, toLines } from './entries.ts';
import { layout, partNumber } from './layout.ts';

const PART_LINES = 64;
/** About half a minute, a few megabytes. */
const MAX_WAITING = 32;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 4_000;
const COMPLAIN_EVERY_MS = 10_000;

export interface Track {
  readonly streamId: string;
  /** Never throws and never waits. */
  add(segment: FinishedSegment): void;
  /** End of the newest stored segment on the wall clock; null before the first. */
  readonly coveredUntilMs: number | null;
  /** Segments that wait for the storage. */
  readonly waiting: number;
  /** Resolves when nothing waits, or after the time. */
  settled(timeoutMs: number): Promise<void>;
  /** What waits is given up. */
  close(): void;
}

export interface TrackReport {
  stored(bytes: number): void;
  lost(): void;
}

export function createTrack(deps: {
  streamId: string;
  storage: Storage;
  log: Logger;
  now: () => number;
  report: TrackReport;
}): Track {
  const { streamId, storage, log, now, report } = deps;
  const writer = randomBytes(4).toString('hex');
  /** With the ordinal among all that were added, kept or lost: it decides the number, whenever the store runs. */
  const queue: { segment: FinishedSegment; ordinal: number }[] = [];
  let added = 0;
  const gone = new AbortController();
  let lines: IndexEntry[] = [];
  /** Known once the old index has been read: the part that is written now, and the number of ordinal 0. */
  let place: { part: number; firstN: number } | null = null;
  let knownInit: string | null = null;
  let coveredUntilMs: number | null = null;
  let work: Promise<void> | null = null;
  let complainedAtMs = 0;

  /** Another process may have begun: its last part is finished, ours is the next. */
  async function findPlace(): Promise<{ part: number; firstN: number }> {
    let last = -1;
    let lastKey = '';
    for await (const key of storage.list(layout.index(streamId))) {
      const part = partNumber(key) ?? -1;
      if (part < last) continue;
      last = part;
      lastKey = key;
    }
    if (last < 0) return { part: 0, firstN: 0 };
    const data = await storage.get(lastKey);
    const newest = data ? fromLines(IndexEntry, data).at(-1) : undefined;
    return { part: last + 1, firstN: newest ? newest.n + 1 : last * PART_LINES };
  }

  async function store({ segment, ordinal }: (typeof queue)[number]): Promise<void> {
    place ??= await findPlace();
    const { runId: run, data } = segment;
    if (knownInit !== run) {
      await storage.put(layout.init(streamId, run), segment.init);
      knownInit = run;
    }
    const entry: IndexEntry = {
      ...{ n: place.firstN + ordinal, run, bytes: data.length, codecs: segment.codecs },
      atMs: Math.round(segment.startsAtMs),
      durationMs: Math.round(segment.durationSeconds * 1_000_000) / 1_000,
      ...{ width: segment.width, height: segment.height },
    };
    await storage.put(layout.segment(streamId, run, entry.n), data);
    const next = lines.length < PART_LINES ? [...lines, entry] : [entry];
    const part = lines.length < PART_LINES ? place.part : place.part + 1;
    await storage.put(layout.indexPart(streamId, part, writer), toLines(next));
    lines = next;
    place = { ...place, part };
    coveredUntilMs = entry.atMs + entry.durationMs;
    report.stored(data.length);
  }

  function complain(error: unknown): void {
    if (now() - complainedAtMs < COMPLAIN_EVERY_MS) return;
    complainedAtMs = now();
    log.error({ err: error, streamId, waiting: queue.length }, 'recording: a segment cannot be kept, trying again');
  }

  async function drain(): Promise<void> {
    let retryMs = RETRY_FIRST_MS;
    for (let next = queue[0]; next && !gone.signal.aborted; next = queue[0]) {
      try {
        await store(next);
        queue.shift();
        retryMs = RETRY_FIRST_MS;
      } catch (error) {
        complain(error);
        await delay(retryMs, undefined, { signal: gone.signal }).catch(() => undefined);
        retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
      }
    }
  }

  return {
    streamId,
    add(segment) {
      if (gone.signal.aborted) return;
      // Lost or not, it has a number: the hole shows in the numbers, at its place.
      const ordinal = added++;
      if (queue.length >= MAX_WAITING) return report.lost();
      queue.push({ segment, ordinal });
      work ??= drain().finally(() => {
        work = null;
      });
    },
    get coveredUntilMs() {
      return coveredUntilMs;
    },
    get waiting() {
      return queue.length;
    },
    async settled(timeoutMs) {
      const limit = new AbortController();
      await Promise.race([work, delay(timeoutMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
    },
    close() {
      gone.abort();
      queue.length = 0;
    },
  };
}

/** Everything that was kept of a stream, in order, one index part in memory at a time. */
export async function* readTrack(storage: Storage, streamId: string): AsyncIterable<IndexEntry> {
  for await (const key of storage.list(layout.index(streamId))) {
    const data = await storage.get(key);
    if (data) yield* fromLines(IndexEntry, data);
  }
}
