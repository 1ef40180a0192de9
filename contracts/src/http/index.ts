import * as addresses from './addresses.ts';
import * as afterSales from './after-sales.ts';
import * as attribution from './attribution.ts';
import * as audience from './audience.ts';
import * as auth from './auth.ts';
import * as bag from './bag.ts';
import * as carts from './carts.ts';
import * as catalogue from './catalogue.ts';
import * as catalogueCsv from './catalogue-csv.ts';
import * as chains from './chains.ts';
import * as checkIns from './check-ins.ts';
import * as conferences from './conferences.ts';
import * as countdowns from './countdowns.ts';
import * as coupons from './coupons.ts';
import * as customerTags from './customer-tags.ts';
import * as drainCards from './drain-cards.ts';
import * as draws from './draws.ts';
import * as files from './files.ts';
import * as follows from './follows.ts';
import * as gifts from './gifts.ts';
import * as groupBuys from './group-buys.ts';
import * as invoices from './invoices.ts';
import * as mall from './mall.ts';
import * as mediaLibrary from './media-library.ts';
import * as members from './members.ts';
import * as messages from './messages.ts';
import * as moderation from './moderation.ts';
import * as orders from './orders.ts';
import * as org from './org.ts';
import * as parcels from './parcels.ts';
import * as payments from './payments.ts';
import * as personas from './personas.ts';
import * as points from './points.ts';
import * as polls from './polls.ts';
import * as productPages from './product-pages.ts';
import * as reconciliation from './reconciliation.ts';
import * as redPackets from './red-packets.ts';
import * as replays from './replays.ts';
import * as roomAccess from './room-access.ts';
import * as roomBookings from './room-bookings.ts';
import * as roomSlots from './room-slots.ts';
import * as roomStream from './room-stream.ts';
import * as rooms from './rooms.ts';
import type { Route } from './route.ts';
import * as shipping from './shipping.ts';
import * as stage from './stage.ts';
import * as streamKeys from './stream-keys.ts';
import * as wallet from './wallet.ts';
import * as waves from './waves.ts';
import * as webhooks from './webhooks.ts';

export * from './addresses.ts';
export * from './after-sales.ts';
export * from './attribution.ts';
export * from './audience.ts';
export * from './auth.ts';
export * from './bag.ts';
export * from './carts.ts';
export * from './catalogue.ts';
export * from './catalogue-csv.ts';
export * from './chains.ts';
export * from './check-ins.ts';
export * from './common.ts';
export * from './conferences.ts';
export * from './countdowns.ts';
export * from './coupons.ts';
export * from './customer-tags.ts';
export * from './delivery.ts';
export * from './drain-cards.ts';
export * from './draws.ts';
export * from './files.ts';
export * from './follows.ts';
export * from './gifts.ts';
export * from './group-buys.ts';
export * from './invoices.ts';
export * from './mall.ts';
export * from './media-library.ts';
export * from './members.ts';
export * from './messages.ts';
export * from './moderation.ts';
export * from './orders.ts';
export * from './org.ts';
export * from './parcels.ts';
export * from './payment-ways.ts';
export * from './payments.ts';
export * from './personas.ts';
export * from './points.ts';
export * from './polls.ts';
export * from './product-pages.ts';
export * from './reconciliation.ts';
export * from './red-packets.ts';
export * from './replays.ts';
export * from './room-access.ts';
export * from './room-bookings.ts';
export * from './room-slots.ts';
export * from './room-stream.ts';
export * from './rooms.ts';
export * from './route.ts';
export * from './shipping.ts';
export * from './stage.ts';
export * from './stream-keys.ts';
export * from './wallet.ts';
export * from './waves.ts';
export * from './webhooks.ts';

const isRoute = (value: unknown): value is Route =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;

/** Every HTTP route of the api, in the order of the modules. */
export const routes: readonly Route[] = [
  auth,
  org,
  audience,
  rooms,
  roomStream,
  stage,
  streamKeys,
  replays,
  bag,
  catalogue,
  catalogueCsv,
  mall,
  mediaLibrary,
  productPages,
  orders,
  parcels,
  shipping,
  carts,
  invoices,
  addresses,
  afterSales,
  payments,
  reconciliation,
  attribution,
  wallet,
  gifts,
  moderation,
  follows,
  draws,
  redPackets,
  coupons,
  members,
  points,
  customerTags,
  groupBuys,
  checkIns,
  polls,
  countdowns,
  chains,
  roomAccess,
  files,
  personas,
  drainCards,
  conferences,
  messages,
  roomBookings,
  roomSlots,
  waves,
  webhooks,
].flatMap((module) => Object.values(module).filter(isRoute));
