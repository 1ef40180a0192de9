/** One entry, to whom it is: why it is what it is. Who looked at it and for what sign of fraud is not theirs to know (rule K7). */
import { fenToWire, type myCommissionEntry, type ReplyOf } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Principal } from '../../platform/principal.ts';
import * as rows from './commissions.repository.ts';
import type { EntryView } from './commissions.service.ts';
import { namesOf } from './my-terms.ts';
import { listRules } from './rules.repository.ts';

/** Of one item: far more than refunds and rulings make. */
const ENTRIES_SHOWN = 1_000;
type Mine = ReplyOf<typeof myCommissionEntry>;

/** What stands before the next step of an entry. */
export function waitsFor(
  entry: Pick<rows.EntryRow, 'state' | 'settleableAt'>,
  order: { inDispute: boolean; isChecked: boolean; isAgainst: boolean },
  at: Date,
): Mine['waitsFor'] {
  const disputed = order.inDispute && !order.isAgainst;
  switch (entry.state) {
    case 'estimated':
      return 'receipt';
    case 'held':
      return 'review';
    case 'frozen':
      if (disputed) return 'dispute';
      return order.isChecked || (entry.settleableAt ?? at) > at ? 'freeze' : 'check';
    case 'settleable':
      return disputed ? 'dispute' : 'settlement';
    case 'claimed':
      return 'payment';
    default:
      return null;
  }
}

/** @throws AppError not_found: there is none, or it is somebody else's */
export async function myEntry(
  deps: { db: Db; clock: Clock; view: (row: rows.EntryRow, name: string) => EntryView },
  principal: Principal,
  id: string,
): Promise<Mine> {
  const at = deps.clock.now();
  return deps.db.transaction(async (tx) => {
    const mine = { scope: null, beneficiaryId: principal.personId, state: null };
    const [entry] = await rows.listEntries(tx, { ...mine, orderId: null, id }, undefined, 1);
    const facts = entry && (await rows.itemFactsOf(tx, id));
    const why = entry && (await rows.whyOf(tx, id));
    if (!entry || !facts || !why) throw new AppError('not_found');
    const of = { itemId: entry.orderItemId, level: entry.level };
    const all = await rows.listEntries(tx, { ...mine, orderId: entry.orderId, of }, undefined, ENTRIES_SHOWN);
    const { trace } = why;
    const [rule] = trace === null ? [] : await listRules(tx, entry.ruleVersion + 1, 1);
    const line = trace?.line === null || trace === null ? undefined : rule?.rates[trace.line];
    const nameOf = await namesOf(tx, line ? [line] : []);
    const view = (row: rows.EntryRow) => deps.view(row, row.beneficiaryName);
    return {
      entry: view(entry),
      item: {
        paidFen: fenToWire(facts.paidFen),
        refundedFen: fenToWire(facts.refundedFen),
        dueFen: fenToWire(all.reduce((sum, { amountFen }) => sum + amountFen, 0n)),
        entries: all.map(view).toReversed(),
      },
      why: trace && {
        creditReason: entry.level === 1 && facts.creditedId === principal.personId ? facts.creditReason : null,
        ...{ role: trace.context.inviterRole, tier: trace.context.tier, memberLevel: trace.context.memberLevel },
        line: line
          ? {
              ...nameOf(line),
              inviterRole: line.inviterRole ?? null,
              minTier: line.minTier ?? null,
              minMemberLevel: line.minMemberLevel ?? null,
            }
          : null,
      },
      waitsFor: waitsFor(entry, facts, at),
      steps: (await rows.stepsOf(tx, id)).map(({ from, to, event, at: when }) => ({
        ...{ from, to, event, at: when.toISOString() },
      })),
    };
  });
}
