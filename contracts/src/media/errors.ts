import { z } from 'zod';

/** Every code that signalling acknowledgements, refused connections, `/hls` and `/control` may answer with. */
export const mediaErrorCodes = [
  /** No token, or one that is malformed, forged, expired or lives too long. */
  'media_token_invalid',
  /** The person was put out; their tokens do not work until they would have expired anyway. */
  'media_token_revoked',
  /** The token is good but not for this (other stream, other right). */
  'media_forbidden',
  /** The payload does not match its contract. `details.issues` says where. */
  'media_payload_invalid',
  'media_event_unknown',
  'media_rate_limited',
  /** This person has the stream open as often as one person may; it is free again when another session ends. */
  'media_too_many_sessions',
  /** Somebody else publishes this stream and the token does not allow to take over. */
  'media_stream_busy',
  /** The stream has no picture at the moment; wait for `stream:state`. */
  'media_stream_not_live',
  'media_stream_unknown',
  /** The event needs an open session (`publish:open`, `watch:open`) or names a transport that is gone. */
  'media_session_unknown',
  /** No WebRTC place left; HLS still works. */
  'media_over_capacity',
  'media_draining',
  /** This host takes nobody now, another one does: `details.url` is where. The token is good there too. */
  'media_elsewhere',
  /** A worker died while the request was on its way; try again. */
  'media_worker_lost',
  /** The browser cannot decode what is published. */
  'media_codec_unsupported',
  'media_hls_unavailable',
  'media_not_found',
  /** WHIP and WHEP: the session description is not one, or larger than any real one. */
  'media_sdp_invalid',
  /** WHIP and WHEP: a valid session description that asks for what we do not do; `details.why` says what. */
  'media_sdp_refused',
  'media_method_not_allowed',
  'media_not_acceptable',
  'media_body_too_large',
  'media_type_unsupported',
  /** WHIP and WHEP: If-Match names an ICE session that is over. */
  'media_precondition_failed',
  /** WHIP and WHEP: a PATCH has to say which ICE session it means. */
  'media_precondition_required',
  'media_internal',
] as const;

export const MediaErrorCode = z.enum(mediaErrorCodes);
export type MediaErrorCode = z.infer<typeof MediaErrorCode>;

export const MediaError = z.strictObject({
  code: MediaErrorCode,
  details: z.exactOptional(z.record(z.string(), z.unknown())),
});
export type MediaError = z.infer<typeof MediaError>;

/** The one argument of every Socket.IO acknowledgement of the media server. */
export type MediaAck<T> = { ok: true; data: T } | { ok: false; error: MediaError };
