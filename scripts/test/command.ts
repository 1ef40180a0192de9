/**
 * `./live test`: static checks, then the tests beside the code, then the journeys in a real browser, one after the
 * other. The last line is the sum. Drills, which kill, cut and measure for minutes, are run by name.
 */
import { ensureDemoProgramme } from '../demo-feed/programme.ts';
import { prepare } from '../setup/prepare.ts';
import { green, red, say, sayFailure, step } from '../setup/say.ts';
import { STATIC_CHECKS } from './static-checks.ts';
import { runVitest, sum, type Tally } from './vitest-run.ts';

const PARTS = ['static', 'unit', 'e2e', 'drills'] as const;
type Part = (typeof PARTS)[number];
const isPart = (word: string): word is Part => (PARTS as readonly string[]).includes(word);

/** @param args nothing for what every change must pass; or `static`, `unit`, `e2e`, `drills`; or files and folders with tests */
export async function test(args: readonly string[]): Promise<void> {
  const startedAt = Date.now();
  const named = args.filter(isPart);
  const files = args.filter((arg) => !isPart(arg));
  const parts: readonly Part[] = named.length > 0 ? named : files.length > 0 ? [] : ['static', 'unit', 'e2e'];

  const prepared = await prepare({
    forTests: true,
    apps: parts.includes('e2e') || parts.includes('drills') || files.some((file) => file.includes('e2e')),
  });
  if (parts.includes('e2e') || parts.includes('drills')) await ensureDemoProgramme(prepared.ffmpegBin);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    MEDIASOUP_WORKER_BIN: prepared.mediaWorkerBin,
    FFMPEG_BIN: prepared.ffmpegBin,
    ...(prepared.chromiumBin ? { CHROMIUM_BIN: prepared.chromiumBin } : {}),
  };

  const tallies: Tally[] = [];
  if (parts.includes('static')) tallies.push(await runStaticChecks());
  if (files.length > 0) tallies.push(await runVitest('files', files, env));
  if (parts.includes('unit')) tallies.push(await runVitest('unit', ['--project=!e2e', '--project=!drills'], env));
  if (parts.includes('e2e')) tallies.push(await runVitest('e2e', ['--project=e2e'], env));
  if (parts.includes('drills')) tallies.push(await runVitest('drills', ['--project=drills'], env));

  const { passed, failed, skipped } = sum(tallies);
  const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
  say();
  say(
    failed === 0
      ? `${green('✓')} all good after ${minutes} min; what is changed can go in`
      : `${red('✗')} after ${minutes} min; run one file again with ./live test FILE`,
  );
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  if (failed > 0) process.exitCode = 1;
}

async function runStaticChecks(): Promise<Tally> {
  const result: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const check of STATIC_CHECKS) {
    try {
      await step(check.name, check.run);
      result.passed++;
    } catch (error) {
      result.failed++;
      say(`${red('✗')} ${check.name}`);
      sayFailure(error);
    }
  }
  return result;
}
