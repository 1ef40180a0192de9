/** Where each picture of a composite is: the arrangement of the player's stage, in whole even pixels. Pure. */
import type { CompositeOrientation } from '@walnut-live/contracts';

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

const CANVAS: Record<CompositeOrientation, Size> = {
  landscape: { width: 1280, height: 720 },
  portrait: { width: 720, height: 1280 },
};
/** Between two pictures, pixels. */
const GAP = 4;
/** Of three pictures the first has this much of the long side. */
const FIRST_OF_THREE = 3 / 5;

/** The size of the whole picture. */
export const canvasOf = (orientation: CompositeOrientation): Size => CANVAS[orientation];

/** One rectangle per picture, the host's first. Chroma is halved, so every number is even. @param count 1 to 4 */
export function layoutOf(count: number, orientation: CompositeOrientation): Rect[] {
  // Written for the long side; portrait is the same, turned.
  const { width: long, height: short } = CANVAS.landscape;
  const rects = arrange(count, long, short);
  if (orientation === 'landscape') return rects;
  return rects.map(({ x, y, width, height }) => ({ x: y, y: x, width: height, height: width }));
}

function arrange(count: number, long: number, short: number): Rect[] {
  const [first, rest] = split(long, count === 3 ? FIRST_OF_THREE : 1 / 2);
  const [upper, lower] = split(short, 1 / 2);
  const rect = (along: Span, across: Span): Rect => ({
    x: along.from,
    y: across.from,
    width: along.size,
    height: across.size,
  });
  const whole: Span = { from: 0, size: short };
  switch (count) {
    case 1:
      return [{ x: 0, y: 0, width: long, height: short }];
    case 2:
      return [rect(first, whole), rect(rest, whole)];
    case 3:
      return [rect(first, whole), rect(rest, upper), rect(rest, lower)];
    case 4:
      return [rect(first, upper), rect(rest, upper), rect(first, lower), rect(rest, lower)];
    default:
      throw new Error(`no layout for ${count} pictures`);
  }
}

interface Span {
  from: number;
  size: number;
}

function split(length: number, share: number): [Span, Span] {
  const size = Math.floor(((length - GAP) * share) / 2) * 2;
  return [
    { from: 0, size },
    { from: size + GAP, size: length - GAP - size },
  ];
}
