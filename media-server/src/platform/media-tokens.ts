/** Verifies media tokens (issued by api) and issues and verifies the playlist sessions of HLS. */
import {
  MEDIA_TOKEN_MAX_LIFE_SECONDS,
  MediaTokenClaims,
  STREAM_KEY_MAX_LIFE_SECONDS,
  StreamKeyClaims,
} from '@walnut-live/contracts';
import { jwtVerify, SignJWT } from 'jose';
import type { Revocations } from '../domain/revocations.ts';
import { mediaFailure } from './failure.ts';

const CLOCK_TOLERANCE_SECONDS = 5;
/** A playlist is polled with the same URL as long as somebody watches; revocation, not expiry, ends it early. */
export const HLS_SESSION_LIFE_SECONDS = 12 * 3600;

export interface HlsSession {
  personId: string;
  streamId: string;
  jti: string;
}

export interface MediaTokens {
  /** @throws MediaFailure media_token_invalid, media_token_revoked, media_forbidden (other right or stream) */
  verify(token: unknown, expected?: { right?: 'publish' | 'watch'; streamId?: string }): Promise<MediaTokenClaims>;
  /** A publish token or a stream key, as the claims of a publish token. @throws MediaFailure like verify */
  verifyPublication(token: unknown, streamId: string): Promise<MediaTokenClaims>;
  /** @param shownStreamId another stream that viewers of the claims' one are shown; put out of either, they are out */
  issueHlsSession(claims: MediaTokenClaims, shownStreamId?: string): Promise<string>;
  /** @throws MediaFailure like verify */
  verifyHlsSession(session: unknown, streamId: string): Promise<HlsSession>;
}

export function createMediaTokens(deps: { secret: string; revocations: Revocations; now: () => number }): MediaTokens {
  const key = new TextEncoder().encode(deps.secret);

  async function payloadOf(token: unknown): Promise<Record<string, unknown>> {
    if (typeof token !== 'string' || token.length > 2_048) throw mediaFailure('media_token_invalid');
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: ['HS256'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(deps.now()),
      });
      return payload;
    } catch (cause) {
      throw mediaFailure('media_token_invalid', undefined, cause);
    }
  }

  /** Life and revocation; the claims' own form has been checked. */
  function checkTimes(claims: MediaTokenClaims | StreamKeyClaims, maxLifeSeconds: number): void {
    const nowMs = deps.now();
    if (claims.exp * 1000 - nowMs > (maxLifeSeconds + CLOCK_TOLERANCE_SECONDS) * 1000) {
      throw mediaFailure('media_token_invalid', { why: 'lives-too-long' });
    }
    const facts = {
      personId: claims.sub,
      streamId: claims.streamId,
      jti: claims.jti,
      issuedAtSeconds: claims.iat ?? null,
      expiresAtSeconds: claims.exp,
    };
    if (deps.revocations.isRevoked(facts, nowMs)) throw mediaFailure('media_token_revoked');
  }

  const verify: MediaTokens['verify'] = async (token, expected = {}) => {
    const parsed = MediaTokenClaims.safeParse(await payloadOf(token));
    if (!parsed.success) throw mediaFailure('media_token_invalid');
    const claims = parsed.data;
    checkTimes(claims, MEDIA_TOKEN_MAX_LIFE_SECONDS);
    if (expected.right && claims.right !== expected.right) throw mediaFailure('media_forbidden');
    if (expected.streamId && claims.streamId !== expected.streamId) throw mediaFailure('media_forbidden');
    return claims;
  };

  return {
    verify,

    async verifyPublication(token, streamId) {
      const key = StreamKeyClaims.safeParse(await payloadOf(token));
      if (!key.success) return verify(token, { right: 'publish', streamId });
      checkTimes(key.data, STREAM_KEY_MAX_LIFE_SECONDS);
      if (key.data.streamId !== streamId) throw mediaFailure('media_forbidden');
      return { ...key.data, right: 'publish' };
    },

    issueHlsSession(claims, shownStreamId = claims.streamId) {
      const nowSeconds = Math.floor(deps.now() / 1000);
      const { sub, jti, streamId } = claims;
      const of = shownStreamId === streamId ? {} : { of: streamId };
      return new SignJWT({ sub, streamId: shownStreamId, right: 'hls', jti, ...of })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + HLS_SESSION_LIFE_SECONDS)
        .sign(key);
    },

    async verifyHlsSession(session, streamId) {
      const payload = await payloadOf(session);
      const { sub, jti, iat, exp } = payload;
      if (payload.right !== 'hls' || payload.streamId !== streamId) throw mediaFailure('media_forbidden');
      if (typeof sub !== 'string' || typeof jti !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') {
        throw mediaFailure('media_token_invalid');
      }
      const facts = { personId: sub, streamId, jti, issuedAtSeconds: iat, expiresAtSeconds: exp };
      const streams = typeof payload.of === 'string' ? [streamId, payload.of] : [streamId];
      for (const one of streams) {
        if (deps.revocations.isRevoked({ ...facts, streamId: one }, deps.now()))
          throw mediaFailure('media_token_revoked');
      }
      return { personId: sub, streamId, jti };
    },
  };
}
