import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../setup/paths.ts';
import { prismaEnvironment } from '../setup/prisma-client.ts';
import { createTestDatabase } from '../testing/database.ts';

/** What `prisma migrate diff` would do to a migrated database to make it what schema.prisma says. */
async function drift(): Promise<string[]> {
  const database = await createTestDatabase();
  try {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/prisma/build/index.js'),
        ...[
          'migrate',
          'diff',
          '--from-config-datasource',
          '--to-schema',
          'prisma/schema.prisma',
          '--exit-code',
          '--script',
        ],
      ],
      {
        cwd: join(ROOT, 'api'),
        encoding: 'utf8',
        env: {
          ...prismaEnvironment(),
          DATABASE_URL: database.url,
          PRISMA_SCHEMA_ENGINE_BINARY: join(import.meta.dirname, 'schema-engine.ts'),
        },
      },
    );
    expect([0, 2], stderr).toContain(status);
    return stdout
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('--'))
      .map((line) => line.trim());
  } finally {
    await database.drop();
  }
}

/** Keys that carry further columns (INCLUDE), so that reports read an index alone: schema.prisma has no words for them. */
const COVERING_KEYS = ['report_sums_pkey', 'report_returns_pkey'];

test('the migrations make the database that schema.prisma describes', async () => {
  // Indexes on expressions, with conditions or operator classes cannot be said in schema.prisma: Prisma would drop them.
  const meant = (line: string): boolean =>
    line.startsWith('DROP INDEX') || COVERING_KEYS.some((key) => line.includes(`CONSTRAINT "${key}"`));
  expect((await drift()).filter((line) => !meant(line))).toEqual([]);
});
