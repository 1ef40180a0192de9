/** Rule Z1: what the product's page said when an order was made. */
import { z } from 'zod';
import { OrderId, OrderItemId, ProductId, SkuId } from '../ids.ts';
import { Fen, PriceFen, Quantity } from '../money.ts';
import { ProductOption, productRoles } from './catalogue.ts';
import { Instant, PictureUrl } from './common.ts';
import { defineRoute } from './route.ts';

export const ProductPage = z
  .object({
    /** Of the page's content; the same page has the same hash in every order. */
    hash: z.string(),
    /** Since when the page said this. */
    firstAt: Instant,
    productId: ProductId,
    title: z.string(),
    subtitle: z.string(),
    description: z.string(),
    pictures: z.array(PictureUrl),
    role: z.enum(productRoles),
    options: z.array(ProductOption),
    skus: z.array(
      z.object({
        id: SkuId,
        name: z.string(),
        optionValues: z.array(z.string()),
        priceFen: PriceFen,
        listPriceFen: PriceFen.nullable(),
        listPriceBasis: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'ProductPage' });
export type ProductPage = z.infer<typeof ProductPage>;

export const getItemSnapshot = defineRoute({
  id: 'orders.item-snapshot',
  method: 'GET',
  path: '/orders/:id/items/:itemId/snapshot',
  tag: 'orders',
  access: { consumerOrStaff: 'orders:read' },
  summary: 'The product page as it was when the order was made, and what was bought by it (rule Z1)',
  params: z.strictObject({ id: OrderId, itemId: OrderItemId }),
  reply: z.object({
    page: ProductPage,
    bought: z.object({
      skuId: SkuId,
      skuName: z.string(),
      quantity: Quantity,
      unitPriceFen: Fen,
      placedAt: Instant,
      /** The live price it was bought at; null at the shelf price. */
      offer: z
        .object({
          priceFen: PriceFen,
          /** Rule Z4: the lowest deal of the seven days before the offer. */
          baselineFen: PriceFen.nullable(),
          startsAt: Instant,
          endsAt: Instant,
        })
        .nullable(),
    }),
  }),
  errors: ['not_found'],
});
