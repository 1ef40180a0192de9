/** What a person sees in a page's video: the code in its pixels, read again and again. */
import type { BrowserContext, Page } from 'playwright-core';
import { build, type Rollup } from 'vite';

type Reader = { readPixelClock(video: HTMLVideoElement): { ok: boolean; value?: number } };
type World = { pixelClock?: Reader };

const VIDEO = '[data-testid="video"]';
const LOOK_EVERY_MS = 40;

let bundled: Promise<string> | undefined;

/** The reader as one script that sets `globalThis.pixelClock`. */
function readerScript(): Promise<string> {
  bundled ??= (async () => {
    const result = await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2023',
        lib: { entry: `${import.meta.dirname}/pixel-clock.ts`, formats: ['iife'], name: 'pixelClock' },
      },
    });
    const [{ output }] = (Array.isArray(result) ? result : [result]) as [Rollup.RollupOutput];
    return `${output[0].code}\n;globalThis.pixelClock = pixelClock;`;
  })();
  return bundled;
}

/** Every page of the context can then be read; the browser adds the script itself, so the product's CSP stays in force. */
export async function teachReading(context: BrowserContext): Promise<void> {
  await context.addInitScript({ content: await readerScript() });
}

/** Reads the code in the video found by `selector`; undefined while there is none. */
export async function readCode(page: Page, selector = VIDEO): Promise<number | undefined> {
  return page.evaluate((css) => {
    const found = document.querySelector(css);
    const video = found instanceof HTMLVideoElement ? found : (found?.shadowRoot ?? found)?.querySelector('video');
    if (!video || video.videoWidth === 0) return undefined;
    const reading = (globalThis as unknown as World).pixelClock?.readPixelClock(video);
    return reading?.ok ? reading.value : undefined;
  }, selector);
}

export interface LookOptions {
  /** How many different frames have to be seen. */
  count?: number;
  timeoutMs?: number;
  selector?: string;
}

/** Waits until different codes that `owns` accepts were seen: a moving picture of that publisher. Answers how long it took. */
export async function seesMovingPicture(
  page: Page,
  owns: (code: number) => boolean,
  { count = 5, timeoutMs = 20_000, selector }: LookOptions = {},
): Promise<number> {
  const startedAt = Date.now();
  const seen = new Set<number>();
  while (seen.size < count) {
    if (Date.now() - startedAt > timeoutMs) {
      throw new Error(`saw ${seen.size} of ${count} frames of the expected picture within ${timeoutMs} ms`);
    }
    const code = await readCode(page, selector);
    if (code !== undefined && !owns(code)) throw new Error(`the picture of somebody else: code ${code}`);
    if (code !== undefined) seen.add(code);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return Date.now() - startedAt;
}
