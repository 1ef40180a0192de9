/**
 * Vitest global setup: one throw-away PostgreSQL for the whole run, durability off because nobody will miss it.
 *
 * Every project that names this file shares the server; the first one starts it and stops it again. A server may also
 * be given from outside by TEST_DATABASE_URL (the URL of an administrator's database).
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../embedded-postgres.ts';
import { isAlive } from '../processes.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseAdminUrl: string;
  }
}

const PREFIX = 'walnut-live-test-postgres-';
/** Each test copies a database of a thousand small files: in memory that costs half of what it costs on a disk. */
const MEMORY_FOLDER = '/dev/shm';
/** A run holds a few dozen copies at a time, of some 25 MB. */
const MEMORY_WANTED_BYTES = 3 * 1024 ** 3;

const folders = () => [MEMORY_FOLDER, tmpdir()];

/** Where the server keeps its files: in memory if there is plenty, as a container's own small share of it is not. */
function homeFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    if (bavail * bsize >= MEMORY_WANTED_BYTES && freemem() >= 2 * MEMORY_WANTED_BYTES) return MEMORY_FOLDER;
  } catch {
    // No such folder on this system.
  }
  return tmpdir();
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) {
    project.provide('databaseAdminUrl', given);
    return async () => {};
  }
  removeLeftovers();
  const home = mkdtempSync(join(homeFolder(), `${PREFIX}${process.pid}-`));
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

const leftIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => join(folder, name))
    : [];

/** Folders of runs that were killed; their servers died with them. */
function removeLeftovers(): void {
  for (const home of folders().flatMap(leftIn)) {
    const name = basename(home);
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
