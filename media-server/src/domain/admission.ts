import type { MediaErrorCode, MediaTokenClaims } from '@walnut-live/contracts';

/** Hard bounds, so that a flood of sockets or streams costs a refusal and not the process. */
export const MAX_STREAMS = 2_000;
export const MAX_PEERS = 20_000;
/** Sessions of one stream that one person may have: some tabs, a phone, and what reconnects. */
export const MAX_PEERS_PER_PERSON = 8;
/** UDP ports for pipes to and from other hosts; each end of a pipe takes one. */
export const PIPE_PORTS = 600;
/** Other hosts may open this many here, so that the streams this host fetches from them have ports as well. */
export const MAX_PIPES_OUT = 400;
/** Ports inside the host that a stream takes at once: a pipe to the first viewer router and the tap of its packager. */
const PORTS_PER_STREAM = 3;
/** Kept for streams that are here already: more workers with viewers, a packager that starts anew. */
const PORT_RESERVE_SHARE = 0.1;

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

/** May a person who has this many sessions of the stream open one more? Null means yes. */
export function admitPerson(sessions: number): MediaErrorCode | null {
  return sessions >= MAX_PEERS_PER_PERSON ? 'media_too_many_sessions' : null;
}

/** Is there room inside the host for one more stream? Null means yes. */
export function admitStream(ports: { used: number; total: number }): MediaErrorCode | null {
  return ports.used + PORTS_PER_STREAM > ports.total * (1 - PORT_RESERVE_SHARE) ? 'media_over_capacity' : null;
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
