/**
 * A picture as it was sent becomes a few pictures as they are shown: upright, in sRGB, as WebP, without anything a camera
 * wrote into it (place, device, time: rule Z6). The decoder is given bytes only, bounded in pixels, one picture a thread.
 */
import { MEDIA_MIN_SIDE, MEDIA_PICTURE_PIXELS, type MediaWidth, mediaWidths } from '@walnut-live/contracts';
import sharp from 'sharp';
import { AppError } from '../../platform/errors.ts';

const WEBP_QUALITY = 80;
/** A picture that takes longer was made to. */
const DECODE_SECONDS = 10;

export interface Rendition {
  readonly forWidth: MediaWidth;
  readonly width: number;
  readonly height: number;
  readonly content: Buffer;
}
export interface Drawn {
  /** Of the picture as it was sent, upright. */
  readonly width: number;
  readonly height: number;
  readonly renditions: readonly Rendition[];
}
export type PictureFault = 'not_readable' | 'too_many_pixels' | 'too_small';
const fault = (issue: PictureFault, cause?: unknown) =>
  new AppError('invalid_request', { issues: [{ path: '/', issue }] }, cause);

/** What is known before a pixel is decoded. @throws AppError invalid_request with a PictureFault */
async function measure(bytes: Buffer, mediaType: string): Promise<{ width: number; height: number }> {
  const { width, height, format, orientation } = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw fault('not_readable', cause);
    });
  if (`image/${format}` !== mediaType) throw fault('not_readable');
  if (width * height > MEDIA_PICTURE_PIXELS) throw fault('too_many_pixels');
  if (Math.min(width, height) < MEDIA_MIN_SIDE) throw fault('too_small');
  const lies = orientation !== undefined && orientation >= 5;
  return lies ? { width: height, height: width } : { width, height };
}

/** @throws AppError invalid_request with a PictureFault */
export async function drawRenditions(bytes: Buffer, mediaType: string): Promise<Drawn> {
  const size = await measure(bytes, mediaType);
  const renditions: Rendition[] = [];
  for (const forWidth of mediaWidths) {
    const { data, info } = await sharp(bytes, { limitInputPixels: MEDIA_PICTURE_PIXELS, failOn: 'error' })
      .timeout({ seconds: DECODE_SECONDS })
      .autoOrient()
      .resize({ width: forWidth, withoutEnlargement: true })
      .webp({ quality: WEBP_QUALITY })
      .toBuffer({ resolveWithObject: true })
      .catch((cause: unknown) => {
        throw fault('not_readable', cause);
      });
    renditions.push({ forWidth, width: info.width, height: info.height, content: data });
  }
  return { ...size, renditions };
}
