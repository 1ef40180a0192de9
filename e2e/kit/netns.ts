/**
 * Hosts of their own on this machine: a network namespace each, joined to this one by a virtual cable (where browsers come
 * from) and to each other by another (where pipes run). Without the rights for that the hosts are loopback addresses: the
 * same processes, less of a network.
 *
 * A namespace left by a test that was killed is taken away by the next one; its name carries the pid that made it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { isAlive } from '../../scripts/processes.ts';

/** 198.18.0.0/15 is reserved for tests of networks. */
const PREFIX = '198.18';
const NAME = /^wl-(\d+)-/;

export interface TestHost {
  readonly name: string;
  /** Reached from this machine's own network: browsers and tests. */
  readonly publicIp: string;
  /** Reached by the other hosts. */
  readonly privateIp: string;
  /** This machine as seen from the host. */
  readonly gatewayIp: string;
  /** Starts a program on the host; it dies with the test. */
  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess;
  /** Pulls both cables; the host runs on and nothing reaches it. False when there is nothing to pull. */
  unplug(): boolean;
  /** Makes the public cable bad or good again. Throws where the hosts are loopback addresses or a tool is missing. */
  setPublicCable(cable: Cable): void;
}

/**
 * What the kernel does to the packets of a cable, to signalling and media alike: nftables loses them at random, a token
 * bucket lets only so many bits a second through. Delay is the part of bad-link.ts: this kernel has no netem.
 */
export interface Cable {
  /** 0 to 1, in each direction. */
  lossRatio: number;
  /** In each direction; null = unlimited. */
  bitsPerSecond: number | null;
}

export const GOOD_CABLE: Cable = { lossRatio: 0, bitsPerSecond: null };
/** Two full packets at once: more would be a gap of its own behind them at 400 kbit/s. */
const TOKEN_BUCKET = ['burst', '4kb', 'latency', '300ms'];

export interface TestHosts extends AsyncDisposable {
  readonly hosts: readonly TestHost[];
  /** Why they are loopback addresses only; undefined when they are not. */
  readonly whyNot: string | undefined;
}

/** What went wrong; undefined when nothing did. */
function run(command: string, args: readonly string[]): string | undefined {
  const ran = spawnSync(command, args, { encoding: 'utf8', env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
  return ran.status === 0 ? undefined : (ran.error?.message ?? ran.stderr).trim().split('\n')[0] || `${command} failed`;
}

const ip = (...args: string[]): string | undefined => run('ip', args);

function must(...args: string[]): void {
  const failure = ip(...args);
  if (failure !== undefined) throw new Error(`ip ${args.join(' ')}: ${failure}`);
}

/** Both ends of a cable drain at the same rate; what comes into the host and what leaves it is lost alike. */
function setCable(name: string, outside: string, { lossRatio, bitsPerSecond }: Cable): void {
  const inside = (...command: string[]) => run('ip', ['netns', 'exec', name, ...command]);
  const ends = [
    (...args: string[]) => run('tc', [...args.slice(0, 2), 'dev', outside, ...args.slice(2)]),
    (...args: string[]) => inside('tc', ...args.slice(0, 2), 'dev', 'public', ...args.slice(2)),
  ];
  for (const end of ends) {
    end('qdisc', 'del', 'root');
    if (bitsPerSecond === null) continue;
    const failure = end('qdisc', 'add', 'root', 'tbf', 'rate', `${Math.round(bitsPerSecond)}bit`, ...TOKEN_BUCKET);
    if (failure !== undefined) throw new Error(`tc: ${failure}`);
  }
  inside('nft', 'delete', 'table', 'netdev', 'cable');
  if (lossRatio === 0) return;
  const drop = `numgen random mod 1000 < ${Math.round(lossRatio * 1_000)} drop`;
  // At the device: a packet that the output hook drops is an error to its sender, who sends it again.
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} device "public" priority 0; ${drop}; }`;
  const failure = inside('nft', `table netdev cable { ${chain('ingress')}; ${chain('egress')}; }`);
  if (failure !== undefined) throw new Error(`nft: ${failure}`);
}

/** Why no cable can be made bad here; undefined when it can. */
export function whyNoBadCable(): string | undefined {
  return whyNoHosts() ?? run('nft', ['--version']) ?? run('tc', ['-V']);
}

function sweep(): void {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout ?? '';
  for (const line of listed.split('\n')) {
    const name = line.split(' ')[0] ?? '';
    const pid = NAME.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) ip('netns', 'del', name);
  }
}

/** Why this machine cannot make such hosts; undefined when it can. */
export function whyNoHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const name = `wl-${process.pid}-try`;
  const failure =
    ip('netns', 'add', name) ??
    ip('link', 'add', `${name.slice(3)}`, 'type', 'veth', 'peer', 'name', 'p', 'netns', name);
  ip('netns', 'del', name);
  return failure;
}

/** Makes `count` hosts (at most 4). */
export async function makeHosts(count: number): Promise<TestHosts> {
  const whyNot = whyNoHosts();
  const children = new Set<ChildProcess>();
  const start = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess => {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const killAll = async (): Promise<void> => {
    const ends = [...children].map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ends);
  };

  if (whyNot !== undefined) {
    const hosts = Array.from({ length: count }, (_, index): TestHost => {
      const address = `127.0.0.${10 + index}`;
      return {
        name: `loopback-${index}`,
        publicIp: address,
        privateIp: address,
        gatewayIp: '127.0.0.1',
        spawn: start,
        unplug: () => false,
        setPublicCable: () => {
          throw new Error(`no cable: ${whyNot}`);
        },
      };
    });
    return { hosts, whyNot, [Symbol.asyncDispose]: killAll };
  }

  sweep();
  const net = process.pid % 60; // four /24 per test process
  const names = Array.from({ length: count }, (_, index) => `wl-${process.pid}-${index}`);
  const bridge = `wlb${process.pid}`;
  const dispose = async (): Promise<void> => {
    await killAll();
    for (const name of names) ip('netns', 'del', name);
    ip('link', 'del', bridge);
  };
  try {
    // The hosts' own network: a switch that this machine has no address in.
    must('link', 'add', bridge, 'type', 'bridge');
    must('link', 'set', bridge, 'up');
    const hosts = names.map((name, index): TestHost => {
      const outside = `wl${process.pid}p${index}`;
      const inner = `wl${process.pid}q${index}`;
      const subnet = `${PREFIX}.${net * 4 + index}`;
      const privateIp = `198.19.${net}.${index + 1}`;
      must('netns', 'add', name);
      must('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'public', 'netns', name);
      must('link', 'add', inner, 'type', 'veth', 'peer', 'name', 'private', 'netns', name);
      must('link', 'set', inner, 'master', bridge, 'up');
      must('addr', 'add', `${subnet}.1/24`, 'dev', outside);
      must('link', 'set', outside, 'up');
      for (const [device, address] of [
        ['public', `${subnet}.2/24`],
        ['private', `${privateIp}/24`],
      ] as const) {
        must('-n', name, 'addr', 'add', address, 'dev', device);
        must('-n', name, 'link', 'set', device, 'up');
      }
      must('-n', name, 'link', 'set', 'lo', 'up');
      return {
        name,
        publicIp: `${subnet}.2`,
        privateIp,
        gatewayIp: `${subnet}.1`,
        spawn: (command, args, env) => start('ip', ['netns', 'exec', name, command, ...args], env),
        unplug: () =>
          ip('-n', name, 'link', 'set', 'public', 'down') === undefined &&
          ip('-n', name, 'link', 'set', 'private', 'down') === undefined,
        setPublicCable: (cable) => setCable(name, outside, cable),
      };
    });
    return { hosts, whyNot: undefined, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
