/**
 * Sends whoever asks here for a stream of another host there: `307 Location`, so that method, body and query stay. Used for
 * HLS, which is packaged at the origin only, and for WHIP.
 */
import { MediaStreamId } from '@walnut-live/contracts';
import type { RequestHandler } from 'express';

const WAY_BACK = 'hop';

export function redirectElsewhere(deps: {
  elsewhere: (streamId: string) => Promise<string | null>;
  /** It is served here, whatever the registry says. `rest` is the path after the stream's id, in its parts. */
  isHere: (streamId: string, rest: readonly string[]) => boolean;
}): RequestHandler<{ streamId: string; rest: string[] }> {
  return async (request, response, next) => {
    const { streamId, rest } = request.params;
    // One hop only: two hosts that each believe the other has the stream must not send anybody to and fro.
    if (!MediaStreamId.safeParse(streamId).success || request.query[WAY_BACK] !== undefined) return next();
    const url = deps.isHere(streamId, rest) ? null : await deps.elsewhere(streamId);
    if (url === null) return next();
    const target = new URL(request.originalUrl, url);
    target.searchParams.set(WAY_BACK, '1');
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cache-control', 'no-store');
    response.redirect(307, target.href);
  };
}
