import { createProduct, getMedia, MEDIA_PICTURE_BYTES, type MediaPicture, patchProduct } from '@walnut-live/contracts';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../platform/principal.ts';
import { type Brand, seedBrand } from '../../testing/fixtures.ts';
import { startTestApi, type TestApi } from '../../testing/test-api.ts';
import { MEDIA_SWEEP } from './index.ts';

let api: TestApi;
let brand: Brand;
beforeAll(async () => {
  api = await startTestApi();
  brand = await seedBrand(api);
});
afterAll(() => api[Symbol.asyncDispose]());

const plain = (width: number, height: number, blue = 0) =>
  sharp({ create: { width, height, channels: 3, background: { r: 180, g: 120, b: blue } } });

async function send(content: Buffer, mediaType: string, as: Principal = brand.staff.admin) {
  const response = await fetch(`${api.url}/api/v1/media?name=walnut`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.token(as)}`, 'content-type': mediaType },
    body: new Uint8Array(content),
  });
  const body = (await response.json()) as MediaPicture & { code?: string; issues?: { issue: string }[] };
  return { status: response.status, body };
}
async function load(url: string, width: number) {
  const response = await fetch(`${api.url}${url}?w=${width}`);
  return { response, content: Buffer.from(await response.arrayBuffer()) };
}

test('a photo is shown upright in a few widths, without what the camera wrote into it, and may be kept for long', async () => {
  const camera = { IFD0: { Make: 'SecretCamera' }, IFD3: { GPSLatitude: '30/1 15/1 0/1', GPSLatitudeRef: 'N' } };
  const photo = await plain(1_200, 800).withMetadata({ orientation: 6 }).withExifMerge(camera).jpeg().toBuffer();
  expect(photo.includes('SecretCamera')).toBe(true);
  const { status, body } = await send(photo, 'image/jpeg');
  expect(status).toBe(201);
  expect(body).toMatchObject({ width: 800, height: 1_200, bytes: photo.length });
  for (const width of [240, 480, 960]) {
    const { response, content } = await load(body.url, width);
    const seen = await sharp(content).metadata();
    const shown = Math.min(width, 800);
    expect(seen).toMatchObject({ format: 'webp', width: shown, height: shown * 1.5 });
    expect([seen.exif, seen.orientation, content.includes('SecretCamera')]).toEqual([undefined, undefined, false]);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('image/webp');
  }
});

test('the same bytes are one picture, also when many send them at once', async () => {
  const png = await plain(400, 400, 9).png().toBuffer();
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(png, 'image/png')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  const { sql } = api.api.platform.db;
  expect(await sql`SELECT count(*)::int AS n FROM media_renditions WHERE picture_id = ${answers[0]?.body.id}`).toEqual([
    { n: 3 },
  ]);
});

test.each<[string, () => Buffer | Promise<Buffer>, string, number, string]>([
  ['a document', () => Buffer.from('%PDF-1.7\n%%EOF\n'), 'image/png', 415, 'unsupported_media_type'],
  [
    'a drawing that can carry scripts',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    'image/png',
    415,
    'unsupported_media_type',
  ],
  ['no bytes', () => Buffer.alloc(0), 'image/png', 400, 'no_bytes'],
  [
    'a picture cut off',
    async () => (await plain(600, 600, 3).jpeg().toBuffer()).subarray(0, 900),
    'image/jpeg',
    400,
    'not_readable',
  ],
  [
    'a beginning and nothing behind it',
    () => Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(400, 7)]),
    'image/jpeg',
    400,
    'not_readable',
  ],
  [
    'more pixels than anybody photographs',
    () => plain(20_000, 2_100).png().toBuffer(),
    'image/png',
    400,
    'too_many_pixels',
  ],
  ['less than a picture of a product', () => plain(99, 400).png().toBuffer(), 'image/png', 400, 'too_small'],
  ['more bytes than allowed', () => Buffer.alloc(MEDIA_PICTURE_BYTES + 1, 0xff), 'image/png', 413, 'body_too_large'],
])('refused: %s', async (_what, content, mediaType, status, said) => {
  const answer = await send(await content(), mediaType);
  expect(answer.status).toBe(status);
  expect([answer.body.code, answer.body.issues?.[0]?.issue]).toContain(said);
});

test('what it is is told by its bytes: a WebP that is said to be a PNG is a WebP', async () => {
  const answer = await send(await plain(300, 300, 77).webp().toBuffer(), 'image/png');
  expect(answer.status).toBe(201);
});

test('stores cannot put pictures into the library; a picture that is not there cannot be on a page', async () => {
  const png = await plain(200, 200, 50).png().toBuffer();
  expect((await send(png, 'image/png', brand.staff.a.manager)).status).toBe(403);
  const unknown = await api.call(patchProduct, {
    as: brand.staff.admin,
    params: { id: brand.products.milk.id },
    body: { pictures: ['/pictures/none.svg', '/api/v1/media/0198c0de-0000-7000-8000-000000000000'] },
  });
  expect(unknown.problem.issues).toEqual([{ path: '/pictures/1', issue: 'unknown_picture' }]);
  expect((await api.call(getMedia, { params: { id: '0198c0de-0000-7000-8000-000000000000' } })).status).toBe(404);
});

test('Z1 a picture that was on a page stays when the page has another one; one that nobody used goes after a day', async () => {
  const [used, unused] = await Promise.all(
    [21, 22].map(async (blue) => (await send(await plain(300, 200, blue).png().toBuffer(), 'image/png')).body),
  );
  const body = {
    title: '图',
    subtitle: '',
    description: '',
    role: 'main' as const,
    skus: [{ name: '一', priceFen: 100 }],
  };
  const product = await api.ok(createProduct, {
    as: brand.staff.admin,
    body: { ...body, pictures: [used?.url ?? ''] },
  });
  await api.ok(patchProduct, {
    as: brand.staff.admin,
    params: { id: product.id },
    body: { pictures: ['/pictures/none.svg'] },
  });
  api.clock.advanceSeconds(86_401);
  await api.api.platform.jobs.runNow(MEDIA_SWEEP);
  api.clock.advanceSeconds(-86_401);
  expect((await load(used?.url ?? '', 240)).response.status).toBe(200);
  expect((await load(unused?.url ?? '', 480)).response.status).toBe(404);
});
