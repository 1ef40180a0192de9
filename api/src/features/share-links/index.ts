import type { Request, Response } from 'express';
import type { Binder } from '../../platform/http.ts';
import { bindShareLinks } from './share-links.routes.ts';
import { createShareLinksService, type ShareLinksDeps } from './share-links.service.ts';

export { createShareLinksService, type Touch } from './share-links.service.ts';

/** Links people share, and the touches they bring (rules A6, A7). */
export function createShareLinks(
  deps: ShareLinksDeps & {
    readonly bind: Binder;
    /** Who this browser is, across sign-ins: makes a guest and its cookie when it is nobody yet. */
    readonly ensureVisitor: (req: Request, res: Response) => Promise<string>;
  },
): void {
  const service = createShareLinksService(deps);
  bindShareLinks(deps.bind, { service, ensureVisitor: deps.ensureVisitor });
}
