import * as contracts from '@walnut-live/contracts';
import { limitKeyOf } from '@walnut-live/contracts';
import type { Request, Response } from 'express';
import type { PageJudge } from '../../platform/embedding.policy.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Limit } from '../../platform/limits.ts';
import type { Tokens } from '../../platform/tokens.ts';
import type { Cookies } from './cookies.ts';
import type { IdentityService, SignedIn } from './identity.service.ts';
import { REFRESH_SECONDS } from './refresh-tokens.ts';

export interface IdentityLimits {
  /** Guests and refreshes per address. */
  readonly visits: Limit;
  /** Sign-ins per address. */
  readonly signIns: Limit;
  /** Sign-ins per phone or user name, and uses of one refresh token. */
  readonly identity: Limit;
}

/** A page of another site can make a browser post a form, but not with a header of its own: this stops forged requests. */
function requireOwnClient(req: Request): void {
  if (!req.get('x-walnut-client'))
    throw new AppError('forbidden', { detail: 'the header X-Walnut-Client is required' });
}

/**
 * A page of another site can post a form to a sign-in and so make its visitor somebody of its choice, or sign them out of who
 * they are. Browsers say where a request comes from; programs that say nothing are no danger to anybody's cookies.
 */
function refuseForeignPages(req: Request, pages: PageJudge): void {
  if (req.get('sec-fetch-site') === 'cross-site' || pages(req.headers) !== 'own')
    throw new AppError('forbidden', { detail: 'pages of other sites may not sign anybody in' });
}

export function bindIdentityRoutes(
  bind: Binder,
  deps: {
    service: IdentityService;
    cookies: Cookies;
    limits: IdentityLimits;
    tokens: Tokens;
    /** Whether consumers may sign in by the embedded provider, which believes every phone number. */
    sandbox: boolean;
    pages: PageJudge;
  },
): void {
  const { service, cookies, limits, tokens } = deps;

  async function answer(res: Response, audience: contracts.Audience, signedIn: SignedIn): Promise<contracts.Session> {
    res.set('Cache-Control', 'no-store');
    if (audience === 'consumer') cookies.setVisitor(res, await tokens.visitor(signedIn.session.me.id));
    if (signedIn.refreshToken) cookies.setRefresh(res, audience, signedIn.refreshToken, REFRESH_SECONDS[audience]);
    return signedIn.session;
  }

  bind(contracts.guestSignIn, async ({ req, res, ip, body }) => {
    const site = req.get('origin');
    if (site !== undefined && deps.pages(req.headers) === 'allowed') {
      // No cookie is read or set: the page of another site is never told, nor made, who this browser is to us.
      await limits.visits.take(limitKeyOf(ip));
      res.set('Cache-Control', 'no-store');
      return service.embeddedGuest(site, body.guestToken);
    }
    refuseForeignPages(req, deps.pages);
    await limits.visits.take(limitKeyOf(ip));
    const refreshToken = cookies.refreshOf(req, 'consumer');
    const consumer = await service.refresh(refreshToken, 'consumer');
    if (consumer) return answer(res, 'consumer', consumer);
    if (refreshToken) cookies.clearRefresh(res, 'consumer');
    return answer(res, 'consumer', await service.guest(cookies.visitorOf(req)));
  });

  bind(contracts.sandboxSignIn, async ({ req, res, ip, body, principal }) => {
    if (!deps.sandbox) throw new AppError('not_found');
    refuseForeignPages(req, deps.pages);
    await limits.signIns.take(limitKeyOf(ip));
    await limits.identity.take(`phone ${body.phone}`);
    const browser = { bearer: principal, visitorToken: cookies.visitorOf(req) };
    return answer(res, 'consumer', await service.sandbox(body, browser));
  });

  bind(contracts.staffSignIn, async ({ req, res, ip, body }) => {
    refuseForeignPages(req, deps.pages);
    await limits.signIns.take(limitKeyOf(ip));
    await limits.identity.take(`staff ${body.username.trim().toLowerCase()}`);
    return answer(res, 'staff', await service.staff(body.username, body.password));
  });

  bind(contracts.refreshSession, async ({ req, res, ip, body: { audience } }) => {
    requireOwnClient(req);
    await limits.visits.take(limitKeyOf(ip));
    const token = cookies.refreshOf(req, audience);
    if (token) await limits.identity.take(`refresh ${token}`);
    const signedIn = await service.refresh(token, audience);
    if (signedIn) return answer(res, audience, signedIn);
    if (token) cookies.clearRefresh(res, audience);
    throw new AppError('session_expired');
  });

  bind(contracts.signOut, async ({ req, res, body: { audience } }) => {
    requireOwnClient(req);
    await service.signOut(cookies.refreshOf(req, audience), audience);
    cookies.clearRefresh(res, audience);
    // Whoever takes this phone next is another person.
    if (audience === 'consumer') cookies.clearVisitor(res);
    return undefined;
  });

  bind(contracts.me, async ({ principal, res }) => {
    res.set('Cache-Control', 'no-store');
    return service.me(principal);
  });
}
