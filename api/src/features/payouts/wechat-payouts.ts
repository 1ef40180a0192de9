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

const PATH = '/v3/fund-app/mch-transfer/transfer-bills';
const LONGEST_REMARK = 32;
const EVENT = 'MCHTRANSFER.BILL.FINISHED';
/** What the scene for commissions (1005) wants to be told. */
const SCENE_REPORT = [
  { info_type: '岗位类型', info_content: '推广者' },
  { info_type: '报酬说明', info_content: '推广佣金' },
] as const;

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
const KnownBill = Bill.extend({ mch_id: z.string(), transfer_amount: z.int() });
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
  notifyUrl: string;
}): PayoutProvider {
  const { client, clock, log } = deps;
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

  async function query(billNo: string): Promise<PayoutStatus> {
    try {
      const bill = await client.call('GET', `${PATH}/out-bill-no/${billNo}`, KnownBill);
      requireSame(billNo, bill.out_bill_no);
      if (bill.mch_id !== merchant.merchantId) throw new Error('WeChat Pay told of a transfer of another merchant');
      return statusOf(bill);
    } catch (error) {
      if (error instanceof WechatError && error.code === 'NOT_FOUND') return NONE;
      throw error;
    }
  }

  return {
    async create({ billNo, amountFen, openId, realName, remark }) {
      const sealedName = realName === undefined ? undefined : sealFor(realName);
      const body = {
        appid: merchant.appId,
        out_bill_no: billNo,
        transfer_scene_id: deps.sceneId,
        openid: openId,
        ...(sealedName ? { user_name: sealedName.text } : {}),
        transfer_amount: Number(amountFen),
        transfer_remark: [...remark].slice(0, LONGEST_REMARK).join(''),
        notify_url: deps.notifyUrl,
        transfer_scene_report_infos: SCENE_REPORT,
      };
      try {
        const bill = await client.call('POST', PATH, Bill, body, sealedName?.serial);
        requireSame(billNo, bill.out_bill_no);
        return statusOf(bill);
      } catch (error) {
        if (!(error instanceof WechatError) || !FINAL_REFUSALS.has(error.code)) throw error;
        throw new PayoutRefused(error.code, error);
      }
    },
    query,

    async cancel(billNo) {
      try {
        const bill = await client.call('POST', `${PATH}/out-bill-no/${billNo}/cancel`, Bill, {});
        requireSame(billNo, bill.out_bill_no);
        return statusOf(bill);
      } catch (error) {
        // Refusals are not signed, so what became of the bill is asked.
        if (!(error instanceof WechatError) || !['INVALID_REQUEST', 'NOT_FOUND'].includes(error.code)) throw error;
        return query(billNo);
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

  function sealFor(name: string): { text: string; serial: string } {
    const { serial, key } = client.keys.forSealing();
    return { text: sealForWechat(key, name), serial };
  }
}
