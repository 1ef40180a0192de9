/** Pre-sales for tests: campaigns, orders in them, deposits and balances. */
import {
  type BodyInputOf,
  cancelOrder,
  createPreSale,
  getOrder,
  type OrderView,
  type PreSaleCampaign,
  payOrder,
  placeOrder,
  refundOrder,
} from '@walnut-live/contracts';
import { expect } from 'vitest';
import { PRE_SALES_JOB } from '../features/pre-sales/index.ts';
import type { Principal } from '../platform/principal.ts';
import {
  type Brand,
  type FixtureProduct,
  type FixtureRoom,
  makeConsumer,
  makeProduct,
  makeRoom,
  makeStock,
  readStock,
  type Unit,
} from './fixtures.ts';
import { approve, eventually, TEST_ADDRESS, waitForState } from './shop.ts';
import type { Answer, TestApi } from './test-api.ts';

/** 100 yuan; a deposit of 10 counts as 20, so 90 are paid in all. */
export const PRE_SALE = { priceFen: 10_000, depositFen: 1_000, worthFen: 2_000 } as const;
export const PAID_IN_ALL_FEN = PRE_SALE.priceFen - PRE_SALE.worthFen + PRE_SALE.depositFen;
const HOUR_MS = 3_600_000;
/** Deposits for 24 hours from now, balances from hour 48 to hour 72, sent by hour 168. */
export const HOURS = { depositUntil: 24, balanceFrom: 48, balanceUntil: 72, shipsBy: 168 } as const;

type Terms = Partial<Omit<BodyInputOf<typeof createPreSale>, 'orgUnitId' | 'skuId'>>;
export function preSaleBody(
  api: Pick<TestApi, 'clock'>,
  unit: Pick<Unit, 'id'>,
  product: FixtureProduct,
  terms: Terms = {},
): BodyInputOf<typeof createPreSale> {
  const after = (hours: number) => new Date(api.clock.now().getTime() + hours * HOUR_MS).toISOString();
  return {
    ...{ title: '新核桃预售', ...PRE_SALE },
    ...{ depositUntil: after(HOURS.depositUntil), balanceFrom: after(HOURS.balanceFrom) },
    ...{ balanceUntil: after(HOURS.balanceUntil), shipsBy: after(HOURS.shipsBy) },
    ...terms,
    ...{ orgUnitId: unit.id, skuId: product.sku.id },
  };
}
export const makePreSale = (
  api: TestApi,
  { staff }: Brand,
  unit: Unit,
  product: FixtureProduct,
  terms: Terms = {},
): Promise<PreSaleCampaign> =>
  api.ok(createPreSale, { as: staff.operations, body: preSaleBody(api, unit, product, terms) });

export const placePreSale = (
  api: TestApi,
  who: Principal,
  room: Pick<FixtureRoom, 'id'>,
  campaignId: string,
  line: { product: FixtureProduct; quantity?: number; seenPriceFen?: number },
): Promise<Answer<OrderView>> =>
  api.call(placeOrder, {
    as: who,
    body: {
      roomId: room.id,
      lines: [
        {
          skuId: line.product.sku.id,
          quantity: line.quantity ?? 1,
          seenPriceFen: line.seenPriceFen ?? PRE_SALE.priceFen,
        },
      ],
      address: TEST_ADDRESS,
      preSale: { campaignId, ruleAccepted: true },
    },
  });

/** Pays what is next to pay and waits until it is booked. */
export async function payDeposit(api: TestApi, who: Principal, orderId: string): Promise<string> {
  const paymentId = await approve(api, who, orderId);
  await waitForState(api, orderId, 'deposit_paid');
  return paymentId;
}

const HOUR_SECONDS = 3_600;
export const BALANCE_FEN = PAID_IN_ALL_FEN - PRE_SALE.depositFen;

/** Steps of pre-sales over HTTP, for one api and brand. */
export function preSaleSteps(api: TestApi, brand: Brand) {
  const person = (name = '顾客') => makeConsumer(api, name);
  const people = (count: number) => Promise.all(Array.from({ length: count }, () => person()));
  const rows = <T extends object>(...args: Parameters<TestApi['api']['platform']['db']['sql']>) =>
    api.api.platform.db.sql<T>(...args);
  const due = () => api.api.platform.jobs.runNow(PRE_SALES_JOB);
  const hours = (count: number) => api.clock.advanceSeconds(count * HOUR_SECONDS);
  const toBalance = () => hours(HOURS.balanceFrom);
  const toEnd = () => hours(HOURS.balanceUntil);

  /** A product of its own in a live room of store A, and a pre-sale of it. */
  async function shop(terms: Parameters<typeof makePreSale>[4] = {}, pieces = 100) {
    const product = await makeProduct(api, '新核桃', { priceFen: PRE_SALE.priceFen });
    await makeStock(api, product.sku.id, brand.stores.a, pieces);
    const room = await makeRoom(api, { orgUnit: brand.stores.a, host: brand.staff.a.guide, products: [product] });
    const campaign = await makePreSale(api, brand, brand.stores.a, product, terms);
    const placing = (who: Principal, quantity = 1) => placePreSale(api, who, room, campaign.id, { product, quantity });
    async function placed(who: Principal, quantity = 1) {
      const { status, body, problem } = await placing(who, quantity);
      expect(status, JSON.stringify(problem)).toBe(201);
      return body;
    }
    async function deposited(who: Principal, quantity = 1) {
      const order = await placed(who, quantity);
      await payDeposit(api, who, order.id);
      return order;
    }
    const stock = async () => {
      const row = await readStock(api, product.sku.id, brand.stores.a);
      return [row?.onHand, row?.reserved];
    };
    const taken = async () =>
      (await rows<{ taken: number }>`SELECT taken FROM pre_sale_campaigns WHERE id = ${campaign.id}`)[0]?.taken;
    return { product, room, campaign, placing, placed, deposited, stock, taken };
  }
  const see = (as: Principal, id: string) => api.ok(getOrder, { as, params: { id } });
  const cancel = (as: Principal, id: string) =>
    api.call(cancelOrder, { as, params: { id }, body: { reason: '不要了' } });
  const refund = (as: Principal, id: string, body = {}) =>
    api.call(refundOrder, { as, params: { id }, body: { reason: '协商', ...body } });
  const tryPay = (as: Principal, id: string) =>
    api.call(payOrder, { as, params: { id }, body: { provider: 'sandbox' } });
  const refundsOf = (orderId: string) =>
    rows<{ amount: bigint; state: string; part: string }>`
      SELECT r.amount_fen AS amount, r.state, p.part FROM refunds r JOIN payments p ON p.id = r.payment_id
      WHERE r.order_id = ${orderId} ORDER BY r.amount_fen DESC`;
  const refundedTo = (orderId: string, parts: readonly [number, string][]) =>
    eventually(async () =>
      expect(await refundsOf(orderId)).toEqual(
        parts.map(([fen, part]) => ({ amount: BigInt(fen), state: 'succeeded', part })),
      ),
    );
  const bookedOf = async (orderId: string) =>
    (
      await rows<{ kind: string; account: string; fen: bigint }>`
        SELECT t.kind, a.kind AS account, e.amount_fen AS fen FROM ledger_transfers t JOIN ledger_entries e ON e.transfer_id = t.id
        JOIN ledger_accounts a ON a.id = e.account_id
        WHERE t.ref = ${orderId} OR t.ref IN (SELECT id::text FROM payments WHERE order_id = ${orderId})
          OR t.ref IN (SELECT id::text FROM refunds WHERE order_id = ${orderId})
        ORDER BY t.id, a.kind`
    )
      .filter(({ account }) => /provider|store_sales|pre_sale|unmatched/.test(account))
      .map(({ kind, account, fen }) => `${kind} ${account} ${fen}`);
  return {
    person,
    people,
    rows,
    due,
    hours,
    toBalance,
    toEnd,
    shop,
    see,
    cancel,
    refund,
    tryPay,
    refundsOf,
    refundedTo,
    bookedOf,
  };
}
