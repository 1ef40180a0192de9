import type { MediaGrant } from '@walnut-live/contracts';
import type { Config } from '../../config.ts';
import type { MediaControl } from '../../media-control/media-control.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { GrantMedia } from '../room-stage/index.ts';

const OWN_SOCKET_PATH = '/socket.io';

/** Where the media server is and a short token for it. The caller has decided that the person has this right. */
export function createMediaGrants(deps: {
  tokens: Pick<Tokens, 'media'>;
  config: Pick<Config, 'MEDIA_SOCKET_URL' | 'MEDIA_SOCKET_PATH' | 'ICE_SERVERS'>;
  placeFor: MediaControl['placeFor'];
}): GrantMedia {
  const { tokens, config, placeFor } = deps;
  return async (principal, room, right): Promise<MediaGrant> => {
    const { token, expiresAt } = await tokens.media({
      personId: principal.personId,
      streamId: room.streamId,
      right,
      roomId: room.id,
      // The host finds their own room busy when a colleague, or their lost phone, still publishes: the host wins.
      ...(right === 'publish' && principal.personId === room.hostId ? { takeOver: true } : {}),
    });
    const place = placeFor(room.streamId, right);
    const hlsUrl = place.hlsUrl ?? config.MEDIA_SOCKET_URL;
    return {
      streamId: room.streamId,
      right,
      token,
      expiresAt: expiresAt.toISOString(),
      socketUrl: place.socketUrl ?? config.MEDIA_SOCKET_URL,
      // A host with an address of its own is reached without the gateway that gives the path its prefix.
      socketPath: place.socketUrl === null ? config.MEDIA_SOCKET_PATH : OWN_SOCKET_PATH,
      hlsUrl: `${hlsUrl.replace(/\/$/, '')}/hls/${room.streamId}/master.m3u8`,
      iceServers: config.ICE_SERVERS.map(({ urls, username, credential }) => ({
        urls,
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined ? {} : { credential }),
      })),
    };
  };
}
