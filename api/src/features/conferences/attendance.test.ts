/** Minutes of a conference, as several nodes tell them. */
import { listAttendance } from '@walnut-live/contracts';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Sql } from '../../platform/db.ts';
import { makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { CROWDED_TEST_MS, LONG } from '../../testing/two-nodes.ts';
import { createAttendanceBook } from './index.ts';

vi.setConfig({ testTimeout: CROWDED_TEST_MS });

async function startBooks(sqlOf: (sql: Sql) => Sql = (sql) => sql) {
  const api = await startTestApi();
  onTestFinished(() => api[Symbol.asyncDispose]());
  const { hq, staff, consumers } = await seedBrand(api);
  const { db, log } = api.api.platform;
  const room = await makeRoom(api, { orgUnit: hq, host: staff.operations });
  await db.sql`UPDATE rooms SET kind = 'conference', audience = 'invited' WHERE id = ${room.id}`;
  let atMs = api.clock.now().getTime();
  const book = () => {
    let answered = 0;
    const sql = (async (strings: TemplateStringsArray, ...values: readonly unknown[]) => {
      const rows = await sqlOf(db.sql)(strings, ...values);
      answered += 1;
      return rows;
    }) as Sql;
    const made = createAttendanceBook({ db: { sql }, log, clock: { now: () => new Date(atMs) } });
    onTestFinished(made.close);
    /** It knows what kind of room this is, and whoever came is written down. */
    const settled = () => vi.waitFor(() => expect(answered).toBeGreaterThanOrEqual(2), LONG);
    return Object.assign(made, { settled });
  };
  const read = async () =>
    (await api.ok(listAttendance, { params: { id: room.id }, as: staff.operations })).items.map(
      ({ watchedSeconds }) => watchedSeconds,
    );
  return {
    ...{ a: book(), b: book(), room, read, db },
    anna: consumers.anna.personId,
    bella: consumers.bella.personId,
    pass: (seconds: number) => {
      atMs += seconds * 1_000;
    },
    /** Whoever came is on the list. */
    listed: (people: number) => vi.waitFor(async () => expect(await read()).toHaveLength(people), LONG),
  };
}

test('a second device on another node swallows nothing that the first has not told yet, whoever tells first', async () => {
  const { a, b, room, anna, pass, listed, read } = await startBooks();
  const leaveA = a.enter(room.id, anna);
  await listed(1);
  pass(15);
  const leaveB = b.enter(room.id, anna);
  await b.settled();
  pass(5);
  await b.flush();
  await a.flush();
  expect(await read()).toEqual([20]);
  pass(10);
  leaveA(); // moves over to the other node, which told in between
  pass(5);
  await b.flush();
  await a.flush();
  expect(await read()).toEqual([35]);
  pass(60);
  leaveB();
  await vi.waitFor(async () => expect(await read()).toEqual([95]), LONG);
  await Promise.all([a.flush(), b.flush(), a.flush()]);
  expect(await read()).toEqual([95]);
});

test('seconds are rounded once, when they are shown: ten short stays are nineteen seconds', async () => {
  const { a, b, room, anna, pass, listed, read } = await startBooks();
  for (let stay = 0; stay < 10; stay++) {
    const leave = (stay % 2 ? a : b).enter(room.id, anna);
    if (stay === 0) await listed(1);
    await vi.waitFor(() => (stay % 2 ? a : b).flush(), LONG);
    pass(1.9);
    leave();
    pass(30);
  }
  await vi.waitFor(async () => expect(await read()).toEqual([19]), LONG);
});

test('a database that is away for a while costs nobody their minutes, neither who stays nor who leaves meanwhile', async () => {
  let isAway = true;
  let asked = 0;
  const { a, room, anna, bella, pass, read } = await startBooks(
    (sql) =>
      Object.assign((strings: TemplateStringsArray, ...values: readonly unknown[]) => {
        asked += 1;
        return isAway ? Promise.reject(new Error('away')) : sql(strings, ...values);
      }) as Sql,
  );
  a.enter(room.id, anna);
  const leave = a.enter(room.id, bella);
  await vi.waitFor(() => expect(asked).toBeGreaterThan(0), LONG);
  pass(40);
  leave();
  pass(20);
  isAway = false;
  await vi.waitFor(async () => {
    await a.flush();
    expect((await read()).toSorted()).toEqual([40, 60]);
  }, LONG);
  isAway = true;
  pass(30);
  await a.flush();
  isAway = false;
  await a.flush();
  expect((await read()).toSorted()).toEqual([40, 90]);
});
