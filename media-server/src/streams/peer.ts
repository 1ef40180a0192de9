import { randomBytes, randomUUID } from 'node:crypto';
import type { MediaEvent, MediaEventName, MediaTokenClaims } from '@walnut-live/contracts';
import type { LinkState, PayloadTypes, ViewerLink } from '../engine/index.ts';

/** The connected end of a peer: what a socket can do for us. */
export interface PeerPort {
  send<Name extends MediaEventName>(event: Name, payload: MediaEvent<Name>): void;
  /** Says why, then disconnects. */
  putOut(reason: MediaEvent<'session:closed'>['reason']): void;
  /** Disconnects without a word: a newer socket speaks for the peer now. */
  cut(): void;
}

/**
 * One publisher or viewer. It outlives its socket for a moment: while `port` is null it is detached and its media goes
 * on, until another socket resumes it with the session key or its grace is over.
 */
export interface Peer {
  readonly id: string;
  readonly claims: MediaTokenClaims;
  readonly sessionKey: string;
  port: PeerPort | null;
  /** Viewers only. */
  viewerLink: ViewerLink | null;
  /** What the viewer was told last of its picture, or would have been. */
  layer: MediaEvent<'watch:layer'> | null;
  closed: boolean;
  /** A program that speaks WHIP or WHEP; absent: our own client. */
  isOutside?: true;
  /** Viewers without a socket (WHEP): the state of their connection is all there is to tell whether they are there. */
  onLinkState?: (state: LinkState) => void;
  /** Viewers that made the offer (WHEP): what it calls our codecs. */
  payloadTypes?: PayloadTypes;
}

export function createPeer(claims: MediaTokenClaims, port: PeerPort): Peer {
  return {
    id: randomUUID(),
    claims,
    sessionKey: randomBytes(24).toString('base64url'),
    port,
    viewerLink: null,
    layer: null,
    closed: false,
  };
}
