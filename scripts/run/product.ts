/**
 * The whole product on this machine: database, api, media-server, gateway, demo programme. `./live start` runs it for
 * people, benchmarks and journeys run it for themselves.
 *
 * Invariants: either everything answers when startProduct() resolves, or nothing is left running and it throws; stop()
 * ends everything in reverse order and may be called at any time, any number of times.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../api/src/platform/migrate.ts';
import { type EmbeddedPostgres, startPostgres } from '../embedded-postgres.ts';
import { waitUntil } from '../processes.ts';
import { APPS } from '../setup/apps.ts';
import { ROOT } from '../setup/paths.ts';
import type { Prepared } from '../setup/prepare.ts';
import { SetupError } from '../setup/say.ts';
import { type Child, startChild } from './child.ts';
import { type Certificate, ensureCertificate, lanAddress } from './lan.ts';
import { choosePorts, type Ports } from './ports.ts';
import { bornAt, clearLeftovers, type RunRecord, removeRun, runningOn, writeRun } from './run-file.ts';
import { loadSecrets } from './secrets.ts';
import { type SeedReport, seed } from './seed.ts';

const READY_TIMEOUT_MS = 60_000;
const DATABASE = 'walnut_live';
/** A process that was started again this often while we wait for it will not get ready. */
const HOPELESS_RESTARTS = 3;
/** What children inherit from our environment; everything else they get is said here. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'XDG_CACHE_HOME', 'REDIS_URL', 'NODE_OPTIONS'];

export interface ProductOptions {
  dataDir: string;
  prepared: Prepared;
  /** File of the demo programme; without it none is sent. */
  demoProgramme?: string;
  lan?: boolean;
  /** Servers restart and pages reload when their sources change. */
  dev?: boolean;
  /** Port of the pages; taken is an error. */
  port?: number;
  /** Take none of the usual ports: for tests and benchmarks beside a person's own start. */
  unusualPorts?: boolean;
  /** Further environment of api and media-server. */
  env?: Readonly<Record<string, string>>;
  /** Further environment of api alone. */
  apiEnv?: Readonly<Record<string, string>>;
  /** Told what a person should know, a line at a time. */
  notice?: (line: string) => void;
}

export interface Product {
  /** Origin of the pages. */
  readonly origin: string;
  readonly ports: Ports;
  readonly seed: SeedReport;
  /** Password of all demo accounts. */
  readonly demoPassword: string;
  readonly databaseUrl: string;
  readonly controlToken: string;
  /** `api`, `media-server`, `gateway`, `demo-feed`: for drills that kill them. */
  child(name: string): Child;
  stop(): Promise<void>;
}

export async function startProduct(options: ProductOptions): Promise<Product> {
  const { dataDir, prepared } = options;
  const running = runningOn(dataDir);
  if (running) {
    throw new SetupError(`Walnut Live already runs on this data folder${running.origin ? `: ${running.origin}` : ''}`, [
      'Stop it:  ./live stop',
    ]);
  }
  mkdirSync(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  const secrets = loadSecrets(dataDir);
  await clearLeftovers(dataDir);

  const host = options.lan ? lanAddress() : '127.0.0.1';
  const workers = availableParallelism();
  const { ports, release: releasePorts } = await choosePorts({
    gatewayHost: host,
    rtcHost: host,
    workers,
    ...(options.port === undefined ? {} : { gateway: options.port }),
    unusual: options.unusualPorts === true,
  });
  const certificate = options.lan ? await ensureCertificate(dataDir, host) : undefined;
  const origin = `${certificate ? 'https' : 'http'}://${host}:${ports.gateway}`;

  const children = new Map<string, Child>();
  const record: RunRecord = {
    pid: process.pid,
    bornAt: bornAt(process.pid),
    startedAt: new Date().toISOString(),
    children: {},
    origin,
    ports,
  };
  writeRun(dataDir, record);
  let postgres: EmbeddedPostgres | undefined;
  let stopping: Promise<void> | undefined;

  function stop(): Promise<void> {
    stopping ??= (async () => {
      for (const child of [...children.values()].reverse()) await child.stop();
      await postgres?.stop();
      releasePorts();
      removeRun(dataDir);
    })();
    return stopping;
  }

  function run(name: string, script: string, env: Record<string, string>, cwd = ROOT): Child {
    const watch =
      options.dev && name !== 'gateway' && name !== 'demo-feed' ? ['--watch', '--watch-preserve-output'] : [];
    const child = startChild({
      name,
      command: [process.execPath, '--disable-warning=ExperimentalWarning', ...watch, join(ROOT, script)],
      cwd,
      env: { ...inherited(), NODE_ENV: options.dev ? 'development' : 'production', ...env },
      logFile: join(dataDir, 'logs', `${name}.log`),
      notice: (text) => options.notice?.(`${name}: ${text}`),
      onSpawn: (pid) => {
        record.children[name] = pid;
        if (!stopping) writeRun(dataDir, record);
      },
    });
    children.set(name, child);
    return child;
  }

  const mediaUrl = `http://127.0.0.1:${ports.media}`;
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const logLevel = process.env.LOG_LEVEL || 'info';

  try {
    const database = startPostgres({
      dataDir: join(dataDir, 'postgres'),
      password: secrets.POSTGRES_PASSWORD,
      logFile: join(dataDir, 'logs', 'postgres.log'),
    });
    run('media-server', 'media-server/src/main.ts', {
      HOST: '127.0.0.1',
      PORT: String(ports.media),
      MEDIA_TOKEN_SECRET: secrets.MEDIA_TOKEN_SECRET,
      CONTROL_TOKEN: secrets.CONTROL_TOKEN,
      RTC_LISTEN_IP: host,
      RTC_PORT_BASE: String(ports.rtcBase),
      WORKERS: String(workers),
      DATA_DIR: join(dataDir, 'media'),
      FFMPEG_BIN: prepared.ffmpegBin,
      MEDIASOUP_WORKER_BIN: prepared.mediaWorkerBin,
      LOG_LEVEL: logLevel,
      ...options.env,
    });
    run('gateway', 'scripts/gateway/main.ts', {
      HOST: host,
      PORT: String(ports.gateway),
      API_URL: apiUrl,
      MEDIA_URL: mediaUrl,
      ...(options.dev ? { DEV: '1' } : { APPS_DIR: copyApps(dataDir) }),
      ...tlsEnvironment(certificate),
    });

    postgres = await database;
    const databaseUrl = await ensureDatabase(postgres);
    await migrate(databaseUrl, join(ROOT, 'api/prisma/migrations'));
    const report = await seed(databaseUrl, secrets);
    record.seed = report;
    run('api', 'api/src/main.ts', {
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(ports.api),
      PUBLIC_URL: origin,
      AUTH_SECRET: secrets.AUTH_SECRET,
      MEDIA_TOKEN_SECRET: secrets.MEDIA_TOKEN_SECRET,
      SHARE_SECRET: secrets.SHARE_SECRET,
      SANDBOX_PAYMENT_SECRET: secrets.SANDBOX_PAYMENT_SECRET,
      CONTROL_TOKEN: secrets.CONTROL_TOKEN,
      MEDIA_CONTROL_URL: mediaUrl,
      // A copy for trying: any phone number signs in, and nothing costs money.
      SANDBOX: '1',
      LOG_LEVEL: logLevel,
      ...(options.dev ? { CHECK_REPLIES: '1' } : {}),
      ...options.env,
      ...options.apiEnv,
    });
    await Promise.all([
      ready(children.get('media-server'), `${mediaUrl}/healthz`, dataDir),
      ready(children.get('api'), `${apiUrl}/readyz`, dataDir),
    ]);
    // Through the gateway as a browser would; its certificate is our own, so the check goes by the backend's port.
    await ready(children.get('gateway'), certificate ? undefined : `${origin}/healthz`, dataDir);
    if (options.demoProgramme) {
      run('demo-feed', 'scripts/demo-feed/main.ts', {
        MEDIA_CONTROL_URL: mediaUrl,
        CONTROL_TOKEN: secrets.CONTROL_TOKEN,
        STREAM_ID: report.demoRoom.streamId,
        FFMPEG_BIN: prepared.ffmpegBin,
        PROGRAMME: options.demoProgramme,
      });
    }
    return {
      origin,
      ports,
      seed: report,
      demoPassword: secrets.DEMO_PASSWORD,
      databaseUrl,
      controlToken: secrets.CONTROL_TOKEN,
      child: (name) => {
        const child = children.get(name);
        if (!child) throw new Error(`no process called ${name}`);
        return child;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The built apps as they are now: a build in the clone while we run must not change the pages under people's hands. */
function copyApps(dataDir: string): string {
  const home = join(dataDir, 'apps');
  rmSync(home, { recursive: true, force: true });
  for (const name of [...APPS.map((app) => app.name), 'live-client'])
    cpSync(join(ROOT, name, 'dist'), join(home, name, 'dist'), { recursive: true });
  return home;
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(INHERITED.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])));
}

function tlsEnvironment(certificate: Certificate | undefined): Record<string, string> {
  return certificate ? { TLS_KEY_FILE: certificate.keyFile, TLS_CERT_FILE: certificate.certFile } : {};
}

async function ensureDatabase(postgres: EmbeddedPostgres): Promise<string> {
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await admin.end();
  }
  return postgres.url(DATABASE);
}

async function ready(child: Child | undefined, url: string | undefined, dataDir: string): Promise<void> {
  if (!child || !url) return;
  try {
    await waitUntil(`${child.name} answers ${url}`, READY_TIMEOUT_MS, async () => {
      if (child.restarts >= HOPELESS_RESTARTS) throw new Error(`${child.name} does not start`);
      try {
        return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
      } catch {
        return false;
      }
    });
  } catch (error) {
    throw new SetupError((error as Error).message, [`Its log: ${join(dataDir, 'logs', `${child.name}.log`)}`]);
  }
}
