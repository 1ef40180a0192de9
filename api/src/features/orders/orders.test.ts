import {
  cancelOrder,
  getOrder,
  listOrders,
  OrderView,
  orderCredit,
  type QueryInputOf,
  receiveOrder,
  refundOrder,
  shipOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import {
  type Brand,
  type FixtureRoom,
  makeConsumer,
  makeOffer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import {
  expectBooksRight,
  offerLine,
  payFor,
  place,
  shelfLine,
  startPaying,
  stateOf,
  TEST_ADDRESS,
  tryPlace,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const cancel = (as: Principal, orderId: string) =>
  api.call(cancelOrder, { as, params: { id: orderId }, body: { reason: '买错了' } });

/** An unpaid order of two pieces under an offer, and how much is held by it. */
async function held() {
  const product = await makeProduct(api, '核桃礼盒', { priceFen: 9_900 });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const offer = await makeOffer(api, room, product.sku.id, { priceFen: 8_000, cap: 4, perPersonLimit: 2 });
  const buyer = await makeConsumer(api, '林小桃');
  const line = offerLine(product, offer, 2);
  const order = await place(api, buyer, room, [line]);
  const holding = async () => {
    const [taken] = await rows<{ taken: number; mine: number }>`
      SELECT o.taken, p.quantity AS mine FROM offers o JOIN offer_purchases p ON p.offer_id = o.id AND p.person_id = ${buyer.personId}
      WHERE o.id = ${offer.id}`;
    return { ...taken, stock: await readStock(api, product.sku.id, brand.stores.a) };
  };
  return { buyer, room, line, order, holding };
}
const HELD = { taken: 2, mine: 2, stock: { onHand: 10, reserved: 2 } };
const FREE = { taken: 0, mine: 0, stock: { onHand: 10, reserved: 0 } };

describe('an order', () => {
  it('S7 is placed, paid, shipped, received and refunded, with its history', async () => {
    const { anna } = brand.consumers;
    const { milk } = brand.products;
    const order = await place(api, anna, brand.rooms.a, [shelfLine(milk, 2)]);
    expect(OrderView.parse(order)).toEqual(order);
    expect(order).toMatchObject({ state: 'pending_payment', itemsFen: 1_180, shippingFen: 800, totalFen: 1_980 });
    expect(order.orderNo).toMatch(/^WL\d{14}$/);
    expect(order.payment).toMatchObject({ state: 'pending', amountFen: 1_980 });
    expect(order.credit.orgUnit.id).toBe(brand.stores.a.id);
    await payFor(api, anna, order.id);
    const params = { id: order.id };
    await api.ok(shipOrder, { as: brand.staff.a.manager, params, body: { trackingNo: 'SF1' } });
    await api.ok(receiveOrder, { as: anna, params, body: {} });
    await api.ok(refundOrder, { as: brand.staff.a.manager, params, body: { reason: '破损' } });
    await waitForState(api, order.id, 'refunded');
    const seen = await api.ok(getOrder, { as: anna, params });
    expect(seen.history.map((step) => step.event)).toEqual([
      'place',
      'pay',
      'ship',
      'receive',
      'request_refund',
      'finish_refund',
    ]);
    expect(seen).toMatchObject({ paidFen: 1_980, refundedFen: 1_980, trackingNo: 'SF1' });
    expect(seen.refunds).toMatchObject([{ state: 'succeeded', amountFen: 1_980, reason: '破损' }]);
    await expectBooksRight(api);
  });

  it('S7 refuses every step that its state does not allow, and to whom it is not theirs', async () => {
    const { buyer, order } = await held();
    const params = { id: order.id };
    const { manager } = brand.staff.a;
    const ship = (as: Principal) => api.call(shipOrder, { as, params, body: { trackingNo: 'SF1' } });
    const receive = (as: Principal) => api.call(receiveOrder, { as, params, body: {} });
    expect((await ship(manager)).problem.code).toBe('state_conflict');
    expect((await receive(buyer)).problem.code).toBe('state_conflict');
    await payFor(api, buyer, order.id);
    expect((await cancel(buyer, order.id)).problem.code).toBe('already_paid');
    expect((await ship(brand.staff.b.manager)).status).toBe(404);
    expect((await ship(brand.staff.a.guide)).status).toBe(403);
    expect((await ship(manager)).status).toBe(200);
    expect((await ship(manager)).problem.code).toBe('state_conflict');
    expect((await receive(brand.consumers.bella)).status).toBe(404);
    expect((await receive(buyer)).status).toBe(200);
    expect((await receive(buyer)).problem.code).toBe('state_conflict');
  });
});

describe('M1 money', () => {
  it('M1 every amount in the database is a bigint of fen', async () => {
    const columns = await rows<{ column: string }>`
      SELECT table_name || '.' || column_name || ' ' || data_type AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type <> 'bigint' AND data_type NOT LIKE 'timestamp%' AND (column_name LIKE '%\\_fen' OR column_name ~ 'amount|price|balance')`;
    expect(columns).toEqual([{ column: 'skus.list_price_basis text' }]); // a reason, not an amount
  });

  it.each([590.5, 0, -590, '590', 1e30])('M1 a price of %s is refused', async (seenPriceFen) => {
    const line = { ...shelfLine(brand.products.milk), seenPriceFen: seenPriceFen as number };
    expect((await tryPlace(api, brand.consumers.anna, brand.rooms.a, [line])).status).toBe(400);
  });
});

describe('S3 what an unpaid order holds', () => {
  it('S3 comes back when its time is over, and only then', async () => {
    const { buyer, room, line, order, holding } = await held();
    expect(await holding()).toEqual(HELD);
    const { RESERVATION_SECONDS } = api.api.platform.config;
    expect(Date.parse(order.expiresAt) - Date.parse(order.placedAt)).toBe(RESERVATION_SECONDS * 1000);
    api.clock.advanceSeconds(RESERVATION_SECONDS - 60);
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect([await stateOf(api, order.id), await holding()]).toEqual(['pending_payment', HELD]);
    api.clock.advanceSeconds(61);
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect([await stateOf(api, order.id), await holding()]).toEqual(['expired', FREE]);
    const [told] = await rows<{
      payload: unknown;
    }>`SELECT payload FROM outbox WHERE room_id = ${room.id} ORDER BY id DESC LIMIT 1`;
    expect(told?.payload).toMatchObject({ kind: 'stock:changed', available: 10, taken: 0 });
    await place(api, buyer, room, [line]); // the limit is free again
    await expectBooksRight(api);
  });

  it('S3 comes back when it is cancelled, once, also when cancelled ten times at once', async () => {
    const { buyer, order, holding } = await held();
    await startPaying(api, buyer, order.id);
    expect((await cancel(brand.consumers.bella, order.id)).status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(buyer, order.id)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    for (const answer of answers.filter((one) => one.status !== 200))
      expect(answer.problem.code).toBe('state_conflict');
    expect(await holding()).toEqual(FREE);
    const seen = await api.ok(getOrder, { as: buyer, params: { id: order.id } });
    expect(seen).toMatchObject({ state: 'cancelled', payment: { state: 'closed' } });
    await expectBooksRight(api);
  });

  it('S3 many that are due come back in one turn, also when one cannot', async () => {
    const orders = await Promise.all(Array.from({ length: 8 }, held));
    const stuck = orders[0];
    if (!stuck) throw new Error('no orders');
    api.clock.advanceSeconds(api.api.platform.config.RESERVATION_SECONDS + 1);
    // Somebody holds this order's row: it is skipped, the others do not wait.
    await api.api.platform.db.transaction(async (tx) => {
      await tx`SELECT 1 FROM orders WHERE id = ${stuck.order.id} FOR UPDATE`;
      await api.api.platform.jobs.runNow(EXPIRY_JOB);
    });
    for (const { order, holding } of orders.slice(1))
      expect([await stateOf(api, order.id), await holding()]).toEqual(['expired', FREE]);
    expect(await stateOf(api, stuck.order.id)).toBe('pending_payment');
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect([await stateOf(api, stuck.order.id), await stuck.holding()]).toEqual(['expired', FREE]);
    await expectBooksRight(api);
  });
});

describe('who sees what', () => {
  it('Z6 an order, the list of orders and "why this inviter" name its buyer alike, to every role', async () => {
    const { buyer, order } = await held();
    const params = { id: order.id };
    const named = async (as: Principal) => {
      const { items } = await api.ok(listOrders, { as });
      const { order: explained } = await api.ok(orderCredit, { as, params });
      const listed = items.find(({ id }) => id === order.id);
      return [(await api.ok(getOrder, { as, params })).buyer.name, listed?.buyer.name, explained.buyer.name];
    };
    const { admin, operations, analyst, finance, compliance, channelEast, a } = brand.staff;
    // The guide's because they came to the guide's room first.
    for (const as of [buyer, admin, operations, analyst, finance, compliance, channelEast, a.manager, a.guide])
      expect(await named(as), as.staff?.role).toEqual(['林小桃', '林小桃', '林小桃']);
    await rows`UPDATE owner_bindings SET guide_id = NULL WHERE customer_id = ${buyer.personId} AND ended_at IS NULL`;
    expect(await named(a.guide)).toEqual(['林*', '林*', '林*']);
  });

  it('Z6 the buyer and shipping staff see the address, others see it masked, other stores nothing', async () => {
    const { buyer, order } = await held();
    const params = { id: order.id };
    const seenBy = (as: Principal) => api.call(getOrder, { as, params });
    for (const as of [buyer, brand.staff.a.manager, brand.staff.operations, brand.staff.admin])
      expect((await seenBy(as)).body).toMatchObject({ address: TEST_ADDRESS, buyer: { name: '林小桃' } });
    const { a, finance, analyst, channelEast } = brand.staff;
    // The name of the account is by role (names.policy.ts), what is on the parcel by the right to send it.
    for (const as of [a.guide, finance, analyst, channelEast])
      expect((await seenBy(as)).body).toMatchObject({
        address: { recipient: '林*', phone: '139****5678', street: '****', city: '杭州市' },
        buyer: { name: '林小桃' },
      });
    for (const as of [brand.staff.b.manager, brand.staff.channelNorth, brand.consumers.bella])
      expect((await seenBy(as)).status).toBe(404);
    expect((await seenBy(brand.staff.a.assistant)).status).toBe(403);
    expect((await seenBy(brand.guest)).status).toBe(401);
  });

  it('lists are the buyer’s own, or those of the staff’s scope, in pages without gaps', async () => {
    const product = await makeProduct(api, '百草味 100% 核桃', { priceFen: 3_000 });
    const rooms: FixtureRoom[] = [];
    for (const [unit, host] of [
      [brand.stores.c, brand.staff.c.guide],
      [brand.stores.d, brand.staff.d.guide],
    ] as const) {
      await makeStock(api, product.sku.id, unit, 50);
      rooms.push(await makeRoom(api, { orgUnit: unit, host, products: [product] }));
    }
    const [roomC, roomD] = rooms;
    if (!roomC || !roomD) throw new Error('no rooms');
    const [one, two] = [await makeConsumer(api, '甲'), await makeConsumer(api, '乙')];
    const placed: OrderView[] = [];
    for (let n = 0; n < 6; n++)
      placed.push(await place(api, n % 2 ? one : two, n % 3 ? roomC : roomD, [shelfLine(product)]));
    const list = async (as: Principal, query: QueryInputOf<typeof listOrders> = {}) => {
      const ids: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.ok(listOrders, { as, query: { limit: 2, ...query, ...(cursor ? { cursor } : {}) } });
        ids.push(...page.items.map((item) => item.id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      return ids;
    };
    const expected = (keep: (n: number) => boolean) =>
      placed
        .filter((_, n) => keep(n))
        .map((order) => order.id)
        .reverse();
    expect(await list(one)).toEqual(expected((n) => n % 2 === 1));
    expect(await list(brand.staff.c.manager)).toEqual(expected((n) => n % 3 !== 0));
    expect(await list(brand.staff.d.guide)).toEqual(expected((n) => n % 3 === 0));
    expect(await list(brand.staff.channelNorth)).toEqual(expected(() => true));
    expect(await list(brand.staff.channelNorth, { roomId: roomD.id })).toEqual(expected((n) => n % 3 === 0));
    expect(await list(brand.staff.channelNorth, { search: '100%' })).toEqual(expected(() => true));
    expect(await list(brand.staff.channelNorth, { search: '100_' })).toEqual([]);
    expect(await list(one, { search: placed[1]?.orderNo.toLowerCase() ?? '' })).toEqual([placed[1]?.id]);
    await payFor(api, one, placed[1]?.id ?? '');
    expect(await list(brand.staff.channelNorth, { state: 'paid' })).toEqual([placed[1]?.id]);
    expect(await list(brand.staff.channelNorth, { inviterId: brand.staff.c.guide.personId })).not.toContain(
      placed[0]?.id,
    );
    const bad = await api.call(listOrders, { as: one, query: { cursor: 'bm9uc2Vuc2U' } });
    expect([bad.status, bad.problem.code]).toEqual([400, 'invalid_request']);
  });

  it('the CSV has every order of the filter, masked alike, and no cell that a spreadsheet would run', async () => {
    const { buyer, room, line } = await held();
    await rows`UPDATE people SET name = '=HYPERLINK("http://x")' WHERE id = ${buyer.personId}`;
    await rows`UPDATE rooms SET title = '@SUM(A1)' WHERE id = ${room.id}`;
    await rows`UPDATE offers SET cap = NULL, per_person_limit = NULL WHERE room_id = ${room.id}`;
    for (let n = 0; n < 3; n++) await place(api, buyer, room, [line]);
    const query = { format: 'csv', roomId: room.id } as const;
    const answer = await api.call(listOrders, { as: brand.staff.a.manager, query });
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="orders-[\d-]+\.csv"$/);
    const text = String(answer.body);
    const lines = text.trim().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toContain('orderNo,state,storePath');
    expect(lines[1]).toContain('hq.east.hangzhou');
    expect(lines[1]).toContain(`"'=HYPERLINK(""http://x"")"`);
    expect(lines[1]).toContain(`,'@SUM(A1),`);
    expect(lines[1]).toContain(',13912345678,');
    await rows`UPDATE orders SET remark = '请打 13912345678' WHERE room_id = ${room.id}`;
    const search = '13912345678';
    await api.call(listOrders, { as: brand.staff.finance, query: { ...query, search } });
    const masked = String((await api.call(listOrders, { as: brand.staff.finance, query })).body);
    expect(masked).toContain('请打 139****5678');
    expect(masked).toContain(',139****5678,');
    expect(masked).not.toContain('13912345678');
    expect((await api.call(listOrders, { as: buyer, query })).status).toBe(403);
    // Who took it away, what was asked for, how many rows: and no phone number in the log itself.
    const filter = { roomId: room.id };
    const taken = await rows`SELECT actor_id, org_path, detail FROM audit_log
      WHERE action = 'personal-data:exported' AND target = 'orders' AND detail->'filter'->>'roomId' = ${room.id} ORDER BY id`;
    const by = ({ personId, staff }: Principal) => ({ actor_id: personId, org_path: staff?.orgPath });
    expect(taken).toEqual([
      { ...by(brand.staff.a.manager), detail: { filter, rows: 4, whole: true } },
      { ...by(brand.staff.finance), detail: { filter: { ...filter, search: '139****5678' }, rows: 0, whole: true } },
      { ...by(brand.staff.finance), detail: { filter, rows: 4, whole: true } },
    ]);
  });
});

it('every step of an order is counted for the metrics', async () => {
  await using api = await startTestApi();
  const { consumers, rooms, products } = await seedBrand(api);
  await place(api, consumers.anna, rooms.a, [shelfLine(products.milk)]);
  await vi.waitFor(async () =>
    expect(await (await fetch(`${api.url}/metrics`)).text()).toContain('orders_total{event="place"} 1'),
  );
});
