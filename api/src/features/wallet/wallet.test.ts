import { randomUUID } from 'node:crypto';
import {
  getPayment,
  getWallet,
  listWallets,
  payOrder,
  refundWallet,
  settleSandbox,
  topUpWallet,
} from '@walnut-live/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SANDBOX_DELIVERY_JOB } from '../../compose-selling.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { balanceOf, buyCoins, expectGiftsRight, GIFT, give, makeGiver, showAdult } from '../../testing/gifts.ts';
import { callback, capturedBody, eventually } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import type { DeliveryFate } from '../payments/index.ts';
import { REFUND_JOB } from '../refunds/index.ts';
import { TOP_UP_EXPIRY_JOB, TOP_UP_SECONDS } from './index.ts';
import { coinsOfFen, fenOfCoins, spreadRefund } from './wallet.policy.ts';

let api: TestApi;
let brand: Brand;
let fate: DeliveryFate = 'send';
beforeAll(async () => {
  api = await startTestApi({}, { sandboxPlan: () => fate });
  brand = await seedBrand(api);
});
beforeEach(() => {
  fate = 'send';
});
afterAll(() => api[Symbol.asyncDispose]());

const runJob = (name: string) => api.api.platform.jobs.runNow(name);
const sql = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
  api.api.platform.db.sql<T>(...args);
const transfersOf = (ref: string) =>
  sql<{ kind: string; account: string; fen: bigint }>`
    SELECT t.kind, a.kind AS account, e.amount_fen AS fen FROM ledger_transfers t JOIN ledger_entries e ON e.transfer_id = t.id
    JOIN ledger_accounts a ON a.id = e.account_id WHERE t.ref = ${ref} ORDER BY e.id`;
const topUp = (as: Brand['consumers']['anna'], key: string = randomUUID()) =>
  api.call(topUpWallet, { as, key, body: { packageId: 'yuan-6', provider: 'sandbox' } });
async function unpaid() {
  const buyer = await makeConsumer(api);
  await showAdult(api, buyer);
  const { body } = await topUp(buyer);
  return { buyer, ...body };
}
const stateOf = async (topUpId: string) =>
  (await sql<{ state: string }>`SELECT state FROM coin_top_ups WHERE id = ${topUpId}`)[0]?.state;

describe('topping up', () => {
  it('M2 becomes coins by one transfer when the provider says so, at the published rate', async () => {
    const giver = await makeConsumer(api);
    await showAdult(api, giver);
    const { paymentId } = await buyCoins(api, giver, 'yuan-30');
    expect(await transfersOf(paymentId)).toEqual([
      { kind: 'coins_bought', account: 'provider_clearing', fen: 3_000n },
      { kind: 'coins_bought', account: 'coin_wallet', fen: -3_000n },
    ]);
    const wallet = await api.ok(getWallet, { as: giver });
    expect(wallet).toMatchObject({ coins: 300, fenPerCoin: 10, adult: { state: 'adult' }, coolingSeconds: 10 });
    expect(wallet.items).toMatchObject([{ kind: 'coins_bought', coins: 300, balanceCoins: 300, gift: null }]);
    for (const { priceFen, coins } of wallet.packages) expect(priceFen).toBe(coins * wallet.fenPerCoin);
    await expectGiftsRight(api);
  });

  it('M3 the same key is one top-up with one payment', async () => {
    const buyer = await makeConsumer(api);
    await showAdult(api, buyer);
    const key = randomUUID();
    const first = await topUp(buyer, key);
    expect(await topUp(buyer, key)).toMatchObject({ status: 201, body: first.body });
    const other = await api.call(topUpWallet, { as: buyer, key, body: { packageId: 'yuan-98', provider: 'sandbox' } });
    expect(other.problem.code).toBe('idempotency_key_reused');
    expect(await sql`SELECT 1 FROM coin_top_ups WHERE person_id = ${buyer.personId}`).toHaveLength(1);
  });

  it('callbacks that come twice, also at once, are booked once', async () => {
    const { buyer, paymentId } = await unpaid();
    fate = 'send_twice';
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    const same = capturedBody(api, paymentId, 600);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => callback(api, same)),
      ...Array.from({ length: 4 }, () => callback(api, capturedBody(api, paymentId, 600))),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(await balanceOf(api, buyer.personId)).toBe(60);
    expect(await transfersOf(paymentId)).toHaveLength(2);
    await expectGiftsRight(api);
  });

  it('a declined payment brings nothing, and a callback with another amount is refused', async () => {
    const { buyer, paymentId, topUpId } = await unpaid();
    expect(await callback(api, capturedBody(api, paymentId, 601))).toMatchObject({ status: 409 });
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'failed' } });
    await eventually(async () =>
      expect((await api.ok(getPayment, { as: buyer, params: { paymentId } })).state).toBe('failed'),
    );
    expect(await balanceOf(api, buyer.personId)).toBe(0);
    api.clock.advanceSeconds(TOP_UP_SECONDS + 1);
    await runJob(TOP_UP_EXPIRY_JOB);
    expect(await stateOf(topUpId)).toBe('expired');
  });

  it('expires unpaid: the charge is closed at the provider, so that nobody pays for nothing', async () => {
    const { buyer, paymentId, topUpId } = await unpaid();
    await runJob(TOP_UP_EXPIRY_JOB);
    expect(await stateOf(topUpId)).toBe('pending');
    api.clock.advanceSeconds(TOP_UP_SECONDS + 1);
    await runJob(TOP_UP_EXPIRY_JOB);
    expect(await stateOf(topUpId)).toBe('expired');
    const late = await api.call(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    expect(late.problem.code).toBe('state_conflict');
  });

  it('who paid in the last moment has the coins: the provider is asked before it expires', async () => {
    const { buyer, paymentId, topUpId } = await unpaid();
    fate = 'hold';
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    api.clock.advanceSeconds(TOP_UP_SECONDS + 1);
    await runJob(TOP_UP_EXPIRY_JOB);
    expect([await stateOf(topUpId), await balanceOf(api, buyer.personId)]).toEqual(['paid', 60]);
    fate = 'send';
    await runJob(SANDBOX_DELIVERY_JOB); // the callback that was late
    expect(await balanceOf(api, buyer.personId)).toBe(60);
    await expectGiftsRight(api);
  });

  it('money that came after it expired still becomes the coins it was for', async () => {
    const { buyer, paymentId, topUpId } = await unpaid();
    fate = 'hold';
    await api.ok(settleSandbox, { as: buyer, params: { paymentId }, body: { outcome: 'captured' } });
    // As if the provider had said "closed" and captured all the same.
    await sql`UPDATE payments SET state = 'closed', closed_at = now() WHERE id = ${paymentId}`;
    await sql`UPDATE coin_top_ups SET state = 'expired' WHERE id = ${topUpId}`;
    fate = 'send';
    await runJob(SANDBOX_DELIVERY_JOB);
    await eventually(async () => expect(await balanceOf(api, buyer.personId)).toBe(60));
    expect(await stateOf(topUpId)).toBe('paid');
    await expectGiftsRight(api);
  });

  it('is its payer’s alone, and pays no order', async () => {
    const { buyer, paymentId, topUpId } = await unpaid();
    const slip = await api.ok(getPayment, { as: buyer, params: { paymentId } });
    expect(slip).toMatchObject({ orderId: null, topUp: { id: topUpId, coins: 60 }, amountFen: 600, state: 'pending' });
    expect(slip.payee).toBe('山核记总部食品有限公司');
    const { bella } = brand.consumers;
    expect((await api.call(getPayment, { as: bella, params: { paymentId } })).status).toBe(404);
    const settle = { params: { paymentId }, body: { outcome: 'captured' } } as const;
    expect((await api.call(settleSandbox, { as: bella, ...settle })).status).toBe(404);
    const pay = await api.call(payOrder, { as: buyer, params: { id: topUpId }, body: { provider: 'sandbox' } });
    expect(pay.status).toBe(404);
  });
});

describe('coins back to money', () => {
  const { finance, admin, operations } = { finance: 'finance', admin: 'admin', operations: 'operations' } as const;
  const refund = (personId: string, coins: number, as: typeof finance | typeof admin | typeof operations = finance) =>
    api.call(refundWallet, { as: brand.staff[as], params: { personId }, body: { coins, reason: '用户申请退款' } });

  it('S8 go back to the payments they came by, the newest first; what was given stays given', async () => {
    const giver = await makeGiver(api, 'yuan-30');
    await buyCoins(api, giver, 'yuan-6');
    expect((await give(api, giver, brand.rooms.a.id, GIFT.basket)).status).toBe(201);
    const answer = await refund(giver.personId, 200);
    expect(answer).toMatchObject({ status: 202, body: { coins: 60, boughtCoins: 360 } });
    await eventually(async () => {
      const refunds = await sql`SELECT f.amount_fen, f.state FROM refunds f JOIN payments p ON p.id = f.payment_id
        JOIN coin_top_ups c ON c.id = p.top_up_id WHERE c.person_id = ${giver.personId} ORDER BY f.amount_fen`;
      expect(refunds).toEqual([
        { amount_fen: 600n, state: 'succeeded' },
        { amount_fen: 1_400n, state: 'succeeded' },
      ]);
    });
    expect(await balanceOf(api, giver.personId)).toBe(60);
    const audit = await sql`SELECT action, reason FROM audit_log WHERE target = ${`person:${giver.personId}`}`;
    expect(audit).toEqual([{ action: 'coins:given-back', reason: '用户申请退款' }]);
    await expectGiftsRight(api);
  });

  it('M2 two at once never give back more than there is', async () => {
    const giver = await makeGiver(api, 'yuan-6');
    // A payment has one refund at a time, so a rival is told to come again; in the end two have got theirs.
    const codes = new Set<string>();
    let done = 0;
    await eventually(async () => {
      for (const { status, problem } of await Promise.all(
        Array.from({ length: 6 }, () => refund(giver.personId, 25)),
      )) {
        if (status === 202) done += 1;
        else codes.add(problem.code);
      }
      expect(done).toBe(2);
      expect(codes).toContain('insufficient_coins');
    });
    codes.delete('state_conflict');
    expect([...codes]).toEqual(['insufficient_coins']);
    expect(await balanceOf(api, giver.personId)).toBe(10);
    await expectGiftsRight(api);
  });

  it('a refund the provider refuses gives the coins back to the wallet', async () => {
    const giver = await makeGiver(api, 'yuan-6');
    // The provider has already given everything back by another way.
    await sql`UPDATE sandbox_charges SET refunded_fen = amount_fen WHERE payment_id IN (
      SELECT p.id FROM payments p JOIN coin_top_ups c ON c.id = p.top_up_id WHERE c.person_id = ${giver.personId})`;
    expect((await refund(giver.personId, 10)).status).toBe(202);
    await eventually(async () => {
      await runJob(REFUND_JOB);
      expect(await balanceOf(api, giver.personId)).toBe(60);
    });
    await expectGiftsRight(api);
  });

  it('are finance’s business alone; the list finds people by name or number and shows no phone', async () => {
    const giver = await makeGiver(api, 'yuan-6', '独一无二的名字');
    expect((await refund(giver.personId, 1, operations)).status).toBe(403);
    expect((await refund(randomUUID(), 1, admin)).problem.code).toBe('not_found');
    const { items } = await api.ok(listWallets, { as: brand.staff.finance, query: { search: '独一无二' } });
    expect(items).toMatchObject([{ person: { id: giver.personId }, coins: 60, refundableCoins: 60 }]);
    expect(items[0]?.phoneMasked).toMatch(/^139\*{4}\d{4}$/);
    expect((await api.call(listWallets, { as: brand.staff.a.manager, query: {} })).status).toBe(403);
  });
});

describe('movements', () => {
  it('are read page by page, newest first, and sum to the balance', async () => {
    const giver = await makeGiver(api, 'yuan-6');
    for (let i = 0; i < 6; i++) await give(api, giver, brand.rooms.a.id, GIFT.walnut, { quantity: i + 1 });
    const seen = [];
    for (let cursor: string | undefined; ; ) {
      const page = await api.ok(getWallet, { as: giver, query: { limit: 3, ...(cursor ? { cursor } : {}) } });
      seen.push(...page.items);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(seen.map(({ coins }) => coins)).toEqual([-6, -5, -4, -3, -2, -1, 60]);
    expect(seen[0]).toMatchObject({ kind: 'gift_given', balanceCoins: 39, gift: { name: '小核桃', quantity: 6 } });
    expect(seen.reduce((sum, { coins }) => sum + coins, 0)).toBe(39);
    const forged = await api.call(getWallet, { as: giver, query: { cursor: 'bm9wZQ' } });
    expect(forged.status).toBe(400);
  });
});

describe('the arithmetic', () => {
  it('a refund is spread over payments without a fen lost or one payment overdrawn', () => {
    const payments = fc.array(fc.bigInt({ min: 0n, max: 100_000n }), { maxLength: 12 });
    fc.assert(
      fc.property(payments, fc.bigInt({ min: 1n, max: 1_500_000n }), (left, amountFen) => {
        const all = left.map((leftFen, at) => ({ paymentId: `p${at}`, leftFen }));
        const parts = spreadRefund(all, amountFen);
        const total = left.reduce((sum, fen) => sum + fen, 0n);
        if (total < amountFen) return parts === undefined;
        const byId = new Map(all.map(({ paymentId, leftFen }) => [paymentId, leftFen]));
        return (
          parts !== undefined &&
          parts.reduce((sum, part) => sum + part.amountFen, 0n) === amountFen &&
          parts.every((part) => part.amountFen > 0n && part.amountFen <= (byId.get(part.paymentId) ?? 0n))
        );
      }),
    );
  });

  it('M1 coins and fen are exact both ways, and half a coin is a mistake', () => {
    fc.assert(fc.property(fc.bigInt(), (coins) => coinsOfFen(fenOfCoins(coins)) === coins));
    expect(() => coinsOfFen(15n)).toThrow(RangeError);
  });
});
