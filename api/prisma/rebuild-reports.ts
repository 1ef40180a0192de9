/**
 * Counts the roll-ups of the reports in the database at DATABASE_URL anew from touches, orders, refunds, commission entries and invite
 * edges, says what differed and makes it right; with `--check` it only compares. The product may run meanwhile. With `--check` it ends
 * with 1 when something differs.
 */
import { createReportKeeping } from '../src/features/reports/index.ts';
import { systemClock as clock } from '../src/platform/clock.ts';
import { createDb } from '../src/platform/db.ts';

const url = process.env.DATABASE_URL;
if (!url) throw new Error('DATABASE_URL must be set');
const onlyCheck = process.argv.includes('--check');
const db = createDb({ url, poolSize: 2, onError: (error) => console.error(error) });
try {
  const keeping = createReportKeeping({ db, clock });
  await keeping.follow(true);
  console.log('Counting all reports from the facts; ten million touches take some minutes …');
  const drift = await keeping.rebuild(!onlyCheck);
  for (const { what, missing, wrong } of drift) console.log(`${what}: ${missing} rows missing, ${wrong} rows wrong`);
  const differs = drift.some(({ missing, wrong }) => missing + wrong > 0);
  if (!differs) console.log('The roll-ups agree with the facts.');
  else if (onlyCheck) console.log('They differ. Next: node api/prisma/rebuild-reports.ts');
  else console.log('They were made right.');
  process.exitCode = differs && onlyCheck ? 1 : 0;
} finally {
  await db.close();
}
