/** Guests, consumers and staff: sign-in, sessions, and who a browser is. */
import { limitKeyOf } from '@walnut-live/contracts';
import type { Request, Response } from 'express';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { PageJudge } from '../../platform/embedding.policy.ts';
import type { Binder } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Tokens } from '../../platform/tokens.ts';
import { createCookies } from './cookies.ts';
import { bindIdentityRoutes } from './identity.routes.ts';
import { createIdentityService } from './identity.service.ts';
import { createRefreshTokens } from './refresh-tokens.ts';

export { hashPassword, verifyPassword } from './passwords.ts';
export { selvesOf } from './selves.ts';

/** Many people share one address (a shop's Wi-Fi, a carrier's gateway): looking in is cheap, signing in is not. */
const VISITS_PER_SIGN_IN = 10;
const SIGN_INS_PER_IDENTITY = 6;

export interface Identity {
  /** The person that this browser is, as far as its visitor cookie says; not proof enough to act for them. */
  visitorFromRequest(req: Request): Promise<string | undefined>;
  /** The same, or a new guest whose cookie is set on `res`. @throws AppError `rate_limited` when one address makes too many. */
  ensureVisitor(req: Request, res: Response): Promise<string>;
}

export function createIdentity(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  log: Logger;
  tokens: Tokens;
  authSecret: string;
  /** Cookies are `Secure` when people come by https. */
  publicUrl: string;
  pages: PageJudge;
  /** Whether the embedded identity provider, which believes every phone number, is there. */
  sandbox: boolean;
  /** Sign-ins one address may try in a minute; the other limits follow from it. */
  signInsPerMinute: number;
  onGuestBecamePerson: (tx: Tx, guestId: string, personId: string) => Promise<void>;
  onConsumer: (tx: Tx, personId: string) => Promise<void>;
}): Identity {
  const { clock, random, tokens, signInsPerMinute } = deps;
  const cookies = createCookies({ secure: deps.publicUrl.startsWith('https:') });
  const refreshTokens = createRefreshTokens({ secret: deps.authSecret, clock, random });
  const service = createIdentityService({ ...deps, refreshTokens });
  const perMinute = (points: number) => createLimit({ points, seconds: 60 });
  const limits = {
    visits: perMinute(signInsPerMinute * VISITS_PER_SIGN_IN),
    signIns: perMinute(signInsPerMinute),
    identity: perMinute(Math.max(1, Math.floor(signInsPerMinute / SIGN_INS_PER_IDENTITY))),
  };
  const { sandbox, pages } = deps;
  bindIdentityRoutes(deps.bind, { service, cookies, limits, tokens, sandbox, pages });

  const visitorFromRequest = (req: Request) => service.visitor(cookies.visitorOf(req));
  return {
    visitorFromRequest,
    async ensureVisitor(req, res) {
      const known = await visitorFromRequest(req);
      if (known) return known;
      await limits.visits.take(limitKeyOf(req.ip ?? ''));
      const id = await service.newVisitor();
      cookies.setVisitor(res, await tokens.visitor(id));
      return id;
    },
  };
}
