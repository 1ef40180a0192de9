/** Pre-sales over HTTP and a real database: deposit, balance, what becomes of a deposit; every test ends with all books agreeing. */
import {
  createPreSale,
  listPreSales,
  placeOrder,
  preSalesOfRoom,
  shipOrder,
  stopPreSale,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../compose.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeRoom, seedBrand } from '../../testing/fixtures.ts';
import {
  BALANCE_FEN,
  HOURS,
  PAID_IN_ALL_FEN,
  PRE_SALE,
  payDeposit,
  placePreSale,
  preSaleBody,
  preSaleSteps,
} from '../../testing/pre-sales.ts';
import {
  approve,
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  startPaying,
  stateOf,
  TEST_ADDRESS,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { EXPIRY_JOB } from '../orders/index.ts';
import { REFUND_JOB } from '../refunds/index.ts';
import { PRE_SALES_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
let steps: ReturnType<typeof preSaleSteps>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  steps = preSaleSteps(api, brand);
});
afterAll(() => api[Symbol.asyncDispose]());

describe('a deposit and a balance', () => {
  it('S7 M2 K1 the deposit holds the stock and is owed; with the balance the goods are sold, the sales booked, commission decided', async () => {
    const { person, rows, toBalance, shop, see, tryPay, bookedOf } = steps;
    const s = await shop();
    const who = await person();
    const order = await s.placed(who);
    expect(order).toMatchObject({
      ...{ state: 'pending_payment', itemsFen: 10_000, discountFen: 1_000, shippingFen: 0, totalFen: PAID_IN_ALL_FEN },
      payment: { amountFen: PRE_SALE.depositFen, state: 'pending' },
      preSale: { depositFen: 1_000, worthFen: 2_000, balanceFen: BALANCE_FEN, depositPaidAt: null },
    });
    expect(await s.stock()).toEqual([100, 1]);
    await payDeposit(api, who, order.id);
    expect(await see(who, order.id)).toMatchObject({
      ...{ state: 'deposit_paid', paidFen: 1_000, paidAt: null, expiresAt: s.campaign.balanceUntil },
      payment: { amountFen: BALANCE_FEN, state: 'pending' },
    });
    expect(await s.stock()).toEqual([100, 1]);
    const commission = () => rows<{ fen: bigint; bps: number }>`
      SELECT amount_fen AS fen, bps FROM commission_entries WHERE order_id = ${order.id} AND level = 1`;
    expect(await commission()).toEqual([]);
    const ship = () =>
      api.call(shipOrder, { as: brand.staff.a.manager, params: { id: order.id }, body: { trackingNo: 'SF0001' } });
    expect((await ship()).problem.code).toBe('state_conflict');
    expect((await tryPay(who, order.id)).problem).toMatchObject({
      code: 'state_conflict',
      facts: { state: 'deposit_paid', balanceFrom: s.campaign.balanceFrom },
    });
    await api.api.platform.jobs.runNow(EXPIRY_JOB); // its first fifteen minutes are no longer what counts
    toBalance();
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    await expectBooksRight(api);
    await payFor(api, who, order.id);
    expect(await see(who, order.id)).toMatchObject({ state: 'paid', paidFen: PAID_IN_ALL_FEN });
    expect(await s.stock()).toEqual([99, 0]);
    expect(await bookedOf(order.id)).toEqual([
      'deposit_paid pre_sale_deposits -1000',
      'deposit_paid provider_clearing 1000',
      'order_paid pre_sale_deposits 1000',
      'order_paid provider_clearing 8000',
      'order_paid store_sales -9000',
    ]);
    for (const { fen, bps } of await commission())
      expect(fen).toBe(BigInt(Math.floor((PAID_IN_ALL_FEN * bps) / 10_000)));
    expect((await ship()).status).toBe(200);
    const told = await rows<{ type: string }>`
      SELECT type FROM domain_events WHERE data->>'orderId' = ${order.id} ORDER BY seq`;
    expect(told.map(({ type }) => type)).toEqual(['order.placed', 'order.deposit_paid', 'order.paid', 'order.shipped']);
    await expectBooksRight(api);
  });

  it('shipping is part of the balance, and two pieces have two deposits', async () => {
    const { person, shop } = steps;
    const s = await shop({ priceFen: 2_500, depositFen: 400, worthFen: 400, perPerson: 2 });
    const { status, body } = await placePreSale(api, await person(), s.room, s.campaign.id, {
      ...{ product: s.product, quantity: 2, seenPriceFen: 2_500 },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      ...{ totalFen: 5_800, shippingFen: 800, discountFen: 0 },
      preSale: { depositFen: 800, balanceFen: 5_000 },
    });
    await expectBooksRight(api);
  });

  it('S3 duplicated and late callbacks change nothing twice', async () => {
    const { person, rows, toBalance, shop, see, tryPay } = steps;
    const s = await shop();
    const who = await person();
    const order = await s.placed(who);
    const deposit = await payDeposit(api, who, order.id);
    for (let n = 0; n < 3; n++) await callback(api, capturedBody(api, deposit, PRE_SALE.depositFen));
    toBalance();
    const { paymentId } = await startPaying(api, who, order.id);
    await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    const body = capturedBody(api, paymentId, BALANCE_FEN);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => callback(api, body)),
      ...Array.from({ length: 4 }, () => callback(api, capturedBody(api, paymentId, BALANCE_FEN))),
    ]);
    for (const { status } of answers) expect(status).toBe(200);
    expect((await callback(api, capturedBody(api, paymentId, BALANCE_FEN - 1))).status).toBe(409);
    expect(await see(who, order.id)).toMatchObject({ state: 'paid', paidFen: PAID_IN_ALL_FEN, refunds: [] });
    expect((await tryPay(who, order.id)).problem.code).toBe('already_paid');
    await expectBooksRight(api);
  });

  it('is placed alone, at the price of the campaign, with the rule accepted, in its window', async () => {
    const { person, hours, shop } = steps;
    const s = await shop({ perPerson: 2, cap: 3 });
    const who = await person();
    const line = { skuId: s.product.sku.id, quantity: 1, seenPriceFen: PRE_SALE.priceFen };
    const body = { roomId: s.room.id, lines: [line], address: TEST_ADDRESS };
    const preSale = { campaignId: s.campaign.id, ruleAccepted: true as const };
    const ask = (more: object) => api.call(placeOrder, { as: who, body: { ...body, preSale, ...more } });
    const unread = { preSale: { campaignId: s.campaign.id } } as object;
    expect((await ask(unread)).problem.code).toBe('invalid_request');
    expect((await ask({ groupBuy: { campaignId: s.campaign.id } })).problem.code).toBe('invalid_request');
    expect((await ask({ lines: [{ ...line, seenPriceFen: 9_999 }] })).problem.code).toBe('price_changed');
    expect((await ask({ lines: [line, { ...line, skuId: brand.products.milk.sku.id }] })).problem.code).toBe(
      'invalid_request',
    );
    expect((await s.placing(who, 3)).problem).toMatchObject({ code: 'limit_exceeded', facts: { limit: 2 } });
    await s.placed(who, 2);
    expect((await s.placing(who)).problem.code).toBe('limit_exceeded');
    expect((await s.placing(await person(), 2)).problem).toMatchObject({ facts: { reason: 'sold_out' } });
    const foreign = await makeRoom(api, { orgUnit: brand.stores.b, host: brand.staff.b.guide, products: [s.product] });
    const there = await placePreSale(api, await person(), foreign, s.campaign.id, { product: s.product });
    expect(there.problem).toMatchObject({ code: 'pre_sale_not_open', facts: { reason: 'other_store' } });
    const list = () => api.ok(preSalesOfRoom, { as: who, query: { roomId: s.room.id } });
    expect((await list()).items).toMatchObject([{ id: s.campaign.id, left: 1, worthFen: 2_000, keepsDeposit: false }]);
    hours(HOURS.depositUntil);
    expect((await s.placing(await person())).problem).toMatchObject({ facts: { reason: 'ended' } });
    expect((await list()).items).toEqual([]);
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect(await s.taken()).toBe(0);
    await expectBooksRight(api);
  });
});

describe('what becomes of a deposit', () => {
  it('S8 before the balance window it goes back to who cancels, once; the pieces are free again', async () => {
    const { person, shop, see, cancel, refundedTo, bookedOf } = steps;
    const s = await shop({ keepsDeposit: true, cap: 1 });
    const who = await person();
    const order = await s.deposited(who);
    const answers = await Promise.all([cancel(who, order.id), cancel(who, order.id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await refundedTo(order.id, [[1_000, 'deposit']]);
    expect(await see(who, order.id)).toMatchObject({ state: 'cancelled', paidFen: 1_000, refundedFen: 1_000 });
    expect((await bookedOf(order.id)).slice(2)).toEqual([
      'deposit_refunded pre_sale_deposits 1000',
      'deposit_refunded provider_clearing -1000',
    ]);
    expect(await s.stock()).toEqual([100, 0]);
    await s.placed(who);
    await expectBooksRight(api);
  });

  it('in the window it is kept where the terms say so, and goes back where they do not', async () => {
    const { people, toBalance, shop, cancel, refund, refundedTo } = steps;
    const [kept, free] = [await shop({ keepsDeposit: true }), await shop()];
    const [one, two] = await people(2);
    if (!one || !two) throw new Error('people');
    const [a, b] = [await kept.deposited(one), await free.deposited(two)];
    toBalance();
    expect((await cancel(one, a.id)).problem).toMatchObject({ facts: { reason: 'deposit_kept' } });
    expect((await cancel(two, b.id)).status).toBe(200);
    // Staff may be kinder than the terms.
    expect((await refund(brand.staff.b.manager, a.id)).status).toBe(404);
    expect((await refund(brand.staff.a.manager, a.id)).status).toBe(202);
    for (const { id } of [a, b]) await refundedTo(id, [[1_000, 'deposit']]);
    await expectBooksRight(api);
  });

  it('S8 giving it back is refused when the balance came meanwhile: nobody was shown what would then go back', async () => {
    const { person, toBalance, shop, refund, see } = steps;
    const s = await shop();
    const [who, other] = [await person(), await person()];
    const [order, open] = [await s.deposited(who), await s.deposited(other)];
    toBalance();
    await payFor(api, who, order.id);
    const shown = { expectedFen: PRE_SALE.depositFen };
    expect((await refund(brand.staff.a.manager, order.id, shown)).problem).toMatchObject({
      ...{ status: 409, code: 'refund_changed', facts: { amountFen: PAID_IN_ALL_FEN } },
    });
    expect(await see(who, order.id)).toMatchObject({ state: 'paid', refundedFen: 0, refunds: [] });
    expect((await refund(brand.staff.a.manager, open.id, shown)).status).toBe(202);
    await expectBooksRight(api);
  });

  it('S3 at the end of the window it is forfeited, or goes back; nothing happens before, nothing twice', async () => {
    const { people, due, hours, shop, see, tryPay, refundedTo, bookedOf } = steps;
    const [kept, free] = [await shop({ keepsDeposit: true }), await shop()];
    const [one, two] = await people(2);
    if (!one || !two) throw new Error('people');
    const [a, b] = [await kept.deposited(one), await free.deposited(two)];
    hours(HOURS.balanceUntil - 1);
    await due();
    for (const { id } of [a, b]) expect(await stateOf(api, id)).toBe('deposit_paid');
    hours(1);
    expect((await tryPay(one, a.id)).problem.code).toBe('state_conflict');
    const other = await createApi({ ...api.api.platform.config, PORT: 0 }, { clock: api.clock });
    try {
      await Promise.all([due(), other.platform.jobs.runNow(PRE_SALES_JOB)]);
    } finally {
      await other.close();
    }
    await due();
    expect(await see(one, a.id)).toMatchObject({ state: 'forfeited', paidFen: 1_000, refundedFen: 0, refunds: [] });
    expect((await bookedOf(a.id)).slice(2)).toEqual([
      'deposit_forfeited pre_sale_deposits 1000',
      'deposit_forfeited store_sales -1000',
    ]);
    await refundedTo(b.id, [[1_000, 'deposit']]);
    expect(await see(two, b.id)).toMatchObject({ state: 'expired', refunds: [{ reason: 'pre_sale_lapsed' }] });
    for (const s of [kept, free]) expect(await s.stock()).toEqual([100, 0]);
    const { items } = await api.ok(listPreSales, { as: brand.staff.a.manager, query: { limit: 50 } });
    const figures = (id: string) => items.find((one) => one.id === id)?.figures;
    expect(figures(kept.campaign.id)).toMatchObject({
      waiting: 0,
      forfeited: 1,
      forfeitedFen: 1_000,
      depositsFen: 1_000,
    });
    expect(figures(free.campaign.id)).toMatchObject({ returned: 1, forfeited: 0 });
    await expectBooksRight(api);
  });

  it('S3 a balance that the provider has at the end counts; one that comes after goes back, once, and so does a late deposit', async () => {
    const { people, rows, due, hours, toBalance, shop, see, refundedTo } = steps;
    const s = await shop({ keepsDeposit: true });
    const [one, two, three] = await people(3);
    if (!one || !two || !three) throw new Error('people');
    const unpaid = await s.placed(three);
    const deposit = await startPaying(api, three, unpaid.id);
    const [there, late] = [await s.deposited(one), await s.deposited(two)];
    toBalance();
    await api.api.platform.jobs.runNow(EXPIRY_JOB);
    expect(await stateOf(api, unpaid.id)).toBe('expired');
    const [{ paymentId }, after] = [await startPaying(api, one, there.id), await startPaying(api, two, late.id)];
    await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
    hours(HOURS.balanceUntil - HOURS.balanceFrom);
    await due();
    expect(await stateOf(api, there.id)).toBe('paid');
    expect(await stateOf(api, late.id)).toBe('forfeited');
    for (const [id, fen] of [
      [after.paymentId, BALANCE_FEN],
      [deposit.paymentId, PRE_SALE.depositFen],
    ] as const) {
      await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${id}`;
      for (let n = 0; n < 2; n++) await callback(api, capturedBody(api, id, fen));
    }
    await refundedTo(late.id, [[BALANCE_FEN, 'balance']]);
    await refundedTo(unpaid.id, [[PRE_SALE.depositFen, 'deposit']]);
    expect(await see(two, late.id)).toMatchObject({ state: 'forfeited', refundedFen: 0 });
    await expectBooksRight(api);
  });

  it('S8 one that its provider refused to return is asked for again by staff', async () => {
    const { person, rows, shop, see, cancel, refund, refundsOf } = steps;
    const s = await shop();
    const who = await person();
    const order = await s.deposited(who);
    await rows`UPDATE sandbox_charges SET refunded_fen = amount_fen WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${order.id})`;
    expect((await cancel(who, order.id)).status).toBe(200);
    await eventually(async () => {
      await api.api.platform.jobs.runNow(REFUND_JOB);
      expect(await refundsOf(order.id)).toMatchObject([{ state: 'failed' }]);
    });
    expect(await see(who, order.id)).toMatchObject({ state: 'cancelled', refundedFen: 0 });
    await rows`UPDATE sandbox_charges SET refunded_fen = 0 WHERE payment_id IN (SELECT id FROM payments WHERE order_id = ${order.id})`;
    expect((await refund(brand.staff.a.manager, order.id)).status).toBe(202);
    expect((await refund(brand.staff.a.manager, order.id)).problem.code).toBe('state_conflict');
    await eventually(async () => expect((await see(who, order.id)).refundedFen).toBe(1_000));
    await expectBooksRight(api);
  });
});

describe('terms', () => {
  it('S6 floors, the fifth, windows and scopes; terms never change; stopping takes no more deposits and keeps what was promised', async () => {
    const { person, rows, due, toBalance, toEnd, shop } = steps;
    const s = await shop();
    const make = (as: Principal, terms: object) =>
      api.call(createPreSale, { as, body: { ...preSaleBody(api, brand.stores.a, s.product), ...terms } });
    const { operations } = brand.staff;
    expect((await make(operations, { depositFen: 2_001, worthFen: 2_001 })).problem).toMatchObject({
      issues: [{ path: '/depositFen' }],
    });
    expect((await make(operations, { balanceFrom: api.clock.now().toISOString() })).problem.code).toBe(
      'invalid_request',
    );
    const floor = await make(operations, { skuId: brand.products.family.sku.id, priceFen: 8_000 });
    expect(floor.problem.code).toBe('below_price_floor');
    expect([403, 404]).toContain((await make(brand.staff.b.manager, {})).status);
    await expect(rows`UPDATE pre_sale_campaigns SET price_fen = 9000 WHERE id = ${s.campaign.id}`).rejects.toThrow(
      /keeps its terms/,
    );
    const who = await person();
    const order = await s.deposited(who);
    for (let times = 0; times < 2; times++)
      await api.ok(stopPreSale, {
        as: brand.staff.a.manager,
        params: { id: s.campaign.id },
        body: { reason: '写错了' },
      });
    expect((await s.placing(await person())).problem).toMatchObject({ facts: { reason: 'stopped' } });
    toBalance();
    await approve(api, who, order.id);
    await waitForState(api, order.id, 'paid');
    const audits = await rows<{
      action: string;
    }>`SELECT action FROM audit_log WHERE target = ${`pre-sale:${s.campaign.id}`} ORDER BY id`;
    expect(audits.map(({ action }) => action)).toEqual(['pre-sale:created', 'pre-sale:stopped']);
    toEnd();
    await due();
    expect(await stateOf(api, order.id)).toBe('paid');
    await expectBooksRight(api);
  });
});
