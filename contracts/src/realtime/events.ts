import { z } from 'zod';
import { BundleView, OfferView } from '../http/bag.ts';
import { Instant } from '../http/common.ts';
import { BundleId, OfferId, PersonId, ProductId, SkuId } from '../ids.ts';
import { activityEventShapes } from './activities.ts';
import { chatEventShapes } from './chat.ts';
import { drainCardEventShapes } from './drain-cards.ts';
import { giftSent, giftTakenBack } from './gifts.ts';
import { groupBuyEventShapes } from './group-buys.ts';
import { interactionEventShapes } from './interaction.ts';
import { Stage } from './stage.ts';

/**
 * Facts of a room, in the past tense, as they stand in the room log. The class says what may be lost on the way to a viewer:
 *  critical  never dropped · own  the sender always sees it · crowd  sampled per viewer budget · counter  latest value wins
 */
const event = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.object({ kind: z.literal(kind), ...shape });

export const roomEventSchemas = [
  event('chat:sent', chatEventShapes['chat:sent']),
  event('chat:deleted', chatEventShapes['chat:deleted']),
  event('chat:answered', chatEventShapes['chat:answered']),
  event('message:pinned', chatEventShapes['message:pinned']),
  event('mode:set', chatEventShapes['mode:set']),
  event('viewer:joined', { personId: PersonId, name: z.string() }),
  event('viewer:muted', { personId: PersonId, until: Instant.nullable() }),
  event('viewer:banned', { personId: PersonId }),
  event('viewer:unmuted', { personId: PersonId }),
  event('likes:counted', { total: z.int() }),
  event('viewers:counted', { now: z.int(), total: z.int() }),
  event('product:pinned', { productId: ProductId, mediaTime: Instant }),
  event('product:unpinned', { mediaTime: Instant }),
  event('bag:changed', { productIds: z.array(ProductId) }),
  event('offer:opened', { offer: OfferView, visibleFrom: Instant }),
  event('offer:changed', { offer: OfferView, visibleFrom: Instant }),
  event('offer:closed', { offerId: OfferId, skuId: SkuId }),
  event('bundle:opened', { bundle: BundleView, visibleFrom: Instant }),
  event('bundle:closed', { bundleId: BundleId }),
  event('bundle:counted', { bundleId: BundleId, taken: z.int() }),
  event('offer:gift-counted', { offerId: OfferId, taken: z.int() }),
  event('stock:changed', { skuId: SkuId, available: z.int(), offerId: OfferId.nullable(), taken: z.int().nullable() }),
  event('order:paid', { buyerName: z.string(), productId: ProductId, productTitle: z.string(), quantity: z.int() }),
  event('notice:set', { text: z.string() }),
  event('stream:changed', {
    state: z.enum(['idle', 'live', 'interrupted']),
    hasVideo: z.boolean(),
    hasAudio: z.boolean(),
  }),
  event('stage:changed', { stage: Stage }),
  event('gift:sent', giftSent),
  event('gift:taken-back', giftTakenBack),
  event('draw:prepared', interactionEventShapes['draw:prepared']),
  event('draw:opened', interactionEventShapes['draw:opened']),
  event('draw:counted', interactionEventShapes['draw:counted']),
  event('draw:closed', interactionEventShapes['draw:closed']),
  event('draw:cancelled', interactionEventShapes['draw:cancelled']),
  event('red-packet:started', interactionEventShapes['red-packet:started']),
  event('red-packet:counted', interactionEventShapes['red-packet:counted']),
  event('red-packet:ended', interactionEventShapes['red-packet:ended']),
  event('coupon-drop:started', interactionEventShapes['coupon-drop:started']),
  event('coupon-drop:counted', interactionEventShapes['coupon-drop:counted']),
  event('coupon-drop:ended', interactionEventShapes['coupon-drop:ended']),
  event('check-in:opened', activityEventShapes['check-in:opened']),
  event('check-in:counted', activityEventShapes['check-in:counted']),
  event('check-in:closed', activityEventShapes['check-in:closed']),
  event('poll:opened', activityEventShapes['poll:opened']),
  event('poll:counted', activityEventShapes['poll:counted']),
  event('poll:closed', activityEventShapes['poll:closed']),
  event('poll:cancelled', activityEventShapes['poll:cancelled']),
  event('countdown:started', activityEventShapes['countdown:started']),
  event('countdown:moved', activityEventShapes['countdown:moved']),
  event('countdown:ended', activityEventShapes['countdown:ended']),
  event('chain:opened', activityEventShapes['chain:opened']),
  event('chain:counted', activityEventShapes['chain:counted']),
  event('chain:closed', activityEventShapes['chain:closed']),
  event('group-buy:opened', groupBuyEventShapes['group-buy:opened']),
  event('group-buy:counted', groupBuyEventShapes['group-buy:counted']),
  event('group-buy:completed', groupBuyEventShapes['group-buy:completed']),
  event('group-buy:expired', groupBuyEventShapes['group-buy:expired']),
  event('drain-card:set', drainCardEventShapes['drain-card:set']),
  event('room:started', { at: Instant }),
  event('room:ended', { at: Instant }),
] as const;

export const RoomEvent = z.discriminatedUnion('kind', roomEventSchemas);
export type RoomEvent = z.infer<typeof RoomEvent>;
export type RoomEventKind = RoomEvent['kind'];
export type RoomEventOf<K extends RoomEventKind> = Extract<RoomEvent, { kind: K }>;

export type EventClass = 'critical' | 'own' | 'crowd' | 'counter';
export const eventClass: Record<RoomEventKind, EventClass> = {
  'chat:sent': 'crowd',
  'chat:deleted': 'critical',
  'chat:answered': 'critical',
  'message:pinned': 'critical',
  'mode:set': 'critical',
  'viewer:joined': 'crowd',
  'viewer:muted': 'critical',
  'viewer:banned': 'critical',
  'viewer:unmuted': 'critical',
  'likes:counted': 'counter',
  'viewers:counted': 'counter',
  'product:pinned': 'critical',
  'product:unpinned': 'critical',
  'bag:changed': 'critical',
  'offer:opened': 'critical',
  'offer:changed': 'critical',
  'offer:closed': 'critical',
  'bundle:opened': 'critical',
  'bundle:closed': 'critical',
  'bundle:counted': 'counter',
  'offer:gift-counted': 'counter',
  'stock:changed': 'counter',
  'order:paid': 'critical',
  'notice:set': 'critical',
  'stream:changed': 'critical',
  'stage:changed': 'critical',
  'gift:sent': 'critical',
  'gift:taken-back': 'critical',
  'draw:prepared': 'critical',
  'draw:opened': 'critical',
  'draw:counted': 'counter',
  'draw:closed': 'critical',
  'draw:cancelled': 'critical',
  'red-packet:started': 'critical',
  'red-packet:counted': 'counter',
  'red-packet:ended': 'critical',
  'coupon-drop:started': 'critical',
  'coupon-drop:counted': 'counter',
  'coupon-drop:ended': 'critical',
  'check-in:opened': 'critical',
  'check-in:counted': 'counter',
  'check-in:closed': 'critical',
  'poll:opened': 'critical',
  'poll:counted': 'counter',
  'poll:closed': 'critical',
  'poll:cancelled': 'critical',
  'countdown:started': 'critical',
  'countdown:moved': 'critical',
  'countdown:ended': 'critical',
  'chain:opened': 'critical',
  'chain:counted': 'counter',
  'chain:closed': 'critical',
  'group-buy:opened': 'critical',
  'group-buy:counted': 'critical',
  'group-buy:completed': 'critical',
  'group-buy:expired': 'critical',
  'drain-card:set': 'critical',
  'room:started': 'critical',
  'room:ended': 'critical',
};

/** One event with its place in the room's log. */
export const SequencedEvent = z.object({ seq: z.int().min(1), at: Instant, event: RoomEvent });
export type SequencedEvent = z.infer<typeof SequencedEvent>;

/** All events of the last ~100 ms, encoded once; `seq` is the last sequence number the frame covers. */
export const RoomFrame = z.object({
  seq: z.int(),
  at: Instant,
  events: z.array(SequencedEvent),
  /**
   * The sequence number this frame continues from. Sampling leaves holes between events, so only this shows a client
   * that a whole frame is missing; it then resumes from its own last number.
   */
  after: z.int().optional(),
});
export type RoomFrame = z.infer<typeof RoomFrame>;
