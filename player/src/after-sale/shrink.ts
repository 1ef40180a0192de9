/** A photo as it is sent: no larger than needed, without what the camera wrote into it (place, device). */
import { PICTURE_BYTES } from '@walnut-live/contracts';
import { fitWithin } from './ask.ts';

/** JPEG quality, tried in this order until the picture is small enough. */
const QUALITIES = [0.85, 0.7, 0.5];

/** Undefined: the browser cannot read it, or cannot make it small enough. */
export async function shrink(file: Blob): Promise<Blob | undefined> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => undefined);
  if (!bitmap) return undefined;
  const canvas = document.createElement('canvas');
  Object.assign(canvas, fitWithin(bitmap.width, bitmap.height));
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  for (const quality of QUALITIES) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (blob && blob.size <= PICTURE_BYTES) return blob;
  }
  return undefined;
}
