import { randomUUID } from 'node:crypto';
import {
  auditActors,
  changeOrgUnit,
  changeStaffAccount,
  closeOrgUnit,
  createOrgUnit,
  createStaffAccount,
  getHostRecord,
  getSeller,
  getStaffAccount,
  listAudit,
  listOrgUnits,
  makeStaffCode,
  orgTree,
  refreshSession,
  revokeHost,
  setHostRules,
  setStaffActive,
  signStaffOut,
  staffSignIn,
  startRoom,
  useStaffCode,
  verifyHost,
  verifyTraining,
} from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Brand, makeRoom, makeStaff, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { selvesOf } from '../identity/index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());
const sql: TestApi['api']['platform']['db']['sql'] = (...args) => api.api.platform.db.sql(...args);
const reason = '人员调整';
const password = 'walnut-kernel-240';
const seller = { legalName: '', licenceNo: '', address: '', servicePhone: '' };

test('H4 an account is made below one’s own role, gets its password by a code that works once, and is ended with its sessions', async () => {
  const { staff, stores } = brand;
  const wish = (role: 'guide' | 'store_manager' | 'hq_admin', orgUnitId: string) => ({
    body: { name: '新人', username: `n-${randomUUID().slice(0, 8)}`, role, orgUnitId },
  });
  const make = (as: typeof staff.admin, ...args: Parameters<typeof wish>) =>
    api.call(createStaffAccount, { as, ...wish(...args) });
  expect((await make(staff.a.manager, 'store_manager', stores.a.id)).status).toBe(403);
  expect((await make(staff.a.manager, 'guide', stores.b.id)).status).toBe(404);
  expect((await make(staff.channelEast, 'store_manager', stores.c.id)).status).toBe(404);
  expect((await make(staff.operations, 'hq_admin', brand.hq.id)).status).toBe(403);
  expect((await make(staff.admin, 'store_manager', brand.hq.id)).problem.issues).toEqual([
    { path: '/role', issue: 'not_of_this_unit' },
  ]);
  const made = (await make(staff.a.manager, 'guide', stores.a.id)).body;
  const { id, username } = made.account;
  expect(
    (
      await api.call(createStaffAccount, {
        as: staff.admin,
        body: { name: '重名', username, role: 'guide', orgUnitId: stores.b.id },
      })
    ).problem.code,
  ).toBe('conflict');

  const redeem = (code: string) => api.call(useStaffCode, { body: { username, code, password } });
  const signIn = () => api.call(staffSignIn, { body: { username, password } });
  expect((await signIn()).status).toBe(401);
  expect((await redeem('ABCDEFGHJKMN')).problem.code).toBe('wrong_credentials');
  expect((await redeem(made.code.toLowerCase())).status).toBe(200);
  expect((await redeem(made.code)).status).toBe(401);
  const session = await signIn();
  expect(session.status).toBe(200);
  const cookie = session.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const refresh = () =>
    api.call(refreshSession, { body: { audience: 'staff' }, headers: { cookie, 'x-walnut-client': 'test' } });
  expect((await api.ok(getStaffAccount, { as: staff.a.manager, params: { id } })).sessions).toBe(1);

  // A new code ends the old password, and five wrong tries end the code.
  const anew = await api.ok(makeStaffCode, { as: staff.a.manager, params: { id }, body: { reason } });
  expect((await refresh()).status).toBe(401);
  expect((await signIn()).status).toBe(401);
  for (let n = 0; n < 5; n++) expect((await redeem('WRONGWRONGWR')).status).toBe(401);
  expect((await redeem(anew.code)).status).toBe(401);
  const last = await api.ok(makeStaffCode, { as: staff.a.manager, params: { id }, body: { reason } });
  api.clock.advanceSeconds(86_401);
  expect((await redeem(last.code)).status).toBe(401);

  await sql`INSERT INTO owner_bindings (id, customer_id, store_id, guide_id, reason, bound_at)
    VALUES (${randomUUID()}, ${brand.consumers.anna.personId}, ${stores.a.id}, ${id}, 'room_store', now())`;
  const off = () => api.ok(setStaffActive, { as: staff.a.manager, params: { id }, body: { active: false, reason } });
  expect(await off()).toMatchObject({ active: false, customers: 1, sessions: 0, codeUntil: null });
  await off();
  const log = await sql<{
    action: string;
    reason: string;
  }>`SELECT action, reason FROM audit_log WHERE target = ${`staff:${id}`} ORDER BY id`;
  expect(log.map(({ action }) => action)).toEqual([
    ...['staff:created', 'staff:password-set', 'staff:code-made', 'staff:code-made', 'staff:deactivated'],
  ]);
  expect(JSON.stringify(await sql`SELECT * FROM audit_log`)).not.toContain(made.code);
  expect(JSON.stringify(await sql`SELECT * FROM staff_codes`)).not.toContain(last.code);
}, 60_000);

test('H4 nobody changes themselves, somebody above, or another store’s; the last admin stays', async () => {
  const { staff } = brand;
  const acts = (id: string) =>
    [
      [changeStaffAccount, { params: { id }, body: { name: '改名', reason } }],
      [setStaffActive, { params: { id }, body: { active: false, reason } }],
      [makeStaffCode, { params: { id }, body: { reason } }],
      [signStaffOut, { params: { id }, body: { reason } }],
    ] as const;
  for (const [as, id, status] of [
    [staff.a.manager, staff.b.guide.personId, 404],
    [staff.a.manager, staff.channelEast.personId, 404],
    [staff.channelNorth, staff.a.guide.personId, 404],
    [staff.operations, staff.finance.personId, 403],
    [staff.operations, staff.admin.personId, 403],
    [staff.a.guide, staff.a.assistant.personId, 403],
    [staff.finance, staff.a.assistant.personId, 403],
  ] as const)
    for (const [route, options] of acts(id))
      expect((await api.call(route, { as, ...options } as never)).status, route.id).toBe(status);
  for (const [route, options] of acts(staff.admin.personId).slice(0, 3))
    expect((await api.call(route, { as: staff.admin, ...options } as never)).problem.code).toBe('self_action');
  const second = await makeStaff(api, 'hq_admin', brand.hq, '第二管理员');
  // Both at once: one of them stays.
  const both = await Promise.all([
    api.call(setStaffActive, { as: second, params: { id: staff.admin.personId }, body: { active: false, reason } }),
    api.call(setStaffActive, { as: staff.admin, params: { id: second.personId }, body: { active: false, reason } }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  await sql`UPDATE staff_accounts SET active = true WHERE role = 'hq_admin'`;
  // A guide moves to another store of the channel, by who has both.
  const moved = { params: { id: staff.b.secondGuide.personId }, body: { orgUnitId: brand.stores.a.id, reason } };
  expect((await api.call(changeStaffAccount, { as: staff.b.manager, ...moved })).status).toBe(404);
  expect((await api.ok(changeStaffAccount, { as: staff.channelEast, ...moved })).orgUnit.id).toBe(brand.stores.a.id);
}, 60_000);

test('H4 units are made, renamed and closed; one in which something is open stays open', async () => {
  const { staff, channels } = brand;
  const wish = { parentId: channels.east.id, kind: 'store', slug: 'suzhou', name: '苏州店', ...seller } as const;
  for (const as of [staff.channelEast, staff.a.manager, staff.finance])
    expect((await api.call(createOrgUnit, { as, body: wish })).status).toBe(403);
  const made = await api.ok(createOrgUnit, { as: staff.operations, body: wish });
  expect(made.unit.path).toBe('hq.east.suzhou');
  const { id } = made.unit;
  expect((await api.call(createOrgUnit, { as: staff.admin, body: wish })).problem.code).toBe('conflict');
  expect((await api.call(createOrgUnit, { as: staff.admin, body: { ...wish, parentId: id, slug: 'x' } })).status).toBe(
    400,
  );
  await api.ok(changeOrgUnit, {
    as: staff.admin,
    params: { id },
    body: { name: '苏州园区店', legalName: '苏州食品有限公司', reason },
  });
  expect(await api.ok(getSeller, { params: { id } })).toMatchObject({
    store: { name: '苏州园区店' },
    legalName: '苏州食品有限公司',
  });
  const close = (unitId: string) =>
    api.call(closeOrgUnit, { as: staff.admin, params: { id: unitId }, body: { reason: '合同到期' } });
  expect((await close(channels.east.id)).problem.facts).toEqual({ blocks: ['units', 'accounts'] });
  expect((await close(brand.stores.a.id)).problem.facts).toEqual({ blocks: ['accounts', 'lives'] });
  expect((await close(brand.hq.id)).status).toBe(403);
  expect((await close(id)).body.closedAt).not.toBeNull();
  expect((await close(id)).status).toBe(200);
  expect((await api.ok(listOrgUnits, { as: staff.admin })).items.map((unit) => unit.id)).not.toContain(id);
  expect((await api.ok(orgTree, { as: staff.channelEast })).items.map(({ unit }) => unit.path)).toEqual([
    ...['hq.east', 'hq.east.hangzhou', 'hq.east.shanghai', 'hq.east.suzhou'],
  ]);
  const late = { name: '晚了', username: 'too-late', role: 'guide', orgUnitId: id } as const;
  expect((await api.call(createStaffAccount, { as: staff.admin, body: late })).problem.code).toBe('state_conflict');
});

test('Z2 before each live the host’s identity is looked at: too young never, without where the brand asks for it not, and it is written down', async () => {
  const { staff, stores } = brand;
  const host = staff.a.guide;
  const start = async () => {
    const room = await makeRoom(api, { orgUnit: stores.a, host, state: 'scheduled' });
    const answer = await api.call(startRoom, { as: host, params: { id: room.id }, body: {} });
    return { room, code: answer.problem.code, facts: answer.problem.facts, status: answer.status };
  };
  // By default a live goes on, and what was found stands with it.
  const first = await start();
  expect(first.code).not.toBe('host_not_cleared');
  const verify = (as: typeof staff.admin, bornOn: string) =>
    api.call(verifyHost, { as, params: { id: host.personId }, body: { document: 'id_card', bornOn } });
  expect((await verify(staff.b.manager, '1990-01-01')).status).toBe(404);
  expect((await verify(staff.a.assistant, '1990-01-01')).status).toBe(403);
  expect(
    (
      await api.call(verifyHost, {
        as: staff.a.manager,
        params: { id: staff.a.manager.personId },
        body: { document: 'id_card', bornOn: '1990-01-01' },
      })
    ).problem.code,
  ).toBe('self_action');
  expect((await verify(staff.a.manager, '2999-01-01')).status).toBe(400);
  const young = `${api.clock.now().getUTCFullYear() - 15}-01-01`;
  expect((await verify(staff.a.manager, young)).body).toMatchObject({ identity: { ofAge: false }, missing: ['age'] });
  expect(await start()).toMatchObject({ status: 403, code: 'host_not_cleared', facts: { missing: ['age'] } });
  expect((await verify(staff.a.manager, '1990-01-01')).problem.code).toBe('state_conflict');
  await api.ok(revokeHost, { as: staff.a.manager, params: { id: host.personId }, body: { reason: '看错了' } });

  const rules = { identityNeeded: true, trainingNeeded: true, reason: '平台要求', seenVersion: 0 };
  expect((await api.call(setHostRules, { as: staff.a.manager, body: rules })).status).toBe(403);
  await api.ok(setHostRules, { as: staff.operations, body: rules });
  expect((await api.call(setHostRules, { as: staff.admin, body: rules })).problem.code).toBe('state_conflict');
  const refused = await start();
  expect(refused).toMatchObject({ code: 'host_not_cleared', facts: { missing: ['identity', 'training'] } });
  expect(await sql`SELECT state FROM rooms WHERE id = ${refused.room.id}`).toEqual([{ state: 'scheduled' }]);
  expect((await verify(staff.a.manager, '1990-01-01')).status).toBe(200);
  await api.ok(verifyTraining, {
    as: staff.a.manager,
    params: { id: host.personId },
    body: { title: '产品知识', trainedOn: '2026-01-05' },
  });
  expect((await start()).code).not.toBe('host_not_cleared');
  const record = await api.ok(getHostRecord, { as: staff.a.manager, params: { id: host.personId } });
  expect(record).toMatchObject({ missing: [], trainings: 1, identity: { ofAge: true } });
  expect(record.checks.map(({ identity }) => identity)).toEqual(['verified', 'missing']);
  // The birthday itself stands nowhere.
  expect(JSON.stringify(await sql`SELECT * FROM host_identities`)).not.toContain('1990-01-01');
  await api.ok(setHostRules, {
    as: staff.admin,
    body: { ...rules, identityNeeded: false, trainingNeeded: false, seenVersion: 1 },
  });
}, 60_000);

test('H4 the audit log is searched within one’s units, goes out as a CSV that is itself a row, and nobody changes it', async () => {
  const { staff, stores } = brand;
  await api.ok(signStaffOut, {
    as: staff.a.manager,
    params: { id: staff.a.assistant.personId },
    body: { reason: '丢了手机' },
  });
  const find = async (query: object, as = staff.admin) => (await api.ok(listAudit, { as, query })).items;
  const [row] = await find({ action: 'staff:signed-out', actorId: staff.a.manager.personId, orgUnitId: stores.a.id });
  expect(row).toMatchObject({
    ...{ actor: { name: staff.a.manager.name }, target: `staff:${staff.a.assistant.personId}` },
    ...{ targetName: staff.a.assistant.name, unit: { path: stores.a.path }, reason: '丢了手机' },
  });
  expect((await find({ target: staff.a.assistant.personId }))[0]?.id).toBe(row?.id);
  expect((await find({ action: 'staff' })).length).toBeGreaterThan(0);
  expect(await find({ orgUnitId: stores.b.id, action: 'staff:signed-out' })).toEqual([]);
  expect(await find({ to: '2020-01-01T00:00:00Z' })).toEqual([]);
  // Page by page every row once.
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await api.ok(listAudit, { as: staff.admin, query: { limit: 3, ...(cursor ? { cursor } : {}) } });
    seen.push(...page.items.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  const [count] = await sql<{ n: number }>`SELECT count(*)::int AS n FROM audit_log`;
  expect(new Set(seen).size).toBe(count?.n);
  for (const as of [staff.operations, staff.analyst, staff.channelEast, staff.a.manager])
    expect((await api.call(listAudit, { as })).status).toBe(403);
  // Somebody of a channel with the right to read it would see the channel alone.
  const local = { ...staff.finance, staff: { ...staff.finance.staff, orgPath: 'hq.north' } };
  for (const { unit } of await find({}, local)) expect(unit.path).toMatch(/^hq\.north/);
  expect((await api.call(listAudit, { as: local, query: { orgUnitId: stores.a.id } })).status).toBe(404);
  expect((await api.ok(auditActors, { as: local, query: { q: '杭州' } })).items).toEqual([]);
  const csv = (await api.ok(listAudit, {
    as: staff.finance,
    query: { format: 'csv', action: 'staff' },
  })) as unknown as string;
  expect(csv).toContain('丢了手机');
  expect((await find({ action: 'personal-data:exported' }))[0]).toMatchObject({
    target: 'audit',
    actor: { id: staff.finance.personId },
  });
  for (const change of [
    () => sql`UPDATE audit_log SET reason = ''`,
    () => sql`DELETE FROM audit_log`,
    () => sql`TRUNCATE audit_log`,
  ])
    await expect(change()).rejects.toThrow(/append-only/);
  // Nor in the name of a retention or of somebody's deletion.
  await expect(
    api.api.platform.db.transaction(async (tx) => {
      await tx`SELECT set_config('walnut.retention', 'audit_log', true), set_config('walnut.forgetting', 'audit_log', true)`;
      await tx`DELETE FROM audit_log`;
    }),
  ).rejects.toThrow(/append-only/);
}, 60_000);

test('Z6 a phone is given by whoever administers the account, shown with hidden digits, and names one person', async () => {
  const { staff, stores, consumers } = brand;
  const phone = '13912340987';
  const body = {
    name: '新人',
    username: `n-${randomUUID().slice(0, 8)}`,
    role: 'guide',
    orgUnitId: stores.a.id,
  } as const;
  const { account } = await api.ok(createStaffAccount, { as: staff.a.manager, body: { ...body, phone } });
  expect(account.phoneMasked).toBe('139****0987');
  const change = (given: string | null, as = staff.a.manager, id = account.id) =>
    api.call(changeStaffAccount, { as, params: { id }, body: { phone: given, reason } });
  // Another name leaves the phone; null takes it away; one's own is a colleague's to give.
  const named = { params: { id: account.id }, body: { name: '改名', reason } };
  expect((await api.ok(changeStaffAccount, { as: staff.a.manager, ...named })).phoneMasked).toBe('139****0987');
  expect((await change(null)).body.phoneMasked).toBeNull();
  expect((await change('12345')).problem.code).toBe('invalid_request');
  expect((await change(phone, staff.a.manager, staff.a.manager.personId)).problem.code).toBe('self_action');
  const [own] = await sql<{ phone: string }>`SELECT phone FROM people WHERE id = ${consumers.anna.personId}`;
  expect(await selvesOf(api.api.platform.db.sql, account.id)).toEqual([account.id]);
  await change(own?.phone ?? '');
  const selves = await selvesOf(api.api.platform.db.sql, account.id);
  expect(selves.sort()).toEqual([account.id, consumers.anna.personId].sort());
  // And from the other side; the log does not say the number.
  expect(await selvesOf(api.api.platform.db.sql, consumers.anna.personId)).toContain(account.id);
  const log = JSON.stringify(await sql`SELECT * FROM audit_log`);
  expect([log.includes(phone), log.includes(own?.phone ?? '?'), log.includes('taken away')]).toEqual([
    false,
    false,
    true,
  ]);
});
