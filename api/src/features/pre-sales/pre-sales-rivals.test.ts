/** Orders of pre-sales that were paid in two parts: refunds, rivals; every test ends with all books agreeing. */
import {
  decideAfterSale,
  escalateAfterSale,
  getAfterSale,
  refundAgain,
  requestAfterSale,
  settleSandbox,
  shipOrder,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import {
  BALANCE_FEN,
  HOURS,
  PAID_IN_ALL_FEN,
  payDeposit,
  placePreSale,
  preSaleSteps,
} from '../../testing/pre-sales.ts';
import {
  callback,
  capturedBody,
  eventually,
  expectBooksRight,
  payFor,
  startPaying,
  stateOf,
  waitForState,
} from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';

let api: TestApi;
let brand: Brand;
let steps: ReturnType<typeof preSaleSteps>;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  steps = preSaleSteps(api, brand);
});
afterAll(() => api[Symbol.asyncDispose]());

describe('S8 refunds of an order that was paid in two parts', () => {
  const paid = async (quantity = 1) => {
    const { shop, person, toBalance } = steps;
    const s = await shop({ perPerson: 3 });
    const who = await person();
    const order = await s.deposited(who, quantity);
    toBalance();
    await payFor(api, who, order.id);
    return { s, who, order };
  };

  it('all of it: each payment gives back what it took, stock and commission are as before', async () => {
    const { rows, refund, refundedTo } = steps;
    const { s, who, order } = await paid();
    expect((await refund(who, order.id)).status).toBe(202);
    await waitForState(api, order.id, 'refunded');
    await refundedTo(order.id, [
      [BALANCE_FEN, 'balance'],
      [1_000, 'deposit'],
    ]);
    expect(await s.stock()).toEqual([100, 0]);
    const [left] = await rows<{ fen: bigint }>`
      SELECT coalesce(sum(amount_fen), 0)::bigint AS fen FROM commission_entries WHERE order_id = ${order.id}`;
    expect(left?.fen).toBe(0n);
    await expectBooksRight(api);
  });

  it('parts come from the balance first, then from the deposit, to the exact fen; never more than was paid', async () => {
    const { see, refund, refundedTo } = steps;
    const { s, who, order } = await paid(3);
    const [item] = order.items;
    const manager = brand.staff.a.manager;
    expect(order.totalFen).toBe(3 * PAID_IN_ALL_FEN);
    const part = (quantity: number, amountFen: number) =>
      refund(manager, order.id, { items: [{ itemId: item?.id, quantity, amountFen }] });
    expect((await part(1, 9_001)).status).toBe(202);
    expect((await part(1, 16_000)).status).toBe(202); // 14,999 of the balance is left
    expect((await part(0, 2_000)).problem.code).toBe('limit_exceeded');
    const both = await Promise.all([part(0, 1_999), part(0, 1_999)]);
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
    await refundedTo(order.id, [
      [14_999, 'balance'],
      [9_001, 'balance'],
      [1_999, 'deposit'],
      [1_001, 'deposit'],
    ]);
    await waitForState(api, order.id, 'refunded');
    expect(await see(who, order.id)).toMatchObject({ refundedFen: order.totalFen });
    expect(await s.stock()).toEqual([100, 0]);
    await expectBooksRight(api);
  });

  /** 50 yuan of goods and 8 of shipping: a deposit of 8, a balance of 50. */
  const paidWithShipping = async () => {
    const { shop, person, toBalance } = steps;
    const s = await shop({ priceFen: 2_500, depositFen: 400, worthFen: 400, perPerson: 2 });
    const who = await person();
    const wish = { product: s.product, quantity: 2, seenPriceFen: 2_500 };
    const { body: order } = await placePreSale(api, who, s.room, s.campaign.id, wish);
    await payDeposit(api, who, order.id);
    toBalance();
    await payFor(api, who, order.id);
    return { who, order };
  };

  /** The provider refuses every refund of this part of the order, or none any more. */
  const refuses = (orderId: string, part: 'deposit' | 'balance', is: boolean) => steps.rows`
    UPDATE sandbox_charges c SET refunded_fen = CASE WHEN ${is} THEN c.amount_fen ELSE 0 END
    FROM payments p WHERE p.id = c.payment_id AND p.order_id = ${orderId} AND p.part = ${part}`;
  const failed = (orderId: string) =>
    eventually(async () =>
      expect((await steps.refundsOf(orderId)).filter(({ state }) => state === 'failed')).toHaveLength(1),
    );
  const again = async (orderId: string, part: 'deposit' | 'balance') => {
    const [payment] = await steps.rows<{ id: string }>`
      SELECT id FROM payments WHERE order_id = ${orderId} AND part = ${part}`;
    return api.call(refundAgain, {
      ...{ as: brand.staff.finance, params: { paymentId: payment?.id ?? '' }, body: { reason: '已与渠道核实' } },
    });
  };

  it('a part that was refused is asked for once more by finance, the other part stays as it is', async () => {
    const { refund, see } = steps;
    const { who, order } = await paid();
    await refuses(order.id, 'deposit', true);
    expect((await refund(who, order.id)).status).toBe(202);
    await failed(order.id);
    await refuses(order.id, 'deposit', false);
    expect((await again(order.id, 'balance')).problem.facts).toEqual({ reason: 'nothing_left' });
    expect((await again(order.id, 'deposit')).status).toBe(200);
    expect((await again(order.id, 'deposit')).problem.code).toBe('state_conflict');
    await waitForState(api, order.id, 'refunded');
    expect(await see(who, order.id)).toMatchObject({ refundedFen: PAID_IN_ALL_FEN });
    await expectBooksRight(api);
  });

  it('one that is of both payments by then is answered, and stands in the audit log, as their sum', async () => {
    const { refund, refundsOf, rows } = steps;
    const { order } = await paidWithShipping();
    const as = brand.staff.a.manager;
    await refuses(order.id, 'balance', true);
    const items = [{ itemId: order.items[0]?.id, quantity: 2 }];
    expect((await refund(as, order.id, { items })).status).toBe(202);
    await failed(order.id);
    await refuses(order.id, 'balance', false);
    expect((await refund(as, order.id, { shippingFen: 800 })).status).toBe(202); // of the balance, which has 42 left
    const { status, body } = await again(order.id, 'balance');
    expect([status, body.amountFen]).toEqual([200, 5_000]);
    await waitForState(api, order.id, 'refunded');
    const sums = (await refundsOf(order.id)).map(({ amount, state, part }) => [Number(amount), state, part]);
    expect(sums).toContainEqual([4_200, 'succeeded', 'balance']);
    const [noted] = await rows<{ detail: { amountFen: string; paymentIds: string[] } }>`
      SELECT detail FROM audit_log WHERE action = 'refund:requested_again' AND detail->>'refundNo' = ${body.no}`;
    const payments = await rows<{ id: string }>`
      SELECT id FROM payments WHERE order_id = ${order.id} AND state = 'captured' ORDER BY part`;
    expect(noted?.detail).toMatchObject({ amountFen: '5000', paymentIds: payments.map(({ id }) => id) });
    await expectBooksRight(api);
  });

  it('the deposit of an order that came to nothing likewise', async () => {
    const { shop, person, cancel, see } = steps;
    const s = await shop();
    const who = await person();
    const order = await s.deposited(who);
    expect((await again(order.id, 'deposit')).problem.facts).toEqual({ reason: 'nothing_refused' });
    await refuses(order.id, 'deposit', true);
    expect((await cancel(who, order.id)).status).toBe(200);
    await failed(order.id);
    await refuses(order.id, 'deposit', false);
    expect((await again(order.id, 'deposit')).status).toBe(200);
    expect((await again(order.id, 'deposit')).problem.facts).toEqual({ reason: 'nothing_left' });
    await eventually(async () => expect((await see(who, order.id)).refundedFen).toBe(1_000));
    await expectBooksRight(api);
  });

  it.each(['deposit', 'balance'] as const)('a case whose %s was refused asks for that alone again', async (part) => {
    const { refundsOf, see } = steps;
    const { who, order } = await paid();
    const as = brand.staff.a.manager;
    await api.ok(shipOrder, { as, params: { id: order.id }, body: { trackingNo: 'SF4713' } });
    const { id } = await api.ok(requestAfterSale, {
      ...{ as: who, params: { id: order.id } },
      body: { kind: 'refund_only', reason: 'damaged', items: [{ itemId: order.items[0]?.id ?? '', quantity: 1 }] },
    });
    const stateOfCase = async () => (await api.ok(getAfterSale, { as: who, params: { id } })).state;
    const decide = () =>
      api.ok(decideAfterSale, { as: brand.staff.finance, params: { id }, body: { approve: true, note: '属实' } });
    await api.ok(escalateAfterSale, { as, params: { id }, body: { note: '请总部处理' } });
    await refuses(order.id, part, true);
    await decide();
    await failed(order.id);
    await eventually(async () => expect(await stateOfCase()).toBe('escalated'));
    await refuses(order.id, part, false);
    expect((await again(order.id, part)).problem.facts).toEqual({ reason: 'case_decides' });
    await decide();
    await eventually(async () => expect(await stateOfCase()).toBe('refunded'));
    expect((await refundsOf(order.id)).filter(({ state }) => state === 'succeeded')).toHaveLength(2);
    expect(await see(who, order.id)).toMatchObject({ state: 'refunded', refundedFen: PAID_IN_ALL_FEN });
    await expectBooksRight(api);
  });

  it.each([1_000, 800])(
    'a case decided anew with less, %i, after a part of it was refused: never more than granted',
    async (amountFen) => {
      const { refundsOf, see } = steps;
      const { who, order } = await paidWithShipping();
      const as = brand.staff.a.manager;
      await api.ok(shipOrder, { as, params: { id: order.id }, body: { trackingNo: 'SF4714' } });
      const items = [{ itemId: order.items[0]?.id ?? '', quantity: 2 }];
      const { id } = await api.ok(requestAfterSale, {
        ...{ as: who, params: { id: order.id } },
        body: { kind: 'refund_only', reason: 'damaged', items, shippingFen: 800 },
      });
      const stateOfCase = async () => (await api.ok(getAfterSale, { as: who, params: { id } })).state;
      const decide = (fen?: number) =>
        api.call(decideAfterSale, {
          ...{ as: brand.staff.finance, params: { id } },
          body: { approve: true, note: '属实', ...(fen === undefined ? {} : { amountFen: fen }) },
        });
      await api.ok(escalateAfterSale, { as, params: { id }, body: { note: '请总部处理' } });
      await refuses(order.id, 'balance', true);
      expect((await decide()).status).toBe(200);
      await eventually(async () => expect(await stateOfCase()).toBe('escalated'));
      await refuses(order.id, 'balance', false);
      // The shipping fee is back, from the deposit.
      expect((await decide(799)).problem.code).toBe('invalid_request');
      expect((await decide(amountFen)).status).toBe(200);
      await eventually(async () => expect(await stateOfCase()).toBe('refunded'));
      const sent = (await refundsOf(order.id)).filter(({ state }) => state === 'succeeded');
      expect(sent.map(({ amount }) => Number(amount))).toEqual(amountFen === 800 ? [800] : [800, 200]);
      expect(await see(who, order.id)).toMatchObject({ state: 'shipped', refundedFen: amountFen });
      const view = await api.ok(getAfterSale, { as: who, params: { id } });
      expect(view).toMatchObject({ amountFen, shippingFen: 800, items: [{ amountFen: amountFen - 800 }] });
      await expectBooksRight(api);
    },
  );
});

describe('rivals', () => {
  it('S5 S1 the last piece of the cap, of the stock, and of a person: exactly as many as there are', {
    timeout: 60_000,
  }, async () => {
    const { people, shop } = steps;
    const [capped, scarce, limited] = [await shop({ cap: 3 }), await shop({}, 3), await shop({ perPerson: 2 })];
    const crowd = await people(20);
    const [who] = crowd;
    if (!who) throw new Error('people');
    const won = async (answers: Promise<{ status: number; problem: { code: string } }>[], code: string) => {
      const done = await Promise.all(answers);
      for (const { status, problem } of done) if (status !== 201) expect(problem.code).toBe(code);
      return done.filter(({ status }) => status === 201).length;
    };
    expect(
      await won(
        crowd.map((one) => capped.placing(one)),
        'pre_sale_not_open',
      ),
    ).toBe(3);
    expect(
      await won(
        crowd.map((one) => scarce.placing(one)),
        'out_of_stock',
      ),
    ).toBe(3);
    expect(
      await won(
        crowd.map(() => limited.placing(who)),
        'limit_exceeded',
      ),
    ).toBe(2);
    expect([await capped.taken(), await scarce.taken(), await limited.taken()]).toEqual([3, 3, 2]);
    await expectBooksRight(api);
  });

  it('S3 the balance against the end of its window: paid, or the deposit kept and the balance back', {
    timeout: 60_000,
  }, async () => {
    const { person, rows, due, hours, toBalance, shop } = steps;
    for (let round = 0; round < 6; round++) {
      const s = await shop({ keepsDeposit: true });
      const who = await person();
      const order = await s.deposited(who);
      toBalance();
      const { paymentId } = await startPaying(api, who, order.id);
      hours(HOURS.balanceUntil - HOURS.balanceFrom);
      await Promise.all([
        api.call(settleSandbox, { as: who, params: { paymentId }, body: { outcome: 'captured' } }),
        due(),
        due(),
      ]);
      await eventually(async () => {
        await due();
        expect(['paid', 'forfeited']).toContain(await stateOf(api, order.id));
      });
    }
    await eventually(async () =>
      expect(await rows`SELECT 1 FROM refunds WHERE state NOT IN ('succeeded', 'failed')`).toEqual([]),
    );
    await expectBooksRight(api);
  });

  it('S7 cancelling against the balance: paid with nothing back, or cancelled with all of it back', {
    timeout: 60_000,
  }, async () => {
    const { person, rows, toBalance, shop, see, cancel } = steps;
    for (let round = 0; round < 6; round++) {
      const s = await shop();
      const who = await person();
      const order = await s.deposited(who);
      toBalance();
      const { paymentId } = await startPaying(api, who, order.id);
      if (round % 2) await rows`UPDATE sandbox_charges SET state = 'captured' WHERE payment_id = ${paymentId}`;
      const [, cancelled] = await Promise.all([
        round % 2
          ? callback(api, capturedBody(api, paymentId, BALANCE_FEN))
          : api.call(settleSandbox, { as: who, params: { paymentId }, body: { outcome: 'captured' } }),
        cancel(who, order.id),
      ]);
      if (cancelled.status === 200)
        await eventually(async () => expect((await see(who, order.id)).refundedFen).toBe(1_000));
      else await waitForState(api, order.id, 'paid');
    }
    await expectBooksRight(api);
  });
});
