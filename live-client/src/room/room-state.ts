import type {
  Bag,
  BagItem,
  BundleView,
  JoinReply,
  OfferView,
  Room,
  RoomClosed,
  RoomEvent,
  RoomFrame,
  RoomSnapshot,
  SequencedEvent,
  ShownDrainCard,
  ShownGift,
  Stage,
} from '@walnut-live/contracts';
import type { ApiError, ClientErrorCode } from '../http/api-error.ts';
import { type ActivitiesState, activityEvent, noActivities } from './activities-state.ts';
import { append, applyTalk, initialTalk, reduceTalk, type TalkAction, type TalkState, talkOf } from './chat-state.ts';
import { type GroupNews, groupMoved } from './group-news.ts';
import { type InteractionState, noInteraction, playEvent } from './interaction-state.ts';

/*
 * A room as one viewer or operator sees it, and the pure reducer that moves it.
 *
 * Invariants
 * - `seq` never falls except with a fresh snapshot; an event at or below it has been applied and is skipped, so frames
 *   that overlap after a resume do no harm.
 * - Parts that did not change keep their identity, so selectors compare by `===`.
 */

/** Purchases and joins remembered. */
const RECENT_LIMIT = 30;
/** People banned in this session remembered. */
const BANNED_LIMIT = 500;

export type Connection =
  /** First HTTP join under way. */
  | { state: 'joining' }
  | { state: 'connecting' }
  | { state: 'online' }
  /** Lost, or (`error`) not joined; comes back by itself. */
  | { state: 'reconnecting'; attempt: number; error?: ApiError }
  /** Over; `failed` is a join that cannot succeed (its code says why). */
  | { state: 'closed'; reason: RoomClosed['reason'] | 'failed' | 'left'; code?: ClientErrorCode };

export type Purchase = { seq: number; at: string } & Omit<Extract<RoomEvent, { kind: 'order:paid' }>, 'kind'>;
/** Gifts of one burst, as one line; `count` is what is left of it when some were taken back. */
export type GiftLine = Omit<ShownGift, 'quantity' | 'coins' | 'comboCount'> & { seq: number; count: number };
export type Arrival = { seq: number; at: string; personId: string; name: string };
export type Muted = { until: string | null };

export type RoomState = TalkState & {
  roomId: string;
  connection: Connection;
  /** The server takes nothing into the room at the moment: chat waits, buying goes on. */
  paused: boolean;
  /** What the last join said; null until then. */
  join: JoinReply | null;
  room: Room | null;
  /** True once a snapshot was applied. */
  loaded: boolean;
  seq: number;
  stage: RoomSnapshot['state'];
  stream: RoomSnapshot['stream'];
  /** What the room shows and who stands there; null before the first snapshot, or with a server that knows no relays. */
  showing: Stage | null;
  bag: Bag;
  /** The bag names a product that was never sent: it has to be fetched. */
  bagStale: boolean;
  notice: string;
  likes: number;
  /** Own likes that the server has not counted yet. */
  likesUnsent: number;
  viewersNow: number;
  viewersTotal: number;
  /** Draws and red packets. */
  interaction: InteractionState;
  /** Which kind of card leads viewers on at the moment. */
  drainCard: ShownDrainCard | null;
  /** Check-in, poll, countdown, chain. */
  activities: ActivitiesState;
  purchases: readonly Purchase[];
  /** Bursts of gifts, oldest first. */
  gifts: readonly GiftLine[];
  arrivals: readonly Arrival[];
  /** Groups that moved in this session, the latest last; one entry each. */
  groupNews: readonly GroupNews[];
  selfId: string | null;
  role: JoinReply['role'];
  /** Not null while this person may not chat. */
  selfMuted: Muted | null;
  selfBanned: boolean;
  /** Seen in this session, for operators. */
  mutedIds: Readonly<Record<string, Muted>>;
  bannedIds: readonly string[];
};

export type RoomAction =
  | { type: 'joined'; reply: JoinReply; selfId: string | null }
  | { type: 'snapshot'; snapshot: RoomSnapshot }
  | { type: 'frame'; frame: RoomFrame }
  | { type: 'bag'; bag: Bag }
  | { type: 'connection'; connection: Connection; paused?: boolean }
  | TalkAction
  | { type: 'likes:local'; unsent: number; total?: number };

export const initialRoomState = (roomId: string): RoomState => ({
  roomId,
  connection: { state: 'joining' },
  paused: false,
  join: null,
  room: null,
  loaded: false,
  seq: 0,
  stage: 'scheduled',
  stream: { state: 'idle', hasVideo: false, hasAudio: false },
  showing: null,
  bag: { roomId, pinnedProductId: null, items: [] },
  bagStale: false,
  ...initialTalk,
  notice: '',
  likes: 0,
  likesUnsent: 0,
  viewersNow: 0,
  viewersTotal: 0,
  interaction: noInteraction,
  drainCard: null,
  activities: noActivities,
  purchases: [],
  gifts: [],
  arrivals: [],
  groupNews: [],
  selfId: null,
  role: 'viewer',
  selfMuted: null,
  selfBanned: false,
  mutedIds: {},
  bannedIds: [],
});

const without = <T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> =>
  key in record ? Object.fromEntries(Object.entries(record).filter(([id]) => id !== key)) : record;

const mapBagItems = (state: RoomState, change: (item: BagItem) => BagItem): RoomState => {
  const items = state.bag.items.map(change);
  return items.some((item, at) => item !== state.bag.items[at]) ? { ...state, bag: { ...state.bag, items } } : state;
};

const mapBundles = (state: RoomState, change: (bundle: BundleView) => BundleView): RoomState => {
  const before = state.bag.bundles ?? [];
  const bundles = before.map(change);
  return bundles.some((bundle, at) => bundle !== before[at]) ? { ...state, bag: { ...state.bag, bundles } } : state;
};
const withPartsLeft = (state: RoomState, { skuId, available }: { skuId: string; available: number }): RoomState =>
  mapBundles(state, (bundle) =>
    bundle.parts.some((part) => part.skuId === skuId && part.available !== available)
      ? { ...bundle, parts: bundle.parts.map((part) => (part.skuId === skuId ? { ...part, available } : part)) }
      : bundle,
  );

/** An older version of a known offer arrives late only through a replay and must not win. */
const putOffer = (item: BagItem, offer: OfferView): BagItem => {
  if (!item.product.skus.some((sku) => sku.id === offer.skuId)) return item;
  const known = item.offers.find((other) => other.id === offer.id);
  if (known && known.version > offer.version) return item;
  return { ...item, offers: [...item.offers.filter((other) => other.id !== offer.id), offer] };
};

const rearrangeBag = (state: RoomState, productIds: readonly string[]): RoomState => {
  const known = new Map(state.bag.items.map((item) => [item.product.id, item]));
  const items = productIds.flatMap((id, at) => {
    const item = known.get(id);
    return item ? [item.position === at ? item : { ...item, position: at }] : [];
  });
  const pinned = state.bag.pinnedProductId;
  return {
    ...state,
    bag: { ...state.bag, items, pinnedProductId: pinned && productIds.includes(pinned) ? pinned : null },
    bagStale: state.bagStale || items.length < productIds.length,
  };
};

const apply = (state: RoomState, { seq, at, event }: SequencedEvent): RoomState => {
  switch (event.kind) {
    case 'chat:sent':
    case 'chat:deleted':
    case 'chat:answered':
    case 'message:pinned':
    case 'mode:set':
      return applyTalk(state, event);
    case 'viewer:joined': {
      const { personId, name } = event;
      return { ...state, arrivals: append(state.arrivals, { seq, at, personId, name }, RECENT_LIMIT) };
    }
    case 'viewer:muted': {
      const muted: Muted = { until: event.until };
      return {
        ...state,
        mutedIds: { ...state.mutedIds, [event.personId]: muted },
        selfMuted: event.personId === state.selfId ? muted : state.selfMuted,
      };
    }
    case 'viewer:unmuted':
      return {
        ...state,
        mutedIds: without(state.mutedIds, event.personId),
        selfMuted: event.personId === state.selfId ? null : state.selfMuted,
      };
    case 'viewer:banned':
      return {
        ...state,
        bannedIds: state.bannedIds.includes(event.personId)
          ? state.bannedIds
          : append(state.bannedIds, event.personId, BANNED_LIMIT),
        selfBanned: state.selfBanned || event.personId === state.selfId,
      };
    case 'likes:counted':
      // Likes are not taken back: a lower total is one of another node, from a moment before.
      return event.total > state.likes ? { ...state, likes: event.total } : state;
    case 'viewers:counted':
      return { ...state, viewersNow: event.now, viewersTotal: event.total };
    case 'product:pinned':
      return {
        ...state,
        bag: { ...state.bag, pinnedProductId: event.productId },
        bagStale: state.bagStale || !state.bag.items.some((item) => item.product.id === event.productId),
      };
    case 'product:unpinned':
      return { ...state, bag: { ...state.bag, pinnedProductId: null } };
    case 'bag:changed':
      return rearrangeBag(state, event.productIds);
    case 'offer:opened':
    case 'offer:changed':
      return mapBagItems(state, (item) => putOffer(item, event.offer));
    case 'bundle:opened':
      return {
        ...state,
        bag: {
          ...state.bag,
          bundles: [...(state.bag.bundles ?? []).filter(({ id }) => id !== event.bundle.id), event.bundle],
        },
      };
    case 'bundle:closed':
      return {
        ...state,
        bag: { ...state.bag, bundles: (state.bag.bundles ?? []).filter(({ id }) => id !== event.bundleId) },
      };
    case 'bundle:counted':
      return mapBundles(state, (bundle) => (bundle.id === event.bundleId ? { ...bundle, taken: event.taken } : bundle));
    case 'offer:gift-counted':
      return mapBagItems(state, (item) =>
        item.offers.some(({ id }) => id === event.offerId)
          ? {
              ...item,
              offers: item.offers.map((offer) =>
                offer.id === event.offerId && offer.gift
                  ? { ...offer, gift: { ...offer.gift, taken: event.taken } }
                  : offer,
              ),
            }
          : item,
      );
    case 'offer:closed':
      return mapBagItems(state, (item) =>
        item.offers.some((offer) => offer.id === event.offerId)
          ? {
              ...item,
              offers: item.offers.map((offer) => (offer.id === event.offerId ? { ...offer, state: 'closed' } : offer)),
            }
          : item,
      );
    case 'stock:changed':
      return mapBagItems(withPartsLeft(state, event), (item) =>
        item.product.skus.some((sku) => sku.id === event.skuId)
          ? {
              ...item,
              available: { ...item.available, [event.skuId]: event.available },
              offers: item.offers.map((offer) =>
                offer.id === event.offerId && event.taken !== null ? { ...offer, taken: event.taken } : offer,
              ),
            }
          : item,
      );
    case 'order:paid': {
      const { kind: _, ...purchase } = event;
      return { ...state, purchases: append(state.purchases, { seq, at, ...purchase }, RECENT_LIMIT) };
    }
    case 'gift:sent': {
      const { quantity: _quantity, coins: _coins, comboCount: count, ...gift } = event.gift;
      const others = state.gifts.filter((line) => line.comboId !== gift.comboId);
      return { ...state, gifts: append(others, { ...gift, seq, count }, RECENT_LIMIT) };
    }
    case 'gift:taken-back':
      return {
        ...state,
        gifts: state.gifts.flatMap((line) => {
          if (line.comboId !== event.comboId) return [line];
          return line.count > event.quantity ? [{ ...line, count: line.count - event.quantity }] : [];
        }),
      };
    case 'group-buy:opened':
    case 'group-buy:counted':
    case 'group-buy:completed':
    case 'group-buy:expired':
      return { ...state, groupNews: groupMoved(state.groupNews, { seq, at, groupBuy: event.groupBuy }) };
    case 'drain-card:set':
      return { ...state, drainCard: event.shown };
    case 'notice:set':
      return { ...state, notice: event.text };
    case 'stream:changed':
      return { ...state, stream: { state: event.state, hasVideo: event.hasVideo, hasAudio: event.hasAudio } };
    case 'stage:changed':
      return event.stage.version > (state.showing?.version ?? -1) ? { ...state, showing: event.stage } : state;
    case 'room:started':
      return { ...state, stage: 'live', room: state.room && { ...state.room, state: 'live', startedAt: event.at } };
    case 'room:ended':
      return { ...state, stage: 'ended', room: state.room && { ...state.room, state: 'ended', endedAt: event.at } };
    default: {
      // What is played; a newer server knows more kinds than this client.
      const interaction = playEvent(state.interaction, event);
      const activities = activityEvent(state.activities, event);
      return interaction === state.interaction && activities === state.activities
        ? state
        : { ...state, interaction, activities };
    }
  }
};

/** True if a frame says that it continues from events this client has not seen. */
export const isGap = (state: RoomState, frame: RoomFrame): boolean =>
  frame.after !== undefined && frame.after > state.seq;

const applySnapshot = (state: RoomState, snapshot: RoomSnapshot): RoomState => ({
  ...state,
  ...talkOf(state, snapshot),
  loaded: true,
  seq: snapshot.seq,
  stage: snapshot.state,
  stream: snapshot.stream,
  showing: snapshot.stage ?? null,
  bag: snapshot.bag,
  bagStale: false,
  notice: snapshot.notice,
  likes: snapshot.likes,
  viewersNow: snapshot.viewersNow,
  viewersTotal: snapshot.viewersTotal,
  interaction: snapshot.interaction ?? noInteraction,
  drainCard: snapshot.drainCard ?? null,
  activities: snapshot.activities ?? noActivities,
});

/** Pure: the next state of the room. */
export const reduce = (state: RoomState, action: RoomAction): RoomState => {
  switch (action.type) {
    case 'joined': {
      const { reply, selfId } = action;
      const joined: RoomState = {
        ...state,
        join: reply,
        room: reply.room,
        role: reply.role,
        selfId,
        selfMuted: reply.muted ? (state.selfMuted ?? { until: null }) : null,
        selfBanned: false,
      };
      // A later snapshot of the socket is newer than this one; an older one must not take events back.
      return joined.loaded && reply.snapshot.seq < joined.seq ? joined : applySnapshot(joined, reply.snapshot);
    }
    case 'snapshot':
      return applySnapshot(state, action.snapshot);
    case 'frame': {
      const news = action.frame.events.filter((item) => item.seq > state.seq);
      const next = news.reduce(apply, state);
      return action.frame.seq > state.seq ? { ...next, seq: action.frame.seq } : next;
    }
    case 'bag':
      return { ...state, bag: action.bag, bagStale: false };
    case 'connection':
      // Whoever connects during a pause is told so afterwards.
      return { ...state, connection: action.connection, paused: action.paused ?? false };
    case 'chat:queued':
    case 'chat:accepted':
    case 'chat:failed':
    case 'chat:retried':
    case 'chat:dismissed':
      return reduceTalk(state, action);
    case 'likes:local':
      return {
        ...state,
        likesUnsent: action.unsent,
        likes: action.total === undefined ? state.likes : Math.max(state.likes, action.total),
      };
  }
};
