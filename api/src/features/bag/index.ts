/** The bag of a room, the pinned product, and offers. */
import type { Bag } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { bindBagRoutes } from './bag.routes.ts';
import { type BagService, createBagService } from './bag.service.ts';
import { createBundlesService } from './bundles.service.ts';
import { createOffersService, type OffersService } from './offers.service.ts';

export { type BundlePart, refuseBundle, type SplitPart, splitBundle } from './bundles.policy.ts';

const SWEEP_INTERVAL_MS = 2_000;
/** Name of the job that closes offers and bundles whose window is over. */
export const CLOSE_ENDED_OFFERS = 'offers: close ended';

export interface BagFeature {
  readonly bag: BagService;
  readonly offers: Pick<OffersService, 'open' | 'patch'>;
  /** The same within a transaction of somebody else's, so that it happens with their effect or not at all. */
  readonly offersWithin: (tx: Tx) => Pick<OffersService, 'open' | 'patch'>;
}

export function createBag(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  guard: Pick<ClaimGuard, 'requireClean'>;
  /** What an order is charged for shipping where no unit has a rule of its own; told with the bag. */
  shipping: NonNullable<Bag['shipping']>;
}): BagFeature {
  const bundles = createBundlesService(deps);
  const bag = createBagService({ ...deps, closeBundlesOutsideBag: bundles.closeOutsideBag });
  const offers = createOffersService(deps);
  bindBagRoutes(deps.bind, { bag, offers, bundles });
  deps.jobs.every(CLOSE_ENDED_OFFERS, SWEEP_INTERVAL_MS, async () => {
    await offers.sweep();
    await bundles.sweep();
  });
  const { clock, random } = deps;
  return {
    bag,
    offers,
    offersWithin: (tx) => createOffersService({ clock, random, db: { sql: tx, transaction: (work) => work(tx) } }),
  };
}
