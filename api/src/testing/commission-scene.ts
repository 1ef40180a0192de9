/** A brand whose orders are credited by real touches, with what the tests of rules, holds and bonuses ask of it. */
import {
  type CommissionTerms,
  getCommissionRules,
  publishCommissionRules,
  saveCommissionDraft,
} from '@walnut-live/contracts';
import { auditCommissions } from '../features/commissions/index.ts';
import { auditLedger } from '../ledger/index.ts';
import { createAttributedOrders } from './attributed-orders.ts';
import { seedBrand } from './fixtures.ts';
import { startTestApi } from './test-api.ts';
import { visit } from './visits.ts';

export const DAY = 86_400;
export const terms = (part: Partial<CommissionTerms> = {}): CommissionTerms => ({
  ...{
    levelOneBps: 1_000,
    levelTwoBps: 0,
    levelTwoEnabled: false,
    rates: [],
    tiers: [],
    freezeDays: 15,
    lockDays: 30,
    noticeDays: 2,
  },
  ...part,
});

export async function scene() {
  const api = await startTestApi();
  const brand = await seedBrand(api);
  const { db, jobs } = api.api.platform;
  const orders = createAttributedOrders(api);
  const { admin, finance } = brand.staff;
  return {
    ...{ api, brand, db, sql: db.sql, orders, ...brand.consumers },
    run: (job: string) => jobs.runNow(job),
    audit: async () => [...(await auditCommissions(db)), ...(await auditLedger(db)).problems],
    async publish(wanted: CommissionTerms, reason = '旺季调整') {
      const { draft } = await api.ok(getCommissionRules, { as: finance });
      const saved = await api.ok(saveCommissionDraft, {
        as: finance,
        body: { revision: draft?.revision ?? 0, terms: wanted },
      });
      return api.ok(publishCommissionRules, { as: admin, body: { revision: saved.revision, reason } });
    },
    /** A paid order by a link of `sharer`. */
    async sold(
      sharer: typeof brand.consumers.anna,
      buyer: typeof brand.consumers.anna,
      room: typeof brand.rooms.a,
      amounts: readonly number[],
    ) {
      await visit(api, sharer, buyer, room.id);
      const order = await orders.place(buyer, room, amounts);
      await orders.pay(order);
      return order;
    },
    entries: (orderId: string) => db.sql<{
      id: string;
      level: number;
      amount: bigint;
      state: string;
      who: string;
      version: number;
      event: string;
    }>`
      SELECT id, level, amount_fen AS amount, state, beneficiary_id AS who, rule_version AS version, event FROM commission_entries
      WHERE order_id = ${orderId} ORDER BY seq`,
    owed: async (personId: string) =>
      -(
        (
          await db.sql<{
            fen: bigint;
          }>`SELECT balance_fen AS fen FROM ledger_accounts WHERE kind = 'commission_payable' AND owner = ${personId}`
        )[0]?.fen ?? 0n
      ),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
