import * as addresses from './addresses.ts';
import * as afterSales from './after-sales.ts';
import * as agents from './agents.ts';
import * as alerts from './alerts.ts';
import * as attribution from './attribution.ts';
import * as audience from './audience.ts';
import * as audit from './audit.ts';
import * as auth from './auth.ts';
import * as bag from './bag.ts';
import * as carts from './carts.ts';
import * as catalogue from './catalogue.ts';
import * as catalogueCsv from './catalogue-csv.ts';
import * as chains from './chains.ts';
import * as checkIns from './check-ins.ts';
import * as commissionHolds from './commission-holds.ts';
import * as commissionRules from './commission-rules.ts';
import * as conferences from './conferences.ts';
import * as countdowns from './countdowns.ts';
import * as couponQuote from './coupon-quote.ts';
import * as coupons from './coupons.ts';
import * as credits from './credits.ts';
import * as customerTags from './customer-tags.ts';
import * as customerTransfers from './customer-transfers.ts';
import * as drainCards from './drain-cards.ts';
import * as draws from './draws.ts';
import * as files from './files.ts';
import * as follows from './follows.ts';
import * as gifts from './gifts.ts';
import * as groupBuys from './group-buys.ts';
import * as inviteGraph from './invite-graph.ts';
import * as invoices from './invoices.ts';
import * as mall from './mall.ts';
import * as mediaLibrary from './media-library.ts';
import * as members from './members.ts';
import * as messages from './messages.ts';
import * as moderation from './moderation.ts';
import * as myCommission from './my-commission.ts';
import * as orderNotes from './order-notes.ts';
import * as orders from './orders.ts';
import * as org from './org.ts';
import * as parcels from './parcels.ts';
import * as payments from './payments.ts';
import * as payouts from './payouts.ts';
import * as personalData from './personal-data.ts';
import * as personas from './personas.ts';
import * as points from './points.ts';
import * as polls from './polls.ts';
import * as preSales from './pre-sales.ts';
import * as productPages from './product-pages.ts';
import * as reconciliation from './reconciliation.ts';
import * as redPackets from './red-packets.ts';
import * as replays from './replays.ts';
import * as reports from './reports.ts';
import * as retention from './retention.ts';
import * as reviews from './reviews.ts';
import * as rewards from './rewards.ts';
import * as roomAccess from './room-access.ts';
import * as roomBookings from './room-bookings.ts';
import * as roomSlots from './room-slots.ts';
import * as roomStream from './room-stream.ts';
import * as rooms from './rooms.ts';
import type { Route } from './route.ts';
import * as settlementTerms from './settlement-terms.ts';
import * as settlements from './settlements.ts';
import * as sharing from './sharing.ts';
import * as shipping from './shipping.ts';
import * as staffAdmin from './staff-admin.ts';
import * as stage from './stage.ts';
import * as streamKeys from './stream-keys.ts';
import * as templates from './templates.ts';
import * as wallet from './wallet.ts';
import * as waves from './waves.ts';
import * as webhooks from './webhooks.ts';

export * from './addresses.ts';
export * from './after-sales.ts';
export * from './agents.ts';
export * from './alerts.ts';
export * from './attribution.ts';
export * from './audience.ts';
export * from './audit.ts';
export * from './auth.ts';
export * from './bag.ts';
export * from './carts.ts';
export * from './catalogue.ts';
export * from './catalogue-csv.ts';
export * from './chains.ts';
export * from './check-ins.ts';
export * from './commission-holds.ts';
export * from './commission-rules.ts';
export * from './common.ts';
export * from './conferences.ts';
export * from './countdowns.ts';
export * from './coupon-quote.ts';
export * from './coupon-stacking.ts';
export * from './coupons.ts';
export * from './credits.ts';
export * from './customer-tags.ts';
export * from './customer-transfers.ts';
export * from './delivery.ts';
export * from './drain-cards.ts';
export * from './draws.ts';
export * from './files.ts';
export * from './follows.ts';
export * from './gifts.ts';
export * from './group-buys.ts';
export * from './invite-graph.ts';
export * from './invoices.ts';
export * from './mall.ts';
export * from './media-library.ts';
export * from './members.ts';
export * from './messages.ts';
export * from './moderation.ts';
export * from './my-commission.ts';
export * from './order-notes.ts';
export * from './orders.ts';
export * from './org.ts';
export * from './parcels.ts';
export * from './payment-ways.ts';
export * from './payments.ts';
export * from './payouts.ts';
export * from './personal-data.ts';
export * from './personas.ts';
export * from './points.ts';
export * from './polls.ts';
export * from './pre-sales.ts';
export * from './product-pages.ts';
export * from './reconciliation.ts';
export * from './red-packets.ts';
export * from './replays.ts';
export * from './reports.ts';
export * from './retention.ts';
export * from './reviews.ts';
export * from './rewards.ts';
export * from './room-access.ts';
export * from './room-bookings.ts';
export * from './room-slots.ts';
export * from './room-stream.ts';
export * from './rooms.ts';
export * from './route.ts';
export * from './settlement-terms.ts';
export * from './settlements.ts';
export * from './sharing.ts';
export * from './shipping.ts';
export * from './staff-admin.ts';
export * from './stage.ts';
export * from './stream-keys.ts';
export * from './templates.ts';
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
  sharing,
  shipping,
  carts,
  invoices,
  orderNotes,
  addresses,
  afterSales,
  reviews,
  payments,
  reconciliation,
  agents,
  attribution,
  commissionHolds,
  commissionRules,
  myCommission,
  reports,
  alerts,
  credits,
  customerTransfers,
  inviteGraph,
  payouts,
  settlements,
  settlementTerms,
  wallet,
  gifts,
  moderation,
  follows,
  draws,
  redPackets,
  coupons,
  couponQuote,
  members,
  points,
  customerTags,
  groupBuys,
  checkIns,
  preSales,
  polls,
  countdowns,
  chains,
  rewards,
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
  personalData,
  staffAdmin,
  templates,
  audit,
  retention,
].flatMap((module) => Object.values(module).filter(isRoute));
