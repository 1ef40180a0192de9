import { z } from 'zod';
import { OrderId, OrgUnitId, PersonId, ProductId, RoomId } from '../ids.ts';
import { Fen, SignedFen } from '../money.ts';
import { ShareChannel } from './attribution.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page } from './common.ts';
import { defineRoute } from './route.ts';

/*
 * Reports beside those of inviters, stores and rooms (attribution.ts). Everywhere: a range is [from, to); people are counted once, as who
 * they are now (rule A7); a sale is a paid order by the moment of payment, with its refunds beside it; a scope is a unit and all under it.
 */

const tag = 'reports';
const access = { staff: 'reports:read' } as const;
const RangeQuery = z.strictObject({
  from: Instant.optional(),
  to: Instant.optional(),
  /** A unit of my scope and all under it; the whole scope without it. */
  orgUnitId: OrgUnitId.optional(),
});
const CsvQuery = RangeQuery.extend({ format: z.enum(['json', 'csv']).optional() });
/** Shares and rates in basis points; null without anything to take them of. */
const Rate = z.int().nullable();

export const GuideRow = z
  .object({
    guide: PersonRef,
    orgUnit: OrgUnitRef,
    /** Lives hosted within the range, and how long they lasted in it. */
    lives: z.int(),
    liveSeconds: z.int(),
    /** Whose owner they are now. */
    customers: z.int(),
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
    commissionFen: SignedFen,
    /** Of the rooms they host, whoever is credited. */
    roomOrders: z.int(),
    roomGmvFen: Fen,
    conversionBps: Rate,
  })
  .meta({ id: 'GuideRow' });
export type GuideRow = z.infer<typeof GuideRow>;
export const reportGuides = defineRoute({
  id: 'reports.guides',
  method: 'GET',
  path: '/reports/guides',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'Per guide: lives, customers, what their links and their rooms brought',
  query: CsvQuery,
  reply: z.object({ at: Instant, items: z.array(GuideRow) }),
  errors: ['not_found'],
});

export const breakdowns = ['channel', 'store', 'room', 'share_channel', 'product', 'content'] as const;
export const Breakdown = z.enum(breakdowns).meta({ id: 'ReportBreakdown' });
export type Breakdown = z.infer<typeof Breakdown>;
export const BreakdownRow = z
  .object({
    /** Id of the unit, room, product or content; name of the share channel. */
    key: z.string(),
    label: z.string(),
    orgUnit: OrgUnitRef.nullable(),
    /** People who came by links. */
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    /** People who paid; null where it is not counted (units). */
    buyers: z.int().nullable(),
    /** Pieces sold; products only. */
    pieces: z.int().nullable(),
    gmvFen: Fen,
    refundedFen: Fen,
    conversionBps: Rate,
  })
  .meta({ id: 'ReportBreakdownRow' });
export type BreakdownRow = z.infer<typeof BreakdownRow>;
export const reportBreakdown = defineRoute({
  id: 'reports.breakdown',
  method: 'GET',
  path: '/reports/breakdown',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'The figures of a range by channel, store, room, share channel, product or content; the best 500',
  query: CsvQuery.extend({ by: Breakdown }),
  reply: z.object({ at: Instant, items: z.array(BreakdownRow) }),
  errors: ['not_found'],
});

/** New customers = visitors × bind rate; first orders = new customers × first-order rate; money = first orders × what one is worth. */
export const FunnelSteps = z
  .object({
    visitors: z.number(),
    newCustomers: z.number(),
    /** New customers of the range who paid within it. */
    firstOrders: z.number(),
    /** What they paid in their first order. */
    firstGmvFen: z.number(),
    bindBps: Rate,
    firstOrderBps: Rate,
    perOrderFen: z.int().nullable(),
  })
  .meta({ id: 'FunnelSteps' });
export type FunnelSteps = z.infer<typeof FunnelSteps>;
export const funnelFactors = ['visitors', 'bind_rate', 'first_order_rate', 'order_value'] as const;
export const FunnelFactor = z
  .object({
    factor: z.enum(funnelFactors),
    value: z.number(),
    peers: z.number(),
    /** What of the gap to the peers it explains; all of them sum to the gap. */
    gapFen: z.int(),
  })
  .meta({ id: 'FunnelFactor' });
export type FunnelFactor = z.infer<typeof FunnelFactor>;
export const FunnelRow = z
  .object({
    orgUnit: OrgUnitRef,
    steps: FunnelSteps,
    /** First-order money less the peers' mean. */
    gapFen: z.int().nullable(),
    factors: z.array(FunnelFactor).nullable(),
  })
  .meta({ id: 'FunnelRow' });
export type FunnelRow = z.infer<typeof FunnelRow>;
export const reportFunnel = defineRoute({
  id: 'reports.funnel',
  method: 'GET',
  path: '/reports/funnel',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'From visitors to first orders, store by store, and which factor explains the gap to the peers’ mean',
  query: CsvQuery,
  reply: z.object({
    at: Instant,
    total: FunnelSteps,
    /** The mean of the stores of the scope; null when they are fewer than three: a mean of two tells what the other has. */
    peers: z.object({ stores: z.int(), mean: FunnelSteps }).nullable(),
    items: z.array(FunnelRow),
  }),
  errors: ['not_found'],
});

export const RoomSegment = z
  .object({
    product: z.object({ id: ProductId, title: z.string() }),
    from: Instant,
    to: Instant,
    seconds: z.int(),
    /** Messages of viewers while it was shown. */
    chats: z.int(),
    chatters: z.int(),
    /** Placed while it was shown and paid since; and those of them that have the product in them. */
    orders: z.int(),
    productOrders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
    ordersPerMinute: z.number().nullable(),
  })
  .meta({ id: 'RoomSegment' });
export type RoomSegment = z.infer<typeof RoomSegment>;
export const reportSegments = defineRoute({
  id: 'reports.segments',
  method: 'GET',
  path: '/reports/rooms/:id/segments',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'A live by what was talked about: each span of a pinned product with its messages and orders',
  params: z.strictObject({ id: RoomId }),
  query: z.strictObject({ format: z.enum(['json', 'csv']).optional() }),
  reply: z.object({ at: Instant, items: z.array(RoomSegment) }),
  errors: ['not_found'],
});

export const MAX_COHORT_MONTHS = 12;
export const CohortRow = z
  .object({
    /** `2026-01` */
    month: z.string(),
    people: z.int(),
    /** By months since, the month itself first: how many of them (again). */
    counts: z.array(z.int()),
    /** Of first buyers: how many bought at least twice. */
    again: z.int(),
  })
  .meta({ id: 'CohortRow' });
export type CohortRow = z.infer<typeof CohortRow>;
export const reportCohorts = defineRoute({
  id: 'reports.cohorts',
  method: 'GET',
  path: '/reports/cohorts',
  tag,
  access,
  produces: ['text/csv'],
  summary:
    'Months of people: who bought first then, by who bought again later; or who was brought then, by who was seen later',
  query: z.strictObject({
    orgUnitId: OrgUnitId.optional(),
    of: z.enum(['repurchase', 'retention']).default('repurchase'),
    months: z.coerce.number().int().min(1).max(MAX_COHORT_MONTHS).default(6),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: z.object({ at: Instant, items: z.array(CohortRow) }),
  errors: ['not_found'],
});

export const AcquisitionRow = z
  .object({
    orgUnit: OrgUnitRef,
    newCustomers: z.int(),
    /** Taken out of red packets. */
    redPacketFen: Fen,
    /** Off paid orders by coupons for newcomers. */
    couponFen: Fen,
    /** Net commission of the first orders of new customers. */
    commissionFen: SignedFen,
    totalFen: SignedFen,
    perNewFen: z.int().nullable(),
  })
  .meta({ id: 'AcquisitionRow' });
export type AcquisitionRow = z.infer<typeof AcquisitionRow>;
export const reportAcquisition = defineRoute({
  id: 'reports.acquisition',
  method: 'GET',
  path: '/reports/acquisition',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'What a new person cost, unit by unit: red packets, newcomers’ coupons, commission of first orders',
  query: CsvQuery,
  reply: z.object({ at: Instant, total: AcquisitionRow.omit({ orgUnit: true }), items: z.array(AcquisitionRow) }),
  errors: ['not_found'],
});

export const reportRowKinds = ['visits', 'newcomers', 'sales'] as const;
export const ReportRow = z
  .object({
    at: Instant,
    /** Who came, was new, or bought. */
    person: PersonRef,
    inviter: PersonRef.nullable(),
    orgUnit: OrgUnitRef,
    room: z.object({ id: RoomId, title: z.string() }).nullable(),
    channel: ShareChannel.nullable(),
    order: z
      .object({ id: OrderId, no: z.string(), reason: z.string().nullable(), paidFen: Fen, refundedFen: Fen })
      .nullable(),
  })
  .meta({ id: 'ReportRow' });
export type ReportRow = z.infer<typeof ReportRow>;
export const RowFilter = RangeQuery.extend({
  kind: z.enum(reportRowKinds),
  inviterId: PersonId.optional(),
  roomId: RoomId.optional(),
  channel: ShareChannel.optional(),
  productId: ProductId.optional(),
  contentId: z.uuid().optional(),
});
export type RowFilter = z.infer<typeof RowFilter>;
export const reportRows = defineRoute({
  id: 'reports.rows',
  method: 'GET',
  path: '/reports/rows',
  tag,
  access,
  summary: 'The rows that a figure is made of, newest first: visits, newcomers or sales by the same filters',
  query: PageQuery.extend(RowFilter.shape),
  reply: page(ReportRow),
  errors: ['not_found'],
});

// ── exports ─────────────────────────────────────────────────────────────────────────────────────────────────────────
export const exportKinds = ['inviters', 'visits', 'newcomers', 'sales'] as const;
export const ReportExport = z
  .object({
    id: z.uuid(),
    kind: z.enum(exportKinds),
    state: z.enum(['waiting', 'running', 'done', 'failed']),
    rows: z.int(),
    /** How many there will be, as it was counted at the start; null before. */
    expectedRows: z.int().nullable(),
    bytes: z.int(),
    createdAt: Instant,
    finishedAt: Instant.nullable(),
    expiresAt: Instant,
  })
  .meta({ id: 'ReportExport' });
export type ReportExport = z.infer<typeof ReportExport>;
export const createExport = defineRoute({
  id: 'reports.exports.create',
  method: 'POST',
  path: '/reports/exports',
  tag,
  access,
  summary: 'Write a file of rows or inviters in the background; audited',
  body: RangeQuery.extend({ kind: z.enum(exportKinds), inviterId: PersonId.optional(), roomId: RoomId.optional() }),
  reply: ReportExport,
  status: 202,
  errors: ['not_found', 'rate_limited'],
});
export const listExports = defineRoute({
  id: 'reports.exports.list',
  method: 'GET',
  path: '/reports/exports',
  tag,
  access,
  summary: 'My own files of the last days, newest first',
  reply: z.object({ items: z.array(ReportExport) }),
});
export const exportFile = defineRoute({
  id: 'reports.exports.file',
  method: 'GET',
  path: '/reports/exports/:id/file',
  tag,
  access,
  produces: ['text/csv'],
  summary: 'The file, for whoever asked for it',
  params: z.strictObject({ id: z.uuid() }),
  errors: ['not_found', 'state_conflict'],
});

// ── data screen ─────────────────────────────────────────────────────────────────────────────────────────────────────
export const ScreenReply = z
  .object({
    at: Instant,
    /** `2026-11-23`, in China. */
    day: z.string(),
    /** Some of it is of rooms of the demo programme. */
    demo: z.boolean(),
    gmvFen: Fen,
    refundedFen: Fen,
    orders: z.int(),
    buyers: z.int(),
    newCustomers: z.int(),
    visitors: z.int(),
    yesterdayGmvFen: Fen,
    yesterdayOrders: z.int(),
    /** Connected people of the rooms that are live. */
    viewersNow: z.int(),
    live: z.array(
      z.object({
        room: z.object({ id: RoomId, title: z.string() }),
        orgUnit: OrgUnitRef,
        viewers: z.int(),
        orders: z.int(),
        gmvFen: Fen,
        startedAt: Instant,
        demo: z.boolean(),
      }),
    ),
    /** Today and yesterday by the hour in China. */
    hours: z.array(z.object({ hour: z.int(), gmvFen: Fen, orders: z.int(), yesterdayGmvFen: Fen })),
    stores: z.array(z.object({ orgUnit: OrgUnitRef, orders: z.int(), gmvFen: Fen })),
    /** Customers by the first character of their name alone: a wall is read by everybody. */
    inviters: z.array(z.object({ id: PersonId, name: z.string(), visitors: z.int(), orders: z.int(), gmvFen: Fen })),
    products: z.array(z.object({ id: ProductId, title: z.string(), pieces: z.int(), gmvFen: Fen })),
  })
  .meta({ id: 'DataScreen' });
export type ScreenReply = z.infer<typeof ScreenReply>;
export const reportScreen = defineRoute({
  id: 'reports.screen',
  method: 'GET',
  path: '/reports/screen',
  tag,
  access,
  summary: 'Today for a wall: money, orders, viewers, rooms, the best stores, inviters and products',
  query: z.strictObject({ orgUnitId: OrgUnitId.optional() }),
  reply: ScreenReply,
  errors: ['not_found'],
});
