/**
 * The picture of a network in a canvas, and how one moves over it: drag, wheel, two fingers, double click, keys. Frames are drawn
 * while something moves and at no other time.
 */
import type { NetworkLayout } from '@walnut-live/contracts';
import KDBush from 'kdbush';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import {
  between,
  type Camera,
  type Extent,
  type Point,
  pan,
  type Size,
  toPicture,
  wholeView,
  within,
  zoomAt,
} from './camera.ts';
import { createNetworkGl, type Marks, type NetworkGl } from './network-gl.ts';

/** A dot is meant by a tap so near to it, CSS pixels. */
const TAP_PX = 9;
/** A press that moves less is a tap. */
const STILL_PX = 5;
const GLIDE_MS = 420;
const WHEEL_STEP = 0.0016;
const KEY_ZOOM = 1.35;
const KEY_PAN_PX = 70;
const MOST_PIXEL_RATIO = 2;
/** How near one is taken to a person, as pixels of one unit. */
const NEAR_SCALE = 5;
export const PAINTED = 'network painted';

export interface NetworkView {
  /** Undefined where there is no WebGL. */
  readonly state: 'painted' | 'coming' | 'no-webgl';
  zoom(factor: number): void;
  whole(): void;
  /** Glides to somebody. */
  goTo(index: number): void;
  /** Glides so that all of these are in sight. */
  showAll(indices: readonly number[]): void;
}

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export function extentOf({ x, y, radius, count }: NetworkLayout): Extent {
  let most = 1;
  for (let one = 0; one < count; one++)
    most = Math.max(most, Math.hypot(x[one] as number, y[one] as number) + (radius[one] as number));
  return { radius: most };
}

/** Who is meant by a point: the dot that it lies on or nearest to. */
export function createPicker({ x, y, radius, count }: NetworkLayout) {
  const index = new KDBush(count, 64, Float32Array);
  let widest = 0;
  for (let one = 0; one < count; one++) {
    index.add(x[one] as number, y[one] as number);
    widest = Math.max(widest, radius[one] as number);
  }
  index.finish();
  return (at: Point, tolerance: number): number => {
    let [best, nearest] = [-1, tolerance];
    for (const one of index.within(at.x, at.y, widest + tolerance)) {
      const off = Math.hypot((x[one] as number) - at.x, (y[one] as number) - at.y) - (radius[one] as number);
      if (off <= nearest) [best, nearest] = [one, off];
    }
    return best;
  };
}

export function useNetworkView(
  canvas: RefObject<HTMLCanvasElement | null>,
  layout: NetworkLayout,
  {
    marks,
    onPick,
    onFrame,
  }: { marks: Marks; onPick: (index: number) => void; onFrame: (camera: Camera, size: Size) => void },
): NetworkView {
  const [state, setState] = useState<NetworkView['state']>('coming');
  const [lost, setLost] = useState(0);
  const told = useRef({ onPick, onFrame });
  told.current = { onPick, onFrame };
  const inner = useRef<{
    gl: NetworkGl;
    goTo: (to: Camera) => void;
    now: () => Camera;
    size: () => Size;
    ask: () => void;
  } | null>(null);
  const extent = useRef<Extent>({ radius: 1 });

  useEffect(() => {
    const element = canvas.current;
    const surface = element?.parentElement;
    if (!element || !surface) return;
    // Where the card was taken away and came back, all is made anew.
    element.dataset.lost = String(lost);
    extent.current = extentOf(layout);
    const gl = createNetworkGl(element, layout, extent.current);
    if (!gl) {
      setState('no-webgl');
      return;
    }
    let pick: ReturnType<typeof createPicker> | undefined;
    let size: Size = { width: 1, height: 1 };
    let camera: Camera = { x: 0, y: 0, scale: 1 };
    let isWhole = true;
    let glide: { from: Camera; to: Camera; began: number } | null = null;
    let asked = 0;
    let isPainted = false;
    let isLost = false;

    const frame = (now: number): void => {
      asked = 0;
      if (glide) {
        const t = Math.min(1, (now - glide.began) / GLIDE_MS);
        camera = between(glide.from, glide.to, 1 - (1 - t) ** 3);
        if (t === 1) glide = null;
      }
      const more = gl.draw(camera, now);
      told.current.onFrame(camera, size);
      element.dataset.kept = String(gl.isKept());
      if (!isPainted) {
        isPainted = true;
        performance.mark(PAINTED);
        setState('painted');
      }
      element.dataset.still = String(!more && !glide);
      if (more || glide) ask();
    };
    const ask = (): void => {
      if (!isLost) asked ||= requestAnimationFrame(frame);
    };
    const look = (next: Camera): void => {
      glide = null;
      isWhole = false;
      camera = within(next, extent.current, size);
      ask();
    };
    const goTo = (to: Camera): void => {
      const target = within(to, extent.current, size);
      if (still()) {
        look(target);
        return;
      }
      isWhole = false;
      glide = { from: camera, to: target, began: performance.now() };
      ask();
    };

    const watcher = new ResizeObserver(([entry]) => {
      const box = entry?.contentRect;
      if (!box || box.width === 0 || box.height === 0) return;
      size = { width: box.width, height: box.height };
      gl.resize(size, Math.min(devicePixelRatio, MOST_PIXEL_RATIO));
      camera = isWhole ? wholeView(extent.current, size) : within(camera, extent.current, size);
      ask();
    });
    // The canvas itself moves: what is looked at and touched is its place.
    watcher.observe(surface);

    // ── pointers ──
    const fingers = new Map<number, Point>();
    let travelled = 0;
    const at = (event: MouseEvent): Point => {
      const box = surface.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    const middle = (): Point => {
      const all = [...fingers.values()];
      return {
        x: all.reduce((sum, one) => sum + one.x, 0) / all.length,
        y: all.reduce((sum, one) => sum + one.y, 0) / all.length,
      };
    };
    const spread = (): number => {
      const [a, b] = [...fingers.values()];
      return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
    };
    const down = (event: PointerEvent): void => {
      surface.setPointerCapture(event.pointerId);
      if (fingers.size === 0) travelled = 0;
      fingers.set(event.pointerId, at(event));
    };
    const move = (event: PointerEvent): void => {
      if (!fingers.has(event.pointerId)) return;
      const [before, wide] = [middle(), spread()];
      fingers.set(event.pointerId, at(event));
      const after = middle();
      travelled += Math.hypot(after.x - before.x, after.y - before.y) + Math.abs(spread() - wide);
      if (travelled < STILL_PX) return;
      const moved = pan(camera, after.x - before.x, after.y - before.y);
      look(wide > 0 && spread() > 0 ? zoomAt(moved, spread() / wide, after, size) : moved);
    };
    const up = (event: PointerEvent): void => {
      if (
        !fingers.delete(event.pointerId) ||
        event.type === 'pointercancel' ||
        travelled >= STILL_PX ||
        fingers.size > 0
      )
        return;
      pick ??= createPicker(layout);
      told.current.onPick(pick(toPicture(camera, size, at(event)), TAP_PX / camera.scale));
    };
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
      look(zoomAt(camera, Math.exp(-pixels * WHEEL_STEP * (event.ctrlKey ? 6 : 1)), at(event), size));
    };
    const double = (event: MouseEvent): void => goTo(zoomAt(camera, 2.5, at(event), size));
    const center = (): Point => ({ x: size.width / 2, y: size.height / 2 });
    const keys = new Map<string, () => void>([
      ['ArrowLeft', () => look(pan(camera, KEY_PAN_PX, 0))],
      ['ArrowRight', () => look(pan(camera, -KEY_PAN_PX, 0))],
      ['ArrowUp', () => look(pan(camera, 0, KEY_PAN_PX))],
      ['ArrowDown', () => look(pan(camera, 0, -KEY_PAN_PX))],
      ['+', () => look(zoomAt(camera, KEY_ZOOM, center(), size))],
      ['=', () => look(zoomAt(camera, KEY_ZOOM, center(), size))],
      ['-', () => look(zoomAt(camera, 1 / KEY_ZOOM, center(), size))],
      ['0', () => goTo(wholeView(extent.current, size))],
    ]);
    const key = (event: KeyboardEvent): void => {
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys.get(event.key);
      if (!act) return;
      event.preventDefault();
      act();
    };
    const goes = (event: Event): void => {
      event.preventDefault();
      isLost = true;
      cancelAnimationFrame(asked);
    };
    const comes = (): void => setLost((n) => n + 1);
    const listening = new AbortController();
    const { signal } = listening;
    surface.addEventListener('pointerdown', down, { signal });
    surface.addEventListener('pointermove', move, { signal });
    surface.addEventListener('pointerup', up, { signal });
    surface.addEventListener('pointercancel', up, { signal });
    surface.addEventListener('wheel', wheel, { passive: false, signal });
    surface.addEventListener('dblclick', double, { signal });
    surface.addEventListener('keydown', key, { signal });
    element.addEventListener('webglcontextlost', goes, { signal });
    element.addEventListener('webglcontextrestored', comes, { signal });
    inner.current = { gl, goTo, now: () => camera, size: () => size, ask };
    return () => {
      listening.abort();
      watcher.disconnect();
      cancelAnimationFrame(asked);
      gl.close();
      inner.current = null;
    };
  }, [canvas, layout, lost]);

  useEffect(() => {
    inner.current?.gl.mark(marks);
    inner.current?.ask();
  }, [marks]);

  return {
    state,
    zoom: useCallback((factor) => {
      const view = inner.current;
      if (!view) return;
      const { width, height } = view.size();
      view.goTo(zoomAt(view.now(), factor, { x: width / 2, y: height / 2 }, view.size()));
    }, []),
    whole: useCallback(() => inner.current?.goTo(wholeView(extent.current, inner.current.size())), []),
    goTo: useCallback(
      (index) => {
        const view = inner.current;
        if (!view || index < 0) return;
        const scale = Math.max(view.now().scale, Math.min(NEAR_SCALE, 60 / (layout.radius[index] as number)));
        view.goTo({ x: layout.x[index] as number, y: layout.y[index] as number, scale });
      },
      [layout],
    ),
    showAll: useCallback(
      (indices) => {
        const view = inner.current;
        if (!view || indices.length === 0) return;
        const xs = indices.map((one) => layout.x[one] as number);
        const ys = indices.map((one) => layout.y[one] as number);
        const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
        const { width, height } = view.size();
        const scale = 0.7 * Math.min(width / Math.max(right - left, 8), height / Math.max(high - low, 8));
        view.goTo({ x: (left + right) / 2, y: (low + high) / 2, scale });
      },
      [layout],
    ),
  };
}
