/** Opening and closing the viewer's side of a peer. */
import type { Origin, ViewerLink } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Peer } from './peer.ts';

/** Viewers of a dead worker come back spread over this time per thousand of them. */
const RESET_SPREAD_MS_PER_THOUSAND = 1_000;
export const RESET_FLOOR_MS = 20;

export function closeViewerLink(peer: Peer, reason: string): void {
  const link = peer.viewerLink;
  peer.viewerLink = null;
  link?.close(reason);
}

/** @throws MediaFailure media_stream_not_live, media_over_capacity, media_session_unknown when the peer left meanwhile */
export async function openViewer(
  peer: Peer,
  stream: { origin: () => Origin | null; isLive: () => boolean; peerCount: () => number },
): Promise<ViewerLink> {
  closeViewerLink(peer, 'reopened');
  peer.layer = null;
  const home = stream.origin();
  if (!home || !stream.isLive()) throw mediaFailure('media_stream_not_live');
  const link: ViewerLink = await home.openViewerLink({
    onState: (state) => {
      if (state === 'closed' && peer.viewerLink === link) closeViewerLink(peer, 'dtls-closed');
      peer.onLinkState?.(state);
    },
    onLost: () => {
      if (peer.viewerLink !== link) return;
      peer.viewerLink = null;
      const spreadMs = (stream.peerCount() / 1_000) * RESET_SPREAD_MS_PER_THOUSAND;
      const retryInMs = Math.round(RESET_FLOOR_MS + Math.random() * spreadMs);
      peer.port?.send('session:reset', { reason: 'worker_lost', retryInMs });
    },
    onLayer: (layer, layers, soundOnly) => {
      peer.layer = { layer, layers, soundOnly };
      peer.port?.send('watch:layer', peer.layer);
    },
    ...(peer.payloadTypes && { payloadTypes: peer.payloadTypes }),
  });
  if (peer.closed || stream.origin() !== home) {
    link.close('overtaken');
    throw mediaFailure(peer.closed ? 'media_session_unknown' : 'media_stream_not_live');
  }
  closeViewerLink(peer, 'reopened'); // two opens at once: the last one wins
  peer.viewerLink = link;
  return link;
}
