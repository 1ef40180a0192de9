/** The mall a brand has already: what is exchanged with it, and how that goes. docs/19-catalogue.md describes the other side. */
import { z } from 'zod';
import { Instant, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

/** products: titles, pictures and prices come from there. stock: by the mode. orders: what was paid goes there. */
export const mallLanes = ['products', 'stock', 'orders'] as const;
export type MallLaneKind = (typeof mallLanes)[number];
/** ours: the mall is told what is for sale here. mall: what is on hand comes from there. off: neither. */
export const mallStockModes = ['off', 'ours', 'mall'] as const;
export type MallStockMode = (typeof mallStockModes)[number];

export const MallLane = z
  .object({
    kind: z.enum(mallLanes),
    startedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    succeededAt: Instant.nullable(),
    failingSince: Instant.nullable(),
    nextTryAt: Instant.nullable(),
    /** Of the last run; null when it went well. */
    error: z.string().nullable(),
    seen: z.int(),
    changed: z.int(),
    refused: z.int(),
    /** Facts, products or levels that wait. */
    waiting: z.int(),
  })
  .meta({ id: 'MallLane' });
export type MallLane = z.infer<typeof MallLane>;
export const MallStatus = z
  .object({
    kind: z.enum(['embedded', 'rest']),
    /** Where it is; null without one. */
    host: z.string().nullable(),
    stock: z.enum(mallStockModes),
    lanes: z.array(MallLane),
    /** The fact the mall does not take: everything behind it waits, because orders are told in order. */
    stuck: z.object({ eventId: z.uuid(), type: z.string(), orderNo: z.string().nullable() }).nullable(),
  })
  .meta({ id: 'MallStatus' });
export type MallStatus = z.infer<typeof MallStatus>;
export const MallIssue = z.object({ code: z.string(), title: z.string(), issue: z.string(), at: Instant });
export type MallIssue = z.infer<typeof MallIssue>;

export const getMall = defineRoute({
  id: 'mall.get',
  method: 'GET',
  path: '/mall',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'The mall the brand is joined with: what was exchanged last, what waits, what went wrong',
  reply: MallStatus,
});
export const listMallIssues = defineRoute({
  id: 'mall.issues',
  method: 'GET',
  path: '/mall/issues',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'Products of the mall that could not be taken over, with the reason; they are tried again by themselves',
  query: PageQuery,
  reply: page(MallIssue),
});
export const syncMall = defineRoute({
  id: 'mall.sync',
  method: 'POST',
  path: '/mall/sync',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'Exchange with the mall at once, whatever pause was due',
  body: z.strictObject({ lane: z.enum(mallLanes) }),
  reply: MallStatus,
  status: 200,
  errors: ['rate_limited'],
});
export const skipMallOrder = defineRoute({
  id: 'mall.skip',
  method: 'POST',
  path: '/mall/orders/skip',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary: 'Leave out the fact that the mall does not take, so that those behind it go on; audited with the reason',
  body: z.strictObject({ eventId: z.uuid(), reason: text(100) }),
  reply: MallStatus,
  status: 200,
  errors: ['state_conflict'],
});
