/** `transport:*`: the same for publishers and viewers. A peer has one transport, so there is nothing to count. */
import type { DtlsParameters, IceParameters } from '@walnut-live/contracts';
import { mediaFailure } from '../platform/failure.ts';
import type { HandlerContext, Handlers } from './dispatch.ts';

interface ConnectableLink {
  options: { id: string };
  connect(dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(): Promise<IceParameters>;
}

function linkOf({ peer, streams }: HandlerContext, transportId: string): ConnectableLink {
  const link = peer.viewerLink ?? streams.get(peer.claims.streamId)?.publishLinkOf(peer) ?? null;
  if (link?.options.id !== transportId) throw mediaFailure('media_session_unknown');
  return link;
}

export const transportHandlers: Pick<Handlers, 'transport:connect' | 'transport:restart-ice'> = {
  async 'transport:connect'({ transportId, dtlsParameters }, context) {
    await linkOf(context, transportId).connect(dtlsParameters);
    return {};
  },
  async 'transport:restart-ice'({ transportId }, context) {
    return { iceParameters: await linkOf(context, transportId).restartIce() };
  },
};
