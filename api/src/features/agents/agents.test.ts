import {
  agreeAsAgent,
  applyAsAgent,
  createShareLink,
  decideAgent,
  endAgent,
  getAgentAgreement,
  getMyContacts,
  leaveAsAgent,
  listAgents,
  myTargets,
  putDrainCard,
  reportBrought,
  setTarget,
  writeAgentAgreement,
} from '@walnut-live/contracts';
import { describe, expect, it, test } from 'vitest';
import { chinaMonthOf } from '../../platform/china-day.policy.ts';
import type { Principal } from '../../platform/principal.ts';
import { createAttributedOrders } from '../../testing/attributed-orders.ts';
import { makeCouponKind } from '../../testing/coupons.ts';
import { makeConsumer, seedBrand } from '../../testing/fixtures.ts';
import { AGREEMENT, makeContent } from '../../testing/sharing.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { visit } from '../../testing/visits.ts';
import { agentTransitions, monthSpan, progressBps } from './agents.policy.ts';
import { encodeBroughtCursor } from './brought-cursor.policy.ts';

describe('K2 months, targets and states', () => {
  it.each([
    ['2026-11-30T15:59:59Z', '2026-11'],
    ['2026-11-30T16:00:00Z', '2026-12'],
  ])('%s is of %s in China', (at, month) => {
    expect(chinaMonthOf(new Date(at))).toBe(month);
    const { from, to } = monthSpan(month);
    expect(from <= new Date(at) && new Date(at) < to).toBe(true);
    expect(chinaMonthOf(from)).toBe(month);
    expect(chinaMonthOf(to)).not.toBe(month);
  });
  it.each([
    [5_000, 10_000, 5_000],
    [-200, 10_000, 0],
    [9_999, 10_000, 9_999],
    [30_000, 10_000, 30_000],
  ])('%i of %i is %i', (done, target, bps) => expect(progressBps(done, target)).toBe(bps));
  it('K2 nobody becomes an agent without a decision and an agreement', () => {
    expect(agentTransitions.applied).not.toContain('active');
    expect(
      Object.entries(agentTransitions)
        .filter(([, next]) => next.includes('active'))
        .map(([from]) => from),
    ).toEqual(['approved']);
  });
});

test('K2 S7 from a warm contact to an agent: own store and guide, one application, one decision, the agreement, an end', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { staff, stores, rooms, consumers } = brand;
  const { anna, bella, chris } = consumers;
  const { sql } = api.api.platform.db;
  const apply = (as: Principal, body = {}) => api.call(applyAsAgent, { as, body });
  expect((await apply(anna)).problem.code).toBe('state_conflict'); // the brand takes none yet
  const write = (as: Principal, text = AGREEMENT) =>
    api.call(writeAgentAgreement, { as, body: { text, reason: '首版' } });
  expect((await write(staff.a.manager)).status).toBe(403);
  expect((await write(staff.operations)).body.version).toBe(1);

  await visit(api, staff.a.guide, anna, rooms.a.id);
  const kind = await makeCouponKind(api, brand, stores.a, { listed: true });
  await makeContent(api, rooms.a, staff.a.manager, { couponKindId: kind.id });
  const card = {
    kind: 'guide',
    orgUnitId: stores.a.id,
    title: '加我微信',
    hint: '',
    pictureId: null,
    expiresAt: null,
  } as const;
  await api.ok(putDrainCard, {
    as: staff.a.guide,
    body: { ...card, guideId: staff.a.guide.personId, link: 'https://example.com/qr' },
  });
  expect(await api.ok(getMyContacts, { as: anna })).toMatchObject({
    ...{ store: { id: stores.a.id }, guide: { id: staff.a.guide.personId }, card: { title: '加我微信' }, offers: 1 },
    ...{ agent: null, agreement: { version: 1 } },
  });

  const made = await Promise.all(Array.from({ length: 5 }, () => apply(anna, { note: '常给邻居带货' })));
  expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
  expect(made[0]?.body).toMatchObject({ state: 'applied', store: { id: stores.a.id } });
  await sql`UPDATE people SET phone = (SELECT phone FROM people WHERE id = ${chris.personId}) WHERE id = ${staff.b.guide.personId}`;
  expect((await apply(chris)).problem.code).toBe('insiders_excluded');
  const id = made[0]?.body.id ?? '';
  const agree = (as: Principal, version = 1) => api.call(agreeAsAgent, { as, body: { version } });
  expect((await agree(anna)).problem.code).toBe('state_conflict'); // not approved yet

  const list = async (as: Principal) => (await api.ok(listAgents, { as })).items;
  expect(await list(staff.a.manager)).toMatchObject([
    { id, person: { name: '安然' }, note: '常给邻居带货', state: 'applied' },
  ]);
  expect((await list(staff.a.manager))[0]?.phoneMasked).toMatch(/^139\*{4}\d{4}$/);
  expect(await list(staff.b.manager)).toEqual([]);
  const decide = (approve: boolean) =>
    api.call(decideAgent, { as: staff.a.manager, params: { id }, body: { approve, reason: '老顾客' } });
  const decisions = await Promise.all([decide(true), decide(false), decide(true)]);
  expect(decisions.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  await sql`UPDATE agents SET state = 'approved' WHERE id = ${id}`; // whoever was first, here they said yes
  await write(staff.operations, `${AGREEMENT}第二版。`);
  expect((await agree(anna, 1)).problem.facts).toMatchObject({ version: 2 }); // it changed meanwhile
  const isAgent = async () =>
    (await sql`SELECT FROM agents WHERE person_id = ${anna.personId} AND state = 'active'`).length === 1;
  expect(await isAgent()).toBe(false);
  expect((await agree(anna, 2)).body).toMatchObject({ state: 'active', agreementVersion: 2 });
  expect(await isAgent()).toBe(true);
  expect((await agree(anna, 2)).body).toMatchObject({ state: 'active', agreementVersion: 2 });
  const ended = await api.ok(endAgent, { as: staff.a.manager, params: { id }, body: { reason: '不再合作' } });
  expect(ended.state).toBe('ended');
  expect(await isAgent()).toBe(false);
  expect(
    (await sql`SELECT action FROM audit_log WHERE target = ${`person:${anna.personId}`} ORDER BY id`).map(
      ({ action }) => action,
    ),
  ).toHaveLength(3);

  const second = await api.ok(applyAsAgent, { as: bella, body: { orgUnitId: stores.a.id } });
  expect((await api.ok(leaveAsAgent, { as: bella, body: {} })).state).toBe('ended');
  expect((await api.ok(leaveAsAgent, { as: bella, body: {} })).id).toBe(second.id);
  expect((await api.ok(getAgentAgreement, {})).agreement?.version).toBe(2);
});

test('A7 K6 what staff and agents brought in a month, net of refunds, with their targets', async () => {
  await using api = await startTestApi();
  const { staff, stores, rooms, consumers } = await seedBrand(api);
  const { anna, bella } = consumers;
  const { sql } = api.api.platform.db;
  const at = api.clock.now();
  await sql`INSERT INTO agent_agreements (version, text, created_by, created_at) VALUES (1, ${AGREEMENT}, ${staff.admin.personId}, ${at})`;
  await sql`INSERT INTO agents (id, person_id, org_unit_id, org_path, state, applied_at, decided_at, agreement_version, agreed_at)
    VALUES (gen_random_uuid(), ${anna.personId}, ${stores.a.id}, ${stores.a.path}, 'active', ${at}, ${at}, 1, ${at})`;
  const { path } = await api.ok(createShareLink, { as: anna, body: { roomId: rooms.a.id } });
  expect(path).toContain('/s/');
  await visit(api, anna, bella, rooms.a.id);
  await visit(api, anna, await makeConsumer(api), rooms.a.id);
  await visit(api, staff.a.guide, await makeConsumer(api), rooms.a.id);
  const orders = createAttributedOrders(api);
  const order = await orders.place(bella, rooms.a, [10_000]);
  await orders.pay(order);
  await orders.refund(order, [2_500]);

  const month = chinaMonthOf(at);
  const target = (as: Principal, personId: string, kind: 'gmv' | 'new_customers', amount: number) =>
    api.call(setTarget, { as, body: { personId, month, kind, amount, reason: '月度目标' } });
  expect((await target(staff.b.manager, anna.personId, 'gmv', 100)).status).toBe(404);
  expect((await target(staff.a.manager, bella.personId, 'gmv', 100)).status).toBe(404); // neither staff nor agent
  await target(staff.a.manager, anna.personId, 'gmv', 99);
  expect((await target(staff.a.manager, anna.personId, 'gmv', 15_000)).body).toEqual({
    kind: 'gmv',
    target: 15_000,
    done: 7_500,
    bps: 5_000,
  });
  await target(staff.a.manager, anna.personId, 'new_customers', 4);
  expect((await api.ok(myTargets, { as: anna })).items.map(({ kind, bps }) => [kind, bps])).toEqual([
    ['gmv', 5_000],
    ['new_customers', 5_000],
  ]);
  const report = await api.ok(reportBrought, { as: staff.a.manager });
  expect(report.month).toBe(month);
  expect(report.items.slice(0, 2)).toMatchObject([
    { person: { name: '安然' }, role: 'agent', visitors: 2, newCustomers: 2, orders: 1, netFen: 7_500 },
    { person: { id: staff.a.guide.personId }, role: 'guide', visitors: 1, newCustomers: 1, netFen: 0, targets: [] },
  ]);
  expect(report.totals).toEqual({ newCustomers: 3, orders: 1, netFen: 7_500 });
  // Page by page it is the same list, and every page says the sums of everybody.
  const paged: typeof report.items = [];
  for (let cursor: string | undefined, n = 0; n < 99; n++) {
    const part = await api.ok(reportBrought, {
      as: staff.a.manager,
      query: { limit: 1, ...(cursor ? { cursor } : {}) },
    });
    expect([part.items.length, part.totals]).toEqual([1, report.totals]);
    paged.push(...part.items);
    if (part.nextCursor === null) break;
    cursor = part.nextCursor;
  }
  expect(paged).toEqual(report.items);
  // Who stood behind the cursor is gone: nothing on the page, and the sums are still everybody's.
  const cursor = encodeBroughtCursor({ netFen: -(10n ** 15n), newCustomers: 0n, personId: anna.personId });
  const beyond = await api.ok(reportBrought, { as: staff.a.manager, query: { cursor } });
  expect([beyond.items, beyond.totals, beyond.nextCursor]).toEqual([[], report.totals, null]);
  expect(report.items).toHaveLength(5); // the store's four, and the agent
  expect(JSON.stringify(await api.ok(reportBrought, { as: staff.b.manager }))).not.toContain(anna.personId);
});
