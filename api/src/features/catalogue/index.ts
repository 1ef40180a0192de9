/** Products, SKUs and stock. */
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import type { MediaLibrary } from '../media-library/index.ts';
import { bindCatalogueRoutes } from './catalogue.routes.ts';
import { createCatalogueService } from './catalogue.service.ts';
import { createImports } from './import.service.ts';
import { createStockService } from './stock.service.ts';
import { createWriting, type Writing } from './writing.ts';

export {
  allocateAboveFloors,
  type FlooredAmount,
  isBelowFloor,
  roomAboveFloor,
} from '../../platform/price-floor.policy.ts';
export { listBelowFloor } from './below-floor.ts';
export { findProduct, type ProductFields, type ProductRow, type SkuRow } from './catalogue.repository.ts';
export { insertMovement } from './stock.repository.ts';
export { tellRooms } from './stock.service.ts';
export type { Writer, Writing } from './writing.ts';

export function createCatalogue(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  pictures: Pick<MediaLibrary, 'use'>;
}): { readonly writing: Writing } {
  const writing = createWriting(deps);
  bindCatalogueRoutes(deps.bind, {
    catalogue: createCatalogueService({ ...deps, writing }),
    stock: createStockService(deps),
    imports: createImports({ ...deps, writing }),
    ...{ db: deps.db, clock: deps.clock },
  });
  return { writing };
}
