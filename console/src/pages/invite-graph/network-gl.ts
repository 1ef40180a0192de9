/**
 * Draws a network of up to 100,000 people with WebGL 2, straight from the columns that the api sends.
 *
 * Model: dots are points, ties are lines, each one draw call. Where that takes longer than a frame (no graphics card, an old phone),
 * the picture is *kept*: the canvas is a little larger than the view, and while one moves the canvas is moved and stretched as a
 * whole (CSS); a new picture is drawn into a texture behind it, a slice per frame, and put on it when it is whole. Where the canvas
 * does not reach, a second one under it shows all, blurred. Marks (selected, a path) are drawn on top whenever it is painted.
 * Invariants: `draw` never waits for the card; it answers whether it wants to be called again in the next frame; at rest, what is seen
 * is the picture itself, not one that was moved.
 */
import type { NetworkLayout } from '@walnut-live/contracts';
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
import { createFrameBudget } from './frame-budget.ts';
import { ACCENT, BACKGROUND, LINES, PALETTE } from './network-colors.ts';
import { ribbon } from './ribbon.ts';
import { dotShader, lineShader, quadShader } from './shaders.ts';

/** A kept picture is wider and higher than the view by this. */
const AROUND = 1.35;
/** How far a kept picture may be stretched before a new one is begun. */
const STRETCHED = 1.5;
/** A card that says nothing for so long is not waited for. */
const FENCE_MS = 2_000;
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
  /** Gives back all but the canvas. */
  close(): void;
}

/** A picture of the size of the canvas; no camera: nothing was drawn yet. */
interface Picture {
  readonly frame: FramebufferInfo;
  camera: Camera | null;
  marked: boolean;
}
interface Kept {
  front: Picture;
  back: Picture;
  /** Under the canvas. */
  readonly whole: HTMLCanvasElement;
  wholeCamera: Camera | null;
  /** By which camera the canvas was painted. */
  painted: Camera | null;
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
  const attachments = [{ format: gl.RGBA, min: gl.NEAREST, mag: gl.NEAREST, wrap: gl.CLAMP_TO_EDGE }];

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

  // Of a canvas that was used before.
  canvas.removeAttribute('style');
  for (const left of canvas.parentElement?.querySelectorAll('[data-whole]') ?? []) left.remove();

  /** Of the view and of what is drawn, CSS pixels. */
  let size: Size = { width: 1, height: 1 };
  let target: Size = size;
  let ratio = 1;
  let marks: Marks = { selected: -1, path: [] };
  const budget = createFrameBudget();
  let last: Camera | null = null;
  let asked = false;
  /** Of the slice before: the next one waits for it, or the card would fall behind what one does. */
  let fence: { readonly sync: WebGLSync | null; readonly since: number } | null = null;
  let kept: Kept | null = null;
  let progress: Progress | null = null;
  /** The marks on the canvas are not those of now. */
  let isStale = false;

  const isMarked = () => marks.path.length > 0;
  const same = (a: Camera, b: Camera) => a.x === b.x && a.y === b.y && a.scale === b.scale;

  /** Clip space of what is drawn. */
  const project = (camera: Camera) => ({
    camera: [camera.x, camera.y],
    scale: [(2 * camera.scale) / target.width, (2 * camera.scale) / target.height],
  });

  function drawPart(info: BufferInfo, mode: number, from: number, entries: number): void {
    setBuffersAndAttributes(gl, mode === gl.POINTS ? dotProgram : lineProgram, info);
    gl.drawElements(mode, entries, gl.UNSIGNED_INT, from * Uint32Array.BYTES_PER_ELEMENT);
  }
  function drawLines(camera: Camera, from: number, entries: number, marked: boolean): void {
    if (entries <= 0) return;
    activate(lineProgram.program);
    const faded = LINES.map((value, at) => (marked ? value * 0.5 + (BACKGROUND[at] as number) * 0.5 : value));
    setUniforms(lineProgram, { ...project(camera), color: [...faded, 1] });
    drawPart(lines, gl.LINES, from, entries);
  }
  function drawDots(camera: Camera, from: number, entries: number, marked: boolean): void {
    if (entries <= 0) return;
    activate(dotProgram.program);
    setUniforms(dotProgram, {
      ...project(camera),
      ...{ pixels: camera.scale * ratio, least: LEAST_DOT_PX * ratio, palette: PALETTE, background: BACKGROUND },
      ...{ fade: marked ? 0.72 : 0, only: -1, accent: ACCENT, grow: 0 },
    });
    drawPart(dots, gl.POINTS, from, entries);
  }

  function drawMarks(camera: Camera): void {
    const { path, selected } = marks;
    if (path.length > 1) {
      activate(lineProgram.program);
      const edges = ribbon(path, layout, PATH_WIDTH_PX / camera.scale);
      const strip = createBufferInfoFromArrays(gl, { x: column(edges.x), y: column(edges.y) });
      setUniforms(lineProgram, { ...project(camera), color: [...ACCENT, 1] });
      setBuffersAndAttributes(gl, lineProgram, strip);
      drawBufferInfo(gl, strip, gl.TRIANGLES);
      for (const attribute of Object.values(strip.attribs ?? {})) gl.deleteBuffer(attribute.buffer ?? null);
    }
    const marked = selected === -1 ? path : [...path, selected];
    if (marked.length === 0) return;
    activate(dotProgram.program);
    const uniforms = {
      ...project(camera),
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

  const clear = () => {
    gl.clearColor(...BACKGROUND, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  };
  function toCanvas(): void {
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    clear();
  }
  function drawWhole(camera: Camera): void {
    toCanvas();
    drawLines(camera, 0, pairs.length, isMarked());
    drawDots(camera, 0, count, isMarked());
    drawMarks(camera);
  }

  // ── a picture that is kept ──────────────────────────────────────────────────────────────────────────────────────────

  /** Larger than the view by whole pixels on each side, or all of it would be blurred. */
  function layOut(): void {
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    const beside = (side: number) => (kept ? Math.ceil((side * (AROUND - 1)) / 2) : 0);
    const [left, top] = [beside(width), beside(height)];
    canvas.width = Math.max(1, width + 2 * left);
    canvas.height = Math.max(1, height + 2 * top);
    target = { width: canvas.width / ratio, height: canvas.height / ratio };
    if (!kept) return;
    for (const one of [canvas, kept.whole])
      Object.assign(one.style, {
        ...{ inset: 'auto', left: `${-left / ratio}px`, top: `${-top / ratio}px` },
        ...{ width: `${target.width}px`, height: `${target.height}px`, willChange: 'transform' },
      });
    kept.whole.width = canvas.width;
    kept.whole.height = canvas.height;
    for (const one of [kept.front, kept.back]) {
      resizeFramebufferInfo(gl, one.frame, attachments, canvas.width, canvas.height);
      one.camera = null;
    }
    kept.wholeCamera = null;
    kept.painted = null;
  }
  function keep(): void {
    const make = (): Picture => ({
      frame: createFramebufferInfo(gl, attachments, ...([canvas.width, canvas.height] as const)),
      ...{ camera: null, marked: false },
    });
    const whole = document.createElement('canvas');
    whole.dataset.whole = '';
    canvas.before(whole);
    kept = { front: make(), back: make(), whole, wholeCamera: null, painted: null };
    layOut();
  }
  function isDrawn(now: number): boolean {
    if (fence?.sync && now - fence.since < FENCE_MS && gl.getSyncParameter(fence.sync, gl.SYNC_STATUS) !== gl.SIGNALED)
      return false;
    gl.deleteSync(fence?.sync ?? null);
    fence = null;
    return true;
  }
  /** Draws the next slice of the picture behind; true when it is whole, and drawn, and has come to the front. */
  function work(of: Kept, camera: Camera, now: number): boolean {
    const { back } = of;
    if (!isDrawn(now)) return false;
    if (progress && progress.dots >= count) {
      back.camera = progress.camera;
      back.marked = progress.marked;
      progress = null;
      [of.front, of.back] = [back, of.front];
      return true;
    }
    let left = budget.take();
    if (left === 0) return false;
    progress ??= { camera, marked: isMarked(), lines: 0, dots: 0 };
    gl.bindFramebuffer(gl.FRAMEBUFFER, back.frame.framebuffer);
    gl.viewport(0, 0, back.frame.width, back.frame.height);
    if (progress.lines === 0 && progress.dots === 0) clear();
    const someLines = Math.min(left * 2, pairs.length - progress.lines);
    drawLines(progress.camera, progress.lines, someLines, progress.marked);
    progress.lines += someLines;
    left -= someLines / 2;
    const someDots = Math.min(left, count - progress.dots);
    drawDots(progress.camera, progress.dots, someDots, progress.marked);
    progress.dots += someDots;
    fence = { sync: gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0), since: now };
    gl.flush();
    return false;
  }
  const isExact = (one: Picture, camera: Camera): boolean =>
    one.camera !== null && same(one.camera, camera) && one.marked === isMarked();
  /** Whether what is kept shows this view well enough while one moves. */
  function shows(one: Picture, camera: Camera): boolean {
    if (!one.camera || one.marked !== isMarked()) return false;
    const stretch = camera.scale / one.camera.scale;
    return stretch <= STRETCHED && stretch >= 1 / STRETCHED && covers(one.camera, camera);
  }
  /** Whether what was painted by one camera fills the view of another. */
  function covers(painted: Camera, { x, y, scale }: Camera): boolean {
    const isWide = (off: number, drawn: number, side: number) =>
      Math.abs(off) * scale <= ((drawn * scale) / painted.scale - side) / 2;
    return isWide(x - painted.x, target.width, size.width) && isWide(y - painted.y, target.height, size.height);
  }
  /** The whole network, once for this size of the view: on the canvas, and a copy of it under the canvas. */
  function paintWhole(of: Kept): Camera {
    const camera = wholeView(extent, size);
    toCanvas();
    drawLines(camera, 0, pairs.length, false);
    drawDots(camera, 0, count, false);
    of.whole.getContext('2d', { alpha: false })?.drawImage(canvas, 0, 0);
    return camera;
  }
  function paint({ frame, camera }: Picture): void {
    if (!camera) return;
    toCanvas();
    activate(quadProgram.program);
    setBuffersAndAttributes(gl, quadProgram, quad);
    setUniforms(quadProgram, { picture: frame.attachments[0] });
    drawBufferInfo(gl, quad, gl.TRIANGLE_STRIP);
    drawMarks(camera);
    isStale = false;
  }
  /** Moves and stretches what was painted by one camera to where another sees it; what is only moved, by whole pixels of the screen. */
  function place(element: HTMLElement, of: Camera, camera: Camera): void {
    const [x, y] = [(of.x - camera.x) * camera.scale, (camera.y - of.y) * camera.scale];
    const whole = (pixels: number) => Math.round(pixels * ratio) / ratio;
    if (same(of, camera)) element.style.transform = 'none';
    else if (of.scale === camera.scale) element.style.transform = `translate(${whole(x)}px, ${whole(y)}px)`;
    else
      element.style.transform = `translate(${x.toFixed(2)}px, ${y.toFixed(2)}px) scale(${(camera.scale / of.scale).toFixed(5)})`;
  }
  function drawKept(of: Kept, camera: Camera, now: number): void {
    const moves = budget.isMoving();
    if (!of.wholeCamera) of.painted = of.wholeCamera = paintWhole(of);
    // One that was begun for another place is of no use once the view stands still elsewhere.
    if (!moves && progress && !same(progress.camera, camera)) progress = null;
    const isDue = progress !== null || !(moves ? shows(of.front, camera) : isExact(of.front, camera));
    const isNew = isDue && work(of, camera, now);
    if (of.front.camera && (isNew || isStale)) {
      paint(of.front);
      of.painted = of.front.camera;
    }
    if (of.painted) place(canvas, of.painted, camera);
    // What nobody sees costs nothing.
    const isSeen = !of.painted || !covers(of.painted, camera);
    of.whole.style.visibility = isSeen ? 'visible' : 'hidden';
    if (!isSeen) return;
    place(of.whole, of.wholeCamera, camera);
    of.whole.style.opacity = isMarked() ? '0.5' : '1';
  }

  return {
    resize(next, pixelRatio) {
      [size, ratio] = [next, pixelRatio];
      progress = null;
      isStale = true;
      layOut();
    },
    mark(next) {
      const was = isMarked();
      marks = next;
      isStale = true;
      if (was !== isMarked()) progress = null;
    },
    draw(camera, now) {
      const moved = last === null || !same(last, camera);
      budget.begin(now, moved && last !== null, asked);
      last = camera;
      if (!kept && budget.isTooSlow()) keep();
      if (kept) {
        drawKept(kept, camera, now);
        asked = budget.isMoving() || progress !== null || !isExact(kept.front, camera);
      } else {
        if (moved || isStale) drawWhole(camera);
        isStale = false;
        asked = budget.isMoving();
      }
      return asked;
    },
    isKept: () => kept !== null,
    close() {
      gl.deleteSync(fence?.sync ?? null);
      for (const { frame } of kept ? [kept.front, kept.back] : []) {
        gl.deleteFramebuffer(frame.framebuffer);
        gl.deleteTexture(frame.attachments[0] ?? null);
      }
      for (const { attribs, indices } of [dots, lines, quad]) {
        for (const { buffer } of Object.values(attribs ?? {})) gl.deleteBuffer(buffer ?? null);
        gl.deleteBuffer(indices ?? null);
      }
      for (const { program } of [dotProgram, lineProgram, quadProgram]) gl.deleteProgram(program);
      kept?.whole.remove();
    },
  };
}
