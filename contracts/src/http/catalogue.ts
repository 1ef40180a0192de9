import { z } from 'zod';
import { OrgUnitId, ProductId, SkuId } from '../ids.ts';
import { PriceFen } from '../money.ts';
import { Instant, MAX_INT4, OrgUnitRef, PageQuery, PictureUrl, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Traffic pack (引流款), main (主推), family pack (家庭装), gift (礼盒), bundle (组合装). */
export const productRoles = ['traffic', 'main', 'family', 'gift', 'bundle'] as const;
/** Nobody outside the brand sees a draft; one that was on sale once never becomes one again. */
export const productStatuses = ['draft', 'on_sale', 'off_sale'] as const;
export type ProductStatus = (typeof productStatuses)[number];
export const MAX_PICTURES = 9;
export const MAX_OPTIONS = 3;
export const MAX_SKUS = 50;

/** What one can choose, for example 口味: 原味, 奶香. */
export const ProductOption = z
  .strictObject({ name: text(12), values: z.array(text(20)).min(1).max(20) })
  .meta({ id: 'ProductOption' });
export type ProductOption = z.infer<typeof ProductOption>;
/** Under which another system knows it. */
export const CatalogueCode = z.string().regex(/^[\w.:/-]{1,64}$/);

/** Of what a product's page says: SHA-256 in hex. */
export const PageHash = z.string().regex(/^[0-9a-f]{64}$/);

export const SkuView = z
  .object({
    id: SkuId,
    name: z.string(),
    priceFen: PriceFen,
    /** Struck price; only with a stated basis (rule Z4). */
    listPriceFen: PriceFen.nullable(),
    listPriceBasis: z.string().nullable(),
    active: z.boolean(),
    /** One value for each option of the product, in their order; empty where it has none. */
    optionValues: z.array(z.string()).optional(),
    /** Rule S6: nothing may sell it for less. Told to staff only. */
    floorPriceFen: PriceFen.nullable().optional(),
    /** Told to staff only. */
    code: z.string().nullable().optional(),
    /** One piece, packed; null: nobody has weighed it. Told to staff only. */
    weightGrams: z.int().nullable().optional(),
  })
  .meta({ id: 'Sku' });
export const ProductView = z
  .object({
    id: ProductId,
    title: z.string(),
    subtitle: z.string(),
    description: z.string(),
    /** The first of the pictures. */
    pictureUrl: PictureUrl,
    pictures: z.array(PictureUrl).optional(),
    role: z.enum(productRoles),
    status: z.enum(productStatuses),
    options: z.array(ProductOption).optional(),
    /** Told to staff only. */
    code: z.string().nullable().optional(),
    /** In a room's bag: which version of the page this is (rule Z1); an order says by it what its buyer saw. */
    pageHash: PageHash.nullable().optional(),
    skus: z.array(SkuView),
  })
  .meta({ id: 'Product' });
export type ProductView = z.infer<typeof ProductView>;

const skuInput = z.strictObject({
  id: SkuId.optional(),
  name: text(40),
  priceFen: PriceFen,
  listPriceFen: PriceFen.nullable().default(null),
  listPriceBasis: text(60).nullable().default(null),
  floorPriceFen: PriceFen.nullable().default(null),
  optionValues: z.array(text(20)).max(MAX_OPTIONS).default([]),
  code: CatalogueCode.nullable().default(null),
});
/** Terms that are not named stay as they are. */
const skuPatch = z.strictObject({
  id: SkuId.optional(),
  name: text(40),
  priceFen: PriceFen,
  listPriceFen: PriceFen.nullable().optional(),
  listPriceBasis: text(60).nullable().optional(),
  floorPriceFen: PriceFen.nullable().optional(),
  optionValues: z.array(text(20)).max(MAX_OPTIONS).optional(),
  code: CatalogueCode.nullable().optional(),
  /** An inactive SKU is not sold any more; orders keep it. */
  active: z.boolean().optional(),
});
const productInput = z.strictObject({
  title: text(60),
  subtitle: text(80, 0),
  description: text(4_000, 0),
  /** One picture where `pictures` is not given. */
  pictureUrl: PictureUrl.optional(),
  pictures: z.array(PictureUrl).min(1).max(MAX_PICTURES).optional(),
  role: z.enum(productRoles),
  options: z.array(ProductOption).max(MAX_OPTIONS).optional(),
  code: CatalogueCode.nullable().optional(),
  status: z.enum(productStatuses).optional(),
  skus: z.array(skuInput).min(1).max(MAX_SKUS),
});

export const listProducts = defineRoute({
  id: 'products.list',
  method: 'GET',
  path: '/products',
  tag: 'catalogue',
  access: { staff: 'catalogue:read' },
  summary: 'Products of the brand',
  query: PageQuery.extend({
    search: text(60).optional(),
    status: z.enum(productStatuses).optional(),
    role: z.enum(productRoles).optional(),
  }),
  reply: page(ProductView),
});
export const createProduct = defineRoute({
  id: 'products.create',
  method: 'POST',
  path: '/products',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'Create a product with its SKUs; on sale at once unless it is said to be a draft',
  body: productInput.refine(({ pictures, pictureUrl }) => pictures !== undefined || pictureUrl !== undefined, {
    path: ['pictures'],
    message: 'needed',
  }),
  reply: ProductView,
  status: 201,
  errors: ['conflict', 'forbidden', 'words_refused'],
});
export const getProduct = defineRoute({
  id: 'products.get',
  method: 'GET',
  path: '/products/:id',
  tag: 'catalogue',
  access: 'public',
  summary: 'One product',
  params: z.strictObject({ id: ProductId }),
  reply: ProductView,
});
export const patchProduct = defineRoute({
  id: 'products.patch',
  method: 'PATCH',
  path: '/products/:id',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary:
    'Change a product; SKUs named by id are changed, others added. Offers that lie below a floor raised by it run on and are listed as such',
  params: z.strictObject({ id: ProductId }),
  body: productInput.partial().extend({ skus: z.array(skuPatch).min(1).max(MAX_SKUS).optional() }),
  reply: ProductView,
  errors: ['conflict', 'forbidden', 'state_conflict', 'words_refused'],
});

export const StockView = z
  .object({
    skuId: SkuId,
    skuName: z.string(),
    productId: ProductId,
    productTitle: z.string(),
    orgUnit: OrgUnitRef,
    onHand: z.int(),
    reserved: z.int(),
    updatedAt: Instant,
  })
  .meta({ id: 'Stock' });
export const listStock = defineRoute({
  id: 'stock.list',
  method: 'GET',
  path: '/stock',
  tag: 'catalogue',
  access: { staff: 'catalogue:read' },
  summary: 'Stock of my scope',
  produces: ['text/csv'],
  query: PageQuery.extend({
    skuId: SkuId.optional(),
    search: text(60).optional(),
    /** Fewer pieces than this are free. */
    below: z.coerce.number().int().min(1).max(1_000_000).optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(StockView),
});
/** Why pieces came or went; an adjustment says so in words. */
export const StockMovementView = z
  .object({
    id: z.uuid(),
    delta: z.int(),
    reason: z.string(),
    /** Number of the order or refund it belongs to; null for a change by hand. */
    ref: z.string().nullable(),
    note: z.string().nullable(),
    by: z.string().nullable(),
    at: Instant,
  })
  .meta({ id: 'StockMovement' });
export const listStockMovements = defineRoute({
  id: 'stock.movements',
  method: 'GET',
  path: '/skus/:id/stock/:orgUnitId/movements',
  tag: 'catalogue',
  access: { staff: 'catalogue:read' },
  summary: 'Every change of what is on hand at a unit of my scope, newest first',
  params: z.strictObject({ id: SkuId, orgUnitId: OrgUnitId }),
  query: PageQuery,
  reply: page(StockMovementView),
  errors: ['not_found'],
});
export const adjustStock = defineRoute({
  id: 'stock.adjust',
  method: 'POST',
  path: '/skus/:id/stock',
  tag: 'catalogue',
  access: { staff: 'stock:write' },
  summary: 'Add to (or take from) the stock of an org unit of my scope; never below what is reserved (rule S1)',
  idempotent: true,
  params: z.strictObject({ id: SkuId }),
  body: z.strictObject({ orgUnitId: OrgUnitId, delta: z.int().min(-1_000_000).max(1_000_000), reason: text(100) }),
  reply: StockView,
  errors: ['forbidden', 'out_of_stock'],
});
export const countStock = defineRoute({
  id: 'stock.count',
  method: 'POST',
  path: '/skus/:id/stock/count',
  tag: 'catalogue',
  access: { staff: 'stock:write' },
  summary:
    'A stock-take: what is on the shelf is `counted` pieces, held ones among them; the difference becomes a movement. Never below what is reserved (rule S1)',
  idempotent: true,
  params: z.strictObject({ id: SkuId }),
  body: z.strictObject({
    orgUnitId: OrgUnitId,
    counted: z.int().min(0).max(10_000_000),
    /** What was on hand when counting began: refused with `state_conflict` when pieces came or went meanwhile. */
    seenOnHand: z.int().min(0).max(MAX_INT4).optional(),
    reason: text(100),
  }),
  reply: StockView,
  errors: ['forbidden', 'not_found', 'out_of_stock', 'state_conflict'],
});
