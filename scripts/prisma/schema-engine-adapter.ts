/** Prisma's pg driver adapter, mended for what the schema engine asks of it. */
import { randomUUID } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** The catalogue's internal one-byte type, which the adapter refuses. */
const CHAR_OID = 18;
const TEXT_OID = 25;
const PRISMA_PARAMETERS = ['schema', 'connection_limit', 'pool_timeout', 'pgbouncer'];

type Connection = Awaited<ReturnType<PrismaPg['connect']>>;
interface RawResult {
  fields: { dataTypeID: number }[];
}
interface Queryable {
  performIO(query: unknown): Promise<RawResult>;
  queryRaw(query: unknown): Promise<{ columnTypes: number[] }>;
}

/** A connection string without the parameters that only Prisma knows. */
export function plainUrl(url: string): string {
  const plain = new URL(url);
  for (const name of PRISMA_PARAMETERS) plain.searchParams.delete(name);
  return plain.href;
}

/** Fetches the one-byte type as text and hands it over as a character. */
function readCharacters<T>(connection: T): T {
  const patched = connection as T & Queryable;
  const performIO = patched.performIO.bind(patched);
  const queryRaw = patched.queryRaw.bind(patched);
  let columns: number[] = [];
  patched.performIO = async (query) => {
    const result = await performIO(query);
    columns = result.fields.flatMap((field, index) => (field.dataTypeID === CHAR_OID ? [index] : []));
    for (const index of columns) (result.fields[index] ?? { dataTypeID: 0 }).dataTypeID = TEXT_OID;
    return result;
  };
  patched.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const index of columns) result.columnTypes[index] = ColumnTypeEnum.Character;
    return result;
  };
  return patched;
}

/** The adapter factory for a database and its shadow, which is made when needed and dropped afterwards. */
export function adapterFactory(url: string, shadowUrl: string | undefined) {
  const schema = new URL(url).searchParams.get('schema') ?? 'public';

  async function connect(
    connectionString: string,
    onDispose: () => Promise<unknown> = async () => {},
  ): Promise<Connection> {
    const pool = new pg.Pool({ connectionString, max: 1 });
    const inner = readCharacters(await new PrismaPg(pool, { schema, disposeExternalPool: false }).connect());
    // The adapter splits a script at every semicolon, which breaks function bodies; run it whole.
    inner.executeScript = async (script) => {
      await pool.query(script);
    };
    const startTransaction = inner.startTransaction.bind(inner);
    inner.startTransaction = async (...args) => readCharacters(await startTransaction(...args));
    inner.dispose = async () => {
      await pool.end();
      await onDispose();
    };
    return inner;
  }

  async function connectToShadowDb(): Promise<Connection> {
    const name = `prisma_migrate_shadow_db_${randomUUID()}`;
    const admin = new pg.Client({ connectionString: plainUrl(url) });
    await admin.connect();
    await admin.query(`CREATE DATABASE "${name}"`);
    const address = new URL(plainUrl(shadowUrl ?? url));
    address.pathname = `/${name}`;
    return connect(address.href, async () => {
      await admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      await admin.end();
    });
  }

  return {
    provider: 'postgres' as const,
    adapterName: '@prisma/adapter-pg' as const,
    connect: () => connect(plainUrl(url)),
    connectToShadowDb,
  };
}
