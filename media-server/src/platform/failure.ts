import type { MediaErrorCode } from '@walnut-live/contracts';
import type { z } from 'zod';

/** The one error that crosses a boundary: a code from the contracts; anything else becomes `media_internal`. */
export interface MediaFailure extends Error {
  code: MediaErrorCode;
  details?: Record<string, unknown>;
}

export function mediaFailure(code: MediaErrorCode, details?: Record<string, unknown>, cause?: unknown): MediaFailure {
  const error = new Error(code, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code, ...(details && { details }) });
}

export function isMediaFailure(error: unknown): error is MediaFailure {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('media_');
}

/** HTTP status of each code, for /hls and /control. */
export const failureStatus: Record<MediaErrorCode, number> = {
  media_token_invalid: 401,
  media_token_revoked: 403,
  media_forbidden: 403,
  media_payload_invalid: 400,
  media_event_unknown: 400,
  media_rate_limited: 429,
  media_too_many_sessions: 429,
  media_stream_busy: 409,
  media_stream_not_live: 404,
  media_stream_unknown: 404,
  media_session_unknown: 404,
  media_over_capacity: 503,
  media_draining: 503,
  media_elsewhere: 503,
  media_worker_lost: 503,
  media_codec_unsupported: 422,
  media_hls_unavailable: 503,
  media_not_found: 404,
  media_sdp_invalid: 400,
  media_sdp_refused: 422,
  media_method_not_allowed: 405,
  media_not_acceptable: 406,
  media_body_too_large: 413,
  media_type_unsupported: 415,
  media_precondition_failed: 412,
  media_precondition_required: 428,
  media_internal: 500,
};

/** A fault or two says enough, and the answer stays small whatever was sent. */
const MAX_ISSUES = 8;

/** What a contract refused: where and what, never the values. */
export function contractFailure(
  error: z.ZodError,
  code: 'media_payload_invalid' | 'media_sdp_invalid' = 'media_payload_invalid',
): MediaFailure {
  const issues = error.issues
    .slice(0, MAX_ISSUES)
    .map((issue) => ({ path: `/${issue.path.join('/')}`, issue: issue.code }));
  return mediaFailure(code, { issues });
}
