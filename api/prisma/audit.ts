/**
 * Recomputes money, stock, gifts, group buys, points and pre-sales at DATABASE_URL and prints what does
 * not agree, a line each; ends with 1 when anything does not. It only reads.
 */

import { auditBooks } from '../src/compose-audit.ts';
import { createDb } from '../src/platform/db.ts';

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) throw new Error('DATABASE_URL must be set');
const db = createDb({ url: databaseUrl, poolSize: 2, onError: (error) => console.error(error) });
try {
  const differences = await auditBooks(db);
  for (const difference of differences) console.log(difference);
  console.log(differences.length === 0 ? 'Everything agrees.' : `${differences.length} differences.`);
  process.exitCode = differences.length === 0 ? 0 : 1;
} finally {
  await db.close();
}
