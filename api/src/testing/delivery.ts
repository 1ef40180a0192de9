/** What belongs to orders on their way, for tables that walk over all routes. */
import { randomUUID } from 'node:crypto';
import { putCartLine } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom } from './fixtures.ts';
import { payFor, place, shelfLine } from './shop.ts';
import type { TestApi } from './test-api.ts';

export interface Deliveries {
  /** Paid, waiting to be sent. */
  readonly toShipId: string;
  /** In transit, of a shipped order. */
  readonly parcelId: string;
  readonly shippedId: string;
  /** Fetches a paid order. */
  readonly pickupCode: string;
  /** Asked for, of a paid order. */
  readonly invoiceId: string;
}

export async function makeDeliveries(
  api: TestApi,
  brand: Brand,
  room: FixtureRoom,
  person: Principal,
): Promise<Deliveries> {
  const { sql } = api.api.platform.db;
  const at = api.clock.now();
  const paid = async () => {
    const order = await place(api, person, room, [shelfLine(brand.products.milk)]);
    await payFor(api, person, order.id);
    return order;
  };
  const [toShip, shipped, fetched] = [await paid(), await paid(), await paid()];
  const [parcelId, invoiceId, pickupCode] = [randomUUID(), randomUUID(), '1234567890'];
  await sql`UPDATE orders SET state = 'shipped', shipped_at = ${at}, auto_receive_at = ${new Date(at.getTime() + 86_400_000)} WHERE id = ${shipped.id}`;
  await sql`INSERT INTO parcels (id, order_id, org_path, carrier, tracking_no, state, shipped_at)
    VALUES (${parcelId}, ${shipped.id}, ${room.orgUnit.path}, 'sf', 'SF0009', 'in_transit', ${at})`;
  await sql`INSERT INTO parcel_events (parcel_id, to_state, event, at) VALUES (${parcelId}, 'in_transit', 'ship', ${at})`;
  await sql`UPDATE orders SET delivery = 'pickup', pickup_code = ${pickupCode} WHERE id = ${fetched.id}`;
  await sql`INSERT INTO invoices (id, order_id, person_id, org_path, kind, title, email, state, requested_at)
    VALUES (${invoiceId}, ${toShip.id}, ${person.personId}, ${room.orgUnit.path}, 'personal', '个人', 'a@example.com', 'requested', ${at})`;
  const { sku } = brand.products.milk;
  await api.ok(putCartLine, {
    as: person,
    body: { roomId: room.id, skuId: sku.id, quantity: 1, seenPriceFen: sku.priceFen },
  });
  return { toShipId: toShip.id, shippedId: shipped.id, parcelId, pickupCode, invoiceId };
}

const home = {
  ...{ recipient: '安然', phone: '13900000001', province: '上海市', city: '上海市', district: '静安区' },
  ...{ street: '南京西路 2 号', regionCode: '310106' },
};

/** What every route about them is asked to do with those of store B; those that end a thing come last. */
export const deliveryTargets: Record<
  string,
  (b: Deliveries & { brand: Brand; orderId: string }) => { params?: Record<string, string>; body?: object }
> = {
  'orders.change-address': ({ toShipId }) => ({ params: { id: toShipId }, body: { address: home } }),
  'orders.remark': ({ toShipId }) => ({ params: { id: toShipId }, body: { remark: '多放一袋' } }),
  'orders.extend-receipt': ({ shippedId }) => ({ params: { id: shippedId }, body: {} }),
  'parcels.correct': ({ parcelId }) => ({ params: { id: parcelId }, body: { carrier: 'jd', trackingNo: 'JD0009' } }),
  'parcels.note': ({ parcelId }) => ({ params: { id: parcelId }, body: { event: 'near' } }),
  'parcels.ship': ({ toShipId }) => ({ params: { id: toShipId }, body: { carrier: 'sf', trackingNo: 'SF0010' } }),
  'pickups.get': ({ pickupCode }) => ({ params: { code: pickupCode } }),
  'pickups.redeem': ({ pickupCode }) => ({ params: { code: pickupCode }, body: {} }),
  'shipping.rule': ({ brand }) => ({ params: { orgUnitId: brand.stores.b.id } }),
  'shipping.rule.put': ({ brand }) => ({
    params: { orgUnitId: brand.stores.b.id },
    body: { terms: null, version: 0, reason: '沿用上级' },
  }),
  'invoices.of-order': ({ toShipId }) => ({ params: { id: toShipId } }),
  'invoices.request': ({ shippedId }) => ({
    params: { id: shippedId },
    body: { kind: 'personal', title: '个人', email: 'a@example.com' },
  }),
  'invoices.withdraw': ({ shippedId }) => ({ params: { id: shippedId } }),
  'invoices.issue': ({ invoiceId }) => ({ params: { id: invoiceId }, body: { number: '2533200001' } }),
  'invoices.void': ({ invoiceId }) => ({ params: { id: invoiceId }, body: { reason: '退货冲红' } }),
  'invoices.refuse': ({ invoiceId }) => ({ params: { id: invoiceId }, body: { reason: '抬头有误' } }),
};
