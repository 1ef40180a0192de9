import * as contracts from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { sendCsv } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import { readBody } from '../files/index.ts';
import type { CatalogueService } from './catalogue.service.ts';
import { exportColumns, exportLines, stockColumns } from './export.ts';
import type { Imports } from './import.service.ts';
import type { StockService } from './stock.service.ts';

export function bindCatalogueRoutes(
  bind: Binder,
  deps: { db: Db; clock: Clock; catalogue: CatalogueService; stock: StockService; imports: Imports },
): void {
  const { db, clock, catalogue, stock, imports } = deps;
  const fileName = (what: string) => `${what}-${clock.now().toISOString().slice(0, 10)}.csv`;
  bind(contracts.listProducts, ({ query }) => catalogue.list(query));
  bind(contracts.createProduct, ({ principal, body }) => catalogue.create(principal, body));
  bind(contracts.getProduct, ({ params, principal }) => catalogue.view(params.id, principal?.staff !== undefined));
  bind(contracts.patchProduct, ({ principal, params, body }) => catalogue.patch(principal, params.id, body));
  bind(contracts.importCatalogue, async ({ principal, query, req, res }) => {
    const bytes = await readBody(req, contracts.IMPORT_BYTES).catch((error: unknown) => {
      res.set('Connection', 'close'); // the rest of the body is not read
      throw error;
    });
    return imports.run(principal, bytes, query.apply === 'true');
  });
  bind(contracts.exportCatalogue, async ({ res }) => {
    await sendCsv(res, fileName('catalogue'), exportColumns, exportLines({ sql: db.sql }));
    return written;
  });
  bind(contracts.listStock, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return stock.list(principal, query);
    await sendCsv(res, fileName('stock'), stockColumns, stock.all(principal, query));
    return written;
  });
  bind(contracts.listStockMovements, ({ principal, params, query }) => stock.movements(principal, params, query));
  bind(contracts.countStock, ({ principal, params, body, tx }) => stock.count(tx, principal, params.id, body));
  bind(contracts.adjustStock, ({ principal, params, body, tx }) => stock.adjust(tx, principal, params.id, body));
}
