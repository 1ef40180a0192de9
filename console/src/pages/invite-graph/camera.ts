/** Where one looks at a picture from: the point of it in the middle of the view, and how many CSS pixels one of its units is wide. Pure. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Widest dots and farthest places of a picture. */
export interface Extent {
  readonly radius: number;
}

/** Of the shorter side of the view, so much is left around a picture that is shown whole. */
const MARGIN = 0.06;
/** As far as one may come near: a dot of one unit is then so many pixels wide. */
const NEAREST = 14;
/** As far as one may go away, as a share of the whole. */
const FARTHEST = 0.4;

export function wholeView({ radius }: Extent, { width, height }: Size): Camera {
  const room = Math.max(1, Math.min(width, height)) * (1 - 2 * MARGIN);
  return { x: 0, y: 0, scale: Math.min(room / (2 * Math.max(radius, 1)), NEAREST) };
}

/** Never out of sight of the picture, never nearer or farther than makes sense. */
export function within(camera: Camera, extent: Extent, size: Size): Camera {
  const whole = wholeView(extent, size).scale;
  const scale = Math.min(Math.max(camera.scale, whole * FARTHEST), Math.max(NEAREST, whole));
  const clamp = (value: number) => Math.min(Math.max(value, -extent.radius), extent.radius);
  return { x: clamp(camera.x), y: clamp(camera.y), scale };
}

export const toScreen = ({ x, y, scale }: Camera, { width, height }: Size, at: Point): Point => ({
  x: width / 2 + (at.x - x) * scale,
  y: height / 2 - (at.y - y) * scale,
});
export const toPicture = ({ x, y, scale }: Camera, { width, height }: Size, at: Point): Point => ({
  x: x + (at.x - width / 2) / scale,
  y: y - (at.y - height / 2) / scale,
});

/** The picture follows the finger. */
export const pan = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.scale,
  y: camera.y + dy / camera.scale,
});

/** What is under the pointer stays there. */
export function zoomAt(camera: Camera, factor: number, at: Point, size: Size): Camera {
  const under = toPicture(camera, size, at);
  const scale = camera.scale * factor;
  return { x: under.x - (at.x - size.width / 2) / scale, y: under.y + (at.y - size.height / 2) / scale, scale };
}

/** A share `t` of the way from one camera to another: near things move as fast as far ones. */
export const between = (from: Camera, to: Camera, t: number): Camera => ({
  x: from.x + (to.x - from.x) * t,
  y: from.y + (to.y - from.y) * t,
  scale: from.scale * (to.scale / from.scale) ** t,
});
