/** The demo brand: api/prisma/seed.ts fills the database (again and again without harm) and says what it made. */
import { join } from 'node:path';
import { ROOT } from '../setup/paths.ts';
import { runCommand } from '../setup/run-command.ts';
import { SetupError } from '../setup/say.ts';
import type { Secrets } from './secrets.ts';

/** The last line that the seed prints. */
export interface SeedReport {
  demoRoom: { id: string; streamId: string; title: string };
  accounts: { role: string; name: string; username: string }[];
  consumerLinks: { label: string; path: string }[];
}

export async function seed(
  databaseUrl: string,
  { DEMO_PASSWORD, SHARE_SECRET }: Pick<Secrets, 'DEMO_PASSWORD' | 'SHARE_SECRET'>,
): Promise<SeedReport> {
  const output = await runCommand(process.execPath, [join(ROOT, 'api/prisma/seed.ts')], {
    cwd: join(ROOT, 'api'),
    env: { ...process.env, DATABASE_URL: databaseUrl, DEMO_PASSWORD, SHARE_SECRET },
    what: 'seeding the demo brand',
  });
  const line = output.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as SeedReport;
  } catch {
    throw new SetupError('the seed did not end with its report', [line.slice(0, 200)]);
  }
}
