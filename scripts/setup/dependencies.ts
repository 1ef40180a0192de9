/**
 * `npm ci`, when what is installed is not what the lock file says. Imports nothing but Node: it runs before there are
 * any dependencies.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CACHE_DIR, ROOT } from './paths.ts';
import { runCommand } from './run-command.ts';
import { SetupError, step } from './say.ts';

const MINIMUM_NPM = 10;
const NPM_FOR_OLD_MACHINES = '11.21.2';

interface LockEntry {
  version?: string;
  integrity?: string;
  link?: boolean;
  resolved?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
}

/** Installs the dependencies when needed; without their install scripts, whose work the other steps do. */
export async function ensureDependencies(): Promise<void> {
  if (areInstalled()) return;
  const npm = await npmCommand();
  await step('installing the dependencies (npm ci)', () =>
    runCommand(
      npm[0] ?? 'npm',
      [...npm.slice(1), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: ROOT,
        what: 'npm ci',
      },
    ),
  );
  if (!areInstalled()) throw new SetupError('npm ci ended well, but node_modules is not what package-lock.json says');
}

/** Compares npm's own record of node_modules with the lock file: also right after somebody ran npm by hand. */
function areInstalled(): boolean {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readLock(record);
  return Object.entries(readLock(join(ROOT, 'package-lock.json'))).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true; // the workspaces themselves
    const found = installed[path];
    if (!found) return wanted.optional === true && !isForThisMachine(wanted);
    return found.version === wanted.version && found.integrity === wanted.integrity && existsSync(join(ROOT, path));
  });
}

function readLock(file: string): Record<string, LockEntry> {
  return (JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, LockEntry> }).packages;
}

function isForThisMachine({ os, cpu, libc }: LockEntry): boolean {
  if (!os && !cpu) return false; // helpers of packages for other machines
  return (
    (!os || os.includes(process.platform)) &&
    (!cpu || cpu.includes(process.arch)) &&
    (!libc || libc.includes(libcName()))
  );
}

function libcName(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ? 'glibc' : 'musl';
}

/** The npm to use: the machine's own when it is not too old. */
export async function npmCommand(): Promise<string[]> {
  const given = process.env.WALNUT_LIVE_NPM_CLI;
  if (given) return [process.execPath, given];
  const own = spawnSync('npm', ['--version'], { encoding: 'utf8', cwd: '/' });
  if (own.status === 0 && Number.parseInt(own.stdout, 10) >= MINIMUM_NPM) return ['npm'];
  if (own.status !== 0)
    throw new SetupError('npm is needed to install the dependencies', ['sudo apt-get install -y npm']);
  const home = join(CACHE_DIR, `npm-${NPM_FOR_OLD_MACHINES}`);
  const cli = join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (!existsSync(cli)) {
    await step(`npm ${own.stdout.trim()} is too old: fetching ${NPM_FOR_OLD_MACHINES}`, () =>
      runCommand('npm', ['install', '--prefix', home, '--no-save', '--ignore-scripts', `npm@${NPM_FOR_OLD_MACHINES}`], {
        cwd: '/',
      }),
    );
  }
  return [process.execPath, cli];
}
