import { reportInviters, reportRoom, reportStores } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { type CsvColumn, sendCsv } from '../../platform/csv.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import { createReportsService, type InviterView, type StoreView } from './reports.service.ts';

const inviterColumns: readonly CsvColumn<InviterView>[] = [
  { title: 'inviter_id', value: (row) => row.inviter.id },
  { title: 'inviter', value: (row) => row.inviter.name },
  { title: 'role', value: (row) => row.role },
  { title: 'org_unit', value: (row) => row.orgUnit?.name },
  { title: 'org_path', value: (row) => row.orgUnit?.path },
  { title: 'visitors', value: (row) => row.visitors },
  { title: 'new_customers', value: (row) => row.newCustomers },
  { title: 'orders', value: (row) => row.orders },
  { title: 'gmv_fen', value: (row) => row.gmvFen },
  { title: 'refunded_fen', value: (row) => row.refundedFen },
  { title: 'commission_fen', value: (row) => row.commissionFen },
  { title: 'conversion_bps', value: (row) => row.conversionBps },
];
const storeColumns: readonly CsvColumn<StoreView>[] = [
  { title: 'org_path', value: (row) => row.orgUnit.path },
  { title: 'store', value: (row) => row.orgUnit.name },
  { title: 'rooms', value: (row) => row.rooms },
  { title: 'live_now', value: (row) => row.liveNow },
  { title: 'visitors', value: (row) => row.visitors },
  { title: 'new_customers', value: (row) => row.newCustomers },
  { title: 'orders', value: (row) => row.orders },
  { title: 'gmv_fen', value: (row) => row.gmvFen },
  { title: 'refunded_fen', value: (row) => row.refundedFen },
];

/** Figures per inviter, store and room (rules A7, K6). */
export function createReports(deps: { db: Db; clock: Clock; bind: Binder }): void {
  const service = createReportsService(deps);
  deps.bind(reportInviters, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return service.inviters(principal, query);
    await sendCsv(res, 'inviters.csv', inviterColumns, await service.allInviters(principal, query));
    return written;
  });
  deps.bind(reportStores, async ({ principal, query, res }) => {
    const report = await service.stores(principal, query);
    if (query.format !== 'csv') return report;
    await sendCsv(res, 'stores.csv', storeColumns, report.items);
    return written;
  });
  deps.bind(reportRoom, async ({ principal, params }) => service.room(principal, params.id));
}
