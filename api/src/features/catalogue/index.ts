/** Products, SKUs and stock. */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { bindCatalogueRoutes } from './catalogue.routes.ts';
import { createCatalogueService } from './catalogue.service.ts';
import { createStockService } from './stock.service.ts';

export function createCatalogue(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
}): void {
  bindCatalogueRoutes(deps.bind, { catalogue: createCatalogueService(deps), stock: createStockService(deps) });
}
