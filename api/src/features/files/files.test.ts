import { MATERIAL_BYTES, PICTURE_BYTES } from '@walnut-live/contracts';
import { expect, test } from 'vitest';
import { seedBrand } from '../../testing/fixtures.ts';
import { startTestApi } from '../../testing/test-api.ts';
import { testPdf, testPicture, upload } from '../../testing/upload.ts';

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
