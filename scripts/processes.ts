/** Small facts about processes and ports that several launcher parts need. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Whether a process with this id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, arguments joined by spaces; empty when it is gone or cannot be read. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

/** Whether a command exists and ends with status 0. */
export function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Whether a TCP port can be bound on `host` now. */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** Below the range from which the kernel takes ports for outgoing connections and below the media ports. */
const FREE_PORTS = { from: 10_000, to: 32_000 };

/** A TCP port that nobody listens on. Chosen at random, so that two starts at the same moment do not choose the same. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(FREE_PORTS.from, FREE_PORTS.to);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port between ${FREE_PORTS.from} and ${FREE_PORTS.to}`);
}

/** Waits until `check` answers true; throws after `timeoutMs`, naming `what`. */
export async function waitUntil(
  what: string,
  timeoutMs: number,
  check: () => boolean | Promise<boolean>,
  everyMs = 50,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${timeoutMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

let pdeathsig: boolean | undefined;

/**
 * Puts `setpriv --pdeathsig` before a command, so that the kernel sends it `signal` when we die, even by kill -9.
 * Only Linux with util-linux has it; elsewhere the command is returned unchanged and the next start adopts orphans.
 */
export function dyingWithUs(signal: 'INT' | 'TERM' | 'KILL', command: readonly string[]): string[] {
  pdeathsig ??= process.platform === 'linux' && succeeds('setpriv', ['--pdeathsig', 'TERM', 'true']);
  return pdeathsig ? ['setpriv', '--pdeathsig', signal, '--', ...command] : [...command];
}
