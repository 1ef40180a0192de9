/**
 * What happens to an order between its payment and the buyer's door.
 *
 * Invariants: pieces leave only under the locked row of their order, and never more than were bought less what was taken out
 * (a CHECK says so too); an order is shipped once nothing is left to send, by a parcel or because the rest was taken out;
 * whatever is received by itself is received by the same step as by the buyer's hand.
 */
import type { Carrier, OrderView } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type Principal, requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { type PiecesWanted, piecesOf } from './fulfilment.policy.ts';
import {
  extendReceipt,
  findNextToReceive,
  insertParcel,
  lockToReceive,
  noteFirstParcel,
  orderOfPickup,
  readToShip,
  setAutoReceive,
  takePieces,
} from './fulfilment.repository.ts';
import type { OrderMoves } from './order-moves.ts';
import { readOrder } from './order-view.ts';
import { nextState } from './orders.policy.ts';
import { lockOrder, type OrderRow } from './orders.repository.ts';

const DAY_MS = 86_400_000;

export interface FulfilmentDeps {
  clock: Clock;
  random: Random;
  /** Throws when something else keeps a paid order from leaving; asked with the order's row locked. */
  mayShip?: (tx: Tx, order: OrderRow) => Promise<void>;
  /** A shipped order counts as received so many days later, and so many more when its buyer asks for them. */
  autoReceiveDays: number;
  extendReceiptDays: number;
}

export interface ParcelRequest {
  readonly carrier: Carrier;
  readonly trackingNo: string;
  /** Absent: everything that is left. */
  readonly items?: readonly PiecesWanted[] | undefined;
}

export type Fulfilment = ReturnType<typeof createFulfilment>;

export function createFulfilment(deps: FulfilmentDeps, { lockOwn, move }: OrderMoves) {
  const { clock, random } = deps;

  async function lockInScope(tx: Tx, staff: StaffPrincipal, orderId: string): Promise<OrderRow> {
    const order = await lockOrder(tx, orderId);
    if (!order) throw new AppError('not_found');
    requireScope(staff, 'orders:ship', order.orgPath);
    return order;
  }

  /** @throws AppError state_conflict: nothing of it is to be sent; group_incomplete and the like from `mayShip` */
  async function sendParcel(tx: Tx, staff: StaffPrincipal, order: OrderRow, parcel: ParcelRequest): Promise<void> {
    const refuse = (facts: Record<string, unknown>) => new AppError('state_conflict', { facts });
    const { way, left, items } = await readToShip(tx, order.id);
    // A refund that failed gives pieces back to an order that counted as shipped without them.
    const isLate = (order.state === 'shipped' || order.state === 'received') && left.length > 0;
    if (!isLate && nextState(order.state, 'ship') === undefined) throw refuse({ state: order.state });
    if (way === 'pickup') throw refuse({ state: order.state, delivery: way });
    await deps.mayShip?.(tx, order);
    const chosen = piecesOf(left, parcel.items, items);
    if (!chosen.ok) throw chosen.reason === 'unknown_item' ? new AppError('not_found') : refuse(chosen.facts);
    const at = clock.now();
    await takePieces(tx, chosen.pieces);
    await insertParcel(tx, {
      ...{ id: random.id(), order, carrier: parcel.carrier, trackingNo: parcel.trackingNo },
      ...{ pieces: chosen.pieces, actorId: staff.personId, at },
    });
    await noteFirstParcel(tx, order.id, parcel.trackingNo);
    if (chosen.last && !isLate) await markShipped(tx, order, staff.personId, at);
  }

  async function markShipped(tx: Tx, order: OrderRow, actorId: string | null, at: Date): Promise<void> {
    await move(tx, order, 'ship', { actorId, reason: '', at }, { shippedAt: at });
    await setAutoReceive(tx, order.id, new Date(at.getTime() + deps.autoReceiveDays * DAY_MS));
  }

  async function ship(tx: Tx, staff: StaffPrincipal, orderId: string, parcel: ParcelRequest): Promise<OrderView> {
    await sendParcel(tx, staff, await lockInScope(tx, staff, orderId), parcel);
    return readOrder(tx, orderId, staff.staff);
  }

  /**
   * For whoever took pieces out of a paid order, in the same transaction and with the order's row locked: if only parcels that
   * left are left, the order is shipped.
   */
  async function settleShipped(tx: Tx, orderId: string): Promise<void> {
    const order = await lockOrder(tx, orderId);
    if (order?.state !== 'paid') return;
    const { left, sent } = await readToShip(tx, orderId);
    if (left.length === 0 && sent > 0) await markShipped(tx, order, null, clock.now());
  }

  async function receive(tx: Tx, buyer: Principal, orderId: string): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    const at = clock.now();
    await move(tx, order, 'receive', { actorId: buyer.personId, reason: '', at }, { receivedAt: at });
    return readOrder(tx, orderId, 'buyer');
  }

  /** The next order whose days are over; its id, or undefined when there is none. Nothing is locked. */
  const nextToReceive = (db: Db, except: readonly string[]): Promise<string | undefined> =>
    findNextToReceive(db.sql, clock.now(), except);

  /** False when it is not due any more, or somebody is at it. */
  async function receiveDue(tx: Tx, orderId: string): Promise<boolean> {
    const at = clock.now();
    if (!(await lockToReceive(tx, orderId, at))) return false;
    const order = await lockOrder(tx, orderId);
    if (!order) return false;
    await move(tx, order, 'receive', { actorId: null, reason: 'automatic', at }, { receivedAt: at });
    return true;
  }

  /** Once; what is over is over. */
  async function extend(tx: Tx, buyer: Principal, orderId: string): Promise<OrderView> {
    const order = await lockOwn(tx, buyer, orderId);
    if (order.state !== 'shipped') throw new AppError('state_conflict', { facts: { state: order.state } });
    if (!(await extendReceipt(tx, orderId, deps.extendReceiptDays, clock.now())))
      throw new AppError('state_conflict', { facts: { state: order.state, extended: true } });
    return readOrder(tx, orderId, 'buyer');
  }

  async function findPickup(tx: Tx, staff: StaffPrincipal, code: string): Promise<OrderView> {
    const orderId = await orderOfPickup(tx, code);
    if (orderId === undefined) throw new AppError('not_found');
    const order = await lockInScope(tx, staff, orderId);
    return readOrder(tx, order.id, staff.staff);
  }

  /** The goods are in the buyer's hands: out of the house and received, in one step. */
  async function redeemPickup(tx: Tx, staff: StaffPrincipal, code: string): Promise<OrderView> {
    const orderId = await orderOfPickup(tx, code);
    if (orderId === undefined) throw new AppError('not_found');
    const order = await lockInScope(tx, staff, orderId);
    if (nextState(order.state, 'ship') === undefined)
      throw new AppError('state_conflict', { facts: { state: order.state } });
    await deps.mayShip?.(tx, order);
    const at = clock.now();
    const by = { actorId: staff.personId, reason: 'pickup', at };
    await takePieces(tx, (await readToShip(tx, orderId)).left);
    await move(tx, order, 'ship', by, { shippedAt: at });
    await move(tx, { ...order, state: 'shipped' }, 'receive', by, { receivedAt: at });
    return readOrder(tx, orderId, staff.staff);
  }

  return { ship, sendParcel, settleShipped, receive, nextToReceive, receiveDue, extend, findPickup, redeemPickup };
}
