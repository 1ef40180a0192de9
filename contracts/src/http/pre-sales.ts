import { z } from 'zod';
import { OrgUnitId, ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen, PriceFen } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, PictureUrl, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/*
 * Pre-sales (预售): a deposit in one window, the balance in the next. docs/22-pre-sales.md has the rules.
 */

export const PreSaleId = z.uuid().meta({ description: 'id of the terms of a pre-sale (UUIDv7)' });

/** Earnest money is at most a fifth of what is paid in all (Civil Code of China, article 586). */
export const DEPOSIT_SHARE = 5;
/** From the first deposit to the end of the balance. */
export const MAX_PRE_SALE_DAYS = 90;
export const MIN_BALANCE_MINUTES = 60;
/** From the end of the balance to the day the goods have left at the latest. */
export const MAX_SHIP_DAYS = 45;
const MAX_PIECES = 1_000_000;

/** Why no deposit is taken; in the facts of `pre_sale_not_open`. */
export const preSaleReasons = ['not_started', 'ended', 'stopped', 'sold_out', 'other_store'] as const;
export type PreSaleReason = (typeof preSaleReasons)[number];

/** What is bought, and when what is paid. Amounts are of one piece. */
export const PreSaleTerms = z
  .object({
    id: PreSaleId,
    title: z.string(),
    product: z.object({ id: ProductId, title: z.string(), pictureUrl: PictureUrl }),
    sku: z.object({ id: SkuId, name: z.string() }),
    priceFen: PriceFen,
    shelfPriceFen: Fen,
    depositFen: PriceFen,
    /** What the deposit takes off the price. */
    worthFen: PriceFen,
    /** Whether the store keeps the deposit of who does not pay the balance; otherwise it goes back. */
    keepsDeposit: z.boolean(),
    perPerson: z.int().min(1),
    /** Deposits are taken from `startsAt` and before `depositUntil`, balances from `balanceFrom` and before `balanceUntil`. */
    startsAt: Instant,
    depositUntil: Instant,
    balanceFrom: Instant,
    balanceUntil: Instant,
    /** What is paid in full has left the house by then. */
    shipsBy: Instant,
  })
  .meta({ id: 'PreSaleTerms' });
export type PreSaleTerms = z.infer<typeof PreSaleTerms>;

export const PreSaleCampaign = PreSaleTerms.extend({
  orgUnit: OrgUnitRef,
  cap: z.int().nullable(),
  /** Pieces of orders that still may be paid, or are. */
  taken: z.int().min(0),
  stoppedAt: Instant.nullable(),
  createdAt: Instant,
  /** Null for staff who may not see reports. */
  figures: z
    .object({
      /** Orders with a paid deposit that wait for the balance. */
      waiting: z.int(),
      /** Orders whose balance was paid. */
      paid: z.int(),
      /** Orders whose deposit was given back, before the balance or at its end. */
      returned: z.int(),
      forfeited: z.int(),
      /** Orders whose balance was not paid in time, whatever became of the deposit. */
      lapsed: z.int(),
      /** Deposits ever paid. */
      depositsFen: Fen,
      /** Of fully paid orders, deposits included. */
      paidFen: Fen,
      forfeitedFen: Fen,
      /** Given back of all of it: deposits, and of orders that were paid in full. */
      refundedFen: Fen,
    })
    .nullable(),
}).meta({ id: 'PreSaleCampaign' });
export type PreSaleCampaign = z.infer<typeof PreSaleCampaign>;

/** What an order says to take part. */
export const PlacePreSale = z.strictObject({
  campaignId: PreSaleId,
  /** The buyer has read what becomes of the deposit, and said so. */
  ruleAccepted: z.literal(true),
});
export type PlacePreSale = z.infer<typeof PlacePreSale>;

/** Of an order of a pre-sale; amounts are of the whole order. */
export const PreSaleOfOrder = z
  .object({
    id: PreSaleId,
    depositFen: Fen,
    worthFen: Fen,
    /** Shipping included. */
    balanceFen: Fen,
    keepsDeposit: z.boolean(),
    balanceFrom: Instant,
    balanceUntil: Instant,
    shipsBy: Instant,
    depositPaidAt: Instant.nullable(),
  })
  .meta({ id: 'PreSaleOfOrder' });
export type PreSaleOfOrder = z.infer<typeof PreSaleOfOrder>;

const params = z.strictObject({ id: PreSaleId });

export const createPreSale = defineRoute({
  id: 'pre-sales.create',
  method: 'POST',
  path: '/pre-sales/campaigns',
  tag: 'pre-sales',
  access: { staff: 'offers:write' },
  idempotent: true,
  summary: 'Make the terms of a pre-sale for a unit of my scope and everything below it; audited. Terms never change',
  body: z.strictObject({
    orgUnitId: OrgUnitId,
    skuId: SkuId,
    title: text(30),
    priceFen: PriceFen,
    depositFen: PriceFen,
    /** The deposit itself when left out. */
    worthFen: PriceFen.optional(),
    keepsDeposit: z.boolean().default(false),
    cap: z.int().min(1).max(MAX_PIECES).nullable().default(null),
    perPerson: z.int().min(1).max(100).default(1),
    /** Now when left out. */
    startsAt: Instant.optional(),
    depositUntil: Instant,
    balanceFrom: Instant,
    balanceUntil: Instant,
    shipsBy: Instant,
  }),
  reply: PreSaleCampaign,
  status: 201,
  errors: ['not_found', 'below_price_floor', 'words_refused'],
});
export const listPreSales = defineRoute({
  id: 'pre-sales.list',
  method: 'GET',
  path: '/pre-sales/campaigns',
  tag: 'pre-sales',
  access: { staff: 'rooms:read' },
  summary: 'The pre-sales of my scope, the newest first',
  produces: ['text/csv'],
  query: PageQuery.extend({ format: z.enum(['json', 'csv']).optional() }),
  reply: page(PreSaleCampaign),
});
export const stopPreSale = defineRoute({
  id: 'pre-sales.stop',
  method: 'POST',
  path: '/pre-sales/campaigns/:id/stop',
  tag: 'pre-sales',
  access: { staff: 'offers:write' },
  summary: 'No further deposits; orders that took part go on to their end. Again = the same answer; audited',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: PreSaleCampaign,
  errors: ['not_found'],
});

export const RoomPreSales = z
  .object({
    items: z.array(PreSaleTerms.extend({ left: z.int().nullable() })),
    /** Server time. */
    now: Instant,
  })
  .meta({ id: 'RoomPreSales' });
export type RoomPreSales = z.infer<typeof RoomPreSales>;
export const preSalesOfRoom = defineRoute({
  id: 'pre-sales.of-room',
  method: 'GET',
  path: '/pre-sales',
  tag: 'pre-sales',
  access: 'person',
  summary: 'Pre-sales of this room that take deposits, or soon will',
  query: z.strictObject({ roomId: RoomId }),
  reply: RoomPreSales,
  errors: ['not_found'],
});
