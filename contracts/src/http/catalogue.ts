import { z } from 'zod';
import { OrgUnitId, ProductId, SkuId } from '../ids.ts';
import { PriceFen } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, PictureUrl, page, text } from './common.ts';
import { defineRoute } from './route.ts';

export const SkuView = z
  .object({
    id: SkuId,
    name: z.string(),
    priceFen: PriceFen,
    /** Struck price; only with a stated basis (rule Z4). */
    listPriceFen: PriceFen.nullable(),
    listPriceBasis: z.string().nullable(),
    active: z.boolean(),
    /** Rule S6: no store may offer it for less. Told to staff only. */
    floorPriceFen: PriceFen.nullable().optional(),
  })
  .meta({ id: 'Sku' });
export const ProductView = z
  .object({
    id: ProductId,
    title: z.string(),
    subtitle: z.string(),
    description: z.string(),
    pictureUrl: PictureUrl,
    /** Traffic pack (引流款), main (主推), family pack (家庭装), gift (礼盒). */
    role: z.enum(['traffic', 'main', 'family', 'gift']),
    status: z.enum(['on_sale', 'off_sale']),
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
});
/** Terms that are not named stay as they are. */
const skuPatch = z.strictObject({
  id: SkuId.optional(),
  name: text(40),
  priceFen: PriceFen,
  listPriceFen: PriceFen.nullable().optional(),
  listPriceBasis: text(60).nullable().optional(),
  floorPriceFen: PriceFen.nullable().optional(),
  /** An inactive SKU is not sold any more; orders keep it. */
  active: z.boolean().optional(),
});
const productInput = z.strictObject({
  title: text(60),
  subtitle: text(80, 0),
  description: text(4_000, 0),
  pictureUrl: PictureUrl,
  role: z.enum(['traffic', 'main', 'family', 'gift']),
  skus: z.array(skuInput).min(1).max(50),
});

export const listProducts = defineRoute({
  id: 'products.list',
  method: 'GET',
  path: '/products',
  tag: 'catalogue',
  access: { staff: 'catalogue:read' },
  summary: 'Products of the brand',
  query: PageQuery.extend({ search: text(60).optional(), status: z.enum(['on_sale', 'off_sale']).optional() }),
  reply: page(ProductView),
});
export const createProduct = defineRoute({
  id: 'products.create',
  method: 'POST',
  path: '/products',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'Create a product with its SKUs',
  body: productInput,
  reply: ProductView,
  status: 201,
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
  summary: 'Change a product; SKUs named by id are changed, others added',
  params: z.strictObject({ id: ProductId }),
  body: productInput.partial().extend({
    skus: z.array(skuPatch).min(1).max(50).optional(),
    status: z.enum(['on_sale', 'off_sale']).optional(),
  }),
  reply: ProductView,
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
  query: PageQuery.extend({ skuId: SkuId.optional() }),
  reply: page(StockView),
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
