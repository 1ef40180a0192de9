import type { ControlStream, ControlStreamDetail, PublisherTrackStats } from '@walnut-live/contracts';
import type { Packagers } from '../hls/packagers.ts';
import type { Stream } from '../streams/stream.ts';

/** What others know of a stream. */
export interface StreamFacts {
  smoothViewers: (streamId: string) => number;
  picture: (streamId: string) => ControlStreamDetail['picture'];
}

export function streamView(stream: Stream, smoothViewers: (streamId: string) => number): ControlStream {
  const tracks = stream.tracks();
  return {
    streamId: stream.id,
    state: stream.status.state,
    reason: stream.status.reason,
    since: new Date(stream.status.sinceMs).toISOString(),
    hasVideo: tracks.some((track) => track.kind === 'video'),
    hasAudio: tracks.some((track) => track.kind === 'audio'),
    ...(stream.isRelayed && { role: 'edge' as const }),
    viewers: { realtime: stream.realtimeViewers, smooth: smoothViewers(stream.id) },
  };
}

/** What the packager tells its viewers of the picture: the layer that it takes. */
export function pictureOf(packagers: Pick<Packagers, 'peek'>, streamId: string): ControlStreamDetail['picture'] {
  const packager = packagers.peek(streamId);
  const format = packager?.window.format();
  const { width = null, height = null } = format?.info ?? {};
  if (!format || width === null || height === null) return null;
  return { width, height, framesPerSecond: format.framesPerSecond };
}

export async function streamDetail(
  stream: Stream,
  { smoothViewers, picture }: StreamFacts,
): Promise<ControlStreamDetail> {
  const tracks = await stream.publisherStats();
  // Read after the wait: what is told of the stream and of its publisher is of one moment.
  const publisher = stream.publisher();
  const scores = tracks.flatMap((track) => (track.score === null ? [] : [track.score]));
  return {
    ...streamView(stream, smoothViewers),
    publisher: publisher && { ...publisher, tracks },
    ...(stream.isRelayed && { relay: { tracks } }),
    // What the packager re-encodes has a size of its own.
    picture: tracks.some(isCopied) && stream.status.state === 'live' ? picture(stream.id) : null,
    score: scores.length > 0 ? Math.min(...scores) : null,
  };
}

const isCopied = ({ mimeType }: PublisherTrackStats): boolean => mimeType.toLowerCase() === 'video/h264';

/** A stream that nobody has touched since the start. */
export function idleDetail(streamId: string, sinceMs: number): ControlStreamDetail {
  return {
    streamId,
    state: 'idle',
    reason: null,
    since: new Date(sinceMs).toISOString(),
    hasVideo: false,
    hasAudio: false,
    viewers: { realtime: 0, smooth: 0 },
    publisher: null,
    picture: null,
    score: null,
  };
}
