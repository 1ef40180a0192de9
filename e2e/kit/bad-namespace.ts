/**
 * A Chromium in a network of its own whose only cable is bad: the kernel loses packets in both directions (nftables), and
 * lets only so many bits a second through (tc's token bucket). Signalling goes through the same cable as the media. Delay is
 * the relay's part (bad-link.ts): this kernel has no netem. Needs root, `nft` and `tc`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath } from './chromium.ts';

/** 198.18.0.0/15 is reserved for tests of networks; two-host tests stay below. */
const SUBNET = '198.18.250';
const GATEWAY_IP = `${SUBNET}.1`;
const BURST = '16kb';
/** As long as a router's queue holds packets back. */
const QUEUE = '300ms';

export interface Cable {
  /** 0 to 1, in each direction. */
  lossRatio: number;
  /** In each direction; null = unlimited. */
  bitsPerSecond: number | null;
}

export interface BadNamespace extends AsyncDisposable {
  /** This machine as the browser sees it. */
  readonly gatewayIp: string;
  /** Launch this instead of Chromium. */
  readonly executablePath: string;
  /** Lets the browser reach a TCP port of 127.0.0.1; answers the address to use inside. */
  forward(url: string): Promise<string>;
  set(cable: Cable): void;
}

const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

function tried(command: string, ...args: string[]): string | undefined {
  const ran = spawnSync(command, args, { encoding: 'utf8', env: environment });
  return ran.status === 0 ? undefined : `${command}: ${(ran.error?.message ?? ran.stderr).trim().split('\n')[0]}`;
}

function must(command: string, ...args: string[]): void {
  const failure = tried(command, ...args);
  if (failure !== undefined) throw new Error(`${failure} (${args.join(' ')})`);
}

/** Why this machine cannot make such a network; undefined when it can. */
export function whyNoBadNamespace(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  return tried('nft', '--version') ?? tried('tc', '-V');
}

export async function makeBadNamespace(): Promise<BadNamespace> {
  const name = `wl-${process.pid}-bad`;
  const outside = `wl${process.pid}b`;
  const dir = await mkdtemp(join(tmpdir(), 'walnut-live-bad-network-'));
  const servers: Server[] = [];
  const open = new Set<Socket>();
  const inside = (command: string, ...args: string[]) => must('ip', 'netns', 'exec', name, command, ...args);

  async function dispose(): Promise<void> {
    for (const socket of open) socket.destroy();
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    tried('ip', 'netns', 'del', name);
    tried('ip', 'link', 'del', outside);
    await rm(dir, { recursive: true, force: true });
  }

  const executablePath = join(dir, 'chromium');
  try {
    must('ip', 'netns', 'add', name);
    must('ip', 'link', 'add', outside, 'type', 'veth', 'peer', 'name', 'cable', 'netns', name);
    must('ip', 'addr', 'add', `${GATEWAY_IP}/24`, 'dev', outside);
    must('ip', 'link', 'set', outside, 'up');
    inside('ip', 'addr', 'add', `${SUBNET}.2/24`, 'dev', 'cable');
    for (const device of ['lo', 'cable']) inside('ip', 'link', 'set', device, 'up');
    // Without one the browser believes to be offline.
    inside('ip', 'route', 'add', 'default', 'via', GATEWAY_IP);
    await writeFile(executablePath, `#!/bin/sh\nexec ip netns exec '${name}' '${chromiumPath()}' "$@"\n`, {
      mode: 0o755,
    });
  } catch (error) {
    await dispose();
    throw error;
  }

  return {
    gatewayIp: GATEWAY_IP,
    executablePath,
    async forward(url) {
      const target = new URL(url);
      const server = createServer((near) => {
        const far = connect(Number(target.port), '127.0.0.1');
        for (const socket of [near, far]) {
          open.add(socket);
          socket.on('error', () => undefined);
          socket.on('close', () => {
            open.delete(socket);
            near.destroy();
            far.destroy();
          });
        }
        near.pipe(far).pipe(near);
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(Number(target.port), GATEWAY_IP, resolve);
      });
      target.hostname = GATEWAY_IP;
      return target.href;
    },
    set({ lossRatio, bitsPerSecond }) {
      tried('ip', 'netns', 'exec', name, 'nft', 'delete', 'table', 'inet', 'bad');
      if (lossRatio > 0) {
        const drop = `numgen random mod 1000 < ${Math.round(lossRatio * 1_000)} drop`;
        const chain = (hook: string) =>
          `chain ${hook} { type filter hook ${hook} priority 0; oifname != "lo" iifname != "lo" ${drop}; }`;
        inside('nft', `table inet bad { ${chain('input')} ${chain('output')} }`);
      }
      for (const [run, device] of [
        [(...args: string[]) => tried('tc', ...args), outside],
        [(...args: string[]) => tried('ip', 'netns', 'exec', name, 'tc', ...args), 'cable'],
      ] as const) {
        run('qdisc', 'del', 'dev', device, 'root');
        if (bitsPerSecond === null) continue;
        const rate = `${Math.round(bitsPerSecond)}bit`;
        const failure = run(
          'qdisc',
          'add',
          'dev',
          device,
          'root',
          'tbf',
          'rate',
          rate,
          'burst',
          BURST,
          'latency',
          QUEUE,
        );
        if (failure !== undefined) throw new Error(failure);
      }
    },
    [Symbol.asyncDispose]: dispose,
  };
}
