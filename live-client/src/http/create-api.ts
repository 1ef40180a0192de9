import { type Audience, type Me, type ReplyOf, type Route, sandboxSignIn } from '@walnut-live/contracts';
import { createServerClock } from '../room/server-clock.ts';
import { ApiError, isApiError } from './api-error.ts';
import type { GuestTokens } from './guest-tokens.ts';
import { type CallArgs, type CallRest, type LooseArgs, send, throwIfAborted } from './request.ts';
import { createSessionKeeper, type SessionListener } from './session-keeper.ts';

const DEFAULT_TIMEOUT_MS = 15_000;

export type CreateApiOptions = {
  /** Origin of the api without a trailing slash; empty = the page's own. */
  baseUrl?: string;
  audience: Audience;
  /**
   * `omit`: no cookies either way, as in a page of another site. Who calls is then a guest, the one of `guests`. Default
   * `include`.
   */
  credentials?: 'include' | 'omit';
  /** With `omit`: where the guest is kept (`createGuestTokens`). Default: in this client alone. */
  guests?: GuestTokens;
  fetch?: typeof fetch;
  /** Called on every change of who is signed in. */
  onSession?: SessionListener;
  /** How long one exchange may take before it counts as `offline`. */
  timeoutMs?: number;
  /** Milliseconds of a clock that does not stand still while the device sleeps. */
  now?: () => number;
  /** A reply that does not match its contract is handed on as it came, and told here. */
  onUnexpectedReply?: (routeId: string, error: unknown) => void;
};

export type Api = {
  readonly audience: Audience;
  readonly baseUrl: string;
  /** Calls a route of the contract. Rejects with ApiError, or with the abort reason of its own signal. */
  call: <const R extends Route>(route: R, ...rest: CallRest<R>) => Promise<ReplyOf<R>>;
  /** The same as a file: CSV exports. */
  download: <const R extends Route>(route: R, args: CallArgs<R>) => Promise<Blob>;
  /** What time it is on the server, epoch milliseconds: ± half a second, from the dates of replies. */
  serverNowMs: () => number;
  me: () => Me | null;
  /** Restores the session of this browser; a consumer without one becomes a guest. Staff: rejects with 401. */
  ensureSession: () => Promise<Me>;
  /** Embedded sandbox provider; a guest keeps what they did. */
  signInSandbox: (person: { phone: string; name?: string }) => Promise<Me>;
  signInStaff: (credentials: { username: string; password: string }) => Promise<Me>;
  signOut: () => Promise<void>;
  /** Tells every change of the person; returns its undo. */
  subscribe: (listener: SessionListener) => () => void;
};

/** Signing in, refreshing and out never carry or await a session themselves, except that a guest is told who they were. */
const isIdentityRoute = (route: Route): boolean => route.path.startsWith('/auth/');

const aloneAmongTabs = (audience: Audience) => {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  return <T>(task: () => Promise<T>): Promise<T> =>
    locks ? (locks.request(`walnut-live.session.${audience}`, task) as Promise<T>) : task();
};

const ofThisClient = (): GuestTokens => {
  let token: string | null = null;
  return {
    get: () => token,
    set: (next) => {
      token = next;
    },
    alone: (task) => task(),
  };
};

/**
 * The typed client of the HTTP api. One per page and audience; framework-free.
 * A call that is refused with 401 is repeated once with a fresh token: safe, since a 401 had no effect.
 */
export const createApi = (options: CreateApiOptions): Api => {
  const { audience, onUnexpectedReply } = options;
  const baseUrl = options.baseUrl ?? '';
  const credentials = options.credentials ?? 'include';
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const doFetch: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));

  const clock = createServerClock();
  const sendWith = async (
    route: Route,
    args: LooseArgs,
    accessToken: string | null,
    accept?: string,
  ): Promise<Response> => {
    const sentMs = performance.now();
    const response = await send(route, args, {
      fetch: doFetch,
      baseUrl,
      timeoutMs,
      accessToken,
      credentials,
      ...(accept ? { accept } : {}),
    });
    const dateMs = Date.parse(response.headers.get('date') ?? '');
    if (Number.isFinite(dateMs)) {
      // The header has whole seconds, cut off: on average it is half a second later.
      clock.sample({ sentMs, receivedMs: performance.now(), serverMs: dateMs + 500 });
      // Heals a local clock that stood still while the device slept.
      clock.observe(dateMs);
    }
    return response;
  };

  const readJson = async (response: Response): Promise<unknown> => {
    if (response.status === 204) return undefined;
    try {
      return await response.json();
    } catch (cause) {
      const requestId = response.headers.get('x-request-id');
      throw new ApiError({ code: 'bad_reply', status: response.status, requestId, cause });
    }
  };

  const keeper = createSessionKeeper({
    audience,
    now: options.now ?? Date.now,
    ...(credentials === 'omit' ? { guests: options.guests ?? ofThisClient() } : {}),
    // Without cookies tabs share nothing that one of them could spoil.
    alone: credentials === 'omit' ? (task) => task() : aloneAmongTabs(audience),
    exchange: async (route, args) => {
      return readJson(await sendWith(route, args, route === sandboxSignIn ? keeper.peekToken() : null));
    },
  });
  if (options.onSession) keeper.subscribe(options.onSession);

  /** Public routes do not wait for a consumer's session; staff pages are never anonymous, so theirs do if they can. */
  const tokenFor = async (route: Route): Promise<string | null> => {
    if (isIdentityRoute(route)) return null;
    if (route.access !== 'public') return keeper.ensure();
    return audience === 'staff' ? keeper.ensure().catch(() => null) : keeper.peekToken();
  };

  const exchange = async (route: Route, args: LooseArgs, accept?: string): Promise<Response> => {
    const token = await tokenFor(route);
    throwIfAborted(args.signal);
    try {
      return await sendWith(route, args, token, accept);
    } catch (error) {
      const mayRetry = isApiError(error) && error.status === 401 && !isIdentityRoute(route);
      if (!mayRetry || (route.access === 'public' && token === null)) throw error;
      return sendWith(route, args, await keeper.replace(token), accept);
    }
  };

  const parse = (route: Route, raw: unknown): unknown => {
    if (!route.reply || raw === undefined) return undefined;
    const parsed = route.reply.safeParse(raw);
    if (parsed.success) return parsed.data;
    onUnexpectedReply?.(route.id, parsed.error);
    return raw;
  };

  return {
    audience,
    baseUrl,
    call: async <const R extends Route>(route: R, ...rest: CallRest<R>): Promise<ReplyOf<R>> => {
      const response = await exchange(route, (rest[0] ?? {}) as LooseArgs);
      return parse(route, await readJson(response)) as ReplyOf<R>;
    },
    download: async (route, args) => (await exchange(route, args as LooseArgs, 'text/csv')).blob(),
    serverNowMs: clock.nowMs,
    me: keeper.me,
    ensureSession: async () => {
      await keeper.ensure();
      const me = keeper.me();
      if (!me) throw new ApiError({ code: 'unauthenticated', status: 401 });
      return me;
    },
    signInSandbox: keeper.signInSandbox,
    signInStaff: keeper.signInStaff,
    signOut: keeper.signOut,
    subscribe: keeper.subscribe,
  };
};
