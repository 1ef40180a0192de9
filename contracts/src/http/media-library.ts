/** Pictures of the brand's products. */
import { z } from 'zod';
import { PictureUrl, text } from './common.ts';
import { pictureTypes } from './files.ts';
import { defineRoute } from './route.ts';

export const MEDIA_PICTURE_BYTES = 10 * 1024 * 1024;
/** Width and height multiplied: a small file can be a very large picture. */
export const MEDIA_PICTURE_PIXELS = 40_000_000;
/** The shorter side; less is no picture of a product. */
export const MEDIA_MIN_SIDE = 100;
/** In which widths a picture is kept; one that is smaller is not enlarged. */
export const mediaWidths = [240, 480, 960] as const;
export type MediaWidth = (typeof mediaWidths)[number];
const MEDIA_URL = /^\/api\/v1\/media\/([0-9a-f-]{36})$/;

/** The picture in this width; pictures that do not come from the library have one size. */
export const pictureAt = (url: string, width: MediaWidth): string => (MEDIA_URL.test(url) ? `${url}?w=${width}` : url);
/** Which picture of the library an address is of. */
export const mediaIdOf = (url: string): string | undefined => MEDIA_URL.exec(url)?.[1];

export const MediaPicture = z
  .object({ id: z.uuid(), url: PictureUrl, width: z.int(), height: z.int(), bytes: z.int() })
  .meta({ id: 'MediaPicture' });
export type MediaPicture = z.infer<typeof MediaPicture>;

export const uploadMedia = defineRoute({
  id: 'media.upload',
  method: 'POST',
  path: '/media',
  tag: 'catalogue',
  access: { staff: 'catalogue:write' },
  summary:
    'Upload a picture as the body of the request: JPEG, PNG or WebP, by its bytes; resized, without what cameras write into it. The same bytes are one picture',
  query: z.strictObject({ name: text(80) }),
  consumes: pictureTypes,
  reply: MediaPicture,
  status: 201,
  errors: ['invalid_request', 'body_too_large', 'unsupported_media_type', 'rate_limited', 'unavailable'],
});
export const getMedia = defineRoute({
  id: 'media.get',
  method: 'GET',
  path: '/media/:id',
  tag: 'catalogue',
  access: 'public',
  summary: 'A picture of the library in one of its widths',
  params: z.strictObject({ id: z.uuid() }),
  query: z.strictObject({ w: z.enum(['240', '480', '960']).default('960') }),
  produces: ['image/webp'],
  errors: ['not_found'],
});
