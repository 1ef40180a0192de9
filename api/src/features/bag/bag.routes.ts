import * as contracts from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { BagService } from './bag.service.ts';
import type { BundlesService } from './bundles.service.ts';
import type { OffersService } from './offers.service.ts';

export function bindBagRoutes(
  bind: Binder,
  { bag, offers, bundles }: { bag: BagService; offers: OffersService; bundles: BundlesService },
): void {
  bind(contracts.getBag, ({ params }) => bag.read(params.id));
  bind(contracts.putBag, ({ principal, params, body }) => bag.set(principal, params.id, body.productIds));
  bind(contracts.pinProduct, ({ principal, params, body }) => bag.pin(principal, params.id, body.productId));
  bind(contracts.openOffer, ({ principal, params, body }) => offers.open(principal, params.id, body));
  bind(contracts.openBundle, ({ principal, params, body }) => bundles.open(principal, params.id, body));
  bind(contracts.closeBundle, ({ principal, params }) => bundles.close(principal, params.id));
  bind(contracts.listFlaggedOffers, ({ principal, query }) => offers.flagged(principal, query));
  bind(contracts.patchOffer, ({ principal, params, body }) => offers.patch(principal, params.id, body));
}
