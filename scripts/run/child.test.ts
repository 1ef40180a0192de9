import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, waitUntil } from '../processes.ts';
import { type Child, startChild } from './child.ts';

let dir: string;
let child: Child | undefined;
let notices: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'walnut-live-child-'));
  notices = [];
});
afterEach(async () => {
  await child?.stop();
  rmSync(dir, { recursive: true, force: true });
});

function run(source: string): Child {
  const program = join(dir, 'program.mjs');
  writeFileSync(program, source);
  child = startChild({
    name: 'program',
    command: [process.execPath, program],
    cwd: dir,
    env: process.env,
    logFile: join(dir, 'program.log'),
    notice: (text) => notices.push(text),
  });
  return child;
}
const log = () => readFileSync(join(dir, 'program.log'), 'utf8');
const said = (text: string) => waitUntil(`the program says ${text}`, 10_000, () => log().includes(text));

test('keeps the output, and shows only what it logs as an error', async () => {
  run(
    `console.log('{"level":30,"msg":"fine"}'); console.log('{"level":50,"msg":"bad","err":{"message":"why"}}'); console.log('up'); setInterval(() => {}, 1000);`,
  );
  await said('up');
  expect(log()).toContain('fine');
  expect(notices).toEqual(['bad: why']);
});

test('starts a process again that dies, and says what it last said', async () => {
  const program = run(`console.error('oh no'); if (!process.env.X) setTimeout(() => process.exit(3), 50);`);
  await waitUntil('it was started again', 10_000, () => program.restarts > 0);
  expect(notices.join('\n')).toContain('status 3');
  expect(notices.join('\n')).toContain('oh no');
});

test('stop asks politely, is idempotent, and the process is not started again', async () => {
  const program = run(
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000);`,
  );
  await said('up');
  const pid = program.pid ?? 0;
  await Promise.all([program.stop(), program.stop()]);
  expect(isAlive(pid)).toBe(false);
  expect(program.restarts).toBe(0);
  expect(log()).toContain('bye');
});

test('leaves nothing of the process group behind', async () => {
  const program = run(`
    import { spawn } from 'node:child_process';
    const deaf = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000)"], { stdio: 'inherit' });
    console.log('grandchild ' + deaf.pid);`);
  await said('deaf');
  const grandchild = Number(/grandchild (\d+)/.exec(log())?.[1]);
  await program.stop();
  await waitUntil('the grandchild is gone', 5_000, () => !isAlive(grandchild));
});
