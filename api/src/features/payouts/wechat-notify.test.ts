/** WeChat Pay tells of a transfer over real HTTP (rule K8): what it says is booked once, and only when it is WeChat who says it. */
import { listPayoutDifferences, myPayouts, requestPayout } from '@walnut-live/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditLedger } from '../../ledger/index.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { postEntry } from '../../testing/settlements.ts';
import type { TestApi } from '../../testing/test-api.ts';
import { startWechatPay } from '../../testing/wechat-pay.ts';
import { startWechatShop, type WechatShop } from '../../testing/wechat-shop.ts';
import { auditSettlements } from '../settlements/index.ts';
import { PAYOUTS_JOB } from './index.ts';

const EVENT = 'MCHTRANSFER.BILL.FINISHED';
let shop: WechatShop;
let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  shop = await startWechatShop();
  ({ api } = shop);
  brand = await seedBrand(api);
});
afterAll(() => shop?.[Symbol.asyncDispose]());
afterEach(async () => {
  expect(await auditSettlements(api.api.platform.db)).toEqual([]);
  expect((await auditLedger(api.api.platform.db)).problems).toEqual([]);
});

type News = { body: Buffer; headers: Record<string, string> };
async function tell({ body, headers }: News): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${api.url}/api/v1/payouts/wechat/notify`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: new Uint8Array(body) },
  });
  return { status: response.status, body: await response.json() };
}
/** A withdrawal that WeChat knows of and its receiver has not accepted. */
async function waiting(): Promise<{ person: Principal; no: string }> {
  const person = await makeConsumer(api, '林小桃');
  const { sql } = api.api.platform.db;
  await sql`INSERT INTO wechat_accounts (person_id, app_id, openid, seen_at)
    VALUES (${person.personId}, ${shop.wechat.appId}, ${`o-${person.personId}`}, ${api.clock.now()})`;
  await postEntry(api.api.platform, {
    ...{ personId: person.personId, store: brand.stores.a, amountFen: 8_800n },
    at: new Date(api.clock.now().getTime() - 3_600_000),
  });
  const { billNo } = await api.ok(requestPayout, { as: person, body: {} });
  await api.api.platform.jobs.runNow(PAYOUTS_JOB);
  expect(await seen(person)).toEqual(['waiting']);
  return { person, no: billNo };
}
const seen = async (as: Principal) => (await api.ok(myPayouts, { as })).items.map(({ state }) => state);
const eventsOf = async (no: string) =>
  (
    await api.api.platform.db.sql<{ event: string; to: string }>`
      SELECT e.event, e.to_state AS "to" FROM payout_bill_events e JOIN payout_bills b ON b.id = e.bill_id
      WHERE b.bill_no = ${no} ORDER BY e.id`
  ).map(({ event, to }) => `${event} ${to}`);
const differences = async (no: string) =>
  (await api.ok(listPayoutDifferences, { as: brand.staff.finance, query: { state: 'open' } })).items.filter(
    ({ billNo }) => billNo === no,
  );

describe('POST /payouts/wechat/notify', () => {
  it('K8 signed by WeChat it ends the bill; told again, the same bytes or anew, nothing is booked twice', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'SUCCESS');
    const news = shop.wechat.news(EVENT, shop.wechat.transfers.view(no));
    expect(await tell(news)).toEqual({ status: 200, body: { code: 'SUCCESS', message: '' } });
    expect(await seen(person)).toEqual(['succeeded']);
    const events = await eventsOf(no);
    expect(events.at(-1)).toBe('callback succeeded');

    const again = await Promise.all([
      ...[1, 2, 3].map(() => tell(news)),
      tell(shop.wechat.news(EVENT, shop.wechat.transfers.view(no))),
    ]);
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await eventsOf(no)).toEqual(events);
    const [sum] = await api.api.platform.db.sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ledger_transfers t JOIN payout_bills b ON b.id::text = t.ref WHERE b.bill_no = ${no} AND t.kind = 'payout_paid'`;
    expect(sum?.n).toBe(1n);
    expect(await differences(no)).toEqual([]);
  });

  it('several that tell of it at once end it once', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'SUCCESS');
    const view = shop.wechat.transfers.view(no);
    const told = await Promise.all([1, 2, 3, 4, 5].map(() => tell(shop.wechat.news(EVENT, view))));
    expect(told.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await eventsOf(no)).filter((event) => event === 'callback succeeded')).toHaveLength(1);
    expect(await seen(person)).toEqual(['succeeded']);
  });

  it('a transfer that failed gives its entries back', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'FAIL');
    expect((await tell(shop.wechat.news(EVENT, shop.wechat.transfers.view(no)))).status).toBe(200);
    const { items, withdrawable } = await api.ok(myPayouts, { as: person });
    expect(items).toMatchObject([{ state: 'failed', failReason: 'ACCOUNT_FROZEN' }]);
    expect(withdrawable[0]).toMatchObject({ balanceFen: 8_800, hindrance: null });
  });

  it('what WeChat did not sign, signed for others, or long ago, is refused and changes nothing', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'SUCCESS');
    const view = shop.wechat.transfers.view(no);
    const good = shop.wechat.news(EVENT, view);
    const strangers = await startWechatPay({ clock: api.clock });
    const others = strangers.news(EVENT, view);
    const refused: News[] = [
      ...(['forge', 'probe', 'stale'] as const).map((fate) => shop.wechat.news(EVENT, view, fate)),
      { ...good, headers: {} },
      { ...good, headers: { ...good.headers, 'wechatpay-serial': 'PUB_KEY_ID_0000' } },
      // The same words in other bytes were not signed.
      { ...good, body: Buffer.from(JSON.stringify(JSON.parse(good.body.toString()), null, 1)) },
      // Another's signature under our key's name.
      { ...others, headers: { ...others.headers, 'wechatpay-serial': shop.wechat.publicKey.id } },
    ];
    for (const news of refused) expect((await tell(news)).status).toBe(401);
    await strangers.close();

    // Genuine, and kept back by somebody until it is old.
    api.clock.advanceSeconds(301);
    expect((await tell(good)).status).toBe(401);
    // Genuine, about another merchant; or cut.
    expect((await tell(shop.wechat.news(EVENT, { ...view, mch_id: '1' }))).status).toBe(404);
    expect((await tell(shop.wechat.news(EVENT, view, undefined, undefined, { cut: 16 }))).status).toBe(400);
    // About something else: taken, and nothing to book.
    expect((await tell(shop.wechat.news('TRANSACTION.SUCCESS', view))).status).toBe(200);
    expect(await seen(person)).toEqual(['waiting']);
    expect((await eventsOf(no)).at(-1)).toBe('answer waiting');
  });

  it('of a number nobody knows, or with another amount, nothing is booked; finance sees it once', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'SUCCESS');
    const view = shop.wechat.transfers.view(no);
    for (const _ of [1, 2])
      expect((await tell(shop.wechat.news(EVENT, { ...view, transfer_amount: 8_801 }))).status).toBe(200);
    expect(await differences(no)).toMatchObject([
      {
        kind: 'amount_differs',
        ours: { state: 'waiting', amountFen: 8_800 },
        theirs: { state: 'succeeded', amountFen: 8_801 },
      },
    ]);
    expect(await seen(person)).toEqual(['waiting']);

    const unknown = 'PO0000000000000000000000000';
    for (const _ of [1, 2])
      expect((await tell(shop.wechat.news(EVENT, { ...view, out_bill_no: unknown }))).status).toBe(200);
    expect(await differences(unknown)).toMatchObject([{ kind: 'unknown_bill', billId: null, ours: null }]);
    expect(await seen(person)).toEqual(['waiting']);

    // The truth still comes through.
    expect((await tell(shop.wechat.news(EVENT, view))).status).toBe(200);
    expect(await seen(person)).toEqual(['succeeded']);
  });

  it('told late of another end, the first stays and finance sees the difference', async () => {
    const { person, no } = await waiting();
    shop.wechat.transfers.settle(no, 'SUCCESS');
    const view = shop.wechat.transfers.view(no);
    expect((await tell(shop.wechat.news(EVENT, view))).status).toBe(200);
    expect(
      (await tell(shop.wechat.news(EVENT, { ...view, state: 'FAIL', fail_reason: 'ACCOUNT_FROZEN' }))).status,
    ).toBe(200);
    expect(await seen(person)).toEqual(['succeeded']);
    expect(await differences(no)).toMatchObject([{ kind: 'state_differs', ours: { state: 'succeeded' } }]);
  });
});
