/** What is checked without running the product: form, types, who imports whom, the database schema, shell scripts. */
import { join } from 'node:path';
import { ROOT, WORKSPACES } from '../setup/paths.ts';
import { runPrisma } from '../setup/prisma-client.ts';
import { runCommand } from '../setup/run-command.ts';

export interface StaticCheck {
  name: string;
  run(): Promise<unknown>;
}

const tool = (path: string, ...args: string[]) =>
  runCommand(process.execPath, [join(ROOT, 'node_modules', path), ...args], {
    cwd: ROOT,
    what: `${path.split('/').at(-1)} ${args.join(' ')}`,
  });

/** All of them; each counts as one test. */
export const STATIC_CHECKS: readonly StaticCheck[] = [
  { name: 'format and lint', run: () => tool('@biomejs/biome/bin/biome', 'check', '--max-diagnostics=30', '.') },
  { name: 'who imports whom', run: () => tool('oxlint/bin/oxlint', '--quiet') },
  ...['.', ...WORKSPACES].map((workspace) => ({
    name: `types of ${workspace === '.' ? 'scripts' : workspace}`,
    run: () => tool('typescript/bin/tsc', '-p', workspace),
  })),
  { name: 'database schema', run: () => runPrisma('validate') },
  { name: 'shell scripts', run: checkShell },
];

async function checkShell(): Promise<void> {
  await runCommand('sh', ['-n', join(ROOT, 'live')]);
  for (const script of ['.ci/run', 'scripts/media-worker/build.sh'])
    await runCommand('bash', ['-n', join(ROOT, script)]);
}
