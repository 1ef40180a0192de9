import { randomUUID } from 'node:crypto';
import { getSeller, listOrgUnits, listStaff } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeUnit, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';

test('staff see the units and the people of their own scope', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const paths = async (as: typeof staff.admin) => (await api.ok(listOrgUnits, { as })).items.map((unit) => unit.path);
  expect(await paths(staff.admin)).toEqual([
    'hq',
    'hq.east',
    'hq.east.hangzhou',
    'hq.east.shanghai',
    'hq.north',
    'hq.north.beijing',
    'hq.north.tianjin',
  ]);
  expect(await paths(staff.channelEast)).toEqual(['hq.east', 'hq.east.hangzhou', 'hq.east.shanghai']);
  expect(await paths(staff.a.guide)).toEqual(['hq.east.hangzhou']);

  const team = (await api.ok(listStaff, { as: staff.a.manager })).items;
  expect(team.map((person) => person.role)).toEqual(['assistant', 'guide', 'guide', 'store_manager']);
  expect(new Set(team.map((person) => person.orgUnit.path))).toEqual(new Set(['hq.east.hangzhou']));
  expect((await api.call(listStaff, { as: staff.a.guide })).status).toBe(403);
});

test('Z2 the seller is told to anybody: the store itself, or the nearest unit above that is a legal person', async () => {
  await using api = await startTestApi();
  const { stores } = await seedBrand(api);
  const own = await api.ok(getSeller, { params: { id: stores.a.id } });
  expect(own).toMatchObject({ store: { id: stores.a.id }, legalName: '杭州湖滨店食品有限公司' });
  const counter = await makeUnit(api, 'store', 'hq.east.hangzhou.counter', '快闪店', stores.a);
  await api.api.platform.db.sql`UPDATE org_units SET legal_name = '', licence_no = '' WHERE id = ${counter.id}`;
  const inherited = await api.ok(getSeller, { params: { id: counter.id } });
  expect(inherited).toMatchObject({ store: { name: '快闪店' }, legalName: '杭州湖滨店食品有限公司' });
  expect(inherited.licenceNo).not.toBe('');
  expect((await api.call(getSeller, { params: { id: randomUUID() } })).status).toBe(404);
});
