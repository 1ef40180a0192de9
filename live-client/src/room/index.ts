export {
  headlinePriceAt,
  offerAt,
  pinnedItem,
  type Sku,
  type SkuPrice,
  skuPriceAt,
  skuPricesAt,
} from './bag-offers.ts';
export { type JoinRoomOptions, joinRoom, type RoomSession } from './join-room.ts';
export {
  type Arrival,
  CHAT_LIMIT,
  type ChatLine,
  type Connection,
  initialRoomState,
  type Muted,
  type OutboxItem,
  type Purchase,
  type RoomAction,
  type RoomState,
  reduce,
  visibleChat,
} from './room-state.ts';
export { createServerClock, type ServerClock } from './server-clock.ts';
export { createStore, type Store } from './store.ts';
