/** Small files of the product itself: QR pictures, photos of guides, training material. */
import { z } from 'zod';
import { text } from './common.ts';
import { defineRoute } from './route.ts';

export const pictureTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
export const materialTypes = [...pictureTypes, 'application/pdf'] as const;
/** An address on the web as it is sent: escaped, encrypted on the way. */
export const WebLink = z
  .url({ protocol: /^https$/ })
  .max(500)
  .refine((url) => /^[\x21-\x7e]+$/.test(url), 'not_escaped');

export const PICTURE_BYTES = 1024 * 1024;
export const MATERIAL_BYTES = 10 * 1024 * 1024;

/** photo and card: a picture that everybody may see. material: of a conference, for who may enter it. */
export const FilePurpose = z.enum(['photo', 'card', 'material']);
export type FilePurpose = z.infer<typeof FilePurpose>;

export const uploadFile = defineRoute({
  id: 'files.upload',
  method: 'POST',
  path: '/files',
  tag: 'files',
  access: { staff: 'rooms:operate' },
  summary:
    'Upload a file as the body of the request; what it is is read from its bytes, not from its name. Pictures up to 1 MB, material up to 10 MB',
  query: z.strictObject({ purpose: FilePurpose, name: text(80) }),
  consumes: materialTypes,
  reply: z.object({ id: z.uuid(), mediaType: z.enum(materialTypes), bytes: z.int() }),
  status: 201,
  errors: ['body_too_large', 'unsupported_media_type', 'rate_limited'],
});
export const getFile = defineRoute({
  id: 'files.get',
  method: 'GET',
  path: '/files/:id',
  tag: 'files',
  access: 'public',
  summary: 'A photo of a guide or the picture of a card',
  params: z.strictObject({ id: z.uuid() }),
  produces: pictureTypes,
  errors: ['not_found'],
});
