/**
 * Sends whoever asks here for a stream of another host there. Used for HLS, which is packaged at the origin only, and for
 * WHIP.
 */
import { MediaStreamId } from '@walnut-live/contracts';
import type { Request, RequestHandler } from 'express';
import { sendElsewhere, wasSent } from '../platform/send-elsewhere.ts';

export function redirectElsewhere(deps: {
  elsewhere: (streamId: string) => Promise<string | null>;
  /** Playlists of a stream that comes here are had at the host that it leaves, for a few seconds more. */
  stillAt: (streamId: string) => Promise<string | null>;
  /** It is served here, whatever the registry says. `rest` is the path after the stream's id, in its parts. */
  isHere: (streamId: string, rest: readonly string[]) => boolean;
}): RequestHandler<{ streamId: string; rest: string[] }> {
  return async (request, response, next) => {
    const { streamId, rest } = request.params;
    if (!MediaStreamId.safeParse(streamId).success || wasSent(request as Request)) return next();
    const before = rest.at(-1)?.endsWith('.m3u8') ? await deps.stillAt(streamId) : null;
    const url = before ?? (deps.isHere(streamId, rest) ? null : await deps.elsewhere(streamId));
    if (url === null) next();
    else sendElsewhere(request as Request, response, url);
  };
}
