/**
 * What pages of other sites may do here: exactly what a guest needs to look into a room (docs/34-embedding.md).
 *
 * Model: the brand names origins (EMBED_ORIGINS, none by default). A page of such an origin may call EMBEDDED_ROUTES, see the
 * product's own pictures and open room sockets; every other route answers it without CORS headers, so its browser keeps the
 * answer from it. Credentials are never allowed: an embedded page has no cookie of ours, only tokens that name guests.
 */
import {
  getBag,
  getFile,
  getMedia,
  getRoom,
  guestSignIn,
  joinRoom,
  mediaGrant,
  type Route,
} from '@walnut-live/contracts';

/** In the order in which a page needs them; the last two are pictures. */
export const EMBEDDED_ROUTES: readonly Route[] = [
  guestSignIn,
  joinRoom,
  getRoom,
  getBag,
  mediaGrant,
  getFile,
  getMedia,
];

/** Pictures that come with the product. */
const PICTURES = /^\/pictures\/./;
/** What such a page may send besides what browsers always let through. */
export const EMBEDDED_REQUEST_HEADERS = 'Authorization, Content-Type, X-Walnut-Client';
/** What its script may read of an answer: the server's time, when to come again, what to name in a complaint. */
export const EMBEDDED_ANSWER_HEADERS = 'Date, Retry-After, X-Request-Id';
/** Seconds for which a browser may remember the answer to a preflight. */
export const PREFLIGHT_SECONDS = 600;

const patternOf = ({ base, path }: Route): RegExp =>
  new RegExp(`^${(base ?? '/api/v1') + path.replaceAll(/:\w+/g, '[^/]+')}/?$`);
const embedded = EMBEDDED_ROUTES.map((route) => ({ method: route.method, pattern: patternOf(route) }));

/** Whether pages of allowed origins may ask for `path` by `method`, the one a preflight names. */
export const isEmbeddedPath = (method: string, path: string): boolean =>
  ((method === 'GET' || method === 'HEAD') && PICTURES.test(path)) ||
  embedded.some((route) => route.method === method && route.pattern.test(path));

/** Whether any method of `path` is one; then its answer depends on who asks, whoever asks. */
export const isEmbeddedAnyhow = (path: string): boolean =>
  PICTURES.test(path) || embedded.some(({ pattern }) => pattern.test(path));

/** The headers of a request that say which page sent it; lower case, as Node has them. */
export interface PageHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly 'x-forwarded-host'?: string | string[] | undefined;
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/** Which page asks: `own` (or a program, which says nothing), `allowed` = of another site that may embed, `foreign`. */
export type AskingPage = 'own' | 'allowed' | 'foreign';

/**
 * Tells pages apart. Our own pages may be reached by more names than PUBLIC_URL: by those of `ownOrigins`, and by whatever name
 * the browser asked for, as far as the proxies in front hand it on. A page cannot write these headers, and a program that can
 * has no visitor whose rights it could borrow.
 */
export function createPageJudge(given: {
  readonly ownOrigins: readonly string[];
  readonly embedOrigins: readonly string[];
}) {
  const own = new Set(given.ownOrigins);
  const allowed = new Set(given.embedOrigins);
  return (headers: PageHeaders): AskingPage => {
    const { origin, 'sec-fetch-site': site } = headers;
    if (site === 'same-origin' || origin === undefined || own.has(origin)) return 'own';
    if (!URL.canParse(origin)) return 'foreign'; // "null": a sandboxed frame or a file
    const forwarded = headers['x-forwarded-host'];
    const asked = (typeof forwarded === 'string' ? forwarded : undefined) ?? headers.host;
    const { host, hostname } = new URL(origin);
    // A name of ours that EMBED_ORIGINS has too stays ours, unless the browser itself says that the page is another site's:
    // that of the same host on another port, where a proxy hands the name on without it.
    if (asked === host && (site === undefined || !allowed.has(origin))) return 'own';
    if (allowed.has(origin)) return 'allowed';
    // A proxy may hand the name on without its port.
    return site === undefined && asked === hostname ? 'own' : 'foreign';
  };
}
export type PageJudge = ReturnType<typeof createPageJudge>;
