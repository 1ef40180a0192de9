/**
 * Applies prisma/migrations/<name>/migration.sql with nothing but `pg`.
 *
 * Model: Prisma's own bookkeeping table and advisory lock, so that the Prisma CLI on the same database finds exactly
 * what it would have written itself. Invariants: one migrator at a time; a file is one implicit transaction; a
 * migration that failed, or was edited after it was applied, stops the start instead of running on a wrong schema.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** The advisory lock that Prisma Migrate takes. */
const PRISMA_MIGRATE_LOCK = 72_707_369;

const CREATE_BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`;

/**
 * Migrations that were changed before their release in a way that leaves the same tables behind, with the checksums of before:
 * a database that was made with one of those is told the new checksum and goes on.
 */
const SAME_AS_BEFORE: ReadonlyMap<string, readonly string[]> = new Map([
  ['0350_report_rollups', ['9bcf316badcc23a086dd2b147b374b91bc74d7aef20360a1bdae2ed465428cad']],
  ['0400_holds_of_nothing', ['17ce4d378b400e28975cdce2101c6d5aff567f7ec7c42a6a8741330df661fa9e']],
  ['0401_traces', ['740c4d07434a0bf1dc04b3fd34386e9f9f76104f0febf0bd447a5f85cd1c6ad4']],
]);

interface MigrationRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
  rolled_back_at: Date | null;
}

interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** The migrations in `dir`, oldest first, with the checksum that Prisma would record. */
export async function readMigrations(dir: string): Promise<Migration[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(dir, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Brings the database up to the newest migration and returns the names it applied.
 * @param databaseUrl a `postgresql://` URL; its database must exist
 * @param dir the folder that holds one folder per migration
 * @throws Error when a migration fails, failed earlier, or was edited after it was applied
 */
export async function migrate(databaseUrl: string, dir: string): Promise<string[]> {
  const migrations = await readMigrations(dir);
  const db = new pg.Client({ connectionString: databaseUrl });
  await db.connect();
  try {
    await db.query('SELECT pg_advisory_lock($1)', [PRISMA_MIGRATE_LOCK]);
    await db.query(CREATE_BOOKKEEPING);
    const applied = await appliedChecksums(db);
    const fresh: string[] = [];
    for (const migration of migrations) {
      const known = applied.get(migration.name);
      if (known === undefined) {
        await apply(db, migration);
        fresh.push(migration.name);
      } else if (SAME_AS_BEFORE.get(migration.name)?.includes(known)) {
        await db.query(
          'UPDATE "_prisma_migrations" SET checksum = $1 WHERE migration_name = $2 AND rolled_back_at IS NULL',
          [migration.checksum, migration.name],
        );
      } else if (known !== migration.checksum) {
        throw new Error(
          `migration ${migration.name} was edited after this database was made; use another database or data folder`,
        );
      }
    }
    return fresh;
  } finally {
    await db.end();
  }
}

async function appliedChecksums(db: pg.Client): Promise<Map<string, string>> {
  const { rows } = await db.query<MigrationRow>(
    'SELECT migration_name, checksum, finished_at, rolled_back_at FROM "_prisma_migrations"',
  );
  const failed = rows.find((row) => row.finished_at === null && row.rolled_back_at === null);
  if (failed) throw new Error(`migration ${failed.migration_name} failed earlier; see "prisma migrate resolve"`);
  return new Map(
    rows.filter((row) => row.rolled_back_at === null).map((row) => [row.migration_name, row.checksum] as const),
  );
}

async function apply(db: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  const id = randomUUID();
  await db.query('INSERT INTO "_prisma_migrations" (id, checksum, migration_name) VALUES ($1, $2, $3)', [
    id,
    checksum,
    name,
  ]);
  try {
    // Without parameters pg uses the simple protocol: the whole file is one implicit transaction.
    await db.query(sql);
  } catch (error) {
    await db.query('UPDATE "_prisma_migrations" SET logs = $2 WHERE id = $1', [id, String(error)]);
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  await db.query('UPDATE "_prisma_migrations" SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
}
