/** Headers that the apps' pages carry, the same in the gateway and in nginx. */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/**
 * Content security policy of the three apps. Inline styles are allowed because both component libraries write them;
 * scripts only from our own files. Sockets to our own host are named as well: older Safari does not count them as 'self'.
 * Of several media servers each has a name below the host's, from which the player takes sockets and HLS.
 */
export function contentSecurityPolicy(host: string): string {
  const sockets = /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : '';
  const below =
    /^[\w-]+(?:\.[\w-]+)*\.?(?::\d+)?$/.test(host) && !/^[\d.]+(?::\d+)?$/.test(host) ? ` https://*.${host}` : '';
  return [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `media-src 'self' blob:${below}`,
    "font-src 'self' data:",
    `connect-src 'self'${sockets}${below}${below.replace('https', 'wss')}`,
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Set on every page and file of the apps. */
export const PAGE_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(self), microphone=(self), display-capture=(self), geolocation=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

/**
 * Set on what pages of other sites load. Anybody may have the file: it holds nothing, and which sites may show a room with it is
 * asked of the api. Kept for a day, and for a week more while a newer one is fetched behind it.
 */
export const EMBED_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Cache-Control': 'public, max-age=86400, stale-while-revalidate=604800',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Whether the request came from this machine. */
export function isLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? '';
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/**
 * Says who really asks. The gateway is the outermost proxy, so what a caller wrote there itself is thrown away: rate
 * limits and audit depend on it.
 */
export function setForwarded(request: IncomingMessage): void {
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip') delete request.headers[name];
  }
  request.headers['x-forwarded-for'] = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  request.headers['x-forwarded-proto'] = (request.socket as TLSSocket).encrypted ? 'https' : 'http';
  if (request.headers.host) request.headers['x-forwarded-host'] = request.headers.host;
}
