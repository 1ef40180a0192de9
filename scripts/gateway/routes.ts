/**
 * Which path goes where on the one origin. ops/nginx carries the same table for the real deployment; a test compares
 * the two.
 */

export type Backend = 'api' | 'media';
export type AppName = 'player' | 'broadcaster' | 'console';

export type Target =
  | { to: Backend; path: string; onlyLoopback: boolean }
  | { to: 'app'; app: AppName }
  /** A file for pages of other sites. */
  | { to: 'embed'; path: string }
  | { to: 'redirect'; location: string };

interface Rule {
  /** The path itself, and everything below it when it ends with a slash. */
  path: string;
  to: Backend;
  /** What replaces `path` on the backend. */
  rewrite?: string;
  /** Not for people: answered only to callers on this machine. */
  onlyLoopback?: boolean;
}

/** In order; the first that matches counts. */
export const BACKEND_RULES: readonly Rule[] = [
  { path: '/api/', to: 'api' },
  { path: '/s/', to: 'api' },
  { path: '/pictures/', to: 'api' },
  { path: '/docs', to: 'api' },
  { path: '/docs/', to: 'api' },
  { path: '/healthz', to: 'api' },
  { path: '/readyz', to: 'api' },
  { path: '/metrics', to: 'api', onlyLoopback: true },
  { path: '/socket.io/', to: 'api' },
  { path: '/media/socket.io/', to: 'media', rewrite: '/socket.io/' },
  { path: '/hls/', to: 'media' },
  { path: '/whip/', to: 'media' },
  { path: '/whep/', to: 'media' },
  { path: '/replay/', to: 'media' },
];

/** The browser apps by their base path; the player has the root. */
export const APP_RULES: readonly { base: string; app: AppName }[] = [
  { base: '/studio/', app: 'broadcaster' },
  { base: '/console/', app: 'console' },
  { base: '/', app: 'player' },
];

/** Files that pages of other sites load (docs/34-embedding.md). */
export const EMBED_BASE = '/embed/';

/** Where a request for `url` (path and query) goes. */
export function route(url: string): Target {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  const rest = end < 0 ? '' : url.slice(end);
  const rule = BACKEND_RULES.find((candidate) => matches(candidate.path, path));
  if (rule) {
    const onward = rule.rewrite === undefined ? path : rule.rewrite + path.slice(rule.path.length);
    return { to: rule.to, path: onward + rest, onlyLoopback: rule.onlyLoopback === true };
  }
  if (path.startsWith(EMBED_BASE)) return { to: 'embed', path };
  const withoutSlash = APP_RULES.find(({ base }) => base !== '/' && `${path}/` === base);
  if (withoutSlash) return { to: 'redirect', location: withoutSlash.base + rest };
  const app = APP_RULES.find(({ base }) => path.startsWith(base));
  return { to: 'app', app: app?.app ?? 'player' };
}

function matches(rulePath: string, path: string): boolean {
  return rulePath.endsWith('/') ? path.startsWith(rulePath) : path === rulePath;
}
