/** `publish:*` */

import type { PublishLink } from '../engine/index.ts';
import { mediaFailure } from '../platform/failure.ts';
import type { HandlerContext, Handlers } from './dispatch.ts';

function linkOf({ peer, streams }: HandlerContext): PublishLink {
  if (peer.claims.right !== 'publish') throw mediaFailure('media_forbidden');
  const link = streams.get(peer.claims.streamId)?.publishLinkOf(peer);
  if (!link) throw mediaFailure('media_session_unknown');
  return link;
}

export const publishHandlers: Pick<Handlers, 'publish:open' | 'publish:produce' | 'publish:pause'> = {
  async 'publish:open'(_payload, { peer, streams, iceServers }) {
    if (peer.claims.right !== 'publish') throw mediaFailure('media_forbidden');
    if (streams.draining) throw mediaFailure('media_draining');
    const stream = streams.get(peer.claims.streamId);
    if (!stream || peer.closed) throw mediaFailure('media_session_unknown');
    const { link, origin } = await stream.openPublisher(peer);
    return {
      sessionKey: peer.sessionKey,
      routerRtpCapabilities: origin.rtpCapabilities,
      transport: link.options,
      iceServers: iceServers(peer.claims.sub),
    };
  },
  async 'publish:produce'({ transportId, kind, rtpParameters, paused }, context) {
    const link = linkOf(context);
    if (link.options.id !== transportId) throw mediaFailure('media_session_unknown');
    return { producerId: await link.produce(kind, rtpParameters, paused ?? false) };
  },
  async 'publish:pause'({ kind, paused }, context) {
    await linkOf(context).pause(kind, paused);
    return {};
  },
};
