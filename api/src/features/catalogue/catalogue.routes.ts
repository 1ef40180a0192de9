import * as contracts from '@walnut-live/contracts';
import type { Binder } from '../../platform/http.ts';
import type { CatalogueService } from './catalogue.service.ts';
import type { StockService } from './stock.service.ts';

export function bindCatalogueRoutes(bind: Binder, deps: { catalogue: CatalogueService; stock: StockService }): void {
  const { catalogue, stock } = deps;
  bind(contracts.listProducts, ({ query }) => catalogue.list(query));
  bind(contracts.createProduct, ({ principal, body }) => catalogue.create(principal, body));
  bind(contracts.getProduct, ({ params, principal }) => catalogue.view(params.id, principal?.staff !== undefined));
  bind(contracts.patchProduct, ({ principal, params, body }) => catalogue.patch(principal, params.id, body));
  bind(contracts.listStock, ({ principal, query }) => stock.list(principal, query));
  bind(contracts.adjustStock, ({ principal, params, body, tx }) => stock.adjust(tx, principal, params.id, body));
}
