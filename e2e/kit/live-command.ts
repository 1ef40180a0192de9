/** `./live` as a person types it: a process of its own in a process group of its own, like a terminal's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../../scripts/processes.ts';
import { type RunRecord, readRun } from '../../scripts/run/run-file.ts';
import { ROOT } from '../../scripts/setup/paths.ts';

/** Also builds the apps when their sources changed. */
const START_TIMEOUT_MS = 180_000;

export interface LiveStart {
  readonly process: ChildProcess;
  readonly record: RunRecord & { origin: string };
  /** Everything it has printed so far. */
  output(): string;
  /** Ctrl-C: the terminal tells the whole group. Resolves with the exit status. */
  interrupt(): Promise<number | null>;
}

/** Starts on the data folder and waits for the links. */
export async function liveStart(dataDir: string, ...args: string[]): Promise<LiveStart> {
  const live = spawn(join(ROOT, 'live'), ['start', '--data', dataDir, ...args], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [live.stdout, live.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await waitUntil('the links are printed', START_TIMEOUT_MS, () => {
    if (live.exitCode !== null || live.signalCode !== null) throw new Error(output);
    return output.includes('Stop with Ctrl-C');
  });
  const record = readRun(dataDir);
  if (!record?.origin) throw new Error(`no run file\n${output}`);
  const closed = async (): Promise<number | null> => {
    if (live.exitCode === null && live.signalCode === null) await once(live, 'close');
    return live.exitCode;
  };
  return {
    process: live,
    record: { ...record, origin: record.origin },
    output: () => output,
    interrupt() {
      process.kill(-(live.pid ?? 0), 'SIGINT');
      return closed();
    },
  };
}
