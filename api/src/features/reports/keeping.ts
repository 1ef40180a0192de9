/**
 * Keeps the roll-ups of the reports behind the facts.
 *
 * Model: facts put the ids of those concerned into `report_news` in their own transaction (triggers of migration 0350). One process at
 * a time takes some and makes `report_visits` and `report_parts` say of them what is true now; what changed by that is added to the
 * sums. So a fact that is told twice, late or out of order changes nothing but what it should.
 * Invariants: sums and returns are what visits and parts add up to, in every committed state; who writes a fact waits for nobody here.
 * What was counted of days whose touches a retention policy has taken stays as it was counted (`report_state.swept_to`).
 * After an upgrade from before there were roll-ups all is counted by the job, as when a unit or room moves.
 * When a unit or room goes elsewhere in the tree, scopes are no longer those that were counted by: all is counted anew, and until then
 * reports are read from the facts themselves.
 */
import type { Clock } from '../../platform/clock.ts';
import { type Db, type Sql, sqlState, type Tx } from '../../platform/db.ts';
import type { Jobs } from '../../platform/jobs.ts';
import { type Tracing, untraced } from '../../platform/tracing.ts';
import { readTracesOfOrders } from '../payments/index.ts';

/** The one who writes the roll-ups; any number that is used for nothing else. */
const ROLLUP_LOCK = 5_150_035;
const BATCH = 500;
const EVERY_MS = 1_000;
/** How long a reader waits for another process that is counting. */
const READER_WAITS_MS = 1_500;
const LOCK_NOT_AVAILABLE = '55P03';
export const REPORTS_JOB = 'reports: news';

export interface Drift {
  readonly what: string;
  /** Rows that should be there and are not, or are otherwise. */
  readonly missing: number;
  readonly wrong: number;
}

export function createReportKeeping({ db, clock, tracing = untraced }: { db: Db; clock: Clock; tracing?: Tracing }) {
  async function lock(tx: Tx, wait: boolean): Promise<boolean> {
    if (wait) {
      await tx`SELECT set_config('lock_timeout', ${String(READER_WAITS_MS)}, true)`;
      await tx`SELECT pg_advisory_xact_lock(${ROLLUP_LOCK})`;
      return true;
    }
    const [row] = await tx<{ got: boolean }>`SELECT pg_try_advisory_xact_lock(${ROLLUP_LOCK}) AS got`;
    return row?.got === true;
  }

  /** Everybody by who they are now. */
  const rootsOf = async (tx: Tx, ids: readonly string[]): Promise<string[]> => {
    const rows = await tx<{ id: string }>`
      WITH told AS (SELECT DISTINCT unnest(${ids}::uuid[]) AS id)
      SELECT id FROM told UNION SELECT p.merged_into FROM told JOIN people p USING (id) WHERE p.merged_into IS NOT NULL`;
    return rows.map(({ id }) => id);
  };

  /** One turn; answers how many were taken. */
  const followSome = (wait: boolean): Promise<number> =>
    db.transaction(async (tx) => {
      if (!(await lock(tx, wait))) return 0;
      const now = clock.now();
      const news = await tx<{ kind: 'p' | 'o'; id: string }>`
        DELETE FROM report_news WHERE seq IN (SELECT seq FROM report_news ORDER BY seq LIMIT ${BATCH}) RETURNING kind, id`;
      if (news.length === 0) return 0;
      const people = news.filter(({ kind }) => kind === 'p').map(({ id }) => id);
      const orders = [...new Set(news.filter(({ kind }) => kind === 'o').map(({ id }) => id))];
      if (people.length > 0) {
        const ids = await rootsOf(tx, people);
        await tx`SELECT report_settle_visits(${ids}::uuid[])`;
        await tx`SELECT report_settle_parts('n', ${ids}::uuid[])`;
      }
      if (orders.length > 0) {
        const traces = tracing.on ? await readTracesOfOrders(tx, orders, now) : undefined;
        await tracing.each(
          'reports.roll-up',
          orders.map((id) => traces?.get(id)),
          () => tx`SELECT report_settle_parts('o', ${orders}::uuid[])`,
          { kind: 'consumer', facts: { 'walnut.together': orders.length } },
        );
      }
      await tx`UPDATE report_state SET counted_at = ${now} WHERE id = 1`;
      return news.length;
    });

  async function follow(wait = false): Promise<void> {
    while ((await followSome(wait)) >= BATCH);
  }

  const hasMoved = async (sql: Sql): Promise<boolean> => {
    const [state] = await sql<{ moved: boolean }>`SELECT moved_at IS NOT NULL AS moved FROM report_state`;
    return state?.moved === true;
  };

  async function rebuild(repair: boolean, onlyMoved = false): Promise<Drift[]> {
    return db.transaction(async (tx) => {
      await tx`SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true),
        set_config('work_mem', '256MB', true), set_config('jit', 'off', true)`;
      await tx`SELECT pg_advisory_xact_lock(${ROLLUP_LOCK})`;
      if (onlyMoved && !(await hasMoved(tx))) return []; // another process has done it meanwhile
      const rows = await tx<{ what: string; missing: bigint; wrong: bigint }>`
        SELECT what, missing, wrong FROM rebuild_reports(${clock.now()}::timestamptz, ${repair})`;
      return rows.map(({ what, missing, wrong }) => ({ what, missing: Number(missing), wrong: Number(wrong) }));
    });
  }

  return {
    follow,
    /**
     * Counts everything from the facts while others read what was before, answers what differed, and with `repair` makes it right.
     * Ten million touches take some minutes; the connection must allow statements that long.
     */
    rebuild: (repair: boolean) => rebuild(repair),
    /** A turn of the job. */
    async turn(): Promise<void> {
      if (await hasMoved(db.sql)) await rebuild(true, true);
      await follow();
    },
    /**
     * For a reader: what was committed before is counted now, unless another process has been counting for long. Answers the moment
     * the roll-ups are of; null when they cannot be used.
     */
    async upToDate(): Promise<Date | null> {
      const now = clock.now();
      const [state] = await db.sql<{ news: boolean; moved: boolean; countedAt: Date }>`
        SELECT EXISTS (SELECT FROM report_news) AS news, moved_at IS NOT NULL AS moved, counted_at AS "countedAt" FROM report_state`;
      if (!state || state.moved) return null;
      if (!state.news) return now;
      try {
        await follow(true);
        return now;
      } catch (error) {
        if (sqlState(error) === LOCK_NOT_AVAILABLE) return state.countedAt;
        throw error;
      }
    },
  };
}
export type ReportKeeping = ReturnType<typeof createReportKeeping>;

export const scheduleReportKeeping = (jobs: Jobs, keeping: ReportKeeping): void =>
  void jobs.every(REPORTS_JOB, EVERY_MS, keeping.turn);
