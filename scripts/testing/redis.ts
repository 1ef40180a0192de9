/** A Redis server of its own for a test: nothing on disk, gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

const READY_TIMEOUT_MS = 10_000;

export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
  /** kill -9. */
  kill(): Promise<void>;
  /** A new, empty one on the same port. */
  restart(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** @param also further addresses of this machine to listen on */
export async function startTestRedis(host = '127.0.0.1', also: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort(host);
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = [
      '--port',
      String(port),
      '--bind',
      host,
      ...also,
      '--save',
      '',
      '--appendonly',
      'no',
      '--protected-mode',
      'no',
    ];
    const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    running.add(started);
    started.once('exit', () => running.delete(started));
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('redis-server did not become ready')), READY_TIMEOUT_MS);
      let said = '';
      started.once('error', reject);
      started.once('exit', () => reject(new Error(`redis-server ended: ${said.slice(-400)}`)));
      started.stdout?.on('data', (chunk: Buffer) => {
        if (said.length < 20_000) said += chunk.toString();
        if (!said.includes('Ready to accept connections')) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }
  async function kill(): Promise<void> {
    const old = child;
    child = undefined;
    if (!old || old.exitCode !== null || old.signalCode !== null) return;
    old.kill('SIGKILL');
    await once(old, 'exit');
  }

  await start();
  return {
    url: `redis://${host}:${port}`,
    get pid() {
      return child?.pid;
    },
    kill,
    restart: async () => {
      await kill();
      await start();
    },
    [Symbol.asyncDispose]: kill,
  };
}
