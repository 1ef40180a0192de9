import { z } from 'zod';

/** Longest life of a media token. It is only needed to connect; a peer that is in stays until it leaves or is revoked. */
export const MEDIA_TOKEN_MAX_LIFE_SECONDS = 120;

/** Longest life of a stream key: an encoder keeps one token for a whole day's lives and asks nobody for another. */
export const STREAM_KEY_MAX_LIFE_SECONDS = 24 * 3600;

/** Stream ids appear in URLs and folder names, so nothing else is allowed in them. */
export const MediaStreamId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/);

export const MediaPersonId = z.string().min(1).max(128);

/**
 * Claims of a media token: a JWT, HS256 over MEDIA_TOKEN_SECRET, issued by api. One person, one stream, one right.
 * `sub` is the person (staff or customer), never the socket: revocation and "the same publisher again" go by it.
 */
export const MediaTokenClaims = z.strictObject({
  /** What the token is for; api's other tokens name another audience. */
  aud: z.exactOptional(z.literal('media')),
  sub: MediaPersonId,
  streamId: MediaStreamId,
  right: z.enum(['publish', 'watch']),
  roomId: z.exactOptional(z.string().max(128)),
  /** Publish only: may replace another person's publication (a cut-in, a colleague's forgotten laptop). */
  takeOver: z.exactOptional(z.boolean()),
  jti: z.string().min(1).max(128),
  iat: z.exactOptional(z.int()),
  /** Seconds since the epoch, at most MEDIA_TOKEN_MAX_LIFE_SECONDS ahead. */
  exp: z.int(),
});
export type MediaTokenClaims = z.infer<typeof MediaTokenClaims>;

/**
 * Claims of a stream key: the long-lived sibling of a publish token, good for WHIP alone. It is signed like a media token,
 * so the media server needs to ask nobody; it ends early by a revocation of its `jti`.
 */
export const StreamKeyClaims = MediaTokenClaims.extend({
  right: z.literal('publish-key'),
  iat: z.int(),
  /** Seconds since the epoch, at most STREAM_KEY_MAX_LIFE_SECONDS ahead. */
  exp: z.int(),
});
export type StreamKeyClaims = z.infer<typeof StreamKeyClaims>;
