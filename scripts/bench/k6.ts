/** k6, the load generator: the machine's own, or built once with Go into the cache. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contentKey } from '../setup/content-key.ts';
import { CACHE_DIR, ROOT } from '../setup/paths.ts';
import { runCommand } from '../setup/run-command.ts';
import { SetupError, step } from '../setup/say.ts';
import { findProgram } from '../setup/system-packages.ts';
import type { K6Summary } from './scenario.ts';

const K6_VERSION = '1.8.1';

/** Path of a k6 that runs here. @throws SetupError that says what to install when there is neither k6 nor Go */
export async function ensureK6(): Promise<string> {
  const given = process.env.K6_BIN ? findProgram(process.env.K6_BIN) : findProgram('k6');
  if (given) return given;
  const home = join(CACHE_DIR, `k6-${K6_VERSION}`);
  const built = join(home, 'k6');
  if (existsSync(built)) return built;
  const go = findProgram('go', '/usr/local/go/bin/go');
  if (!go) {
    throw new SetupError('Load tests need k6, and neither k6 nor Go (to build it) is here.', [
      `Install Go 1.24 or newer and run this again: it builds k6 ${K6_VERSION} into ${home}`,
      'or install k6 yourself: https://grafana.com/docs/k6/latest/set-up/install-k6/',
    ]);
  }
  await step(`building k6 ${K6_VERSION} with Go (once per machine, 1 to 3 minutes)`, () =>
    runCommand(go, ['install', `go.k6.io/k6@v${K6_VERSION}`], { cwd: tmpdir(), env: { ...process.env, GOBIN: home } }),
  );
  return built;
}

const swarmFile = () => join(CACHE_DIR, `k6-swarm-${contentKey(['load-tests/swarm'])}`, 'k6');

/** What ensureSwarm() would build, if it is there already. */
export const builtSwarm = (): string | undefined => (existsSync(swarmFile()) ? swarmFile() : undefined);

/**
 * Path of a k6 with the swarm of WebRTC viewers in it (load-tests/swarm), built once per content of its sources.
 * @throws SetupError that says what to install when Go is missing
 */
export async function ensureSwarm(): Promise<string> {
  const built = swarmFile();
  if (existsSync(built)) return built;
  const go = findProgram('go', '/usr/local/go/bin/go');
  if (!go) {
    throw new SetupError('Measuring media needs Go, to build k6 with our swarm of viewers.', [
      'Install Go 1.25 or newer and run this again.',
    ]);
  }
  await step('building k6 and the swarm of viewers with Go (once per change, 1 to 3 minutes)', async () => {
    const half = `${built}.${process.pid}`;
    await runCommand(go, ['build', '-ldflags=-s -w', '-o', half, '.'], { cwd: join(ROOT, 'load-tests/swarm') });
    renameSync(half, built);
  });
  return built;
}

/** The version as k6 says it. */
export async function k6Version(k6: string): Promise<string> {
  return /v\d+\.\d+\.\d+/.exec(await runCommand(k6, ['version']))?.[0] ?? 'unknown';
}

interface RawSummary {
  metrics: Record<string, Record<string, unknown>>;
  root_group: RawGroup;
}
interface RawGroup {
  groups?: Record<string, RawGroup> | RawGroup[];
  checks?: Record<string, RawCheck> | RawCheck[];
}
interface RawCheck {
  name: string;
  fails: number;
}

/** Runs a script of load-tests/k6 and reads its summary. @throws SetupError when k6 or a threshold fails */
export async function runK6(
  k6: string,
  script: string,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
  /** Command in front, for example taskset. */
  prefix: readonly string[] = [],
): Promise<K6Summary> {
  const work = mkdtempSync(join(tmpdir(), 'walnut-live-k6-'));
  const summary = join(work, 'summary.json');
  const reports = join(work, 'reports.jsonl');
  const [command = k6, ...first] = [...prefix, k6];
  try {
    await runCommand(
      command,
      [
        ...first,
        ...['run', '--quiet', '--no-usage-report', '--no-color', '--summary-export', summary],
        ...['--summary-trend-stats', 'avg,min,med,max,p(90),p(95),p(99)', join(ROOT, script)],
      ],
      { cwd: ROOT, env: { ...process.env, REPORT_FILE: reports, ...env }, onLine, what: `k6 run ${script}` },
    );
    return {
      ...readSummary(JSON.parse(readFileSync(summary, 'utf8')) as RawSummary),
      reports: existsSync(reports) ? readLines(readFileSync(reports, 'utf8')) : [],
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const readLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

function readSummary(raw: RawSummary): Omit<K6Summary, 'reports'> {
  const metrics = Object.fromEntries(
    Object.entries(raw.metrics).map(([name, values]) => [
      name,
      Object.fromEntries(
        Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      ),
    ]),
  );
  return { metrics, failedChecks: Object.fromEntries(failedChecks(raw.root_group)) };
}

function failedChecks(group: RawGroup): [string, number][] {
  const values = <T>(list: Record<string, T> | T[] | undefined): T[] =>
    Array.isArray(list) ? list : Object.values(list ?? {});
  return [
    ...values(group.checks).flatMap(({ name, fails }): [string, number][] => (fails > 0 ? [[name, fails]] : [])),
    ...values(group.groups).flatMap(failedChecks),
  ];
}
