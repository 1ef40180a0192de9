/** Figures outlive the touches they were counted from (rules Z1, A7). */
import { randomUUID } from 'node:crypto';
import { reportScreen } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chinaDayStart } from '../../platform/china-day.policy.ts';
import { type Brand, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { RETENTION_JOB } from '../retention/index.ts';
import { createReportKeeping, REPORTS_JOB } from './keeping.ts';
import { wholeDays } from './periods.policy.ts';
import { rankedInviters } from './rollups.repository.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

async function came(visitor: string, sharer: string, day: string): Promise<void> {
  const { sql } = api.api.platform.db;
  const [link, at] = [randomUUID(), chinaDayStart(day)];
  const room = brand.rooms.a.id;
  await sql`INSERT INTO share_links (id, sharer_id, room_id, channel, product_id, created_at) VALUES (${link}, ${sharer}, ${room}, 'copy', ${link}, ${at})`;
  await sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
    VALUES (${randomUUID()}, ${link}, ${sharer}, ${visitor}, ${room}, 'copy', ${at}, '', '', ${at})`;
}
async function visitors(from: string, to: string): Promise<number[]> {
  const period = wholeDays({ from: chinaDayStart(from), to: chinaDayStart(to) });
  if (!period) throw new Error('no whole days');
  const { db } = api.api.platform;
  const asked = { scopeId: brand.stores.a.id, period, only: null };
  const { page, totals } = await rankedInviters(db.sql, asked, 'visitors', null, 50);
  return [Number(totals.visitors), ...page.map((row) => Number(row.visitors))];
}

test('A7 what was counted of days whose touches were swept stays, through new visits, merges and a count of all anew', async () => {
  const { db, clock, jobs } = api.api.platform;
  const { sql } = db;
  const keeping = createReportKeeping({ db, clock });
  const { bella } = brand.consumers;
  const guide = brand.staff.a.guide.personId;
  const [one, two, three] = await Promise.all([makeGuest(api), makeGuest(api), makeGuest(api)]);
  for (const visitor of [one, two, three]) await came(visitor.personId, guide, '2020-03-01');
  await came(one.personId, bella.personId, '2020-03-05');
  await came(one.personId, guide, '2026-09-01');
  // Not counted yet: nothing is swept.
  await jobs.runNow(RETENTION_JOB);
  expect((await sql`SELECT FROM touches`).length).toBe(5);
  await keeping.follow(true);
  expect(await visitors('2020-03-01', '2020-04-01')).toEqual([3, 3, 1]);
  expect(await visitors('2026-09-01', '2026-10-01')).toEqual([1, 1]);
  const before = [await visitors('2020-03-01', '2020-04-01'), await visitors('2020-01-01', '2027-01-01')];

  await jobs.runNow(RETENTION_JOB);
  expect((await sql`SELECT FROM touches`).length).toBe(1);
  // Again, now as news of who came long ago.
  await came(one.personId, guide, '2026-09-03');
  await came(two.personId, guide, '2026-09-03');
  await keeping.follow(true);
  const after = async () => [await visitors('2020-03-01', '2020-04-01'), await visitors('2020-01-01', '2027-01-01')];
  expect(await after()).toEqual(before);
  expect(await visitors('2026-09-01', '2026-10-01')).toEqual([2, 2]);
  expect((await keeping.rebuild(true)).map(({ missing, wrong }) => missing + wrong)).toEqual([0, 0, 0, 0]);
  expect(await after()).toEqual(before);

  // Two of those who came long ago turn out to be one person, and who brought one of them to be the guide: in the figures too.
  await sql`UPDATE people SET merged_into = ${one.personId} WHERE id = ${two.personId}`;
  const guest = await makeGuest(api);
  await came(three.personId, guest.personId, '2026-09-04');
  await keeping.follow(true);
  await sql`UPDATE people SET merged_into = ${bella.personId} WHERE id = ${guest.personId}`;
  await keeping.follow(true);
  expect(await visitors('2020-03-01', '2020-04-01')).toEqual([2, 2, 1]);
  expect((await keeping.rebuild(false)).map(({ missing, wrong }) => missing + wrong)).toEqual([0, 0, 0, 0]);
});

test('while all is counted anew what needs the roll-ups says that it is being prepared', async () => {
  const { db, jobs } = api.api.platform;
  await db.sql`UPDATE report_state SET moved_at = now()`;
  const { status, problem } = await api.call(reportScreen, { as: brand.staff.admin });
  expect(status).toBe(503);
  expect(problem).toMatchObject({ code: 'unavailable', facts: { preparing: true } });
  await jobs.runNow(REPORTS_JOB);
  expect((await api.call(reportScreen, { as: brand.staff.admin })).status).toBe(200);
});
