/** Uploads the bytes of a file as a studio or console does. */
import type { FilePurpose } from '@walnut-live/contracts';
import type { Principal } from '../platform/principal.ts';
import type { TestApi } from './test-api.ts';

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Begins as a PNG does; nobody draws it. */
export const testPicture = (bytes = 64): Buffer => Buffer.concat([Buffer.from(signature), Buffer.alloc(bytes - 8, 7)]);
export const testPdf = (): Buffer => Buffer.from('%PDF-1.7\n%%EOF\n');

export async function upload(
  api: TestApi,
  as: Principal,
  purpose: FilePurpose,
  content: Buffer,
  mediaType = 'image/png',
): Promise<{ status: number; id: string; code: string }> {
  const query = new URLSearchParams({ purpose, name: 'file' });
  const response = await fetch(`${api.url}/api/v1/files?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await api.token(as)}`, 'content-type': mediaType },
    body: new Uint8Array(content),
  });
  const body = (await response.json()) as { id?: string; code?: string };
  return { status: response.status, id: body.id ?? '', code: body.code ?? '' };
}
