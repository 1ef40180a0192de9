/**
 * K8 over a pool of one or two connections, with WeChat Pay's counterpart: whoever holds a connection asks for no second one, and
 * while a provider is spoken with none is held. With more people than connections anything else would wait for itself.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../scripts/testing/database.ts';
import { createLedger } from '../../ledger/index.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createDb, type Db } from '../../platform/db.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Principal, StaffPrincipal } from '../../platform/principal.ts';
import { makeConsumer, makeStaff, makeUnit, type Unit } from '../../testing/fixtures.ts';
import { postEntry, testClaims } from '../../testing/settlements.ts';
import { createTestClock } from '../../testing/test-api.ts';
import { startWechatPay, type WechatPayCounterpart } from '../../testing/wechat-pay.ts';
import { createWechatAccounts, createWechatClient, wechatMerchant } from '../payments/index.ts';
import { createPayer } from '../settlements/payer.ts';
import * as runRows from '../settlements/runs.repository.ts';
import { createSettlementsService } from '../settlements/settlements.service.ts';
import { createPayoutEngine, createSandboxPayouts, createWechatPayouts } from './index.ts';

/** Who waits for themselves is told so soon, instead of by the test's patience. */
const WAIT_MS = 2_000;
const clock = createTestClock();
const log = createLogger('silent', 'test');

describe.each([1, 2])('a pool of %i', (poolSize) => {
  let database: TestDatabase;
  let db: Db;
  let wechat: WechatPayCounterpart;
  let staff: StaffPrincipal[];
  let hq: Unit;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = createDb({ url: database.url, poolSize, waitMs: WAIT_MS, onError: () => undefined });
    wechat = await startWechatPay({ clock });
    const seeded = { api: { platform: { db } }, clock };
    hq = await makeUnit(seeded, 'hq', 'hq', '总部', undefined);
    staff = [await makeStaff(seeded, 'hq_finance', hq, '财务一'), await makeStaff(seeded, 'hq_finance', hq, '财务二')];
  });
  afterAll(async () => {
    await db?.close();
    await wechat?.close();
    await database?.drop();
  });

  function start() {
    const base = { db, clock, random: systemRandom, log, ledger: createLedger({ random: systemRandom }) };
    const client = createWechatClient({
      ...{ merchant: wechatMerchant(wechat), clock, random: systemRandom, log, certificates: false },
      origins: [wechat.origin, wechat.origin],
    });
    const { openIdOf } = createWechatAccounts({
      // Messages are sent by the same app: who said yes to them is known too, by another table.
      ...{ db, clock, appId: wechat.appId, appSecret: undefined, sharesMessages: true, secret: 'signs nothing here' },
      ...{ apiUrl: wechat.origin, publicUrl: 'https://shop.example' },
    });
    const providers = {
      sandbox: createSandboxPayouts({ db, clock }),
      wechat: createWechatPayouts({ client, clock, log, sceneId: '1005' }),
    };
    const engine = createPayoutEngine({ ...base, providers, claims: testClaims, openIdOf, sandbox: false });
    const payer = createPayer({ ...base, claimLine: engine.claimLine });
    const service = createSettlementsService({ ...base, payouts: engine, payer });
    return { engine, payer, service };
  }
  async function known(name: string): Promise<Principal> {
    const person = await makeConsumer({ api: { platform: { db } }, clock }, name);
    await db.sql`INSERT INTO wechat_accounts (person_id, app_id, openid, seen_at)
      VALUES (${person.personId}, ${wechat.appId}, ${`o-${person.personId}`}, ${clock.now()})`;
    const at = new Date(clock.now().getTime() - 3_600_000);
    await postEntry({ db, random: systemRandom }, { personId: person.personId, store: hq, amountFen: 1_000n, at });
    return person;
  }
  const statesOf = async (people: readonly Principal[]) =>
    (
      await db.sql<{ state: string; provider: string }>`SELECT state, provider FROM payout_bills
        WHERE person_id = ANY(${people.map(({ personId }) => personId)}::uuid[])`
    ).map(({ state, provider }) => `${provider} ${state}`);

  it('holds no connection while WeChat Pay is spoken with', async () => {
    const { engine } = start();
    const [actor] = staff;
    const person = await known('钱小米');
    const held: number[] = [];
    wechat.onCall(() => held.push(db.pool.totalCount - db.pool.idleCount));
    const id = await db.transaction((tx) => engine.withdrawals.request(tx, person, { source: 'commission' }));
    await engine.bills.runDue();
    await engine.reconcile(undefined);
    await engine.bills.cancel(id, actor?.personId ?? '', '填错了');
    clock.advanceSeconds(2 * 3_600);
    await engine.checkEnded();
    expect(await statesOf([person])).toEqual(['wechat cancelled']);
    // Told of it, asked about it, taken back and asked about once more.
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...held)).toBe(0);
  });

  it('pays a run and withdrawals of several at once', async () => {
    const { engine, payer, service } = start();
    const [maker, approver] = staff;
    if (!maker || !approver) throw new Error('two people');
    const people = [await known('林小桃'), await known('安然'), await known('白露')];
    const id = await db.transaction((tx) => service.create(tx, maker, { title: '一个连接' }));
    await service.preview(maker, id);
    const [run] = await runRows.listRuns(db.sql, { id, scope: null }, undefined, 1);
    expect(run?.sums).toMatchObject({ payPeople: 4 }); // with whose transfer was taken back before
    await db.transaction((tx) => service.approve(tx, approver, id, { hash: run?.previewHash ?? '', reason: '已核对' }));
    await db.transaction((tx) => service.pay(tx, approver, id, '打款'));
    await payer.runDue();

    const more = [await known('何小满'), await known('于小雨'), await known('田小麦'), await known('苏小禾')];
    const withdraw = (person: Principal) =>
      db.transaction((tx) => engine.withdrawals.request(tx, person, { source: 'commission' }));
    const [bills] = await Promise.all([Promise.all(more.map(withdraw)), engine.bills.runDue()]);
    expect(bills).toHaveLength(4);
    await engine.bills.runDue();
    expect(await statesOf([...people, ...more])).toEqual(Array(7).fill('wechat waiting'));
    await Promise.all(people.map((person) => engine.withdrawals.offers(db.sql, person)));
  });
});
