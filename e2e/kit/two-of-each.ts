/**
 * What docker-compose.yml starts with CLUSTER=1, as processes of this machine: two api and two media servers with Redis and
 * PostgreSQL, behind nginx with the deployment's own configuration and the built apps. Each is replaced as docs/32 says.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, waitUntil } from '../../scripts/processes.ts';
import { loadSecrets, type Secrets } from '../../scripts/run/secrets.ts';
import { type SeedReport, seed } from '../../scripts/run/seed.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { prepare } from '../../scripts/setup/prepare.ts';
import { createTestDatabase } from '../../scripts/testing/database.ts';
import { FRONT_DOOR_HOST, type FrontDoor, startFrontDoor } from '../../scripts/testing/front-door.ts';
import { startTestRedis } from '../../scripts/testing/redis.ts';
import { descendantsOf } from './processes.ts';

const READY_TIMEOUT_MS = 180_000;
const END_TIMEOUT_MS = 120_000;
const RTC_PORT_BASES = ['26000', '28000'];
/** As in docker-compose.yml. */
const API_DRAIN_SECONDS = '4';

/** Names of the front door lead here. */
export const FRONT_DOOR_CHROMIUM = [
  `--host-resolver-rules=MAP ${FRONT_DOOR_HOST} 127.0.0.1, MAP *.${FRONT_DOOR_HOST} 127.0.0.1`,
  '--ignore-certificate-errors',
];

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}
export interface Replaced {
  readonly name: string;
  /** Date.now(). */
  readonly fromMs: number;
  readonly endedMs: number;
  readonly readyMs: number;
}

export interface TwoOfEach extends AsyncDisposable {
  /** As browsers reach it. */
  readonly origin: string;
  /** The same door in clear text, for callers that know nothing of its certificate. */
  readonly plainOrigin: string;
  readonly door: FrontDoor;
  readonly databaseUrl: string;
  readonly secrets: Secrets;
  readonly seeded: SeedReport;
  readonly api: readonly Server[];
  readonly media: readonly Server[];
  /** SIGTERM, end, the next one, ready: what `docker compose up -d --no-deps --wait api` does. */
  replaceApi(which: number): Promise<Replaced>;
  /** `ops/drain.mjs`, end, the next one, ready. */
  replaceMedia(which: number): Promise<Replaced>;
}

export async function startTwoOfEach(logFolder: string): Promise<TwoOfEach> {
  const home = mkdtempSync(join(tmpdir(), 'walnut-live-two-'));
  const secrets = loadSecrets(home);
  const prepared = await prepare({ forTests: true, apps: true });
  const undo: (() => unknown)[] = [() => rmSync(home, { recursive: true, force: true })];
  const dispose = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    const database = await createTestDatabase();
    undo.push(database.drop);
    const redis = await startTestRedis();
    undo.push(redis.kill);
    const seeded = await seed(database.url, secrets);
    const apiPorts = [await freePort(), await freePort()];
    const mediaPorts: [number, number] = [await freePort(), await freePort()];
    const door = await startFrontDoor({
      ...{ api: apiPorts, media: mediaPorts },
      srv: {
        ...{ player: join(ROOT, 'player/dist'), studio: join(ROOT, 'broadcaster/dist') },
        ...{ console: join(ROOT, 'console/dist'), 'live-client': join(ROOT, 'live-client/dist') },
      },
    });
    undo.push(door.stop);
    const origin = `https://${FRONT_DOOR_HOST}:${door.port}`;
    const shared = {
      ...{ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_ENV: 'production', HOST: '127.0.0.1' },
      ...{ REDIS_URL: redis.url, MEDIA_TOKEN_SECRET: secrets.MEDIA_TOKEN_SECRET, CONTROL_TOKEN: secrets.CONTROL_TOKEN },
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'info',
    };

    function run(name: string, script: string, env: Record<string, string>): ChildProcess {
      const log = createWriteStream(join(logFolder, `${name}.log`), { flags: 'a' });
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, script)], {
        ...{ env: { ...shared, ...env }, cwd: home },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.pipe(log);
      child.stderr?.pipe(log);
      return child;
    }
    const startApi = (at: number): ChildProcess =>
      run(`api-${at + 1}`, 'api/src/main.ts', {
        ...{ PORT: String(apiPorts[at]), DATABASE_URL: database.url, PUBLIC_URL: origin, SANDBOX: '1' },
        ...{ AUTH_SECRET: secrets.AUTH_SECRET, SHARE_SECRET: secrets.SHARE_SECRET },
        SANDBOX_PAYMENT_SECRET: secrets.SANDBOX_PAYMENT_SECRET,
        MEDIA_CONTROL_URL: mediaPorts.map((port) => `http://127.0.0.1:${port}`).join(','),
        // Everybody of the drill is at one address, and on one machine with everything else.
        ...{ AUTH_RATE_PER_MINUTE: '100000', ADDRESS_RATE_FACTOR: '10000', DATABASE_POOL_SIZE: '8' },
        DRAIN_SECONDS: API_DRAIN_SECONDS,
      });
    const startMedia = (at: number): ChildProcess =>
      run(`media-${at + 1}`, 'media-server/src/main.ts', {
        ...{ PORT: String(mediaPorts[at]), NODE_ID: `media-${at + 1}`, WORKERS: '1' },
        ...{
          PUBLIC_URL: origin.replace('//', `//media-${at + 1}.`),
          CONTROL_URL: `http://127.0.0.1:${mediaPorts[at]}`,
        },
        ...{ RTC_LISTEN_IP: '127.0.0.1', PIPE_LISTEN_IP: '127.0.0.1', RTC_PORT_BASE: RTC_PORT_BASES[at] ?? '' },
        ...{ DATA_DIR: join(home, 'media'), RECORDING_FOLDER_SHARED: 'true', FFMPEG_BIN: prepared.ffmpegBin },
        ...{ MEDIASOUP_WORKER_BIN: prepared.mediaWorkerBin, OFFERS_PER_SECOND_PER_ADDRESS: '1000' },
      });
    const ready = (name: string, child: ChildProcess, port: number): Promise<void> =>
      waitUntil(`${name} is ready`, READY_TIMEOUT_MS, async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
        return fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(10_000) }).then(
          ({ ok }) => ok,
          () => false,
        );
      });
    const servers = (names: string, ports: readonly number[], start: (at: number) => ChildProcess): Server[] =>
      ports.map((port, at) => ({ name: `${names} ${at + 1}`, port, child: start(at) }));
    const kinds = {
      media: { start: startMedia, all: servers('media', mediaPorts, startMedia) },
      api: { start: startApi, all: servers('api', apiPorts, startApi) },
    };
    undo.push(async () => {
      for (const { child } of [...kinds.api.all, ...kinds.media.all]) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const gone = once(child, 'exit');
        for (const { pid } of descendantsOf(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
        child.kill('SIGKILL');
        await gone;
      }
    });
    await Promise.all([...kinds.media.all, ...kinds.api.all].map(({ name, child, port }) => ready(name, child, port)));

    async function replace(
      kind: keyof typeof kinds,
      at: number,
      end: (old: Server) => Promise<unknown> | unknown,
    ): Promise<Replaced> {
      const { all, start } = kinds[kind];
      const old = all[at];
      if (!old) throw new Error(`there is no ${kind} ${at}`);
      const fromMs = Date.now();
      const ended = once(old.child, 'exit', { signal: AbortSignal.timeout(END_TIMEOUT_MS) });
      await end(old);
      const [code] = await ended;
      if (code !== 0) throw new Error(`${old.name} ended with ${code}`);
      const endedMs = Date.now();
      const fresh = { ...old, child: start(at) };
      all[at] = fresh;
      await ready(fresh.name, fresh.child, fresh.port);
      return { name: old.name, fromMs, endedMs, readyMs: Date.now() };
    }
    async function drain({ name, port }: Server): Promise<void> {
      const script = spawn(process.execPath, [join(ROOT, 'ops/drain.mjs')], {
        env: { PATH: process.env.PATH, PORT: String(port), CONTROL_TOKEN: secrets.CONTROL_TOKEN },
        stdio: 'inherit',
      });
      const [code] = await once(script, 'exit');
      if (code !== 0) throw new Error(`the drain of ${name} ended with ${code}`);
    }
    return {
      ...{ origin, plainOrigin: `http://127.0.0.1:${door.plainPort}`, door },
      ...{ databaseUrl: database.url, secrets, seeded, api: kinds.api.all, media: kinds.media.all },
      replaceApi: (which) => replace('api', which, ({ child }) => child.kill('SIGTERM')),
      replaceMedia: (which) => replace('media', which, drain),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
