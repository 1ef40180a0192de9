import { createShareLink, followShareLink, getShareChain, myShares } from '@walnut-live/contracts';
import type { Request, Response } from 'express';
import { type Binder, written } from '../../platform/http.ts';
import { createLimit } from '../../platform/limits.ts';
import type { createChains } from './chains.ts';
import type { ShareLinksService } from './share-links.service.ts';
import { isVisit } from './visit.policy.ts';

/** Links one person may ask for; sharing is tapping, not scripting. */
const LINKS_PER_MINUTE = 30;

export function bindShareLinks(
  bind: Binder,
  deps: {
    service: ShareLinksService;
    chains: ReturnType<typeof createChains>;
    ensureVisitor: (req: Request, res: Response) => Promise<string>;
  },
): void {
  const { service } = deps;
  const limit = createLimit({ points: LINKS_PER_MINUTE, seconds: 60 });

  bind(createShareLink, async ({ principal, body }) => {
    await limit.take(principal.personId);
    return service.create(principal, body);
  });

  bind(getShareChain, ({ principal, params }) => deps.chains.read(principal, params.id));

  bind(myShares, async ({ principal }) => service.mine(principal));

  bind(followShareLink, async ({ params, query, req, res, ip, userAgent }) => {
    const purpose = `${req.get('sec-purpose') ?? ''} ${req.get('purpose') ?? ''}`;
    const visitor = isVisit({ method: req.method, userAgent, purpose })
      ? { personId: () => deps.ensureVisitor(req, res), ip, userAgent }
      : null;
    const location = await service.follow(params.token, visitor, query);
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
    res.redirect(302, location);
    return written;
  });
}
