import { z } from 'zod';
import { ErrorCodeSchema } from '../errors.ts';
import { OrgUnitId, PersonId, ProductId, RoomId, SkuId } from '../ids.ts';
import { Fen } from '../money.ts';
import { Instant, OrgUnitRef, PersonRef, PictureUrl, text } from './common.ts';
import { defineRoute } from './route.ts';

/** 造势 → 预售 → 发售 → 追售. */
export const wavePhases = ['build_up', 'pre_sale', 'sale', 'follow_up'] as const;
export const WavePhaseName = z.enum(wavePhases).meta({ id: 'WavePhaseName' });
export type WavePhaseName = z.infer<typeof WavePhaseName>;
export const WavePhase = z.strictObject({ phase: WavePhaseName, from: Instant, until: Instant });
export type WavePhase = z.infer<typeof WavePhase>;
/** All four in their order, each after the one before; else `invalid_request` with the issue `phases_out_of_order`. */
const Phases = z.array(WavePhase).length(wavePhases.length);

/** Null: the room of the `room_open` next before this action. One that is named belongs to the wave's unit or below, else `not_found`. */
const room = { roomId: RoomId.nullable().default(null) };
export const waveAudiences = ['booked', 'customers'] as const;
export const WaveAudience = z.enum(waveAudiences).meta({ id: 'WaveAudience' });
export type WaveAudience = z.infer<typeof WaveAudience>;
export const waveActionKinds = ['room_open', 'room_close', 'offer_open', 'offer_close', 'message'] as const;
export type WaveActionKind = (typeof waveActionKinds)[number];
export const WaveDeed = z.discriminatedUnion('kind', [
  /** Announces a live, so that people can book it; its guide starts it. */
  z.strictObject({
    kind: z.literal('room_open'),
    title: text(60),
    hostId: PersonId,
    scheduledAt: Instant,
    coverUrl: PictureUrl.optional(),
    productIds: z.array(ProductId).max(50).default([]),
  }),
  /** Called off if it has not started, ended if it is live. */
  z.strictObject({ kind: z.literal('room_close'), ...room }),
  z.strictObject({
    kind: z.literal('offer_open'),
    ...room,
    skuId: SkuId,
    priceFen: Fen.min(1),
    until: Instant,
    cap: z.int().min(1).max(1_000_000).nullable().default(null),
    perPersonLimit: z.int().min(1).max(1_000).nullable().default(null),
  }),
  z.strictObject({ kind: z.literal('offer_close'), ...room, skuId: SkuId }),
  z.strictObject({ kind: z.literal('message'), ...room, audience: WaveAudience, text: text(120) }),
]);
export type WaveDeed = z.infer<typeof WaveDeed>;

export const NewWaveAction = z.strictObject({
  phase: WavePhaseName,
  at: Instant,
  deed: WaveDeed,
  /**
   * A message that is more whole minutes late than this is left out, also where it waits to be sent. Planned within quiet hours
   * it is sent at their end, and the minutes count from there.
   */
  lateMinutes: z.int().min(0).max(10_080).default(60),
});
export const WaveActionState = z
  .enum(['planned', 'running', 'done', 'failed', 'skipped'])
  .meta({ id: 'WaveActionState' });
export type WaveActionState = z.infer<typeof WaveActionState>;
export const WaveAction = z
  .object({
    id: z.uuid(),
    phase: WavePhaseName,
    at: Instant,
    deed: WaveDeed,
    lateMinutes: z.int(),
    state: WaveActionState,
    /** Of a failed one the error; of a skipped one why. */
    reason: ErrorCodeSchema.or(
      z.enum(['no_room', 'other_unit', 'nothing_open', 'by_hand', 'wave_cancelled']),
    ).nullable(),
    attempts: z.int(),
    result: z.object({
      roomId: RoomId.optional(),
      offerId: z.uuid().optional(),
      /** People a message was made for. */
      people: z.int().optional(),
    }),
    endedAt: Instant.nullable(),
  })
  .meta({ id: 'WaveAction' });
export type WaveAction = z.infer<typeof WaveAction>;
export const WaveState = z.enum(['draft', 'running', 'paused', 'cancelled', 'done']).meta({ id: 'WaveState' });
export type WaveState = z.infer<typeof WaveState>;
export const Wave = z
  .object({
    id: z.uuid(),
    title: z.string(),
    orgUnit: OrgUnitRef,
    state: WaveState,
    /** 1, and one more with each copy (循环). */
    round: z.int(),
    phases: z.array(WavePhase),
    /** In the order in which they happen. */
    actions: z.array(WaveAction),
    /** What happens next; null when nothing will. */
    nextActionId: z.uuid().nullable(),
    createdBy: PersonRef,
    createdAt: Instant,
  })
  .meta({ id: 'Wave' });
export type Wave = z.infer<typeof Wave>;

const WaveId = z.uuid().meta({ description: 'id of a wave (UUIDv7)' });
const params = z.strictObject({ id: WaveId });
const ofAction = z.strictObject({ id: WaveId, actionId: z.uuid() });
const write = { tag: 'waves', access: { staff: 'campaigns:write' } } as const;

export const listWaves = defineRoute({
  id: 'waves.list',
  method: 'GET',
  path: '/waves',
  tag: 'waves',
  access: { staff: 'campaigns:read' },
  summary: 'Campaigns of my scope, the newest first, at most 100',
  reply: z.object({ items: z.array(Wave) }),
});
export const getWave = defineRoute({
  id: 'waves.get',
  method: 'GET',
  path: '/waves/:id',
  tag: 'waves',
  access: { staff: 'campaigns:read' },
  summary: 'One campaign: its phases, what was done, what failed, what comes next',
  params,
  reply: Wave,
});
export const createWave = defineRoute({
  ...write,
  id: 'waves.create',
  method: 'POST',
  path: '/waves',
  summary: 'Plan a campaign of a unit of my scope; nothing happens before it is set running',
  body: z.strictObject({
    title: text(60),
    orgUnitId: OrgUnitId.optional(),
    phases: Phases,
    actions: z.array(NewWaveAction).max(100).default([]),
  }),
  reply: Wave,
  status: 201,
  errors: ['not_found', 'words_refused'],
});
export const addWaveAction = defineRoute({
  ...write,
  id: 'waves.actions.add',
  method: 'POST',
  path: '/waves/:id/actions',
  summary:
    'One more action, within its phase; of a running campaign it may be in the future only. It happens with the rights of who adds it',
  params,
  body: NewWaveAction,
  reply: Wave,
  errors: ['not_found', 'state_conflict', 'words_refused', 'limit_exceeded'],
});
export const removeWaveAction = defineRoute({
  ...write,
  id: 'waves.actions.remove',
  method: 'DELETE',
  path: '/waves/:id/actions/:actionId',
  summary: 'Take out an action that has not happened',
  params: ofAction,
  reply: Wave,
  status: 200,
  errors: ['not_found', 'state_conflict'],
});
export const settleWaveAction = defineRoute({
  ...write,
  id: 'waves.actions.settle',
  method: 'POST',
  path: '/waves/:id/actions/:actionId',
  summary:
    'Try a failed action again, or leave out one that is planned or has failed, while the campaign is not over; audited',
  params: ofAction,
  body: z.strictObject({ do: z.enum(['retry', 'skip']) }),
  reply: Wave,
  errors: ['not_found', 'state_conflict'],
});
export const moveWave = defineRoute({
  ...write,
  id: 'waves.move',
  method: 'POST',
  path: '/waves/:id/state',
  summary:
    'Set running, pause, resume or cancel; audited with its reason. Cancelled: what has not happened will not, messages that wait are not sent; what is open stays open. Again = the same answer',
  params,
  body: z.strictObject({ to: z.enum(['running', 'paused', 'cancelled']), reason: text(100, 0).default('') }),
  reply: Wave,
  errors: ['not_found', 'state_conflict'],
});
export const copyWave = defineRoute({
  ...write,
  id: 'waves.copy',
  method: 'POST',
  path: '/waves/:id/copy',
  summary: 'The next wave: the same plan from another day on, as a draft; it names no room of the wave before',
  params,
  body: z.strictObject({ startsAt: Instant }),
  reply: Wave,
  status: 201,
  errors: ['not_found', 'words_refused'],
});
export const waveReach = defineRoute({
  ...write,
  id: 'waves.reach',
  method: 'POST',
  path: '/waves/reach',
  summary: 'How many people a message would be made for now, and how many of them have switched campaigns off',
  body: z.strictObject({
    orgUnitId: OrgUnitId.optional(),
    audience: WaveAudience,
    /** Of `booked` it is needed. */
    roomId: RoomId.nullable().default(null),
  }),
  reply: z.object({ people: z.int(), optedOut: z.int() }),
  errors: ['not_found'],
});
