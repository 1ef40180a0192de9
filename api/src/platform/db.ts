/**
 * The database: one pg pool under Prisma (model, ordinary reads and writes) and under tagged SQL (transactions that move
 * money or stock, hot statements).
 *
 *   const rows = await db.sql<{ id: string }>`SELECT id FROM orders WHERE person_id = ${me}`;
 *   await db.transaction(async (tx) => { await tx`UPDATE …`; tx.afterCommit(() => …); });
 *
 * Values are always parameters. int8 comes back as bigint (rule M1), timestamptz as Date, jsonb parsed. Statements are
 * prepared under a name made from their text. Serialisation failures and deadlocks are tried again, everything else is not.
 */
import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../generated/prisma/client.ts';

const INT8_OID = 20;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 5_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 15_000;
const TRANSACTION_TRIES = 5;

type Row = Record<string, unknown>;
export type Sql = <T extends object = Row>(
  strings: TemplateStringsArray,
  ...values: readonly unknown[]
) => Promise<T[]>;
export interface Tx extends Sql {
  /** Runs once the transaction has committed; failures are reported, never thrown. */
  afterCommit(work: () => void | Promise<void>): void;
  /** What a later step stores as its parent (tracing.ts); undefined: nothing is traced here. */
  traceparent(): string | undefined;
}
export interface Db {
  /** Made when it is asked for the first time. */
  readonly prisma: PrismaClient;
  readonly sql: Sql;
  readonly pool: pg.Pool;
  transaction<T>(
    work: (tx: Tx) => Promise<T>,
    options?: { isolation?: 'read committed' | 'repeatable read' | 'serializable' },
  ): Promise<T>;
  close(): Promise<void>;
}

const names = new WeakMap<TemplateStringsArray, { text: string; name: string }>();
function statement(strings: TemplateStringsArray): { text: string; name: string } {
  const known = names.get(strings);
  if (known) return known;
  const text = strings.reduce((sql, part, i) => (i === 0 ? part : `${sql}$${i}${part}`), '');
  const made = { text, name: createHash('sha1').update(text).digest('base64url').slice(0, 20) };
  names.set(strings, made);
  return made;
}

const toParameter = (value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString();
  if (
    value !== null &&
    typeof value === 'object' &&
    !(value instanceof Date) &&
    !Array.isArray(value) &&
    !Buffer.isBuffer(value)
  ) {
    return JSON.stringify(value);
  }
  return value;
};

function sqlOn(client: pg.Pool | pg.PoolClient): Sql {
  return async <T extends object>(strings: TemplateStringsArray, ...values: readonly unknown[]) => {
    const { text, name } = statement(strings);
    const result = await client.query({ text, name, values: values.map(toParameter) });
    return result.rows as T[];
  };
}

/** SQLSTATE of a failed statement, for example `23505` (unique violation) or `23514` (check violation). */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.constraint : undefined;
}
const worthAnotherTry = (error: unknown) => ['40001', '40P01'].includes(sqlState(error) ?? '');

/** How long somebody waits for a connection where nothing else is said. */
const WAIT_MS = 5_000;

export function createDb(options: {
  url: string;
  poolSize: number;
  /** How long somebody waits for a connection. */
  waitMs?: number;
  /** How long one statement may take. */
  statementMs?: number;
  /** How the server knows its connections (`pg_stat_activity.application_name`). */
  name?: string;
  /** traceparent of what runs now. */
  here?: () => string | undefined;
  onError: (error: unknown) => void;
}): Db {
  const here = options.here ?? (() => undefined);
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    connectionTimeoutMillis: options.waitMs ?? WAIT_MS,
    statement_timeout: options.statementMs ?? STATEMENT_TIMEOUT_MS,
    ...(options.name !== undefined && { application_name: options.name }),
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    types: {
      getTypeParser: ((oid: number, format: 'text' | 'binary') =>
        oid === INT8_OID && format !== 'binary'
          ? BigInt
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  });
  pool.on('error', options.onError); // an idle connection that the server ended; the pool replaces it
  // One that ends between two queries of whoever holds it is told by the next query; nobody listening would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  let prisma: PrismaClient | undefined;

  async function once<T>(work: (tx: Tx) => Promise<T>, isolation: string): Promise<T> {
    const client = await pool.connect();
    const after: (() => void | Promise<void>)[] = [];
    let broken: Error | undefined;
    const lost = (error: Error) => {
      broken = error;
    };
    client.on('error', lost);
    try {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      const tx = Object.assign(sqlOn(client), {
        afterCommit: (done: () => void | Promise<void>) => void after.push(done),
        traceparent: here,
      });
      const result = await work(tx);
      await client.query('COMMIT');
      for (const done of after) void Promise.resolve().then(done).catch(options.onError);
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure;
      });
      throw error;
    } finally {
      client.off('error', lost);
      client.release(broken);
    }
  }

  return {
    get prisma() {
      prisma ??= new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) });
      return prisma;
    },
    pool,
    sql: sqlOn(pool),
    async transaction(work, { isolation = 'read committed' } = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work, isolation);
        } catch (error) {
          if (attempt >= TRANSACTION_TRIES || !worthAnotherTry(error)) throw error;
        }
      }
    },
    async close() {
      await prisma?.$disconnect();
      await pool.end();
    },
  };
}
