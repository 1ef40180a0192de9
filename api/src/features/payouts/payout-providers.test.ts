/** One suite for whoever transfers money to people: the sandbox and WeChat Pay's counterpart keep to the same rules (K8). */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../../scripts/testing/database.ts';
import { systemRandom } from '../../platform/clock.ts';
import { createDb } from '../../platform/db.ts';
import { createLogger } from '../../platform/logger.ts';
import { createTestClock } from '../../testing/test-api.ts';
import { startWechatPay, type WechatPayCounterpart } from '../../testing/wechat-pay.ts';
import { createWechatClient, wechatMerchant } from '../payments/index.ts';
import {
  createSandboxPayouts,
  createWechatPayouts,
  isPayoutOver,
  type Payout,
  type PayoutProvider,
  PayoutRefused,
} from './index.ts';

interface Subject {
  readonly provider: PayoutProvider;
  /** The receiver accepts, or cannot be paid. */
  settle(billNo: string, outcome: 'succeeded' | 'failed'): Promise<unknown>;
  close(): Promise<unknown>;
}
const clock = createTestClock();
let wechat: WechatPayCounterpart;

async function openSandbox(): Promise<Subject> {
  const database = await createTestDatabase();
  const db = createDb({ url: database.url, poolSize: 4, onError: () => undefined });
  const provider = createSandboxPayouts({ db, clock });
  return {
    provider,
    settle: provider.settle,
    async close() {
      await db.close();
      await database.drop();
    },
  };
}
async function openWechat(): Promise<Subject> {
  wechat = await startWechatPay({ clock });
  const log = createLogger('silent', 'test');
  const client = createWechatClient({
    ...{ merchant: wechatMerchant(wechat), clock, random: systemRandom, log, certificates: false },
    origins: [wechat.origin, wechat.origin],
  });
  const notifyUrl = 'https://shop.example/api/v1/payouts/wechat/notify';
  return {
    provider: createWechatPayouts({ client, clock, log, sceneId: '1005', notifyUrl }),
    settle: async (billNo, outcome) => wechat.transfers.settle(billNo, outcome === 'succeeded' ? 'SUCCESS' : 'FAIL'),
    close: () => wechat.close(),
  };
}
const bill = (more: Partial<Payout> = {}): Payout => ({
  ...{ billNo: `PO${randomBytes(12).toString('hex')}`, amountFen: 8_800n, openId: 'oUser1', remark: '推广佣金' },
  createdAt: new Date(clock.now().getTime() - 600_000),
  ...more,
});

describe.each([
  ['sandbox', openSandbox],
  ['wechat', openWechat],
] as const)('%s', (_name, open) => {
  let subject: Subject;
  let provider: PayoutProvider;
  beforeAll(async () => {
    subject = await open();
    ({ provider } = subject);
  });
  afterAll(() => subject?.close());

  it('knows nothing of a number that nobody told it', async () => {
    const { billNo, createdAt } = bill();
    expect(await provider.query(billNo, createdAt)).toMatchObject({ state: 'none', providerRef: null });
    expect(await provider.cancel(billNo, createdAt)).toMatchObject({ state: 'none' });
    expect(await provider.query(billNo, createdAt)).toMatchObject({ state: 'none' });
  });

  it('K8 the same number is one transfer, however often and however many at once it is asked for', async () => {
    const payout = bill();
    const told = await Promise.all(Array.from({ length: 6 }, () => provider.create(payout)));
    expect(new Set(told.map(({ providerRef }) => providerRef)).size).toBe(1);
    expect(told[0]).toMatchObject({ state: 'waiting', acceptance: expect.any(String) });
    await subject.settle(payout.billNo, 'succeeded');
    expect(await provider.create(payout)).toMatchObject({ state: 'succeeded', acceptance: null });
    const over = await provider.query(payout.billNo, payout.createdAt);
    expect([over.state, isPayoutOver(over)]).toEqual(['succeeded', true]);
  });

  it('K8 the same number with another amount or receiver is refused', async () => {
    const payout = bill();
    await provider.create(payout);
    for (const more of [{ amountFen: 8_801n }, { openId: 'oUser2' }])
      await expect(provider.create({ ...payout, ...more })).rejects.toBeInstanceOf(PayoutRefused);
    await expect(provider.create(bill({ amountFen: 0n }))).rejects.toBeInstanceOf(PayoutRefused);
    await expect(provider.create(bill({ billNo: 'no-number' }))).rejects.toBeInstanceOf(PayoutRefused);
  });

  it('is cancelled as long as nobody accepted it; afterwards the receiver was faster', async () => {
    const [first, second] = [bill(), bill()];
    await provider.create(first);
    expect(await provider.cancel(first.billNo, first.createdAt)).toMatchObject({ state: 'cancelled' });
    expect(await provider.cancel(first.billNo, first.createdAt)).toMatchObject({ state: 'cancelled' });
    await subject.settle(first.billNo, 'succeeded');
    expect(await provider.query(first.billNo, first.createdAt)).toMatchObject({ state: 'cancelled' });
    // A number is spent: asked for again, it is what it was.
    expect(await provider.create(first)).toMatchObject({ state: 'cancelled' });
    await provider.create(second);
    await subject.settle(second.billNo, 'succeeded');
    expect(await provider.cancel(second.billNo, second.createdAt)).toMatchObject({ state: 'succeeded' });
  });

  it('says why it failed', async () => {
    const payout = bill();
    await provider.create(payout);
    await subject.settle(payout.billNo, 'failed');
    expect(await provider.query(payout.billNo, payout.createdAt)).toMatchObject({
      state: 'failed',
      failReason: expect.any(String),
    });
  });

  it('believes no callback that is not signed', async () => {
    await expect(provider.verifyNotification(() => undefined, Buffer.from('{}'))).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('WeChat’s own', () => {
  let subject: Subject;
  let provider: PayoutProvider;
  beforeAll(async () => {
    subject = await openWechat();
    ({ provider } = subject);
  });
  afterAll(() => subject?.close());
  const tell = (news: { body: Buffer; headers: Record<string, string> }) =>
    provider.verifyNotification((name) => news.headers[name.toLowerCase()], news.body);

  it('K8 an answer that got lost is asked for again under the same number', async () => {
    const payout = bill();
    wechat.fates.push('lose', 'lose');
    const failure = await provider.create(payout).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).not.toBeInstanceOf(PayoutRefused); // nobody knows
    expect(await provider.query(payout.billNo, payout.createdAt)).toMatchObject({ state: 'waiting' });
    expect(await provider.create(payout)).toMatchObject({ state: 'waiting' });
    expect([...wechat.transfers.bills.keys()].filter((no) => no === payout.billNo)).toHaveLength(1);
  });

  it('what time may mend is no end: an empty account, a limit', async () => {
    const payout = bill();
    for (const code of ['NOT_ENOUGH', 'QUOTA_EXCEED', 'FREQUENCY_LIMITED']) {
      wechat.transfers.refusals.push(code);
      await expect(provider.create(payout)).rejects.toMatchObject({ name: 'WechatError', code });
    }
    expect(await provider.create(payout)).toMatchObject({ state: 'waiting' });
  });

  it('K8 a refusal is believed only when there is provably no such bill', async () => {
    const made = bill();
    await provider.create(made);
    // Executed before, whatever is said now: its own terms are what it is, others are refused.
    wechat.transfers.refusals.push('PARAM_ERROR');
    expect(await provider.create(made)).toMatchObject({ state: 'waiting' });
    wechat.transfers.refusals.push('NO_AUTH');
    await expect(provider.create({ ...made, amountFen: 1n })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    const ages = [1, 30 * 86_400].map((seconds) =>
      bill({ createdAt: new Date(clock.now().getTime() - seconds * 1_000) }),
    );
    for (const payout of ages) {
      wechat.transfers.refusals.push('PARAM_ERROR');
      const failure = await provider.create(payout).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Error);
      expect(failure).not.toBeInstanceOf(PayoutRefused);
      await expect(provider.query(payout.billNo, payout.createdAt)).rejects.toThrow('cannot be said');
    }
    wechat.transfers.refusals.push('PARAM_ERROR');
    await expect(provider.create(bill())).rejects.toMatchObject({ name: 'PayoutRefused', code: 'PARAM_ERROR' });
  });

  it('a name travels sealed, and is there from 2,000 yuan on', async () => {
    await expect(provider.create(bill({ amountFen: 200_000n }))).rejects.toBeInstanceOf(PayoutRefused);
    const payout = bill({ amountFen: 200_000n, realName: '林小桃' });
    await provider.create(payout);
    expect(wechat.transfers.bills.get(payout.billNo)?.name).toBe('林小桃');
  });

  it('its callback is believed when it is WeChat’s, fresh, sealed for us and about our merchant', async () => {
    const payout = bill();
    await provider.create(payout);
    await subject.settle(payout.billNo, 'succeeded');
    const view = wechat.transfers.view(payout.billNo);
    const event = 'MCHTRANSFER.BILL.FINISHED';
    expect(await tell(wechat.news(event, view))).toMatchObject({
      ...{ billNo: payout.billNo, amountFen: 8_800n, status: { state: 'succeeded' } },
    });
    for (const fate of ['forge', 'probe', 'stale'] as const)
      await expect(tell(wechat.news(event, view, fate))).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(tell(wechat.news(event, { ...view, mch_id: '1' }))).rejects.toMatchObject({ code: 'not_found' });
    await expect(tell(wechat.news(event, view, undefined, undefined, { cut: 16 }))).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await tell(wechat.news('TRANSACTION.SUCCESS', view))).toBeNull();
  });
});
