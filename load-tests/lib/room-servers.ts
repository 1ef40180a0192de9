/**
 * Servers of one room that the same crowd measures: our api alone with its database, a plain Socket.IO server, and
 * Centrifugo where it is installed (CENTRIFUGO_BIN or centrifugo in the path).
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TalkersOptions } from 'k6/x/swarm';
import pg from 'pg';
import { migrate } from '../../api/src/platform/migrate.ts';
import type { BareContext } from '../../scripts/bench/scenario.ts';
import { startPostgres } from '../../scripts/embedded-postgres.ts';
import { freePort, waitUntil } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import { findProgram } from '../../scripts/setup/system-packages.ts';
import { startTestRedis } from '../../scripts/testing/redis.ts';
import { LOAD_CORE, onCore, type Running, SERVER_CORE, startServer } from './servers-process.ts';

export interface RoomServer {
  readonly name: string;
  readonly version: string;
  readonly talkers: TalkersOptions;
  /** Whose CPU time and memory are the server's. */
  readonly processIds: number[];
  /** In front of the generator's command. */
  readonly prefix: readonly string[];
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 30_000;
/** As people write, with the JSON around it some 400 bytes in a frame of ours. */
const TEXT = '这款核桃乳是新货吗，孩子能喝吗';

function ready(name: string, running: Running, isReady: () => Promise<boolean>): Promise<void> {
  return waitUntil(`${name} is ready`, READY_TIMEOUT_MS, () => {
    if (running.child.exitCode !== null) throw new Error(`${name} ended before it was ready`);
    return isReady().catch(() => false);
  });
}
const answers = async (url: string): Promise<boolean> => (await fetch(url)).ok;

/** Our api as one node, with the log in memory or in Redis; PostgreSQL and Redis share the generator's core. */
export async function startOurRoom(
  context: BareContext,
  people: number,
  { redis: withRedis = false }: { redis?: boolean } = {},
): Promise<RoomServer> {
  const folder = join(context.dataDir, randomUUID());
  const postgres = await startPostgres({ dataDir: folder, password: randomBytes(24).toString('base64url') });
  const redis = withRedis ? await startTestRedis() : undefined;
  const secret = (): string => randomBytes(32).toString('hex');
  const [port, authSecret, roomId] = [await freePort(), secret(), randomUUID()];
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query('CREATE DATABASE live');
  await admin.end();
  await migrate(postgres.url('live'), join(ROOT, 'api/prisma/migrations'));
  await seed(postgres.url('live'), roomId, people);
  const running = startServer(
    [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'api/src/main.ts')],
    {
      logFile: join(context.dataDir, 'api.log'),
      cwd: join(ROOT, 'api'),
      env: {
        // To look into it: SERVER_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=…'.
        NODE_OPTIONS: process.env.SERVER_NODE_OPTIONS ?? '',
        ...{ NODE_ENV: 'production', PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn' },
        ...{ DATABASE_URL: postgres.url('live'), REDIS_URL: redis?.url ?? '', TRUST_PROXY_HOPS: '1' },
        ...{ AUTH_SECRET: authSecret, MEDIA_TOKEN_SECRET: secret(), SHARE_SECRET: secret(), CONTROL_TOKEN: secret() },
        ...{ SANDBOX_PAYMENT_SECRET: secret(), MEDIA_CONTROL_URL: `http://127.0.0.1:${await freePort()}` },
      },
    },
  );
  const stop = async (): Promise<void> => {
    await running.stop();
    await postgres.stop();
    await redis?.kill();
  };
  try {
    await ready('our api', running, () => answers(`http://127.0.0.1:${port}/readyz`));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: withRedis ? 'Walnut Live with Redis' : 'Walnut Live',
    version: '',
    talkers: {
      protocol: 'walnut',
      url: `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`,
      ...{ roomId, secret: authSecret, text: TEXT },
    },
    processIds: [running.pid],
    prefix: onCore(LOAD_CORE),
    stop,
  };
}

/** One live room, and so many customers; their ids are talk.PersonID of the swarm. */
async function seed(url: string, roomId: string, people: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const [unit, host] = [randomUUID(), randomUUID()];
  await client.query(
    `INSERT INTO org_units (id, kind, path, name, created_at) VALUES ($1, 'hq', 'measured', '品牌', now())`,
    [unit],
  );
  await client.query(`INSERT INTO people (id, kind, name, created_at) VALUES ($1, 'staff', '导购', now())`, [host]);
  await client.query(
    `INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, started_at, created_at)
     VALUES ($1, $2, 'measured', $3, '压测', '', 'live', $1, now(), now())`,
    [roomId, unit, host],
  );
  await client.query(
    `INSERT INTO people (id, kind, name, created_at)
     SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'consumer', '听众', now()
     FROM generate_series(0, $1::int - 1) AS n`,
    [people],
  );
  await client.end();
}

/** Socket.IO as its guide shows it: each message to everybody at once. */
export async function startEmitPerMessage(context: BareContext): Promise<RoomServer> {
  const port = await freePort();
  const running = startServer([process.execPath, join(ROOT, 'load-tests/peers/emit-per-message.ts')], {
    logFile: join(context.dataDir, 'socket-io.log'),
    env: { PORT: String(port) },
  });
  const address = `127.0.0.1:${port}/socket.io/?EIO=4`;
  await ready('Socket.IO', running, () => answers(`http://${address}&transport=polling`));
  const manifest = createRequire(import.meta.url).resolve('socket.io/package.json');
  return {
    name: 'Socket.IO',
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    talkers: { protocol: 'socket.io', url: `ws://${address}&transport=websocket`, text: TEXT },
    processIds: [running.pid],
    prefix: onCore(LOAD_CORE),
    stop: running.stop,
  };
}

/** Null where it is not installed or not wanted. */
export async function startCentrifugo(context: BareContext): Promise<RoomServer | null> {
  const program = context.withPeers ? findProgram(process.env.CENTRIFUGO_BIN ?? 'centrifugo') : undefined;
  if (!program) return null;
  const [port, secret, file] = [
    await freePort(),
    randomBytes(24).toString('hex'),
    join(context.dataDir, 'centrifugo.json'),
  ];
  writeFileSync(
    file,
    JSON.stringify({
      ...{ address: '127.0.0.1', port: String(port), token_hmac_secret_key: secret, health: true },
      ...{ allow_subscribe_for_client: true, allow_publish_for_subscriber: true, allowed_origins: ['*'] },
      ...{ client_channel_limit: 10, client_connection_limit: 0 },
    }),
  );
  const running = startServer([program, '-c', file], {
    logFile: join(context.dataDir, 'centrifugo.log'),
    // One core, which is what the others have; the runtime would start a thread for each.
    env: { GOMAXPROCS: '1' },
    core: SERVER_CORE,
  });
  await ready('Centrifugo', running, () => answers(`http://127.0.0.1:${port}/health`));
  const version = spawnSync(program, ['version'], { encoding: 'utf8' }).stdout ?? '';
  return {
    name: 'Centrifugo',
    version: process.env.CENTRIFUGO_VERSION ?? /v\d+\.\d+\.\d+/.exec(version)?.[0] ?? '',
    talkers: {
      protocol: 'centrifugo',
      url: `ws://127.0.0.1:${port}/connection/websocket`,
      secret,
      channel: 'room',
      text: TEXT,
    },
    processIds: [running.pid],
    prefix: onCore(LOAD_CORE),
    stop: running.stop,
  };
}
