/** The trade bill of a day as WeChat Pay makes it (bill_type=ALL): for the counterpart in tests. */
import type { Refund, Trade } from './wechat-pay-types.ts';

const HEADS =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const SUM_HEADS = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const BEIJING_MS = 8 * 3_600_000;

const yuan = (fen: number): string => (fen / 100).toFixed(2);
const beijing = (at: Date): string => new Date(at.getTime() + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');

/** Null: nothing was traded on that day. */
export function tradeBill(given: {
  day: string;
  appId: string;
  merchantId: string;
  trades: ReadonlyMap<string, Trade>;
  refunds: ReadonlyMap<string, Refund>;
}): string | null {
  const { day, appId, merchantId } = given;
  const line = (at: Date, no: string, state: string, total: number, refund?: { no: string } & Refund): string =>
    [
      ...[
        beijing(at),
        appId,
        merchantId,
        '0',
        '',
        `42${no.slice(0, 20)}`,
        no,
        'oUser',
        'NATIVE',
        state,
        'OTHERS',
        'CNY',
      ],
      ...[refund ? '0.00' : yuan(total), '0.00', refund ? `50${refund.no.slice(2, 22)}` : '0', refund?.no ?? '0'],
      ...[yuan(refund?.refund ?? 0), '0.00', refund ? 'ORIGINAL' : '', refund?.status ?? '', '核桃乳,12瓶', ''],
      ...['0.00000', '0.60%', refund ? '0.00' : yuan(total), yuan(refund?.refund ?? 0), ''],
    ]
      .map((value) => `\`${value}`)
      .join(',');
  const isOfDay = (at: Date | undefined): at is Date => at !== undefined && beijing(at).startsWith(day);
  const lines = [
    ...[...given.trades].flatMap(([no, { paidAt, total }]) =>
      isOfDay(paidAt) ? [line(paidAt, no, 'SUCCESS', total)] : [],
    ),
    ...[...given.refunds].flatMap(([no, refund]) =>
      isOfDay(refund.at) ? [line(refund.at, refund.tradeNo, 'REFUND', refund.total, { no, ...refund })] : [],
    ),
  ];
  if (lines.length === 0) return null;
  const sums = [String(lines.length), '0.00', '0.00', '0.00', '0.00000', '0.00', '0.00'].map((value) => `\`${value}`);
  return `\uFEFF${[HEADS, ...lines, SUM_HEADS, sums.join(',')].join('\r\n')}\r\n`;
}
