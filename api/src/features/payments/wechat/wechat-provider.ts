/**
 * WeChat Pay as a payment provider: JSAPI inside WeChat, H5 in other browsers of a phone, Native (a QR code) at a desk.
 *
 * Numbers: a payment's id without its dashes is WeChat's out_trade_no (32 characters), our refund number its out_refund_no. By
 * them every call is idempotent. Amounts are fen on both sides. What WeChat says of a payment counts only for our merchant
 * and our app.
 * Sources: merchant documentation "JSAPI下单", "H5下单", "Native下单", "查询订单", "关闭订单", "申请退款", "支付通知", "退款结果通知".
 */
import { z } from 'zod';
import type { Clock, Random } from '../../../platform/clock.ts';
import { AppError } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logger.ts';
import {
  type Bill,
  type Cashier,
  type Charge,
  type ChargeAnswer,
  ChargeRefused,
  type ChargeState,
  ForeignCharge,
  type PaymentProvider,
  type ProviderNotification,
  type RefundAnswer,
} from '../provider.ts';
import { readTradeBill } from './bill.policy.ts';
import { bridgeParameters, openSealed, signatureFault } from './signatures.policy.ts';
import { type WechatClient, WechatError } from './wechat-client.ts';

const CURRENCY = 'CNY';
/** WeChat cuts what is longer. */
const LONGEST_DESCRIPTION = 127;
const BEIJING_OFFSET_MS = 8 * 3_600_000;
/** WeChat takes no charge that ends within a minute. */
const SHORTEST_CHARGE_MS = 65_000;

const TradeState = z.enum(['SUCCESS', 'REFUND', 'NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR']);
const Trade = z.object({
  mchid: z.string(),
  appid: z.string().optional(),
  out_trade_no: z.string(),
  trade_state: TradeState,
  amount: z.object({ total: z.int(), currency: z.string().optional() }).optional(),
  success_time: z.string().optional(),
});
const RefundTold = z.object({
  out_refund_no: z.string(),
  status: z.enum(['SUCCESS', 'CLOSED', 'PROCESSING', 'ABNORMAL']),
  amount: z.object({ refund: z.int(), total: z.int() }),
});
const RefundNews = z.object({
  mchid: z.string(),
  out_trade_no: z.string(),
  out_refund_no: z.string(),
  refund_status: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL', 'PROCESSING']),
  amount: z.object({ refund: z.int(), total: z.int() }),
  success_time: z.string().optional(),
});
const Notification = z.object({
  id: z.string().min(1).max(64),
  create_time: z.string(),
  event_type: z.string(),
  resource: z.object({
    algorithm: z.string(),
    ciphertext: z.string(),
    nonce: z.string(),
    associated_data: z.string().optional(),
  }),
});
const REFUNDS = '/v3/refund/domestic/refunds';
const BillAnswer = z.object({ hash_type: z.literal('SHA1'), hash_value: z.string(), download_url: z.url() });
const JsapiAnswer = z.object({ prepay_id: z.string() });
const H5Answer = z.object({ h5_url: z.url() });
const NativeAnswer = z.object({ code_url: z.string() });

const states: Record<z.infer<typeof TradeState>, ChargeState> = {
  SUCCESS: 'captured',
  REFUND: 'refunded',
  NOTPAY: 'open',
  USERPAYING: 'open',
  CLOSED: 'closed',
  REVOKED: 'closed',
  // This try of the payer's failed; they may try again until it is closed.
  PAYERROR: 'open',
};
/** Refusals that say what became of the charge instead. */
const stateOfRefusal: Readonly<Record<string, ChargeState>> = {
  ORDERPAID: 'captured',
  ORDER_PAID: 'captured',
  ORDERCLOSED: 'closed',
  ORDER_CLOSED: 'closed',
  ORDERNOTEXIST: 'none',
  ORDER_NOT_EXIST: 'none',
};

const tradeNoOf = (paymentId: string): string => paymentId.replaceAll('-', '');
/** @throws AppError not_found: no number of ours */
function paymentIdOf(tradeNo: string): string {
  const parts = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(tradeNo);
  if (!parts) throw new AppError('not_found');
  return parts.slice(1).join('-');
}
/** As the documentation writes times: seconds, and the offset of Beijing. */
const beijingTime = (at: Date): string =>
  `${new Date(at.getTime() + BEIJING_OFFSET_MS).toISOString().slice(0, 19)}+08:00`;

export function createWechatProvider(deps: {
  client: WechatClient;
  clock: Clock;
  random: Random;
  log: Logger;
  /** Where WeChat calls back; https, without a query. */
  notifyUrl: string;
  /** Where the payer's browser comes back to after the provider's own page (h5). It proves nothing: the server is asked. */
  returnUrl: (paymentId: string) => string;
  /** Of an order on the payer's bill. */
  description: (charge: Charge) => string;
}): PaymentProvider {
  const { client, clock, random, log } = deps;
  const { merchant } = client;

  /** Refusals are not signed: that a charge was paid is believed of a signed answer alone. */
  async function answerBy(
    call: () => Promise<ChargeAnswer>,
    ifPaid: () => Promise<ChargeAnswer>,
  ): Promise<ChargeAnswer> {
    try {
      return await call();
    } catch (error) {
      const state = error instanceof WechatError ? stateOfRefusal[error.code] : undefined;
      if (state === undefined) throw error;
      return state === 'captured' ? ifPaid() : { state, amountFen: null };
    }
  }

  const refuseToBelieve = (): never => {
    throw new Error('WeChat Pay told of a payment without signing it');
  };

  const query = (paymentId: string): Promise<ChargeAnswer> =>
    answerBy(async () => {
      const tradeNo = tradeNoOf(paymentId);
      const target = `/v3/pay/transactions/out-trade-no/${tradeNo}?mchid=${merchant.merchantId}`;
      return answerOf(await client.call('GET', target, Trade), tradeNo);
    }, refuseToBelieve);

  /** @throws ForeignCharge unless it is the charge that was asked about */
  function answerOf(trade: z.infer<typeof Trade>, tradeNo: string): ChargeAnswer {
    const answer = {
      state: states[trade.trade_state],
      amountFen: trade.amount === undefined ? null : BigInt(trade.amount.total),
    };
    if (trade.mchid !== merchant.merchantId) throw new ForeignCharge('merchant', answer);
    if (trade.appid !== undefined && trade.appid !== merchant.appId) throw new ForeignCharge('app', answer);
    if (trade.out_trade_no !== tradeNo) throw new ForeignCharge('number', answer);
    if ((trade.amount?.currency ?? CURRENCY) !== CURRENCY) throw new ForeignCharge('currency', answer);
    return answer;
  }

  const prepaid = (charge: Charge, more: object): object => ({
    appid: merchant.appId,
    mchid: merchant.merchantId,
    description: deps.description(charge).slice(0, LONGEST_DESCRIPTION),
    out_trade_no: tradeNoOf(charge.paymentId),
    time_expire: beijingTime(
      new Date(Math.max(charge.expiresAt.getTime(), clock.now().getTime() + SHORTEST_CHARGE_MS)),
    ),
    notify_url: deps.notifyUrl,
    amount: { total: Number(charge.amountFen), currency: CURRENCY },
    ...more,
  });

  /** Where or how the payer approves it. */
  async function register(charge: Charge): Promise<Omit<Cashier, 'state' | 'amountFen'>> {
    const payer = charge.payer ?? { way: 'native' };
    switch (payer.way) {
      case 'jsapi': {
        const body = prepaid(charge, { payer: { openid: payer.openId } });
        const { prepay_id } = await client.call('POST', '/v3/pay/transactions/jsapi', JsapiAnswer, body);
        const bridge = bridgeParameters(merchant.privateKey, {
          appId: merchant.appId,
          prepayId: prepay_id,
          timestampSeconds: String(Math.floor(clock.now().getTime() / 1000)),
          nonce: random.bytes(16).toString('hex'),
        });
        return { cashierUrl: `/pay/${charge.paymentId}`, bridge };
      }
      case 'h5': {
        const scene_info = { payer_client_ip: payer.address, h5_info: { type: 'Wap' } };
        const body = prepaid(charge, { scene_info });
        const { h5_url } = await client.call('POST', '/v3/pay/transactions/h5', H5Answer, body);
        const target = new URL(h5_url);
        target.searchParams.set('redirect_url', deps.returnUrl(charge.paymentId));
        return { cashierUrl: target.href };
      }
      case 'native': {
        const { code_url } = await client.call(
          'POST',
          '/v3/pay/transactions/native',
          NativeAnswer,
          prepaid(charge, {}),
        );
        return { cashierUrl: `/pay/${charge.paymentId}`, codeUrl: code_url };
      }
    }
  }

  function refundOutcome(refundNo: string, status: z.infer<typeof RefundTold>['status']): RefundAnswer['outcome'] {
    if (status === 'SUCCESS') return 'succeeded';
    if (status === 'CLOSED') return 'failed';
    // Taken from us and not with the payer: it must neither be booked as done nor be given back to the order.
    if (status === 'ABNORMAL') log.error({ refundNo }, 'WeChat Pay could not pay out a refund: somebody must look');
    return 'processing';
  }

  return {
    async prepare(charge) {
      let offer: Omit<Cashier, 'state' | 'amountFen'> | undefined;
      const answer = await answerBy(
        async () => {
          offer = await register(charge).catch((error: unknown) => {
            throw refusedCharge(error) ?? error;
          });
          return { state: 'open', amountFen: null };
        },
        () => query(charge.paymentId),
      );
      return { ...answer, cashierUrl: `/pay/${charge.paymentId}`, ...offer };
    },
    query,

    /** Closing what was never registered closes nothing: WeChat answers that there is no such order. */
    close: (paymentId) =>
      answerBy(
        async () => {
          const target = `/v3/pay/transactions/out-trade-no/${tradeNoOf(paymentId)}/close`;
          await client.call('POST', target, z.unknown(), { mchid: merchant.merchantId });
          return { state: 'closed', amountFen: null };
        },
        () => query(paymentId),
      ),

    async refund({ refundNo, paymentId, amountFen, totalFen, isRepeated }) {
      const outcomeOf = (answer: z.infer<typeof RefundTold>): RefundAnswer => {
        if (answer.out_refund_no !== refundNo || BigInt(answer.amount.refund) !== amountFen)
          throw new Error('WeChat Pay told of another refund than it was asked for');
        return { outcome: refundOutcome(refundNo, answer.status), said: answer.status };
      };
      // What it knows of is asked about: asking for it again would be refused once the trade is a year old.
      if (isRepeated) {
        const known = await client.call('GET', `${REFUNDS}/${refundNo}`, RefundTold).catch((error: unknown) => {
          if (error instanceof WechatError && error.code === 'RESOURCE_NOT_EXISTS') return undefined;
          throw error;
        });
        if (known) return outcomeOf(known);
      }
      const body = {
        out_trade_no: tradeNoOf(paymentId),
        out_refund_no: refundNo,
        notify_url: deps.notifyUrl,
        amount: { refund: Number(amountFen), total: Number(totalFen), currency: CURRENCY },
      };
      try {
        return outcomeOf(await client.call('POST', REFUNDS, RefundTold, body));
      } catch (error) {
        // The merchant's balance may be filled up, a frequency falls: such a refund is asked for again, under its number.
        if (!(error instanceof WechatError) || !finalRefusals.has(error.code)) throw error;
        // A refusal is not signed. That there is no such trade is not believed against a signed answer that there is one.
        if ((await query(paymentId)).state !== 'none') throw error;
        log.error({ err: error, refundNo }, 'WeChat Pay refuses a refund for good');
        return { outcome: 'failed', said: error.code };
      }
    },

    async verifyNotification(header, rawBody) {
      const serial = header('wechatpay-serial');
      const key = serial === undefined ? undefined : await client.keys.find(serial);
      const signed = {
        timestampSeconds: header('wechatpay-timestamp'),
        nonce: header('wechatpay-nonce'),
        signature: header('wechatpay-signature'),
        body: rawBody,
      };
      if (!key || signatureFault(key, signed, clock.now())) {
        throw new AppError('unauthenticated', { detail: 'callback signature' });
      }
      const { news, opened } = readNews(rawBody);
      return news.event_type.startsWith('REFUND.') ? refundNews(news, opened) : tradeNews(news, opened);
    },

    numberOf: tradeNoOf,
    async bill(day): Promise<Bill> {
      try {
        const target = `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL&tar_type=GZIP`;
        const { hash_value, download_url } = await client.call('GET', target, BillAnswer);
        return readTradeBill((await client.download(download_url, hash_value, true)).toString('utf8'));
      } catch (error) {
        if (!(error instanceof WechatError)) throw error;
        if (error.code === 'NO_STATEMENT_EXIST') return { lines: [], odd: [] };
        if (error.code === 'STATEMENT_CREATING') return 'not_ready';
        throw error;
      }
    },
  };

  /** Signed by WeChat by now: what cannot be opened is sealed with another key than ours, and somebody must look. */
  function readNews(rawBody: Buffer): { news: z.infer<typeof Notification>; opened: unknown } {
    try {
      const news = Notification.parse(JSON.parse(rawBody.toString('utf8')));
      return { news, opened: JSON.parse(openSealed(merchant.apiV3Key, news.resource).toString('utf8')) };
    } catch (cause) {
      log.error(
        { err: cause },
        'a callback of WeChat Pay is signed well and cannot be opened: is the API v3 key right?',
      );
      throw new AppError('invalid_request', { detail: 'sealed data' }, cause);
    }
  }

  function tradeNews({ id, event_type, create_time }: z.infer<typeof Notification>, opened: unknown) {
    if (event_type !== 'TRANSACTION.SUCCESS') return null;
    const trade = Trade.parse(opened);
    requireOurs(trade.mchid, trade.appid);
    if (trade.trade_state !== 'SUCCESS' || trade.amount === undefined) return null;
    if ((trade.amount.currency ?? CURRENCY) !== CURRENCY) throw new AppError('conflict', { detail: 'currency' });
    return {
      id,
      type: 'payment.captured',
      paymentId: paymentIdOf(trade.out_trade_no),
      refundNo: null,
      amountFen: BigInt(trade.amount.total),
      occurredAt: new Date(trade.success_time ?? create_time),
    } satisfies ProviderNotification;
  }

  function refundNews({ id, create_time }: z.infer<typeof Notification>, opened: unknown) {
    const refund = RefundNews.parse(opened);
    requireOurs(refund.mchid, undefined);
    const outcome = refundOutcome(refund.out_refund_no, refund.refund_status);
    if (outcome === 'processing') return null;
    return {
      id,
      type: outcome === 'succeeded' ? 'refund.succeeded' : 'refund.failed',
      paymentId: paymentIdOf(refund.out_trade_no),
      refundNo: refund.out_refund_no,
      amountFen: BigInt(refund.amount.refund),
      occurredAt: new Date(refund.success_time ?? create_time),
    } satisfies ProviderNotification;
  }

  function requireOurs(merchantId: string, appId: string | undefined): void {
    const isOurs = merchantId === merchant.merchantId && (appId === undefined || appId === merchant.appId);
    if (!isOurs) throw new AppError('not_found');
  }
}

/** Undefined: nobody knows whether another try would do. */
function refusedCharge(error: unknown): ChargeRefused | undefined {
  if (!(error instanceof WechatError)) return undefined;
  const isSpent =
    error.code === 'OUT_TRADE_NO_USED' || (error.code === 'INVALID_REQUEST' && /201|重复|不一致/.test(error.message));
  if (isSpent) return new ChargeRefused('number_spent', error);
  return refusalsOfCharge.has(error.code) ? new ChargeRefused('not_allowed', error) : undefined;
}
/** The configuration, what the merchant was granted, or what we ask for is wrong: the same again changes nothing. */
const refusalsOfCharge: ReadonlySet<string> = new Set([
  ...['PARAM_ERROR', 'INVALID_REQUEST', 'NO_AUTH', 'NOAUTH', 'SIGN_ERROR', 'APPID_MCHID_NOT_MATCH'],
  ...['MCH_NOT_EXISTS', 'OPENID_MISMATCH', 'RULE_LIMIT', 'RULELIMIT', 'TRADE_ERROR'],
]);
/** Nothing that time would mend; everything else is asked for again. */
const finalRefusals: ReadonlySet<string> = new Set(['RESOURCE_NOT_EXISTS', 'ORDER_NOT_EXIST', 'MCH_NOT_EXISTS']);
