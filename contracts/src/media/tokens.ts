import { z } from 'zod';

/** Longest life of a media token. It is only needed to connect; a peer that is in stays until it leaves or is revoked. */
export const MEDIA_TOKEN_MAX_LIFE_SECONDS = 120;

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
