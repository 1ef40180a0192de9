/** Which segments a recording consists of, and how its time relates to the clock. Pure. */
import type { RecordingPiece, RecordingRange, RecordingSpan } from '@walnut-live/contracts';
import type { IndexEntry, RecordedSegment } from './entries.ts';

/** Clocks of consecutive segments of one run differ by rounding and drift; more is a jump. */
const SAME_PIECE_TOLERANCE_MS = 250;

const middleOf = (entry: IndexEntry): number => entry.atMs + entry.durationMs / 2;

/** A segment belongs to what was shown in its middle: spans that meet never share one. */
export const isWithin = (entry: IndexEntry, fromMs: number, toMs: number | null): boolean =>
  middleOf(entry) >= fromMs && (toMs === null || middleOf(entry) < toMs);

export const inSpan = (entry: IndexEntry, span: RecordingSpan): boolean => isWithin(entry, span.fromMs, span.toMs);

/**
 * What was shown, in the order of the clock: of the stream's own segments those whose middle no segment of `together` (the
 * guide with co-hosts) covers, and of two hosts that kept the same moment while the stream moved one.
 */
export function mergedInTime(own: readonly RecordedSegment[], together: readonly RecordedSegment[]): RecordedSegment[] {
  const preferred = withoutRepeats(together);
  let at = 0;
  const alone = withoutRepeats(own).filter((entry) => {
    const middle = middleOf(entry);
    for (let next = preferred[at]; next && next.atMs + next.durationMs <= middle; next = preferred[at]) at += 1;
    const candidate = preferred[at];
    return !candidate || candidate.atMs > middle;
  });
  return [...alone, ...preferred].sort((a, b) => a.atMs - b.atMs);
}

function withoutRepeats(entries: readonly RecordedSegment[]): RecordedSegment[] {
  const kept: RecordedSegment[] = [];
  const endOf = ({ atMs, durationMs }: RecordedSegment): number => atMs + durationMs;
  const runEnds = new Map<string, number>();
  for (const entry of entries) runEnds.set(entry.run, Math.max(runEnds.get(entry.run) ?? 0, endOf(entry)));
  for (const entry of [...entries].sort((a, b) => a.atMs - b.atMs)) {
    const last = kept.at(-1);
    // A run is followed to its end: two hosts that keep the same seconds are not cut up segment by segment.
    if (last && last.run !== entry.run && middleOf(entry) < (runEnds.get(last.run) ?? endOf(last))) continue;
    kept.push(entry);
  }
  return kept;
}

export function inRange(segments: readonly RecordedSegment[], range: RecordingRange | null): RecordedSegment[] {
  return range ? segments.filter((segment) => isWithin(segment, range.fromMs, range.toMs)) : [...segments];
}

/** Another clock, another header, or something is missing between the two. */
export function breaksBetween(before: RecordedSegment | undefined, after: RecordedSegment): boolean {
  return (
    before !== undefined && (before.streamId !== after.streamId || before.run !== after.run || before.n + 1 !== after.n)
  );
}

/** Runs that play through: one header, consecutive segments. */
export function groupsOf(segments: readonly RecordedSegment[]): RecordedSegment[][] {
  const groups: RecordedSegment[][] = [];
  for (const [at, segment] of segments.entries()) {
    if (at === 0 || breaksBetween(segments[at - 1], segment)) groups.push([]);
    groups.at(-1)?.push(segment);
  }
  return groups;
}

export function piecesOf(segments: readonly RecordedSegment[]): RecordingPiece[] {
  const pieces: RecordingPiece[] = [];
  let offsetMs = 0;
  for (const segment of segments) {
    const last = pieces.at(-1);
    const jump = last ? segment.atMs - (last.atMs + (offsetMs - last.offsetMs)) : Number.POSITIVE_INFINITY;
    if (Math.abs(jump) > SAME_PIECE_TOLERANCE_MS) {
      pieces.push({ atMs: Math.round(segment.atMs), offsetMs: Math.round(offsetMs), durationMs: 0 });
    }
    offsetMs += segment.durationMs;
    const current = pieces.at(-1);
    if (current) current.durationMs = Math.round(offsetMs) - current.offsetMs;
  }
  return pieces;
}

export const totalMs = (segments: readonly RecordedSegment[]): number =>
  Math.round(segments.reduce((sum, segment) => sum + segment.durationMs, 0));
export const totalBytes = (segments: readonly RecordedSegment[]): number =>
  segments.reduce((sum, segment) => sum + segment.bytes, 0);
