import type { MediaGrant } from '@walnut-live/contracts';
import type { Config } from '../../config.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { GrantMedia } from '../room-stage/index.ts';

/** Where the media server is and a short token for it. The caller has decided that the person has this right. */
export function createMediaGrants(deps: {
  tokens: Pick<Tokens, 'media'>;
  config: Pick<Config, 'MEDIA_SOCKET_URL' | 'MEDIA_SOCKET_PATH' | 'ICE_SERVERS'>;
}): GrantMedia {
  const { tokens, config } = deps;
  return async (principal, room, right): Promise<MediaGrant> => {
    const { token, expiresAt } = await tokens.media({
      personId: principal.personId,
      streamId: room.streamId,
      right,
      roomId: room.id,
      // The host finds their own room busy when a colleague, or their lost phone, still publishes: the host wins.
      ...(right === 'publish' && principal.personId === room.hostId ? { takeOver: true } : {}),
    });
    return {
      streamId: room.streamId,
      right,
      token,
      expiresAt: expiresAt.toISOString(),
      socketUrl: config.MEDIA_SOCKET_URL,
      socketPath: config.MEDIA_SOCKET_PATH,
      hlsUrl: `${config.MEDIA_SOCKET_URL.replace(/\/$/, '')}/hls/${room.streamId}/master.m3u8`,
      iceServers: config.ICE_SERVERS.map(({ urls, username, credential }) => ({
        urls,
        ...(username === undefined ? {} : { username }),
        ...(credential === undefined ? {} : { credential }),
      })),
    };
  };
}
