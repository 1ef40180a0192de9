import { expect, test } from 'vitest';
import { tradeBill } from '../../../testing/wechat-pay-bill.ts';
import { fenOfYuan, readTradeBill } from './bill.policy.ts';

const no = 'a'.repeat(32);
const at = new Date('2026-11-21T15:59:59Z'); // the last second of the day in China
const given = {
  ...{ day: '2026-11-21', appId: 'wx1', merchantId: '1' },
  trades: new Map([[no, { state: 'REFUND' as const, total: 1_999_901, refunded: 1, paidAt: at, body: {} }]]),
  refunds: new Map([['RF1', { tradeNo: no, refund: 1, total: 1_999_901, at, status: 'SUCCESS' as const }]]),
};
const bill = () => tradeBill(given) ?? '';

test('M1 amounts are exact, a comma in a name is no column, times are China’s', () => {
  expect(readTradeBill(bill()).lines).toEqual([
    { kind: 'payment', number: no, amountFen: 1_999_901n, state: 'captured', providerRef: `42${'a'.repeat(20)}` },
    { kind: 'refund', number: 'RF1', amountFen: 1n, state: 'refund_succeeded', providerRef: '501' },
  ]);
  expect(tradeBill({ ...given, day: '2026-11-22' })).toBeNull();
});

test('what is cut short, or lacks a column is refused', () => {
  const lines = bill().split('\r\n');
  expect(() => readTradeBill(lines.slice(0, 2).join('\r\n'))).toThrow('not whole');
  expect(() => readTradeBill([lines[0], lines[1], ...lines.slice(3)].join('\r\n'))).toThrow('1 lines and counts 2');
  expect(() => readTradeBill(bill().replace('商户退款单号', '别的'))).toThrow('no column');
  expect(() => readTradeBill('<html>error</html>')).toThrow('not whole');
});

test('an odd line is told with its number, and the others are read', () => {
  const [usd, odd] = [bill().replace('`CNY', '`USD'), bill().replace('`ORIGINAL,`SUCCESS', '`ORIGINAL,`ODD')].map(
    readTradeBill,
  );
  expect(usd?.lines.map(({ number }) => number)).toEqual(['RF1']);
  expect(usd?.odd).toEqual([{ line: 2, number: no, why: expect.stringContaining('currency') }]);
  expect(odd?.lines.map(({ number }) => number)).toEqual([no]);
  expect(odd?.odd).toEqual([{ line: 3, number: 'RF1', why: expect.stringContaining('unknown state') }]);
});

test.each([
  ['0', 0n],
  ['0.1', 10n],
  ['0.01', 1n],
  ['12.30', 1_230n],
  ['999999999999.99', 99_999_999_999_999n],
])('%s yuan are %s fen', (yuan, fen) => expect(fenOfYuan(yuan)).toBe(fen));
test.each(['', '-1', '1.234', '1e3', ' 1', '1,000', '.5'])('%j is no amount', (text) => {
  expect(() => fenOfYuan(text)).toThrow(RangeError);
});
