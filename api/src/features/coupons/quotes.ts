/** What coupons would take off an order: read as things are, decided by the policy that placing it uses. */
import { bestStack, type Coupon, type CouponReason } from '@walnut-live/contracts';
import type { Sql } from '../../platform/db.ts';
import type { FlooredAmount } from '../catalogue/index.ts';
import { applyCoupons, type HeldCoupon, refusalOfCoupon } from './coupons.policy.ts';
import { createCouponRows, toCoupon } from './coupons.repository.ts';

/** More than anybody has in one store. */
const MOST_COUPONS = 100;

export interface OrderForCoupons {
  readonly personId: string;
  readonly orgPath: string;
  readonly items: readonly FlooredAmount[];
  readonly at: Date;
}
export interface QuotedOrder extends OrderForCoupons {
  /** Exactly these; undefined: the combination with the lowest total. */
  readonly couponIds: readonly string[] | undefined;
  /** What the order costs with so much off, shipping included. */
  readonly totalFen: (discountFen: bigint) => bigint;
}
export interface QuotedCoupons {
  readonly discountFen: bigint;
  /** As they are applied. */
  readonly couponIds: string[];
  readonly coupons: {
    id: string;
    coupon: Coupon | null;
    tookFen: number | null;
    reason: CouponReason | null;
    facts: Record<string, number>;
  }[];
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, one) => all + one, 0n);

export async function quoteCoupons(sql: Sql, order: QuotedOrder): Promise<QuotedCoupons> {
  const rows = createCouponRows(sql);
  const ids = order.couponIds ?? (await rows.usable(order.personId, order.orgPath, order.at, undefined, MOST_COUPONS));
  const held = await rows.facts(ids, order.personId);
  const views = new Map((await rows.read(held.map(({ id }) => id))).map((row) => [row.id, toCoupon(row)]));
  const chosen = order.couponIds === undefined ? best(held, order) : inTurn(held, order);
  const applied = applyCoupons(chosen, order);
  const taken = new Map(applied.ok ? applied.taken.map(({ id, tookFen }) => [id, tookFen]) : []);
  return {
    discountFen: applied.ok ? sum(applied.shares) : 0n,
    couponIds: [...taken.keys()],
    coupons: ids.map((id) => {
      const coupon = held.find((one) => one.id === id);
      const tookFen = taken.get(id);
      const refusal = tookFen === undefined ? whyNot(coupon, chosen, order) : undefined;
      return {
        ...{ id, coupon: views.get(id) ?? null, tookFen: tookFen === undefined ? null : Number(tookFen) },
        ...{ reason: refusal?.reason ?? null, facts: { ...refusal?.facts } },
      };
    }),
  };
}

function best(held: readonly HeldCoupon[], order: QuotedOrder): HeldCoupon[] {
  const itemsFen = sum(order.items.map(({ amountFen }) => amountFen));
  const fitting = held.filter((coupon) => refusalOfCoupon(coupon, { ...order, itemsFen }) === undefined);
  return bestStack(fitting, Number(itemsFen), (coupons) => {
    const applied = applyCoupons(coupons, order);
    return applied.ok ? Number(order.totalFen(sum(applied.shares))) : null;
  });
}

/** All that were named, or of those that cannot be together the ones named first. */
function inTurn(held: readonly HeldCoupon[], order: QuotedOrder): HeldCoupon[] {
  const chosen: HeldCoupon[] = [];
  for (const coupon of held) if (applyCoupons([...chosen, coupon], order).ok) chosen.push(coupon);
  return chosen;
}

/** Why a coupon is not taken: for itself, or with those that are; undefined when it could be. */
function whyNot(coupon: HeldCoupon | undefined, chosen: readonly HeldCoupon[], order: QuotedOrder) {
  if (!coupon) return { reason: 'unknown' as const, facts: {} };
  for (const some of [[coupon], [...chosen, coupon]]) {
    const applied = applyCoupons(some, order);
    if (!applied.ok) return applied.refusal;
  }
  return undefined;
}
