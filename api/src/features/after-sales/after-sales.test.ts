/** After-sale cases over HTTP, by rule ids; every test ends with all books agreeing. */
import {
  type AfterSaleView,
  type BodyInputOf,
  decideAfterSale,
  escalateAfterSale,
  getAfterSale,
  getEvidence,
  inspectAfterSale,
  listAfterSales,
  orderAfterSales,
  receiveOrder,
  refundOrder,
  replaceAfterSale,
  requestAfterSale,
  sendBackAfterSale,
  shipOrder,
  withdrawAfterSale,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { sendEvidence } from '../../testing/after-sales.ts';
import {
  type Brand,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  seedBrand,
} from '../../testing/fixtures.ts';
import { eventually, expectBooksRight, payFor, place, shelfLine, stateOf, waitForState } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { testPdf } from '../../testing/upload.ts';
import { AFTER_SALES_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const HOUR = 3_600;
const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const manager = () => brand.staff.a.manager;

/** Three bags, at 20 yuan unless said otherwise, paid; sent and received as far as it is asked for. */
async function bought(upTo: 'paid' | 'shipped' | 'received' = 'paid', priceFen = 2_000) {
  const product = await makeProduct(api, '核桃仁', { priceFen });
  await makeStock(api, product.sku.id, brand.stores.a, 10);
  const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
  const buyer = await makeConsumer(api);
  const order = await place(api, buyer, room, [shelfLine(product, 3)]);
  await payFor(api, buyer, order.id);
  const params = { id: order.id };
  if (upTo !== 'paid') await api.ok(shipOrder, { as: manager(), params, body: { trackingNo: 'SF1001' } });
  if (upTo === 'received') await api.ok(receiveOrder, { as: buyer, params, body: {} });
  const itemId = order.items[0]?.id ?? '';
  type Body = BodyInputOf<typeof requestAfterSale>;
  return {
    ...{ buyer, order, itemId, orderId: order.id },
    stock: async () => (await readStock(api, product.sku.id, brand.stores.a))?.onHand,
    ask: (body: Partial<Body> = {}) =>
      api.call(requestAfterSale, {
        ...{ as: buyer, params },
        body: { kind: 'refund_only', reason: 'damaged', items: [{ itemId, quantity: 1 }], ...body },
      }),
  };
}
const decide = (as: Principal, id: string, body: Partial<BodyInputOf<typeof decideAfterSale>> = {}) =>
  api.call(decideAfterSale, { as, params: { id }, body: { approve: true, note: '核实无误', ...body } });
const seen = (as: Principal, id: string): Promise<AfterSaleView> => api.ok(getAfterSale, { as, params: { id } });
const waitFor = (as: Principal, id: string, state: AfterSaleView['state']) =>
  eventually(async () => expect((await seen(as, id)).state).toBe(state));
const events = async (as: Principal, id: string) => (await seen(as, id)).history.map((step) => step.event);

describe('S7 S8 a case from asking to its end', () => {
  it('S8 refund_only before sending: the store says yes, the piece is back on the shelf, the rest is sent', async () => {
    const { buyer, orderId, ask, stock } = await bought();
    const { status, body } = await ask();
    expect([status, body.state, body.amountFen, body.may]).toEqual([201, 'requested', 2_000, ['withdraw']]);
    expect((await seen(manager(), body.id)).may).toEqual(['decide', 'escalate']);
    expect((await decide(manager(), body.id)).body.state).toBe('refunding');
    await waitFor(buyer, body.id, 'refunded');
    expect([await stateOf(api, orderId), await stock()]).toEqual(['paid', 8]);
    expect(await events(buyer, body.id)).toEqual(['request', 'approve_refund', 'finish_refund']);
    await api.ok(shipOrder, { as: manager(), params: { id: orderId }, body: { trackingNo: 'SF1002' } });
    const told = await rows<{ type: string }>`
      SELECT type FROM domain_events WHERE data ->> 'afterSaleId' = ${body.id} ORDER BY seq`;
    expect(told.map(({ type }) => type)).toEqual(['after_sale.requested', 'after_sale.changed', 'after_sale.settled']);
    expect(await rows`SELECT reason FROM audit_log WHERE target = ${`after-sale:${body.id}`}`).toEqual([
      { reason: '核实无误' },
    ]);
    await expectBooksRight(api);
  });

  it('return: goods first, looked at, what is sound goes on the shelf, then the money', async () => {
    const { buyer, orderId, itemId, ask, stock } = await bought('received');
    const { body } = await ask({ kind: 'return_and_refund', reason: 'no_reason', items: [{ itemId, quantity: 2 }] });
    expect([body.protected, body.amountFen]).toEqual([true, 4_000]);
    expect((await decide(manager(), body.id)).problem.issues?.[0]?.path).toBe('/returnTo');
    expect((await decide(manager(), body.id, { returnTo: '杭州湖滨店 退货部' })).body.state).toBe('awaiting_goods');
    const parcel = { carrier: '顺丰', trackingNo: 'SF2001' };
    await api.ok(sendBackAfterSale, { as: buyer, params: { id: body.id }, body: parcel });
    expect((await seen(buyer, body.id)).may).toEqual([]);
    const inspect = (quantity: number) =>
      api.call(inspectAfterSale, {
        ...{ as: manager(), params: { id: body.id } },
        body: { accepted: true, note: '一袋破损', restock: [{ itemId, quantity }] },
      });
    expect((await inspect(3)).problem.code).toBe('limit_exceeded');
    expect((await inspect(1)).body.items[0]?.restocked).toBe(1);
    await waitFor(buyer, body.id, 'refunded');
    expect([await stateOf(api, orderId), await stock()]).toEqual(['received', 8]);
    await expectBooksRight(api);
  });

  it('exchange: other pieces leave the shelf when their parcel does; without any, nothing happens', async () => {
    const { buyer, itemId, ask, stock } = await bought('shipped');
    const { body } = await ask({ kind: 'exchange', items: [{ itemId, quantity: 1 }] });
    expect(body.amountFen).toBe(0);
    await decide(manager(), body.id, { returnTo: '杭州湖滨店' });
    await api.ok(sendBackAfterSale, {
      ...{ as: buyer, params: { id: body.id } },
      body: { carrier: '中通', trackingNo: 'ZT1' },
    });
    await api.ok(inspectAfterSale, {
      ...{ as: manager(), params: { id: body.id } },
      body: { accepted: true, note: '可以换' },
    });
    const replace = () =>
      api.call(replaceAfterSale, { as: manager(), params: { id: body.id }, body: { trackingNo: 'SF2002' } });
    await rows`UPDATE stocks SET reserved = on_hand WHERE sku_id IN (SELECT sku_id FROM order_items WHERE id = ${itemId})`;
    expect((await replace()).problem.code).toBe('out_of_stock');
    await rows`UPDATE stocks SET reserved = 0 WHERE sku_id IN (SELECT sku_id FROM order_items WHERE id = ${itemId})`;
    const both = await Promise.all([replace(), replace()]);
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await stock()).toBe(6);
    expect(await seen(buyer, body.id)).toMatchObject({ state: 'exchanged', replacementTrackingNo: 'SF2002' });
    await expectBooksRight(api);
  });
});

describe('the seven days, and headquarters', () => {
  it('a return within seven days: the store may not say no alone, headquarters may', async () => {
    const { buyer, ask } = await bought('received');
    const { body } = await ask({ kind: 'return_and_refund', reason: 'no_reason' });
    expect((await decide(manager(), body.id, { approve: false })).problem.facts).toEqual({ reason: 'seven_days' });
    const up = { as: manager(), params: { id: body.id }, body: { note: '包装已拆' } };
    expect((await api.ok(escalateAfterSale, up)).state).toBe('escalated');
    expect((await decide(manager(), body.id)).status).toBe(403);
    expect((await decide(brand.staff.finance, body.id, { approve: false })).body.state).toBe('refused');
    expect((await seen(buyer, body.id)).history.at(-1)).toMatchObject({ side: 'hq', event: 'refuse' });
    // Pieces of a refused case can be asked for anew; on the eighth day the store decides.
    api.clock.advanceSeconds(8 * 24 * HOUR);
    const again = (await ask({ kind: 'return_and_refund' })).body;
    expect((await decide(manager(), again.id, { approve: false })).body.state).toBe('rejected');
    api.clock.advanceSeconds(8 * 24 * HOUR);
    expect((await ask()).problem.code).toBe('too_late');
    await expectBooksRight(api);
  });

  it('a no goes to headquarters when its buyer asks them; they may grant a part', async () => {
    const { buyer, ask } = await bought('shipped');
    const { body } = await ask({ reason: 'missing_pieces', shippingFen: 0 });
    await decide(manager(), body.id, { approve: false });
    const appeal = { as: buyer, params: { id: body.id }, body: { note: '少了一袋' } };
    expect((await api.ok(escalateAfterSale, appeal)).state).toBe('escalated');
    expect((await decide(brand.staff.admin, body.id, { amountFen: 2_001 })).status).toBe(400);
    expect((await decide(brand.staff.admin, body.id, { amountFen: 777 })).body.amountFen).toBe(777);
    await waitFor(buyer, body.id, 'refunded');
    expect(await rows`SELECT refunded_fen FROM orders WHERE id = ${body.orderId}`).toEqual([{ refunded_fen: 777n }]);
    await expectBooksRight(api);
  });

  it('goods of a protected return that the store turns down are looked at by headquarters', async () => {
    const { buyer, ask } = await bought('received');
    const { body } = await ask({ kind: 'return_and_refund' });
    await decide(manager(), body.id, { returnTo: '杭州湖滨店' });
    await api.ok(sendBackAfterSale, {
      ...{ as: buyer, params: { id: body.id } },
      body: { carrier: '顺丰', trackingNo: 'SF3' },
    });
    const turnedDown = { as: manager(), params: { id: body.id }, body: { accepted: false, note: '不是本店的货' } };
    expect((await api.ok(inspectAfterSale, turnedDown)).state).toBe('escalated');
    expect((await decide(brand.staff.finance, body.id)).body.state).toBe('refunding');
    await waitFor(buyer, body.id, 'refunded');
    await expectBooksRight(api);
  });
});

describe('what happens by itself', () => {
  it('after 48 hours money asked for before sending goes back, everything else goes to headquarters, once', async () => {
    const [unsent, sent, waiting] = [await bought(), await bought('shipped'), await bought('shipped')];
    const [one, two] = [(await unsent.ask()).body, (await sent.ask()).body];
    const three = (await waiting.ask({ kind: 'exchange' })).body;
    await decide(manager(), three.id, { returnTo: '杭州湖滨店' });
    api.clock.advanceSeconds(47 * HOUR);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    expect((await seen(manager(), one.id)).state).toBe('requested');
    api.clock.advanceSeconds(HOUR + 1);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    await waitFor(manager(), one.id, 'refunded');
    expect((await seen(manager(), two.id)).state).toBe('escalated');
    expect(await events(manager(), two.id)).toEqual(['request', 'escalate_overdue']);
    expect((await seen(manager(), three.id)).state).toBe('awaiting_goods');
    api.clock.advanceSeconds(7 * 24 * HOUR);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    expect((await seen(manager(), three.id)).state).toBe('withdrawn');
    await expectBooksRight(api);
  });

  it('what was refunded in another way meanwhile is not paid twice: the case goes to headquarters', async () => {
    const { orderId, itemId, ask } = await bought();
    const { body } = await ask({ items: [{ itemId, quantity: 3 }] });
    await api.ok(refundOrder, {
      ...{ as: manager(), params: { id: orderId } },
      body: { reason: '缺货', items: [{ itemId, quantity: 1 }] },
    });
    api.clock.advanceSeconds(49 * HOUR);
    await api.api.platform.jobs.runNow(AFTER_SALES_JOB);
    expect((await seen(manager(), body.id)).state).toBe('escalated');
    await eventually(async () =>
      expect(await rows`SELECT refunded_fen FROM orders WHERE id = ${orderId}`).toEqual([{ refunded_fen: 2_000n }]),
    );
    await expectBooksRight(api);
  });

  it('S7 a whole refund in another way ends the cases that still ask', async () => {
    const { buyer, orderId, ask } = await bought();
    const { body } = await ask();
    await api.ok(refundOrder, { as: buyer, params: { id: orderId }, body: { reason: '不想要了' } });
    expect((await seen(buyer, body.id)).state).toBe('withdrawn');
    await waitForState(api, orderId, 'refunded');
    await expectBooksRight(api);
  });
});

describe('rivals and strangers', () => {
  it('pieces are asked for by one open case, whoever is first; a withdrawn one gives them back', async () => {
    const { buyer, orderId, itemId, ask } = await bought();
    const twice = { items: [{ itemId, quantity: 2 }] };
    const answers = await Promise.all([ask(twice), ask(twice), ask(twice)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409]);
    const first = answers.find((answer) => answer.status === 201)?.body;
    const options = async () =>
      (await api.ok(orderAfterSales, { as: buyer, params: { id: orderId } })).options.items[0]?.pieces;
    expect(await options()).toBe(1);
    await api.ok(withdrawAfterSale, { as: buyer, params: { id: first?.id ?? '' }, body: {} });
    expect(await options()).toBe(3);
    expect((await ask(twice)).status).toBe(201);
    await expectBooksRight(api);
  });

  it('S8 two say yes at once: one refund; a yes and a withdrawal at once: one of them', async () => {
    const { buyer, ask } = await bought();
    const one = (await ask()).body;
    const yes = await Promise.all([decide(manager(), one.id), decide(brand.staff.finance, one.id)]);
    expect(yes.map((answer) => answer.status).sort()).toEqual([200, 409]);
    const two = (await ask()).body;
    const both = await Promise.all([
      decide(manager(), two.id),
      api.call(withdrawAfterSale, { as: buyer, params: { id: two.id }, body: {} }),
    ]);
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 409]);
    await waitFor(buyer, one.id, 'refunded');
    await eventually(async () => expect(['refunded', 'withdrawn']).toContain((await seen(buyer, two.id)).state));
    await expectBooksRight(api);
  });

  it('asks for no more than there is: pieces, fen, goods that were not sent, foreign items', async () => {
    const { itemId, ask } = await bought();
    const codeOf = async (body: Parameters<typeof ask>[0]) => (await ask(body)).problem.code;
    expect(await codeOf({ items: [{ itemId, quantity: 4 }] })).toBe('limit_exceeded');
    expect(await codeOf({ items: [{ itemId, quantity: 1, amountFen: 2_001 }] })).toBe('limit_exceeded');
    expect(await codeOf({ items: [{ itemId, quantity: 1, amountFen: 0 }] })).toBe('limit_exceeded');
    // What another open case asks for of the shipping fee is not there any more, and comes back with it.
    const half = await bought('paid', 1_000);
    expect(half.order.shippingFen).toBeGreaterThan(100);
    const { shippingFen } = half.order;
    expect(await codeOf({ shippingFen: shippingFen + 1 })).toBe('limit_exceeded');
    const { body: first } = await half.ask({ shippingFen: shippingFen - 100 });
    expect((await half.ask({ shippingFen: 101 })).problem.code).toBe('limit_exceeded');
    await api.ok(withdrawAfterSale, { as: half.buyer, params: { id: first.id }, body: {} });
    expect((await half.ask({ shippingFen })).status).toBe(201);
    expect(await codeOf({ kind: 'return_and_refund' })).toBe('state_conflict');
    expect(await codeOf({ items: [1, 2].map(() => ({ itemId, quantity: 1 })) })).toBe('invalid_request');
    const other = await bought();
    expect(await codeOf({ items: [{ itemId: other.itemId, quantity: 1 }] })).toBe('not_found');
  });

  it('a refund of all that is left is the sum that was shown, and ends the cases it was told of', async () => {
    const { buyer, orderId, order, ask } = await bought();
    const { body: one } = await ask();
    const options = async () => (await api.ok(orderAfterSales, { as: manager(), params: { id: orderId } })).options;
    const refund = (expectedFen: number) =>
      api.call(refundOrder, { as: manager(), params: { id: orderId }, body: { reason: '缺货', expectedFen } });
    expect(await options()).toMatchObject({ wholeFen: order.totalFen, asking: 1 });
    const { status, problem } = await refund(order.totalFen - 2_000);
    expect([status, problem.code, problem.facts]).toEqual([409, 'refund_changed', { amountFen: order.totalFen }]);
    expect((await seen(buyer, one.id)).state).toBe('requested');
    expect((await refund((await options()).wholeFen)).status).toBe(202);
    expect(await events(buyer, one.id)).toEqual(['request', 'overtaken']);
    await waitForState(api, orderId, 'refunded');
    expect(await options()).toMatchObject({ wholeFen: 0, asking: 0 });
    await expectBooksRight(api);
  });

  it('Z6 evidence is for its buyer and for staff who may read the order', async () => {
    const { buyer, orderId, ask } = await bought();
    expect((await sendEvidence(api, brand.consumers.bella, orderId)).status).toBe(404);
    expect((await sendEvidence(api, buyer, orderId, testPdf())).status).toBe(415);
    const { id: fileId } = await sendEvidence(api, buyer, orderId);
    const foreign = await bought();
    expect((await foreign.ask({ pictureIds: [fileId] })).status).toBe(404);
    const { body } = await ask({ pictureIds: [fileId, fileId] });
    expect(body.pictures).toEqual([{ fileId, name: 'a.png' }]);
    const get = async (as: Principal) => (await api.call(getEvidence, { as, params: { id: body.id, fileId } })).status;
    expect(await Promise.all([buyer, manager(), brand.staff.b.manager, brand.consumers.bella].map(get))).toEqual([
      ...[200, 200, 404, 404],
    ]);
  });

  it('the desk of a store: its own cases, whoever waits longest first, and the same as CSV', async () => {
    const list = async (as: Principal, query: { waitsFor?: 'store' | 'hq' | 'over' } = {}) =>
      (await api.ok(listAfterSales, { as, query: { limit: 100, ...query } })).items;
    const waiting = await list(manager(), { waitsFor: 'store' });
    expect(waiting.length).toBeGreaterThan(0);
    expect(waiting.map((one) => one.waitingSince)).toEqual(waiting.map((one) => one.waitingSince).sort());
    expect(await list(brand.staff.b.manager)).toEqual([]);
    expect((await list(brand.staff.a.guide)).every((one) => one.may.length === 0)).toBe(true);
    expect((await list(brand.staff.channelEast))[0]?.buyer.name).not.toMatch(/\*$/);
    await (await bought()).ask({ note: '请打 13912345678' });
    const told = async (as: Principal) => JSON.stringify((await list(as)).map(({ note, history }) => [note, history]));
    expect((await told(manager())).split('13912345678')).toHaveLength(3);
    const masked = await told(brand.staff.a.guide);
    expect([masked.split('139****5678').length, masked.includes('13912345678')]).toEqual([3, false]);
    const csv = await api.call(listAfterSales, { as: manager(), query: { format: 'csv' } });
    expect(String(csv.body).split('\n')[0]).toContain('caseNo');
    const all = await list(manager());
    const paged = await api.ok(listAfterSales, { as: manager(), query: { limit: 2 } });
    const next = await api.ok(listAfterSales, {
      ...{ as: manager(), query: { limit: 2, cursor: paged.nextCursor ?? '' } },
    });
    expect([...paged.items, ...next.items].map((one) => one.id)).toEqual(all.slice(0, 4).map((one) => one.id));
  });
});
