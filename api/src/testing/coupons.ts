/** Coupons for tests that need some but not how they came about. */
import {
  type BodyInputOf,
  type CouponKind,
  createCouponKind,
  giveCoupon,
  startCouponDrop,
} from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom, Unit } from './fixtures.ts';
import type { Caller, TestApi } from './test-api.ts';

/** 20 yuan off from 50 yuan on, for store and staff of the given unit. */
export const couponTerms = { title: '满 50 减 20', offFen: 2_000, minSpendFen: 5_000, total: 100 } as const;

export const makeCouponKind = (
  api: Caller,
  { staff }: Brand,
  unit: Unit,
  terms: Partial<Omit<BodyInputOf<typeof createCouponKind>, 'orgUnitId'>> = {},
): Promise<CouponKind> =>
  api.ok(createCouponKind, { as: staff.operations, body: { ...couponTerms, ...terms, orgUnitId: unit.id } });

export const giveCouponTo = (api: Caller, { staff }: Brand, kind: { id: string }, person: Principal) =>
  api.ok(giveCoupon, {
    as: staff.operations,
    params: { id: kind.id },
    body: { personId: person.personId, reason: '补偿' },
  });

/** Terms of the room's store, a coupon that somebody holds, and a running drop in the room. */
export async function makeCoupons(api: TestApi, brand: Brand, room: FixtureRoom, holder: Principal) {
  const kind = await makeCouponKind(api, brand, room.orgUnit, { perPerson: 5 });
  const coupon = await giveCouponTo(api, brand, kind, holder);
  const drop = await api.ok(startCouponDrop, {
    as: room.host,
    body: { roomId: room.id, kindId: kind.id, count: 10, durationSeconds: 600 },
  });
  const gifts = await makeCouponKind(api, brand, room.orgUnit, { usage: 'gift', minSpendFen: 0 });
  const { code } = await giveCouponTo(api, brand, gifts, holder);
  return { couponKindId: kind.id, couponId: coupon.id, couponDropId: drop.id, counterCode: code ?? '' };
}
