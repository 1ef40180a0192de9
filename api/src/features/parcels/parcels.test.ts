import {
  bulkShip,
  correctParcel,
  decideAfterSale,
  extendReceipt,
  getAfterSale,
  getOrder,
  inspectAfterSale,
  noteParcel,
  type OrderView,
  receiveOrder,
  refundOrder,
  requestAfterSale,
  sendBackAfterSale,
  setMerchantRemark,
  shipOrder,
  shipParcel,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { eventually, expectBooksRight, payFor, place, shelfLine, stateOf, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { AUTO_RECEIVE_JOB } from '../orders/index.ts';
import { auditParcels } from './index.ts';

const DAY_SECONDS = 86_400;

let api: TestApi;
let brand: Brand;
let manager: Principal;
let buyer: Principal;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  manager = brand.staff.a.manager;
  buyer = await makeConsumer(api, '林小桃');
});
afterAll(async () => {
  expect(await auditParcels(api.api.platform.db)).toEqual([]);
  await expectBooksRight(api);
  await api[Symbol.asyncDispose]();
});

/** Two milk and one family pack, paid. */
async function paid(): Promise<OrderView & { milk: string; family: string }> {
  const { milk, family } = brand.products;
  const order = await place(api, buyer, brand.rooms.a, [shelfLine(milk, 2), shelfLine(family)]);
  await payFor(api, buyer, order.id);
  const item = (title: string) => order.items.find((each) => each.title === title)?.id ?? '';
  return { ...order, milk: item(milk.title), family: item(family.title) };
}
const parcel = (id: string, trackingNo: string, items?: { orderItemId: string; quantity: number }[], as = manager) =>
  api.call(shipParcel, { as, params: { id }, body: { carrier: 'sf', trackingNo, ...(items ? { items } : {}) } });
const read = (id: string, as: Principal = buyer) => api.ok(getOrder, { as, params: { id } });
const bulk = (text: string, apply: boolean, as = manager) => api.ok(bulkShip, { as, body: { text, apply } });

describe('S7 parcels', () => {
  it('an order leaves in parts, and is shipped with the last of them', async () => {
    const order = await paid();
    const first = await parcel(order.id, 'SF0001', [{ orderItemId: order.milk, quantity: 1 }]);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ state: 'paid', trackingNo: 'SF0001', shippedAt: null });
    expect(first.body.delivery).toMatchObject({
      toShip: expect.arrayContaining([
        { orderItemId: order.milk, quantity: 1 },
        { orderItemId: order.family, quantity: 1 },
      ]),
      addressChangeable: false,
    });
    const tooMany = await parcel(order.id, 'SF0002', [{ orderItemId: order.milk, quantity: 2 }]);
    expect(tooMany.problem).toMatchObject({ code: 'state_conflict', facts: { left: 1 } });
    const foreign = await parcel(order.id, 'SF0002', [{ orderItemId: crypto.randomUUID(), quantity: 1 }]);
    expect(foreign.status).toBe(404);
    const last = await parcel(order.id, 'SF0002');
    expect(last.body).toMatchObject({ state: 'shipped', delivery: { toShip: [], canExtend: true } });
    expect(last.body.delivery?.parcels.map(({ trackingNo }) => trackingNo)).toEqual(['SF0001', 'SF0002']);
    expect((await parcel(order.id, 'SF0003')).problem.code).toBe('state_conflict');
  });

  it('the one-parcel call of before sends everything that is left', async () => {
    const order = await paid();
    await parcel(order.id, 'SF0004', [{ orderItemId: order.family, quantity: 1 }]);
    const shipped = await api.ok(shipOrder, { as: manager, params: { id: order.id }, body: { trackingNo: 'YT0001' } });
    expect(shipped.state).toBe('shipped');
    expect(shipped.delivery?.parcels[1]).toMatchObject({
      carrier: 'other',
      items: [{ orderItemId: order.milk, quantity: 2 }],
    });
  });

  it('goes on by hand, keeps its history, and what is said twice is told once', async () => {
    const order = await paid();
    const shipped = (await parcel(order.id, 'SF0005')).body;
    const id = shipped.delivery?.parcels[0]?.id ?? '';
    const say = (event: 'near' | 'deliver' | 'return', as = manager) =>
      api.call(noteParcel, { as, params: { id }, body: { event } });
    const corrected = await api.ok(correctParcel, {
      as: manager,
      params: { id },
      body: { carrier: 'jd', trackingNo: 'JD0005' },
    });
    expect(corrected).toMatchObject({ carrier: 'jd', trackingNo: 'JD0005', state: 'in_transit' });
    expect((await read(order.id)).trackingNo).toBe('JD0005');
    expect((await say('near', brand.staff.b.manager)).status).toBe(404);
    expect((await say('near')).body.state).toBe('near');
    expect((await say('near')).body.events.filter(({ event }) => event === 'near')).toHaveLength(1);
    expect((await say('deliver')).body).toMatchObject({ state: 'delivered', deliveredAt: expect.any(String) });
    expect((await say('return')).problem.code).toBe('state_conflict');
  });

  it('a note among staff is for staff alone', async () => {
    const order = await paid();
    await api.ok(setMerchantRemark, { as: manager, params: { id: order.id }, body: { remark: '老顾客，多放一袋' } });
    expect((await read(order.id, manager)).merchantRemark).toBe('老顾客，多放一袋');
    expect(JSON.stringify(await read(order.id))).not.toContain('老顾客');
    const foreign = { as: brand.staff.b.manager, params: { id: order.id }, body: { remark: '' } };
    expect((await api.call(setMerchantRemark, foreign)).status).toBe(404);
  });
});

describe('S7 rivals', () => {
  it('two staff who ship the same order: one parcel', async () => {
    const order = await paid();
    const answers = await Promise.all([
      parcel(order.id, 'SF0101'),
      parcel(order.id, 'SF0102', undefined, brand.staff.admin),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await read(order.id)).delivery?.parcels).toHaveLength(1);
  });

  it('two staff who ship parts of one item never send more than there is', async () => {
    const order = await paid();
    const one = [{ orderItemId: order.milk, quantity: 1 }];
    const answers = await Promise.all(['SF0111', 'SF0112', 'SF0113', 'SF0114'].map((no) => parcel(order.id, no, one)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
  });

  it('shipping an item against the refund of the same item: it goes one way', async () => {
    for (let round = 0; round < 6; round++) {
      const order = await paid();
      const [sent, back] = await Promise.all([
        parcel(order.id, `SF02${round}0`, [{ orderItemId: order.milk, quantity: 2 }]),
        api.call(refundOrder, {
          as: manager,
          params: { id: order.id },
          body: { reason: '缺货', items: [{ itemId: order.milk, quantity: 2 }] },
        }),
      ]);
      expect(back.status).toBe(202);
      await eventually(async () => expect((await read(order.id)).refundedFen).toBeGreaterThan(0));
      const after = await read(order.id, manager);
      const withdrawn = after.items.find(({ id }) => id === order.milk)?.withdrawn ?? 0;
      // Sent first: its money goes back and the goods are the buyer's to return. Refunded first: nothing is sent.
      expect(withdrawn).toBe(sent.status === 201 ? 0 : 2);
    }
  });

  it('the rest taken out of a partly shipped order makes it shipped; its buyer cannot take back what is on the way', async () => {
    const order = await paid();
    await parcel(order.id, 'SF0301', [{ orderItemId: order.milk, quantity: 2 }]);
    const all = await api.call(refundOrder, { as: buyer, params: { id: order.id }, body: { reason: '不想要了' } });
    expect(all.problem).toMatchObject({ code: 'state_conflict', facts: { reason: 'partly_shipped' } });
    const part = { reason: '缺货', items: [{ itemId: order.family, quantity: 1 }] };
    await api.ok(refundOrder, { as: manager, params: { id: order.id }, body: part });
    await waitForState(api, order.id, 'shipped');
    expect((await read(order.id)).delivery?.toShip).toEqual([]);
  });

  it('receiving by hand against receiving by itself: received once', async () => {
    const order = await paid();
    await parcel(order.id, 'SF0401');
    api.clock.advanceSeconds(api.api.platform.config.AUTO_RECEIVE_DAYS * DAY_SECONDS + 1);
    const { jobs } = api.api.platform;
    const [byHand] = await Promise.all([
      api.call(receiveOrder, { as: buyer, params: { id: order.id }, body: {} }),
      jobs.runNow(AUTO_RECEIVE_JOB),
    ]);
    expect([200, 409]).toContain(byHand.status);
    await jobs.runNow(AUTO_RECEIVE_JOB);
    const { history } = await read(order.id);
    expect(history.filter(({ event }) => event === 'receive')).toHaveLength(1);
  });
});

describe('S7 received by itself', () => {
  it('after its days, once put off by its buyer, and never before', async () => {
    const { AUTO_RECEIVE_DAYS, EXTEND_RECEIPT_DAYS } = api.api.platform.config;
    const order = await paid();
    await parcel(order.id, 'SF0501');
    const extend = (as = buyer) => api.call(extendReceipt, { as, params: { id: order.id }, body: {} });
    const days = async (n: number) => {
      api.clock.advanceSeconds(n * DAY_SECONDS);
      await api.api.platform.jobs.runNow(AUTO_RECEIVE_JOB);
      return stateOf(api, order.id);
    };
    expect(await days(AUTO_RECEIVE_DAYS - 1)).toBe('shipped');
    expect((await extend(brand.consumers.bella)).status).toBe(404);
    expect((await extend()).body.delivery?.canExtend).toBe(false);
    expect((await extend()).problem.code).toBe('state_conflict');
    expect(await days(EXTEND_RECEIPT_DAYS)).toBe('shipped');
    expect(await days(1.1)).toBe('received');
    const last = (await read(order.id)).history.at(-1);
    expect(last).toMatchObject({ event: 'receive', to: 'received' });
  });
});

describe('S7 pieces that are owed', () => {
  it('after a refused refund they are seen, sent late, and keep the order from being received by itself', async () => {
    const order = await paid();
    const { sql } = api.api.platform.db;
    const refuses = (
      is: boolean,
    ) => sql`UPDATE sandbox_charges SET refunded_fen = CASE WHEN ${is} THEN amount_fen ELSE 0 END
      WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${order.id})`;
    const takeOut = async (itemId: string) => {
      await api.ok(refundOrder, {
        ...{ as: manager, params: { id: order.id } },
        body: { reason: '缺货', items: [{ itemId, quantity: 1 }] },
      });
    };
    await refuses(true);
    await parcel(order.id, 'SF0701', [{ orderItemId: order.milk, quantity: 2 }]);
    await takeOut(order.family);
    const owed = [{ orderItemId: order.family, quantity: 1 }];
    await eventually(async () =>
      expect(await sql`SELECT 1 FROM refunds WHERE order_id = ${order.id} AND state = 'failed'`).toHaveLength(1),
    );
    expect(await read(order.id, manager)).toMatchObject({ state: 'shipped', delivery: { toShip: owed } });
    api.clock.advanceSeconds((api.api.platform.config.AUTO_RECEIVE_DAYS + 1) * DAY_SECONDS);
    await api.api.platform.jobs.runNow(AUTO_RECEIVE_JOB);
    expect(await stateOf(api, order.id)).toBe('shipped');
    await refuses(false);
    await api.ok(receiveOrder, { as: buyer, params: { id: order.id }, body: {} });
    expect((await read(order.id)).delivery?.toShip).toEqual(owed);
    expect((await parcel(order.id, 'SF0702')).body).toMatchObject({ state: 'received', delivery: { toShip: [] } });
  });
});

describe('S7 what is not received by itself', () => {
  const due = async () => {
    api.clock.advanceSeconds((api.api.platform.config.AUTO_RECEIVE_DAYS + 1) * DAY_SECONDS);
    await api.api.platform.jobs.runNow(AUTO_RECEIVE_JOB);
  };

  it('a parcel that came back keeps its order, until its pieces were given back in money', async () => {
    const order = await paid();
    await parcel(order.id, 'SF0603', [{ orderItemId: order.milk, quantity: 2 }]);
    const sent = (await parcel(order.id, 'SF0604')).body;
    const back = sent.delivery?.parcels.find(({ trackingNo }) => trackingNo === 'SF0604');
    await api.ok(noteParcel, { as: manager, params: { id: back?.id ?? '' }, body: { event: 'return' } });
    await due();
    expect(await stateOf(api, order.id)).toBe('shipped');
    await api.ok(refundOrder, {
      ...{ as: manager, params: { id: order.id } },
      body: { reason: '包裹退回', items: [{ itemId: order.family, quantity: 1 }] },
    });
    await eventually(async () => expect((await read(order.id)).refunds[0]?.state).toBe('succeeded'));
    await due();
    expect(await stateOf(api, order.id)).toBe('received');
  });

  it('a piece that arrived and was sent back by a case does not settle one whose parcel came back', async () => {
    const order = await paid();
    await parcel(order.id, 'SF0605', [{ orderItemId: order.family, quantity: 1 }]);
    await parcel(order.id, 'SF0606', [{ orderItemId: order.milk, quantity: 1 }]);
    const sent = (await parcel(order.id, 'SF0607')).body;
    const back = sent.delivery?.parcels.find(({ trackingNo }) => trackingNo === 'SF0607');
    await api.ok(noteParcel, { as: manager, params: { id: back?.id ?? '' }, body: { event: 'return' } });
    const items = [{ itemId: order.milk, quantity: 1 }];
    const { id } = await api.ok(requestAfterSale, {
      ...{ as: buyer, params: { id: order.id } },
      body: { kind: 'return_and_refund', reason: 'quality', items },
    });
    const params = { id };
    await api.ok(decideAfterSale, {
      ...{ as: manager, params },
      body: { approve: true, note: '同意', returnTo: '杭州湖滨店' },
    });
    await api.ok(sendBackAfterSale, { as: buyer, params, body: { carrier: '顺丰', trackingNo: 'SF0608' } });
    await api.ok(inspectAfterSale, { as: manager, params, body: { accepted: true, note: '收到' } });
    await eventually(async () => expect((await api.ok(getAfterSale, { as: buyer, params })).state).toBe('refunded'));
    await due();
    expect(await stateOf(api, order.id)).toBe('shipped');
    await api.ok(refundOrder, {
      ...{ as: manager, params: { id: order.id } },
      body: { reason: '包裹退回', items },
    });
    await eventually(async () =>
      expect((await read(order.id)).refunds.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']),
    );
    await due();
    expect(await stateOf(api, order.id)).toBe('received');
  });

  it('an order that cannot be received holds up no other', async () => {
    const [bad, good] = [await paid(), await paid()];
    await parcel(bad.id, 'SF0601');
    api.clock.advanceSeconds(60);
    await parcel(good.id, 'SF0602');
    const { sql } = api.api.platform.db;
    await sql`CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'`;
    await api.api.platform.db.pool.query(`CREATE TRIGGER refuse_one BEFORE UPDATE ON orders FOR EACH ROW
      WHEN (NEW.id = '${bad.id}' AND NEW.state = 'received') EXECUTE FUNCTION refuse_one()`);
    await due();
    expect([await stateOf(api, bad.id), await stateOf(api, good.id)]).toEqual(['shipped', 'received']);
    await sql`DROP TRIGGER refuse_one ON orders`;
    await api.api.platform.jobs.runNow(AUTO_RECEIVE_JOB);
    expect(await stateOf(api, bad.id)).toBe('received');
  });
});

describe('bulk ship', () => {
  it('is asked first and sends nothing; in earnest it sends, and once more it sends nothing twice', async () => {
    const [one, two] = [await paid(), await paid()];
    const foreign = await place(api, buyer, brand.rooms.b, [shelfLine(brand.products.milk)]);
    const unpaid = await place(api, buyer, brand.rooms.a, [shelfLine(brand.products.milk)]);
    const text = [
      '订单号,快递,单号',
      `${one.orderNo},顺丰,SF9001`,
      `${two.orderNo},zto,ZT9002`,
      `${foreign.orderNo},sf,SF9003`,
      `${unpaid.orderNo},sf,SF9004`,
      `${one.orderNo},sf,SF9005`,
      'WL0,sf,SF9006',
      `${two.orderNo},鸽子,SF9007`,
    ].join('\n');
    const refused = ['no_such_order', 'not_to_ship', 'repeated', 'no_such_order', 'unknown_carrier'];
    const asked = await bulk(text, false);
    expect(asked.lines.map(({ result }) => result)).toEqual(['ready', 'ready', ...refused]);
    expect(asked).toMatchObject({ ready: 2, sent: 0, refused: 5 });
    expect((await read(one.id)).delivery?.parcels).toEqual([]);
    const [sent, rival] = await Promise.all([bulk(text, true), bulk(text, true)]);
    expect(sent.sent + rival.sent).toBe(2);
    expect((await bulk(text, true)).lines.map(({ result }) => result)).toEqual(['already', 'already', ...refused]);
    expect(await read(two.id)).toMatchObject({
      state: 'shipped',
      delivery: { parcels: [{ carrier: 'zto', trackingNo: 'ZT9002' }] },
    });
  });
});
