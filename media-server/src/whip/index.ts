/** WHIP and WHEP: publishing and watching by HTTP and WebRTC alone. */
import type { Router } from 'express';
import { createWhipRoutes, type WhipRoutesOptions } from './routes.ts';
import { createSessions } from './sessions.ts';

export function createWhip(
  deps: Omit<WhipRoutesOptions, 'right' | 'sessions'> & Parameters<typeof createSessions>[0],
): Array<{ path: string; router: Router }> {
  const sessions = createSessions(deps);
  return [
    { path: '/whip', router: createWhipRoutes({ ...deps, sessions, right: 'publish' }) },
    { path: '/whep', router: createWhipRoutes({ ...deps, sessions, right: 'watch' }) },
  ];
}
