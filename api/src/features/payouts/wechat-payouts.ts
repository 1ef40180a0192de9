/**
 * Transfers to people's WeChat ("商家转账", user confirmation mode): a bill under our number waits until its receiver accepts it.
 *
 * The receiver's name is sealed with WeChat's public key. Asked again under the same number and with the same terms, WeChat
 * answers what the bill is; with other terms it refuses. An answer that got lost is therefore asked for again, and what cannot
 * be asked again is looked up by the number.
 * Sources: merchant documentation "发起转账", "商户单号查询转账单", "撤销转账", "商家转账回调通知".
 */
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { openSealed, sealForWechat, signatureFault, type WechatClient, WechatError } from '../payments/index.ts';
import {
  type PayoutNotification,
  type PayoutProvider,
  PayoutRefused,
  type PayoutState,
  type PayoutStatus,
} from './provider.ts';
import { sceneReportOf } from './scenes.policy.ts';

const PATH = '/v3/fund-app/mch-transfer/transfer-bills';
const LONGEST_REMARK = 32;
const EVENT = 'MCHTRANSFER.BILL.FINISHED';
/**
 * "Unknown to me" says that WeChat was never told of a bill only when it has had time to write it down, and has not forgotten
 * it: bills can be looked up for thirty days.
 */
const WRITTEN_DOWN_MS = 5 * 60_000;
const KEPT_MS = 29 * 86_400_000;

const State = z.enum([
  'ACCEPTED',
  'PROCESSING',
  'WAIT_USER_CONFIRM',
  'TRANSFERING',
  'SUCCESS',
  'FAIL',
  'CANCELING',
  'CANCELLED',
]);
const states: Record<z.infer<typeof State>, PayoutState> = {
  ACCEPTED: 'moving',
  PROCESSING: 'moving',
  WAIT_USER_CONFIRM: 'waiting',
  TRANSFERING: 'moving',
  SUCCESS: 'succeeded',
  FAIL: 'failed',
  CANCELING: 'moving',
  CANCELLED: 'cancelled',
};
const Bill = z.object({
  out_bill_no: z.string(),
  transfer_bill_no: z.string(),
  state: State,
  package_info: z.string().optional(),
  fail_reason: z.string().optional(),
});
const KnownBill = Bill.extend({ mch_id: z.string(), transfer_amount: z.int(), openid: z.string().optional() });
const Notification = z.object({
  id: z.string().min(1).max(64),
  event_type: z.string(),
  resource: z.object({
    algorithm: z.string(),
    ciphertext: z.string(),
    nonce: z.string(),
    associated_data: z.string().optional(),
  }),
});
/** Nothing that time would mend. What is missing in the merchant's account, and limits of a day, are asked for again. */
const FINAL_REFUSALS: ReadonlySet<string> = new Set(['ALREADY_EXISTS', 'PARAM_ERROR', 'INVALID_REQUEST', 'NO_AUTH']);
const NONE: PayoutStatus = { state: 'none', providerRef: null, acceptance: null, failReason: null };

export function createWechatPayouts(deps: {
  client: WechatClient;
  clock: Clock;
  log: Logger;
  /** As the merchant was granted it, for example 1005. */
  sceneId: string;
  /** Undefined: nobody is called back, the bill is asked about. */
  notifyUrl?: string;
}): PayoutProvider {
  const { client, clock, log } = deps;
  const report = sceneReportOf(deps.sceneId);
  const { merchant } = client;

  const statusOf = (bill: z.infer<typeof Bill>): PayoutStatus => ({
    state: states[bill.state],
    providerRef: bill.transfer_bill_no,
    acceptance: bill.state === 'WAIT_USER_CONFIRM' ? (bill.package_info ?? null) : null,
    failReason: bill.fail_reason ?? null,
  });
  function requireSame(billNo: string, told: string): void {
    if (told !== billNo) throw new Error('WeChat Pay told of another transfer than it was asked for');
  }

  /** Undefined: WeChat was never told of it. @throws Error while nobody can say so */
  async function find(billNo: string, createdAt: Date): Promise<z.infer<typeof KnownBill> | undefined> {
    try {
      const bill = await client.call('GET', `${PATH}/out-bill-no/${billNo}`, KnownBill);
      requireSame(billNo, bill.out_bill_no);
      if (bill.mch_id !== merchant.merchantId) throw new Error('WeChat Pay told of a transfer of another merchant');
      return bill;
    } catch (error) {
      if (!(error instanceof WechatError) || error.code !== 'NOT_FOUND') throw error;
      const ageMs = clock.now().getTime() - createdAt.getTime();
      if (ageMs >= WRITTEN_DOWN_MS && ageMs <= KEPT_MS) return undefined;
      throw new Error('whether WeChat Pay knows of a transfer cannot be said', { cause: error });
    }
  }
  async function query(billNo: string, createdAt: Date): Promise<PayoutStatus> {
    const bill = await find(billNo, createdAt);
    return bill ? statusOf(bill) : NONE;
  }

  return {
    async create({ billNo, amountFen, openId, realName, remark, createdAt }) {
      const sealedName = realName === undefined ? undefined : await sealFor(realName);
      const body = {
        appid: merchant.appId,
        out_bill_no: billNo,
        transfer_scene_id: deps.sceneId,
        openid: openId,
        ...(sealedName ? { user_name: sealedName.text } : {}),
        transfer_amount: Number(amountFen),
        transfer_remark: [...remark].slice(0, LONGEST_REMARK).join(''),
        ...(deps.notifyUrl === undefined ? {} : { notify_url: deps.notifyUrl }),
        transfer_scene_report_infos: report,
      };
      try {
        const bill = await client.call('POST', PATH, Bill, body, sealedName?.serial);
        requireSame(billNo, bill.out_bill_no);
        return statusOf(bill);
      } catch (error) {
        if (!(error instanceof WechatError)) throw error;
        // A refusal is not signed, and an earlier call may have been executed: what there is says a signed answer.
        const bill = await find(billNo, createdAt);
        if (bill) {
          const isSame = BigInt(bill.transfer_amount) === amountFen && (bill.openid ?? openId) === openId;
          if (isSame) return statusOf(bill);
          throw new PayoutRefused('ALREADY_EXISTS', error);
        }
        if (FINAL_REFUSALS.has(error.code)) throw new PayoutRefused(error.code, error);
        throw error;
      }
    },
    query,

    async cancel(billNo, createdAt) {
      try {
        const bill = await client.call('POST', `${PATH}/out-bill-no/${billNo}/cancel`, Bill, {});
        requireSame(billNo, bill.out_bill_no);
        return statusOf(bill);
      } catch (error) {
        // Refusals are not signed, so what became of the bill is asked.
        if (!(error instanceof WechatError) || !['INVALID_REQUEST', 'NOT_FOUND'].includes(error.code)) throw error;
        return query(billNo, createdAt);
      }
    },

    async verifyNotification(header, rawBody): Promise<PayoutNotification | null> {
      const serial = header('wechatpay-serial');
      const key = serial === undefined ? undefined : await client.keys.find(serial);
      const signed = {
        timestampSeconds: header('wechatpay-timestamp'),
        nonce: header('wechatpay-nonce'),
        signature: header('wechatpay-signature'),
        body: rawBody,
      };
      if (!key || signatureFault(key, signed, clock.now()))
        throw new AppError('unauthenticated', { detail: 'callback signature' });
      try {
        const news = Notification.parse(JSON.parse(rawBody.toString('utf8')));
        if (news.event_type !== EVENT) return null;
        const opened = JSON.parse(openSealed(merchant.apiV3Key, news.resource).toString('utf8'));
        const bill = KnownBill.parse(opened);
        if (bill.mch_id !== merchant.merchantId) throw new AppError('not_found');
        return {
          id: news.id,
          billNo: bill.out_bill_no,
          amountFen: BigInt(bill.transfer_amount),
          status: statusOf(bill),
        };
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        log.error({ err: cause }, 'a callback about a transfer is signed well and cannot be opened');
        throw new AppError('invalid_request', { detail: 'sealed data' }, cause);
      }
    },
  };

  async function sealFor(name: string): Promise<{ text: string; serial: string }> {
    const { serial, key } = await client.keys.forSealing();
    return { text: sealForWechat(key, name), serial };
  }
}
