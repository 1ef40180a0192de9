/** Levels and points for tests that need some but not how they came about. */
import { randomUUID } from 'node:crypto';
import {
  type BodyInputOf,
  type MemberRules,
  type OrderView,
  receiveOrder,
  refundOrder,
  setMemberRules,
  shipOrder,
} from '@walnut-live/contracts';
import { expect } from 'vitest';
import type { Principal } from '../platform/principal.ts';
import type { Brand, FixtureRoom } from './fixtures.ts';
import { eventually, payFor, place, type TestLine, waitForState } from './shop.ts';
import type { TestApi } from './test-api.ts';

/** Two levels, from 100 and from 300 yuan on; a point a yuan, two, three. */
export const memberTerms = {
  windowDays: 365,
  basePointsBps: 100,
  pointsValidDays: 365,
  levels: [
    { name: '银卡', minSpendFen: 10_000, pointsBps: 200, couponKindId: null },
    { name: '金卡', minSpendFen: 30_000, pointsBps: 300, couponKindId: null },
  ],
  reason: '会员日',
} satisfies Omit<BodyInputOf<typeof setMemberRules>, 'version'>;

export async function makeMemberRules(
  api: TestApi,
  { staff }: Brand,
  terms: Partial<Omit<BodyInputOf<typeof setMemberRules>, 'version'>> = {},
): Promise<MemberRules> {
  const [last] = await api.api.platform.db.sql<{ version: number }>`SELECT max(version) AS version FROM member_rules`;
  return api.ok(setMemberRules, {
    as: staff.operations,
    body: { ...memberTerms, ...terms, version: last?.version ?? 0 },
  });
}

export async function buy(api: TestApi, person: Principal, room: FixtureRoom, lines: TestLine[]): Promise<OrderView> {
  const order = await place(api, person, room, lines);
  await payFor(api, person, order.id);
  return order;
}
/** Bought, sent, in the buyer's hands. */
export async function buyAndReceive(
  api: TestApi,
  brand: Brand,
  person: Principal,
  room: FixtureRoom,
  lines: TestLine[],
): Promise<OrderView> {
  const order = await buy(api, person, room, lines);
  await api.ok(shipOrder, { as: brand.staff.operations, params: { id: order.id }, body: { trackingNo: 'SF0001' } });
  await api.ok(receiveOrder, { as: person, params: { id: order.id }, body: {} });
  return order;
}
/** Refunds so many fen of the order's first item and waits for the end of it; without an amount the rest. */
export async function refund(api: TestApi, brand: Brand, order: OrderView, amountFen?: number): Promise<void> {
  const itemId = order.items[0]?.id ?? '';
  const sql = api.api.platform.db.sql;
  const count = async () =>
    (await sql`SELECT 1 FROM refunds WHERE order_id = ${order.id} AND state = 'succeeded'`).length;
  const before = await count();
  await api.ok(refundOrder, {
    as: brand.staff.admin,
    params: { id: order.id },
    body: {
      reason: '协商',
      ...(amountFen === undefined ? {} : { items: [{ itemId, quantity: 0, amountFen }] }),
    },
  });
  if (amountFen === undefined) await waitForState(api, order.id, 'refunded');
  await eventually(async () => expect(await count()).toBe(before + 1));
}

/** A customer of a unit, proposed as KOC. */
export async function proposeKoc(api: TestApi, person: Principal, orgPath: string): Promise<string> {
  const id = randomUUID();
  const why = { paidOrders: 3, broughtPeople: 0, broughtBuyers: 0 };
  await api.api.platform.db.sql`INSERT INTO koc_proposals (id, person_id, org_path, state, why, proposed_at)
    VALUES (${id}, ${person.personId}, ${orgPath}, 'proposed', ${JSON.stringify(why)}::jsonb, ${api.clock.now()})`;
  return id;
}
