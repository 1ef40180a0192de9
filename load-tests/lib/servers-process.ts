/** Processes that a measurement starts: each on its own core, none outliving the measurement. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { succeeds } from '../../scripts/processes.ts';
import { findProgram } from '../../scripts/setup/system-packages.ts';

/** Where what is measured runs, and where the load is made; on one core both are the same. */
export const SERVER_CORE = 0;
export const LOAD_CORE = Math.min(1, availableParallelism() - 1);
const STOP_TIMEOUT_MS = 10_000;

export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** `taskset`, where the machine has it: server and load must not take each other's time. */
export const onCore = (core: number): string[] =>
  findProgram('taskset') && succeeds('taskset', ['-c', String(core), 'true']) ? ['taskset', '-c', String(core)] : [];

const dyingWithUs = (): string[] =>
  succeeds('setpriv', ['--pdeathsig', 'KILL', 'true']) ? ['setpriv', '--pdeathsig', 'KILL'] : [];

export function startServer(
  command: readonly string[],
  options: { logFile: string; env?: Readonly<Record<string, string>>; cwd?: string; core?: number | 'any' },
): Running {
  const { core = SERVER_CORE } = options;
  const pinned = core === 'any' ? [] : onCore(core);
  const [program = '', ...args] = [...dyingWithUs(), ...pinned, ...command];
  const log = openSync(options.logFile, 'a');
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  return {
    get pid() {
      return child.pid ?? 0;
    },
    child,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(killNow, STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
      process.off('exit', killNow);
    },
  };
}

/** Processes whose parent is `pid`, as the kernel has them now. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}
