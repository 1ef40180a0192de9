/**
 * The first administrator of a new deployment, or a new code for one who lost their password:
 *
 *   node api/prisma/first-admin.ts --brand "Brand" --username admin --name "Name"
 *   node api/prisma/first-admin.ts --username admin
 *
 * at DATABASE_URL, after the migrations. Prints a code that is good once and for a day; ends with 1 when it refuses.
 */
import { parseArgs } from 'node:util';
import { makeFirstAdmin } from '../src/features/org/index.ts';
import { systemClock as clock, systemRandom as random } from '../src/platform/clock.ts';
import { createDb } from '../src/platform/db.ts';

const { values } = parseArgs({
  options: { brand: { type: 'string' }, username: { type: 'string' }, name: { type: 'string' } },
});
const { DATABASE_URL } = process.env;
if (!DATABASE_URL || !values.username || !/^[a-z0-9][a-z0-9._-]{2,31}$/.test(values.username)) {
  process.stderr.write(
    'Usage: node api/prisma/first-admin.ts --brand NAME --username NAME --name NAME, with DATABASE_URL. A user name is small letters, digits, dots and dashes.\n',
  );
  process.exit(2);
}
const db = createDb({ url: DATABASE_URL, poolSize: 1, onError: (error) => console.error(error) });
try {
  const { username, brand, name } = values;
  const done = await makeFirstAdmin({ db, clock, random }, { username, brand, name });
  if ('refused' in done) {
    console.error(done.refused);
    process.exitCode = 1;
  } else {
    console.log(
      `${done.done === 'made' ? 'Made' : 'A new code for'} ${done.username}, administrator of ${done.brand}.`,
    );
    console.log(`Code: ${done.code}`);
    console.log('Next: open /console/, choose to set a password with a code, within 24 hours.');
  }
} finally {
  await db.close();
}
