import { expect, test } from 'vitest';
import { LEFT_OPEN_JOB } from '../../compose-activities.ts';
import { makeActivities } from '../../testing/activities.ts';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('what a process left open that died while it ended a room is ended by the next turn', async () => {
  await using api = await startTestApi();
  const { rooms, consumers } = await seedBrand(api);
  await makeActivities(api, rooms.a, consumers.anna);
  const { db, jobs } = api.api.platform;
  const states = async () =>
    (
      await db.sql<{ state: string }>`SELECT state FROM check_ins UNION ALL SELECT state FROM polls
        UNION ALL SELECT state FROM chains UNION ALL SELECT state FROM countdowns`
    ).map(({ state }) => state);
  await jobs.runNow(LEFT_OPEN_JOB);
  expect((await states()).sort()).toEqual(['open', 'open', 'open', 'running']);
  await db.sql`UPDATE rooms SET state = 'ended', ended_at = ${api.clock.now()} WHERE id = ${rooms.a.id}`;
  await jobs.runNow(LEFT_OPEN_JOB);
  expect(await states()).not.toContain('open');
  expect(await states()).not.toContain('running');
});
