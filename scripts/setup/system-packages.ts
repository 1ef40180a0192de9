/**
 * Packages of the operating system: what is missing, why it is needed, and installing it where we may.
 * Only apt is spoken here; elsewhere the programs are named and left to the person.
 */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { succeeds } from '../processes.ts';
import { runCommand } from './run-command.ts';
import { SetupError, say, step } from './say.ts';

const STALE_LISTS_MS = 7 * 24 * 3600 * 1000;

/** Something the operating system must have. */
export interface Requirement {
  /** Debian and Ubuntu package. */
  package: string;
  /** Why it is needed, for the person who is asked for root rights. */
  why: string;
  isThere(): boolean;
}

/** Where a program is on PATH. */
export function findProgram(...names: string[]): string | undefined {
  for (const name of names) {
    if (name.includes('/')) return existsSync(name) ? name : undefined;
    for (const dir of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(dir, name);
      try {
        accessSync(file, constants.X_OK);
        if (statSync(file).isFile()) return file;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

const isPackageInstalled = (name: string) =>
  succeeds('sh', ['-c', `dpkg -s ${name} | grep -q '^Status: .* installed$'`]);

export const findFfmpeg = () => findProgram(process.env.FFMPEG_BIN || 'ffmpeg');
export const findChromium = () =>
  process.env.CHROMIUM_BIN
    ? findProgram(process.env.CHROMIUM_BIN)
    : findProgram('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome');

/** Needed to run the product. */
export const RUN_REQUIREMENTS: readonly Requirement[] = [
  { package: 'ffmpeg', why: 'packages HLS and makes the demo programme', isThere: () => findFfmpeg() !== undefined },
];

/** Needed only by `./live test`. */
export const TEST_REQUIREMENTS: readonly Requirement[] = [
  { package: 'chromium', why: 'the journeys run in a real browser', isThere: () => findChromium() !== undefined },
  {
    package: 'redis-server',
    why: 'the room log is tested on a real Redis',
    isThere: () => !!findProgram('redis-server'),
  },
  {
    package: 'fonts-noto-cjk',
    why: 'Chinese text in screenshots',
    isThere: () => isPackageInstalled('fonts-noto-cjk') || hasChineseFont(),
  },
  {
    package: 'iproute2',
    why: 'a viewer whose network lets no media through lives in a network namespace',
    isThere: () => !!findProgram('ip', '/sbin/ip', '/usr/sbin/ip'),
  },
  {
    package: 'iproute2',
    why: 'one journey runs in a network where only the pages can be reached',
    isThere: () => !!findProgram('ip') || existsSync('/usr/sbin/ip') || existsSync('/sbin/ip'),
  },
  {
    package: 'nginx-light',
    why: 'HLS is tested behind a real cache',
    isThere: () => !!findProgram('nginx', '/usr/sbin/nginx'),
  },
  { package: 'git', why: 'the hygiene test looks at the tracked files', isThere: () => !!findProgram('git') },
];

const forWorker = (why: string) => (name: string) => ({ package: name, why, isThere: () => isPackageInstalled(name) });

/** The libraries that the media worker is linked to; their -dev packages have one name on every release. */
export const WORKER_LIBRARIES: readonly Requirement[] = ['libuv1-dev', 'libssl-dev', 'libsrtp2-dev', 'libabsl-dev'].map(
  forWorker('libraries of the media worker'),
);

/** Needed only where the media worker has to be built. */
export const WORKER_BUILD_REQUIREMENTS: readonly Requirement[] = [
  ...['g++', 'meson', 'ninja-build', 'pkg-config', 'patch', 'flatbuffers-compiler', 'libflatbuffers-dev'].map(
    forWorker('builds the media worker'),
  ),
  ...WORKER_LIBRARIES,
];

function hasChineseFont(): boolean {
  return succeeds('sh', ['-c', 'fc-list :lang=zh family | grep -q .']);
}

/** Which of the requirements are not met. */
export function missing(requirements: readonly Requirement[]): Requirement[] {
  return requirements.filter((requirement) => !requirement.isThere());
}

/** Installs what is missing. @throws SetupError that says exactly what to run, when we may not install it ourselves */
export async function ensurePackages(requirements: readonly Requirement[]): Promise<void> {
  const wanted = missing(requirements);
  if (wanted.length === 0) return;
  const names = wanted.map((requirement) => requirement.package);
  const reasons = [...Map.groupBy(wanted, (requirement) => requirement.why)].map(
    ([why, group]) => `${group.map((requirement) => requirement.package).join(' ')}: ${why}`,
  );
  if (!findProgram('apt-get')) {
    throw new SetupError('Programs are missing, and this is not a Debian or Ubuntu where ./live could install them.', [
      ...reasons,
      'Install them from your usual place, then run this again.',
    ]);
  }
  const root = rootPrefix();
  if (!root) {
    throw new SetupError('System packages are missing, and installing them needs root rights:', [
      ...reasons,
      'Run:',
      `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
      'and then this command again.',
    ]);
  }
  for (const line of reasons) say(`• needs ${line}`);
  const apt = (...args: string[]) => {
    const [command = '', ...rest] = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', ...args];
    return runCommand(command, rest, { what: `apt-get ${args.join(' ')}` });
  };
  const install = () => apt('install', '--no-install-recommends', ...names);
  const isStale = areListsStale();
  if (isStale) await step('reading the package lists (apt-get update)', () => apt('update'));
  await step(`installing ${names.length} system package${names.length > 1 ? 's' : ''} (apt-get install)`, async () => {
    try {
      await install();
    } catch (error) {
      if (isStale) throw error;
      await apt('update'); // lists may name versions that the mirror no longer has
      await install();
    }
  });
  const still = missing(wanted);
  if (still.length > 0) {
    throw new SetupError(`apt-get ended well, but this is still missing: ${still.map((r) => r.package).join(', ')}`, [
      'On Ubuntu, "chromium" is a snap: install a Chrome or Chromium yourself and set CHROMIUM_BIN to it.',
    ]);
  }
}

/** What to put before a command to run it as root; undefined when that would need a password. */
export function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  return succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function areListsStale(): boolean {
  const dir = '/var/lib/apt/lists';
  try {
    const lists = readdirSync(dir).filter((name) => /_Packages(\.|$)/.test(name));
    return lists.length === 0 || Date.now() - statSync(dir).mtimeMs > STALE_LISTS_MS;
  } catch {
    return true;
  }
}
