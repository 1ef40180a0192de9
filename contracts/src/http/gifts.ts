import { z } from 'zod';
import { GiftId, GivenGiftId, OrgPath, RoomId } from '../ids.ts';
import { Bps, Fen } from '../money.ts';
import { GiftEffect } from '../realtime/gifts.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, PersonRef, PictureUrl, page } from './common.ts';
import { defineRoute } from './route.ts';
import { Coins, GiftUsage } from './wallet.ts';

export const GiftView = z
  .object({
    id: GiftId,
    name: z.string(),
    nameEn: z.string(),
    pictureUrl: PictureUrl,
    effect: GiftEffect,
    priceCoins: z.int().min(1).max(100_000),
    active: z.boolean(),
  })
  .meta({ id: 'Gift' });
export type GiftView = z.infer<typeof GiftView>;

/** `given`: can still be taken back, or waits for its share. */
export const GivenGiftState = z.enum(['given', 'taken_back', 'shared']).meta({ id: 'GivenGiftState' });
export const GivenGiftView = z
  .object({
    id: GivenGiftId,
    roomId: RoomId,
    giver: PersonRef,
    gift: GiftView.pick({ id: true, name: true, nameEn: true, pictureUrl: true, effect: true }),
    quantity: z.int().min(1),
    coins: Coins,
    comboId: z.uuid(),
    comboCount: z.int().min(1),
    state: GivenGiftState,
    at: Instant,
    takeBackUntil: Instant,
  })
  .meta({ id: 'GivenGift' });
export type GivenGiftView = z.infer<typeof GivenGiftView>;

export const MAX_GIFT_QUANTITY = 99;
/** Which half was passed by this gift: people are told once (rule G1). */
export const GiftNotice = z.enum(['day_half', 'month_half']);
export const GiftReceipt = z
  .object({
    given: GivenGiftView,
    /** Left in the wallet. */
    coins: Coins,
    usage: GiftUsage,
    notice: GiftNotice.nullable(),
  })
  .meta({ id: 'GiftReceipt' });
export type GiftReceipt = z.infer<typeof GiftReceipt>;

export const listGifts = defineRoute({
  id: 'gifts.list',
  method: 'GET',
  path: '/gifts',
  tag: 'gifts',
  access: 'public',
  summary: 'The gifts that can be given',
  reply: z.object({ items: z.array(GiftView) }),
});

/** What one tap gives; the same over HTTP and over the room's socket. */
export const GiveGift = z.strictObject({
  giftId: GiftId,
  quantity: z.int().min(1).max(MAX_GIFT_QUANTITY).default(1),
  /** Made by the client: gifts of one burst share it. A gift without one is a burst of its own. */
  comboId: z.uuid().optional(),
  /** What the giver's screen said one piece costs. */
  seenPriceCoins: z.int().min(1).max(100_000),
});
export const sendGift = defineRoute({
  id: 'gifts.send',
  method: 'POST',
  path: '/rooms/:id/gifts',
  tag: 'gifts',
  access: 'consumer',
  idempotent: true,
  summary: 'Give a gift to a live room: caps, balance, transfer and the room’s event are one transaction (rule G1)',
  params: z.strictObject({ id: RoomId }),
  body: GiveGift,
  reply: GiftReceipt,
  status: 201,
  errors: [
    'adult_check_needed',
    'adults_only',
    'insufficient_coins',
    'gift_cap_reached',
    'price_changed',
    'gone',
    'room_not_live',
    'banned',
    'not_found',
    'rate_limited',
  ],
});
export const takeGiftBack = defineRoute({
  id: 'gifts.take-back',
  method: 'POST',
  path: '/gifts/:id/take-back',
  tag: 'gifts',
  access: 'consumer',
  idempotent: true,
  summary: 'Take a gift of mine back within the cooling period: the coins return, the room stops showing it',
  params: z.strictObject({ id: GivenGiftId }),
  body: Empty,
  reply: z.object({ given: GivenGiftView, coins: Coins, usage: GiftUsage }).meta({ id: 'GiftTakenBack' }),
  errors: ['too_late', 'not_found'],
});

// ── for the crew of a room ──────────────────────────────────────────────────────────────────────────────────────────

export const GiftTotals = z
  .object({
    /** Gifts that were given and kept, those still cooling included. */
    gifts: z.int(),
    pieces: z.int(),
    givers: z.int(),
    coins: Coins,
    takenBackCoins: Coins,
  })
  .meta({ id: 'GiftTotals' });
export const roomGifts = defineRoute({
  id: 'gifts.of-room',
  method: 'GET',
  path: '/rooms/:id/gifts',
  tag: 'gifts',
  access: { staff: 'rooms:operate' },
  summary: 'The gifts of a live in the order they came, newest first, and its totals; no ranking (rule K6)',
  params: z.strictObject({ id: RoomId }),
  query: PageQuery,
  reply: page(GivenGiftView).extend({ totals: GiftTotals }),
});

// ── for headquarters ────────────────────────────────────────────────────────────────────────────────────────────────

export const giftCatalogue = defineRoute({
  id: 'gifts.catalogue',
  method: 'GET',
  path: '/gift-catalogue',
  tag: 'gifts',
  access: { staff: 'catalogue:read' },
  summary: 'All gifts, those not on sale included',
  reply: z.object({ items: z.array(GiftView) }),
});
export const patchGift = defineRoute({
  id: 'gifts.patch',
  method: 'PATCH',
  path: '/gift-catalogue/:id',
  tag: 'gifts',
  access: { staff: 'gifts:write' },
  summary: 'Change what a gift costs or whether it can be given; audited',
  params: z.strictObject({ id: GiftId }),
  body: z.strictObject({ priceCoins: z.int().min(1).max(100_000).optional(), active: z.boolean().optional() }),
  reply: GiftView,
  errors: ['not_found'],
});

/** The shares sum to 10,000, and the caps ascend. */
export const GiftPolicyTerms = z.strictObject({
  /** How long a gift can be taken back. */
  coolingSeconds: z.int().min(3).max(300),
  perGiftCapCoins: z.int().min(1).max(100_000_000),
  dayCapCoins: z.int().min(1).max(100_000_000),
  monthCapCoins: z.int().min(1).max(100_000_000),
  brandBps: Bps,
  storeBps: Bps,
  guideBps: Bps,
});
export const GiftPolicyView = GiftPolicyTerms.extend({ version: z.int(), effectiveFrom: Instant })
  .strip()
  .meta({ id: 'GiftPolicy' });
export const getGiftPolicy = defineRoute({
  id: 'gifts.policy',
  method: 'GET',
  path: '/gift-policy',
  tag: 'gifts',
  access: { staff: 'rooms:read' },
  summary: 'Caps, cooling period and shares in force',
  reply: GiftPolicyView,
});
export const putGiftPolicy = defineRoute({
  id: 'gifts.policy.put',
  method: 'PUT',
  path: '/gift-policy',
  tag: 'gifts',
  access: { staff: 'gifts:write' },
  summary: 'A new version of the policy, in force at once for gifts given from now on; audited',
  body: GiftPolicyTerms,
  reply: GiftPolicyView,
});

export const GiftReportRow = z
  .object({
    room: z.object({ id: RoomId, title: z.string(), startedAt: Instant.nullable() }),
    orgUnit: OrgUnitRef,
    host: PersonRef,
    totals: GiftTotals,
    /** Of what is shared by now; the rest is cooling. */
    brandFen: Fen,
    storeFen: Fen,
    guideFen: Fen,
    coolingFen: Fen,
  })
  .meta({ id: 'GiftReportRow' });
export const reportGifts = defineRoute({
  id: 'reports.gifts',
  method: 'GET',
  path: '/reports/gifts',
  tag: 'gifts',
  access: { staff: 'reports:read' },
  summary: 'Gifts per room of my scope, the newest live first, with the shares of brand, store and guide',
  produces: ['text/csv'],
  query: z.strictObject({
    from: Instant.optional(),
    to: Instant.optional(),
    orgPath: OrgPath.optional(),
    format: z.enum(['json', 'csv']).optional(),
  }),
  reply: z.object({
    items: z.array(GiftReportRow),
    totals: GiftReportRow.pick({ totals: true, brandFen: true, storeFen: true, guideFen: true, coolingFen: true }),
  }),
});
