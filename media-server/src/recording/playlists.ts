/** Playlists of a recording as text (RFC 8216). Pure. */
import type { RecordedSegment } from './entries.ts';
import { breaksBetween, totalBytes, totalMs } from './timeline.ts';

const VERSION = 7;

/** A day has too many segments to be the arguments of one call. */
function highest(segments: readonly RecordedSegment[], of: (segment: RecordedSegment) => number): number {
  return segments.reduce((most, segment) => Math.max(most, of(segment)), 0);
}

/** @param query is appended to every address */
export function replayPlaylist(segments: readonly RecordedSegment[], query = ''): string {
  /** Relative to `/replay/:roomId/`. */
  const uriOf = ({ streamId, run }: RecordedSegment, name: string): string =>
    `segments/${streamId}/${run}/${name}${query}`;
  const longestMs = highest(segments, (segment) => segment.durationMs);
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    '#EXT-X-PLAYLIST-TYPE:VOD',
    `#EXT-X-TARGETDURATION:${Math.ceil(longestMs / 1_000)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-INDEPENDENT-SEGMENTS',
  ];
  let map = '';
  for (const [at, segment] of segments.entries()) {
    const breaks = breaksBetween(segments[at - 1], segment);
    if (breaks) lines.push('#EXT-X-DISCONTINUITY');
    const init = uriOf(segment, 'init.mp4');
    if (init !== map) lines.push(`#EXT-X-MAP:URI="${init}"`);
    map = init;
    // Once per piece: the rest follows from the durations.
    if (breaks || at === 0) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.atMs).toISOString()}`);
    lines.push(`#EXTINF:${(segment.durationMs / 1_000).toFixed(5)},`, uriOf(segment, `${segment.n}.m4s`));
  }
  lines.push('#EXT-X-ENDLIST', '');
  return lines.join('\n');
}

export function replayMaster(segments: readonly RecordedSegment[], mediaUri: string): string {
  const peakBps = highest(segments, ({ bytes, durationMs }) => (bytes * 8_000) / Math.max(1, durationMs));
  const averageBps = (totalBytes(segments) * 8_000) / Math.max(1, totalMs(segments));
  const codecs = demandingCodecs(new Set(segments.flatMap((segment) => segment.codecs)));
  const largest = segments.reduce((best, one) => ((one.width ?? 0) > (best.width ?? 0) ? one : best));
  const attributes = [
    `BANDWIDTH=${Math.ceil(peakBps)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(averageBps)}`,
    `CODECS="${codecs.join(',')}"`,
    ...(largest.width !== null && largest.height !== null ? [`RESOLUTION=${largest.width}x${largest.height}`] : []),
  ];
  return ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, `#EXT-X-STREAM-INF:${attributes.join(',')}`, mediaUri, ''].join('\n');
}

/**
 * One codec per family, the one of the highest level: who decodes that decodes the others. A list of several H.264 levels is
 * what RFC 8216 asks for, and what players take for a track that nobody can decode.
 */
function demandingCodecs(codecs: ReadonlySet<string>): string[] {
  const levelOf = (codec: string): number => Number.parseInt(codec.slice(-2), 16);
  const best = new Map<string, string>();
  for (const codec of codecs) {
    const family = codec.split('.', 1)[0] ?? codec;
    const known = best.get(family);
    if (known === undefined || levelOf(codec) > levelOf(known)) best.set(family, codec);
  }
  return [...best.values()];
}
