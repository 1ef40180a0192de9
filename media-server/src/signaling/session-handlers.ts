/** `session:*`: coming back to a session after the socket was lost, a sign of life, and leaving for good. */
import { mediaFailure } from '../platform/failure.ts';
import type { Handlers } from './dispatch.ts';

export const sessionHandlers: Pick<Handlers, 'session:resume' | 'session:ping' | 'session:leave'> = {
  async 'session:resume'({ sessionKey }, context) {
    const { streams } = context;
    const peer = streams.resume(context.peer, sessionKey);
    context.setPeer(peer);
    const link = peer.viewerLink ?? streams.get(peer.claims.streamId)?.publishLinkOf(peer);
    if (!link) throw mediaFailure('media_session_unknown');
    return { transportId: link.options.id };
  },
  async 'session:ping'() {
    return {};
  },
  async 'session:leave'(_payload, context) {
    context.streams.leave(context.peer);
    return {};
  },
};
