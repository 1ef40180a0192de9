/** What sending an order costs, where nothing is sent, and whether it can be fetched from the store. */
import { z } from 'zod';
import { BundleId, OrgUnitId, RoomId, SkuId } from '../ids.ts';
import { Fen, Quantity } from '../money.ts';
import { Instant, MAX_INT4, OrgUnitRef, text } from './common.ts';
import { defineRoute } from './route.ts';

/** Of a district, city or province (GB/T 2260). */
export const RegionCode = z.string().regex(/^\d{6}$/);
/** Of a province, a municipality or an autonomous region. */
export const ProvinceCode = z.string().regex(/^\d{2}0000$/);

const MAX_FEE_FEN = 1_000_000;
const FeeFen = Fen.max(MAX_FEE_FEN);
/** Goods of at least this amount, after all discounts, travel free; null: none do. */
const freeFromFen = Fen.nullable();
export const ShippingFee = z
  .discriminatedUnion('by', [
    z.strictObject({ by: z.literal('flat'), feeFen: FeeFen, freeFromFen }),
    /** `firstFen` for the first so many pieces, `nextFen` for each further so many, begun ones counted whole. */
    z.strictObject({
      by: z.literal('piece'),
      first: z.int().min(1).max(999),
      firstFen: FeeFen,
      next: z.int().min(1).max(999),
      nextFen: FeeFen,
      freeFromFen,
    }),
    /** The same by weight, in grams. */
    z.strictObject({
      by: z.literal('weight'),
      first: z.int().min(1).max(1_000_000),
      firstFen: FeeFen,
      next: z.int().min(1).max(1_000_000),
      nextFen: FeeFen,
      freeFromFen,
    }),
  ])
  .meta({ id: 'ShippingFee' });
export type ShippingFee = z.infer<typeof ShippingFee>;

const Provinces = z.array(ProvinceCode).max(40);
export const ShippingTerms = z
  .strictObject({
    /** Groups of provinces with a fee of their own; a province is in one of them, or excluded, or neither. */
    zones: z.array(z.strictObject({ name: text(20), provinces: Provinces.min(1), fee: ShippingFee })).max(20),
    /** Where nothing is sent. */
    excluded: Provinces,
    /** Everywhere else; null: nothing is sent there. */
    other: ShippingFee.nullable(),
    /** Whether orders of a store can be fetched there. */
    pickup: z.boolean(),
  })
  .meta({ id: 'ShippingTerms' });
export type ShippingTerms = z.infer<typeof ShippingTerms>;

const ruleParams = z.strictObject({ orgUnitId: OrgUnitId });
export const ShippingRule = z
  .object({
    orgUnit: OrgUnitRef,
    /** 0: it never had one. Whoever sets it names the version they saw. */
    version: z.int().min(0),
    /** Its own terms; null: those of the unit above hold. */
    own: ShippingTerms.nullable(),
    /** What holds here, and whose it is; null: the product's own default. */
    effective: ShippingTerms,
    from: OrgUnitRef.nullable(),
    setAt: Instant.nullable(),
  })
  .meta({ id: 'ShippingRule' });
export type ShippingRule = z.infer<typeof ShippingRule>;
export const getShippingRule = defineRoute({
  id: 'shipping.rule',
  method: 'GET',
  path: '/shipping-rules/:orgUnitId',
  tag: 'orders',
  access: { staff: 'orders:read' },
  summary: 'What shipping costs in a unit of my scope, and by whose terms',
  params: ruleParams,
  reply: ShippingRule,
  errors: ['not_found'],
});
export const putShippingRule = defineRoute({
  id: 'shipping.rule.put',
  method: 'PUT',
  path: '/shipping-rules/:orgUnitId',
  tag: 'orders',
  access: { staff: 'stock:write' },
  summary:
    'Set the terms of a unit of my scope and everything below it without terms of its own; null gives them up. Audited',
  params: ruleParams,
  body: z.strictObject({ terms: ShippingTerms.nullable(), version: z.int().min(0).max(MAX_INT4), reason: text(100) }),
  reply: ShippingRule,
  errors: ['not_found', 'conflict', 'invalid_request'],
});

export const ShippingQuote = z
  .object({
    /** Null: nothing is sent to this address. */
    shippingFen: Fen.nullable(),
    /** By how much the goods would have to cost more to travel free; null: they do, or never do. */
    freeInFen: Fen.nullable(),
    freeFromFen: Fen.nullable(),
    /** Where the order can be fetched without any fee. */
    pickup: z.object({ place: z.string(), phone: z.string() }).nullable(),
  })
  .meta({ id: 'ShippingQuote' });
export type ShippingQuote = z.infer<typeof ShippingQuote>;
export const quoteShipping = defineRoute({
  id: 'shipping.quote',
  method: 'POST',
  path: '/shipping/quote',
  tag: 'orders',
  access: 'person',
  summary: 'What sending these goods there would cost; placing the order decides by the same rule',
  body: z.strictObject({
    roomId: RoomId,
    lines: z
      .array(z.strictObject({ skuId: SkuId, quantity: Quantity }))
      .max(20)
      .default([]),
    /** Of the room: their parts weigh and count like other goods. */
    bundles: z
      .array(z.strictObject({ bundleId: BundleId, quantity: z.int().min(1).max(99) }))
      .max(5)
      .optional(),
    /** What the goods cost after all discounts. */
    goodsFen: Fen,
    /** Undefined while there is no address: the fee of everywhere else. */
    to: z.strictObject({ province: text(20), regionCode: RegionCode.optional() }).optional(),
  }),
  reply: ShippingQuote,
  errors: ['not_found'],
});
export const putSkuWeight = defineRoute({
  id: 'skus.weight',
  method: 'PUT',
  path: '/skus/:id/weight',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'What one piece weighs, packed, for fees by weight; null: not known, counted as half a kilogram',
  params: z.strictObject({ id: SkuId }),
  body: z.strictObject({ grams: z.int().min(1).max(1_000_000).nullable() }),
  status: 204,
  errors: ['not_found'],
});
