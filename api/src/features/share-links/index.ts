import type { Request, Response } from 'express';
import type { Binder } from '../../platform/http.ts';
import { createChains } from './chains.ts';
import { bindShareLinks } from './share-links.routes.ts';
import { createShareLinksService, type ShareLinksDeps, type ShareLinksService } from './share-links.service.ts';

export {
  createShareLinksService,
  type ShareLinksDeps,
  type ShareLinksService,
  type Touch,
} from './share-links.service.ts';
export { isInWechat } from './visit.policy.ts';

/** Links people share, and the touches they bring (rules A6, A7). */
export function createShareLinks(
  deps: ShareLinksDeps & {
    readonly bind: Binder;
    /** Who this browser is, across sign-ins: makes a guest and its cookie when it is nobody yet. */
    readonly ensureVisitor: (req: Request, res: Response) => Promise<string>;
  },
): Pick<ShareLinksService, 'find'> {
  const service = createShareLinksService(deps);
  const chains = createChains({ db: deps.db, links: service });
  bindShareLinks(deps.bind, { service, chains, ensureVisitor: deps.ensureVisitor });
  return service;
}
