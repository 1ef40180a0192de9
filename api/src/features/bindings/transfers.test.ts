/** The policy by version, rulings on whose customer somebody is, and customers handed over when a guide leaves. */
import { randomUUID } from 'node:crypto';
import {
  bindingHistory,
  getAttributionPolicy,
  getBinding,
  getTransfer,
  orderCredit,
  previewTransfer,
  putAttributionPolicy,
  ruleBinding,
  startTransfer,
  transferredCustomers,
} from '@walnut-live/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { type Brand, makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { shareRewardsRun } from './bindings.policy.ts';
import { CUSTOMER_TRANSFERS_JOB } from './index.ts';
import { receiverOf } from './transfers.policy.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql = () => api.api.platform.db.sql;

describe('the rules without a database', () => {
  it.each([
    ['copy', false, ['copy', 'poster'], true],
    ['poster', false, ['copy'], false],
    ['copy', true, ['copy', 'poster', 'other'], false],
    ['wechat', false, ['copy', 'wechat'], false],
    ['moments', false, ['moments'], false],
    ['other', false, [], false],
  ] as const)('Z5 a share by %s, inside WeChat: %s, switched on for %j: %s', (channel, insideWechat, on, runs) => {
    expect(shareRewardsRun({ shareRewardChannels: on }, { channel, insideWechat })).toBe(runs);
  });
  it('A2 customers are split evenly, whatever their number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 200 }), (receivers, customers) => {
        const got = new Array<number>(receivers).fill(0);
        for (let no = 0; no < customers; no++) {
          const one = receiverOf([...got.keys()], no);
          got[one] = (got[one] ?? 0) + 1;
        }
        expect(Math.max(...got) - Math.min(...got)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the policy', () => {
  it('A3 A4 Z5 a change is a version: orders keep theirs, rivals meet, WeChat cannot be named', async () => {
    const { staff, rooms } = brand;
    const orders = createAttributedOrders(api);
    const [anna, bella] = [await makeConsumer(api), await makeConsumer(api)];
    await visit(api, bella, anna, rooms.a.id);
    const before = await orders.place(anna, rooms.a);
    const { inForce, versions } = await api.ok(getAttributionPolicy, { as: staff.a.guide });
    expect([inForce, versions.length, versions[0]?.by]).toEqual([1, 1, null]);
    const body = {
      ...{ seenVersion: 1, creditWindowSeconds: 60, protectDays: -1, validDays: -1, selfPurchaseCommission: false },
      ...{ shareRewardChannels: ['copy' as const], reason: '试点一分钟窗口' },
    };
    const put = (as: Principal, more: object = {}) =>
      api.call(putAttributionPolicy, { as, body: { ...body, ...more } });
    for (const as of [staff.operations, staff.finance, staff.a.manager]) expect((await put(as)).status).toBe(403);
    for (const wrong of [{ shareRewardChannels: ['wechat'] }, { validDays: 0 }, { creditWindowSeconds: 0 }])
      expect((await put(staff.admin, wrong)).status).toBe(400);
    const past = new Date(api.clock.now().getTime() - 60_000).toISOString();
    expect(await put(staff.admin, { effectiveFrom: past })).toMatchObject({ problem: { code: 'too_early' } });
    const rivals = await Promise.all([put(staff.admin), put(staff.admin), put(staff.admin)]);
    expect(rivals.map(({ status }) => status).sort()).toEqual([200, 409, 409]);

    api.clock.advanceSeconds(90);
    const after = await orders.place(anna, rooms.a);
    const versionOf = async (id: string) =>
      (await api.ok(orderCredit, { as: staff.admin, params: { id } })).ruleVersion;
    expect([before.credit.reason, after.credit.reason]).toEqual(['share_link', 'owner_guide']);
    expect([await versionOf(before.id), await versionOf(after.id)]).toEqual([1, 2]);
    const soon = new Date(api.clock.now().getTime() + 3_600_000).toISOString();
    const later = await put(staff.admin, { seenVersion: 2, creditWindowSeconds: 86_400, effectiveFrom: soon });
    expect(later.body).toMatchObject({ inForce: 2, versions: [{ version: 3, reason: body.reason }, {}, {}] });
    // What is announced is not overtaken by what comes after it.
    expect(await put(staff.admin, { seenVersion: 3 })).toMatchObject({ problem: { facts: { earliest: soon } } });
    api.clock.advanceSeconds(3_601);
    expect((await api.ok(getAttributionPolicy, { as: staff.admin })).inForce).toBe(3);
    await expect(sql()`UPDATE attribution_policies SET protect_days = 1`).rejects.toThrow('append-only');
    await expect(
      sql()`INSERT INTO attribution_policies VALUES (9, 60, 1, 1, false, now(), '{moments}')`,
    ).rejects.toThrow('attribution_policies_z5');
    expect(await sql()`SELECT detail FROM audit_log WHERE action = 'attribution-policy:changed'`).toHaveLength(2);
  });
});

it('A2 headquarters move one customer, seen and with a reason; every bond there was stays readable', async () => {
  const { staff, stores, rooms } = brand;
  const anna = await makeConsumer(api, '安娜');
  await visit(api, staff.a.guide, anna, rooms.a.id);
  const params = { id: anna.personId };
  const bond = await api.ok(getBinding, { as: staff.admin, params });
  const rule = (as: Principal, more: object = {}) =>
    api.call(ruleBinding, {
      ...{ as, params },
      body: {
        ...{ seenBindingId: bond.bindingId, orgUnitId: stores.b.id, guideId: staff.b.guide.personId },
        ...{ reason: '登记错了', ...more },
      },
    });
  expect((await rule(staff.b.manager)).status).toBe(403);
  expect((await rule(staff.operations, { guideId: staff.a.guide.personId })).status).toBe(400);
  expect((await rule(staff.operations, { seenBindingId: null })).status).toBe(409);
  api.clock.advanceSeconds(1);
  const rivals = await Promise.all([rule(staff.operations), rule(staff.admin)]);
  expect(rivals.map(({ status }) => status).sort()).toEqual([201, 409]);
  expect(await api.ok(getBinding, { as: anna, params })).toMatchObject({
    ...{ store: { id: stores.b.id }, guide: { id: staff.b.guide.personId }, reason: 'hq_ruling' },
  });
  const { items } = await api.ok(bindingHistory, { as: staff.b.manager, params });
  expect(items).toMatchObject([
    { reason: 'hq_ruling', why: '登记错了', endedAt: null, by: { id: expect.any(String) } },
    { id: bond.bindingId, reason: 'sharer_store', why: '', endedAt: expect.any(String), by: null },
  ]);
  expect((await api.call(bindingHistory, { as: staff.a.manager, params })).status).toBe(404);
  // Protected anew: the old store's link does not take them back (rule A2).
  await visit(api, staff.a.guide, anna, rooms.a.id);
  expect(await api.ok(getBinding, { as: anna, params })).toMatchObject({ store: { id: stores.b.id } });
});

describe('a guide leaves', () => {
  /** More than two batches. */
  const CUSTOMERS = 450;

  it('A2 A5 all customers change hands once, evenly, with their protection; a killed transfer goes on', async () => {
    const { staff, stores, rooms } = brand;
    const { guide, secondGuide, manager } = staff.d;
    const orgUnitId = stores.d.id;
    const now = api.clock.now();
    const until = new Date(now.getTime() + 86_400_000);
    await sql()`
      WITH p AS (
        INSERT INTO people (id, kind, name, created_at) SELECT gen_random_uuid(), 'consumer', '客' || n, ${now}
        FROM generate_series(1, ${CUSTOMERS}::int) n RETURNING id)
      INSERT INTO owner_bindings (id, customer_id, store_id, guide_id, reason, bound_at, protect_until, valid_until)
      SELECT gen_random_uuid(), id, ${orgUnitId}, ${guide.personId}, 'sharer_store', ${now}, ${until}, NULL FROM p`;
    await sql()`UPDATE staff_accounts SET active = false WHERE person_id = ${guide.personId}`;

    const query = { guideId: guide.personId, orgUnitId };
    const preview = await api.ok(previewTransfer, { as: manager, query });
    expect(preview).toMatchObject({ active: false, customers: CUSTOMERS, protected: CUSTOMERS });
    const named = preview.receivers.map(({ person }) => person.id);
    expect(named).toEqual([secondGuide.personId]); // and never who asks
    expect((await api.ok(previewTransfer, { as: staff.admin, query })).receivers.length).toBeGreaterThan(named.length);

    const to = [secondGuide.personId, manager.personId];
    const key = randomUUID();
    const start = (as: Principal, more: object = {}, withKey: string = randomUUID()) =>
      api.call(startTransfer, {
        ...{ as, key: withKey, body: { ...query, to, reason: '离职', expected: CUSTOMERS, ...more } },
      });
    expect((await start(staff.a.manager)).status).toBe(404);
    expect((await start(staff.channelNorth)).status).toBe(403);
    for (const wrong of [staff.c.guide, guide, brand.consumers.anna])
      expect((await start(manager, { to: [wrong.personId] })).status).toBe(400);
    for (const more of [{}, { to: [manager.personId] }])
      expect(await start(manager, more)).toMatchObject({
        status: 403,
        problem: { code: 'conflict_of_interest', facts: { reason: 'receiver' } },
      });
    expect(await start(manager, { to: [secondGuide.personId], expected: 3 })).toMatchObject({
      status: 409,
      problem: { facts: { customers: 450 } },
    });
    const [one, two] = await Promise.all([start(staff.admin, {}, key), start(staff.operations)]);
    expect([one.status, two.status].sort()).toEqual([202, 409]);
    const { id } = one.status === 202 ? one.body : two.body;
    if (one.status === 202) expect((await start(staff.admin, {}, key)).body.id).toBe(id);
    const read = () => api.ok(getTransfer, { as: manager, params: { id } });
    const turn = () => api.api.platform.jobs.runNow(CUSTOMER_TRANSFERS_JOB);

    // The last batch fails as if the process had died in it: what was moved is moved, the rest is not.
    const [last] = await sql()<{ id: string }>`
      SELECT customer_id AS id FROM owner_bindings WHERE guide_id = ${guide.personId} ORDER BY customer_id DESC LIMIT 1`;
    const { pool } = api.api.platform.db;
    await sql()`CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'`;
    await pool.query(`CREATE TRIGGER refuse_one BEFORE INSERT ON owner_bindings FOR EACH ROW
      WHEN (NEW.customer_id = '${last?.id}' AND NEW.reason = 'transferred') EXECUTE FUNCTION refuse_one()`);
    await expect(turn()).rejects.toThrow('broken');
    expect(await read()).toMatchObject({ state: 'running', moved: 400, total: CUSTOMERS });
    // One that fails waits on its own; another store's goes on behind it.
    const other = await makeConsumer(api);
    await visit(api, staff.b.guide, other, rooms.b.id);
    const { customers: expected } = await api.ok(previewTransfer, {
      ...{ as: staff.admin, query: { guideId: staff.b.guide.personId, orgUnitId: stores.b.id } },
    });
    const behind = await api.ok(startTransfer, {
      as: staff.admin,
      body: {
        ...{ guideId: staff.b.guide.personId, orgUnitId: stores.b.id, to: [staff.b.manager.personId] },
        ...{ reason: '调岗', expected },
      },
    });
    await turn();
    expect((await api.ok(getTransfer, { as: staff.admin, params: { id: behind.id } })).state).toBe('done');
    expect(await sql()`SELECT failures, problem FROM customer_transfers WHERE id = ${id}`).toEqual([
      { failures: 1, problem: 'broken' },
    ]);
    await sql()`DROP TRIGGER refuse_one ON owner_bindings`;
    await turn();
    expect(await read()).toMatchObject({ moved: 400 }); // not before its time
    api.clock.advanceSeconds(61);

    // One customer is being served meanwhile: they are not waited for, and come with the next turn.
    await api.api.platform.db.transaction(async (tx) => {
      await createAttributedOrders(api).bindings.lockPerson(tx, last?.id ?? '');
      await turn();
      expect(await read()).toMatchObject({ state: 'running', moved: CUSTOMERS - 1 });
    });
    await turn();
    expect(await read()).toMatchObject({ state: 'done', moved: CUSTOMERS, endedAt: expect.any(String) });
    await turn(); // again: nothing
    const bonds = await sql()<{ guide_id: string; n: number; kept: boolean }>`
      SELECT guide_id, count(*)::int AS n, bool_and(protect_until = ${until} AND valid_until IS NULL) AS kept
      FROM owner_bindings WHERE transfer_id = ${id} AND ended_at IS NULL GROUP BY guide_id`;
    expect(bonds.map(({ n, kept }) => [n, kept])).toEqual([
      [225, true],
      [225, true],
    ]);
    const [history] =
      await sql()`SELECT count(*)::int AS ended FROM owner_bindings WHERE guide_id = ${guide.personId} AND ended_at IS NOT NULL`;
    expect(history).toEqual({ ended: CUSTOMERS });

    const page = await api.ok(transferredCustomers, { as: manager, params: { id }, query: { limit: 100 } });
    expect([page.items.length, page.nextCursor]).toEqual([100, expect.any(String)]);
    expect((await api.call(getTransfer, { as: staff.c.manager, params: { id } })).status).toBe(404);
    const acts = await sql()`SELECT reason, detail FROM audit_log WHERE target = ${`customer-transfer:${id}`}`;
    expect(acts).toMatchObject([{ reason: '离职', detail: { customers: CUSTOMERS } }]);

    // The link of the one who left still opens the room, and wins neither customer nor order.
    const late = await makeConsumer(api);
    expect((await visit(api, guide, late, rooms.a.id)).status).toBe(302);
    expect((await api.ok(getBinding, { as: late, params: { id: late.personId } })).store).toBeNull();
    const order = await createAttributedOrders(api).place(late, rooms.a);
    expect(order.credit.inviter?.id).toBe(staff.a.guide.personId);
  });

  it('A2 when nobody who takes is active any more, it stops, and another transfer takes the rest', async () => {
    const { staff, stores } = brand;
    const { guide, secondGuide, manager } = staff.c;
    const anna = await makeConsumer(api);
    await visit(api, guide, anna, brand.rooms.a.id);
    const start = (to: Principal, as: Principal = manager) =>
      api.ok(startTransfer, {
        as,
        body: {
          ...{ guideId: guide.personId, orgUnitId: stores.c.id, to: [to.personId], reason: '调岗', expected: 1 },
        },
      });
    const first = await start(secondGuide);
    await sql()`UPDATE people SET active = false WHERE id = ${secondGuide.personId}`;
    const turn = () => api.api.platform.jobs.runNow(CUSTOMER_TRANSFERS_JOB);
    await turn();
    const state = async (id: string) => (await api.ok(getTransfer, { as: manager, params: { id } })).state;
    expect(await state(first.id)).toBe('stopped');
    const second = await start(manager, staff.admin);
    await turn();
    expect(await state(second.id)).toBe('done');
    const bound = await api.ok(getBinding, { as: anna, params: { id: anna.personId } });
    expect(bound).toMatchObject({ guide: { id: manager.personId }, reason: 'transferred' });
  });
});
