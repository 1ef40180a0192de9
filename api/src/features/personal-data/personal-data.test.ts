import { randomUUID } from 'node:crypto';
import {
  addAddress,
  askDataRequest,
  cancelDataRequest,
  checkAdult,
  type DataRequest,
  dataRequestFile,
  deleteMyData,
  deletionCheck,
  exportMyData,
  findPerson,
  getDataRequest,
  listDataRequests,
  listMyConsents,
  myDataRequests,
  placeOrder,
  sandboxSignIn,
  staffSignIn,
  withdrawConsent,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createJobs } from '../../platform/jobs.ts';
import { createLogger } from '../../platform/logger.ts';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { idNumber } from '../../testing/gifts.ts';
import { shelfLine, TEST_ADDRESS } from '../../testing/shop.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { createPersonalData, DATA_REQUESTS_JOB } from './index.ts';

const DAY_SECONDS = 86_400;
let api: TestApi;
let brand: Brand;
let logged = '';
beforeAll(async () => {
  const log = createLogger('trace', 'api', {
    write: (line: string) => {
      logged += line;
    },
  });
  api = await startTestApi({}, { log });
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql: TestApi['api']['platform']['db']['sql'] = (...args) => api.api.platform.db.sql(...args);
const work = () => api.api.platform.jobs.runNow(DATA_REQUESTS_JOB);
const read = (as: Principal, id: string) => api.ok(getDataRequest, { as, params: { id } });
const fileOf = (as: Principal, id: string) => api.call(dataRequestFile, { as, params: { id } });

let firstSeq = 1_000_000;

/** Somebody with a name, a phone and a street that nobody else has, who bought, said something and gave consents. */
async function makeKnown() {
  const mark = randomUUID().slice(0, 8);
  const person = await makeConsumer(api, `林${mark}`);
  const phone = `137${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`;
  await sql`UPDATE people SET phone = ${phone}, sandbox_account = ${phone} WHERE id = ${person.personId}`;
  const street = `核桃路${mark}号`;
  const address = { ...TEST_ADDRESS, recipient: person.name, phone, street };
  await api.ok(addAddress, { as: person, body: { recipient: person.name, phone, street, regionCode: '330106' } });
  const order = await api.ok(placeOrder, {
    as: person,
    body: {
      roomId: brand.rooms.a.id,
      lines: [shelfLine(brand.products.milk)],
      address,
      remark: `请打${phone}`,
    },
  });
  const number = idNumber('1988-07-09');
  await api.ok(checkAdult, { as: person, body: { name: '林小桃', idNumber: number, consentWording: 1 } });
  const chat = {
    kind: 'chat:sent',
    message: {
      ...{ messageId: `m-${mark}`, personId: person.personId, name: person.name, role: 'viewer', text: `好喝${mark}` },
      at: api.clock.now().toISOString(),
    },
  };
  const reply = {
    kind: 'chat:sent',
    message: {
      ...{
        messageId: `r-${mark}`,
        personId: brand.consumers.bella.personId,
        name: '贝贝',
        role: 'viewer',
        text: '是的',
      },
      at: api.clock.now().toISOString(),
      replyTo: { messageId: `m-${mark}`, personId: person.personId, name: person.name, text: `好喝${mark}` },
    },
  };
  const at = api.clock.now();
  await sql`INSERT INTO room_visits (room_id, person_id, first_at, last_at) VALUES (${brand.rooms.a.id}, ${person.personId}, ${at}, ${at})`;
  // Far from the numbers that the room itself gives meanwhile.
  const seq = firstSeq;
  firstSeq += 2;
  for (const [n, said] of [chat, reply].entries())
    await sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at)
      VALUES (${brand.rooms.a.id}, ${seq + n}, ${said.message.messageId}, 'chat:sent', ${JSON.stringify(said)}::jsonb, ${at})`;
  const guestId = randomUUID();
  await sql`INSERT INTO people (id, kind, name, merged_into, created_at) VALUES (${guestId}, 'guest', ${`访${mark}`}, ${person.personId}, ${at})`;
  await sql`INSERT INTO room_bookings (room_id, person_id, booked_at, told_at) VALUES (${brand.rooms.scheduledA.id}, ${guestId}, ${at}, ${at})`;
  return { person, phone, street, mark, order, number, guestId };
}

/** Tables in which any of these texts still stands. */
async function tablesWith(texts: readonly string[]): Promise<string[]> {
  const { pool } = api.api.platform.db;
  const { rows } = await pool.query<{ t: string }>(
    `SELECT table_name AS t FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const found = [];
  for (const { t } of rows) {
    const { rowCount } = await pool.query(`SELECT 1 FROM ${t} r WHERE r::text LIKE ANY($1) LIMIT 1`, [
      texts.map((text) => `%${text}%`),
    ]);
    if (rowCount) found.push(t);
  }
  return found;
}

test('Z6 a person gets a file of all that is stored about them, made step by step, for three days and for nobody else', async () => {
  const { person, phone, street, mark, order, guestId } = await makeKnown();
  const asked = await api.ok(exportMyData, { as: person, body: {} });
  expect(asked).toMatchObject({ kind: 'export', askedBy: null });
  // A second click is the same request.
  expect((await api.ok(exportMyData, { as: person, body: {} })).id).toBe(asked.id);
  await work();
  const ready = await read(person, asked.id);
  expect(ready).toMatchObject({ state: 'ready', stepsDone: ready.steps });
  expect(ready.rows).toBeGreaterThan(8);
  const file = (await fileOf(person, asked.id)).body as unknown as {
    personId: string;
    data: Record<string, Record<string, unknown>[]>;
  };
  expect(file.personId).toBe(person.personId);
  expect(file.data.chat_messages).toMatchObject([{ text: `好喝${mark}` }]);
  expect(file.data.addresses).toMatchObject([{ street, phone }]);
  expect(file.data.orders).toMatchObject([{ id: order.id, address: { street } }]);
  expect(file.data.order_items).toHaveLength(1);
  expect(file.data.consents).toMatchObject([{ purpose: 'adult_check' }]);
  expect(file.data.room_bookings).toMatchObject([{ person_id: guestId }]);
  const text = JSON.stringify(file);
  for (const secret of ['token_hash', 'password', '贝贝', '是的', brand.consumers.bella.personId])
    expect(text).not.toContain(secret);

  // Another customer, staff of a store, and headquarters' other roles.
  const { staff, consumers } = brand;
  for (const as of [consumers.bella, consumers.chris]) {
    for (const route of [dataRequestFile, getDataRequest])
      expect((await api.call(route, { as, params: { id: asked.id } })).status).toBe(404);
    expect((await api.call(cancelDataRequest, { as, params: { id: asked.id }, body: {} })).status).toBe(404);
  }
  for (const as of [staff.a.manager, staff.channelEast, staff.operations, staff.finance, staff.analyst])
    for (const route of [dataRequestFile, getDataRequest])
      expect((await api.call(route, { as, params: { id: asked.id } })).status).toBe(403);
  // Who may ask for others sees that it is there, and does not get it.
  expect((await read(staff.compliance, asked.id)).state).toBe('ready');
  expect((await fileOf(staff.compliance, asked.id)).status).toBe(404);

  api.clock.advanceSeconds(3 * DAY_SECONDS + 1);
  expect((await fileOf(person, asked.id)).problem.code).toBe('gone');
  await work();
  expect((await read(person, asked.id)).state).toBe('expired');
  expect(await sql`SELECT 1 FROM data_export_parts WHERE request_id = ${asked.id}`).toEqual([]);
  expect((await api.ok(myDataRequests, { as: person })).items.map(({ id }) => id)).toEqual([asked.id]);
}, 60_000);

test('Z6 headquarters asks for a person with a reason; asking, finding and fetching are in the audit log', async () => {
  const { person, phone, order } = await makeKnown();
  const { staff } = brand;
  for (const by of [phone, person.personId, order.orderNo])
    expect((await api.ok(findPerson, { as: staff.compliance, body: { by } })).items).toMatchObject([
      { id: person.personId, phoneMasked: expect.stringContaining('****') },
    ]);
  const body = { kind: 'export', reason: '顾客来函' } as const;
  for (const as of [staff.a.manager, staff.operations, staff.channelEast])
    expect((await api.call(askDataRequest, { as, params: { id: person.personId }, body })).status).toBe(403);
  const asked = await api.ok(askDataRequest, { as: staff.compliance, params: { id: person.personId }, body });
  await work();
  expect((await fileOf(staff.compliance, asked.id)).status).toBe(200);
  expect((await fileOf(staff.admin, asked.id)).status).toBe(404);
  // The person may read what was made of them; who asked is the company's matter.
  expect(await read(person, asked.id)).toMatchObject({ state: 'ready', reason: '', askedBy: { name: '' } });
  const log = await sql<{ action: string; reason: string }>`SELECT action, reason FROM audit_log
    WHERE actor_id = ${staff.compliance.personId} AND target IN (${`person:${person.personId}`}, 'people') ORDER BY id`;
  expect(log.map(({ action }) => action)).toEqual([
    ...Array.from({ length: 3 }, () => 'personal-data:looked-up'),
    'personal-data:export-asked',
    'personal-data:fetched',
  ]);
  expect(log[3]?.reason).toBe('顾客来函');
  expect(JSON.stringify(await sql`SELECT detail FROM audit_log`)).not.toContain(phone);
  expect(
    (await api.ok(listDataRequests, { as: staff.admin, query: { kind: 'export' } })).items.map(({ id }) => id),
  ).toContain(asked.id);
  // Three a day, whoever asks.
  const more: DataRequest[] = [];
  for (let n = 0; n < 2; n++) {
    more.push(await api.ok(exportMyData, { as: person, body: {} }));
    await work();
  }
  expect((await api.call(exportMyData, { as: person, body: {} })).problem.code).toBe('rate_limited');
}, 60_000);

test('Z6 who is forgotten stands nowhere any more: not before the time, not while something is open, and what the law wants stays', async () => {
  const { person, phone, street, order, guestId, mark } = await makeKnown();
  const { id } = { id: person.personId };
  const ask = () => api.call(deleteMyData, { as: person, body: {} });
  // What is open stands in its way, with its names.
  expect(await api.ok(deletionCheck, { as: person })).toEqual({ blocks: ['open_orders'], waitDays: 7 });
  expect((await ask()).problem).toMatchObject({ code: 'state_conflict', facts: { blocks: ['open_orders'] } });
  await sql`UPDATE orders SET state = 'received', paid_at = now(), received_at = now() WHERE id = ${order.id}`;
  await sql`INSERT INTO ledger_accounts (id, kind, owner, balance_fen) VALUES (${randomUUID()}, 'coin_wallet', ${id}, 0)`;

  const first = (await ask()).body;
  expect(first).toMatchObject({ kind: 'deletion', state: 'waiting' });
  expect((await api.ok(cancelDataRequest, { as: person, params: { id: first.id }, body: {} })).state).toBe('cancelled');
  expect((await api.ok(cancelDataRequest, { as: person, params: { id: first.id }, body: {} })).state).toBe('cancelled');
  const asked = (await ask()).body;
  expect(asked.id).not.toBe(first.id);
  await work();
  expect(await tablesWith([street])).not.toEqual([]);

  // Something new is open when the time comes: it waits, and says for what.
  await sql`UPDATE orders SET state = 'shipped' WHERE id = ${order.id}`;
  api.clock.advanceSeconds(7 * DAY_SECONDS + 1);
  await work();
  expect(await read(brand.staff.compliance, asked.id)).toMatchObject({ state: 'waiting', blocks: ['open_orders'] });
  await sql`UPDATE orders SET state = 'received' WHERE id = ${order.id}`;
  api.clock.advanceSeconds(DAY_SECONDS + 1);
  await work();
  // Closed: nobody signs in; tokens of before may still run, so nothing is gone yet.
  expect((await read(brand.staff.compliance, asked.id)).state).toBe('closed');
  expect((await api.call(sandboxSignIn, { body: { phone } })).status).toBe(403);
  expect((await api.call(cancelDataRequest, { as: person, params: { id: asked.id }, body: {} })).problem.code).toBe(
    'too_late',
  );
  await work();
  expect(await tablesWith([street])).not.toEqual([]);

  // The process that is at it dies after a few steps; another one goes on where it was.
  api.clock.advanceSeconds(1_000);
  const { db, clock, random, log } = api.api.platform;
  let left = 6;
  const dying = {
    ...db,
    transaction: ((...args: Parameters<typeof db.transaction>) =>
      left-- > 0 ? db.transaction(...args) : Promise.reject(new Error('died'))) as typeof db.transaction,
    // Whoever dies writes nothing down either.
    sql: ((...args: Parameters<typeof db.sql>) =>
      left > 0 ? db.sql(...args) : Promise.reject(new Error('died'))) as typeof db.sql,
  };
  const jobs = createJobs({ log });
  createPersonalData({
    bind: () => {},
    db: dying,
    clock,
    random,
    jobs,
    log,
    onForgotten: async () => {},
    withdraw: { adult_check: async () => {}, room_messages: async () => {} },
  });
  await expect(jobs.runNow(DATA_REQUESTS_JOB)).rejects.toThrow('died');
  await jobs.close();
  await vi.waitFor(async () => {
    await work();
    expect((await read(brand.staff.compliance, asked.id)).state).toBe('done');
  }, 30_000);
  expect(await tablesWith([phone, street, person.name, `访${mark}`])).toEqual([]);
  // Said words, sums and the city stay, under an id that says nothing.
  expect(await sql`SELECT name, phone, active FROM people WHERE id IN (${id}, ${guestId})`).toEqual(
    Array.from({ length: 2 }, () => ({ name: '已注销用户', phone: null, active: false })),
  );
  expect(await sql`SELECT total_fen > 0 AS sums, address->>'city' AS city FROM orders WHERE id = ${order.id}`).toEqual([
    { sums: true, city: TEST_ADDRESS.city },
  ]);
  const [words] = await sql<{
    name: string;
    text: string;
  }>`SELECT event->'message'->>'name' AS name, event->'message'->>'text' AS text
    FROM room_events WHERE event_id = ${`m-${mark}`}`;
  expect(words).toEqual({ name: '已注销用户', text: `好喝${mark}` });
  expect(
    await sql`SELECT actor_id FROM audit_log WHERE action = 'personal-data:deleted' AND target = ${`person:${id}`}`,
  ).toEqual([{ actor_id: null }]);
  // The number is free again, for somebody new.
  const anew = await api.ok(sandboxSignIn, { body: { phone } });
  expect(anew.me.id).not.toBe(id);
}, 90_000);

test('Z6 staff are not forgotten while their account works, nor is anybody whom money is owed', async () => {
  const { staff } = brand;
  const guide = staff.b.secondGuide;
  const ask = (personId: string) =>
    api.call(askDataRequest, {
      as: staff.compliance,
      params: { id: personId },
      body: { kind: 'deletion', reason: '离职' },
    });
  expect((await ask(guide.personId)).problem.facts).toEqual({ blocks: ['staff_account'] });
  expect((await ask(staff.b.guide.personId)).problem.facts).toEqual({ blocks: ['staff_account', 'hosting'] });
  expect((await ask(randomUUID())).status).toBe(404);
  const rich = await makeConsumer(api);
  for (const kind of ['coin_wallet', 'reward_balance'])
    await sql`INSERT INTO ledger_accounts (id, kind, owner, balance_fen) VALUES (${randomUUID()}, ${kind}, ${rich.personId}, -500)`;
  expect((await ask(rich.personId)).problem.facts).toEqual({ blocks: ['coins', 'rewards'] });
  const poor = await makeConsumer(api);
  const asked = (await ask(poor.personId)).body;
  // Staff call it off with a reason.
  const cancel = (reason?: string) =>
    api.call(cancelDataRequest, {
      as: staff.admin,
      params: { id: asked.id },
      body: reason === undefined ? {} : { reason },
    });
  expect((await cancel()).status).toBe(400);
  expect((await cancel('弄错人了')).body.state).toBe('cancelled');
});

test('Z6 consents are listed and taken back, and what rested on them goes at once', async () => {
  const { person } = await makeKnown();
  const given = await api.ok(listMyConsents, { as: person });
  expect(given.items).toMatchObject([{ purpose: 'adult_check', withdrawnAt: null }]);
  for (let n = 0; n < 2; n++)
    await api.ok(withdrawConsent, { as: person, params: { purpose: 'adult_check' }, body: {} });
  await api.ok(withdrawConsent, { as: person, params: { purpose: 'room_messages' }, body: {} });
  expect((await api.ok(listMyConsents, { as: person })).items[0]?.withdrawnAt).not.toBeNull();
  expect(await sql`SELECT 1 FROM adult_checks WHERE person_id = ${person.personId}`).toEqual([]);
});

test('Z6 no phone, address, number, password or token is in the log, whatever was done and whatever went wrong', async () => {
  const { person, phone, street, number } = await makeKnown();
  const token = await api.token(person);
  const password = `geheim-${randomUUID()}`;
  await api.call(staffSignIn, { body: { username: 'nobody', password } });
  await api.call(sandboxSignIn, { body: { phone: `${phone}x` } });
  await api.call(findPerson, { as: brand.staff.admin, body: { by: phone } });
  await api.call(checkAdult, { as: person, body: { name: '林小桃', idNumber: `${number}0`, consentWording: 1 } });
  // A statement that fails quotes its row.
  await expect(sql`INSERT INTO addresses (id, person_id, recipient, phone, region_code, province, city, district, street, created_at, updated_at)
    VALUES (${randomUUID()}, ${person.personId}, ${person.name}, ${phone}, 'x', '', '', '', ${street}, now(), now())`).rejects.toThrow();
  const failed = await fetch(`${api.url}/api/v1/addresses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: `{"phone":"${phone}"`,
  });
  expect(failed.status).toBe(400);
  expect(logged.length).toBeGreaterThan(1_000);
  for (const secret of [phone, street, number, password, token, person.name]) expect(logged).not.toContain(secret);
  expect(logged).not.toMatch(/(?<![\d.])1[3-9]\d{9}(?![\d.])/);
});
