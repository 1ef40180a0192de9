/** `watch:*` */
import type { ViewerLink } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { Peer } from '../streams/peer.ts';
import type { Handlers } from './dispatch.ts';

function linkOf(peer: Peer): ViewerLink {
  if (peer.claims.right !== 'watch') throw mediaFailure('media_forbidden');
  if (!peer.viewerLink) throw mediaFailure('media_session_unknown');
  return peer.viewerLink;
}

export const watchHandlers: Pick<Handlers, 'watch:open' | 'watch:consume' | 'watch:resume' | 'watch:quality'> = {
  async 'watch:open'(_payload, { peer, streams, iceServers }) {
    if (peer.claims.right !== 'watch') throw mediaFailure('media_forbidden');
    if (streams.draining) throw mediaFailure('media_draining');
    const stream = streams.get(peer.claims.streamId);
    if (!stream || peer.closed) throw mediaFailure('media_session_unknown');
    const link = await stream.openViewer(peer);
    return {
      sessionKey: peer.sessionKey,
      routerRtpCapabilities: link.routerRtpCapabilities,
      transport: link.options,
      iceServers: iceServers(peer.claims.sub),
    };
  },
  async 'watch:consume'({ transportId, rtpCapabilities }, { peer }) {
    const link = linkOf(peer);
    if (link.options.id !== transportId) throw mediaFailure('media_session_unknown');
    return { consumers: await link.consume(rtpCapabilities) };
  },
  async 'watch:resume'({ consumerIds }, { peer }) {
    await linkOf(peer).resume(consumerIds);
    return {};
  },
  async 'watch:quality'({ level }, { peer }) {
    await linkOf(peer).setQuality(level);
    return {};
  },
};
