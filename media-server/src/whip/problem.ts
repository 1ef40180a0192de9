/** Refusals as RFC 9457 problem details, in the shape that api uses too. */
import { randomUUID } from 'node:crypto';
import type { Response } from 'express';
import { failureStatus, type MediaFailure } from '../platform/failure.ts';

/** How long a client does well to wait: the stream may start any moment, capacity takes longer to come back. */
const RETRY_AFTER_SECONDS: Partial<Record<MediaFailure['code'], number>> = {
  media_stream_not_live: 2,
  media_worker_lost: 1,
  media_rate_limited: 2,
  media_too_many_sessions: 10,
  media_over_capacity: 10,
  media_draining: 5,
};

export function sendProblem(response: Response, { code, details }: MediaFailure, status = failureStatus[code]): void {
  const retryAfterSeconds = RETRY_AFTER_SECONDS[code];
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  if (status === 401) response.setHeader('www-authenticate', 'Bearer realm="media", error="invalid_token"');
  response.setHeader('content-type', 'application/problem+json');
  response.status(status).end(
    JSON.stringify({
      type: `urn:walnut-live:error:${code}`,
      title: code.replace(/^media_/, '').replaceAll('_', ' '),
      status,
      code,
      requestId: response.req.get('x-request-id')?.slice(0, 64) ?? randomUUID(),
      ...(details && { facts: details }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    }),
  );
}
