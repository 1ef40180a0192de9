/** What a grant of the API means to a media session: the one place where the two shapes meet. */
import type { MediaGrant } from '@walnut-live/contracts';
import type { MediaEndpoint } from './types.ts';

/**
 * The way in that `first` opens; every token comes with the host it is for, which need not be the first one's.
 * @param next The grant for each (re)connection, with the question and the rejections of `MediaEndpoint.token`. It may be
 *   `first` itself while that holds.
 */
export function grantedEndpoint(
  first: MediaGrant,
  next: (ask?: { moved: boolean }) => Promise<MediaGrant>,
): MediaEndpoint {
  return {
    url: first.socketUrl,
    path: first.socketPath,
    iceServers: first.iceServers as RTCIceServer[],
    token: async (ask) => {
      const { token, socketUrl, socketPath } = await next(ask);
      return { token, url: socketUrl, path: socketPath };
    },
  };
}
