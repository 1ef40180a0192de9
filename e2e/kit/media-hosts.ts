/** Media servers as processes, each on a host of its own (netns.ts), with a Redis they share. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ControlCluster, ControlStreamDetail } from '@walnut-live/contracts';
import { CONTROL, SECRET } from '../../media-server/test/kit.ts';
import { startTestRedis, type TestRedis } from '../../scripts/testing/redis.ts';
import { makeHosts, type TestHost } from './netns.ts';
import { descendantsOf } from './processes.ts';

const MAIN = fileURLToPath(new URL('../../media-server/src/main.ts', import.meta.url));
const PORT = 4100;
/** Apart, in case the hosts are addresses of one loopback device. */
export const PORT_BASE = { first: 20_000, step: 2_000 };

export interface MediaHost {
  readonly host: TestHost;
  /** Browsers reach it here. */
  readonly url: string;
  readonly child: ChildProcess | undefined;
  start(): Promise<void>;
  /** kill -9 of the server and its workers; resolves when they are dead. */
  kill(): Promise<void>;
  control(method: string, path: string): Promise<Response>;
  detail(streamId: string): Promise<ControlStreamDetail>;
  cluster(): Promise<ControlCluster>;
}

export interface MediaHosts extends AsyncDisposable {
  readonly media: readonly MediaHost[];
  readonly redis: TestRedis;
  readonly whyNot: string | undefined;
}

export async function startMediaHosts(
  count: number,
  environmentOf: (index: number) => Record<string, string> = () => ({}),
): Promise<MediaHosts> {
  const { hosts, whyNot, ...rest } = await makeHosts(count);
  const undo = { ...rest };
  const gateways = [...new Set(hosts.map(({ gatewayIp }) => gatewayIp))];
  const redis = await startTestRedis(gateways[0], gateways.slice(1));
  const redisPort = new URL(redis.url).port;

  const media = hosts.map((host, index): MediaHost => {
    const url = `http://${host.publicIp}:${PORT}`;
    let child: ChildProcess | undefined;
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...(process.env.MEDIASOUP_WORKER_BIN && { MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN }),
      HOST: whyNot === undefined ? '0.0.0.0' : host.publicIp,
      PORT: String(PORT),
      WORKERS: '1',
      LOG_LEVEL: 'info',
      MEDIA_TOKEN_SECRET: SECRET,
      CONTROL_TOKEN: CONTROL,
      RTC_LISTEN_IP: host.publicIp,
      RTC_PORT_BASE: String(PORT_BASE.first + index * PORT_BASE.step),
      REDIS_URL: `redis://${host.gatewayIp}:${redisPort}`,
      NODE_ID: `media-${index}`,
      PUBLIC_URL: url,
      CONTROL_URL: `http://${host.privateIp}:${PORT}`,
      PIPE_LISTEN_IP: host.privateIp,
      ...environmentOf(index),
    };
    const ask = (method: string, path: string): Promise<Response> =>
      fetch(`${url}/control${path}`, {
        method,
        headers: { authorization: `Bearer ${CONTROL}` },
        signal: AbortSignal.timeout(5_000),
      });
    return {
      host,
      url,
      get child() {
        return child;
      },
      async start() {
        const started = host.spawn(process.execPath, [MAIN], env);
        child = started;
        for await (const line of createInterface({ input: started.stdout! })) {
          if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${host.name} ${line}\n`);
          if (JSON.parse(line).msg !== 'media server ready') continue;
          started.stdout?.on('data', (chunk: Buffer) => {
            if (process.env.TEST_LOG_LEVEL) process.stderr.write(`${host.name} ${chunk.toString()}`);
          });
          started.stdout?.resume();
          return;
        }
        throw new Error(`the media server on ${host.name} ended before it was ready`);
      },
      async kill() {
        const old = child;
        child = undefined;
        if (!old || old.exitCode !== null || old.signalCode !== null) return;
        const ended = once(old, 'exit');
        // All at once, as a host dies: a worker would go on for a moment until it misses its parent.
        for (const { pid } of descendantsOf(old.pid ?? 0)) process.kill(pid, 'SIGKILL');
        old.kill('SIGKILL');
        await ended;
      },
      control: ask,
      detail: async (streamId) => ControlStreamDetail.parse(await (await ask('GET', `/streams/${streamId}`)).json()),
      cluster: async () => ControlCluster.parse(await (await ask('GET', '/cluster')).json()),
    };
  });
  const dispose = async (): Promise<void> => {
    await undo[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  };
  try {
    await Promise.all(media.map((one) => one.start()));
  } catch (error) {
    await dispose();
    throw error;
  }
  return { media, redis, whyNot, [Symbol.asyncDispose]: dispose };
}
