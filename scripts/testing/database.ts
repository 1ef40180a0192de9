/**
 * A database of its own for a test file: a clone of a template that was migrated once per set of migrations.
 * Needs the server of postgres-global.ts (projects `api`, `scripts` and `e2e` have it).
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { migrate, readMigrations } from '../../api/src/platform/migrate.ts';

export interface TestDatabase {
  readonly url: string;
  /** Removes the database, also when somebody is still connected; idempotent. */
  drop(): Promise<void>;
}

const MIGRATIONS_DIR = join(import.meta.dirname, '../../api/prisma/migrations');
const TEMPLATE_LOCK = 8_214_077; // any number; keeps two test files from making the template twice

/** Clones the migrated template. Takes 50–100 ms; the first call of a run also migrates. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return asAdmin(async (admin) => create(admin, await ensureTemplate(admin)));
}

/** A database without any table. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return asAdmin((admin) => create(admin, 'template0'));
}

async function create(admin: pg.Client, template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  const drop = () => asAdmin((other) => other.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  return { url: databaseUrl(name), drop: async () => void (await drop()) };
}

async function ensureTemplate(admin: pg.Client): Promise<string> {
  const migrations = await readMigrations(MIGRATIONS_DIR);
  const key = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 16);
  const template = `template_${key}`;
  await admin.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rowCount === 0) {
      const building = `${template}_building`;
      await admin.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`);
      await admin.query(`CREATE DATABASE ${building}`);
      await migrate(databaseUrl(building), MIGRATIONS_DIR);
      await admin.query(`ALTER DATABASE ${building} RENAME TO ${template}`);
    }
  } finally {
    await admin.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
  return template;
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl() });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl(name: string): string {
  const url = new URL(adminUrl());
  url.pathname = `/${name}`;
  return url.href;
}

function adminUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (!url)
    throw new Error('no test database server: the vitest project needs globalSetup scripts/testing/postgres-global.ts');
  return url;
}
