/** `./live bench [NAME]`: measures on a product of its own and writes down what came out. See bench/scenario.ts. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureK6, ensureSwarm, k6Version, runK6 } from './bench/k6.ts';
import { lines, makeResult, writeResult } from './bench/results.ts';
import type { BareScenario, Figure, Scenario } from './bench/scenario.ts';
import { ensureDemoProgramme } from './demo-feed/programme.ts';
import { type Product, startProduct } from './run/product.ts';
import { ROOT } from './setup/paths.ts';
import { prepare } from './setup/prepare.ts';
import { SetupError, say, step } from './setup/say.ts';

const SCENARIOS = join(ROOT, 'load-tests/scenarios');

export async function bench([name, ...flags]: readonly string[]): Promise<void> {
  if (name === undefined) {
    say('What can be measured:');
    for (const scenario of await Promise.all(names().map(load))) say(`  ${scenario.name.padEnd(14)} ${scenario.title}`);
    say('Next: ./live bench NAME');
    return;
  }
  const scenario = await load(name);
  if ('bare' in scenario) return benchBare(scenario, flags);
  const prepared = await prepare();
  const k6 = await ensureK6();
  const demoProgramme = scenario.withDemo ? await ensureDemoProgramme(prepared.ffmpegBin) : undefined;
  const dataDir = mkdtempSync(join(tmpdir(), 'walnut-live-bench-'));
  let product: Product | undefined;
  const interrupted = () => {
    void (async () => {
      await product?.stop();
      rmSync(dataDir, { recursive: true, force: true });
      process.exit(130);
    })();
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    product = await step('starting the product on free ports with a data folder of its own', () =>
      startProduct({
        dataDir,
        prepared,
        unusualPorts: true,
        env: { LOG_LEVEL: 'warn', ...scenario.env },
        ...(demoProgramme ? { demoProgramme } : {}),
        notice: say,
      }),
    );
    const running = product;
    const figures = await step(`measuring: ${scenario.title}`, (progress) =>
      scenario.run({
        product: running,
        say,
        k6: (script, env = {}) =>
          runK6(k6, script, { ORIGIN: running.origin, ...env }, (line) => {
            if (line.trim()) progress.update(line.trim().slice(0, 80));
          }),
      }),
    );
    report(name, figures, { k6: await k6Version(k6) });
  } finally {
    await product?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Servers of a bare scenario end with this process: it starts them with a parent-death watch of its own. */
async function benchBare(scenario: BareScenario, flags: readonly string[]): Promise<void> {
  const quick = flags.includes('--quick');
  const prepared = await prepare();
  const k6 = await ensureSwarm();
  const dataDir = mkdtempSync(join(tmpdir(), 'walnut-live-bench-'));
  try {
    const figures = await step(`measuring: ${scenario.title}`, (progress) =>
      scenario.run({
        prepared,
        dataDir,
        quick,
        withPeers: !flags.includes('--no-peers'),
        say,
        swarm: (script, env = {}, prefix = [], onLine = () => undefined) =>
          runK6(
            k6,
            script,
            env,
            (line) => {
              onLine(line);
              if (line.trim()) progress.update(line.trim().slice(0, 80));
            },
            prefix,
          ),
      }),
    );
    if (quick) say('It works. Next: the same without --quick, on a quiet machine');
    else report(scenario.name, figures, { k6: await k6Version(k6), load: loadavg()[0]?.toFixed(2) ?? '' });
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function report(name: string, figures: Figure[], versions: Record<string, string>): void {
  const result = makeResult(name, figures, versions);
  const file = writeResult(result);
  for (const line of lines(result)) say(line);
  say(`Written to ${relative(ROOT, file)}, with a table beside it. Next: commit it, or compare with git diff`);
}

function names(): string[] {
  if (!existsSync(SCENARIOS)) return [];
  return readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
}

async function load(name: string): Promise<Scenario | BareScenario> {
  if (!names().includes(name)) {
    throw new SetupError(`There is nothing called "${name}" to measure.`, [
      `There is: ${names().join(', ') || 'nothing yet'}`,
    ]);
  }
  return ((await import(join(SCENARIOS, `${name}.ts`))) as { scenario: Scenario | BareScenario }).scenario;
}
