/** `./live start` and `./live stop` as a person uses them: on the real command, with its own data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive, waitUntil } from '../scripts/processes.ts';
import { type RunRecord, readRun } from '../scripts/run/run-file.ts';
import { ROOT } from '../scripts/setup/paths.ts';

let dataDir: string;
let live: ChildProcess | undefined;
let output = '';

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'walnut-live-launcher-'));
});
afterEach(async () => {
  if (live && live.exitCode === null && live.signalCode === null) {
    live.kill('SIGTERM');
    await once(live, 'close');
  }
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const command = (...args: string[]) =>
  spawn(join(ROOT, 'live'), args, { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'], detached: true });

/** Starts on the data folder and waits for the links. */
async function start(): Promise<RunRecord & { origin: string }> {
  output = '';
  const child = command('start', '--no-demo', '--data', dataDir);
  live = child;
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await waitUntil('the links are printed', 120_000, () => {
    if (child.exitCode !== null) throw new Error(output);
    return output.includes('Stop with Ctrl-C');
  });
  const record = readRun(dataDir);
  if (!record?.origin) throw new Error(`no run file\n${output}`);
  return { ...record, origin: record.origin };
}

const processesOf = (record: RunRecord) => [record.pid, ...Object.values(record.children)];
const gone = (record: RunRecord) =>
  waitUntil('every process is gone', 20_000, () => processesOf(record).every((pid) => !isAlive(pid)));

async function closed(child: ChildProcess | undefined): Promise<number | null> {
  if (!child) return null;
  if (child.exitCode === null) await once(child, 'close');
  return child.exitCode;
}

test('start prints links that work and sign-ins, and Ctrl-C leaves nothing running', async () => {
  const record = await start();
  for (const path of ['/', '/studio/', '/console/', '/docs', '/healthz', '/readyz']) {
    expect([path, (await fetch(record.origin + path)).status]).toEqual([path, 200]);
  }
  expect(output).toContain(`${record.origin}/studio/`);
  expect(output).toMatch(/password of all: .*walnut-/);
  expect(output).toContain('hq-admin');
  process.kill(-(live?.pid ?? 0), 'SIGINT'); // to the whole group, as a terminal does
  process.kill(-(live?.pid ?? 0), 'SIGINT');
  expect(await closed(live)).toBe(0);
  await gone(record);
  expect(output).toContain('Stopped.');
});

test('kill -9 leaves nothing running, and the next start has lost nothing', async () => {
  const first = await start();
  const guest = await fetch(`${first.origin}/api/v1/auth/guest`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  const { accessToken } = (await guest.json()) as { accessToken: string };
  const me = async (origin: string) => {
    const reply = await fetch(`${origin}/api/v1/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
    return [reply.status, await reply.json()];
  };
  const before = await me(first.origin);
  expect(before[0]).toBe(200);
  process.kill(first.pid, 'SIGKILL');
  await gone(first);
  const second = await start();
  expect(await me(second.origin)).toEqual(before);
  expect(second.seed?.demoRoom).toEqual(first.seed?.demoRoom);
});

test('a second start on the same data says so, and stop ends the first', async () => {
  const record = await start();
  const second = command('start', '--no-demo', '--data', dataDir);
  let said = '';
  second.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await closed(second)).toBe(1);
  expect(said).toContain(`already runs on this data folder: ${record.origin}`);
  expect(await closed(command('stop', '--data', dataDir))).toBe(0);
  expect(await closed(live)).toBe(0);
  await gone(record);
  expect(await closed(command('stop', '--data', dataDir))).toBe(0);
});
