/** Requests about one person, where much is to be looked through or something goes wrong (rule Z6). */
import { randomUUID } from 'node:crypto';
import { dataRequestFile, deleteMyData, exportMyData, getDataRequest } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { DATA_REQUESTS_JOB } from './index.ts';

const DAY_SECONDS = 86_400;
let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql: TestApi['api']['platform']['db']['sql'] = (...args) => api.api.platform.db.sql(...args);
const work = () => api.api.platform.jobs.runNow(DATA_REQUESTS_JOB);
const read = (as: Principal, id: string) => api.ok(getDataRequest, { as, params: { id } });
const fileOf = (as: Principal, id: string) => api.call(dataRequestFile, { as, params: { id } });

test('Z6 a deletion goes through rooms that ended long ago and that nothing else tells of, and through more than a step holds', async () => {
  const mark = randomUUID().slice(0, 8);
  const person = await makeConsumer(api, `林${mark}`);
  const { personId: id } = person;
  const at = api.clock.now();
  // Nobody’s visits are kept that long, the room’s words are; here somebody else quotes them.
  const old = randomUUID();
  await sql`INSERT INTO rooms (id, org_unit_id, org_path, host_id, title, cover_url, state, stream_id, created_at, started_at, ended_at)
    SELECT ${old}, org_unit_id, org_path, host_id, '旧直播', '', 'ended', ${randomUUID()}, ${at}, ${at}, ${at} FROM rooms WHERE id = ${brand.rooms.a.id}`;
  const said = (text: string) => ({
    kind: 'chat:sent',
    message: { personId: id, name: person.name, role: 'viewer', text },
  });
  const quoting = {
    kind: 'chat:sent',
    message: {
      personId: brand.consumers.bella.personId,
      name: '贝贝',
      text: '对',
      replyTo: { personId: id, name: person.name },
    },
  };
  const write = (seq: number, event: object) =>
    sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at) VALUES (${old}, ${seq}, ${`o-${seq}`}, 'chat:sent', ${JSON.stringify(event)}::jsonb, ${at})`;
  await write(1, said(`旧话${mark}`));
  await sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at)
    SELECT ${old}, n, 'f-' || n, 'viewers:counted', '{"kind":"viewers:counted"}', ${at} FROM generate_series(2, 45000) n`;
  await write(45_001, quoting);
  await write(45_002, said(`后来${mark}`));

  const file = await api.ok(exportMyData, { as: person, body: {} });
  await work();
  const { data } = (await fileOf(person, file.id)).body as unknown as { data: { chat_messages: { text: string }[] } };
  expect(data.chat_messages.map(({ text }) => text).toSorted()).toEqual([`旧话${mark}`, `后来${mark}`].toSorted());

  // The size is that of all its parts, also of one that took several turns.
  const [size] =
    await sql`SELECT r.bytes = sum(octet_length(p.content)) AS same, max(p.rows) FILTER (WHERE p.name = 'chat_messages') AS said
    FROM data_requests r JOIN data_export_parts p ON p.request_id = r.id WHERE r.id = ${file.id} GROUP BY r.bytes`;
  expect(size).toEqual({ same: true, said: 2 });

  const asked = await api.ok(deleteMyData, { as: person, body: {} });
  for (const seconds of [7 * DAY_SECONDS + 1, 1_000]) {
    api.clock.advanceSeconds(seconds);
    await work();
  }
  await vi.waitFor(async () => {
    await work();
    expect((await read(brand.staff.compliance, asked.id)).state).toBe('done');
  }, 30_000);
  expect(await sql`SELECT seq FROM room_events WHERE event::text LIKE ${`%${person.name}%`}`).toEqual([]);
  expect(
    await sql`SELECT event->'message'->'replyTo'->>'name' AS name FROM room_events WHERE room_id = ${old} AND seq = 45001`,
  ).toEqual([{ name: '已注销用户' }]);
}, 120_000);

test('Z6 a request that fails waits by itself, with what went wrong; others go on', async () => {
  const [bad, good] = [await makeConsumer(api), await makeConsumer(api)];
  const first = await api.ok(exportMyData, { as: bad, body: {} });
  await sql`CREATE FUNCTION no_such_part() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.request_id IN (SELECT id FROM data_requests WHERE reason = 'broken') THEN RAISE EXCEPTION 'secret row'; END IF; RETURN NEW; END $$`;
  await sql`CREATE TRIGGER no_such_part BEFORE INSERT ON data_export_parts FOR EACH ROW EXECUTE FUNCTION no_such_part()`;
  await sql`UPDATE data_requests SET reason = 'broken' WHERE id = ${first.id}`;
  const second = await api.ok(exportMyData, { as: good, body: {} });
  await work();
  expect((await read(good, second.id)).state).toBe('ready');
  const trouble = () => sql`SELECT state, failures, last_error AS error FROM data_requests WHERE id = ${first.id}`;
  expect(await trouble()).toEqual([{ state: 'waiting', failures: 1, error: 'P0001' }]);
  await work();
  expect(await trouble()).toMatchObject([{ failures: 1 }]); // not yet
  api.clock.advanceSeconds(61);
  await work();
  expect(await trouble()).toMatchObject([{ failures: 2 }]);
  await sql`DROP TRIGGER no_such_part ON data_export_parts`;
  api.clock.advanceSeconds(121);
  await work();
  expect((await read(bad, first.id)).state).toBe('ready');
}, 60_000);
