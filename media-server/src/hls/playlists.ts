/** The playlists as text (RFC 8216). Written here because ffmpeg's own BANDWIDTH is wrong for copied tracks. Pure. */
import type { InitInfo } from './boxes.ts';

/** No segment is longer when rounded; see SEGMENT_MAX_SECONDS. */
export const TARGET_DURATION_SECONDS = 2;

export interface PlaylistSegment {
  sequence: number;
  /** Relative to the media playlist. */
  uri: string;
  mapUri: string;
  durationSeconds: number;
  startsAtMs: number;
  discontinuity: boolean;
  startsWithKey: boolean;
}

export function mediaPlaylist(input: {
  segments: PlaylistSegment[];
  mediaSequence: number;
  discontinuitySequence: number;
}): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    ...(input.segments.every((segment) => segment.startsWithKey) ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    `#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}`,
    `#EXT-X-MEDIA-SEQUENCE:${input.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${input.discontinuitySequence}`,
  ];
  let map = '';
  for (const segment of input.segments) {
    if (segment.discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    if (segment.mapUri !== map) {
      lines.push(`#EXT-X-MAP:URI="${segment.mapUri}"`);
      map = segment.mapUri;
    }
    lines.push(
      `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startsAtMs).toISOString()}`,
      `#EXTINF:${segment.durationSeconds.toFixed(5)},`,
      segment.uri,
    );
  }
  return `${lines.join('\n')}\n`;
}

export function masterPlaylist(input: {
  info: InitInfo;
  peakBps: number;
  averageBps: number;
  mediaUri: string;
}): string {
  const { info } = input;
  const attributes = [
    `BANDWIDTH=${Math.ceil(input.peakBps)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(input.averageBps)}`,
    `CODECS="${info.codecs.join(',')}"`,
    ...(info.width !== null && info.height !== null ? [`RESOLUTION=${info.width}x${info.height}`] : []),
  ];
  return ['#EXTM3U', '#EXT-X-VERSION:7', `#EXT-X-STREAM-INF:${attributes.join(',')}`, input.mediaUri, ''].join('\n');
}
