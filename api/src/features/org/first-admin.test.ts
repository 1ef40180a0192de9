/** An empty deployment gets its headquarters and one administrator, and who lost their password comes in again. */
import { createOrgUnit, listAudit, orgTree, staffSignIn, useStaffCode } from '@walnut-live/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { makeFirstAdmin } from './index.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ AUTH_RATE_PER_MINUTE: '1000000' });
});
afterAll(() => api[Symbol.asyncDispose]());

const make = (wanted: Parameters<typeof makeFirstAdmin>[1]) => {
  const { db, clock, random } = api.api.platform;
  return makeFirstAdmin({ db, clock, random }, wanted);
};
const codeOf = (done: Awaited<ReturnType<typeof make>>): string => {
  if ('refused' in done) throw new Error(done.refused);
  return done.code;
};
const signIn = (username: string, password: string) => api.call(staffSignIn, { body: { username, password } });

test('an empty database: both names are needed, rivals make one, who then sets a password and makes the rest', async () => {
  expect(await make({ username: 'admin', name: '周明远' })).toEqual({ refused: 'Headquarters needs a name: --brand' });
  expect(await make({ username: 'admin', brand: '山核记' })).toMatchObject({
    refused: expect.stringContaining('--name'),
  });
  const rivals = await Promise.all([
    make({ username: 'admin', name: '周明远', brand: '山核记' }),
    make({ username: 'other', name: '别人', brand: '别家' }),
  ]);
  const [made] = rivals.filter((one) => 'code' in one);
  expect(rivals.filter((one) => 'refused' in one)).toHaveLength(1);
  if (!made || !('code' in made)) throw new Error('one of two');
  const { username, code } = made;

  expect((await signIn(username, '-')).status).toBe(401);
  const password = 'walnut-kernel-240';
  expect((await api.call(useStaffCode, { body: { username, code, password } })).status).toBe(200);
  const { body } = await signIn(username, password);
  expect(body.me.staff).toMatchObject({ role: 'hq_admin', orgUnit: { kind: 'hq', path: 'hq', name: made.brand } });
  const authorization = `Bearer ${body.accessToken}`;
  const tree = await api.call(orgTree, { headers: { authorization } });
  expect(tree.body.items).toHaveLength(1);
  const seller = { legalName: '', licenceNo: '', address: '', servicePhone: '' };
  const store = {
    parentId: tree.body.items[0]?.unit.id ?? '',
    kind: 'store' as const,
    slug: 'hangzhou',
    name: '杭州店',
  };
  expect((await api.call(createOrgUnit, { headers: { authorization }, body: { ...store, ...seller } })).status).toBe(
    201,
  );
  const log = await api.call(listAudit, { headers: { authorization } });
  expect(log.body.items.filter(({ reason }) => reason === 'first-admin').map(({ action }) => action)).toEqual([
    'staff:created',
    'org-unit:created',
  ]);
});

test('where there is one: nobody else is made one; they get a code, and what they had before is worth nothing', async () => {
  const [{ username } = { username: '' }] = await api.api.platform.db.sql<{ username: string }>`
    SELECT username FROM staff_accounts WHERE role = 'hq_admin'`;
  expect(await make({ username: 'second', name: '第二位', brand: '山核记' })).toMatchObject({
    refused: expect.stringContaining(username),
  });
  const first = codeOf(await make({ username }));
  const second = codeOf(await make({ username }));
  expect((await signIn(username, 'walnut-kernel-240')).status).toBe(401);
  const set = (code: string) => api.call(useStaffCode, { body: { username, code, password: 'another-kernel-240' } });
  expect((await set(first)).status).toBe(401);
  expect((await set(second)).status).toBe(200);
  expect((await signIn(username, 'another-kernel-240')).status).toBe(200);
});
