import {
  addMaterial,
  createRoom,
  MATERIAL_BYTES,
  PICTURE_BYTES,
  putDrainCard,
  putMyPersona,
  removeMaterial,
} from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { testPdf, testPicture, upload } from '../../testing/upload.ts';
import { FILES_SWEEP } from './index.ts';

test('a file is what its bytes say, has the size of its purpose, and material is served by no public address', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const as = staff.a.guide;
  const picture = await upload(api, as, 'photo', testPicture());
  expect(picture.status).toBe(201);
  const html = Buffer.from('<html><script>alert(1)</script></html>');
  for (const [purpose, content, type] of [
    ['photo', html, 'image/png'],
    ['card', testPdf(), 'image/png'],
    ['material', Buffer.from('MZ\x90\x00'), 'application/pdf'],
    ['photo', Buffer.from('GIF89a'), 'image/webp'],
  ] as const) {
    expect(await upload(api, as, purpose, content, type)).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    });
  }
  expect(await upload(api, as, 'photo', testPicture(), 'text/html')).toMatchObject({ status: 415 });
  expect(await upload(api, as, 'photo', Buffer.alloc(0))).toMatchObject({ status: 400 });
  expect(await upload(api, as, 'card', testPicture(PICTURE_BYTES + 1))).toMatchObject({ status: 413 });
  expect((await upload(api, as, 'material', testPicture(PICTURE_BYTES + 1))).status).toBe(201);
  expect(await upload(api, as, 'material', testPicture(MATERIAL_BYTES + 1))).toMatchObject({ status: 413 });

  const material = await upload(api, as, 'material', testPdf(), 'application/pdf');
  const open = (id: string) => fetch(`${api.url}/api/v1/files/${id}`);
  const served = await open(picture.id);
  expect(served.headers.get('content-type')).toBe('image/png');
  expect(served.headers.get('content-security-policy')).toContain('sandbox');
  expect(Buffer.from(await served.arrayBuffer())).toEqual(testPicture());
  expect((await open(material.id)).status).toBe(404);
});

test('what nothing points to goes after a day; what is used, or was taken away but is remembered, stays', async () => {
  await using api = await startTestApi();
  const { staff } = await seedBrand(api);
  const as = staff.operations;
  const picture = async (purpose: 'photo' | 'card', by: typeof as = as) =>
    (await upload(api, by, purpose, testPicture())).id;
  const card = (pictureId: string) =>
    api.call(putDrainCard, {
      as,
      body: {
        ...{ kind: 'official_account', orgUnitId: as.staff.orgUnitId, guideId: null, title: '关注', hint: '' },
        ...{ link: null, pictureId, expiresAt: null },
      },
    });
  const [replaced, shown, late] = [await picture('card'), await picture('card'), await picture('card')];
  expect((await card(replaced)).status).toBe(200);
  expect((await card(shown)).status).toBe(200);
  const photo = await picture('photo', staff.a.guide);
  await api.ok(putMyPersona, { as: staff.a.guide, body: { bio: '', tags: [], photoId: photo } });
  const room = await api.ok(createRoom, { as, body: { title: '经销商会', kind: 'conference' } });
  const { id: remembered } = await upload(api, as, 'material', testPdf(), 'application/pdf');
  const params = { id: room.id };
  const material = await api.ok(addMaterial, { as, params, body: { title: '政策', fileId: remembered, url: null } });
  await api.ok(removeMaterial, { as, params: { ...params, materialId: material.id } });
  const { sql } = api.api.platform.db;
  const left = async () => {
    await api.api.platform.jobs.runNow(FILES_SWEEP);
    return (await sql<{ id: string }>`SELECT id FROM stored_files`).map(({ id }) => id).toSorted();
  };
  expect(await left()).toEqual([replaced, shown, late, photo, remembered].toSorted());
  api.clock.advanceSeconds(23.5 * 3_600);
  expect((await card(late)).status).toBe(404); // about to go
  api.clock.advanceSeconds(3_600);
  const fresh = await picture('card');
  expect(await left()).toEqual([shown, photo, remembered, fresh].toSorted());
  for (const [id, status] of [
    [shown, 200],
    [replaced, 404],
  ] as const)
    expect((await fetch(`${api.url}/api/v1/files/${id}`)).status).toBe(status);
});
