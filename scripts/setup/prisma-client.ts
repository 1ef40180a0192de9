/** The Prisma client, generated into api/src/generated when the schema or Prisma itself changed. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { contentKey, isStamped, stamp } from './content-key.ts';
import { ROOT } from './paths.ts';
import { runCommand } from './run-command.ts';
import { step } from './say.ts';

/**
 * Environment for the Prisma CLI. Its native engine would be downloaded from a host that may be out of reach; generate,
 * validate and format do without it, and our own runner applies the migrations.
 */
export function prismaEnvironment(): NodeJS.ProcessEnv {
  return {
    PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    ...process.env,
  };
}

/** Runs the Prisma CLI in api/. */
export function runPrisma(...args: string[]): Promise<string> {
  return runCommand(process.execPath, [join(ROOT, 'node_modules/prisma/build/index.js'), ...args], {
    cwd: join(ROOT, 'api'),
    env: prismaEnvironment(),
    what: `prisma ${args[0]}`,
  });
}

/** Generates the client when needed. */
export async function ensurePrismaClient(): Promise<void> {
  const key = contentKey(['api/prisma/schema.prisma', 'api/prisma.config.ts', 'node_modules/prisma/package.json']);
  if (isStamped('prisma-client', key) && existsSync(join(ROOT, 'api/src/generated/prisma'))) return;
  await step('generating the database client', () => runPrisma('generate'));
  stamp('prisma-client', key);
}
