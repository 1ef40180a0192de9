/**
 * The mall that a brand has already, as this product needs it. Two implementations, one contract (mall-contract.test.ts): embedded
 * (there is none) and REST (rest-mall.ts; its wire is described in docs/19-catalogue.md).
 */
import { CatalogueCode, MAX_OPTIONS, MAX_PICTURES, MAX_SKUS, PriceFen, ProductOption } from '@walnut-live/contracts';
import { z } from 'zod';

const words = (most: number) => z.string().trim().min(1).max(most);

/** A product as the mall has it. `version` grows with every change of it; codes name it and its SKUs on both sides. */
export const MallProduct = z.object({
  code: CatalogueCode,
  version: z.int().min(0),
  title: words(60),
  subtitle: z.string().trim().max(80).default(''),
  description: z.string().trim().max(4_000).default(''),
  pictures: z
    .array(z.url({ protocol: /^https?$/ }).max(1_000))
    .min(1)
    .max(MAX_PICTURES),
  status: z.enum(['on_sale', 'off_sale']),
  options: z.array(ProductOption).max(MAX_OPTIONS).default([]),
  /** All of them: one that is not named is not sold any more. */
  skus: z
    .array(
      z.object({
        code: CatalogueCode,
        name: words(40),
        priceFen: PriceFen,
        listPriceFen: PriceFen.nullable().default(null),
        listPriceBasis: words(60).nullable().default(null),
        optionValues: z.array(words(20)).max(MAX_OPTIONS).default([]),
        active: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(MAX_SKUS),
});
export type MallProduct = z.infer<typeof MallProduct>;

/** What is on hand, sold pieces left out; `unit`: an org path, null for headquarters. */
export const MallLevel = z.object({
  skuCode: CatalogueCode,
  unit: z.string().max(200).nullable().default(null),
  onHand: z.int().min(0).max(10_000_000),
});
export type MallLevel = z.infer<typeof MallLevel>;

/** What is for sale here. */
export interface LevelHere {
  readonly skuCode: string;
  readonly unit: string;
  readonly available: number;
}
/** One fact about an order that was paid. The same `id` is the same fact; `sequence` grows, with gaps. */
export interface MallOrderFact {
  readonly id: string;
  readonly sequence: number;
  readonly type: string;
  readonly at: string;
  readonly order: Readonly<Record<string, unknown>>;
}

export interface MallPage<T> {
  readonly items: readonly T[];
  /** Elements that were not understood; told, not taken. */
  readonly faults: readonly { readonly code: string; readonly issue: string }[];
  /** To ask from next time, also when there is no more now; null: from the beginning. */
  readonly cursor: string | null;
  readonly more: boolean;
}
/** Every call rejects with MallFault and with nothing else; `stop` ends it. */
export interface Mall {
  readonly kind: 'embedded' | 'rest';
  /** Names the mall whose cursors these are. */
  readonly source: string;
  changedProducts(cursor: string | null, stop: AbortSignal): Promise<MallPage<MallProduct>>;
  /** `ordersThrough`: the last sequence number whose pieces are taken out of these figures. */
  stock(cursor: string | null, stop: AbortSignal): Promise<MallPage<MallLevel> & { ordersThrough: number }>;
  putStock(levels: readonly LevelHere[], stop: AbortSignal): Promise<void>;
  /** Resolves when the mall has the fact for good. Told twice it is one. */
  pushOrder(fact: MallOrderFact, stop: AbortSignal): Promise<void>;
  /** Bytes of a picture of a product, as they are. */
  picture(url: string, stop: AbortSignal): Promise<Buffer>;
}

/**
 * unreachable, timed_out, server_error, busy: it may go well later. refused: the mall says no to this very thing. bad_reply: what
 * came is no answer of the protocol, or cut off. too_large, not_public, cursor_repeated: we stop.
 */
export type MallFaultCode =
  | 'unreachable'
  | 'timed_out'
  | 'server_error'
  | 'busy'
  | 'refused'
  | 'bad_reply'
  | 'too_large'
  | 'not_public'
  | 'cursor_repeated'
  | 'stopped';
export class MallFault extends Error {
  readonly code: MallFaultCode;
  readonly status: number | null;
  readonly retryAfterSeconds: number | null;
  constructor(code: MallFaultCode, more: { status?: number; retryAfterSeconds?: number | null; cause?: unknown } = {}) {
    super(more.status === undefined ? code : `${code} (${more.status})`, { cause: more.cause });
    this.name = 'MallFault';
    this.code = code;
    this.status = more.status ?? null;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
  }
}
/** Asked again at once it may go well. */
export const isPassing = ({ code }: MallFault): boolean =>
  code === 'unreachable' || code === 'timed_out' || code === 'server_error' || code === 'busy' || code === 'bad_reply';
