/** Glass to glass: how old the picture on screen is, read from the pixel clock in it. For tests and benchmarks alike. */
import type { Picture } from './media-page-api.ts';

export interface GlassToGlass {
  samples: number;
  p50Ms: number;
  p95Ms: number;
  maxMs: number;
  /** Looks at the screen that found no readable picture. */
  unreadable: number;
}

const LOOK_EVERY_MS = 40;

/**
 * Looks at what a page shows for this long. Call it when the picture moves already; publisher and viewer must share a clock
 * (one machine). @throws when nothing was readable
 * @param page a page with the media test API, by any mode (`play`, `watch`)
 */
export async function measureGlassToGlass(
  page: { picture(name?: string): Promise<Picture | string> | Picture | string },
  options: { durationMs: number; name?: string },
): Promise<GlassToGlass> {
  const ages: number[] = [];
  let unreadable = 0;
  const untilMs = Date.now() + options.durationMs;
  while (Date.now() < untilMs) {
    const picture = await page.picture(options.name ?? 'viewer');
    if (typeof picture === 'string') unreadable += 1;
    else ages.push(picture.ageMs);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  if (ages.length === 0) throw new Error('no readable picture');
  ages.sort((a, b) => a - b);
  const at = (share: number): number => ages[Math.min(ages.length - 1, Math.floor(ages.length * share))]!;
  return { samples: ages.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), unreadable };
}
