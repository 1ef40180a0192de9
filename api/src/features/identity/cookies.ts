/** The three cookies of identity. Tokens in them are never readable by scripts. */
import type { Audience } from '@walnut-live/contracts';
import { parseCookie, type SetCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { VISITOR_TOKEN_SECONDS } from '../../platform/tokens.ts';

export const VISITOR_COOKIE = 'wl_visitor';
export const REFRESH_COOKIES = { consumer: 'wl_consumer', staff: 'wl_staff' } as const satisfies Record<
  Audience,
  string
>;

export function createCookies(options: { secure: boolean }) {
  const visitor = (value: string, maxAge: number): SetCookie => ({
    name: VISITOR_COOKIE,
    value,
    maxAge,
    path: '/',
    httpOnly: true,
    secure: options.secure,
    sameSite: 'lax', // a share link opened from another site must be the same visitor
  });
  const refresh = (audience: Audience, value: string, maxAge: number): SetCookie => ({
    name: REFRESH_COOKIES[audience],
    value,
    maxAge,
    path: '/api/v1/auth',
    httpOnly: true,
    secure: options.secure,
    sameSite: 'strict',
  });
  const set = (res: Response, cookie: SetCookie) => void res.append('Set-Cookie', stringifySetCookie(cookie));
  const read = (req: Request, name: string) => parseCookie(req.get('cookie') ?? '')[name] || undefined;

  return {
    visitorOf: (req: Request) => read(req, VISITOR_COOKIE),
    refreshOf: (req: Request, audience: Audience) => read(req, REFRESH_COOKIES[audience]),
    setVisitor: (res: Response, token: string) => set(res, visitor(token, VISITOR_TOKEN_SECONDS)),
    clearVisitor: (res: Response) => set(res, visitor('', 0)),
    setRefresh: (res: Response, audience: Audience, token: string, maxAgeSeconds: number) =>
      set(res, refresh(audience, token, maxAgeSeconds)),
    clearRefresh: (res: Response, audience: Audience) => set(res, refresh(audience, '', 0)),
  };
}
export type Cookies = ReturnType<typeof createCookies>;
