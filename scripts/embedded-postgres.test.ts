import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startPostgres } from './embedded-postgres.ts';
import { isAlive, waitUntil } from './processes.ts';

let home: string;
const options = () => ({ dataDir: join(home, 'data'), password: 'p@ss/word', settings: { shared_buffers: '16MB' } });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'walnut-live-pg-test-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('keeps its data over a clean stop, and stop is idempotent', async () => {
  const first = await startPostgres(options());
  await query(first.url(), 'CREATE TABLE kept AS SELECT 7 AS n');
  await Promise.all([first.stop(), first.stop()]);
  expect(isAlive(first.pid)).toBe(false);
  const second = await startPostgres(options());
  expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  await second.stop();
});

test('refuses a wrong password', async () => {
  const server = await startPostgres(options());
  const url = server.url().replace(encodeURIComponent('p@ss/word'), 'other');
  await expect(query(url, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  await server.stop();
});

test('loses nothing committed and leaves no server when its owner is killed with -9', async () => {
  const program = join(home, 'owner.ts');
  writeFileSync(
    program,
    `import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'))};
     const server = await startPostgres(${JSON.stringify(options())});
     console.log(JSON.stringify({ pid: server.pid, url: server.url() }));
     setInterval(() => {}, 1000);`,
  );
  const owner = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const { pid, url } = JSON.parse(line.toString()) as { pid: number; url: string };
  await query(url, 'CREATE TABLE kept AS SELECT 8 AS n');
  owner.kill('SIGKILL');
  await waitUntil('the database dies with its owner', 10_000, () => !isAlive(pid));
  const next = await startPostgres(options());
  expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 8 }]);
  await next.stop();
});

test('adopts a server that still runs on the folder', async () => {
  const first = await startPostgres(options());
  const second = await startPostgres(options());
  expect(second).toMatchObject({ adopted: true, port: first.port, pid: first.pid });
  await second.stop();
  await first.exited;
});

test('recovers after the server itself was killed, even when its number belongs to another program now', async () => {
  const first = await startPostgres(options());
  await query(first.url(), 'CREATE TABLE kept AS SELECT 9 AS n');
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const pidFile = join(home, 'data', 'postmaster.pid');
  const [, ...rest] = readFileSync(pidFile, 'utf8').split('\n');
  writeFileSync(pidFile, [process.pid, ...rest].join('\n'));
  const next = await startPostgres(options());
  expect(next.adopted).toBe(false);
  expect(await query(next.url(), 'SELECT n FROM kept')).toEqual([{ n: 9 }]);
  await next.stop();
});

test.runIf(process.getuid?.() === 0)(
  'as root without user namespaces it runs as nobody, also in a folder that only root may enter, and back',
  async () => {
    chmodSync(home, 0o700);
    const first = await startPostgres({ ...options(), userNamespaces: false });
    expect(statSync(join('/proc', String(first.pid))).uid).not.toBe(0);
    await query(first.url(), 'CREATE TABLE kept AS SELECT 10 AS n');
    await first.stop();
    const second = await startPostgres(options());
    expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([{ n: 10 }]);
    await second.stop();
    const third = await startPostgres({ ...options(), userNamespaces: false });
    expect(await query(third.url(), 'SELECT n FROM kept')).toEqual([{ n: 10 }]);
    await third.stop();
  },
);
