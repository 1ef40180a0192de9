/** Finds the segments of a recording in the storage: of its streams, of the composites that stood for them, in time. */
import type { RecordingSpan } from '@walnut-live/contracts';
import type { Storage } from '../storage/index.ts';
import type { RecordedSegment } from './entries.ts';
import { layout } from './layout.ts';
import { inSpan, mergedInTime } from './timeline.ts';
import { readTrack } from './track.ts';

/** A day of one-second segments; what comes later is left out. */
const MAX_SEGMENTS = 90_000;

async function kept(storage: Storage, streamId: string, span: RecordingSpan): Promise<RecordedSegment[]> {
  const found: RecordedSegment[] = [];
  for await (const entry of readTrack(storage, streamId)) {
    if (!inSpan(entry, span)) continue;
    if (found.length >= MAX_SEGMENTS) return found;
    found.push({ ...entry, streamId });
  }
  return found;
}

/** Streams in which the guide of this one is seen with co-hosts. */
export async function compositesOf(storage: Storage, streamId: string): Promise<string[]> {
  const prefix = layout.composites(streamId);
  const found: string[] = [];
  for await (const key of storage.list(prefix)) found.push(key.slice(prefix.length));
  return found;
}

/** What these spans showed, in the order of the clock. @throws StorageFailure */
export async function collect(storage: Storage, spans: readonly RecordingSpan[]): Promise<RecordedSegment[]> {
  const found: RecordedSegment[] = [];
  for (const span of spans) {
    const together: RecordedSegment[] = [];
    for (const compositeId of await compositesOf(storage, span.streamId))
      together.push(...(await kept(storage, compositeId, span)));
    found.push(...mergedInTime(await kept(storage, span.streamId, span), together));
    if (found.length >= MAX_SEGMENTS) return found.slice(0, MAX_SEGMENTS);
  }
  return found;
}
