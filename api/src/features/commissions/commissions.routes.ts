import {
  getCommissionEntry,
  listCommissionBonuses,
  listCommissions,
  myCommissionEntry,
  myEarnings,
} from '@walnut-live/contracts';
import type { Clock, Random } from '../../platform/clock.ts';
import type { CsvColumn } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { CommissionsService, EntryView } from './commissions.service.ts';

const columns: readonly CsvColumn<EntryView>[] = [
  { title: 'at', value: (entry) => entry.at },
  { title: 'order_no', value: (entry) => entry.orderNo },
  { title: 'item', value: (entry) => entry.itemTitle },
  { title: 'beneficiary_id', value: (entry) => entry.beneficiary.id },
  { title: 'beneficiary', value: (entry) => entry.beneficiary.name },
  { title: 'store', value: (entry) => entry.store.name },
  { title: 'level', value: (entry) => entry.level },
  { title: 'event', value: (entry) => entry.event },
  { title: 'basis_fen', value: (entry) => entry.basisFen },
  { title: 'rate_bps', value: (entry) => entry.bps },
  { title: 'amount_fen', value: (entry) => entry.amountFen },
  { title: 'rule_version', value: (entry) => entry.ruleVersion },
  { title: 'state', value: (entry) => entry.state },
];

export function bindCommissions(
  bind: Binder,
  deps: { db: Db; clock: Clock; random: Random },
  service: CommissionsService,
): void {
  bind(listCommissions, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return service.list(principal, query);
    const { beneficiaryId, orderId, state } = query;
    const filter = { beneficiaryId, orderId, state };
    await sendPersonalCsv(res, deps, {
      ...{ by: principal, target: 'commissions', filter, fileName: 'commissions.csv', columns },
      rows: service.all(principal, filter),
    });
    return written;
  });
  bind(myEarnings, async ({ principal, query }) => service.earnings(principal, query));
  bind(myCommissionEntry, async ({ principal, params }) => service.mine(principal, params.id));
  bind(getCommissionEntry, async ({ principal, params }) => service.entry(principal, params.id));
  bind(listCommissionBonuses, async ({ principal, query }) => service.bonuses(principal, query));
}
