import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../processes.ts';
import { ensureCertificate } from './lan.ts';
import { parseRunOptions } from './options.ts';
import { choosePorts } from './ports.ts';
import { bornAt, clearLeftovers, readRun, runningOn, writeRun } from './run-file.ts';
import { loadSecrets } from './secrets.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'walnut-live-run-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('options', () => {
  test('are read', () => {
    expect(parseRunOptions(['--no-demo', '--port', '9000', '--data', '/tmp/x'])).toEqual({
      dataDir: '/tmp/x',
      demo: false,
      lan: false,
      port: 9000,
    });
    expect(parseRunOptions(['--lan'])).toMatchObject({ demo: true, lan: true });
  });

  test.each([['--bogus'], ['--port', 'x'], ['--port', '0'], ['--port', '70000'], ['word']])(
    '%s %s is refused',
    (...args) => {
      expect(() => parseRunOptions(args)).toThrow();
    },
  );
});

describe('secrets', () => {
  test('are made once, differ, and only their owner may read them', () => {
    const first = loadSecrets(dir);
    expect(loadSecrets(dir)).toEqual(first);
    expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length);
    expect(Object.values(first).every((secret) => secret.length >= 16)).toBe(true);
    expect(statSync(join(dir, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  test('a secret that came later is added without changing the others', () => {
    const { AUTH_SECRET, ...others } = loadSecrets(dir);
    writeFileSync(join(dir, 'secrets.json'), JSON.stringify(others));
    const again = loadSecrets(dir);
    expect(again).toMatchObject(others);
    expect(again.AUTH_SECRET).not.toBe(AUTH_SECRET);
  });
});

describe('ports', () => {
  test('the one that was asked for must be free', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const wishes = { gatewayHost: '127.0.0.1', rtcHost: '127.0.0.1', workers: 2 };
    await expect(choosePorts({ ...wishes, gateway: port })).rejects.toThrow(`Port ${port} is taken`);
    taken.close();
    await once(taken, 'close');
    const { ports, release } = await choosePorts({ ...wishes, gateway: port });
    expect(ports.gateway).toBe(port);
    release();
  });

  test('all differ, and a second instance keeps clear of the first one’s media ports', async () => {
    const wishes = { gatewayHost: '127.0.0.1', rtcHost: '127.0.0.1', workers: 2, unusual: true };
    const { ports: first, release } = await choosePorts(wishes);
    release();
    expect(new Set(Object.values(first)).size).toBe(4);
    const busy = createServer().listen(first.rtcBase + 1, '127.0.0.1');
    await once(busy, 'listening');
    const second = await choosePorts(wishes);
    expect(second.ports.rtcBase).not.toBe(first.rtcBase);
    second.release();
    busy.close();
  });

  test('starts at the same moment take different media ports, until they stop', async () => {
    const wishes = { gatewayHost: '127.0.0.1', rtcHost: '127.0.0.1', workers: 2, unusual: true };
    const starts = await Promise.all(Array.from({ length: 6 }, () => choosePorts(wishes)));
    expect(new Set(starts.map(({ ports }) => ports.rtcBase)).size).toBe(6);
    for (const { release } of starts) release();
  });
});

describe('run file', () => {
  const sleeper = async (name: string): Promise<ChildProcess> => {
    const program = join(dir, name);
    writeFileSync(program, "console.log('up'); setInterval(() => {}, 1000);");
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout ?? child, 'data');
    return child;
  };
  const record = (pid: number, children = {}) => ({ pid, bornAt: bornAt(pid), startedAt: '', children });

  test('knows its supervisor from another process with the same number', async () => {
    const live = await sleeper('live.ts');
    const pid = live.pid ?? 0;
    writeRun(dir, record(pid));
    expect(runningOn(dir)?.pid).toBe(pid);
    writeRun(dir, { ...record(pid), bornAt: '1' });
    expect(runningOn(dir)).toBeUndefined();
    live.kill('SIGKILL');
    await once(live, 'close');
    writeRun(dir, { ...record(process.pid), pid });
    expect(runningOn(dir)).toBeUndefined();
  });

  test('what a killed run left behind is ended before the next one', async () => {
    const orphan = await sleeper('orphan.ts');
    writeRun(dir, { ...record(process.pid, { api: orphan.pid ?? 0 }), bornAt: 'gone' });
    await clearLeftovers(dir, 200);
    expect(readRun(dir)).toBeUndefined();
    await once(orphan, 'close').catch(() => undefined);
    expect(isAlive(orphan.pid ?? 0)).toBe(false);
  });
});

test('the certificate names the address, is kept, and is made anew for another address', async () => {
  const { certFile } = await ensureCertificate(dir, '192.0.2.1');
  const before = statSync(certFile).mtimeMs;
  await ensureCertificate(dir, '192.0.2.1');
  expect(statSync(certFile).mtimeMs).toBe(before);
  await ensureCertificate(dir, '192.0.2.2');
  expect(statSync(certFile).mtimeMs).not.toBe(before);
  expect(statSync(join(dir, 'lan-key.pem')).mode & 0o777).toBe(0o600);
});
