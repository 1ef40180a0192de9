export type { ActivitiesState } from './activities-state.ts';
export {
  headlinePriceAt,
  offerAt,
  pinnedItem,
  type Sku,
  type SkuPrice,
  skuPriceAt,
  skuPricesAt,
  upcomingOffer,
} from './bag-offers.ts';
export { CHAT_LIMIT, type ChatLine, type ChatParts, type OutboxItem, visibleChat } from './chat-state.ts';
export type { GroupNews } from './group-news.ts';
export type { InteractionState } from './interaction-state.ts';
export {
  type JoinRoomOptions,
  joinRoom,
  type RoomSession,
} from './join-room.ts';
export {
  type Arrival,
  type Connection,
  type GiftLine,
  initialRoomState,
  type Muted,
  type Purchase,
  type RoomAction,
  type RoomState,
  reduce,
} from './room-state.ts';
export { createServerClock, type ServerClock } from './server-clock.ts';
export { createStore, type Store } from './store.ts';
export { grantFrom, watchGrants } from './watch-grants.ts';
