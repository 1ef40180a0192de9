/** What a file is, by its bytes: a name or a header may say anything. */
import {
  type contentTypes,
  type FilePurpose,
  MATERIAL_BYTES,
  type materialTypes,
  PICTURE_BYTES,
} from '@walnut-live/contracts';

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

export type ContentType = (typeof contentTypes)[number];
/** Pictures, voices and videos that phones play; undefined for everything else. */
export function contentTypeOf(bytes: Buffer): ContentType | undefined {
  if (starts(bytes, ascii('ftyp'), 4))
    return /^M4[AB] $/.test(bytes.toString('latin1', 8, 12)) ? 'audio/mp4' : 'video/mp4';
  if (
    starts(bytes, ascii('ID3')) ||
    (bytes.length > 2 && bytes[0] === 0xff && [0xfb, 0xf3, 0xf2].includes(bytes[1] ?? 0))
  )
    return 'audio/mpeg';
  const type = mediaTypeOf(bytes);
  return type === 'application/pdf' ? undefined : type;
}

/**
 * What is stored for what. evidence: of an after-sale case, for its buyer and the staff who see the order. content: of the
 * library, for everybody while it is published.
 */
export type StoredPurpose = FilePurpose | 'evidence' | 'content';

export const bytesFor = (purpose: StoredPurpose): number =>
  purpose === 'material' || purpose === 'content' ? MATERIAL_BYTES : PICTURE_BYTES;
/** Material may be a document too; everything else is a picture. */
export const fits = (purpose: StoredPurpose, type: MediaType): boolean =>
  purpose === 'material' || type !== 'application/pdf';

/** First and last byte of `bytes=from-to` within so many; the first is behind the last where there is nothing to give. */
export function rangeOf(from: string, to: string, length: number): [number, number] {
  if (from === '') return to === '' || Number(to) === 0 ? [length, 0] : [Math.max(0, length - Number(to)), length - 1];
  return [Number(from), to === '' ? length - 1 : Math.min(Number(to), length - 1)];
}
