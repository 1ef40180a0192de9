/** Transfers to people as WeChat Pay keeps them: for the counterpart in tests. A number is one bill, whatever is asked. */
import { constants, type KeyObject, privateDecrypt } from 'node:crypto';
import { type Reply, refuse } from './wechat-pay-types.ts';

/** What has to be told with a transfer, by its scene. */
const scenes: Readonly<Record<string, readonly string[]>> = {
  '1000': ['活动名称', '奖励说明'],
  '1005': ['岗位类型', '报酬说明'],
};
const PATH = '/v3/fund-app/mch-transfer/transfer-bills';

export interface Transfer {
  state: 'WAIT_USER_CONFIRM' | 'TRANSFERING' | 'SUCCESS' | 'FAIL' | 'CANCELING' | 'CANCELLED';
  readonly openid: string;
  readonly amount: number;
  readonly name: string | null;
  failReason?: string;
}

export function createTransfers(deps: {
  clock: { now(): Date };
  merchantId: string;
  appId: string;
  /** That a request names, and that its secrets are sealed for. */
  keyOf: (serial: string | undefined) => KeyObject;
}) {
  const bills = new Map<string, Transfer>();
  /** Answers that are given instead, in order. */
  const refusals: string[] = [];

  const view = (no: string, { state, openid, amount, failReason }: Transfer) => ({
    ...{ mch_id: deps.merchantId, out_bill_no: no, transfer_bill_no: `13300${no.slice(-20)}`, appid: deps.appId },
    ...{ state, transfer_amount: amount, openid, create_time: deps.clock.now().toISOString() },
    ...(state === 'WAIT_USER_CONFIRM' ? { package_info: `affffddafdfafddffda==${no}` } : {}),
    ...(failReason ? { fail_reason: failReason } : {}),
  });

  function create(body: Record<string, unknown>, named: string | undefined): Reply {
    const refusal = refusals.shift();
    if (refusal) return refuse(400, refusal);
    const { out_bill_no: no, openid, transfer_amount: amount, user_name: sealed, transfer_remark: remark } = body;
    const reports = body.transfer_scene_report_infos;
    const isWellFormed =
      typeof no === 'string' &&
      /^[A-Za-z0-9]{1,32}$/.test(no) &&
      typeof openid === 'string' &&
      Number.isInteger(amount) &&
      Number(amount) > 0 &&
      body.appid === deps.appId &&
      typeof remark === 'string' &&
      [...remark].length <= 32 &&
      typeof body.transfer_scene_id === 'string' &&
      scenes[body.transfer_scene_id] !== undefined &&
      JSON.stringify((reports as { info_type: string }[] | undefined)?.map((one) => one.info_type)) ===
        JSON.stringify(scenes[body.transfer_scene_id]);
    if (!isWellFormed) return refuse(400, 'PARAM_ERROR');
    if (Number(amount) >= 200_000 && sealed === undefined) return refuse(400, 'PARAM_ERROR');
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const name =
      typeof sealed === 'string'
        ? privateDecrypt({ key: deps.keyOf(named), padding }, Buffer.from(sealed, 'base64')).toString('utf8')
        : null;
    const known = bills.get(no);
    if (known && (known.openid !== openid || known.amount !== amount)) return refuse(400, 'ALREADY_EXISTS');
    const bill: Transfer = known ?? { state: 'WAIT_USER_CONFIRM', openid, amount: Number(amount), name };
    bills.set(no, bill);
    return { status: 200, body: view(no, bill) };
  }

  return {
    bills,
    refusals,
    view: (no: string) => {
      const bill = bills.get(no);
      if (!bill) throw new Error(`no transfer ${no}`);
      return view(no, bill);
    },
    settle(no: string, state: 'SUCCESS' | 'FAIL'): void {
      const bill = bills.get(no);
      if (bill?.state !== 'WAIT_USER_CONFIRM') return;
      bill.state = state;
      if (state === 'FAIL') bill.failReason = 'ACCOUNT_FROZEN';
    },
    /** Undefined: not about transfers. */
    route(method: string, path: string, body: Record<string, unknown>, named: string | undefined): Reply | undefined {
      if (!path.startsWith(PATH)) return undefined;
      if (method === 'POST' && path === PATH) return create(body, named);
      const [, no = '', cancelling] = /\/out-bill-no\/(\w+)(\/cancel)?$/.exec(path) ?? [];
      const bill = bills.get(no);
      if (!bill) return refuse(404, 'NOT_FOUND');
      if (!cancelling) return { status: 200, body: view(no, bill) };
      if (bill.state === 'CANCELLED') return { status: 200, body: view(no, bill) };
      if (bill.state !== 'WAIT_USER_CONFIRM') return refuse(400, 'INVALID_REQUEST');
      bill.state = 'CANCELLED';
      return { status: 200, body: view(no, bill) };
    },
  };
}
