/** Products belong to the brand: HQ writes them, every store sells them, from its own stock or HQ's. */
import {
  type BodyOf,
  type createProduct,
  type listProducts,
  may,
  type ProductView,
  type patchProduct,
  type QueryOf,
} from '@walnut-live/contracts';
import type { Random } from '../../platform/clock.ts';
import { decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ClaimGuard } from '../claim-guard/index.ts';
import * as products from './catalogue.repository.ts';
import type { Writer, Writing } from './writing.ts';

/** Floors and codes are the brand's own business: staff see them, viewers do not. */
function toView(row: products.ProductRow, forStaff: boolean): ProductView {
  const { createdAt: _created, snapshotHash: _hash, skus, code, ...product } = row;
  return {
    ...product,
    pictureUrl: product.pictures[0] ?? '',
    ...(forStaff ? { code } : {}),
    skus: skus
      .filter((sku) => forStaff || sku.active)
      .map(({ floorPriceFen, code: skuCode, weightGrams = null, ...sku }) =>
        forStaff ? { ...sku, floorPriceFen, code: skuCode, weightGrams } : sku,
      ),
  };
}

/** Who writes products with the rights of this person. */
export const writerOf = ({ personId, staff }: StaffPrincipal): Writer => ({
  personId,
  orgPath: staff.orgPath,
  maySetFloors: may(staff.role, 'floors:write'),
});

export function createCatalogueService(deps: {
  db: Db;
  random: Random;
  guard: Pick<ClaimGuard, 'requireClean'>;
  writing: Writing;
}) {
  const { db, random, guard, writing } = deps;

  async function view(id: string, forStaff: boolean): Promise<ProductView> {
    const product = await products.findProduct(db.sql, id);
    if (!product || (product.status === 'draft' && !forStaff)) throw new AppError('not_found');
    return toView(product, forStaff);
  }

  /** Rule Z3: what a product promises, in every text of it. */
  async function requireClean(
    principal: StaffPrincipal,
    id: string,
    texts: Partial<Record<'title' | 'subtitle' | 'description', string | undefined>> & {
      options?: readonly { name: string; values: readonly string[] }[] | undefined;
      skus?: readonly { name: string }[] | undefined;
    },
  ): Promise<void> {
    const { title, subtitle, description, options = [], skus = [] } = texts;
    await guard.requireClean(
      {
        place: 'product',
        target: `product:${id}`,
        orgPath: principal.staff.orgPath,
        roomId: null,
        personId: principal.personId,
      },
      [
        title,
        subtitle,
        description,
        ...options.flatMap((option) => [option.name, ...option.values]),
        ...skus.map(({ name }) => name),
      ],
    );
  }

  return {
    view,

    async list(query: QueryOf<typeof listProducts>) {
      const { cursor, limit, ...filter } = query;
      const rows = await products.listProducts(db.sql, {
        ...filter,
        after: decodeTimeCursor(cursor),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const items = await products.readProducts(
        db.sql,
        shown.map(({ id }) => id),
      );
      return {
        items: items.map((row) => toView(row, true)),
        nextCursor: rows.length > limit && last ? encodeTimeCursor({ at: last.createdAt, id: last.id }) : null,
      };
    },

    async create(principal: StaffPrincipal, body: BodyOf<typeof createProduct>): Promise<ProductView> {
      const id = random.id();
      await requireClean(principal, id, body);
      const { skus, pictureUrl, pictures, options = [], code = null, status = 'on_sale', ...texts } = body;
      const gallery = pictures ?? (pictureUrl === undefined ? [] : [pictureUrl]);
      await db.transaction((tx) =>
        writing.insert(
          tx,
          writerOf(principal),
          id,
          { ...texts, pictures: gallery, options, code, status },
          skus.map(({ id: _given, ...sku }) => ({ ...sku, active: true })),
        ),
      );
      return view(id, true);
    },

    /** SKUs named by id are changed, SKUs without one are added; what is not named stays. */
    async patch(principal: StaffPrincipal, id: string, body: BodyOf<typeof patchProduct>): Promise<ProductView> {
      await requireClean(principal, id, body);
      await db.transaction(async (tx) => {
        const found = await products.lockProduct(tx, id);
        const before = found ? await products.findProduct(tx, id) : undefined;
        if (!before) throw new AppError('not_found');
        const { skus: wanted = [], pictureUrl, ...fields } = body;
        const named = wanted.flatMap((sku) => sku.id ?? []);
        if (new Set(named).size < named.length) {
          throw new AppError('invalid_request', { issues: [{ path: '/skus', issue: 'duplicate_id' }] });
        }
        const skus = wanted.map((sku): products.SkuRow => {
          const known = before.skus.find((candidate) => candidate.id === sku.id);
          if (sku.id && !known) throw new AppError('not_found', { detail: 'SKU of another product' });
          return {
            ...(known ?? newSku),
            ...definedOf(sku),
            id: known?.id ?? random.id(),
            name: sku.name,
            priceFen: sku.priceFen,
          };
        });
        const first = pictureUrl === undefined ? {} : { pictures: [pictureUrl, ...before.pictures.slice(1)] };
        await writing.change(tx, writerOf(principal), before, { fields: { ...first, ...definedOf(fields) }, skus });
      });
      return view(id, true);
    },
  };
}
export type CatalogueService = ReturnType<typeof createCatalogueService>;

const newSku = {
  listPriceFen: null,
  listPriceBasis: null,
  floorPriceFen: null,
  optionValues: [],
  code: null,
  active: true,
};
type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
function definedOf<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
