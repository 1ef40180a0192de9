import {
  followGuide,
  getMyPersona,
  getPersona,
  listTrainings,
  putMyPersona,
  revokeTraining,
  setAudience,
  verifyTraining,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { makeRoom, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { testPicture, upload } from '../../testing/upload.ts';

test('a guide’s page: what they tell, what others vouch for, lives that the visitor may enter', async () => {
  await using api = await startTestApi();
  const brand = await seedBrand(api);
  const { rooms, staff, stores, consumers } = brand;
  const guide = staff.a.guide;
  const { id: photoId } = await upload(api, guide, 'photo', testPicture());
  const body = { bio: '核桃种了二十年', tags: ['选核桃', '选核桃', '食谱'], photoId };
  expect(await api.ok(putMyPersona, { body, as: guide })).toMatchObject({
    bio: body.bio,
    tags: ['选核桃', '食谱'],
    photoId,
  });
  expect((await api.call(putMyPersona, { body, as: staff.b.guide })).status).toBe(404); // somebody else's photo
  const claims = await api.call(putMyPersona, { body: { ...body, bio: '吃了补脑健脑' }, as: guide });
  expect(claims).toMatchObject({ status: 422, problem: { code: 'words_refused' } });

  const ended = await makeRoom(api, { orgUnit: stores.a, host: guide, state: 'ended' });
  await api.api.platform.db
    .sql`INSERT INTO recordings (room_id, state, spans, started_at) VALUES (${ended.id}, 'ready', '[]', ${api.clock.now()})`;
  await api.ok(followGuide, { params: { id: guide.personId }, body: {}, as: consumers.anna });
  const page = (as?: typeof brand.guest) => api.ok(getPersona, { params: { id: guide.personId }, as });
  expect(await page()).toMatchObject({
    guide: { name: guide.name },
    store: { name: stores.a.name },
    photoUrl: `/api/v1/files/${photoId}`,
    tags: ['选核桃', '食谱'],
    followers: 1,
    live: [{ id: rooms.a.id }],
    coming: [{ id: rooms.scheduledA.id }],
    past: [{ room: { id: ended.id }, hasReplay: true }],
  });
  for (const id of [ended.id, rooms.a.id])
    await api.ok(setAudience, { params: { id }, body: { audience: 'koc' }, as: guide });
  expect(await page(consumers.anna)).toMatchObject({ live: [], past: [], coming: [{ id: rooms.scheduledA.id }] });
  expect(await page(staff.a.assistant)).toMatchObject({ live: [{ id: rooms.a.id }] });
  for (const nobody of [staff.a.assistant, staff.finance, consumers.anna])
    expect((await api.call(getPersona, { params: { id: nobody.personId } })).status).toBe(404);
  await api.api.platform.db.sql`UPDATE staff_accounts SET active = false WHERE person_id = ${guide.personId}`;
  expect((await api.call(getPersona, { params: { id: guide.personId } })).status).toBe(404);
});

test('a training is verified by somebody else, of a unit at or above; taken back with a reason', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const of = (id: string) => ({ params: { id }, body: { title: '核桃乳产品培训', trainedOn: '2026-01-05' } });
  const guide = staff.a.guide.personId;
  expect((await api.call(verifyTraining, { ...of(guide), as: staff.a.guide })).status).toBe(403);
  expect((await api.call(verifyTraining, { ...of(guide), as: staff.b.manager })).status).toBe(404);
  const self = await api.call(verifyTraining, { ...of(staff.a.manager.personId), as: staff.a.manager });
  expect(self.problem.code).toBe('self_action');
  await expect(
    api.api.platform.db
      .sql`INSERT INTO guide_trainings (id, guide_id, title, trained_on, org_path, verified_by, verified_at)
      VALUES (gen_random_uuid(), ${guide}, 'x', '2026-01-05', 'hq', ${guide}, now())`,
  ).rejects.toThrow('nobody_verifies_themselves');
  const later = { ...of(guide), body: { title: '明年', trainedOn: '2100-01-01' } };
  expect((await api.call(verifyTraining, { ...later, as: staff.a.manager })).status).toBe(400);
  const todayInChina = new Date(api.clock.now().getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
  const today = { ...of(guide), body: { title: '今天的培训', trainedOn: todayInChina } };
  expect((await api.call(verifyTraining, { ...today, as: staff.operations })).status).toBe(201);
  await api.api.platform.db.sql`DELETE FROM guide_trainings`;
  const training = await api.ok(verifyTraining, { ...of(guide), as: staff.a.manager });
  expect(training).toMatchObject({ verifiedBy: staff.a.manager.name, trainedOn: '2026-01-05' });
  expect((await api.ok(getMyPersona, { as: staff.a.guide })).trainings).toEqual([training]);
  const revoke = { params: { id: training.id }, body: { reason: '证书过期' } };
  expect((await api.call(revokeTraining, { ...revoke, as: staff.b.manager })).status).toBe(404);
  for (let time = 0; time < 2; time++) await api.ok(revokeTraining, { ...revoke, as: staff.operations });
  expect((await api.ok(listTrainings, { params: { id: guide }, as: staff.a.manager })).items).toEqual([]);
  const audit = await api.api.platform.db.sql`SELECT action FROM audit_log WHERE action LIKE 'training:%' ORDER BY id`;
  expect(audit.map(({ action }) => action)).toEqual(['training:verified', 'training:verified', 'training:revoked']);
});
