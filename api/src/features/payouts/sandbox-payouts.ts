/**
 * The embedded counterpart for transfers: keeps to its own table and its own connections. A bill waits until its receiver
 * accepts it, as WeChat's does. It has no callbacks: whoever wants to know asks.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import { type PayoutProvider, PayoutRefused, type PayoutStatus } from './provider.ts';

interface Row {
  readonly openid: string;
  readonly amountFen: bigint;
  readonly state: 'waiting' | 'succeeded' | 'failed' | 'cancelled';
  readonly failReason: string | null;
}
export interface SandboxPayouts extends PayoutProvider {
  /** The receiver accepts it, or it cannot be paid out. */
  settle(billNo: string, outcome: 'succeeded' | 'failed'): Promise<PayoutStatus>;
}

export function createSandboxPayouts(deps: { db: Db; clock: Clock }): SandboxPayouts {
  const { db, clock } = deps;

  const read = async (billNo: string): Promise<Row | undefined> =>
    (
      await db.sql<Row>`SELECT openid, amount_fen AS "amountFen", state, fail_reason AS "failReason"
        FROM sandbox_transfers WHERE bill_no = ${billNo}`
    )[0];
  async function statusOf(billNo: string): Promise<PayoutStatus> {
    const row = await read(billNo);
    return {
      state: row?.state ?? 'none',
      providerRef: row ? `SB${billNo}` : null,
      acceptance: row?.state === 'waiting' ? `sandbox:${billNo}` : null,
      failReason: row?.failReason ?? null,
    };
  }
  /** From waiting alone: rivals race by this one statement. */
  async function move(billNo: string, to: Row['state'], failReason: string | null): Promise<void> {
    await db.sql`UPDATE sandbox_transfers SET state = ${to}, fail_reason = ${failReason}, updated_at = ${clock.now()}
      WHERE bill_no = ${billNo} AND state = 'waiting'`;
  }

  return {
    async create({ billNo, amountFen, openId }) {
      if (amountFen <= 0n || !/^[A-Za-z0-9]{1,32}$/.test(billNo)) throw new PayoutRefused('PARAM_ERROR');
      await db.sql`INSERT INTO sandbox_transfers (bill_no, openid, amount_fen, state, created_at, updated_at)
        VALUES (${billNo}, ${openId}, ${amountFen}, 'waiting', ${clock.now()}, ${clock.now()}) ON CONFLICT (bill_no) DO NOTHING`;
      const row = await read(billNo);
      if (row?.openid !== openId || row.amountFen !== amountFen) throw new PayoutRefused('ALREADY_EXISTS');
      return statusOf(billNo);
    },
    query: statusOf,
    async cancel(billNo) {
      await move(billNo, 'cancelled', null);
      return statusOf(billNo);
    },
    async settle(billNo, outcome) {
      await move(billNo, outcome, outcome === 'failed' ? 'RECEIVER_UNREACHABLE' : null);
      return statusOf(billNo);
    },
    async verifyNotification() {
      throw new AppError('unauthenticated', { detail: 'the sandbox sends no callbacks about transfers' });
    },
  };
}
