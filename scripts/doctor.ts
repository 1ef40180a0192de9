/** `./live doctor`: looks at everything a start depends on, says what is wrong and how to mend each. Changes nothing. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { isPortFree, succeeds } from './processes.ts';
import { isUdpPortFree } from './run/ports.ts';
import { cachedWorkerPath, runs } from './setup/media-worker.ts';
import { CACHE_DIR, osRelease, ROOT } from './setup/paths.ts';
import { dim, green, red, say, yellow } from './setup/say.ts';
import {
  findChromium,
  missing,
  type Requirement,
  RUN_REQUIREMENTS,
  rootPrefix,
  TEST_REQUIREMENTS,
  WORKER_BUILD_REQUIREMENTS,
} from './setup/system-packages.ts';

type Verdict = 'good' | 'note' | 'bad';
interface Finding {
  verdict: Verdict;
  what: string;
  fix?: string;
}

const GIB = 1024 ** 3;
const MIN_DISK_GIB = 3;
const MIN_MEMORY_GIB = 2;
const MIN_SHM_MIB = 64;

const good = (what: string): Finding => ({ verdict: 'good', what });
const note = (what: string, fix?: string): Finding => ({ verdict: 'note', what, ...(fix ? { fix } : {}) });
const bad = (what: string, fix: string): Finding => ({ verdict: 'bad', what, fix });

/** Exit status 1 when something is in the way of `./live start`. */
export async function doctor(_args: readonly string[]): Promise<void> {
  const findings = [
    operatingSystem(),
    node(),
    npm(),
    ...packages(),
    mediaWorker(),
    ...space(),
    sharedMemory(),
    userNamespaces(),
    diesWithParent(),
    ...(await ports()),
    await udp(),
  ];
  const mark = { good: green('✓'), note: yellow('•'), bad: red('✗') };
  for (const { verdict, what, fix } of findings) {
    say(`${mark[verdict]} ${what}`);
    if (fix) say(`    ${dim('→')} ${fix}`);
  }
  const problems = findings.filter(({ verdict }) => verdict === 'bad').length;
  say();
  if (problems > 0) {
    say(
      `${problems} thing${problems > 1 ? 's are' : ' is'} in the way. Mend what is marked ${red('✗')}, then: ./live start`,
    );
    process.exitCode = 1;
  } else say('Nothing is in the way. Next: ./live start');
}

function operatingSystem(): Finding {
  const name = `${osRelease()}, ${process.platform} ${process.arch}`;
  if (process.platform !== 'linux')
    return bad(`${name}: only Linux is supported`, 'Use a Linux machine, or a container.');
  return /^(?:debian|ubuntu)/.test(osRelease())
    ? good(name)
    : note(`${name}: packages are installed for you only on Debian and Ubuntu`);
}

const node = () => good(`Node ${process.versions.node} (${process.execPath})`);

function npm(): Finding {
  const own = spawnSync('npm', ['--version'], { encoding: 'utf8', cwd: '/' });
  if (own.status !== 0 && !process.env.WALNUT_LIVE_NPM_CLI && !existsSync(`${ROOT}/node_modules`)) {
    return bad('npm is missing and the dependencies are not installed', 'sudo apt-get install -y npm');
  }
  return good(own.status === 0 ? `npm ${own.stdout.trim()}` : 'npm is fetched when needed');
}

function packages(): Finding[] {
  const canInstall = rootPrefix() !== undefined;
  const report = (requirements: readonly Requirement[], purpose: string, verdict: Verdict): Finding => {
    const absent = missing(requirements);
    if (absent.length === 0) return good(`system packages ${purpose}`);
    const names = absent.map((requirement) => requirement.package).join(' ');
    const fix = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names}`;
    return {
      verdict: canInstall ? 'note' : verdict,
      what: `system packages ${purpose} are missing: ${names}`,
      fix: canInstall ? `${fix}   (./live does it by itself)` : fix,
    };
  };
  const chromium = findChromium();
  return [
    report(RUN_REQUIREMENTS, 'to run', 'bad'),
    ...(existsSync(workerPath() ?? '') ? [] : [report(WORKER_BUILD_REQUIREMENTS, 'to build the media worker', 'bad')]),
    report(TEST_REQUIREMENTS, 'for ./live test', 'note'),
    ...(chromium ? [good(`Chromium: ${chromium}`)] : []),
  ];
}

function workerPath(): string | undefined {
  try {
    return process.env.MEDIASOUP_WORKER_BIN || cachedWorkerPath();
  } catch {
    return undefined; // the dependencies are not installed yet
  }
}

function mediaWorker(): Finding {
  const path = workerPath();
  if (!path) return note('dependencies are not installed yet', 'The first ./live start installs them.');
  if (!existsSync(path)) {
    return note('the media worker is not there yet', 'The first ./live start fetches or builds it (3 to 15 minutes).');
  }
  return runs(path)
    ? good(`media worker: ${path}`)
    : bad(`the media worker does not run: ${path}`, `rm ${path}   and start again: it is built anew`);
}

function space(): Finding[] {
  const free = (dir: string) => {
    const { bavail, bsize } = statfsSync(existsSync(dir) ? dir : '/');
    return (bavail * bsize) / GIB;
  };
  const memory = readMemoryGib();
  return [
    ...[ROOT, CACHE_DIR].map((dir) =>
      free(dir) >= MIN_DISK_GIB
        ? good(`${free(dir).toFixed(0)} GiB free for ${dir}`)
        : bad(`only ${free(dir).toFixed(1)} GiB free for ${dir}`, `Free at least ${MIN_DISK_GIB} GiB there.`),
    ),
    memory >= MIN_MEMORY_GIB
      ? good(`${memory.toFixed(1)} GiB of memory available`)
      : note(
          `only ${memory.toFixed(1)} GiB of memory available`,
          'Close something; building the media worker takes 1 GiB per core.',
        ),
  ];
}

function readMemoryGib(): number {
  try {
    return (Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024) / GIB;
  } catch {
    return Math.min(freemem(), totalmem()) / GIB;
  }
}

function sharedMemory(): Finding {
  if (!existsSync('/dev/shm')) return bad('/dev/shm is missing', 'Mount it: PostgreSQL and Chromium need it.');
  const { blocks, bsize } = statfsSync('/dev/shm');
  const mib = (blocks * bsize) / 1024 ** 2;
  return mib >= MIN_SHM_MIB
    ? good(`/dev/shm has ${mib.toFixed(0)} MiB`)
    : bad(`/dev/shm has only ${mib.toFixed(0)} MiB`, 'In a container: docker run --shm-size=256m …');
}

function userNamespaces(): Finding {
  if (process.getuid?.() !== 0) return good('PostgreSQL runs as you');
  return succeeds('unshare', ['--user', '--map-user=1000', '--map-group=1000', '--', 'true'])
    ? good('user namespaces: PostgreSQL runs unprivileged although you are root')
    : good('no user namespaces here, so PostgreSQL runs as "nobody" although you are root');
}

function diesWithParent(): Finding {
  return succeeds('setpriv', ['--pdeathsig', 'TERM', 'true'])
    ? good('processes end with the one that started them')
    : note(
        'setpriv is missing: after kill -9 processes stay behind until the next start',
        'sudo apt-get install util-linux',
      );
}

async function ports(): Promise<Finding[]> {
  const usual = [
    [8080, 'pages'],
    [4000, 'api'],
    [4100, 'media server'],
  ] as const;
  const tcp = await Promise.all(
    usual.map(async ([port, what]) =>
      (await isPortFree(port))
        ? good(`port ${port} (${what}) is free`)
        : note(`port ${port} (${what}) is taken: another is chosen`),
    ),
  );
  const rtc = (await isUdpPortFree(40_000, '127.0.0.1'))
    ? good('UDP port 40000 (media) is free')
    : note('UDP port 40000 (media) is taken: others are chosen');
  return [...tcp, rtc];
}

/** Sends one datagram to ourselves: some sandboxes have no UDP at all, and then there is no WebRTC. */
function udp(): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (finding: Finding) => {
      clearTimeout(timer);
      socket.close();
      resolve(finding);
    };
    const broken = bad(
      'UDP does not work on this machine',
      'Look at the firewall (iptables -L, nft list ruleset) or the sandbox.',
    );
    const timer = setTimeout(() => finish(broken), 1_000);
    socket.once('error', () => finish(broken));
    socket.once('message', () => finish(good('UDP works on this machine')));
    socket.bind(0, '127.0.0.1', () => socket.send('?', socket.address().port, '127.0.0.1'));
  });
}
