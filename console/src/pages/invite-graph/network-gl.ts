/**
 * Draws a network of up to 100,000 people with WebGL 2, straight from the columns that the api sends.
 *
 * Model: dots are points, ties are lines, each one draw call. Where that takes longer than a frame (no graphics card, an old phone),
 * the picture is *kept*: it is drawn into a texture a slice per frame, a little larger than the view, and while one moves the texture
 * is moved; a new one is drawn behind it and takes its place when it is whole. Where it does not reach, a blurred one of the whole is
 * seen. Marks (who is selected, a path) are few and drawn anew in every frame.
 * Invariants: `draw` never waits for the card; it answers whether it wants to be called again in the next frame; at rest, what is seen
 * is the picture itself, not one that was moved.
 */
import { type NetworkLayout, networkRoles } from '@walnut-live/contracts';
import { colors } from '@walnut-live/ui';
import {
  type BufferInfo,
  createBufferInfoFromArrays,
  createFramebufferInfo,
  createProgramInfo,
  drawBufferInfo,
  type FramebufferInfo,
  resizeFramebufferInfo,
  setBuffersAndAttributes,
  setUniforms,
} from 'twgl.js';
import { type Camera, type Extent, type Size, wholeView } from './camera.ts';
import { dotShader, lineShader, quadShader } from './shaders.ts';

/** Two frames of a screen of 60 Hz, with some patience: slower than this is felt. */
const SLOW_FRAME_MS = 36;
/** So many slow frames in a row, and the picture is kept. */
const SLOW_FRAMES = 4;
/** A kept picture is wider and higher than the view by this. */
const AROUND = 1.35;
/** How far a kept picture may be stretched before a new one is begun. */
const STRETCHED = 1.5;
/** Entries that are drawn behind in one frame while one moves: at first, and at least, or it would never be whole. */
const SLICE = 12_000;
const LEAST_SLICE = 3_000;
/** While nothing moves nobody feels a long frame. */
const SLICE_AT_REST = 80_000;
const FRAME_MS = 17;
const PATH_WIDTH_PX = 4;
/** Dots are never smaller, or they would flicker. */
const LEAST_DOT_PX = 1.6;

export interface Marks {
  readonly selected: number;
  /** Ends and what is between, in order; empty: none. */
  readonly path: readonly number[];
}
export interface NetworkGl {
  resize(size: Size, pixelRatio: number): void;
  mark(marks: Marks): void;
  /** True: call me again in the next frame. */
  draw(camera: Camera, now: number): boolean;
  isKept(): boolean;
  close(): void;
}

const rgb = (hex: string): [number, number, number] => {
  const value = Number.parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
};
const BACKGROUND = rgb(colors.milk);
const ACCENT = rgb(colors.vermilion500);
/** In the order of `networkRoles`. */
export const roleColors: Record<(typeof networkRoles)[number], string> = {
  guest: colors.honey400,
  consumer: colors.grove500,
  staff: colors.walnut700,
};
const PALETTE = networkRoles.flatMap((role) => rgb(roleColors[role]));
const LINES = rgb(colors.walnut300);

interface Kept {
  readonly frame: FramebufferInfo;
  camera: Camera | null;
  marked: boolean;
}
/** Which dots and lines of a picture that is being drawn are there already. */
interface Progress {
  readonly camera: Camera;
  readonly marked: boolean;
  lines: number;
  dots: number;
}

/** Undefined where there is no WebGL 2. */
export function createNetworkGl(
  canvas: HTMLCanvasElement,
  layout: NetworkLayout,
  extent: Extent,
): NetworkGl | undefined {
  const found = canvas.getContext('webgl2', {
    antialias: false,
    alpha: false,
    depth: false,
    powerPreference: 'high-performance',
  });
  if (!found) return undefined;
  const gl: WebGL2RenderingContext = found;
  const activate = gl.useProgram.bind(gl);
  const dotProgram = createProgramInfo(gl, dotShader);
  const lineProgram = createProgramInfo(gl, lineShader);
  const quadProgram = createProgramInfo(gl, quadShader);
  const { x, y, radius, role, active, inviter, count } = layout;

  const pairs = new Uint32Array(inviter.reduce((sum, one) => sum + (one === -1 ? 0 : 2), 0));
  let filled = 0;
  // Who has most below comes last, so that their dots lie on top.
  for (let one = count - 1; one >= 0; one--) {
    const by = inviter[one] as number;
    if (by === -1) continue;
    pairs[filled++] = by;
    pairs[filled++] = one;
  }
  const order = Uint32Array.from({ length: count }, (_, at) => count - 1 - at);
  const column = (data: ArrayBufferView) => ({ numComponents: 1, data });
  const bytes = (data: Uint8Array) => ({ numComponents: 1, data, normalize: false });
  const dots = createBufferInfoFromArrays(gl, {
    ...{ x: column(x), y: column(y), radius: column(radius), role: bytes(role), seen: bytes(active) },
    indices: { numComponents: 1, data: order },
  });
  const lines = createBufferInfoFromArrays(gl, {
    x: column(x),
    y: column(y),
    indices: { numComponents: 2, data: pairs },
  });
  const quad = createBufferInfoFromArrays(gl, {
    at: { numComponents: 2, data: new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]) },
  });

  let size: Size = { width: 1, height: 1 };
  let ratio = 1;
  let marks: Marks = { selected: -1, path: [] };
  let slow = 0;
  let slice = SLICE;
  let last: { camera: Camera; now: number } | null = null;
  let kept: { front: Kept; back: Kept; all: Kept } | null = null;
  let progress: Progress | null = null;

  const isMarked = () => marks.path.length > 0;
  const same = (a: Camera, b: Camera) => a.x === b.x && a.y === b.y && a.scale === b.scale;

  /** Clip space of a target that shows `around` times the view. */
  const project = (camera: Camera, around: number) => ({
    camera: [camera.x, camera.y],
    scale: [(2 * camera.scale) / (size.width * around), (2 * camera.scale) / (size.height * around)],
  });

  function drawPart(info: BufferInfo, mode: number, from: number, entries: number): void {
    setBuffersAndAttributes(gl, mode === gl.POINTS ? dotProgram : lineProgram, info);
    gl.drawElements(mode, entries, gl.UNSIGNED_INT, from * Uint32Array.BYTES_PER_ELEMENT);
  }
  function drawLines(camera: Camera, around: number, from: number, entries: number, marked: boolean): void {
    if (entries <= 0) return;
    activate(lineProgram.program);
    const faded = LINES.map((value, at) => (marked ? value * 0.5 + (BACKGROUND[at] as number) * 0.5 : value));
    setUniforms(lineProgram, { ...project(camera, around), color: [...faded, 1] });
    drawPart(lines, gl.LINES, from, entries);
  }
  function drawDots(camera: Camera, around: number, from: number, entries: number, marked: boolean): void {
    if (entries <= 0) return;
    activate(dotProgram.program);
    setUniforms(dotProgram, {
      ...project(camera, around),
      ...{ pixels: camera.scale * ratio, least: LEAST_DOT_PX * ratio, palette: PALETTE, background: BACKGROUND },
      ...{ fade: marked ? 0.72 : 0, only: -1, accent: ACCENT, grow: 0 },
    });
    drawPart(dots, gl.POINTS, from, entries);
  }

  function drawMarks(camera: Camera): void {
    const { path, selected } = marks;
    if (path.length > 1) {
      activate(lineProgram.program);
      const edges = ribbon(path, camera);
      const strip = createBufferInfoFromArrays(gl, { x: column(edges.x), y: column(edges.y) });
      setUniforms(lineProgram, { ...project(camera, 1), color: [...ACCENT, 1] });
      setBuffersAndAttributes(gl, lineProgram, strip);
      drawBufferInfo(gl, strip, gl.TRIANGLES);
      for (const attribute of Object.values(strip.attribs ?? {})) gl.deleteBuffer(attribute.buffer ?? null);
    }
    const marked = selected === -1 ? path : [...path, selected];
    if (marked.length === 0) return;
    activate(dotProgram.program);
    const uniforms = {
      ...project(camera, 1),
      pixels: camera.scale * ratio,
      palette: PALETTE,
      background: BACKGROUND,
      fade: 0,
      accent: ACCENT,
    };
    for (const grow of [4 * ratio, 0])
      for (const one of marked) {
        setUniforms(dotProgram, { ...uniforms, least: 6 * ratio, only: grow > 0 ? 1 : -1, grow });
        drawPart(dots, gl.POINTS, count - 1 - one, 1);
      }
  }
  /** A line of PATH_WIDTH_PX as triangles, in units of the picture. */
  function ribbon(path: readonly number[], camera: Camera): { x: Float32Array; y: Float32Array } {
    const half = PATH_WIDTH_PX / 2 / camera.scale;
    const xs: number[] = [];
    const ys: number[] = [];
    for (const [at, to] of path.slice(1).entries()) {
      const from = path[at] as number;
      const [ax, ay, bx, by] = [x[from] as number, y[from] as number, x[to] as number, y[to] as number];
      const length = Math.hypot(bx - ax, by - ay) || 1;
      const [nx, ny] = [(-(by - ay) / length) * half, ((bx - ax) / length) * half];
      xs.push(ax + nx, ax - nx, bx + nx, bx + nx, ax - nx, bx - nx);
      ys.push(ay + ny, ay - ny, by + ny, by + ny, ay - ny, by - ny);
    }
    return { x: Float32Array.from(xs), y: Float32Array.from(ys) };
  }

  const clear = () => {
    gl.clearColor(...BACKGROUND, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  };
  function toScreenTarget(): void {
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
  }

  function drawWhole(camera: Camera): void {
    toScreenTarget();
    clear();
    drawLines(camera, 1, 0, pairs.length, isMarked());
    drawDots(camera, 1, 0, count, isMarked());
    drawMarks(camera);
  }

  // ── a picture that is kept ──────────────────────────────────────────────────────────────────────────────────────────

  const keptSize = () => [Math.ceil(canvas.width * AROUND), Math.ceil(canvas.height * AROUND)] as const;
  function keep(): void {
    const make = (): Kept => ({
      frame: createFramebufferInfo(
        gl,
        [{ format: gl.RGBA, min: gl.LINEAR, mag: gl.LINEAR, wrap: gl.CLAMP_TO_EDGE }],
        ...keptSize(),
      ),
      ...{ camera: null, marked: false },
    });
    kept = { front: make(), back: make(), all: make() };
  }
  /** Draws the next slice of the picture behind; takes it to the front when it is whole. */
  function work({ front, back, all }: { front: Kept; back: Kept; all: Kept }, camera: Camera, atOnce: number): void {
    progress ??= { camera, marked: isMarked(), lines: 0, dots: 0 };
    gl.bindFramebuffer(gl.FRAMEBUFFER, back.frame.framebuffer);
    gl.viewport(0, 0, back.frame.width, back.frame.height);
    if (progress.lines === 0 && progress.dots === 0) clear();
    let left = atOnce;
    const someLines = Math.min(left * 2, pairs.length - progress.lines);
    drawLines(progress.camera, AROUND, progress.lines, someLines, progress.marked);
    progress.lines += someLines;
    left -= someLines / 2;
    const someDots = Math.min(left, count - progress.dots);
    drawDots(progress.camera, AROUND, progress.dots, someDots, progress.marked);
    progress.dots += someDots;
    if (progress.dots < count) return;
    back.camera = progress.camera;
    back.marked = progress.marked;
    progress = null;
    kept = { front: back, back: front, all };
  }
  /** Whether what is kept shows this view well enough while one moves. */
  function shows(one: Kept, camera: Camera): boolean {
    if (!one.camera || one.marked !== isMarked()) return false;
    const stretch = camera.scale / one.camera.scale;
    if (stretch > STRETCHED || stretch < 1 / STRETCHED) return false;
    const covers = (middle: number, other: number, side: number) =>
      Math.abs(middle - other) * camera.scale <= (side * AROUND * stretch - side) / 2;
    return covers(camera.x, one.camera.x, size.width) && covers(camera.y, one.camera.y, size.height);
  }
  function drawAll(all: Kept): void {
    all.camera = wholeView(extent, size);
    all.marked = isMarked();
    gl.bindFramebuffer(gl.FRAMEBUFFER, all.frame.framebuffer);
    gl.viewport(0, 0, all.frame.width, all.frame.height);
    clear();
    drawLines(all.camera, AROUND, 0, pairs.length, all.marked);
    drawDots(all.camera, AROUND, 0, count, all.marked);
  }
  function drawTexture({ frame, camera: of }: Kept, camera: Camera): void {
    if (!of) return;
    const stretch = (camera.scale / of.scale) * AROUND;
    activate(quadProgram.program);
    setBuffersAndAttributes(gl, quadProgram, quad);
    setUniforms(quadProgram, {
      scale: [stretch, stretch],
      offset: [
        ((of.x - camera.x) * camera.scale * 2) / size.width,
        ((of.y - camera.y) * camera.scale * 2) / size.height,
      ],
      picture: frame.attachments[0],
    });
    drawBufferInfo(gl, quad, gl.TRIANGLE_STRIP);
  }
  function drawKept({ front, all }: { front: Kept; all: Kept }, camera: Camera): void {
    if (!all.camera || all.marked !== isMarked()) drawAll(all);
    toScreenTarget();
    clear();
    if (!shows(front, camera)) drawTexture(all, camera);
    if (front.marked === isMarked()) drawTexture(front, camera);
    drawMarks(camera);
  }

  function watchClock(camera: Camera, now: number): boolean {
    const took = last === null ? 0 : now - last.now;
    const moves = last !== null && !same(last.camera, camera);
    last = { camera, now };
    if (took > 0 && took < 1_000) {
      slow = moves && took > SLOW_FRAME_MS ? slow + 1 : 0;
      if (took > FRAME_MS * 1.6) slice = Math.max(LEAST_SLICE, slice / 1.4);
      else slice = Math.min(SLICE_AT_REST, slice * 1.15);
    }
    return moves;
  }

  return {
    resize(next, pixelRatio) {
      [size, ratio] = [next, pixelRatio];
      canvas.width = Math.max(1, Math.round(size.width * ratio));
      canvas.height = Math.max(1, Math.round(size.height * ratio));
      progress = null;
      if (!kept) return;
      for (const one of [kept.front, kept.back, kept.all]) {
        resizeFramebufferInfo(gl, one.frame, undefined, ...keptSize());
        one.camera = null;
      }
    },
    mark(next) {
      const was = isMarked();
      marks = next;
      if (was !== isMarked()) progress = null;
    },
    draw(camera, now) {
      const moves = watchClock(camera, now);
      if (!kept && slow >= SLOW_FRAMES) keep();
      if (!kept) {
        drawWhole(camera);
        return false;
      }
      const { front } = kept;
      const isExact = front.camera !== null && same(front.camera, camera) && front.marked === isMarked();
      // One that was begun for another place is of no use once the view stands still elsewhere.
      if (!moves && progress && !same(progress.camera, camera)) progress = null;
      if (progress || !(moves ? shows(front, camera) : isExact)) work(kept, camera, moves ? slice : SLICE_AT_REST);
      drawKept(kept, camera);
      const shown = kept.front.camera;
      return moves || progress !== null || shown === null || !same(shown, camera) || kept.front.marked !== isMarked();
    },
    isKept: () => kept !== null,
    close() {
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}
