import { z } from 'zod';
import {
  CommissionEntryId,
  OrderId,
  OrderItemId,
  OrgUnitId,
  PersonId,
  ProductId,
  RoomId,
  ShareLinkId,
} from '../ids.ts';
import { Bps, Fen, SignedFen } from '../money.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { defineRoute } from './route.ts';

export const ShareChannel = z.enum(['copy', 'poster', 'wechat', 'moments', 'other']).meta({ id: 'ShareChannel' });
export const ShareLinkView = z
  .object({
    id: ShareLinkId,
    url: z.string(),
    path: z.string(),
    roomId: RoomId,
    productId: ProductId.nullable(),
    contentId: z.uuid().nullable(),
    groupBuyId: z.uuid().nullable(),
    channel: ShareChannel,
    /** Hands between the first link of the chain of forwarding and this one. */
    depth: z.int().min(0),
    createdAt: Instant,
  })
  .meta({ id: 'ShareLink' });
export const createShareLink = defineRoute({
  id: 'share-links.create',
  method: 'POST',
  path: '/share-links',
  tag: 'sharing',
  access: 'person',
  summary:
    'My link to a room, a product in its bag, an item of the content library or a group buy: the same target and channel give the same link. Content and groups name their room themselves; content of a unit above may lead to another room below it',
  body: z
    .strictObject({
      roomId: RoomId.optional(),
      productId: ProductId.optional(),
      contentId: z.uuid().optional(),
      groupBuyId: z.uuid().optional(),
      channel: ShareChannel.default('copy'),
    })
    .refine(({ roomId, contentId, groupBuyId }) => roomId ?? contentId ?? groupBuyId, {
      path: ['roomId'],
      message: 'no_target',
    })
    .refine(({ contentId, groupBuyId, productId }) => [contentId, groupBuyId, productId].filter(Boolean).length <= 1, {
      path: ['contentId'],
      message: 'several_targets',
    }),
  reply: ShareLinkView,
  status: 201,
  errors: ['not_found', 'rate_limited'],
});
export const followShareLink = defineRoute({
  id: 'share-links.follow',
  base: '',
  method: 'GET',
  path: '/s/:token',
  tag: 'sharing',
  access: 'public',
  summary:
    'Records the touch and redirects into the player; a forged or expired token still opens the player (rule A6)',
  params: z.strictObject({ token: z.string().max(16_384) }),
  /**
   * `group`: instead of the room, the page of a group buy. `product`: the one to show in the room, before the link's own.
   * `room`: where to go when the token names none. Anything else is ignored (rule A6).
   */
  query: z.object({
    group: z.uuid().optional().catch(undefined),
    product: z.uuid().optional().catch(undefined),
    room: z.uuid().optional().catch(undefined),
  }),
  status: 302,
});
export const myShares = defineRoute({
  id: 'share-links.mine',
  method: 'GET',
  path: '/me/shares',
  tag: 'sharing',
  access: 'person',
  summary: 'What my shares brought',
  reply: z.object({
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    gmvFen: Fen,
    estimatedFen: SignedFen,
    links: z.array(
      z.object({
        link: ShareLinkView,
        roomTitle: z.string(),
        /** Of the product, the content or the group's product; of the room where there is none. */
        title: z.string(),
        visitors: z.int(),
        orders: z.int(),
        /** Links of others who came by this one; see its chain for all hands. */
        handedOn: z.int(),
      }),
    ),
  }),
});
export const BindingView = z
  .object({
    customerId: PersonId,
    store: OrgUnitRef.nullable(),
    guide: PersonRef.nullable(),
    reason: z.string(),
    boundAt: Instant.nullable(),
    protectedUntil: Instant.nullable(),
    validUntil: Instant.nullable(),
    inviter: PersonRef.nullable(),
    invitedAt: Instant.nullable(),
    /** Of the bond that stands, valid or not. */
    bindingId: z.uuid().nullable(),
  })
  .meta({ id: 'Binding' });
export const getBinding = defineRoute({
  id: 'bindings.get',
  method: 'GET',
  path: '/customers/:id/binding',
  tag: 'attribution',
  access: { consumerOrStaff: 'customers:read' },
  summary: 'Whose customer this is, and who first brought them',
  params: z.strictObject({ id: PersonId }),
  reply: BindingView,
});

/** Rule K3: where a commission entry stands. */
export const CommissionState = z
  .enum(['estimated', 'frozen', 'settleable', 'claimed', 'paid', 'held', 'reversed'])
  .meta({ id: 'CommissionState' });
export const CommissionEvent = z.enum(['paid', 'refunded', 'ruled', 'voided']).meta({ id: 'CommissionEvent' });
export const CommissionEntryView = z
  .object({
    id: CommissionEntryId,
    orderId: OrderId,
    orderNo: z.string(),
    orderItemId: OrderItemId,
    itemTitle: z.string(),
    beneficiary: PersonRef,
    store: OrgUnitRef,
    level: z.int().min(1).max(2),
    event: CommissionEvent,
    basisFen: Fen,
    bps: Bps,
    /** Instead of a rate: for every piece that was not sent back. */
    fixedFen: Fen.nullable(),
    /** When its freeze is over, once the goods are received. */
    settleableAt: Instant.nullable(),
    amountFen: SignedFen,
    ruleVersion: z.int(),
    state: CommissionState,
    at: Instant,
  })
  .meta({ id: 'CommissionEntry' });
export const listCommissions = defineRoute({
  id: 'commissions.list',
  method: 'GET',
  path: '/commissions',
  tag: 'commission',
  access: { staff: 'commission:read' },
  summary: 'Commission entries of my scope',
  produces: ['text/csv'],
  query: PageQuery.extend({
    beneficiaryId: PersonId.optional(),
    orderId: OrderId.optional(),
    state: CommissionState.optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: page(CommissionEntryView),
});
export const myEarnings = defineRoute({
  id: 'commissions.mine',
  method: 'GET',
  path: '/me/earnings',
  tag: 'commission',
  access: 'person',
  summary: 'My commission by state, newest entries first',
  query: PageQuery,
  reply: z.object({
    byState: z.array(z.object({ state: CommissionState, amountFen: SignedFen })),
    /** Bonuses of months, newest first. */
    bonuses: z.array(
      z.object({
        month: z.string(),
        store: OrgUnitRef,
        amountFen: SignedFen,
        tier: z.int(),
        state: CommissionState,
        at: Instant,
      }),
    ),
    items: z.array(CommissionEntryView),
    nextCursor: z.string().nullable(),
  }),
});
// ── reports ─────────────────────────────────────────────────────────────────────────────────────────────────────────
export const ReportQuery = PageQuery.extend({
  from: Instant.optional(),
  to: Instant.optional(),
  orgUnitId: OrgUnitId.optional(),
  roomId: RoomId.optional(),
  /** One inviter only. */
  inviterId: PersonId.optional(),
  search: text(40, 0).optional(),
  sort: z.enum(['gmv', 'visitors', 'orders', 'commission']).default('gmv'),
  format: z.enum(['json', 'csv']).optional(),
});
export const InviterRow = z
  .object({
    inviter: PersonRef,
    role: z.enum(['guide', 'consumer', 'staff', 'guest']),
    orgUnit: OrgUnitRef.nullable(),
    /** Distinct people (rule A7). */
    visitors: z.int(),
    newCustomers: z.int(),
    /** Paid orders credited to this inviter by a share link or as owner/room guide. */
    orders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
    commissionFen: SignedFen,
    /** Orders per hundred visitors in basis points; null without visitors. */
    conversionBps: z.int().nullable(),
  })
  .meta({ id: 'InviterRow' });
export const reportInviters = defineRoute({
  id: 'reports.inviters',
  method: 'GET',
  path: '/reports/inviters',
  tag: 'reports',
  access: { staff: 'reports:read' },
  produces: ['text/csv'],
  summary: 'Per inviter: visitors, new customers, orders, GMV, refunds, commission',
  query: ReportQuery,
  reply: z.object({
    at: Instant,
    items: z.array(InviterRow),
    nextCursor: z.string().nullable(),
    totals: z.object({
      visitors: z.int(),
      newCustomers: z.int(),
      orders: z.int(),
      gmvFen: Fen,
      refundedFen: Fen,
      commissionFen: SignedFen,
    }),
  }),
});
export const StoreRow = z
  .object({
    orgUnit: OrgUnitRef,
    rooms: z.int(),
    liveNow: z.int(),
    visitors: z.int(),
    newCustomers: z.int(),
    orders: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
  })
  .meta({ id: 'StoreRow' });
export const reportStores = defineRoute({
  id: 'reports.stores',
  method: 'GET',
  path: '/reports/stores',
  tag: 'reports',
  access: { staff: 'reports:read' },
  produces: ['text/csv'],
  summary: 'Per store: rooms, visitors, orders, GMV, refunds',
  query: z.strictObject({
    from: Instant.optional(),
    to: Instant.optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: z.object({ at: Instant, items: z.array(StoreRow) }),
});
export const reportRoom = defineRoute({
  id: 'reports.room',
  method: 'GET',
  path: '/reports/rooms/:id',
  tag: 'reports',
  access: { staff: 'reports:read' },
  summary: 'One room: people, orders, GMV, top inviters',
  params: z.strictObject({ id: RoomId }),
  reply: z.object({
    roomId: RoomId,
    at: Instant,
    visitors: z.int(),
    peakViewers: z.int(),
    likes: z.int(),
    chats: z.int(),
    orders: z.int(),
    buyers: z.int(),
    gmvFen: Fen,
    refundedFen: Fen,
    inviters: z.array(InviterRow),
  }),
});
