/**
 * Vitest global setup: one throw-away PostgreSQL for the whole run, durability off because nobody will miss it.
 *
 * Every project that names this file shares the server; the first one starts it and stops it again. A server may also
 * be given from outside by TEST_DATABASE_URL (the URL of an administrator's database).
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../embedded-postgres.ts';
import { isAlive } from '../processes.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseAdminUrl: string;
  }
}

const PREFIX = 'walnut-live-test-postgres-';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    project.provide('databaseAdminUrl', given);
    return async () => {};
  }
  removeLeftovers();
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const server = await startPostgres({
    dataDir: join(home, 'data'),
    password: randomBytes(24).toString('base64url'),
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      wal_level: 'minimal',
      max_wal_senders: '0',
      max_connections: '300',
      shared_buffers: '128MB',
    },
  });
  process.env.TEST_DATABASE_URL = server.url();
  project.provide('databaseAdminUrl', server.url());
  return async () => {
    delete process.env.TEST_DATABASE_URL;
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
}

/** Folders of runs that were killed; their servers died with them. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const home = join(tmpdir(), name);
    const owner = Number(name.slice(PREFIX.length).split('-')[0]);
    if (isAlive(owner) || isAlive(serverOf(home))) continue;
    rmSync(home, { recursive: true, force: true });
  }
}

function serverOf(home: string): number {
  try {
    return Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]) || Number.MAX_SAFE_INTEGER;
  } catch {
    return Number.MAX_SAFE_INTEGER; // no such process
  }
}
