/**
 * Seeded schedules of selling under faults (docs/23): api and PostgreSQL killed with -9, callbacks late, twice or never, WeChat
 * that loses its answers, a clock that jumps both ways. After each one the books agree with one another, with the providers'
 * and with what everybody was told.
 * FAULT_SEEDS: how many schedules (20); FAULT_SEED: the first one's seed (1).
 */
import { afterAll, expect, test } from 'vitest';
import { seedBrand } from '../../api/src/testing/fixtures.ts';
import { comeToRest, differences } from '../kit/fault-books.ts';
import { liveThrough } from '../kit/fault-life.ts';
import { type FaultWorld, startFaultWorld } from '../kit/fault-world.ts';

const SCHEDULES = Number(process.env.FAULT_SEEDS ?? 20);
const FIRST = Number(process.env.FAULT_SEED ?? 1);
/** What is audited grows with every schedule: a new world now and then. */
const SCHEDULES_OF_A_WORLD = 40;
const SCHEDULE_TIMEOUT_MS = 180_000;

let world: FaultWorld | undefined;
afterAll(() => world?.close());

test('S1 S2 S3 S5 S7 S8 S9 S10 M2 M3 whatever dies, comes late or twice: nothing oversold, no order lost, every book right', {
  timeout: SCHEDULES * SCHEDULE_TIMEOUT_MS,
}, async () => {
  const began = performance.now();
  const counts = { schedules: 0, promised: 0 };
  /** How often everything happened: a schedule in which nothing can be bought proves nothing. */
  const happened = new Map<string, number>();
  for (let seed = FIRST; seed < FIRST + SCHEDULES; ) {
    world = await startFaultWorld();
    const brand = await seedBrand(world);
    for (let n = 0; n < SCHEDULES_OF_A_WORLD && seed < FIRST + SCHEDULES; n++, seed++) {
      const life = await liveThrough(world, brand, seed);
      const found = [...(await comeToRest(world)), ...(await differences(world, life))];
      const again = `FAULT_SEEDS=1 FAULT_SEED=${seed} ./live test e2e/drills/fault-schedules.drill.ts`;
      expect(found, `${again}\n${life.story.join('\n')}`).toEqual([]);
      counts.schedules++;
      counts.promised += life.promised.length;
      for (const line of life.story) happened.set(line, (happened.get(line) ?? 0) + 1);
      if (counts.schedules % 50 === 0 || counts.schedules === SCHEDULES)
        console.info(
          `${counts.schedules} of ${SCHEDULES} schedules, ${counts.promised} orders, ${Math.round((performance.now() - began) / 1_000)} s`,
        );
    }
    await world.close();
    world = undefined;
  }
  console.info(
    [...happened]
      .map(([what, times]) => `${what} ${times}`)
      .sort()
      .join('\n'),
  );
  expect(counts.promised).toBeGreaterThan(SCHEDULES);
});
