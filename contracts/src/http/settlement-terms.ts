/** What settlement and withdrawal go by: minimum and caps, tax, and who collects for which store. */
import { z } from 'zod';
import { Bps } from '../money.ts';
import { Instant, MAX_INT4, OrgUnitRef, text } from './common.ts';
import { defineRoute } from './route.ts';
import { SettlementMode } from './settlements.ts';

const reason = text(200, 2);
const money = z.int().min(0).max(10_000_000_000);
/** Income tax on individual labour income, as data: what is exempt, what is deducted, and the bands of what is left. */
export const WithholdingRule = z
  .strictObject({
    appliesTo: z.enum(['consumers', 'nobody']),
    exemptFen: money,
    deductUntilFen: money,
    deductFen: money,
    deductBps: Bps,
    /** In rising order; the last whose `overFen` is below counts: taxable × rate − quick deduction. */
    bands: z
      .array(z.strictObject({ overFen: money, bps: Bps, quickFen: money }))
      .min(1)
      .max(10),
  })
  .meta({ id: 'WithholdingRule' });
export type WithholdingRule = z.infer<typeof WithholdingRule>;
const terms = {
  minimumFen: money.min(1),
  dayCapFen: money.min(1),
  dayTransfers: z.int().min(1).max(100),
  realNameFromFen: money.min(1),
  withholding: WithholdingRule,
};
export const SettlementTerms = z
  .object({ version: z.int(), ...terms, effectiveFrom: Instant, reason: z.string() })
  .meta({ id: 'SettlementTerms' });
export const getSettlementTerms = defineRoute({
  tag: 'commission',
  id: 'settlement-terms.get',
  method: 'GET',
  path: '/settlement-terms',
  access: { staff: 'payouts:read' },
  summary: 'The terms in force',
  reply: SettlementTerms,
});
export const putSettlementTerms = defineRoute({
  tag: 'commission',
  id: 'settlement-terms.put',
  method: 'PUT',
  path: '/settlement-terms',
  access: { staff: 'settlements:approve' },
  summary:
    'New terms from now on; audited. seenVersion: the terms that were looked at, 409 when others are in force meanwhile',
  body: z.strictObject({ ...terms, reason, seenVersion: z.int().min(1).max(MAX_INT4) }),
  reply: SettlementTerms,
  errors: ['invalid_request', 'state_conflict'],
});
export const SettlementModeRow = z
  .object({ store: OrgUnitRef, mode: SettlementMode, hqShareBps: Bps, since: Instant.nullable() })
  .meta({ id: 'StoreSettlementMode' });
export const listSettlementModes = defineRoute({
  tag: 'commission',
  id: 'settlement-modes.list',
  method: 'GET',
  path: '/settlement-modes',
  access: { staff: 'settlements:read' },
  summary: 'Who collects the money of which store, and headquarters’ share, within my scope',
  reply: z.object({ items: z.array(SettlementModeRow) }),
});
export const putSettlementMode = defineRoute({
  tag: 'commission',
  id: 'settlement-modes.put',
  method: 'PUT',
  path: '/settlement-modes/:id',
  access: { staff: 'settlements:approve' },
  summary: 'Who collects the money of this store from its next statement on; audited',
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({ mode: SettlementMode, hqShareBps: Bps, reason }),
  reply: SettlementModeRow,
  errors: ['not_found'],
});
export const exportWithholding = defineRoute({
  tag: 'commission',
  id: 'settlements.withholding',
  method: 'GET',
  path: '/withholding',
  access: { staff: 'payouts:read' },
  summary: 'Income tax withheld in a month of China, per person, as CSV with real names; audited',
  produces: ['text/csv'],
  query: z.strictObject({ month: z.string().regex(/^20\d{2}-(0[1-9]|1[0-2])$/) }),
  reply: z.string(),
});
