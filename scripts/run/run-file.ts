/**
 * `run.json` in the data folder: who runs on it. It is how `./live stop` finds the process, how a second start notices
 * the first, and how a start after kill -9 waits for what the killed one left behind.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, isAlive, waitUntil } from '../processes.ts';
import type { Ports } from './ports.ts';
import type { SeedReport } from './seed.ts';

const LEFTOVER_GRACE_MS = 8_000;

export interface RunRecord {
  /** Process id of the supervisor. */
  pid: number;
  /** When the kernel started it, in clock ticks: tells it from a later process with the same number. */
  bornAt: string;
  startedAt: string;
  children: Record<string, number>;
  origin?: string;
  ports?: Ports;
  seed?: SeedReport;
}

const fileIn = (dataDir: string) => join(dataDir, 'run.json');

/** The start time of a process as the kernel counts it; empty when it is gone. */
export function bornAt(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** What the file says, true or not. */
export function readRun(dataDir: string): RunRecord | undefined {
  try {
    return existsSync(fileIn(dataDir)) ? JSON.parse(readFileSync(fileIn(dataDir), 'utf8')) : undefined;
  } catch {
    return undefined; // half written by a machine that lost power
  }
}

/** The record, when its supervisor really runs. */
export function runningOn(dataDir: string): RunRecord | undefined {
  const record = readRun(dataDir);
  if (!record || !isAlive(record.pid) || bornAt(record.pid) !== record.bornAt) return undefined;
  return commandLine(record.pid).includes('live.ts') || record.pid === process.pid ? record : undefined;
}

/** Writes the record all at once; only its owner may read it. */
export function writeRun(dataDir: string, record: RunRecord): void {
  const file = fileIn(dataDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeRun(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** Waits until the processes of a run whose supervisor was killed are gone; ends those that do not go. */
export async function clearLeftovers(dataDir: string, graceMs = LEFTOVER_GRACE_MS): Promise<void> {
  const record = readRun(dataDir);
  if (!record || runningOn(dataDir)) return;
  const left = () => Object.values(record.children).filter((pid) => isAlive(pid) && /\.ts\b/.test(commandLine(pid)));
  try {
    await waitUntil('the processes of the last run end', graceMs, () => left().length === 0);
  } catch {
    for (const pid of left()) process.kill(pid, 'SIGKILL');
  }
  removeRun(dataDir);
}
