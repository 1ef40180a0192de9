/** What an offer's terms must satisfy. Pure; the window is decided by server time. */
import type { ErrorCode } from '@walnut-live/contracts';
import { isBelowFloor } from '../../platform/price-floor.policy.ts';

export interface Refusal {
  readonly code: ErrorCode;
  readonly facts?: Record<string, unknown>;
  readonly issues?: { path: string; issue: string }[];
}
/** An offer may be announced, or run on, for this long. */
export const LONGEST_OFFER_MS = 30 * 86_400_000;

/** Rule S6: never below HQ's floor. And never above the shelf price: that would be no offer. */
export function refusePrice(
  priceFen: bigint,
  sku: { priceFen: bigint; floorPriceFen: bigint | null },
): Refusal | undefined {
  if (isBelowFloor(priceFen, sku.floorPriceFen)) {
    return { code: 'below_price_floor', facts: { floorPriceFen: Number(sku.floorPriceFen) } };
  }
  if (priceFen > sku.priceFen) {
    return { code: 'invalid_request', issues: [{ path: '/priceFen', issue: 'above_shelf_price' }] };
  }
  return undefined;
}

export function refuseWindow(window: { now: Date; startsAt: Date; endsAt: Date }): Refusal | undefined {
  const { now, startsAt, endsAt } = window;
  if (endsAt <= now || endsAt <= startsAt)
    return { code: 'invalid_request', issues: [{ path: '/endsAt', issue: 'in_the_past' }] };
  if (endsAt.getTime() - now.getTime() > LONGEST_OFFER_MS) {
    return { code: 'invalid_request', issues: [{ path: '/endsAt', issue: 'too_far_ahead' }] };
  }
  return undefined;
}

/** Rule S6 for every step; steps ascend in pieces and fall in price, each below the price of fewer pieces. */
export function refuseStairs(
  priceFen: bigint,
  stairs: readonly { fromQuantity: number; priceFen: bigint }[],
  sku: { floorPriceFen: bigint | null },
  perPersonLimit: number | null,
): Refusal | undefined {
  let before = { fromQuantity: 1, priceFen };
  for (const [index, stair] of stairs.entries()) {
    const issue =
      stair.fromQuantity <= before.fromQuantity
        ? 'not_ascending'
        : stair.priceFen >= before.priceFen
          ? 'not_falling'
          : perPersonLimit !== null && stair.fromQuantity > perPersonLimit
            ? 'above_limit'
            : undefined;
    if (issue) return { code: 'invalid_request', issues: [{ path: `/stairs/${index}`, issue }] };
    if (isBelowFloor(stair.priceFen, sku.floorPriceFen))
      return { code: 'below_price_floor', facts: { floorPriceFen: Number(sku.floorPriceFen) } };
    before = stair;
  }
  return undefined;
}

/** Rule S5: what is sold stays sold; a cap cannot undo it. */
export function refuseCap(cap: number | null, taken: number): Refusal | undefined {
  return cap !== null && cap < taken ? { code: 'state_conflict', facts: { taken } } : undefined;
}
