/** Thousands of requests that nobody meant, at every route; FUZZ_SEED and FUZZ_SHOTS (of each route) say which and how many. */
import { routes } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { auditBooks } from '../compose-audit.ts';
import { startTestApi } from '../testing/test-api.ts';
import { fuzz } from './fuzz.ts';
import { makeThingsOfB } from './things-of-b.ts';

const DRILL_MS = 30 * 60_000;

test('whatever is asked is answered by the contract, and the books are right afterwards', {
  timeout: DRILL_MS,
}, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const shotsPerRoute = Number(process.env.FUZZ_SHOTS ?? 40);
  const only = process.env.FUZZ_ONLY;
  process.stdout.write(`fuzz: FUZZ_SEED=${seed} FUZZ_SHOTS=${shotsPerRoute}\n`);
  await using api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  const things = await makeThingsOfB(api);
  const { db } = api.api.platform;
  // Things of fixtures were written past the rules that the auditor knows.
  const before = await auditBooks(db);
  const report = await fuzz(api, things, {
    ...{ seed, shotsPerRoute, atOnce: 6, slowMs: 20_000 },
    ...(only && { only: ({ id }: { id: string }) => new RegExp(only).test(id) }),
  });
  const byFault = Map.groupBy(report.findings, ({ what }) => what);
  for (const [what, [first, ...more]] of byFault)
    process.stdout.write(`${what} (${1 + more.length})\n    ${first?.shot}\n`);
  const total = Object.values(report.statuses).reduce((sum, count) => sum + count, 0);
  process.stdout.write(
    `fuzz: ${total} requests, ${JSON.stringify(report.statuses)}, ${report.done.size} of ${routes.length} routes did what they were asked, slowest ${report.slowest.ms} ms: ${report.slowest.shot}\n`,
  );
  expect([...byFault.keys()]).toEqual([]);
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
  expect((await auditBooks(db)).filter((problem) => !before.includes(problem))).toEqual([]);
});
