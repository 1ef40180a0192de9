/**
 * The mediasoup worker binary: upstream's prebuilt one where it can be had, else built here from the npm package.
 *
 * Model: a binary lives outside the clone under a key of everything it depends on, so a new clone, branch or version
 * never uses a wrong one. Invariants: it appears under its key all at once and only after it was seen to run; two
 * builds at the same time are kept apart by flock, which the kernel releases even when we are killed.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { contentKey } from './content-key.ts';
import { CACHE_DIR, osRelease, ROOT } from './paths.ts';
import { runCommand } from './run-command.ts';
import { type Progress, SetupError, say, step } from './say.ts';
import { ensurePackages, WORKER_BUILD_REQUIREMENTS, WORKER_LIBRARIES } from './system-packages.ts';

const RECIPE = 'scripts/media-worker';
const DOWNLOAD_TIMEOUT_MS = 10_000;
/** What the worker answers when nobody of mediasoup started it: it loads, so its libraries are there. */
const STATUS_WITHOUT_PARENT = 41;

/** The path of a worker that runs on this machine; makes one when there is none. */
export async function ensureMediaWorker(): Promise<string> {
  const given = process.env.MEDIASOUP_WORKER_BIN;
  if (given) {
    if (!runs(given)) throw new SetupError(`MEDIASOUP_WORKER_BIN=${given} does not run`, ['Correct it, or unset it.']);
    return given;
  }
  const binary = cachedWorkerPath();
  if (existsSync(binary) && !runs(binary)) {
    // Kept from another machine of the same kind, or a library was removed: get the libraries before building anew.
    await ensurePackages(WORKER_LIBRARIES);
    if (!runs(binary)) rmSync(binary);
  }
  if (existsSync(binary)) return binary;
  mkdirSync(dirname(binary), { recursive: true });
  if (!(await step('fetching the media worker', (progress) => download(binary, progress)))) {
    say('  it cannot be had ready-made here, so it is built from the npm package: once per machine, 3 to 15 minutes');
    await ensurePackages(WORKER_BUILD_REQUIREMENTS);
    await step('building the media worker', (progress) => build(binary, progress));
  }
  if (!runs(binary)) throw new SetupError(`the media worker ${binary} does not run on this machine`);
  return binary;
}

/** Where the worker for this version, recipe, operating system and processor is kept. */
export function cachedWorkerPath(): string {
  const recipe = contentKey([RECIPE]).slice(0, 10);
  const key = `${mediasoupVersion()}-${recipe}-${osRelease()}-${process.arch}`;
  return join(CACHE_DIR, 'media-worker', key, 'mediasoup-worker');
}

/** Whether the binary loads and answers. */
export function runs(binary: string): boolean {
  const { MEDIASOUP_VERSION: _, ...env } = process.env;
  return spawnSync(binary, [], { env, stdio: 'ignore', timeout: 5_000 }).status === STATUS_WITHOUT_PARENT;
}

function mediasoupPackage(): { version: string; repository: { url: string } } {
  return JSON.parse(readFileSync(join(ROOT, 'node_modules/mediasoup/package.json'), 'utf8'));
}

function mediasoupVersion(): string {
  return mediasoupPackage().version;
}

/** Upstream publishes a tar file per version, platform and kernel line. False when it cannot be had in time. */
async function download(binary: string, progress: Progress): Promise<boolean> {
  const { version, repository } = mediasoupPackage();
  const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
  const kernel = process.platform === 'linux' ? `-kernel${release().split('.')[0]}` : '';
  const name = `mediasoup-worker-${version}-${process.platform}-${process.arch}${kernel}.tgz`;
  const temporary = mkdtempSync(join(dirname(binary), 'download.'));
  try {
    progress.update(`${home} …`);
    const response = await fetch(`${home}/releases/download/${version}/${name}`, {
      signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS),
    });
    if (!response.ok) return false;
    writeFileSync(join(temporary, name), Buffer.from(await response.arrayBuffer()));
    await runCommand('tar', ['-xzf', join(temporary, name), '-C', temporary]);
    const unpacked = join(temporary, 'mediasoup-worker');
    chmodSync(unpacked, 0o755);
    if (!runs(unpacked)) return false;
    renameSync(unpacked, binary);
    return true;
  } catch {
    return false; // no network, a proxy, a firewall: building needs none of it
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function build(binary: string, progress: Progress): Promise<void> {
  const script = join(ROOT, RECIPE, 'build.sh');
  const source = join(ROOT, 'node_modules/mediasoup');
  const onLine = (line: string) => {
    const counted = /^\[\d+\/\d+\]/.exec(line);
    if (counted) progress.update(counted[0]);
  };
  await runCommand('flock', [join(dirname(binary), 'lock'), 'bash', script, source, binary], {
    onLine,
    what: 'building the media worker',
  });
}
