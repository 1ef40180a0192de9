import { z } from 'zod';
import { OrgUnitId, RoomId } from '../ids.ts';
import { Fen } from '../money.ts';
import {
  MAX_RED_PACKET_COUNT,
  MAX_RED_PACKET_MEAN_FEN,
  MAX_RED_PACKET_TOTAL_FEN,
  RedPacket,
  RedPacketId,
} from '../realtime/interaction.ts';
import { Empty, Instant, OrgUnitRef, PageQuery, page, text } from './common.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: RedPacketId });

export const startRedPacket = defineRoute({
  id: 'red-packets.start',
  method: 'POST',
  path: '/red-packets',
  tag: 'red-packets',
  access: { staff: 'rooms:operate' },
  idempotent: true,
  summary:
    'Start a rain of red packets: the total is taken from the marketing budget of the room’s unit and split at once (rule G3). A room has one at a time',
  body: z
    .strictObject({
      roomId: RoomId,
      title: text(30),
      totalFen: Fen.min(1).max(MAX_RED_PACKET_TOTAL_FEN),
      count: z.int().min(1).max(MAX_RED_PACKET_COUNT),
      /** Everybody sees it coming before it begins. */
      leadSeconds: z.int().min(0).max(30).default(5),
      durationSeconds: z.int().min(10).max(300).default(60),
    })
    .refine(({ totalFen, count }) => totalFen >= count, { path: ['totalFen'], message: 'less_than_one_fen_each' })
    .refine(({ totalFen, count }) => totalFen <= count * MAX_RED_PACKET_MEAN_FEN, {
      path: ['totalFen'],
      message: 'too_much_each',
    }),
  reply: RedPacket,
  status: 201,
  errors: ['not_found', 'room_not_live', 'state_conflict', 'budget_exceeded', 'words_refused'],
});
export const endRedPacket = defineRoute({
  id: 'red-packets.end',
  method: 'POST',
  path: '/red-packets/:id/end',
  tag: 'red-packets',
  access: { staff: 'rooms:operate' },
  summary: 'End a rain before its time; what nobody took goes back to the budget. Again = the same answer',
  params,
  body: Empty,
  reply: RedPacket,
  errors: ['not_found'],
});
export const getRedPacket = defineRoute({
  id: 'red-packets.get',
  method: 'GET',
  path: '/red-packets/:id',
  tag: 'red-packets',
  access: 'public',
  summary: 'A rain and how many packets are taken',
  params,
  reply: RedPacket,
});
export const listRedPackets = defineRoute({
  id: 'red-packets.list',
  method: 'GET',
  path: '/red-packets',
  tag: 'red-packets',
  access: 'public',
  summary: 'The rains of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(RedPacket),
});

/** What came of a grab: an amount, or null when the others were quicker. */
export const Grab = z
  .object({ amountFen: Fen.nullable(), state: z.enum(['running', 'ended']) })
  .meta({ id: 'RedPacketGrab' });
export type Grab = z.infer<typeof Grab>;
export const grabRedPacket = defineRoute({
  id: 'red-packets.grab',
  method: 'POST',
  path: '/red-packets/:id/grab',
  tag: 'red-packets',
  access: 'consumer',
  idempotent: true,
  summary: 'Take one packet: one for each person who is in the room, none for staff. The money is in /me/rewards',
  params,
  body: Empty,
  reply: Grab,
  errors: ['not_found', 'banned', 'forbidden', 'too_early', 'rate_limited', 'session_expired'],
});
export const myGrab = defineRoute({
  id: 'red-packets.mine',
  method: 'GET',
  path: '/red-packets/:id/mine',
  tag: 'red-packets',
  access: 'person',
  summary: 'What I took of a rain',
  params,
  reply: Grab,
});

export const RewardMovement = z
  .object({
    id: z.string(),
    kind: z.enum(['red_packet', 'newcomer']),
    amountFen: Fen,
    title: z.string(),
    /** Of a newcomer's red packet: the unit that gave it. */
    roomTitle: z.string(),
    at: Instant,
  })
  .meta({ id: 'RewardMovement' });
export const myRewards = defineRoute({
  id: 'rewards.mine',
  method: 'GET',
  path: '/me/rewards',
  tag: 'red-packets',
  access: 'consumer',
  summary: 'The money I got from red packets: the balance of my reward account, and each packet, the newest first',
  query: PageQuery,
  reply: page(RewardMovement).extend({ balanceFen: Fen }),
});

// ── marketing budgets ───────────────────────────────────────────────────────────────────────────────────────────────

export const MarketingBudget = z
  .object({
    orgUnit: OrgUnitRef,
    availableFen: Fen,
    /** In rains that have not ended. */
    reservedFen: Fen,
  })
  .meta({ id: 'MarketingBudget' });
export type MarketingBudget = z.infer<typeof MarketingBudget>;
export const listBudgets = defineRoute({
  id: 'budgets.list',
  method: 'GET',
  path: '/marketing-budgets',
  tag: 'red-packets',
  access: { staff: 'rooms:read' },
  summary: 'What the units of my scope may spend on red packets',
  reply: z.object({ items: z.array(MarketingBudget) }),
});
export const grantBudget = defineRoute({
  id: 'budgets.grant',
  method: 'POST',
  path: '/marketing-budgets/:orgUnitId/grants',
  tag: 'red-packets',
  access: { staff: 'budgets:write' },
  idempotent: true,
  summary: 'Give a unit of my scope money for red packets; audited',
  params: z.strictObject({ orgUnitId: OrgUnitId }),
  body: z.strictObject({ amountFen: Fen.min(1).max(100_000_000), reason: text(100) }),
  reply: MarketingBudget,
  status: 201,
  errors: ['not_found'],
});
