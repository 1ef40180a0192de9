/** Reports beside those of inviters and stores: scope, range, one snapshot, then the statement. */
import type {
  QueryOf,
  ReplyOf,
  reportAcquisition,
  reportBreakdown,
  reportCohorts,
  reportFunnel,
  reportGuides,
  reportSegments,
} from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { requireScope, type StaffPrincipal } from '../../platform/principal.ts';
import { readBreakdown } from './dimensions.ts';
import { readGuides } from './guides.ts';
import { readAcquisition, readCohorts, readFunnel } from './people-reports.ts';
import { type ReportReading, rangeOf } from './reading.ts';
import { roomPath } from './reports.repository.ts';
import { readSegments } from './segments.ts';

export function createMoreReports({ clock, reading }: { clock: Clock; reading: ReportReading }) {
  type Asked = { from?: string | undefined; to?: string | undefined; orgUnitId?: string | undefined };
  /** @throws AppError invalid_request for a range that is not of whole days in China, unavailable while all is counted anew */
  async function days(principal: StaffPrincipal, query: Asked) {
    const scope = await reading.scopeOf(principal, query.orgUnitId);
    const range = rangeOf(query);
    const { period, at } = await reading.wholeDays(range);
    return { scope, range, period, at };
  }
  return {
    async guides(
      principal: StaffPrincipal,
      query: QueryOf<typeof reportGuides>,
    ): Promise<ReplyOf<typeof reportGuides>> {
      const { at, ...asked } = await days(principal, query);
      const items = await reading.inReport((tx) => readGuides(tx, { ...asked, now: clock.now() }));
      return { at: at.toISOString(), items };
    },
    async breakdown(
      principal: StaffPrincipal,
      query: QueryOf<typeof reportBreakdown>,
    ): Promise<ReplyOf<typeof reportBreakdown>> {
      const { at, scope, ...asked } = await days(principal, query);
      const items = await reading.inReport((tx) => readBreakdown(tx, query.by, { ...asked, scope: scope.path }));
      return { at: at.toISOString(), items };
    },
    async funnel(
      principal: StaffPrincipal,
      query: QueryOf<typeof reportFunnel>,
    ): Promise<ReplyOf<typeof reportFunnel>> {
      const { at, scope, ...asked } = await days(principal, query);
      return {
        at: at.toISOString(),
        ...(await reading.inReport((tx) => readFunnel(tx, { ...asked, scope: scope.path }))),
      };
    },
    async acquisition(
      principal: StaffPrincipal,
      query: QueryOf<typeof reportAcquisition>,
    ): Promise<ReplyOf<typeof reportAcquisition>> {
      const { at, scope, ...asked } = await days(principal, query);
      return {
        at: at.toISOString(),
        ...(await reading.inReport((tx) => readAcquisition(tx, { ...asked, scope: scope.path }))),
      };
    },
    async cohorts(
      principal: StaffPrincipal,
      query: QueryOf<typeof reportCohorts>,
    ): Promise<ReplyOf<typeof reportCohorts>> {
      const scope = await reading.scopeOf(principal, query.orgUnitId);
      const at = await reading.countedAt();
      const asked = { scope: scope.path, scopeId: scope.id, of: query.of, months: query.months, now: clock.now() };
      return { at: at.toISOString(), items: await reading.inReport((tx) => readCohorts(tx, asked)) };
    },
    async segments(principal: StaffPrincipal, roomId: string): Promise<ReplyOf<typeof reportSegments>> {
      const now = clock.now();
      const items = await reading.inReport(async (tx) => {
        const path = await roomPath(tx, roomId);
        if (path === undefined) throw new AppError('not_found');
        requireScope(principal, 'reports:read', path);
        return readSegments(tx, roomId, now);
      });
      return { at: now.toISOString(), items };
    },
  };
}
