import { randomUUID } from 'node:crypto';
import {
  createExport,
  exportFile,
  listExports,
  reportAcquisition,
  reportBreakdown,
  reportCohorts,
  reportFunnel,
  reportGuides,
  reportRows,
  reportScreen,
  reportSegments,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJobs } from '../../platform/jobs.ts';
import { createAttributedOrders, type TestOrder } from '../../testing/attributed-orders.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { createReportExports } from './exports.ts';
import { EXPORTS_JOB } from './index.ts';
import { createReportKeeping } from './keeping.ts';
import { createReportReading } from './reading.ts';

/** A guide of store A brings Anna by a link to a product, Bella brings Chris; both buy, Chris gets something back. */
let api: TestApi;
let brand: Brand;
let order: TestOrder;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
  const orders = createAttributedOrders(api);
  const { anna, bella, chris } = brand.consumers;
  await visit(api, brand.staff.a.guide, anna, brand.rooms.a.id, brand.products.milk.id);
  await visit(api, bella, chris, brand.rooms.a.id);
  const dora = await makeConsumer(api, '朵拉');
  await visit(api, brand.staff.b.guide, dora, brand.rooms.b.id);
  order = await orders.place(anna, brand.rooms.a, [20_000]);
  await orders.pay(order);
  const second = await orders.place(chris, brand.rooms.a, [10_000]);
  await orders.pay(second);
  await orders.refund(second, [4_000]);
});
afterAll(() => api[Symbol.asyncDispose]());

it('guides: what their links and their rooms brought', async () => {
  const { items } = await api.ok(reportGuides, { as: brand.staff.a.manager });
  expect(items.find(({ guide }) => guide.id === brand.staff.a.guide.personId)).toMatchObject({
    ...{
      lives: 1,
      customers: 2,
      visitors: 1,
      newCustomers: 1,
      orders: 1,
      gmvFen: 20_000,
      roomOrders: 2,
      roomGmvFen: 30_000,
    },
    conversionBps: 10_000,
  });
  expect(items.some(({ guide }) => guide.id === brand.staff.b.guide.personId)).toBe(false);
  const csv = await api.call(reportGuides, { as: brand.staff.a.manager, query: { format: 'csv' } });
  expect(String(csv.body).split('\r\n')).toHaveLength(items.length + 2);
});

it('breakdowns add up to the same sales, whatever they are by', async () => {
  const by = async (what: 'channel' | 'store' | 'room' | 'share_channel' | 'product' | 'content') =>
    (await api.ok(reportBreakdown, { as: brand.staff.admin, query: { by: what } })).items;
  for (const what of ['channel', 'store', 'room', 'share_channel', 'product'] as const) {
    const items = await by(what);
    const sum = (of: 'gmvFen' | 'refundedFen') => items.reduce((all, one) => all + one[of], 0);
    expect([what, sum('gmvFen'), sum('refundedFen')]).toEqual([what, 30_000, 4_000]);
  }
  expect((await by('room'))[0]).toMatchObject({ key: brand.rooms.a.id, visitors: 2, newCustomers: 2, orders: 2 });
  expect((await by('share_channel'))[0]).toMatchObject({ key: 'copy', visitors: 3, orders: 2, buyers: 2 });
  expect((await by('product')).find(({ key }) => key === brand.products.milk.id)).toMatchObject({
    visitors: 1,
    orders: 0,
  });
  expect(await by('content')).toEqual([]);
  const wrong = await api.call(reportBreakdown, {
    as: brand.staff.admin,
    query: { by: 'room', from: '2026-01-01T00:00:00Z' },
  });
  expect(wrong.problem).toMatchObject({ status: 400, issues: [{ issue: 'whole_days_in_china' }] });
});

it('funnel: first orders of new people, the peers’ mean, what explains the gap; a store alone has no peers', async () => {
  const { total, peers, items } = await api.ok(reportFunnel, { as: brand.staff.admin });
  expect(total).toMatchObject({
    visitors: 3,
    newCustomers: 3,
    firstOrders: 2,
    firstGmvFen: 30_000,
    bindBps: 10_000,
    perOrderFen: 15_000,
  });
  expect(peers).toMatchObject({ stores: items.length, mean: { firstGmvFen: 30_000 / items.length } });
  for (const { gapFen, factors } of items) expect(factors?.reduce((sum, one) => sum + one.gapFen, 0)).toBe(gapFen);
  const alone = await api.ok(reportFunnel, { as: brand.staff.a.manager });
  expect(alone).toMatchObject({ peers: null, items: [{ orgUnit: { path: brand.stores.a.path }, gapFen: null }] });
});

it('cohorts and the cost of a new person', async () => {
  const cohorts = await api.ok(reportCohorts, { as: brand.staff.admin });
  expect(cohorts.items).toMatchObject([{ people: 2, counts: [2], again: 0 }]);
  const brought = await api.ok(reportCohorts, { as: brand.staff.admin, query: { of: 'retention' } });
  expect(brought.items).toMatchObject([{ people: 3, counts: [3] }]);
  const { total, items } = await api.ok(reportAcquisition, { as: brand.staff.admin });
  expect(total).toEqual({
    newCustomers: 3,
    redPacketFen: 0,
    couponFen: 0,
    commissionFen: 2_600,
    totalFen: 2_600,
    perNewFen: 866,
  });
  expect(items.map(({ orgUnit }) => orgUnit.path).sort()).toEqual([brand.stores.a.path, brand.stores.b.path].sort());
});

it('segments: messages and orders while a product was shown', async () => {
  const { sql } = api.api.platform.db;
  const { milk } = brand.products;
  const [{ placedAt } = { placedAt: new Date(0) }] = await sql<{
    placedAt: Date;
  }>`SELECT placed_at AS "placedAt" FROM orders WHERE id = ${order.id}`;
  const at = (seconds: number) => new Date(placedAt.getTime() + seconds * 1_000);
  const events: [string, object, Date][] = [
    ['product:pinned', { productId: milk.id }, at(-60)],
    ['chat:sent', { message: { personId: randomUUID(), role: 'viewer' } }, at(-30)],
    ['chat:sent', { message: { personId: randomUUID(), role: 'host' } }, at(-20)],
    ['product:unpinned', {}, at(60)],
  ];
  for (const [i, [kind, event, when]] of events.entries())
    await sql`INSERT INTO room_events (room_id, seq, event_id, kind, event, at) VALUES (${brand.rooms.a.id}, ${9_000 + i}, ${`t${i}`}, ${kind}, ${event}, ${when})`;
  const { items } = await api.ok(reportSegments, { as: brand.staff.a.manager, params: { id: brand.rooms.a.id } });
  expect(items).toMatchObject([
    {
      product: { id: milk.id },
      seconds: 120,
      chats: 1,
      chatters: 1,
      orders: 2,
      productOrders: 0,
      gmvFen: 30_000,
      ordersPerMinute: 1,
    },
  ]);
});

it('every figure opens its rows; names of strangers are masked, pages do not repeat', async () => {
  const rows = (
    query: Parameters<typeof api.ok<typeof reportRows>>[1] extends infer O
      ? O extends { query?: infer Q }
        ? Q
        : never
      : never,
    as = brand.staff.admin,
  ) => api.ok(reportRows, { as, ...(query ? { query } : {}) });
  const first = await rows({ kind: 'visits', limit: 2 });
  const second = await rows({ kind: 'visits', limit: 2, cursor: first.nextCursor ?? '' });
  expect(new Set([...first.items, ...second.items].map(({ person }) => person.id)).size).toBe(3);
  const sold = await rows({ kind: 'sales', inviterId: brand.consumers.bella.personId });
  expect(sold.items).toMatchObject([{ order: { paidFen: 10_000, refundedFen: 4_000 }, inviter: { name: '贝贝' } }]);
  expect((await rows({ kind: 'newcomers', channel: 'poster' })).items).toEqual([]);
  expect((await rows({ kind: 'visits', productId: brand.products.milk.id })).items).toHaveLength(1);
  // Bella is nobody's customer: store A reads of her what everybody may.
  const ofStore = await rows({ kind: 'newcomers' }, brand.staff.a.manager);
  expect(ofStore.items.map(({ inviter }) => inviter?.name).sort()).toEqual([brand.staff.a.guide.name, '贝*'].sort());
  expect((await rows({ kind: 'visits' }, brand.staff.b.manager)).items).toHaveLength(1);
});

it('Z6 a file is written in the background, tells how far it is, is its asker’s alone and leaves an audit row', async () => {
  const { admin, analyst } = { admin: brand.staff.admin, analyst: brand.staff.operations };
  const asked = await api.ok(createExport, { as: admin, body: { kind: 'sales' } });
  expect(asked).toMatchObject({ state: 'waiting', rows: 0, expectedRows: 2 });
  expect((await api.call(exportFile, { as: admin, params: { id: asked.id } })).status).toBe(409);
  // Whoever began it was killed: after a minute it is begun anew, and nothing is there twice.
  await api.api.platform.db
    .sql`UPDATE report_exports SET state = 'running', rows = 1, claimed_until = ${api.clock.now()} WHERE id = ${asked.id}`;
  await api.api.platform.db.sql`INSERT INTO report_export_parts VALUES (${asked.id}, 0, 'half')`;
  await api.api.platform.jobs.runNow(EXPORTS_JOB);
  expect((await api.ok(listExports, { as: admin })).items).toMatchObject([{ id: asked.id, state: 'done', rows: 2 }]);
  const file = String((await api.call(exportFile, { as: admin, params: { id: asked.id } })).body);
  expect(file.trim().split('\r\n')).toHaveLength(3);
  expect(file).not.toContain('half');
  expect((await api.call(exportFile, { as: analyst, params: { id: asked.id } })).status).toBe(404);
  const audits = await api.api.platform.db
    .sql`SELECT target, detail FROM audit_log WHERE action = 'personal-data:exported' AND actor_id = ${admin.personId}`;
  expect(audits).toMatchObject([{ target: 'report:sales', detail: { rows: 2, whole: true } }]);
  await api.ok(createExport, { as: brand.staff.a.manager, body: { kind: 'inviters' } });
  await api.api.platform.jobs.runNow(EXPORTS_JOB);
  const [mine] = (await api.ok(listExports, { as: brand.staff.a.manager })).items;
  const inviters = String(
    (await api.call(exportFile, { as: brand.staff.a.manager, params: { id: mine?.id ?? '' } })).body,
  );
  expect(inviters).toContain('贝*');
  expect(inviters).not.toContain('贝贝');
});

it('Z8 the screen says what the orders say, and of customers the first character alone', async () => {
  const screen = await api.ok(reportScreen, { as: brand.staff.admin });
  expect(screen).toMatchObject({
    gmvFen: 30_000,
    refundedFen: 4_000,
    orders: 2,
    buyers: 2,
    newCustomers: 3,
    visitors: 3,
    viewersNow: 0,
    demo: false,
  });
  expect(screen.hours.reduce((sum, { gmvFen }) => sum + gmvFen, 0)).toBe(30_000);
  expect(screen.inviters.map(({ name }) => name)).toEqual([brand.staff.a.guide.name, '贝*', brand.staff.b.guide.name]);
  const ofB = await api.ok(reportScreen, { as: brand.staff.b.manager });
  expect(ofB).toMatchObject({ gmvFen: 0, orders: 0, visitors: 1 });
});

it('a file has one writer: one that was only slow finds another at it, and writes nothing more', async () => {
  const { db, clock, random, log } = api.api.platform;
  const { admin } = brand.staff;
  const asked = await api.ok(createExport, { as: admin, body: { kind: 'sales' } });
  const reading = createReportReading({ db, clock, keeping: createReportKeeping({ db, clock }) });
  /** A process that stops before its first page, until it is told to go on. */
  function slowWriter() {
    const [stalled, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const jobs = createJobs({ log });
    const inReport: typeof reading.inReport = async (read) => {
      const found = await reading.inReport(read);
      stalled.resolve();
      await goesOn.promise;
      return found;
    };
    createReportExports({ db, clock, random, jobs, reading: { ...reading, inReport } });
    const turn = jobs.runNow(EXPORTS_JOB);
    return {
      stalled: stalled.promise,
      async goOn() {
        goesOn.resolve();
        await turn;
        await jobs.close();
      },
    };
  }
  const first = slowWriter();
  await first.stalled; // its first lines are written
  api.clock.advanceSeconds(61);
  const second = slowWriter();
  await second.stalled;
  await first.goOn();
  expect((await api.ok(listExports, { as: admin })).items[0]).toMatchObject({
    id: asked.id,
    state: 'running',
    rows: 0,
  });
  await second.goOn();
  const whole = String((await api.call(exportFile, { as: admin, params: { id: asked.id } })).body);
  expect(whole.trim().split('\r\n')).toHaveLength(3);
  const [{ bytes, rows } = { bytes: 0, rows: 0 }] = (await api.ok(listExports, { as: admin })).items;
  expect({ bytes, rows }).toEqual({ bytes: Buffer.byteLength(`\uFEFF${whole}`), rows: 2 });
  const told =
    await db.sql`SELECT FROM audit_log WHERE action = 'personal-data:exported' AND detail->>'export' = ${asked.id}`;
  expect(told).toHaveLength(1);
  // Beyond two gigabytes.
  await db.sql`UPDATE report_exports SET bytes = 5000000000 WHERE id = ${asked.id}`;
  expect((await api.ok(listExports, { as: admin })).items[0]?.bytes).toBe(5_000_000_000);
});
