import { z } from 'zod';
import { ErrorCodeSchema } from '../errors.ts';
import { RoomId } from '../ids.ts';
import { Fen } from '../money.ts';
import {
  Draw,
  DrawId,
  DrawPrize,
  DrawPublicId,
  MAX_DRAW_PRIZES,
  MAX_DRAW_WINNERS,
  PrizeKind,
  TOP_PRIZE_FEN,
} from '../realtime/interaction.ts';
import { Instant, OrgUnitRef, PageQuery, PersonRef, page, text } from './common.ts';
import { Address, AddressView } from './orders.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ id: DrawId });
export const PrizeId = z.uuid().meta({ description: 'id of a prize that somebody won (UUIDv7)' });

export const prepareDraw = defineRoute({
  id: 'draws.prepare',
  method: 'POST',
  path: '/draws',
  tag: 'draws',
  access: { staff: 'rooms:operate' },
  summary:
    'Publish a draw in a room: commitment, rules and prizes, which stay as they are. It opens by the message draw:open. A room has one at a time',
  body: z.strictObject({
    roomId: RoomId,
    title: text(30),
    rules: z.strictObject({
      keyword: text(20).nullable().default(null),
      followers: z.boolean().default(false),
      customers: z.boolean().default(false),
    }),
    prizes: z
      .array(
        z.strictObject({
          name: text(40),
          kind: PrizeKind,
          valueFen: Fen.min(1).max(TOP_PRIZE_FEN),
          count: z.int().min(1).max(MAX_DRAW_WINNERS),
          /** For the winners alone: a code, what to say in the store. */
          note: text(200, 0).default(''),
        }),
      )
      .min(1)
      .max(MAX_DRAW_PRIZES)
      .refine((prizes) => prizes.reduce((sum, { count }) => sum + count, 0) <= MAX_DRAW_WINNERS, 'too_many_winners'),
    /** From its opening until it closes by itself. */
    durationSeconds: z.int().min(20).max(3_600),
  }),
  reply: Draw,
  status: 201,
  errors: ['forbidden', 'not_found', 'state_conflict', 'room_not_live', 'words_refused'],
});
export const cancelDraw = defineRoute({
  id: 'draws.cancel',
  method: 'POST',
  path: '/draws/:id/cancel',
  tag: 'draws',
  access: { staff: 'rooms:operate' },
  summary: 'Take back a draw that is not drawn yet; audited with its reason. Again = the same answer',
  params,
  body: z.strictObject({ reason: text(100) }),
  reply: Draw,
  errors: ['not_found', 'state_conflict'],
});
export const listDraws = defineRoute({
  id: 'draws.list',
  method: 'GET',
  path: '/draws',
  tag: 'draws',
  access: 'public',
  summary: 'The draws of a room, the newest first',
  query: PageQuery.extend({ roomId: RoomId }),
  reply: page(Draw),
});
export const publicDraw = defineRoute({
  id: 'draws.public',
  method: 'GET',
  path: '/draws/:id/public',
  tag: 'draws',
  access: 'public',
  summary: 'What anybody needs to check a draw: commitment, rules, prizes, times; once closed the seed and the winners',
  params,
  reply: Draw,
});
export const drawParticipants = defineRoute({
  id: 'draws.participants',
  method: 'GET',
  path: '/draws/:id/participants',
  tag: 'draws',
  access: 'public',
  summary:
    'The frozen list of a closed draw in its order: pages, or all of it as one JSON string per line by `?format=ndjson`',
  params,
  query: PageQuery.extend({ format: z.enum(['json', 'ndjson']).default('json') }),
  reply: page(DrawPublicId),
  produces: ['application/x-ndjson'],
  errors: ['not_found', 'state_conflict'],
});

/** A prize somebody won. lapsed: not claimed in time. */
export const PrizeState = z.enum(['won', 'claimed', 'shipped', 'lapsed']).meta({ id: 'PrizeState' });
export const MyPrize = z
  .object({
    id: PrizeId,
    drawId: DrawId,
    drawTitle: z.string(),
    roomTitle: z.string(),
    prize: DrawPrize.pick({ no: true, name: true, kind: true, valueFen: true }),
    /** Of a coupon, once it is claimed; else empty. */
    note: z.string(),
    state: PrizeState,
    wonAt: Instant,
    claimUntil: Instant,
    trackingNo: z.string().nullable(),
  })
  .meta({ id: 'MyPrize' });
export type MyPrize = z.infer<typeof MyPrize>;

export const myDraw = defineRoute({
  id: 'draws.mine',
  method: 'GET',
  path: '/draws/:id/mine',
  tag: 'draws',
  access: 'person',
  summary: 'Whether I am in this draw, under which public id, why I may not enter, and what I won',
  params,
  reply: z.object({
    publicId: DrawPublicId.nullable(),
    /** Null when I may enter, or have. */
    refusal: ErrorCodeSchema.nullable(),
    prize: MyPrize.nullable(),
  }),
});
export const myPrizes = defineRoute({
  id: 'prizes.mine',
  method: 'GET',
  path: '/me/prizes',
  tag: 'draws',
  access: 'consumer',
  summary: 'What I won, the newest first',
  query: PageQuery,
  reply: page(MyPrize),
});
export const claimPrize = defineRoute({
  id: 'prizes.claim',
  method: 'POST',
  path: '/prizes/:id/claim',
  tag: 'draws',
  access: 'consumer',
  summary: 'Claim what I won: a parcel needs an address. Again, before it is shipped, changes the address',
  params: z.strictObject({ id: PrizeId }),
  body: z.strictObject({ address: Address.optional() }),
  reply: MyPrize,
  errors: ['not_found', 'gone', 'state_conflict', 'invalid_request'],
});

export const DrawnPrize = z
  .object({
    id: PrizeId,
    rank: z.int(),
    prize: DrawPrize.pick({ no: true, name: true, kind: true, valueFen: true }),
    /** Masked for staff who do not ship (rule Z6). */
    winner: PersonRef.pick({ name: true }),
    state: PrizeState,
    address: AddressView.nullable(),
    trackingNo: z.string().nullable(),
    claimUntil: Instant,
  })
  .meta({ id: 'DrawnPrize' });
export type DrawnPrize = z.infer<typeof DrawnPrize>;
export const drawnPrizes = defineRoute({
  id: 'draws.prizes',
  method: 'GET',
  path: '/draws/:id/prizes',
  tag: 'draws',
  access: { staff: 'rooms:operate' },
  summary: 'Who won what in a draw of my scope, and how far it is on its way',
  params,
  reply: z.object({ items: z.array(DrawnPrize) }),
});
/** A prize as who sends it finds it, without going from draw to draw. */
export const PrizeOnList = DrawnPrize.extend({
  drawId: DrawId,
  drawTitle: z.string(),
  room: z.object({ id: RoomId, title: z.string() }),
  orgUnit: OrgUnitRef,
  wonAt: Instant,
}).meta({ id: 'PrizeOnList' });
export type PrizeOnList = z.infer<typeof PrizeOnList>;
export const listPrizes = defineRoute({
  id: 'prizes.list',
  method: 'GET',
  path: '/prizes',
  tag: 'draws',
  access: { staff: 'orders:read' },
  summary: 'The prizes won in the rooms of my scope, the newest first; claimed parcels wait to be sent',
  query: PageQuery.extend({ state: PrizeState.optional() }),
  reply: page(PrizeOnList),
});
export const shipPrize = defineRoute({
  id: 'prizes.ship',
  method: 'POST',
  path: '/prizes/:id/ship',
  tag: 'draws',
  access: { staff: 'orders:ship' },
  summary: 'A claimed parcel is on its way; again corrects the number',
  params: z.strictObject({ id: PrizeId }),
  body: z.strictObject({ trackingNo: text(40) }),
  reply: DrawnPrize,
  errors: ['not_found', 'state_conflict'],
});
