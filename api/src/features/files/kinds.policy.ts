/** What a file is, by its bytes: a name or a header may say anything. */
import { type FilePurpose, MATERIAL_BYTES, type materialTypes, PICTURE_BYTES } from '@walnut-live/contracts';

export type MediaType = (typeof materialTypes)[number];

const starts = (bytes: Buffer, signature: readonly number[], at = 0): boolean =>
  bytes.length >= at + signature.length && signature.every((byte, index) => bytes[at + index] === byte);
const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

/** Undefined for everything that the product does not take. */
export function mediaTypeOf(bytes: Buffer): MediaType | undefined {
  if (starts(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png';
  if (starts(bytes, [0xff, 0xd8, 0xff])) return 'image/jpeg';
  if (starts(bytes, ascii('RIFF')) && starts(bytes, ascii('WEBP'), 8)) return 'image/webp';
  if (starts(bytes, ascii('%PDF-'))) return 'application/pdf';
  return undefined;
}

/** What is stored for what. evidence: of an after-sale case, for its buyer and the staff who see the order. */
export type StoredPurpose = FilePurpose | 'evidence';

export const bytesFor = (purpose: StoredPurpose): number => (purpose === 'material' ? MATERIAL_BYTES : PICTURE_BYTES);
/** Material may be a document too; everything else is a picture. */
export const fits = (purpose: StoredPurpose, type: MediaType): boolean =>
  purpose === 'material' || type !== 'application/pdf';
