import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { RtpIngest } from '@walnut-live/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { CONTROL, freePortBase, mintToken, SECRET, until } from './kit.ts';
import { type RtpSource, startRtpSource } from './rtp-source.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const DRAIN = fileURLToPath(new URL('../../ops/drain.mjs', import.meta.url));
const started: Array<ChildProcess | RtpSource> = [];

afterEach(() => {
  for (const one of started.splice(0)) {
    if ('stop' in one) one.stop();
    else one.kill('SIGKILL');
  }
});

async function startProcess(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      PORT: '0',
      WORKERS: '2',
      MEDIA_TOKEN_SECRET: SECRET,
      CONTROL_TOKEN: CONTROL,
      RTC_PORT_BASE: String(await freePortBase()),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg, port }: { msg?: string; port?: number } = JSON.parse(line);
    if (msg !== 'media server ready') continue;
    child.stdout?.resume();
    return { child, url: `http://127.0.0.1:${port}` };
  }
  throw new Error('the process ended before it was ready');
}

/** Every process below this one, as the kernel sees it. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const below = (parent: number): number[] =>
    [...parents].filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** Alive and no zombie. */
function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

describe('process', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'leaves no worker and no ffmpeg behind after %s',
    async (signal) => {
      const { child, url } = await startProcess();
      const headers = { authorization: `Bearer ${CONTROL}` };
      const ingest = RtpIngest.parse(
        await (await fetch(`${url}/control/streams/s/rtp-ingest`, { method: 'POST', headers })).json(),
      );
      started.push(startRtpSource(ingest));
      const token = () => mintToken({ streamId: 's' });
      await until(
        'HLS',
        async () => (await fetch(`${url}/hls/s/master.m3u8?token=${await token()}`)).status,
        (status) => status === 200,
        30_000,
      );
      const family = descendants(child.pid ?? 0);
      expect(family.length).toBeGreaterThanOrEqual(3); // two workers, one packager

      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      child.kill(signal);
      const code = await ended;
      if (signal === 'SIGTERM') expect(code).toBe(0);
      await until(
        'all gone',
        () => family.filter(runs),
        (left) => left.length === 0,
        5_000,
      );
    },
    60_000,
  );

  it('is emptied by ops/drain.mjs: unready at once, alive while somebody is here, gone afterwards', async () => {
    const { child, url } = await startProcess();
    const script = (token: string): ChildProcess => {
      const drain = spawn(process.execPath, [DRAIN], {
        env: { PATH: process.env.PATH, PORT: new URL(url).port, CONTROL_TOKEN: token },
        stdio: 'ignore',
      });
      started.push(drain);
      return drain;
    };
    const endOf = (one: ChildProcess) => new Promise<number | null>((resolve) => one.once('exit', resolve));
    const statusOf = async (path: string) => (await fetch(`${url}${path}`)).status;
    expect(await endOf(script('somebody else’s token'))).toBe(1);
    expect(await statusOf('/readyz')).toBe(200);

    const headers = { authorization: `Bearer ${CONTROL}` };
    await fetch(`${url}/control/streams/s/rtp-ingest`, { method: 'POST', headers });
    const ended = endOf(child);
    const drain = script(CONTROL);
    const drained = endOf(drain);
    await until(
      'unready',
      () => statusOf('/readyz'),
      (status) => status === 503,
      10_000,
    );
    const health = await fetch(`${url}/healthz`);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: 'ok', draining: true });
    expect(drain.exitCode).toBeNull();
    await fetch(`${url}/control/streams/s/rtp-ingest`, { method: 'DELETE', headers });
    expect(await ended).toBe(0);
    expect(await drained).toBe(0);
  }, 60_000);

  it('says what is wrong with its configuration and ends', async () => {
    const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH, PORT: 'eighty' }, stdio: 'pipe' });
    started.push(child);
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(1);
    expect(said).toContain('PORT');
    expect(said).toContain('CONTROL_TOKEN');
  });
});
