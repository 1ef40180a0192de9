/** Planar pictures of 8 bits, 4:2:0 (ffmpeg's yuv420p): fill, copy, scale. Pure; every size and place is even. */
import type { Rect, Size } from './layout.ts';

export interface Colour {
  y: number;
  u: number;
  v: number;
}

/** Behind and between the pictures. */
export const BACKGROUND: Colour = { y: 24, u: 126, v: 131 };
/** The tile of somebody whose picture is not there. */
export const PLACEHOLDER: Colour = { y: 56, u: 121, v: 137 };

export const frameBytes = ({ width, height }: Size): number => (width * height * 3) / 2;

interface Plane extends Rect {
  /** Of the plane's first byte. */
  offset: number;
  stride: number;
}

/** The three planes of `rect` in a picture of this size. */
function planesOf(size: Size, rect: Rect): [Plane, Plane, Plane] {
  const luma = size.width * size.height;
  const half = { x: rect.x / 2, y: rect.y / 2, width: rect.width / 2, height: rect.height / 2, stride: size.width / 2 };
  return [
    { ...rect, offset: 0, stride: size.width },
    { ...half, offset: luma },
    { ...half, offset: luma + luma / 4 },
  ];
}

export function fill(canvas: Buffer, size: Size, rect: Rect, { y, u, v }: Colour): void {
  const values = [y, u, v];
  planesOf(size, rect).forEach((plane, index) => {
    for (let row = 0; row < plane.height; row += 1) {
      const at = plane.offset + (plane.y + row) * plane.stride + plane.x;
      canvas.fill(values[index] ?? 0, at, at + plane.width);
    }
  });
}

/** Puts a picture into `rect`. One of another size (the arrangement has just changed) is cut and scaled to fill it. */
export function draw(canvas: Buffer, size: Size, rect: Rect, picture: Buffer, pictureSize: Size): void {
  const to = planesOf(size, rect);
  const from = planesOf(pictureSize, { x: 0, y: 0, ...pictureSize });
  const fits = pictureSize.width === rect.width && pictureSize.height === rect.height;
  to.forEach((plane, index) => {
    const source = from[index];
    if (!source) return;
    if (fits) copyRows(canvas, plane, picture, source);
    else scaleRows(canvas, plane, picture, source);
  });
}

function copyRows(canvas: Buffer, to: Plane, picture: Buffer, from: Plane): void {
  for (let row = 0; row < to.height; row += 1) {
    const at = from.offset + row * from.stride;
    picture.copy(canvas, to.offset + (to.y + row) * to.stride + to.x, at, at + to.width);
  }
}

/** Nearest neighbour, for the second until a picture of the right size comes. */
function scaleRows(canvas: Buffer, to: Plane, picture: Buffer, from: Plane): void {
  const scale = Math.min(from.width / to.width, from.height / to.height);
  const left = (from.width - to.width * scale) / 2;
  const top = (from.height - to.height * scale) / 2;
  const columns = Uint16Array.from({ length: to.width }, (_, x) => Math.floor(left + x * scale));
  for (let row = 0; row < to.height; row += 1) {
    const source = from.offset + Math.floor(top + row * scale) * from.stride;
    const target = to.offset + (to.y + row) * to.stride + to.x;
    for (let x = 0; x < to.width; x += 1) canvas[target + x] = picture[source + (columns[x] ?? 0)] ?? 0;
  }
}
