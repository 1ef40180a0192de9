import { type MediaGrant, mediaGrant } from '@walnut-live/contracts';
import { isApiError } from '../http/api-error.ts';
import type { Api } from '../http/create-api.ts';
import type { RoomSession } from './join-room.ts';

/** A grant with less life than this is not worth connecting with. */
const GRANT_RESERVE_MS = 10_000;
/** Asking again changes nothing. */
const FINAL: readonly string[] = ['banned', 'not_in_audience', 'forbidden', 'not_found', 'gone'];

const permanent = (cause: unknown): Error => Object.assign(new Error('no grant', { cause }), { permanent: true });

/** Addresses of a grant that are relative to the product's origin, for a page of another one. */
export const grantFrom = (origin: string, grant: MediaGrant): MediaGrant => ({
  ...grant,
  socketUrl: grant.socketUrl || origin,
  hlsUrl: grant.hlsUrl.startsWith('/') ? `${origin}${grant.hlsUrl}` : grant.hlsUrl,
});

/**
 * Rights to watch what the room shows, for `createPlayback`: that of the join first, then fresh ones. Rejects with
 * `permanent: true` when asking again is useless.
 */
export const watchGrants = (api: Api, session: Pick<RoomSession, 'roomId' | 'get' | 'serverNowMs'>) => {
  let used: MediaGrant | null = null;
  const next = async (): Promise<MediaGrant> => {
    const { join, showing } = session.get();
    const joined = join?.media ?? null;
    const isShown = !showing || joined?.streamId === showing.streamId;
    const lives = joined !== null && Date.parse(joined.expiresAt) - session.serverNowMs() > GRANT_RESERVE_MS;
    if (joined && isShown && joined !== used && lives) {
      used = joined;
      return joined;
    }
    try {
      return await api.call(mediaGrant, {
        params: { id: session.roomId },
        body: { right: 'watch', ...(showing ? { streamId: showing.streamId } : {}) },
      });
    } catch (error) {
      if (isApiError(error) && FINAL.includes(error.code)) throw permanent(error);
      throw error;
    }
  };
  return async (): Promise<MediaGrant> => {
    const grant = await next();
    return api.baseUrl ? grantFrom(api.baseUrl, grant) : grant;
  };
};
