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

const endOf = ({ atMs, durationMs }: RecordedSegment): number => atMs + durationMs;

/** For each segment when the unbroken stretch of its run is over that it belongs to. */
function stretchEnds(entries: readonly RecordedSegment[]): Map<RecordedSegment, number> {
  const ends = new Map<RecordedSegment, number>();
  const backwards = [...entries].sort((a, b) => b.n - a.n);
  const following = new Map<string, { n: number; endMs: number }>();
  for (const entry of backwards) {
    const next = following.get(entry.run);
    const isUnbroken = next !== undefined && next.n - entry.n <= 1;
    const endMs = Math.max(endOf(entry), isUnbroken ? next.endMs : 0);
    ends.set(entry, endMs);
    following.set(entry.run, { n: entry.n, endMs });
  }
  return ends;
}

function withoutRepeats(entries: readonly RecordedSegment[]): RecordedSegment[] {
  const kept: RecordedSegment[] = [];
  const ends = stretchEnds(entries);
  for (const entry of [...entries].sort((a, b) => a.atMs - b.atMs)) {
    const last = kept.at(-1);
    // A run is followed until it breaks off: two hosts that keep the same seconds are not cut up segment by segment, and
    // what one of them could not keep is the other's.
    if (last && last.run !== entry.run && middleOf(entry) < (ends.get(last) ?? endOf(last))) continue;
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
