import {
  createExport,
  exportFile,
  listExports,
  reportAcquisition,
  reportBreakdown,
  reportCohorts,
  reportFunnel,
  reportGuides,
  reportInviters,
  reportRoom,
  reportRows,
  reportScreen,
  reportSegments,
  reportStores,
} from '@walnut-live/contracts';
import type { Response } from 'express';
import type { Clock, Random } from '../../platform/clock.ts';
import { type CsvColumn, sendCsv, sendParts } from '../../platform/csv.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import type { Db } from '../../platform/db.ts';
import { type Binder, written } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { sendPersonalCsv } from '../../platform/personal-csv.ts';
import type { Tracing } from '../../platform/tracing.ts';
import * as columns from './columns.ts';
import { createReportExports } from './exports.ts';
import { createReportKeeping, scheduleReportKeeping } from './keeping.ts';
import { createMoreReports } from './more-reports.service.ts';
import { createReportReading } from './reading.ts';
import { createReportsService } from './reports.service.ts';
import { pickRows, rowView } from './rows.ts';
import { readScreen } from './screen.ts';

export { EXPORTS_JOB } from './exports.ts';
export { createReportKeeping, REPORTS_JOB } from './keeping.ts';
/** The figures without roll-ups, for comparison. */
export { inviterFigures as plainInviterFigures } from './reports.repository.ts';

export interface ReportsDeps {
  readonly bind: Binder;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly jobs: Jobs;
  readonly tracing: Tracing;
  /** People connected to a room now. */
  readonly viewersNow: (roomId: string) => number;
}

/** What everybody and everything brought (rules A7, K6, N1, Z6, Z8). */
export function createReports(deps: ReportsDeps): void {
  const { bind, clock } = deps;
  const keeping = createReportKeeping(deps);
  scheduleReportKeeping(deps.jobs, keeping);
  const reading = createReportReading({ ...deps, keeping });
  const service = createReportsService({ ...deps, reading });
  const more = createMoreReports({ clock, reading });
  const files = createReportExports({ ...deps, reading });

  /** Figures of units and things; those that name people go through `sendPersonalCsv`. */
  async function answer<Row, Reply extends { items: readonly Row[] }>(
    res: Response,
    format: 'json' | 'csv' | undefined,
    name: string,
    all: readonly CsvColumn<Row>[],
    reply: Reply,
  ): Promise<Reply | typeof written> {
    if (format !== 'csv') return reply;
    await sendCsv(res, `${name}.csv`, all, reply.items);
    return written;
  }

  bind(reportInviters, async ({ principal, query, res }) => {
    if (query.format !== 'csv') return service.inviters(principal, query);
    const { format: _, ...filter } = query;
    await sendPersonalCsv(res, deps, {
      ...{ by: principal, target: 'inviters', filter, fileName: 'inviters.csv', columns: columns.inviterColumns },
      rows: await service.allInviters(principal, query),
    });
    return written;
  });
  bind(reportStores, async ({ principal, query, res }) =>
    answer(res, query.format, 'stores', columns.storeColumns, await service.stores(principal, query)),
  );
  bind(reportRoom, async ({ principal, params }) => service.room(principal, params.id));
  bind(reportGuides, async ({ principal, query, res }) =>
    answer(res, query.format, 'guides', columns.guideColumns, await more.guides(principal, query)),
  );
  bind(reportBreakdown, async ({ principal, query, res }) =>
    answer(res, query.format, query.by, columns.breakdownColumns, await more.breakdown(principal, query)),
  );
  bind(reportFunnel, async ({ principal, query, res }) =>
    answer(res, query.format, 'funnel', columns.funnelColumns, await more.funnel(principal, query)),
  );
  bind(reportSegments, async ({ principal, params, query, res }) =>
    answer(res, query.format, 'segments', columns.segmentColumns, await more.segments(principal, params.id)),
  );
  bind(reportCohorts, async ({ principal, query, res }) =>
    answer(res, query.format, query.of, columns.cohortColumns(query.months), await more.cohorts(principal, query)),
  );
  bind(reportAcquisition, async ({ principal, query, res }) =>
    answer(res, query.format, 'acquisition', columns.acquisitionColumns, await more.acquisition(principal, query)),
  );
  bind(reportRows, async ({ principal, query }) => {
    const { cursor, limit, orgUnitId, ...filter } = query;
    const scope = await reading.scopeOf(principal, orgUnitId);
    const after = decodeTimeCursor(cursor);
    const found = await reading.inReport((tx) => pickRows(tx, { ...filter, scope: scope.path }, after, limit + 1));
    const { rows, nextCursor } = cutPage(found, limit, encodeTimeCursor);
    return { items: rows.map((row) => rowView(principal, row)), nextCursor };
  });
  bind(reportScreen, async ({ principal, query }) => {
    const scope = await reading.scopeOf(principal, query.orgUnitId);
    const at = await reading.countedAt();
    const { viewersNow } = deps;
    return {
      at: at.toISOString(),
      ...(await reading.inReport((tx) => readScreen(tx, { scope, now: clock.now(), viewersNow }))),
    };
  });
  bind(createExport, ({ principal, body }) => files.create(principal, body));
  bind(listExports, ({ principal }) => files.mine(principal));
  bind(exportFile, async ({ principal, params, res }) => {
    const { name, parts } = await files.file(principal, params.id);
    res.status(200).type('text/csv; charset=utf-8');
    res.set({ 'Content-Disposition': `attachment; filename="${name}"`, 'Cache-Control': 'no-store' });
    await sendParts(res, parts);
    return written;
  });
}
