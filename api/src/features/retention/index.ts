/**
 * What is too old goes (rule Z1), by policies that headquarters sets: kinds.policy.ts says what, the newest version of a policy how
 * long. A job deletes in small batches, so that nobody waits for a delete; rows that another process is deleting are passed over. A
 * look ahead counts the same rows by the same condition. Each run that deleted something is a row in retention_runs and, for
 * what the law names, in the audit log. A kind that fails waits for itself (retention_troubles) and holds up no other.
 */
import {
  isRetentionKind,
  listRetention,
  listRetentionRuns,
  previewRetention,
  type RetentionKind,
  type RetentionPolicy,
  retentionKinds,
  setRetention,
} from '@walnut-live/contracts';
import { writeAudit } from '../../platform/audit.ts';
import type { Clock, Random } from '../../platform/clock.ts';
import { cutPage, decodeTimeCursor, encodeTimeCursor } from '../../platform/cursor.ts';
import { type Db, type Sql, sqlState } from '../../platform/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { Binder } from '../../platform/http.ts';
import type { Jobs } from '../../platform/jobs.ts';
import type { Logger } from '../../platform/logger.ts';
import { kinds, type Sweep } from './kinds.policy.ts';

export const RETENTION_JOB = 'retention';
const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
const BATCH = 1_000;
/** What nobody waits for may take its time. */
const COUNT_TIMEOUT = '60s';

/** Statements of the sweeps that this feature names, never of a request; `$before` becomes the parameter. */
function statement(
  head: string,
  { old }: Sweep,
  tail: string,
): (sql: Sql, before: Date, rest: readonly unknown[]) => Promise<object[]> {
  const parts = `${head}${old}${tail}`.split(/\$before|\$limit/);
  const strings = Object.assign(parts, { raw: parts }) as unknown as TemplateStringsArray;
  const befores = old.split('$before').length - 1 + (head.split('$before').length - 1);
  return (sql, before, rest) => sql(strings, ...Array.from({ length: befores }, () => before), ...rest);
}
/** The outbox has no index on time: its oldest numbers are looked at, and whether they are old enough. */
const isByNumber = ({ table }: Sweep): boolean => table === 'outbox';
const sweepers = new Map(
  Object.values(kinds)
    .flatMap(({ sweeps }) => sweeps)
    .map((sweep) => {
      const { table, key, erase, age } = sweep;
      const rows = isByNumber(sweep)
        ? `SELECT ${key} FROM (SELECT * FROM ${table} ORDER BY ${key} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) t WHERE `
        : `SELECT ${key} FROM ${table} t WHERE `;
      const act = erase ? `UPDATE ${table} t SET ${erase}` : `DELETE FROM ${table} t`;
      return [
        sweep,
        {
          run: statement(
            `${act} WHERE (${key}) IN (${rows}`,
            sweep,
            isByNumber(sweep) ? ') RETURNING 1 AS gone' : ' LIMIT $limit FOR UPDATE SKIP LOCKED) RETURNING 1 AS gone',
          ),
          count: statement(`SELECT count(*)::int AS rows, min(${age}) AS oldest FROM ${table} t WHERE `, sweep, ''),
        },
      ] as const;
    }),
);

interface PolicyRow {
  kind: string;
  version: number;
  keepDays: number;
  reason: string;
  setBy: string;
  setByName: string;
  setAt: Date;
}

export function createRetention(deps: {
  bind: Binder;
  db: Db;
  clock: Clock;
  random: Random;
  jobs: Jobs;
  log: Logger;
  batch?: number;
}): void {
  const { bind, db, clock, random, batch = BATCH } = deps;

  async function policies(sql: Sql): Promise<RetentionPolicy[]> {
    const rows = await sql<PolicyRow>`
      SELECT DISTINCT ON (r.kind) r.kind, r.version, r.keep_days AS "keepDays", r.reason, r.set_by AS "setBy", p.name AS "setByName",
        r.set_at AS "setAt"
      FROM retention_policies r JOIN people p ON p.id = r.set_by ORDER BY r.kind, r.version DESC`;
    return retentionKinds.map((kind) => {
      const { leastDays, defaultDays, byLaw } = kinds[kind];
      const row = rows.find((each) => each.kind === kind);
      return {
        ...{ kind, leastDays, byLaw, version: row?.version ?? 0, reason: row?.reason ?? '' },
        // What an earlier version of the product let through is not shorter now.
        keepDays: Math.max(leastDays, row?.keepDays ?? defaultDays),
        setBy: row ? { id: row.setBy, name: row.setByName } : null,
        setAt: row?.setAt.toISOString() ?? null,
      };
    });
  }
  async function policy(sql: Sql, kind: RetentionKind): Promise<RetentionPolicy> {
    const found = (await policies(sql)).find((each) => each.kind === kind);
    if (!found) throw new AppError('not_found');
    return found;
  }
  const beforeOf = (keepDays: number): Date => new Date(clock.now().getTime() - keepDays * DAY_MS);

  /** One batch; the transaction names the table, or what is kept by law refuses. */
  const sweepBatch = (sweep: Sweep, before: Date): Promise<number> =>
    db.transaction(async (tx) => {
      await tx`SELECT set_config('walnut.retention', ${sweep.table}, true), set_config('walnut.forgetting', ${sweep.table}, true)`;
      const gone = await sweepers.get(sweep)?.run(tx, before, isByNumber(sweep) ? [] : [batch]);
      return gone?.length ?? 0;
    });

  /** What went is written down also when a later part of the kind fails: it is gone. */
  const record = (kind: RetentionKind, keepDays: number, byLaw: boolean, before: Date, rows: number): Promise<void> =>
    db.transaction(async (tx) => {
      await tx`INSERT INTO retention_runs (id, kind, keep_days, before, rows, at)
        VALUES (${random.id()}, ${kind}, ${keepDays}, ${before}, ${rows}, ${clock.now()})`;
      if (byLaw) {
        await writeAudit(tx, deps, {
          ...{ actorId: null, action: 'retention:swept', target: `retention:${kind}`, orgPath: await hqPath(tx) },
          ...{ reason: 'retention policy', detail: { rows, keepDays, before: before.toISOString() } },
        });
      }
    });

  async function sweepKind({ kind, keepDays, byLaw }: RetentionPolicy): Promise<void> {
    const before = beforeOf(keepDays);
    let rows = 0;
    try {
      for (const sweep of kinds[kind].sweeps) {
        for (let gone = 1; gone > 0; rows += gone) gone = await sweepBatch(sweep, before);
      }
    } finally {
      if (rows > 0) await record(kind, keepDays, byLaw, before, rows);
    }
  }

  deps.jobs.every(RETENTION_JOB, EVERY_MS, async () => {
    const waiting = await db.sql<{
      kind: string;
    }>`SELECT kind FROM retention_troubles WHERE next_try_at > ${clock.now()}`;
    for (const each of await policies(db.sql)) {
      const { kind } = each;
      if (waiting.some((one) => one.kind === kind)) continue;
      try {
        await sweepKind(each);
        await db.sql`DELETE FROM retention_troubles WHERE kind = ${kind}`;
      } catch (error) {
        // A message of the database quotes the row: only its code is kept. Again after one hour, two, four … up to a week.
        const code = sqlState(error) ?? (error instanceof Error ? error.name : 'unknown');
        await db.sql`INSERT INTO retention_troubles AS t (kind, failures, last_error, next_try_at)
          VALUES (${kind}, 1, ${code}, ${clock.now()}::timestamptz + interval '1 hour')
          ON CONFLICT (kind) DO UPDATE SET failures = t.failures + 1, last_error = excluded.last_error,
            next_try_at = ${clock.now()}::timestamptz + least(interval '7 days', interval '1 hour' * power(2, least(t.failures, 10)))`;
        deps.log.error({ err: error, kind }, 'a kind of retention failed, and is tried again later');
      }
    }
  });

  bind(listRetention, async () => ({ items: await policies(db.sql) }));
  bind(previewRetention, async ({ params: { kind }, query }) => {
    const keepDays = query.keepDays ?? (await policy(db.sql, kind)).keepDays;
    requireLongEnough(kind, keepDays);
    const before = beforeOf(keepDays);
    const tables = await db.transaction(async (tx) => {
      await tx`SELECT set_config('statement_timeout', ${COUNT_TIMEOUT}, true)`;
      const counted = [];
      for (const sweep of kinds[kind].sweeps) {
        const [row] = ((await sweepers.get(sweep)?.count(tx, before, [])) ?? []) as {
          rows: number;
          oldest: Date | null;
        }[];
        counted.push({ table: sweep.table, rows: row?.rows ?? 0, oldest: row?.oldest?.toISOString() ?? null });
      }
      return counted;
    });
    return { kind, keepDays, before: before.toISOString(), tables };
  });
  bind(setRetention, ({ principal, params: { kind }, body }) => {
    requireLongEnough(kind, body.keepDays);
    return db.transaction(async (tx) => {
      const now = await policy(tx, kind);
      const version = body.seenVersion + 1;
      const made = await tx`INSERT INTO retention_policies (kind, version, keep_days, reason, set_by, set_at)
        SELECT ${kind}, ${version}, ${body.keepDays}, ${body.reason}, ${principal.personId}, ${clock.now()}
        WHERE ${now.version}::int = ${body.seenVersion} ON CONFLICT DO NOTHING RETURNING version`;
      if (made.length === 0) throw new AppError('state_conflict', { facts: { version: now.version } });
      await writeAudit(tx, deps, {
        ...{ actorId: principal.personId, action: 'retention:set', target: `retention:${kind}`, reason: body.reason },
        ...{ orgPath: principal.staff.orgPath, detail: { from: now.keepDays, to: body.keepDays } },
      });
      return policy(tx, kind);
    });
  });
  bind(listRetentionRuns, async ({ query }) => {
    const after = decodeTimeCursor(query.cursor);
    const found = await db.sql<{ id: string; kind: string; keepDays: number; before: Date; rows: number; at: Date }>`
      SELECT id, kind, keep_days AS "keepDays", before, rows, at FROM retention_runs
      WHERE (${after?.at ?? null}::timestamptz IS NULL OR (at, id) < (${after?.at ?? null}, ${after?.id ?? null}::uuid))
      ORDER BY at DESC, id DESC LIMIT ${query.limit + 1}`;
    const cut = cutPage(found, query.limit, encodeTimeCursor);
    return {
      items: cut.rows.flatMap(({ kind, ...row }) =>
        isRetentionKind(kind) ? [{ ...row, kind, before: row.before.toISOString(), at: row.at.toISOString() }] : [],
      ),
      nextCursor: cut.nextCursor,
    };
  });
}

function requireLongEnough(kind: RetentionKind, keepDays: number): void {
  const { leastDays } = kinds[kind];
  if (keepDays < leastDays)
    throw new AppError('invalid_request', {
      issues: [{ path: '/keepDays', issue: 'too_short' }],
      facts: { leastDays },
    });
}

async function hqPath(sql: Sql): Promise<string> {
  const [hq] = await sql<{ path: string }>`SELECT path FROM org_units WHERE kind = 'hq' ORDER BY path LIMIT 1`;
  return hq?.path ?? '';
}
