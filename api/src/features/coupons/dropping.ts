/**
 * Grabs of dropped coupons, many at a time: one transaction serves all who wait (platform/keyed-batch.ts).
 *
 * Model: a batch locks its drop, asks once who may, counts the first who come against the drop and against their limit by
 * conditional statements, and writes their coupons.
 * Invariants: as many coupons as `taken` says; a person has one of a drop at most (unique index) and never more of a kind than
 * its limit; batches of several nodes come one after the other, so nobody is told "gone" while one may still come free.
 */
import { type CouponGrab, grabCoupon } from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type AnswerAll, createKeyedBatch } from '../../platform/keyed-batch.ts';
import { createCouponRows, createKindRows, toCoupon } from './coupons.repository.ts';
import { newCouponCode } from './coupons.service.ts';
import { createDropRows, type DropRow, type Grabber } from './drops.repository.ts';

/** Why somebody may not grab at all. */
function refusalOf(grabber: Grabber, drop: DropRow, now: Date): AppError | undefined {
  if (!grabber.valid) return new AppError('session_expired');
  if (grabber.banned) return new AppError('banned');
  if (grabber.isInsider) return new AppError('insiders_excluded');
  if (!grabber.wasThere) return new AppError('forbidden', { detail: 'never in the room' });
  const waitMs = drop.startsAt.getTime() - now.getTime();
  return waitMs > 0 ? new AppError('too_early', { facts: { retryAfterMs: waitMs } }) : undefined;
}
const nothing = (outcome: Exclude<CouponGrab['outcome'], 'got'>): CouponGrab => ({ coupon: null, outcome });

export function createDropping(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  /** After the commit of a batch in which somebody took one. */
  onTaken: (drop: { id: string; roomId: string; empty: boolean }) => void;
}) {
  const { random } = deps;

  /**
   * Coupons for the first of `people` for whom there are some: what they hold now, and how many were asked. Who has reached
   * the limit by a claim of this very moment leaves their place to the next.
   */
  async function handOut(tx: Tx, drop: DropRow, people: readonly string[], now: Date) {
    const counted: string[] = [];
    let asked = 0;
    for (
      let left = drop.count - drop.taken;
      left > 0 && asked < people.length;
      left = drop.count - drop.taken - counted.length
    ) {
      const turn = people.slice(asked, asked + left);
      const may = await createKindRows(tx).countHolders(drop.kindId, turn);
      counted.push(...turn.filter((personId) => may.has(personId)));
      asked += turn.length;
    }
    const coupons = counted.map((personId) => ({ id: random.id(), personId, code: newCouponCode(random) }));
    if (coupons.length === 0) return { given: new Map<string, string>(), asked };
    if (!(await createDropRows(tx).take(drop.id, coupons.length))) throw new Error('a locked drop was emptied');
    await createCouponRows(tx).insert({ kindId: drop.kindId, coupons, source: 'drop', dropId: drop.id, at: now });
    const empty = drop.taken + coupons.length === drop.count;
    tx.afterCommit(() => deps.onTaken({ id: drop.id, roomId: drop.roomId, empty }));
    return { given: new Map(coupons.map(({ id, personId }) => [personId, id])), asked };
  }

  const answerAll: AnswerAll<CouponGrab> = async (tx, { targetId, people, now }) => {
    const answers = new Map<string, CouponGrab | AppError>();
    const rows = createDropRows(tx);
    const found = await rows.lock(targetId);
    if (!found) return answers;
    const { row: drop, perPerson } = found;
    const grabbers = new Map((await rows.grabbers(drop, people, now)).map((row) => [row.personId, row]));
    const over = drop.state === 'ended' || drop.endsAt <= now;
    const holds = new Map<string, string>();
    const takers: string[] = [];
    for (const personId of people) {
      const grabber = grabbers.get(personId);
      if (!grabber) continue;
      if (grabber.couponId !== null) holds.set(personId, grabber.couponId);
      else {
        const refusal = refusalOf(grabber, drop, now);
        if (refusal) answers.set(personId, refusal);
        else if (drop.newcomersOnly && grabber.hasBought) answers.set(personId, nothing('not_newcomer'));
        else if (grabber.had >= perPerson) answers.set(personId, nothing('limit_reached'));
        else if (over) answers.set(personId, nothing('gone'));
        else takers.push(personId);
      }
    }
    const { given, asked } = await handOut(tx, drop, takers, now);
    for (const [place, personId] of takers.entries()) {
      const couponId = given.get(personId);
      if (couponId !== undefined) holds.set(personId, couponId);
      else answers.set(personId, nothing(place < asked ? 'limit_reached' : 'gone'));
    }
    for (const coupon of await createCouponRows(tx).read([...holds.values()]))
      answers.set(coupon.personId, { coupon: toCoupon(coupon), outcome: 'got' });
    return answers;
  };

  return createKeyedBatch<CouponGrab>({ db: deps.db, clock: deps.clock, route: grabCoupon.id, answerAll });
}
