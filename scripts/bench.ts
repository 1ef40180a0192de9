/** `./live bench [NAME]`: measures on a product of its own and writes down what came out. See bench/scenario.ts. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ensureK6, k6Version, runK6 } from './bench/k6.ts';
import { lines, makeResult, writeResult } from './bench/results.ts';
import type { Scenario } from './bench/scenario.ts';
import { ensureDemoProgramme } from './demo-feed/programme.ts';
import { type Product, startProduct } from './run/product.ts';
import { ROOT } from './setup/paths.ts';
import { prepare } from './setup/prepare.ts';
import { SetupError, say, step } from './setup/say.ts';

const SCENARIOS = join(ROOT, 'load-tests/scenarios');

export async function bench([name]: readonly string[]): Promise<void> {
  if (name === undefined) {
    say('What can be measured:');
    for (const scenario of await Promise.all(names().map(load))) say(`  ${scenario.name.padEnd(14)} ${scenario.title}`);
    say('Next: ./live bench NAME');
    return;
  }
  const scenario = await load(name);
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
    const result = makeResult(name, figures, { k6: await k6Version(k6) });
    const file = writeResult(result);
    for (const line of lines(result)) say(line);
    say(`Written to ${relative(ROOT, file)}, with a table beside it. Next: commit it, or compare with git diff`);
  } finally {
    await product?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function names(): string[] {
  if (!existsSync(SCENARIOS)) return [];
  return readdirSync(SCENARIOS)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
}

async function load(name: string): Promise<Scenario> {
  if (!names().includes(name)) {
    throw new SetupError(`There is nothing called "${name}" to measure.`, [
      `There is: ${names().join(', ') || 'nothing yet'}`,
    ]);
  }
  return ((await import(join(SCENARIOS, `${name}.ts`))) as { scenario: Scenario }).scenario;
}
