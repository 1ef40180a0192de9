/** Signed tokens (JWS HS256, RFC 7515/7519). Each kind has its own audience, so that one cannot stand in for another. */
import {
  REPLAY_AUDIENCE,
  REPLAY_TOKEN_MAX_LIFE_SECONDS,
  type ReplayTokenClaims,
  type StaffRole,
} from '@walnut-live/contracts';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { Clock, Random } from './clock.ts';
import { AppError } from './errors.ts';
import type { Principal } from './principal.ts';

export const ACCESS_TOKEN_SECONDS = 600;
export const ROOM_TOKEN_SECONDS = 120;
export const MEDIA_TOKEN_SECONDS = 120;
export const VISITOR_TOKEN_SECONDS = 400 * 24 * 3600;
/** From the last visit; scripts of the page can read it, so it lasts less than what only cookies hold. */
export const EMBEDDED_GUEST_SECONDS = 90 * 24 * 3600;

const AccessClaims = z.object({
  sub: z.uuid(),
  kind: z.enum(['guest', 'consumer', 'staff']),
  name: z.string(),
  staff: z.object({ role: z.string(), orgUnitId: z.uuid(), orgPath: z.string() }).optional(),
});
const RoomClaims = AccessClaims.extend({ roomId: z.uuid(), role: z.enum(['viewer', 'operator', 'host']) });
export type RoomClaims = {
  principal: Principal;
  roomId: string;
  role: 'viewer' | 'operator' | 'host';
  expiresAt: Date;
};

export interface Tokens {
  access(principal: Principal): Promise<string>;
  verifyAccess(token: string): Promise<Principal>;
  room(principal: Principal, roomId: string, role: RoomClaims['role']): Promise<{ token: string; expiresAt: Date }>;
  verifyRoom(token: string): Promise<RoomClaims>;
  media(grant: {
    personId: string;
    streamId: string;
    right: 'publish' | 'watch';
    roomId: string;
    /** May replace another person's publication of the stream. */
    takeOver?: boolean;
  }): Promise<{ token: string; expiresAt: Date }>;
  /** Lets an encoder publish for a day; `id` is its jti, by which it is revoked. */
  streamKey(key: {
    id: string;
    personId: string;
    streamId: string;
    roomId: string;
    lifeSeconds: number;
    takeOver?: boolean;
  }): Promise<{ token: string; expiresAt: Date }>;
  /** For the replay of a room or a part of it; see contracts/src/media/recording.ts. */
  replay(
    grant: Pick<ReplayTokenClaims, 'roomId' | 'right' | 'range' | 'fileName' | 'evenHidden'> & { personId: string },
  ): Promise<{ token: string; expiresAt: Date }>;
  /** Names the person a browser is, across sign-ins, for share links. */
  visitor(personId: string): Promise<string>;
  verifyVisitor(token: string): Promise<string | undefined>;
  /** Names a guest to the pages of one other site, by its origin; whoever holds it may be that guest, never anybody else. */
  embeddedGuest(personId: string, site: string): Promise<string>;
  verifyEmbeddedGuest(token: string, site: string): Promise<string | undefined>;
}

/** Access tokens whose signature need not be computed again; beyond it all are forgotten. */
const REMEMBERED_TOKENS = 20_000;

export function createTokens(deps: { authSecret: string; mediaSecret: string; clock: Clock; random: Random }): Tokens {
  const { clock, random } = deps;
  /** By the whole token, so one that was changed is another one; each until it expires. */
  const verified = new Map<string, { principal: Principal; until: Date }>();
  const authKey = new TextEncoder().encode(deps.authSecret);
  const mediaKey = new TextEncoder().encode(deps.mediaSecret);

  const sign = async (
    key: Uint8Array,
    audience: string,
    claims: Record<string, unknown>,
    lifeSeconds: number,
    id = random.id(),
  ) => {
    const at = Math.floor(clock.now().getTime() / 1000);
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setAudience(audience)
      .setIssuedAt(at)
      .setExpirationTime(at + lifeSeconds)
      .setJti(id)
      .sign(key);
    return { token, expiresAt: new Date((at + lifeSeconds) * 1000) };
  };
  const verify = async (token: string, audience: string) => {
    try {
      const { payload } = await jwtVerify(token, authKey, {
        audience,
        algorithms: ['HS256'],
        currentDate: clock.now(),
      });
      return payload;
    } catch (cause) {
      throw new AppError('session_expired', {}, cause);
    }
  };
  const claimsOf = ({ personId, kind, name, staff }: Principal) => ({
    sub: personId,
    kind,
    name,
    ...(staff ? { staff } : {}),
  });
  const principalOf = (claims: z.infer<typeof AccessClaims>): Principal => ({
    personId: claims.sub,
    kind: claims.kind,
    name: claims.name,
    ...(claims.staff ? { staff: { ...claims.staff, role: claims.staff.role as StaffRole } } : {}),
  });

  return {
    access: async (principal) => (await sign(authKey, 'access', claimsOf(principal), ACCESS_TOKEN_SECONDS)).token,
    async verifyAccess(token) {
      const known = verified.get(token);
      if (known && clock.now() < known.until) return known.principal;
      const payload = await verify(token, 'access');
      const principal = principalOf(AccessClaims.parse(payload));
      if (verified.size >= REMEMBERED_TOKENS) verified.clear();
      verified.set(token, { principal, until: new Date((payload.exp ?? 0) * 1000) });
      return principal;
    },
    room: (principal, roomId, role) =>
      sign(authKey, 'room', { ...claimsOf(principal), roomId, role }, ROOM_TOKEN_SECONDS),
    async verifyRoom(token) {
      const payload = await verify(token, 'room');
      const claims = RoomClaims.parse(payload);
      return {
        principal: principalOf(claims),
        roomId: claims.roomId,
        role: claims.role,
        expiresAt: new Date((payload.exp ?? 0) * 1000),
      };
    },
    media: ({ personId, ...rest }) => sign(mediaKey, 'media', { sub: personId, ...rest }, MEDIA_TOKEN_SECONDS),
    streamKey: ({ id, personId, lifeSeconds, ...rest }) =>
      sign(mediaKey, 'media', { sub: personId, right: 'publish-key', ...rest }, lifeSeconds, id),
    replay: ({ personId, ...rest }) =>
      sign(mediaKey, REPLAY_AUDIENCE, { sub: personId, ...rest }, REPLAY_TOKEN_MAX_LIFE_SECONDS),
    visitor: async (personId) => (await sign(authKey, 'visitor', { sub: personId }, VISITOR_TOKEN_SECONDS)).token,
    verifyVisitor: async (token) => {
      const payload = await verify(token, 'visitor').catch(() => undefined);
      return z.uuid().safeParse(payload?.sub).data;
    },
    embeddedGuest: async (personId, site) =>
      (await sign(authKey, 'embedded-guest', { sub: personId, site }, EMBEDDED_GUEST_SECONDS)).token,
    verifyEmbeddedGuest: async (token, site) => {
      const payload = await verify(token, 'embedded-guest').catch(() => undefined);
      return payload?.site === site ? z.uuid().safeParse(payload.sub).data : undefined;
    },
  };
}
