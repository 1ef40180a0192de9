import type { BodyInputOf, ParamsOf, QueryInputOf, Route } from '@walnut-live/contracts';
import { ApiError, errorFromResponse } from './api-error.ts';

/** A part of the call: absent when the route has none, optional when all of its fields are. */
type Part<Name extends string, Value> = [Value] extends [undefined]
  ? { [K in Name]?: undefined }
  : Record<string, never> extends Value
    ? { [K in Name]?: Value }
    : { [K in Name]: Value };

/** What a route needs from its caller, derived from the contract. */
export type CallArgs<R extends Route> = Part<'params', ParamsOf<R>> &
  Part<'query', QueryInputOf<R>> &
  Part<'body', BodyInputOf<R>> &
  (R extends { consumes: readonly string[] } ? { file: Blob } : { file?: undefined }) &
  (R extends { idempotent: true } ? { idempotencyKey: string } : { idempotencyKey?: undefined }) & {
    signal?: AbortSignal | undefined;
  };

/** The second argument may be left out when nothing in it is required. */
export type CallRest<R extends Route> =
  Record<string, never> extends CallArgs<R> ? [args?: CallArgs<R>] : [args: CallArgs<R>];

export type LooseArgs = {
  params?: unknown;
  query?: unknown;
  body?: unknown;
  /** The body itself, of a route that takes bytes. */
  file?: Blob | undefined;
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
};

/** `/rooms/:id` + `{ id }` → `/rooms/0190…`; a missing parameter is a programming error and throws. */
export const routeUrl = (baseUrl: string, route: Route, args: Pick<LooseArgs, 'params' | 'query'>): string => {
  const params = (args.params ?? {}) as Record<string, unknown>;
  const path = route.path.replace(/:([A-Za-z]\w*)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === null || value === '') throw new TypeError(`${route.id}: no ${name}`);
    return encodeURIComponent(String(value));
  });
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries((args.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return `${baseUrl}${route.base ?? '/api/v1'}${path}${text ? `?${text}` : ''}`;
};

export type SendOptions = {
  fetch: typeof fetch;
  baseUrl: string;
  timeoutMs: number;
  accessToken: string | null;
  credentials: 'include' | 'omit';
  accept?: string;
};

/** A file takes its time on a store's way up. */
const UPLOAD_TIMEOUT_MS = 120_000;

/** `AbortSignal.throwIfAborted`, which Chromium 97 to 99 lack. */
export const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted) throw signal.reason ?? new DOMException('aborted', 'AbortError');
};

/** One HTTP exchange. Resolves with a successful response; rejects with ApiError, or the caller's abort reason. */
export const send = async (route: Route, args: LooseArgs, options: SendOptions): Promise<Response> => {
  const url = routeUrl(options.baseUrl, route, args);
  const headers = new Headers({ accept: options.accept ?? 'application/json', 'x-walnut-client': 'web' });
  if (options.accessToken) headers.set('authorization', `Bearer ${options.accessToken}`);
  if (args.idempotencyKey) headers.set('idempotency-key', args.idempotencyKey);
  const hasBody = route.method !== 'GET' && route.body !== undefined;
  if (hasBody) headers.set('content-type', 'application/json');
  else if (args.file) headers.set('content-type', args.file.type);

  // AbortSignal.any and .timeout are missing in older WeChat browsers, so both are made by hand.
  const { signal } = args;
  throwIfAborted(signal);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), args.file ? UPLOAD_TIMEOUT_MS : options.timeoutMs);
  const onAbort = (): void => controller.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const response = await options.fetch(url, {
      method: route.method,
      headers,
      credentials: options.credentials,
      cache: 'no-store',
      signal: controller.signal,
      ...(hasBody ? { body: JSON.stringify(args.body ?? {}) } : args.file ? { body: args.file } : {}),
    });
    if (!response.ok) throw await errorFromResponse(response);
    return response;
  } catch (cause) {
    throwIfAborted(signal);
    if (cause instanceof ApiError) throw cause;
    throw new ApiError({ code: 'offline', status: 0, cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
};
