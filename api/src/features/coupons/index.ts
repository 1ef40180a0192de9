/** Coupons: their terms, who holds them, what orders make of them, and drops in rooms. */
import {
  claimCoupon,
  createCouponKind,
  endCouponDrop,
  getCouponDrop,
  giveCoupon,
  grabCoupon,
  limitKeyOf,
  listCouponDrops,
  listCouponKinds,
  myCouponGrab,
  myCoupons,
  openCoupons,
  type RoomEvent,
  startCouponDrop,
  stopCouponKind,
} from '@walnut-live/contracts';
import { sendCsv } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { AppError } from '../../platform/errors.ts';
import { type Binder, written } from '../../platform/http.ts';
import { requireKey } from '../../platform/idempotency.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { createLimit } from '../../platform/limits.ts';
import { createCounter } from './counter.ts';
import { createCouponsService } from './coupons.service.ts';
import { toDrop } from './drops.repository.ts';
import { createDrops, type DropsDeps } from './drops.service.ts';
import { createKinds, type KindsDeps, kindColumns } from './kinds.service.ts';

export type { GrantCoupon } from './coupons.service.ts';
export { auditCoupons } from './coupons-audit.ts';
export { COUPON_REMINDERS_JOB, createCouponReminders } from './reminders.ts';

export const COUPON_DROPS_JOB = 'coupon-drops-due';
const DUE_EVERY_MS = 1_000;
/** The room hears at most this often how many are taken. */
const COUNT_EVERY_MS = 500;
/** Grabs of one address in a minute (each node's own count, like orders): a full store on one Wi-Fi stays below it. */
const GRABS_PER_ADDRESS = 600;
const ADDRESS_WINDOW_SECONDS = 60;
/** Taps of one person: the first counts, the others are impatience. */
const TAPS_PER_PERSON = 20;
const PERSON_WINDOW_SECONDS = 10;

export function createCoupons(
  deps: Omit<DropsDeps, 'onTaken'> &
    Omit<KindsDeps, 'endDropsOf'> & {
      bind: Binder;
      jobs: Jobs;
      addressFactor: number;
      append: (roomId: string, event: RoomEvent) => Promise<unknown>;
    },
) {
  const { bind, clock, log } = deps;
  /** Drops of which somebody took a coupon on this node since the room last heard of it. */
  const moved = new Map<string, string>();
  const coupons = createCouponsService(deps);
  const drops = createDrops({ ...deps, onTaken: (dropId, roomId) => void moved.set(dropId, roomId) });
  const kinds = createKinds({ ...deps, endDropsOf: drops.kindStopped });
  createCounter({ ...deps, grantMany: coupons.grantMany });
  const addresses = createLimit({
    points: GRABS_PER_ADDRESS * deps.addressFactor,
    seconds: ADDRESS_WINDOW_SECONDS,
  });
  const people = createLimit({ points: TAPS_PER_PERSON, seconds: PERSON_WINDOW_SECONDS });

  bind(createCouponKind, ({ tx, principal, body }) => kinds.create(tx, principal, body));
  bind(listCouponKinds, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return kinds.page(principal, query);
    if (query.roomId !== undefined) throw new AppError('invalid_request', { detail: 'the CSV is of a scope' });
    await sendCsv(res, `coupons-${clock.now().toISOString().slice(0, 10)}.csv`, kindColumns, kinds.all(principal));
    return written;
  });
  bind(stopCouponKind, ({ principal, params, body }) => kinds.stop(principal, params.id, body));
  bind(giveCoupon, ({ tx, principal, params, body }) => coupons.give(tx, principal, params.id, body));

  bind(myCoupons, ({ principal, query }) => coupons.mine(principal, query));
  bind(openCoupons, ({ principal, query }) => coupons.open(principal, query.roomId));
  bind(
    claimCoupon,
    ({ tx, principal, body }) => coupons.claim(tx, principal, body.kindId),
    async ({ principal }) => {
      if (principal) await people.take(principal.personId);
    },
  );

  bind(startCouponDrop, ({ tx, principal, body }) => drops.start(tx, principal, body));
  bind(
    grabCoupon,
    async ({ principal, params, req, res }) => {
      const key = requireKey(req.get('idempotency-key'));
      const { reply, replayed } = await drops.grab({ targetId: params.id, personId: principal.personId, key });
      if (replayed) res.set('Idempotency-Replayed', 'true');
      return reply;
    },
    async ({ principal, ip }) => {
      if (principal) await people.take(principal.personId);
      await addresses.take(limitKeyOf(ip));
    },
    'keeps its keys',
  );
  bind(endCouponDrop, ({ principal, params }) => drops.end(principal, params.id));
  bind(getCouponDrop, ({ params }) => drops.read(params.id));
  bind(myCouponGrab, ({ principal, params }) => drops.mine(principal, params.id));
  bind(listCouponDrops, async ({ query }) => {
    const found = await drops.ofRoom(query.roomId, decodeTimeCursor(query.cursor), query.limit + 1);
    const { rows: items, nextCursor } = cutPage(found, query.limit, (last) =>
      encodeTimeCursor({ at: last.createdAt, id: last.id }),
    );
    return {
      items: items.map(toDrop),
      nextCursor,
    };
  });
  deps.jobs.every(COUPON_DROPS_JOB, DUE_EVERY_MS, drops.finishDue);

  async function tellCounts(): Promise<void> {
    const told = [...moved];
    moved.clear();
    for (const [couponDropId, roomId] of told)
      await deps.append(roomId, {
        kind: 'coupon-drop:counted',
        couponDropId,
        taken: await drops.takenOf(couponDropId),
      });
  }
  const timer = setInterval(
    () => void tellCounts().catch((error: unknown) => log.warn({ err: error }, 'coupons: count not told')),
    COUNT_EVERY_MS,
  );
  timer.unref();

  return {
    /** What orders need of coupons. */
    forOrders: { quote: coupons.quote, apply: coupons.apply, redeem: coupons.redeem, giveBack: coupons.giveBack },
    grant: coupons.grant,
    current: drops.current,
    roomEnded: drops.roomEnded,
    async stop(): Promise<void> {
      clearInterval(timer);
      await drops.close();
    },
  };
}
export type Coupons = ReturnType<typeof createCoupons>;
