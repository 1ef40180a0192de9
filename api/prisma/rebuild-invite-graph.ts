/**
 * Makes the invite graph of the database at DATABASE_URL anew from the edges and orders, then compares it with them; with `--check` it
 * only compares. The product may run meanwhile. Ends with 1 when something differs.
 */
import { auditInviteGraph, createGraphKeeping } from '../src/features/invite-graph/index.ts';
import { systemClock as clock } from '../src/platform/clock.ts';
import { createDb } from '../src/platform/db.ts';

const url = process.env.DATABASE_URL;
if (!url) throw new Error('DATABASE_URL must be set');
const db = createDb({ url, poolSize: 2, onError: (error) => console.error(error) });
try {
  const keeping = createGraphKeeping({ db, clock });
  if (!process.argv.includes('--check')) {
    console.log('Making the invite graph anew; a million people take some minutes …');
    await keeping.rebuild();
  }
  await keeping.follow();
  const differences = await auditInviteGraph(db, clock.now());
  for (const difference of differences) console.error(difference);
  console.log(
    differences.length === 0
      ? 'The invite graph agrees with the edges and orders.'
      : `${differences.length} differences. Next: node api/prisma/rebuild-invite-graph.ts`,
  );
  process.exitCode = differences.length === 0 ? 0 : 1;
} finally {
  await db.close();
}
