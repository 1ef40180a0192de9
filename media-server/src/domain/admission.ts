import type { MediaErrorCode, MediaTokenClaims } from '@walnut-live/contracts';

/** Hard bounds, so that a flood of sockets or streams costs a refusal and not the process. */
export const MAX_STREAMS = 2_000;
export const MAX_PEERS = 20_000;

/** May this connection come in at all? Null means yes. */
export function admitPeer(input: {
  draining: boolean;
  peers: number;
  streams: number;
  streamIsNew: boolean;
}): MediaErrorCode | null {
  if (input.draining) return 'media_draining';
  if (input.peers >= MAX_PEERS) return 'media_over_capacity';
  if (input.streamIsNew && input.streams >= MAX_STREAMS) return 'media_over_capacity';
  return null;
}

/** May this token publish while `current` does? The same person always replaces their own publication. */
export function admitPublisher(input: {
  claims: Pick<MediaTokenClaims, 'sub' | 'right' | 'takeOver'>;
  /** Person of the present publication; `rtp` for a local encoder; null when there is none. */
  current: { kind: 'webrtc'; personId: string } | { kind: 'rtp' } | null;
}): MediaErrorCode | null {
  const { claims, current } = input;
  if (claims.right !== 'publish') return 'media_forbidden';
  if (current === null || claims.takeOver) return null;
  if (current.kind === 'webrtc' && current.personId === claims.sub) return null;
  return 'media_stream_busy';
}
