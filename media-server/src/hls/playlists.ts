/** The playlists as text (RFC 8216bis). Written here because ffmpeg's own BANDWIDTH is wrong for copied tracks. Pure. */
import { PART_TARGET_SECONDS } from './cutter.ts';
import type { WindowFormat } from './window.ts';

/** No segment is longer when rounded; see SEGMENT_MAX_SECONDS. */
export const TARGET_DURATION_SECONDS = 2;
/** How far from the end a player begins: at least three parts, with a little for the way there. */
const PART_HOLD_BACK_SECONDS = 0.8;
/** For players that take whole segments: three target durations (§4.4.3.8). */
const HOLD_BACK_SECONDS = 3 * TARGET_DURATION_SECONDS;
/** Older parts are not listed any more (§6.2.2). */
const PARTS_LISTED_SECONDS = 3 * TARGET_DURATION_SECONDS;
const VERSION = 9;
/** A comment (§4.1), where a run is over and the next one has not begun. */
const WAITING = '# waiting for the next run';

export interface PlaylistPart {
  /** Relative to the media playlist. */
  uri: string;
  durationSeconds: number;
  independent: boolean;
}

export interface PlaylistSegment {
  sequence: number;
  uri: string;
  mapUri: string;
  durationSeconds: number;
  startsAtMs: number;
  discontinuity: boolean;
  startsWithKey: boolean;
  parts: PlaylistPart[];
}

export function mediaPlaylist(input: {
  segments: PlaylistSegment[];
  /** The segment that is still growing. */
  open: PlaylistSegment | null;
  mediaSequence: number;
  discontinuitySequence: number;
  /** Of the part that comes next; null when nobody knows whether one comes. */
  nextPartUri: string | null;
}): string {
  const shown = input.open ? [...input.segments, input.open] : input.segments;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    ...(shown.every((segment) => segment.startsWithKey) ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    `#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}`,
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${PART_HOLD_BACK_SECONDS},HOLD-BACK=${HOLD_BACK_SECONDS}`,
    `#EXT-X-PART-INF:PART-TARGET=${PART_TARGET_SECONDS}`,
    `#EXT-X-MEDIA-SEQUENCE:${input.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${input.discontinuitySequence}`,
  ];
  let map = '';
  let secondsLeft = shown.reduce((sum, segment) => sum + segment.durationSeconds, 0);
  for (const segment of shown) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.mapUri !== map) {
      lines.push(`#EXT-X-MAP:URI="${segment.mapUri}"`);
      map = segment.mapUri;
    }
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startsAtMs).toISOString()}`);
    secondsLeft -= segment.durationSeconds;
    if (secondsLeft < PARTS_LISTED_SECONDS) lines.push(...segment.parts.map(partLine));
    if (segment !== input.open) lines.push(`#EXTINF:${segment.durationSeconds.toFixed(5)},`, segment.uri);
  }
  if (input.nextPartUri) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${input.nextPartUri}"`);
  // hls.js (1.7) takes a last line that is an address for the segment after it as well, and fails at the discontinuity.
  else lines.push(WAITING);
  return `${lines.join('\n')}\n`;
}

const partLine = (part: PlaylistPart): string =>
  `#EXT-X-PART:DURATION=${part.durationSeconds.toFixed(5)},URI="${part.uri}"${part.independent ? ',INDEPENDENT=YES' : ''}`;

export function masterPlaylist(input: WindowFormat & { mediaUri: string }): string {
  const { info } = input;
  const attributes = [
    `BANDWIDTH=${Math.ceil(input.peakBps)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(input.averageBps)}`,
    `CODECS="${info.codecs.join(',')}"`,
    ...(info.width !== null && info.height !== null ? [`RESOLUTION=${info.width}x${info.height}`] : []),
    ...(input.framesPerSecond !== null ? [`FRAME-RATE=${input.framesPerSecond.toFixed(3)}`] : []),
  ];
  return ['#EXTM3U', `#EXT-X-VERSION:${VERSION}`, `#EXT-X-STREAM-INF:${attributes.join(',')}`, input.mediaUri, ''].join(
    '\n',
  );
}
