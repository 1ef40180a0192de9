import {
  type Audience,
  GuestSession,
  guestSignIn,
  type Me,
  type Route,
  refreshSession,
  type Session,
  sandboxSignIn,
  signOut as signOutRoute,
  staffSignIn,
} from '@walnut-live/contracts';
import { ApiError, isApiError } from './api-error.ts';
import type { GuestTokens } from './guest-tokens.ts';
import type { LooseArgs } from './request.ts';

/*
 * Who this browser is. The access token lives in this closure only; the refresh token is an HttpOnly cookie we never see.
 *
 * Invariants
 * - At most one refresh (or guest sign-in) is under way in this page, and, where Web Locks exist, in all tabs of this
 *   browser: refresh tokens rotate, so two at once would look like a stolen token.
 * - A sign-in or sign-out that happens meanwhile wins over an older refresh (`epoch`).
 * - Only an answer that says so ends a session; being offline never signs anybody out.
 */

/** Refresh this long before the access token ends, so that a request does not die on its way. */
const REFRESH_AHEAD_MS = 30_000;

export type SessionListener = (me: Me | null) => void;

export type SessionKeeperDeps = {
  audience: Audience;
  now: () => number;
  /** One exchange without session handling. */
  exchange: (route: Route, args: LooseArgs) => Promise<unknown>;
  /** Runs a task alone among all tabs. */
  alone: <T>(task: () => Promise<T>) => Promise<T>;
  /** Of a page without cookies: by what it is the same guest again. */
  guests?: GuestTokens | undefined;
};

export type SessionKeeper = ReturnType<typeof createSessionKeeper>;

export const createSessionKeeper = ({ audience, now, exchange, alone, guests }: SessionKeeperDeps) => {
  let current: { accessToken: string; staleAtMs: number; me: Me } | null = null;
  let pending: Promise<string> | null = null;
  let epoch = 0;
  const listeners = new Set<SessionListener>();

  const set = (session: Session | null): void => {
    const before = current?.me ?? null;
    current = session && {
      accessToken: session.accessToken,
      staleAtMs: now() + Math.max(1_000, session.expiresInSeconds * 1_000 - REFRESH_AHEAD_MS),
      me: session.me,
    };
    const after = current?.me ?? null;
    if (JSON.stringify(before) !== JSON.stringify(after)) for (const listener of [...listeners]) listener(after);
  };

  const ask = async (route: Route, body: unknown): Promise<GuestSession> => {
    const reply = GuestSession.safeParse(await exchange(route, { body }));
    if (!reply.success) throw new ApiError({ code: 'bad_reply', status: 200, cause: reply.error });
    return reply.data;
  };

  const beGuest = async (guestToken: string | null): Promise<Session> => {
    try {
      const session = await ask(guestSignIn, guestToken ? { guestToken } : {});
      if (session.guestToken) guests?.set(session.guestToken);
      return session;
    } catch (error) {
      if (!guestToken || !isApiError(error, 'invalid_request')) throw error;
      // A server that does not read it must not keep this browser out for as long as it is kept.
      guests?.set(null);
      return beGuest(null);
    }
  };

  /** A consumer who has no session is a guest, "or the person this browser already is"; staff must sign in. */
  const obtain = async (): Promise<Session> => {
    if (audience === 'staff' || current?.me.kind === 'consumer') {
      try {
        return await ask(refreshSession, { audience });
      } catch (error) {
        if (audience === 'staff' || !isApiError(error) || error.status !== 401) throw error;
      }
    }
    const known = guests?.get() ?? null;
    return guests && !known ? guests.alone(() => beGuest(guests.get())) : beGuest(known);
  };

  const renew = (): Promise<string> => {
    if (pending) return pending;
    const mine = epoch;
    const run = alone(obtain).then(
      (session) => {
        if (mine === epoch) set(session);
        if (!current) throw new ApiError({ code: 'unauthenticated', status: 401 });
        return current.accessToken;
      },
      (error: unknown) => {
        if (mine === epoch && isApiError(error) && error.status === 401) set(null);
        throw error;
      },
    );
    pending = run.finally(() => {
      pending = null;
    });
    return pending;
  };

  const signIn = async (route: Route, body: unknown): Promise<Me> => {
    // A refresh under way must not answer after us with the cookie of the person before.
    await pending?.catch(() => undefined);
    const session = await alone(() => ask(route, body));
    epoch += 1;
    set(session);
    return session.me;
  };

  return {
    /** Who is signed in as far as this page knows; null before the first `ensure`. */
    me: (): Me | null => current?.me ?? null,
    /** The token as it is, possibly stale; null if none. */
    peekToken: (): string | null => current?.accessToken ?? null,
    /** A token good for the next half minute; refreshes or becomes a guest when needed. */
    ensure: (): Promise<string> =>
      current && now() < current.staleAtMs ? Promise.resolve(current.accessToken) : renew(),
    /** A new token because `rejected` was refused; if another call has already got one, that. */
    replace: (rejected: string | null): Promise<string> =>
      current && current.accessToken !== rejected ? Promise.resolve(current.accessToken) : renew(),
    signInSandbox: (person: { phone: string; name?: string }): Promise<Me> => signIn(sandboxSignIn, person),
    signInStaff: (credentials: { username: string; password: string }): Promise<Me> => signIn(staffSignIn, credentials),
    /** Ends the session here even when the server cannot be told; then the cookie ends by itself. */
    signOut: async (): Promise<void> => {
      await pending?.catch(() => undefined);
      try {
        await alone(() => exchange(signOutRoute, { body: { audience } }));
      } finally {
        guests?.set(null);
        epoch += 1;
        set(null);
      }
    },
    /** Calls `listener` on every change of the person; returns its undo. */
    subscribe: (listener: SessionListener): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
