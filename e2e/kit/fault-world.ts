/**
 * A shop that dies on demand: PostgreSQL and one or several api as processes of their own, WeChat Pay's counterpart in this one (it
 * outlives them all, as the real one does), and one clock for all that can be made to jump.
 *
 * Invariants: one life at a time of each api and of the database; both come back on their old ports over their old data; what
 * commits survives a kill (fsync is off: processes die here, the machine does not).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemRandom } from '../../api/src/platform/clock.ts';
import { createDb } from '../../api/src/platform/db.ts';
import { migrate } from '../../api/src/platform/migrate.ts';
import { createTokens, type Tokens } from '../../api/src/platform/tokens.ts';
import type { Seeded } from '../../api/src/testing/fixtures.ts';
import { type Caller, createCaller } from '../../api/src/testing/test-api.ts';
import { startWechatPay, type WechatPayCounterpart } from '../../api/src/testing/wechat-pay.ts';
import { type EmbeddedPostgres, startPostgres } from '../../scripts/embedded-postgres.ts';
import { freePort, waitUntil } from '../../scripts/processes.ts';
import { ROOT } from '../../scripts/setup/paths.ts';
import type { FaultApiOrder } from './fault-api.ts';
import { descendantsOf } from './processes.ts';

const DATABASE = 'shop';
/** What the api is compiled to, kept for its next life. */
const COMPILED = join(tmpdir(), 'walnut-live-faults-compiled');
const BACK_TIMEOUT_MS = 90_000;
const JOBS_TIMEOUT_MS = 180_000;

export interface FaultWorldOptions {
  /** Processes of the api; several need a REDIS_URL in their environment. Calls go to them in turn, and on to the next where one is away. */
  readonly nodes?: number;
  /** Further environment of the api. */
  readonly env?: NodeJS.ProcessEnv;
}
export interface FaultWorld extends Caller, Seeded {
  /** Of the first api. */
  readonly url: string;
  readonly urls: readonly string[];
  /** What all of them sign and check tokens with. */
  readonly tokens: Tokens;
  readonly databaseUrl: string;
  readonly wechat: WechatPayCounterpart;
  /** Seconds; may be negative. */
  jump(seconds: number): void;
  /** kill -9, and back again; resolves when it answers. Of several api each in its turn, or the one that is named. */
  kill(what: 'api' | 'database', node?: number): Promise<void>;
  /** One turn of each job; a process that dies meanwhile ends the wait. */
  run(...jobs: readonly string[]): Promise<void>;
  /** A callback as WeChat sends it; the status, or 0 when nobody answered. */
  deliver(news: { body: Buffer; headers: Record<string, string> }): Promise<number>;
  /** Of the browser of this person, as links set it. */
  visitorCookie(personId: string): Promise<string>;
  close(): Promise<void>;
}

const secret = (): string => systemRandom.bytes(32).toString('hex');

/** One api, over all its lives. */
interface Node {
  readonly url: string;
  readonly environment: NodeJS.ProcessEnv;
  child: ChildProcess;
  /** The next life, loaded while this one lasts. */
  next: ChildProcess;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself.
  }
}

export async function startFaultWorld({ nodes: count = 1, env = {} }: FaultWorldOptions = {}): Promise<FaultWorld> {
  const home = mkdtempSync(join(tmpdir(), 'walnut-live-faults-'));
  let offsetMs = 0;
  const clock = { now: () => new Date(Date.now() + offsetMs) };
  const wechat = await startWechatPay({ clock });
  const databasePort = await freePort();
  const password = secret();
  const openDatabase = (): Promise<EmbeddedPostgres> =>
    startPostgres({
      ...{ dataDir: join(home, 'data'), password, port: databasePort },
      settings: { fsync: 'off', full_page_writes: 'off', max_connections: '60' },
    });
  let postgres = await openDatabase();
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  await admin.end();
  const databaseUrl = postgres.url(DATABASE);
  await migrate(databaseUrl, join(ROOT, 'api/prisma/migrations'));

  const ports = await Promise.all(Array.from({ length: count }, freePort));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const [url = ''] = urls;
  const secrets = { AUTH_SECRET: secret(), MEDIA_TOKEN_SECRET: secret(), SHARE_SECRET: secret() };
  const log = openSync(join(home, 'api.log'), 'a');
  const environment: NodeJS.ProcessEnv = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, NODE_COMPILE_CACHE: COMPILED },
    ...{ DATABASE_URL: databaseUrl, HOST: '127.0.0.1', PUBLIC_URL: url, ...secrets },
    ...{ CONTROL_TOKEN: secret(), SANDBOX_PAYMENT_SECRET: secret(), SANDBOX: '1', ADDRESS_RATE_FACTOR: '100000' },
    ...{ MEDIA_CONTROL_URL: 'http://127.0.0.1:9', LOG_LEVEL: 'warn' },
    ...{ WECHAT_PAY_MCH_ID: wechat.merchantId, WECHAT_PAY_APP_ID: wechat.appId, WECHAT_PAY_WITH_SANDBOX: '1' },
    ...{ WECHAT_PAY_APP_SECRET: 'of-the-app', WECHAT_PAY_CERT_SERIAL: wechat.serial },
    ...{ WECHAT_PAY_PRIVATE_KEY: wechat.privateKeyPem.replaceAll('\n', '\\n'), WECHAT_PAY_API_V3_KEY: wechat.apiV3Key },
    ...{ WECHAT_PAY_PUBLIC_KEY_ID: wechat.publicKey.id, WECHAT_PAY_PUBLIC_KEY: wechat.publicKey.pem },
    WECHAT_PAY_API_URL: wechat.origin,
    ...env,
  };
  const load = (of: NodeJS.ProcessEnv): ChildProcess =>
    fork(join(ROOT, 'e2e/kit/fault-api.ts'), {
      env: of,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    });
  async function begin(born: ChildProcess): Promise<ChildProcess> {
    const ended = once(born, 'exit').then(() => Promise.reject(new Error(`the api did not start: ${home}/api.log`)));
    ended.catch(() => undefined);
    born.send({ begin: true, offsetMs } satisfies FaultApiOrder);
    await Promise.race([once(born, 'message'), ended]);
    return born;
  }
  const nodes: Node[] = [];
  // One after the other: each compiles what the next one finds compiled.
  for (const port of ports) {
    const own = { ...environment, PORT: String(port) };
    nodes.push({ url: `http://127.0.0.1:${port}`, environment: own, child: await begin(load(own)), next: load(own) });
  }
  const db = createDb({ url: databaseUrl, poolSize: 4, onError: () => undefined });
  const tokens = createTokens({
    ...{ authSecret: environment.AUTH_SECRET ?? '', mediaSecret: environment.MEDIA_TOKEN_SECRET ?? '' },
    ...{ clock, random: systemRandom },
  });
  const tell = ({ child }: Node, order: FaultApiOrder): void =>
    void (child.connected && child.send(order, () => undefined));
  let asked = 0;
  let turn = 0;
  let deaths = 0;

  async function killApi(which = deaths++ % nodes.length): Promise<void> {
    const node = nodes[which];
    if (!node) throw new Error(`there is no api ${which}`);
    const gone = once(node.child, 'exit');
    node.child.kill('SIGKILL');
    await gone;
    node.child = await begin(node.next);
    node.next = load(node.environment);
  }
  async function killDatabase(): Promise<void> {
    // All of it, as a container's end does: a backend that waits for a lock of one that is gone would wait for ever.
    const backends = descendantsOf(postgres.pid);
    process.kill(postgres.pid, 'SIGKILL');
    for (const { pid } of backends) killIfThere(pid);
    await postgres.exited;
    // The dead server's helpers hold its memory for a moment yet.
    await waitUntil('the database is back', BACK_TIMEOUT_MS, async () => {
      const back = await openDatabase().catch(() => undefined);
      if (back) postgres = back;
      return back !== undefined;
    });
    for (const node of nodes)
      await waitUntil('the api has its database again', BACK_TIMEOUT_MS, () =>
        fetch(`${node.url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
  }
  const callers = nodes.map((node) => createCaller({ url: node.url, token: (principal) => tokens.access(principal) }));
  /** To each in turn. Where nobody answers, the next is asked, if asking twice does no harm. */
  const call: Caller['call'] = async (route, options = {}) => {
    const key = options.key ?? systemRandom.id();
    const tries = route.idempotent || route.method === 'GET' ? nodes.length : 1;
    for (let tried = 1; ; tried++) {
      const { call: ask } = callers[turn++ % callers.length] as Caller;
      const answer = await ask(route, { ...options, key }).catch((error: unknown) => {
        if (tried >= tries) throw error;
      });
      if (answer) return answer;
    }
  };

  return {
    ...{ url, urls, tokens, databaseUrl, wechat, clock, api: { platform: { db } } },
    call,
    async ok(route, options) {
      const { status, body } = await call(route, options);
      if (status >= 400) throw new Error(`${route.id} answered ${status}: ${JSON.stringify(body)}`);
      return body;
    },
    jump(seconds) {
      offsetMs += seconds * 1_000;
      for (const node of nodes) tell(node, { offsetMs });
    },
    kill: (what, node) => (what === 'api' ? killApi(node) : killDatabase()),
    run(...jobs) {
      const id = ++asked;
      const [node] = nodes as [Node];
      const runner = node.child;
      return new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          clearTimeout(timer);
          runner.off('message', heard).off('exit', left);
          if (error) reject(error);
          else resolve();
        };
        const heard = (message: unknown): void => {
          if ((message as { done?: number }).done === id) end();
        };
        const left = (): void => end();
        const timer = setTimeout(() => end(new Error(`jobs hang: ${jobs.join(', ')}`)), JOBS_TIMEOUT_MS);
        runner.on('message', heard).on('exit', left);
        tell(node, { run: jobs, id });
        if (!runner.connected) end();
      });
    },
    deliver: ({ body, headers }) =>
      fetch(`${url}/api/v1/payments/wechat/notify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: new Uint8Array(body),
      }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status;
        },
        () => 0,
      ),
    visitorCookie: async (personId) => `wl_visitor=${await tokens.visitor(personId)}`,
    async close() {
      for (const one of nodes.flatMap(({ child, next }) => [child, next])) {
        const gone = once(one, 'exit');
        one.kill('SIGKILL');
        await gone;
      }
      await db.close();
      await wechat.close();
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
