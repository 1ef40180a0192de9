/** `307 Location` to another host that has what was asked for: method, body and query stay. */
import type { Request, Response } from 'express';

const WAY_BACK = 'hop';

/** Another host has sent them here: sent on once more they might go to and fro. */
export const wasSent = (request: Request): boolean => request.query[WAY_BACK] !== undefined;

/** @param url Public address of the other host. */
export function sendElsewhere(request: Request, response: Response, url: string): void {
  const target = new URL(request.originalUrl, url);
  target.searchParams.set(WAY_BACK, '1');
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('cache-control', 'no-store');
  response.redirect(307, target.href);
}
