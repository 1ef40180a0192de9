/**
 * Points (rule N1): earned by orders when they are received, spent on coupons, ending after a time, taken back by refunds.
 *
 * Model: a lot is what one order earned; its points are remaining, used, expired or reversed, and these sum to what it granted
 * (a CHECK). The account's balance is the sum of its entries, and of what remains in its lots, unless it is below zero: then no
 * lot has anything, and the next one makes up for it first. Entries are append-only, each kind once for what caused it.
 * Invariants: whoever changes any of a person's points holds their account's lock; after every refund an order's lot has granted
 * less reversed = floor(basis now × rate), whatever the order of partial refunds; nothing is spent that is not there or is over.
 * Points come from orders alone: there is no way to get any for sharing (rule Z5).
 */
import type { Coupon } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { GrantCoupon } from '../coupons/index.ts';
import { rateOf, readRules, readStanding } from '../members/index.ts';
import { pointsFor, takeBack } from './points.policy.ts';
import * as rows from './points.repository.ts';

const DAY_MS = 86_400_000;
const BATCH = 200;

export function createPointsService(deps: { db: Db; clock: Clock; random: Random; grant: GrantCoupon }) {
  const { db, clock, random } = deps;

  /** Locks the account and ends what is over: what follows sees only points that count. */
  async function open(tx: Tx, personId: string, at: Date): Promise<bigint> {
    let balance = await rows.lockAccount(tx, personId, at);
    for (const { id, lost, orderNo } of await rows.endLots(tx, personId, at)) {
      await rows.post(tx, { id: random.id(), personId, kind: 'expire', amount: -lost, ref: id, title: orderNo, at });
      balance -= lost;
    }
    return balance;
  }

  /** The order was received. Telling it again changes nothing. */
  async function onOrderReceived(tx: Tx, orderId: string, at: Date): Promise<void> {
    const rules = await readRules(tx);
    const order = rules && (await rows.orderBasis(tx, orderId));
    if (!order) return;
    const { personId } = order;
    const bps = rateOf((await readStanding(tx, personId))?.rank ?? 0, rules);
    const granted = pointsFor(order.basisFen, bps);
    if (granted === 0n) return;
    const balance = await open(tx, personId, at);
    const owed = balance < 0n ? -balance : 0n;
    const lot = {
      ...{ id: random.id(), personId, orderId, bps, granted, earnedAt: at },
      used: owed < granted ? owed : granted,
      expiresAt: new Date(at.getTime() + rules.pointsValidDays * DAY_MS),
    };
    if (!(await rows.insertLot(tx, lot))) return;
    await rows.post(tx, {
      ...{ id: random.id(), personId, kind: 'earn', amount: granted, ref: orderId, title: order.orderNo, at },
    });
  }

  /** A part of the order, or all of it, was refunded: its points follow what is left of it. Again = nothing more. */
  async function onOrderRefunded(tx: Tx, refund: { orderId: string; refundId: string; at: Date }): Promise<void> {
    const { orderId, refundId, at } = refund;
    if (!(await rows.lotOfOrder(tx, orderId))) return;
    const order = await rows.orderBasis(tx, orderId);
    if (!order) return;
    const { personId } = order;
    await open(tx, personId, at);
    const lot = await rows.lotOfOrder(tx, orderId); // again, now that rivals are over
    if (!lot) return;
    const points = lot.granted - lot.reversed - pointsFor(order.basisFen, lot.bps);
    if (points <= 0n) return;
    const part = takeBack(points, lot);
    await rows.reverseLot(tx, lot.id, part);
    await rows.drawFromLots(tx, personId, part.used); // what is not there is owed
    const amount = -(part.remaining + part.used);
    if (amount !== 0n)
      await rows.post(tx, {
        ...{ id: random.id(), personId, kind: 'reverse', amount, ref: refundId, title: order.orderNo, at },
      });
  }

  /**
   * Points for a coupon, in the transaction of its idempotency key.
   * @throws AppError not_found, insufficient_points (facts: balance, points), coupon_not_usable
   */
  async function exchange(tx: Tx, personId: string, exchangeId: string): Promise<Coupon> {
    const at = clock.now();
    const [offer] = await tx<{ kindId: string; title: string; points: bigint }>`
      SELECT x.kind_id AS "kindId", k.title, x.points FROM points_exchanges x JOIN coupon_kinds k ON k.id = x.kind_id
      WHERE x.id = ${exchangeId} AND x.active`;
    if (!offer) throw new AppError('not_found');
    const { points, kindId, title } = offer;
    const balance = await open(tx, personId, at);
    const poor = () =>
      new AppError('insufficient_points', { facts: { balance: Number(balance), points: Number(points) } });
    if (balance < points) throw poor();
    const coupon = await deps.grant(tx, { kindId, personId, source: 'points' });
    if (!(await rows.postSpend(tx, { id: random.id(), personId, amount: -points, ref: coupon.id, title, at })))
      throw poor();
    if ((await rows.drawFromLots(tx, personId, points)) !== points) throw new Error('lots and balance disagree');
    const counted =
      await tx`UPDATE points_exchanges SET taken = taken + 1 WHERE id = ${exchangeId} AND active RETURNING id`;
    if (counted.length === 0) throw new AppError('not_found');
    return coupon;
  }

  /** Ends what is over, person by person; answers for how many. */
  async function expireDue(): Promise<number> {
    const seen: string[] = [];
    for (;;) {
      const now = clock.now();
      const people = await rows.peopleWithEnds(db.sql, now, seen, BATCH);
      for (const personId of people) {
        seen.push(personId);
        await db.transaction(async (tx) => void (await open(tx, personId, now)));
      }
      if (people.length < BATCH) return seen.length;
    }
  }

  return { onOrderReceived, onOrderRefunded, exchange, expireDue };
}
export type PointsService = ReturnType<typeof createPointsService>;
