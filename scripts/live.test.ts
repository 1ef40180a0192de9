/** The shell part of `./live`: on a machine made of a handful of programs. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ROOT } from './setup/paths.ts';
import { findProgram } from './setup/system-packages.ts';

let machine: string;

beforeEach(() => {
  machine = mkdtempSync(join(tmpdir(), 'walnut-live-machine-'));
  mkdirSync(join(machine, 'bin'));
  for (const name of [
    'sh',
    'cat',
    'cut',
    'dirname',
    'mkdir',
    'mktemp',
    'mv',
    'rm',
    'sha512sum',
    'tar',
    'gzip',
    'uname',
  ]) {
    const at = findProgram(name);
    if (at) symlinkSync(at, join(machine, 'bin', name));
  }
  program('id', 'echo 1000');
});
afterEach(() => rmSync(machine, { recursive: true, force: true }));

function program(name: string, script: string): void {
  writeFileSync(join(machine, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(machine, 'bin', name), 0o755);
}

function live(...args: string[]) {
  return spawnSync('/bin/sh', [join(ROOT, 'live'), ...args], {
    cwd: machine,
    encoding: 'utf8',
    env: { PATH: join(machine, 'bin'), HOME: machine, npm_config_registry: 'http://127.0.0.1:9' },
  });
}

test('help needs nothing but the shell', () => {
  const { status, stdout } = live('help');
  expect(status).toBe(0);
  for (const command of ['start', 'stop', 'dev', 'test', 'bench', 'doctor'])
    expect(stdout).toContain(`./live ${command}`);
});

test('without npm and apt it says what is missing', () => {
  const { status, stderr } = live('start');
  expect(status).toBe(1);
  expect(stderr).toContain('npm is not installed.');
  expect(stderr).toContain('npm_config_registry=');
});

test('without root it prints the exact command', () => {
  program('apt-get', 'exit 100');
  const { status, stderr } = live('start');
  expect(status).toBe(1);
  expect(stderr).toContain(
    'sudo apt-get update && sudo apt-get install -y --no-install-recommends npm ca-certificates',
  );
});

test('an old Node is not used', () => {
  program('node', 'echo 20');
  program('npm', 'echo "npm was asked: $*" >&2; exit 1');
  const { status, stderr } = live('start');
  expect(status).toBe(1);
  expect(stderr).toContain('npm was asked: install');
  expect(stderr).toContain('Is the npm registry reachable');
});

test('something else than Node from the registry is refused', () => {
  program('curl', 'while [ "$1" != "-o" ]; do shift; done; echo tampered >"$2"');
  const { status, stderr } = live('start');
  expect(status).toBe(1);
  expect(stderr).toContain('is not what it should be');
});

test('a new enough Node is used as it is', () => {
  program('node', `case $1 in -p) echo 24 ;; *) echo "node got: $*" ;; esac`);
  program('npm', 'exit 1');
  const { status, stdout } = live('doctor');
  expect(status).toBe(0);
  expect(stdout).toContain('scripts/live.ts doctor');
});
