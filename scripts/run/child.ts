/**
 * One process of the product under the supervisor.
 *
 * Model: wanted (from start to stop) and running. Invariants: while it is wanted a dead process is started again, ever
 * more slowly when it keeps dying; after stop() nothing of its process group is left; it is told SIGTERM when we are
 * killed with -9. It has a process group of its own, so Ctrl-C reaches the supervisor only, which stops things in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { dyingWithUs } from '../processes.ts';

const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 15_000;
/** A process that ran this long had a good start: its next restart is quick again. */
const GOOD_RUN_MS = 30_000;
const STOP_GRACE_MS = 6_000;
const MAX_LOG_BYTES = 20 * 1024 * 1024;
const LAST_LINES = 12;

export interface ChildOptions {
  name: string;
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  logFile: string;
  /** Told what a person should know: crashes, and what the process itself logs as an error. */
  notice: (text: string) => void;
  /** Told the process id at every (re)start. */
  onSpawn?: (pid: number) => void;
}

export interface Child {
  readonly name: string;
  readonly pid: number | undefined;
  /** How many times it was started again. */
  readonly restarts: number;
  /** Asks it to end, then insists; idempotent. */
  stop(): Promise<void>;
}

/** Starts the process and keeps it running until stop(). */
export function startChild(options: ChildOptions): Child {
  const log = rotatingLog(options.logFile);
  let process_: ChildProcess | undefined;
  let closed: Promise<void> = Promise.resolve();
  let wanted = true;
  let restarts = 0;
  let delayMs = FIRST_RESTART_MS;
  let timer: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | undefined;

  function launch(): void {
    const startedAt = Date.now();
    const recent: string[] = [];
    const [command = '', ...args] = dyingWithUs('TERM', options.command);
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    process_ = child;
    if (child.pid !== undefined) options.onSpawn?.(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      eachLine(stream, (line) => {
        log.write(`${line}\n`);
        recent.push(line);
        if (recent.length > LAST_LINES) recent.shift();
        const text = importantText(line);
        if (text !== undefined && wanted) options.notice(text);
      });
    }
    // What it started must hold neither its ports nor our pipes once it is gone itself.
    child.once('exit', () => killGroup(child.pid, 'SIGKILL'));
    closed = new Promise((done) => {
      child.once('error', (error) => {
        recent.push(error.message);
        if (child.pid === undefined) done();
      });
      child.once('close', () => done());
    });
    void closed.then(() => {
      if (!wanted) return;
      const code = child.signalCode ?? `status ${child.exitCode}`;
      if (Date.now() - startedAt > GOOD_RUN_MS) delayMs = FIRST_RESTART_MS;
      options.notice(`ended (${code}); starting it again in ${delayMs / 1000} s. It last said:`);
      for (const line of recent.filter((text) => text.trim() !== '')) options.notice(`  ${plainText(line)}`);
      timer = setTimeout(() => {
        restarts++;
        launch();
      }, delayMs);
      delayMs = Math.min(delayMs * 2, LAST_RESTART_MS);
    });
  }

  async function stop(): Promise<void> {
    wanted = false;
    clearTimeout(timer);
    const pid = process_?.pid;
    process_?.kill('SIGTERM');
    const insist = setTimeout(() => killGroup(pid, 'SIGKILL'), STOP_GRACE_MS);
    await closed;
    clearTimeout(insist);
    log.end();
  }

  launch();
  return {
    name: options.name,
    get pid() {
      return process_?.pid;
    },
    get restarts() {
      return restarts;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // nobody left in the group
  }
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let partial = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    partial = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) take(line);
  });
  stream.on('end', () => {
    if (partial) take(partial);
  });
}

const PINO_ERROR = 50;

/** The text of a structured log line that says an error; other lines are for the log file only. */
function importantText(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const entry = parse(line);
  return entry && typeof entry.level === 'number' && entry.level >= PINO_ERROR ? plainText(line) : undefined;
}

function plainText(line: string): string {
  const entry = line.startsWith('{') ? parse(line) : undefined;
  if (!entry) return line;
  const cause = entry.err as { message?: unknown } | undefined;
  return [entry.msg, cause?.message].filter((part) => typeof part === 'string' && part !== '').join(': ') || line;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** A log file of at most 20 MiB, with the one before it kept as `.1`. Written at once: nothing is lost with us. */
function rotatingLog(file: string): { write(text: string): void; end(): void } {
  let bytes = 0;
  const open = (): number => {
    if (existsSync(file)) renameSync(file, `${file}.1`);
    bytes = 0;
    return openSync(file, 'w', 0o600);
  };
  let descriptor: number | undefined = open();
  return {
    write(text) {
      if (descriptor === undefined) return;
      bytes += text.length;
      if (bytes > MAX_LOG_BYTES) {
        closeSync(descriptor);
        descriptor = open();
      }
      writeSync(descriptor, text);
    },
    end() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}
