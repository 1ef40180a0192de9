/** What the parts of WeChat Pay's counterpart share. */

export interface Trade {
  state: 'NOTPAY' | 'PAYERROR' | 'SUCCESS' | 'REFUND' | 'CLOSED';
  total: number;
  refunded: number;
  paidAt?: Date;
  body: Record<string, unknown>;
}
export interface Refund {
  tradeNo: string;
  refund: number;
  total: number;
  at: Date;
  status: 'SUCCESS' | 'PROCESSING' | 'ABNORMAL' | 'CLOSED';
}
export type Reply = { status: number; body?: unknown; raw?: Buffer; unsigned?: boolean };

export const refuse = (status: number, code: string, message = code): Reply => ({
  status,
  body: { code, message },
  unsigned: true,
});
