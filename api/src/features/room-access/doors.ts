/**
 * Every door of a room that HTTP has. `behindDoors` wraps the binder, so no feature has to think of it: a route that names a
 * room asks, before its handler runs, whether the caller may enter it. Routes for staff are not doors: they are narrowed by the
 * org path, and staff of that path always enter. The sockets ask in the same way (standing.ts of the rooms).
 *
 * A route that is not for staff and has no door here fails the table test (doors.test.ts): whoever adds one says which room it
 * is about, or why none.
 */
import type { Route } from '@walnut-live/contracts';
import type { Db, Sql } from '../../platform/db.ts';
import type { Binder } from '../../platform/http.ts';
import type { Principal } from '../../platform/principal.ts';
import type { Entries } from './entries.ts';

interface Asked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}
/** The rooms a request is about; none: what it names does not exist, which the handler will say. */
type FindRooms = (asked: Asked, sql: Sql) => Promise<readonly string[]> | readonly string[];
type Door = FindRooms | 'no room' | 'own things' | 'the door itself' | 'public record' | 'checks each row';

const field = (from: unknown, name: string): string[] => {
  const value =
    from !== null && typeof from === 'object' && name in from ? (from as Record<string, unknown>)[name] : '';
  return typeof value === 'string' && value !== '' ? [value] : [];
};
const inParams: FindRooms = ({ params }) => field(params, 'id');
const inQuery: FindRooms = ({ query }) => field(query, 'roomId');
const inBody: FindRooms = ({ body }) => field(body, 'roomId');

const ofRedPacket: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM red_packets WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );
const ofClip: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM clips WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );

const ofCouponDrop: FindRooms = async ({ params }, sql) =>
  (
    await sql<{ id: string }>`SELECT room_id AS id FROM coupon_drops WHERE id = ANY(${field(params, 'id')}::uuid[])`
  ).map(({ id }) => id);
const ofCheckIn: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM check_ins WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );
const ofPoll: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM polls WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );
const ofChain: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM chains WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );
const ofGroupBuy: FindRooms = async ({ params }, sql) =>
  (await sql<{ id: string }>`SELECT room_id AS id FROM group_buys WHERE id = ANY(${field(params, 'id')}::uuid[])`).map(
    ({ id }) => id,
  );

/** A room by its id, or by a group buy or an item of the content library that leads to it. */
const ofShared: FindRooms = async ({ body }, sql) => [
  ...field(body, 'roomId'),
  ...(
    await sql<{ id: string }>`
      SELECT room_id AS id FROM group_buys WHERE id = ANY(${field(body, 'groupBuyId')}::uuid[]) AND room_id IS NOT NULL
      UNION SELECT room_id FROM content_items WHERE id = ANY(${field(body, 'contentId')}::uuid[])`
  ).map(({ id }) => id),
];

/** Routes of rooms by their path, `/rooms/:id…`, need no line. */
const doors: Record<string, Door> = {
  'rooms.entry': 'the door itself',
  'invitations.redeem': 'the door itself',
  'share-links.follow': 'the door itself', // leads to the door, whoever comes
  'rooms.list': 'checks each row',
  'clips.of-product': 'checks each row',
  'personas.get': 'checks each row',
  'files.get': 'no room', // photos and cards; material is asked for through its room
  'share-links.create': ofShared,
  'contents.list': 'checks each row', // names and covers of rooms that are not for everybody are left out
  'contents.get': 'checks each row',
  'contents.file': 'checks each row',
  'agent-agreements.current': 'no room',
  'auth.staff-code': 'no room',
  'orders.place': inBody,
  'shipping.quote': inBody,
  'coupons.quote': inBody,
  'draws.list': inQuery,
  'draws.public': 'public record', // so that anybody can check it (rule G2); names are masked
  'draws.participants': 'public record',
  'draws.mine': 'own things',
  'red-packets.list': inQuery,
  'red-packets.get': ofRedPacket,
  'red-packets.grab': ofRedPacket,
  'red-packets.mine': 'own things',
  'coupons.open': inQuery,
  'coupon-drops.list': inQuery,
  'coupon-drops.get': ofCouponDrop,
  'coupon-drops.grab': ofCouponDrop,
  'coupon-drops.mine': 'own things',
  'group-buys.of-room': inQuery,
  'pre-sales.of-room': inQuery,
  'group-buys.get': ofGroupBuy,
  'clips.play': ofClip,
  'check-ins.get': ofCheckIn,
  'check-ins.mine': 'own things',
  'polls.get': ofPoll,
  'polls.list': inQuery,
  'polls.mine': 'own things',
  'countdowns.list': inQuery,
  'chains.list': inQuery,
  'chains.lines': ofChain,
  'chains.mine': 'own things',
  ...Object.fromEntries(
    ['auth.guest', 'auth.me', 'auth.refresh', 'auth.sandbox', 'auth.logout', 'auth.staff', 'org.seller'].map((id) => [
      id,
      'no room' as const,
    ]),
  ),
  ...Object.fromEntries(
    [
      'products.get',
      'members.rules',
      'media.get',
      'gifts.list',
      'guides.follow',
      'guides.follow.get',
      'guides.follow.end',
    ].map((id) => [id, 'no room' as const]),
  ),
  // What somebody bought, won, gave, earned or booked stays theirs when the room is closed to them.
  ...Object.fromEntries(
    [
      ...[
        'orders.cancel',
        'orders.get',
        'orders.list',
        'orders.credit',
        'orders.pay',
        'orders.receive',
        'orders.refund',
        'orders.extend-receipt',
        'orders.change-address',
        'orders.item-snapshot',
      ],
      ...[
        'after-sales.of-order',
        'after-sales.request',
        'after-sales.list',
        'after-sales.get',
        'after-sales.evidence.upload',
        'after-sales.evidence.get',
        'after-sales.withdraw',
        'after-sales.escalate',
        'after-sales.send-back',
      ],
      ...[
        'payments.get',
        'payments.methods',
        'payments.start',
        'payments.sandbox.settle',
        'share-links.mine',
        'share-links.chain',
        'share-links.poster',
        'orders.credit.mine',
        'orders.credit.appeal',
        'payouts.request',
        'payouts.sandbox.settle',
        'bindings.get',
        'commissions.mine',
      ],
      ...[
        'adult-check.do',
        'adult-check.get',
        'adult-check.withdraw',
        'wallet.get',
        'wallet.top-up',
        'gifts.take-back',
      ],
      ...['agents.apply', 'rankings.invites', 'invite-tasks.claim', 'newcomer-gifts.take'],
      ...['data-requests.cancel', 'data-requests.file', 'data-requests.get'],
      ...['reviews.of-order', 'reviews.write', 'reviews.claim', 'reviews.picture'],
      ...['invoices.of-order', 'invoices.request', 'invoices.withdraw'],
      ...['members.mine', 'points.mine', 'points.entries', 'points.exchanges', 'points.exchange'],
      ...['prizes.claim', 'prizes.mine', 'rewards.mine', 'coupons.claim', 'coupons.mine', 'room-bookings.undo'],
    ].map((id) => [id, 'own things' as const]),
  ),
};

/** Which door a route has; undefined is a mistake that the table test tells. */
export function doorOf(route: Route): Door | 'staff' | undefined {
  const { access } = route;
  if (typeof access === 'object' && 'staff' in access) return 'staff';
  if (typeof access === 'object' && 'secret' in access) return 'no room';
  const named = doors[route.id];
  if (named !== undefined) return named;
  if (route.path.startsWith('/me/')) return 'own things';
  return /^\/rooms\/:id(\/|$)/.test(route.path) ? inParams : undefined;
}

/** In whose transaction the handler works, if it has one: nobody who holds a connection waits for another one. */
export function behindDoors(bind: Binder, deps: { db: Db; entries: Pick<Entries, 'require'> }): Binder {
  return (route, handler, before, keys) => {
    const door = doorOf(route);
    if (typeof door !== 'function') return bind(route, handler, before, keys);
    bind(
      route,
      async (context) => {
        const tx = context.tx as Sql | undefined;
        const principal = context.principal as Principal | undefined;
        for (const roomId of await door(context, tx ?? deps.db.sql))
          await deps.entries.require(roomId, principal?.personId, tx);
        return handler(context);
      },
      before,
      keys,
    );
  };
}
