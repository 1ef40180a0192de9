/**
 * Holds a screen against the picture that is kept of it (e2e/pictures). Half the size, and by eye rather than by byte: an edge that
 * falls a pixel elsewhere is the same, a block that moved, a colour that changed or an icon that is gone is not.
 *
 * What differs lies under e2e/artifacts/screens-differ as one picture: kept, now, and where they differ in red.
 * UPDATE_PICTURES=1 keeps what is seen instead.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** Pictures are taken for keeping; nothing else is asked of the screens then. */
export const isKeeping = process.env.UPDATE_PICTURES === '1';

const KEPT = join(import.meta.dirname, '../pictures');
const DIFFERENCES = join(import.meta.dirname, '../artifacts/screens-differ');
const SCALE = 0.5;
const CHANNELS = 3;
/** Half-size pixels around one that its colour may lie between: edges fall between pixels now here, now there. */
const REACH = 1;
/** Largest difference of a channel that no eye sees, with what WebP leaves out. */
const SAME = 20;
/** Windows in which differences are counted, and how many in one are a difference of the screen. */
const WINDOW = 16;
const ENOUGH = 10;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel. */
  readonly data: Uint8Array;
}

async function decoded(picture: Buffer): Promise<Pixels> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** A picture as it is kept: the one that is compared goes through the same. */
export async function toKeep(png: Buffer): Promise<Buffer> {
  const { width = 0 } = await sharp(png).metadata();
  return sharp(png)
    .resize({ width: Math.round(width * SCALE), kernel: 'mitchell' })
    .webp({ quality: 82, smartSubsample: true, effort: 6 })
    .toBuffer();
}

/** Whether a pixel of `one` lies between the lightest and the darkest near the same place in `other`, as a blurred edge does. */
function hasLike(one: Pixels, other: Pixels, x: number, y: number): boolean {
  const { width, height } = other;
  const at = (y * width + x) * CHANNELS;
  const [top, bottom] = [Math.max(0, y - REACH), Math.min(height - 1, y + REACH)];
  const [left, right] = [Math.max(0, x - REACH), Math.min(width - 1, x + REACH)];
  for (let c = 0; c < CHANNELS; c++) {
    let least = 255;
    let most = 0;
    for (let ny = top; ny <= bottom; ny++)
      for (let nx = left; nx <= right; nx++) {
        const near = other.data[(ny * width + nx) * CHANNELS + c] ?? 0;
        if (near < least) least = near;
        if (near > most) most = near;
      }
    const own = one.data[at + c] ?? 0;
    if (own < least - SAME || own > most + SAME) return false;
  }
  return true;
}

/** Where two pictures of the same size differ for the eye: 1 for each such pixel, and the most of them in one window. */
export function differences(kept: Pixels, now: Pixels): { map: Uint8Array; most: number; windows: number } {
  const { width, height } = kept;
  const map = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (!hasLike(kept, now, x, y) || !hasLike(now, kept, x, y)) map[y * width + x] = 1;
  let most = 0;
  let windows = 0;
  // Overlapping by half, so that what lies on the edge of one is in the middle of another.
  for (let top = 0; top < height; top += WINDOW / 2)
    for (let left = 0; left < width; left += WINDOW / 2) {
      let count = 0;
      for (let y = top; y < Math.min(top + WINDOW, height); y++)
        for (let x = left; x < Math.min(left + WINDOW, width); x++) count += map[y * width + x] ?? 0;
      most = Math.max(most, count);
      if (count >= ENOUGH) windows++;
    }
  return { map, most, windows };
}

async function sideBySide(kept: Pixels, now: Pixels, map: Uint8Array, file: string): Promise<void> {
  const red = new Uint8Array(now.data.length);
  for (let n = 0; n < map.length; n++)
    for (let c = 0; c < CHANNELS; c++)
      red[n * CHANNELS + c] = map[n] ? (c === 0 ? 255 : 0) : 200 + (now.data[n * CHANNELS + c] ?? 0) / 5;
  const gap = 8;
  const raw = ({ width, height }: Pixels) => ({ raw: { width, height, channels: CHANNELS } as const });
  const { width, height } = now;
  mkdirSync(dirname(file), { recursive: true });
  await sharp({ create: { width: width * 3 + gap * 2, height, channels: CHANNELS, background: '#444' } })
    .composite(
      [kept.data, now.data, red].map((data, n) => ({
        input: Buffer.from(data),
        ...raw(now),
        left: n * (width + gap),
        top: 0,
      })),
    )
    .png()
    .toFile(file);
}

/** What is different, in words; undefined: nothing is, or none is kept, which is told and no fault of the screen. `name` is a path below e2e/pictures without its ending. */
export async function compareWithKept(name: string, png: Buffer): Promise<string | undefined> {
  const file = join(KEPT, `${name}.webp`);
  const seen = await toKeep(png);
  if (isKeeping) {
    // What looks the same stays as it is: a run changes only what changed.
    if (existsSync(file) && (await difference(readFileSync(file), seen)) === undefined) return undefined;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, seen);
    return undefined;
  }
  if (!existsSync(file)) {
    console.warn(`no picture is kept of ${name}: UPDATE_PICTURES=1 keeps one`);
    return undefined;
  }
  return difference(readFileSync(file), seen, join(DIFFERENCES, `${name}.png`));
}

async function difference(keptFile: Buffer, seen: Buffer, into?: string): Promise<string | undefined> {
  const [kept, now] = await Promise.all([decoded(keptFile), decoded(seen)]);
  if (kept.width !== now.width || kept.height !== now.height)
    return `is ${now.width} × ${now.height}, kept is ${kept.width} × ${kept.height}`;
  const { map, most, windows } = differences(kept, now);
  if (windows === 0) return undefined;
  if (into) await sideBySide(kept, now, map, into);
  return `looks different in ${windows} places (up to ${most} of ${WINDOW * WINDOW} px)${into ? `: ${into.slice(into.indexOf('e2e/'))}` : ''}`;
}
