/** How reports are read: scope, one snapshot, and from the roll-ups where they say the same as the facts. */
import { isWithin } from '@walnut-live/contracts';
import type { Clock } from '../../platform/clock.ts';
import type { Db, Tx } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { StaffPrincipal } from '../../platform/principal.ts';
import type { ReportKeeping } from './keeping.ts';
import { type Period, wholeDays } from './periods.policy.ts';
import * as rows from './reports.repository.ts';
import * as rolled from './rollups.repository.ts';

/** All is counted anew, by a job that is at it or will be within seconds. */
const PREPARING = { retryAfterSeconds: 30, facts: { preparing: true } } as const;

export interface ReportScope {
  readonly id: string;
  readonly path: string;
}
export const rangeOf = (query: { from?: string | undefined; to?: string | undefined }): rows.Range => ({
  from: query.from === undefined ? null : new Date(query.from),
  to: query.to === undefined ? null : new Date(query.to),
});

export function createReportReading({ db, clock, keeping }: { db: Db; clock: Clock; keeping: ReportKeeping }) {
  /**
   * Reads in one snapshot. The same statement serves a week of one store and all of HQ's history, so each run is planned
   * for its own filters (a shared plan was seen to be ten times slower), and may sort in memory and take longer than a
   * statement of the shop.
   */
  const inReport = <T>(read: (tx: Tx) => Promise<T>): Promise<T> =>
    db.transaction(
      async (tx) => {
        await tx`SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
          set_config('work_mem', '64MB', true), set_config('statement_timeout', '30s', true)`;
        return read(tx);
      },
      { isolation: 'repeatable read' },
    );

  /** @throws AppError not_found for a unit that is not within the asker's. */
  async function scopeOf(principal: StaffPrincipal, orgUnitId: string | undefined): Promise<ReportScope> {
    const { orgPath, orgUnitId: own } = principal.staff;
    if (orgUnitId === undefined) return { id: own, path: orgPath };
    const path = await rows.unitPath(db.sql, orgUnitId);
    if (path === undefined || !isWithin(path, orgPath)) throw new AppError('not_found');
    return { id: orgUnitId, path };
  }

  /** The period and the moment the roll-ups are of; undefined when the facts must be read. */
  async function rollups(range: rows.Range): Promise<{ period: Period; at: Date } | undefined> {
    const period = wholeDays(range);
    const at = period && (await keeping.upToDate());
    return period && at ? { period, at } : undefined;
  }

  /** A room's scope is its id, when it is one of the unit's. */
  async function scopeIdOf(tx: Tx, scope: ReportScope, roomId: string | null): Promise<string | undefined> {
    if (roomId === null) return scope.id;
    const path = await rows.roomPath(tx, roomId);
    return path !== undefined && isWithin(path, scope.path) ? roomId : undefined;
  }

  async function ranked(
    tx: Tx,
    filter: rows.InviterFilter & { scopeId: string; period: Period },
    page: { sort: rows.InviterSort; after: rows.InviterCursor | null; limit: number },
  ): Promise<{ page: rows.InviterFigures[]; totals: rows.Figures }> {
    const { scopeId, period, search, inviterId, nameScope } = filter;
    const named = search === null ? null : await rolled.inviterIdsByName(tx, { scopeId, search, nameScope });
    const only = inviterId === null ? named : (named ?? [inviterId]).filter((id) => id === inviterId);
    const asked = { scopeId, period, only };
    const found = await rolled.rankedInviters(tx, asked, page.sort, page.after, page.limit);
    const names = await rolled.namesOf(
      tx,
      found.page.map(({ id }) => id),
      nameScope,
    );
    const visitors = only === null ? found.totals.visitors : await rolled.visitorsOf(tx, asked);
    return {
      page: found.page.flatMap((row) => {
        const name = names.get(row.id);
        return name ? [{ ...row, ...name }] : [];
      }),
      totals: { ...found.totals, visitors },
    };
  }

  return {
    inReport,
    scopeOf,
    rollups,
    /** For what is read from the roll-ups alone. @throws AppError invalid_request, unavailable */
    async wholeDays(range: rows.Range): Promise<{ period: Period; at: Date }> {
      if (!wholeDays(range))
        throw new AppError('invalid_request', { issues: [{ path: '/from', issue: 'whole_days_in_china' }] });
      const counted = await rollups(range);
      if (!counted) throw new AppError('unavailable', PREPARING);
      return counted;
    },
    /** The moment the roll-ups are of. @throws AppError unavailable */
    async countedAt(): Promise<Date> {
      const at = await keeping.upToDate();
      if (!at) throw new AppError('unavailable', PREPARING);
      return at;
    },
    /** A unit with all under it. */
    async unitSums(tx: Tx, scope: ReportScope, period: Period): Promise<rolled.UnitFigures | undefined> {
      return (await rolled.unitFigures(tx, scope.path, period)).find(({ unit }) => unit.id === scope.id);
    },
    /** One page of inviters, the totals of all of them, and the moment the figures are of. */
    async inviters(
      filter: rows.InviterFilter & { scopeId: string },
      page: { sort: rows.InviterSort; after: rows.InviterCursor | null; limit: number },
    ): Promise<{ page: rows.InviterFigures[]; totals: rows.Figures; at: Date }> {
      const counted = await rollups(filter);
      if (!counted) {
        const now = clock.now();
        const found = await inReport((tx) => rows.inviterFigures(tx, filter, page.sort, page.after, page.limit));
        return { ...found, at: now };
      }
      return inReport(async (tx) => {
        const scopeId = await scopeIdOf(tx, { id: filter.scopeId, path: filter.scope }, filter.roomId);
        if (scopeId === undefined) return { page: [], totals: rows.NO_FIGURES, at: counted.at };
        return { ...(await ranked(tx, { ...filter, scopeId, period: counted.period }, page)), at: counted.at };
      });
    },
  };
}
export type ReportReading = ReturnType<typeof createReportReading>;
