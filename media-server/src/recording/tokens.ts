/** Tokens of replays (issued by api) and the sessions that playlists carry. */
import {
  REPLAY_AUDIENCE,
  REPLAY_TOKEN_MAX_LIFE_SECONDS,
  RecordingRange,
  ReplayTokenClaims,
} from '@walnut-live/contracts';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { mediaFailure } from '../platform/failure.ts';

const CLOCK_TOLERANCE_SECONDS = 5;
const SESSION_AUDIENCE = 'replay-session';
/** A paused page still finds its playlist. */
const SESSION_LIFE_SECONDS = 12 * 3_600;
const MAX_TOKEN_CHARACTERS = 2_048;

const Session = z.object({
  roomId: z.string(),
  range: z.nullable(RecordingRange),
  evenHidden: z.optional(z.boolean()),
});

export interface ReplayTokens {
  /** @throws MediaFailure media_token_invalid, media_forbidden (other room or right) */
  verify(token: unknown, roomId: string, right: ReplayTokenClaims['right']): Promise<ReplayTokenClaims>;
  issueSession(claims: ReplayTokenClaims): Promise<string>;
  /** @throws MediaFailure media_token_invalid, media_forbidden */
  verifySession(session: unknown, roomId: string): Promise<z.infer<typeof Session>>;
}

export function createReplayTokens(deps: { secret: string; now: () => number }): ReplayTokens {
  const key = new TextEncoder().encode(deps.secret);

  async function payloadOf(token: unknown, audience: string): Promise<Record<string, unknown>> {
    if (typeof token !== 'string' || token.length > MAX_TOKEN_CHARACTERS) throw mediaFailure('media_token_invalid');
    try {
      const { payload } = await jwtVerify(token, key, {
        ...{ algorithms: ['HS256'], audience, clockTolerance: CLOCK_TOLERANCE_SECONDS },
        currentDate: new Date(deps.now()),
      });
      return payload;
    } catch (cause) {
      throw mediaFailure('media_token_invalid', undefined, cause);
    }
  }

  return {
    async verify(token, roomId, right) {
      const parsed = ReplayTokenClaims.safeParse(await payloadOf(token, REPLAY_AUDIENCE));
      if (!parsed.success) throw mediaFailure('media_token_invalid');
      const { exp } = parsed.data;
      if (exp - deps.now() / 1_000 > REPLAY_TOKEN_MAX_LIFE_SECONDS + CLOCK_TOLERANCE_SECONDS) {
        throw mediaFailure('media_token_invalid', { why: 'lives-too-long' });
      }
      if (parsed.data.roomId !== roomId || parsed.data.right !== right) throw mediaFailure('media_forbidden');
      return parsed.data;
    },
    issueSession({ sub, roomId, range, jti, evenHidden }) {
      const nowSeconds = Math.floor(deps.now() / 1_000);
      return new SignJWT({ sub, roomId, range, jti, ...(evenHidden && { evenHidden }) })
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(SESSION_AUDIENCE)
        .setIssuedAt(nowSeconds)
        .setExpirationTime(nowSeconds + SESSION_LIFE_SECONDS)
        .sign(key);
    },
    async verifySession(session, roomId) {
      const parsed = Session.safeParse(await payloadOf(session, SESSION_AUDIENCE));
      if (!parsed.success) throw mediaFailure('media_token_invalid');
      if (parsed.data.roomId !== roomId) throw mediaFailure('media_forbidden');
      return parsed.data;
    },
  };
}
