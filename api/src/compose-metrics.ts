/**
 * What the database says of work that waits, read when metrics are asked for, and the auditor's look at the books. Without an
 * answer of the database the figures are absent, and `api_ready{check="database"}` says why.
 */
import { Gauge } from 'prom-client';
import { auditBooks } from './compose-audit.ts';
import type { Config } from './config.ts';
import type { Clock, Random } from './platform/clock.ts';
import { createDb, type Db } from './platform/db.ts';
import type { Jobs } from './platform/jobs.ts';
import type { Logger } from './platform/logger.ts';
import type { Metrics } from './platform/metrics.ts';

export const AUDIT_JOB = 'books.audit';
const AUDIT_LOCK = 5_150_077;
const AUDIT_STATEMENT_MS = 600_000;
/** Shorter than health checks and scrapes wait: a database that hangs is one that is away. */
const READ_TIMEOUT_MS = 1_500;

/** Seconds that the oldest piece of work waits longer than it should; 0 when none does. */
interface Waiting {
  outbox_oldest_seconds: number;
  payment_questions_overdue_seconds: number;
  webhook_deliveries_overdue_seconds: number;
  orders_unexpired_overdue_seconds: number;
}
const HELP: Record<keyof Waiting, string> = {
  outbox_oldest_seconds: 'age of the oldest fact that rooms were not told of',
  payment_questions_overdue_seconds: 'a payment without a callback is asked for; how late the latest such question is',
  webhook_deliveries_overdue_seconds: 'how late the latest delivery to a webhook is',
  orders_unexpired_overdue_seconds: 'how long an unpaid order holds stock past its time',
};

export function watchWork(deps: {
  db: Db;
  clock: Clock;
  log: Logger;
  jobs: Jobs;
  metrics: Metrics;
  ready: ReturnType<typeof createReadiness>;
  random: Random;
  config: Pick<Config, 'DATABASE_URL' | 'AUDIT_EVERY_MINUTES'>;
}): void {
  const { db, clock, log, jobs, metrics, config } = deps;
  const registers = [metrics.registry];

  async function read(): Promise<Waiting | undefined> {
    const now = clock.now();
    const [row] = await db.sql<Waiting>`SELECT
      coalesce(extract(epoch FROM ${now}::timestamptz - (SELECT min(created_at) FROM outbox WHERE published_at IS NULL)), 0)::float8 AS outbox_oldest_seconds,
      coalesce(extract(epoch FROM ${now}::timestamptz - (SELECT min(next_query_at) FROM payments WHERE state = 'pending' AND next_query_at <= ${now})), 0)::float8 AS payment_questions_overdue_seconds,
      coalesce(extract(epoch FROM ${now}::timestamptz - (SELECT min(next_try_at) FROM webhook_deliveries WHERE state = 'pending' AND next_try_at <= ${now})), 0)::float8 AS webhook_deliveries_overdue_seconds,
      coalesce(extract(epoch FROM ${now}::timestamptz - (SELECT min(expires_at) FROM orders WHERE state = 'pending_payment' AND expires_at <= ${now})), 0)::float8 AS orders_unexpired_overdue_seconds`;
    return row;
  }

  /** One question for all gauges of a scrape. */
  let asking: Promise<Waiting | undefined> | undefined;
  const waiting = (): Promise<Waiting | undefined> => {
    asking ??= inTime(read(), READ_TIMEOUT_MS)
      .catch(() => undefined)
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  for (const name of Object.keys(HELP) as (keyof Waiting)[]) {
    const gauge: Gauge = new Gauge({
      name,
      help: HELP[name],
      registers,
      async collect() {
        const seconds = (await waiting())?.[name];
        if (seconds === undefined) gauge.remove();
        else gauge.set(Math.max(0, seconds));
      },
    });
  }
  const ready: Gauge = new Gauge({
    name: 'api_ready',
    help: '1 for each thing this process needs and has: the database, the log of the rooms',
    labelNames: ['check'],
    registers,
    async collect() {
      const { checks } = await deps.ready();
      for (const [check, isGood] of Object.entries(checks)) ready.set({ check }, isGood ? 1 : 0);
    },
  });
  const pool: Gauge = new Gauge({
    name: 'database_pool_connections',
    help: 'connections to the database, and callers that wait for one',
    labelNames: ['state'],
    registers,
    collect() {
      const { totalCount, idleCount, waitingCount } = db.pool;
      pool.set({ state: 'busy' }, totalCount - idleCount);
      pool.set({ state: 'idle' }, idleCount);
      pool.set({ state: 'waiting' }, waitingCount);
    },
  });

  if (config.AUDIT_EVERY_MINUTES === 0) return;
  jobs.every(AUDIT_JOB, config.AUDIT_EVERY_MINUTES * 60_000, async (ending) => {
    const found = await auditAlone({ db, config, random: deps.random, ending });
    if (!found) return;
    metrics.differences.set(found.length);
    metrics.auditedAt.set(clock.now().getTime() / 1_000);
    if (found.length > 0) log.error({ differences: found.slice(0, 20), count: found.length }, 'the books do not agree');
  });
}

/** What `/readyz` answers: whether requests may be sent here, and why not. */
export function createReadiness(deps: { db: Db; hasRoomLog: () => boolean; isClosing: () => boolean }) {
  return async (): Promise<{ ready: boolean; checks: Record<string, boolean> }> => {
    const database = await inTime(deps.db.sql`SELECT 1`, READ_TIMEOUT_MS).then(
      () => true,
      () => false,
    );
    // Without its room log this process still sells: it is ready, and says what is missing.
    const checks = { database, roomLog: deps.hasRoomLog(), open: !deps.isClosing() };
    return { ready: database && checks.open, checks };
  };
}

/** Rejects when it takes longer; what was asked goes on by itself. */
async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/**
 * The auditor on connections of its own: it reads everything, so one process at a time, and longer than a request may. `undefined`:
 * another process is at it, or this one ends, which waits for nobody's reading.
 */
async function auditAlone(deps: {
  db: Db;
  config: Pick<Config, 'DATABASE_URL'>;
  random: Random;
  ending: AbortSignal;
}): Promise<string[] | undefined> {
  const { db, ending } = deps;
  if (ending.aborted) return undefined;
  const name = `books ${deps.random.id()}`;
  const books = createDb({
    url: deps.config.DATABASE_URL,
    ...{ poolSize: 2, name, statementMs: AUDIT_STATEMENT_MS, onError: () => undefined },
  });
  let timer: NodeJS.Timeout | undefined;
  const giveUp = () => {
    // Again until it is over: between two statements nobody is there to be stopped.
    timer ??= setInterval(giveUp, 500);
    void db.sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${name}`.catch(
      () => undefined,
    );
  };
  ending.addEventListener('abort', giveUp);
  try {
    const client = await books.pool.connect();
    try {
      const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [AUDIT_LOCK]);
      return rows[0]?.got ? await auditBooks(books) : undefined;
    } finally {
      client.release(true); // and the lock with it
    }
  } catch (error) {
    if (ending.aborted) return undefined;
    throw error;
  } finally {
    ending.removeEventListener('abort', giveUp);
    clearInterval(timer);
    await books.close();
  }
}
