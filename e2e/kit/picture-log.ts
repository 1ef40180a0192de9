/** Every frame a page's main video draws, with its time and code: how long the picture stood still around a change. */
import type { Page } from 'playwright-core';

export interface DrawnFrame {
  /** Milliseconds of the page's own clock. */
  atMs: number;
  code: number | null;
}
type World = {
  pixelClock?: { readPixelClock(video: HTMLVideoElement): { ok: boolean; value?: number } };
  drawnFrames?: DrawnFrame[];
};
const KEPT = 4_000;

/** Begins to write down; the page must have been taught to read (kit/picture.ts). */
export async function logPicture(page: Page): Promise<void> {
  await page.evaluate((kept) => {
    const world = globalThis as unknown as World;
    const video = document.querySelector<HTMLVideoElement>('[data-testid="video"]');
    if (!video) throw new Error('no video');
    const frames: DrawnFrame[] = [];
    world.drawnFrames = frames;
    const onFrame = (atMs: number): void => {
      const reading = world.pixelClock?.readPixelClock(video);
      frames.push({ atMs, code: reading?.ok ? (reading.value ?? null) : null });
      if (frames.length > kept) frames.shift();
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  }, KEPT);
}

export const readPictureLog = (page: Page): Promise<DrawnFrame[]> =>
  page.evaluate(() => (globalThis as unknown as World).drawnFrames ?? []);

export interface Change {
  /** From the last frame of the old picture to the first of the new one. */
  frozenMs: number;
  /** The longest time between two frames in the two seconds before: what the machine does without any change. */
  usualMs: number;
}

/** The change from one publisher's picture to another's; undefined while it has not happened. */
export function changeIn(
  frames: readonly DrawnFrame[],
  before: (code: number) => boolean,
  after: (code: number) => boolean,
): Change | undefined {
  const read = frames.filter((frame): frame is { atMs: number; code: number } => frame.code !== null);
  const first = read.findIndex(({ code }, at) => after(code) && at > 0 && before(read[at - 1]?.code ?? -1));
  const [old, fresh] = [read[first - 1], read[first]];
  if (!old || !fresh) return undefined;
  const lately = read.filter(({ atMs }) => atMs <= old.atMs && atMs > old.atMs - 2_000);
  const gaps = lately.slice(1).map(({ atMs }, at) => atMs - (lately[at]?.atMs ?? atMs));
  return { frozenMs: Math.round(fresh.atMs - old.atMs), usualMs: Math.round(Math.max(0, ...gaps)) };
}
