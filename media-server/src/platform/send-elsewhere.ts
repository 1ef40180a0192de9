/** `307 Location` to another host that has what was asked for: method, body and query stay. */
import type { Request, Response } from 'express';

const WAY_BACK = 'hop';
/** The cache in front (ops/nginx/hls-cache.conf) hands on this one value and no other. */
const ONCE = '1';

/** Another host has sent them here: sent on once more they might go to and fro. */
export const wasSent = (request: Request): boolean => request.query[WAY_BACK] === ONCE;

/** @param url Public address of the other host. */
export function sendElsewhere(request: Request, response: Response, url: string): void {
  const target = new URL(request.originalUrl, url);
  target.searchParams.set(WAY_BACK, ONCE);
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('cache-control', 'no-store');
  response.redirect(307, target.href);
}
