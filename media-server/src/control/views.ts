import type { ControlStream, ControlStreamDetail } from '@walnut-live/contracts';
import type { Stream } from '../streams/stream.ts';

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

export async function streamDetail(
  stream: Stream,
  smoothViewers: (streamId: string) => number,
): Promise<ControlStreamDetail> {
  const tracks = await stream.publisherStats();
  // Read after the wait: what is told of the stream and of its publisher is of one moment.
  const publisher = stream.publisher();
  const scores = tracks.flatMap((track) => (track.score === null ? [] : [track.score]));
  return {
    ...streamView(stream, smoothViewers),
    publisher: publisher && { ...publisher, tracks },
    ...(stream.isRelayed && { relay: { tracks } }),
    score: scores.length > 0 ? Math.min(...scores) : null,
  };
}

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
    score: null,
  };
}
