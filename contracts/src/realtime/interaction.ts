import { z } from 'zod';
import { Instant } from '../http/common.ts';
import { RoomId } from '../ids.ts';
import { Fen } from '../money.ts';
import { CouponDrop, couponEventShapes } from './coupons.ts';

/*
 * What a room plays: draws that anybody can check afterwards (rule G2) and red packets (rule G3). Neither asks for a share
 * (rule Z5), and nobody is in them who was not in the room (rule Z8).
 */

export const DrawId = z.uuid().meta({ description: 'id of a draw (UUIDv7)' });
export const RedPacketId = z.uuid().meta({ description: 'id of a red-packet rain (UUIDv7)' });

/** 50,000 yuan: the most that one prize may be worth (rule G2). */
export const TOP_PRIZE_FEN = 5_000_000;
/** All winners of a draw stand in one event. */
export const MAX_DRAW_WINNERS = 100;
export const MAX_DRAW_PRIZES = 10;

/** parcel: sent to an address. coupon: a text (a code, what to say in the store) that the winner alone is shown. */
export const PrizeKind = z.enum(['parcel', 'coupon']).meta({ id: 'PrizeKind' });
export type PrizeKind = z.infer<typeof PrizeKind>;

export const DrawPrize = z
  .object({
    /** From 1, the first is drawn first. */
    no: z.int().min(1),
    name: z.string(),
    kind: PrizeKind,
    valueFen: Fen.max(TOP_PRIZE_FEN),
    count: z.int().min(1),
  })
  .meta({ id: 'DrawPrize' });
export type DrawPrize = z.infer<typeof DrawPrize>;

/** What somebody must do or be to enter. There is no condition about sharing, and there must be none (rule Z5). */
export const DrawRules = z
  .object({
    /** Said in the chat; null: a tap is enough. */
    keyword: z.string().nullable(),
    /** Only who follows the host. */
    followers: z.boolean(),
    /** Only who has bought from the brand. */
    customers: z.boolean(),
  })
  .meta({ id: 'DrawRules' });
export type DrawRules = z.infer<typeof DrawRules>;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
/** Stands for one person in one draw; says nothing about who they are anywhere else. */
export const DrawPublicId = hex(16);

export const DrawWinner = z
  .object({
    rank: z.int().min(1),
    prizeNo: z.int().min(1),
    publicId: DrawPublicId,
    /** Masked: the first character. */
    name: z.string(),
  })
  .meta({ id: 'DrawWinner' });
export type DrawWinner = z.infer<typeof DrawWinner>;

/** prepared: commitment, rules and prizes are public and can no longer be changed. */
export const DrawState = z.enum(['prepared', 'open', 'closed', 'cancelled']).meta({ id: 'DrawState' });

/** Everything about a draw is public; the seed and the winners are there once it is closed. docs/11-draws.md is the recipe. */
export const Draw = z
  .object({
    id: DrawId,
    roomId: RoomId,
    state: DrawState,
    title: z.string(),
    rules: DrawRules,
    prizes: z.array(DrawPrize).max(MAX_DRAW_PRIZES),
    /** SHA-256 of the 32 bytes of the seed. */
    commitment: hex(32),
    durationSeconds: z.int(),
    preparedAt: Instant,
    openedAt: Instant.nullable(),
    closesAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    entries: z.int().min(0),
    /** SHA-256 of the sorted public ids joined by line feeds. */
    listHash: hex(32).nullable(),
    seed: hex(32).nullable(),
    winners: z.array(DrawWinner).max(MAX_DRAW_WINNERS),
    /** Prizes that are not claimed until then stay with the brand. */
    claimUntil: Instant.nullable(),
  })
  .meta({ id: 'Draw' });
export type Draw = z.infer<typeof Draw>;

export const MAX_RED_PACKET_COUNT = 2_000;
export const MAX_RED_PACKET_TOTAL_FEN = 1_000_000;
/** The mean of a rain: what one person gets on the average. */
export const MAX_RED_PACKET_MEAN_FEN = 5_000;

/** One rain of red packets: total and count are fixed when it starts (rule G3). */
export const RedPacket = z
  .object({
    id: RedPacketId,
    roomId: RoomId,
    state: z.enum(['running', 'ended']),
    title: z.string(),
    totalFen: Fen,
    count: z.int().min(1),
    taken: z.int().min(0),
    /** The rain begins then; before, there is nothing to grab. */
    startsAt: Instant,
    endsAt: Instant,
    endedAt: Instant.nullable(),
    /** What nobody took, back in the budget it came from; null while it rains. */
    returnedFen: Fen.nullable(),
  })
  .meta({ id: 'RedPacket' });
export type RedPacket = z.infer<typeof RedPacket>;

/** Kinds of room events, for the union in events.ts. */
export const interactionEventShapes = {
  'draw:prepared': { draw: Draw },
  'draw:opened': { draw: Draw },
  'draw:counted': { drawId: DrawId, entries: z.int() },
  'draw:closed': { draw: Draw },
  'draw:cancelled': { drawId: DrawId },
  'red-packet:started': { redPacket: RedPacket },
  'red-packet:counted': { redPacketId: RedPacketId, taken: z.int() },
  'red-packet:ended': { redPacket: RedPacket },
  ...couponEventShapes,
} as const;

export const interactionMessages = {
  'draw:open': {
    operate: true,
    payload: z.strictObject({ drawId: DrawId }),
    reply: z.object({ draw: Draw }),
  },
  /** Again = the same answer: a draw is drawn once. */
  'draw:close': {
    operate: true,
    payload: z.strictObject({ drawId: DrawId }),
    reply: z.object({ draw: Draw }),
  },
  /**
   * Enters; with a keyword it is said in the chat on the way, as the message `clientMessageId`. Saying it by hand enters as
   * well. Again = the same answer.
   */
  'draw:enter': {
    operate: false,
    payload: z.strictObject({ drawId: DrawId, clientMessageId: z.uuid().optional() }),
    reply: z.object({ publicId: DrawPublicId, entries: z.int() }),
  },
} as const;

/** Of a snapshot: what runs, or has ended just now. */
export const InteractionSnapshot = z.object({
  draw: Draw.nullable(),
  redPacket: RedPacket.nullable(),
  /** Absent from servers that know no coupons. */
  couponDrop: CouponDrop.nullable().optional(),
});
export type InteractionSnapshot = z.infer<typeof InteractionSnapshot>;
export const interactionSnapshotShape = { interaction: InteractionSnapshot.optional() } as const;
