/**
 * How long a viewer's picture stood still, by the clock in the picture: every frame that the page's main video presents is
 * written down with the code of the film in it (coded-camera.ts). A frame that shows the same code again is no movement.
 */
import type { Page } from 'playwright-core';

const VIDEO = '[data-testid="video"]';

interface Seen {
  /** Date.now() of the page; one machine, one clock. */
  atMs: number;
  code: number;
}
type World = {
  pixelClock?: { readPixelClock(video: HTMLVideoElement): { ok: boolean; value?: number } };
  seenCodes?: Seen[];
  seenViews?: { atMs: number; view: string }[];
};

/** Begins to write down; the page must have been taught to read (picture.ts). */
export async function watchPicture(page: Page, selector = VIDEO): Promise<void> {
  await page.evaluate((css) => {
    const world = globalThis as unknown as World;
    const seen: Seen[] = [];
    world.seenCodes = seen;
    const onFrame = (video: HTMLVideoElement): void => {
      const reading = world.pixelClock?.readPixelClock(video);
      const code = reading?.ok ? reading.value : undefined;
      if (code !== undefined && code !== seen.at(-1)?.code) seen.push({ atMs: Date.now(), code });
      video.requestVideoFrameCallback(() => onFrame(video));
    };
    const found = document.querySelector(css);
    if (!(found instanceof HTMLVideoElement)) throw new Error(`no video: ${css}`);
    onFrame(found);
    const views: { atMs: number; view: string }[] = [];
    world.seenViews = views;
    const room = document.querySelector('[data-view]');
    if (!room) return;
    const note = (): void => void views.push({ atMs: Date.now(), view: room.getAttribute('data-view') ?? '' });
    note();
    new MutationObserver(note).observe(room, { attributes: true, attributeFilter: ['data-view'] });
  }, selector);
}

export interface PictureReport {
  readonly frames: number;
  /** The longest time without a new picture, milliseconds; and when it began. */
  readonly stoodMs: number;
  readonly stoodAtMs: number;
  /** The most frames of the film that were left out at once; negative: it went back. */
  readonly skippedFrames: number;
  readonly wentBackFrames: number;
  /** What the page said of the room meanwhile, in order, without repetitions. */
  readonly views: readonly string[];
}

/** Of the time between two moments (Date.now()). */
export async function readPicture(
  page: Page,
  film: { framesAfter(code: number, earlier: number): number },
  fromMs: number,
  toMs: number,
): Promise<PictureReport> {
  const { seen, views } = await page.evaluate(() => {
    const { seenCodes, seenViews } = globalThis as unknown as World;
    return { seen: seenCodes ?? [], views: seenViews ?? [] };
  });
  const within = seen.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  let [stoodMs, stoodAtMs, skippedFrames, wentBackFrames] = [0, fromMs, 0, 0];
  let before: Seen | undefined;
  for (const one of [...within, undefined]) {
    const [sinceMs, untilMs] = [before?.atMs ?? fromMs, one?.atMs ?? toMs];
    if (untilMs - sinceMs > stoodMs) [stoodMs, stoodAtMs] = [untilMs - sinceMs, sinceMs];
    if (one && before) {
      const ahead = film.framesAfter(one.code, before.code);
      skippedFrames = Math.max(skippedFrames, ahead - 1);
      wentBackFrames = Math.max(wentBackFrames, -ahead);
    }
    before = one;
  }
  const shown = [
    ...views.filter(({ atMs }) => atMs <= fromMs).slice(-1),
    ...views.filter(({ atMs }) => atMs > fromMs && atMs <= toMs),
  ].map(({ view }) => view);
  return { frames: within.length, stoodMs, stoodAtMs, skippedFrames, wentBackFrames, views: shown };
}
