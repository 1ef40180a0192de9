/**
 * WeChat Pay's trade bill ("申请交易账单", bill_type=ALL): a CSV with Chinese heads, every value led by a back-tick, amounts in
 * yuan, and two lines of sums at the end. Pure.
 *
 * Columns are found by their heads, as WeChat adds some now and then; the sums at the end must agree with the lines, so a bill
 * that is cut short is refused.
 */
import type { BillLine, OddLine } from '../bill-line.policy.ts';

const TRADE_HEADS = {
  tradeNo: '商户订单号',
  wechatNo: '微信订单号',
  state: '交易状态',
  refundNo: '商户退款单号',
  wechatRefundNo: '微信退款单号',
  refundState: '退款状态',
  currency: '货币种类',
  totalYuan: '订单金额',
  refundYuan: '申请退款金额',
} as const;
type Field = keyof typeof TRADE_HEADS;
const FIRST_SUM_HEAD = '总交易单数';

/** Exact: `12.30` → 1230. @throws RangeError on anything that is no amount in yuan with at most two decimals */
export function fenOfYuan(text: string): bigint {
  const parts = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text);
  if (!parts?.[1]) throw new RangeError(`no amount in yuan: ${text}`);
  return BigInt(parts[1]) * 100n + BigInt((parts[2] ?? '').padEnd(2, '0'));
}

const refundStates: Readonly<Record<string, BillLine['state']>> = {
  SUCCESS: 'refund_succeeded',
  PROCESSING: 'refund_processing',
  CHANGE: 'refund_processing',
  ABNORMAL: 'refund_processing',
  FAIL: 'refund_failed',
  CLOSED: 'refund_failed',
};

/** A value may hold a comma, as a product's name may: a new one begins with a comma and a back-tick. */
const valuesOf = (line: string): string[] => line.slice(1).split(',`');

/** @throws Error when it is no trade bill, or not a whole one. A line that cannot be read is told, and the others are read. */
export function readTradeBill(file: string): { lines: BillLine[]; odd: OddLine[] } {
  const lines = file
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  const heads = (lines[0] ?? '').split(',');
  const sumsAt = lines.findIndex((line) => line.startsWith(FIRST_SUM_HEAD));
  if (sumsAt < 1 || lines.length <= sumsAt + 1) throw new Error('the trade bill has no sums: it is not whole');
  const columns = Object.fromEntries(
    Object.entries(TRADE_HEADS).map(([field, head]) => [field, heads.indexOf(head)]),
  ) as Record<Field, number>;
  for (const [field, at] of Object.entries(columns))
    if (at < 0) throw new Error(`the trade bill has no column for ${field}`);

  const read: BillLine[] = [];
  const odd: OddLine[] = [];
  for (const [n, line] of lines.slice(1, sumsAt).entries()) {
    const values = valuesOf(line);
    try {
      read.push(readLine(values, columns));
    } catch (error) {
      const at = values[columns.state]?.trim() === 'REFUND' ? columns.refundNo : columns.tradeNo;
      const number = values[at]?.trim() || null;
      odd.push({ line: n + 2, number, why: error instanceof Error ? error.message : String(error) });
    }
  }
  const [count] = valuesOf(lines[sumsAt + 1] ?? '');
  const counted = read.length + odd.length;
  if (Number(count) !== counted) throw new Error(`the trade bill has ${counted} lines and counts ${count}`);
  return { lines: read, odd };
}

function readLine(values: readonly string[], columns: Record<Field, number>): BillLine {
  const value = (field: Field): string => (values[columns[field]] ?? '').trim();
  if (value('currency') !== 'CNY') throw new Error('the trade bill has another currency');
  if (value('state') === 'REFUND') {
    const state = refundStates[value('refundState')];
    if (!state) throw new Error(`the trade bill has an unknown state of a refund: ${value('refundState')}`);
    const amountFen = fenOfYuan(value('refundYuan'));
    return {
      kind: 'refund',
      number: value('refundNo'),
      amountFen,
      state,
      providerRef: value('wechatRefundNo') || null,
    };
  }
  return {
    kind: 'payment',
    number: value('tradeNo'),
    amountFen: fenOfYuan(value('totalYuan')),
    state: value('state') === 'SUCCESS' ? 'captured' : 'revoked',
    providerRef: value('wechatNo') || null,
  };
}
