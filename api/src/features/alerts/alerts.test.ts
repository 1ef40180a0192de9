import { randomUUID } from 'node:crypto';
import { acknowledgeAlert, closeAlert, listAlertRules, listAlerts, setAlertRule } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { type Brand, makeGuest, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { isTrouble, ruleFor, startRules } from './alerts.policy.ts';
import { ALERTS_JOB } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const look = () => api.api.platform.jobs.runNow(ALERTS_JOB);
const list = async (query: object = {}, as = brand.staff.admin) => (await api.ok(listAlerts, { as, query })).items;

test('the nearest rule wins, also one that switches off', () => {
  const rule = (path: string, threshold: number, enabled = true) => ({
    kind: 'stock_low' as const,
    path,
    threshold,
    enabled,
    coolDownMinutes: 1,
  });
  const rules = [rule('hq', 5), rule('hq.east', 7), rule('hq.east.a', 9, false)];
  expect(ruleFor('stock_low', 'hq.east.b', rules)).toMatchObject({ rule: { threshold: 7 }, setAt: 'hq.east' });
  expect(isTrouble('stock_low', 0, ruleFor('stock_low', 'hq.east.a', rules).rule)).toBe(false);
  expect(ruleFor('host_lost', 'hq', rules)).toEqual({ rule: startRules.host_lost, setAt: null });
  expect([isTrouble('stock_low', 10, startRules.stock_low), isTrouble('host_lost', 59, startRules.host_lost)]).toEqual([
    true,
    false,
  ]);
});

it('a host who is away opens one alert, however often it is seen; it ends by itself, and flapping opens none for a while', async () => {
  const { sql } = api.api.platform.db;
  let seq = 9_000;
  const stream = (state: string) =>
    sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at) VALUES (${brand.rooms.a.id}, ${seq}, ${`s${seq++}`}, 'stream:changed', ${{ state }}, ${api.clock.now()})`;
  const lost = async (query: object = {}) =>
    (await list({ kind: 'host_lost', ...query })).filter(({ roomId }) => roomId === brand.rooms.a.id);
  await stream('interrupted');
  await look();
  expect(await lost()).toEqual([]);
  api.clock.advanceSeconds(90);
  await look();
  await look();
  const [alert] = await lost();
  expect(alert).toMatchObject({ state: 'open', seen: 2, threshold: 60, subject: { label: brand.rooms.a.title } });
  const id = alert?.id ?? '';
  expect((await api.call(acknowledgeAlert, { as: brand.staff.b.manager, params: { id }, body: {} })).status).toBe(404);
  expect((await api.call(acknowledgeAlert, { as: brand.staff.a.guide, params: { id }, body: {} })).status).toBe(403);
  expect(await api.ok(acknowledgeAlert, { as: brand.staff.a.manager, params: { id }, body: {} })).toMatchObject({
    ...{ state: 'acknowledged', acknowledgedBy: { id: brand.staff.a.manager.personId } },
  });
  expect((await api.call(acknowledgeAlert, { as: brand.staff.a.manager, params: { id }, body: {} })).status).toBe(409);
  await stream('live');
  await look();
  expect(await lost({ state: 'closed' })).toMatchObject([{ id, closedBy: null }]);
  await stream('interrupted');
  api.clock.advanceSeconds(90);
  await look();
  expect(await lost()).toEqual([]);
  api.clock.advanceSeconds(600);
  await look();
  expect(await lost()).toMatchObject([{ state: 'open', seen: 1 }]);
  const told = await sql<{
    type: string;
  }>`SELECT type FROM domain_events WHERE type LIKE 'alert.%' AND data ->> 'kind' = 'host_lost' AND data ->> 'roomId' = ${brand.rooms.a.id} ORDER BY seq`;
  expect(told.map(({ type }) => type)).toEqual(['alert.opened', 'alert.closed', 'alert.opened']);
});

it('little stock by the threshold of the unit, changed by staff with a reason', async () => {
  const { sql } = api.api.platform.db;
  const { sku } = brand.products.milk;
  await sql`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, updated_at) VALUES (${sku.id}, ${brand.stores.b.id}, ${brand.stores.b.path}, 30, now())
    ON CONFLICT (sku_id, org_unit_id) DO UPDATE SET on_hand = 30, reserved = 0`;
  const low = async () =>
    (await list({ kind: 'stock_low' }, brand.staff.b.manager)).filter(({ subject }) => subject.id === sku.id);
  await look();
  expect(await low()).toEqual([]);
  const body = {
    kind: 'stock_low' as const,
    orgUnitId: brand.stores.b.id,
    enabled: true,
    threshold: 40,
    coolDownMinutes: 60,
    reason: '节前多备货',
  };
  expect((await api.call(setAlertRule, { as: brand.staff.a.manager, body })).status).toBe(404);
  const { items } = await api.ok(setAlertRule, { as: brand.staff.b.manager, body });
  expect(items.find(({ kind }) => kind === 'stock_low')).toMatchObject({
    threshold: 40,
    setAt: { id: brand.stores.b.id },
  });
  expect(
    (await api.ok(listAlertRules, { as: brand.staff.a.manager })).items.find(({ kind }) => kind === 'stock_low'),
  ).toMatchObject({ threshold: 10, setAt: null });
  await look();
  const [alert] = await low();
  expect(alert).toMatchObject({ value: 30, threshold: 40, orgUnit: { id: brand.stores.b.id } });
  expect(
    await api.ok(closeAlert, {
      as: brand.staff.b.manager,
      params: { id: alert?.id ?? '' },
      body: { reason: '已下单补货' },
    }),
  ).toMatchObject({
    ...{ state: 'closed', closeReason: '已下单补货' },
  });
  await look(); // still low, but somebody said so within the cool-down
  expect(await low()).toEqual([]);
  const audits =
    await sql`SELECT action FROM audit_log WHERE action IN ('alert:closed', 'alert-rule:set') AND org_path = ${brand.stores.b.path} ORDER BY id`;
  expect(audits).toEqual([{ action: 'alert-rule:set' }, { action: 'alert:closed' }]);
});

it('K7 many different people by one link from one network: an alert that waits for somebody to judge it', async () => {
  const { sql } = api.api.platform.db;
  const { bella } = brand.consumers;
  const linkId = randomUUID();
  await sql`INSERT INTO share_links (id, sharer_id, room_id, channel, created_at) VALUES (${linkId}, ${bella.personId}, ${brand.rooms.b.id}, 'wechat', now())`;
  const guests = await Promise.all(Array.from({ length: 3 }, () => makeGuest(api)));
  await api.ok(setAlertRule, {
    as: brand.staff.admin,
    body: {
      kind: 'fraud_burst',
      orgUnitId: brand.rooms.hq.orgUnit.id,
      enabled: true,
      threshold: 3,
      coolDownMinutes: 60,
      reason: '活动期间从严',
    },
  });
  const come = (personId: string, ip: string) =>
    sql`INSERT INTO touches (id, link_id, sharer_id, visitor_id, room_id, channel, link_issued_at, ip_hash, agent_hash, at)
      VALUES (${randomUUID()}, ${linkId}, ${bella.personId}, ${personId}, ${brand.rooms.b.id}, 'wechat', now(), ${ip}, '', ${api.clock.now()})`;
  for (const [i, guest] of guests.entries()) await come(guest.personId, i === 2 ? 'other' : 'one');
  await come(guests[0]?.personId ?? '', 'one'); // a reload is no other person
  await look();
  expect(await list({ kind: 'fraud_burst' })).toEqual([]);
  await come(guests[2]?.personId ?? '', 'one');
  await look();
  expect(await list({ kind: 'fraud_burst' })).toMatchObject([
    { value: 3, subject: { id: bella.personId, label: '贝*' }, orgUnit: { id: brand.stores.b.id } },
  ]);
  api.clock.advanceSeconds(3_600);
  await look();
  expect(await list({ kind: 'fraud_burst' })).toHaveLength(1);
});

it('an alert of little stock does not end because thousands of others have less', async () => {
  const { sql } = api.api.platform.db;
  const { kernels, milk } = brand.products;
  const at = api.clock.now();
  await sql`UPDATE stocks SET on_hand = 5, reserved = 0 WHERE sku_id = ${kernels.sku.id} AND org_unit_id = ${brand.stores.a.id}`;
  await look();
  const ofKernels = async () =>
    (await list({ kind: 'stock_low', limit: 100 }, brand.staff.a.manager)).filter(
      ({ subject }) => subject.id === kernels.sku.id,
    );
  const [first] = await ofKernels();
  expect(first).toMatchObject({ state: 'open', value: 5 });
  await sql`INSERT INTO skus (id, product_id, name, price_fen, active)
    SELECT gen_random_uuid(), ${milk.id}, '规格 ' || n, 100, true FROM generate_series(1, 2100) n`;
  await sql`INSERT INTO stocks (sku_id, org_unit_id, org_path, on_hand, reserved, updated_at)
    SELECT k.id, ${brand.stores.b.id}, ${brand.stores.b.path}, 0, 0, ${at} FROM skus k WHERE k.name LIKE '规格 %'`;
  for (let turn = 0; turn < 2; turn++) {
    api.clock.advanceSeconds(30);
    await look();
    expect(await ofKernels()).toMatchObject([{ id: first?.id, state: 'open', value: 5 }]);
  }
  // What is over ends, and of a unit as many stand as may.
  await sql`UPDATE stocks SET on_hand = 500 WHERE sku_id = ${kernels.sku.id}`;
  await look();
  expect(await ofKernels()).toEqual([]);
  expect(
    await sql`SELECT count(*)::int AS n FROM alerts WHERE kind = 'stock_low' AND state <> 'closed' AND org_unit_id = ${brand.stores.b.id}`,
  ).toEqual([{ n: 50 }]);
});
