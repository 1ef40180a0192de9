/** Products belong to the brand: HQ writes them, every store sells them, from its own stock or HQ's. */
import type { BodyOf, createProduct, listProducts, ProductView, patchProduct, QueryOf } from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import { priceFaultOf } from './catalogue.policy.ts';
import * as products from './catalogue.repository.ts';

/** Price floors are the brand's own business: staff see them, viewers do not. */
function toView({ createdAt: _, skus, ...product }: products.ProductRow, forStaff: boolean): ProductView {
  return {
    ...product,
    skus: skus
      .filter((sku) => forStaff || sku.active)
      .map(({ floorPriceFen, ...sku }) => (forStaff ? { ...sku, floorPriceFen } : sku)),
  };
}

function checkPrices(skus: readonly products.SkuRow[]): void {
  for (const [index, sku] of skus.entries()) {
    const found = priceFaultOf(sku);
    if (found) {
      throw new AppError('invalid_request', {
        issues: [{ path: `/skus/${index}/${found.field}`, issue: found.fault }],
      });
    }
  }
}

export function createCatalogueService(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
}) {
  const { db, clock, random, guard } = deps;

  async function view(id: string, forStaff: boolean): Promise<ProductView> {
    const product = await products.findProduct(db.sql, id);
    if (!product) throw new AppError('not_found');
    return toView(product, forStaff);
  }

  /** Rule Z3: what a product promises, in every text of it. */
  async function requireClean(
    principal: StaffPrincipal,
    id: string,
    texts: Partial<Record<'title' | 'subtitle' | 'description', string | undefined>> & {
      skus?: readonly { name: string }[] | undefined;
    },
  ): Promise<void> {
    const { title, subtitle, description, skus = [] } = texts;
    await guard.requireClean(
      {
        place: 'product',
        target: `product:${id}`,
        orgPath: principal.staff.orgPath,
        roomId: null,
        personId: principal.personId,
      },
      [title, subtitle, description, ...skus.map(({ name }) => name)],
    );
  }

  return {
    view,

    async list(query: QueryOf<typeof listProducts>) {
      const { search, status, limit } = query;
      const after = decodeTimeCursor(query.cursor);
      const rows = await products.listProducts(db.sql, { search, status, after, limit: limit + 1 });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = rows.length > limit && last ? encodeTimeCursor({ at: last.createdAt, id: last.id }) : null;
      return { items: items.map((row) => toView(row, true)), nextCursor };
    },

    async create(principal: StaffPrincipal, body: BodyOf<typeof createProduct>): Promise<ProductView> {
      const id = random.id();
      const skus = body.skus.map((sku) => ({ ...sku, id: random.id(), active: true }));
      checkPrices(skus);
      await requireClean(principal, id, body);
      await db.transaction(async (tx) => {
        await products.insertProduct(tx, id, { ...body, status: 'on_sale' }, clock.now());
        for (const sku of skus) await products.insertSku(tx, id, sku);
        await writeAudit(tx, deps, {
          actorId: principal.personId,
          action: 'product:created',
          target: `product:${id}`,
          orgPath: principal.staff.orgPath,
          detail: { title: body.title, skus },
        });
      });
      return view(id, true);
    },

    /** SKUs named by id are changed, SKUs without one are added; what is not named stays. */
    async patch(principal: StaffPrincipal, id: string, body: BodyOf<typeof patchProduct>): Promise<ProductView> {
      await requireClean(principal, id, body);
      await db.transaction(async (tx) => {
        const found = await products.lockProduct(tx, id);
        const before = found ? await products.findProduct(tx, id) : undefined;
        if (!before) throw new AppError('not_found');
        const { skus: wanted = [], ...fields } = body;
        const named = wanted.flatMap((sku) => sku.id ?? []);
        if (new Set(named).size < named.length) {
          throw new AppError('invalid_request', { issues: [{ path: '/skus', issue: 'duplicate_id' }] });
        }
        const changed = wanted.map((sku): products.SkuRow => {
          const known = before.skus.find((candidate) => candidate.id === sku.id);
          if (sku.id && !known) throw new AppError('not_found', { detail: 'SKU of another product' });
          const kept = known ?? { listPriceFen: null, listPriceBasis: null, floorPriceFen: null, active: true };
          const given = Object.fromEntries(Object.entries(sku).filter(([, value]) => value !== undefined));
          return { ...kept, ...given, id: known?.id ?? random.id(), name: sku.name, priceFen: sku.priceFen };
        });
        checkPrices(changed);
        await products.updateProduct(tx, id, { ...before, ...definedOf(fields) }, clock.now());
        for (const sku of changed) {
          const write = before.skus.some(({ id: skuId }) => skuId === sku.id) ? products.updateSku : products.insertSku;
          await write(tx, id, sku);
        }
        await writeAudit(tx, deps, {
          actorId: principal.personId,
          action: 'product:changed',
          target: `product:${id}`,
          orgPath: principal.staff.orgPath,
          detail: { ...definedOf(fields), ...(changed.length > 0 ? { skus: changed } : {}) },
        });
      });
      return view(id, true);
    },
  };
}
export type CatalogueService = ReturnType<typeof createCatalogueService>;

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
